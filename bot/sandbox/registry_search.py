"""The search of the simulated registry: ranked, not sorted, and as unreliable as its switches say."""

import hashlib
import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from bot.sandbox.registry_catalogue import Package
from bot.sandbox.registry_state import RegistryState
from bot.sandbox.registry_wire import Answer, Call, refuse

MOST = 250
"""How many names npm gives at once."""
_USUAL = 20


def answer_search(state: RegistryState, call: Call, _: str) -> Answer:
    """Answer `/-/v1/search?text=…&size=…&from=…`. Private packages never come up."""
    text = call.query.get("text", "")
    size, offset = _number(call, "size", _USUAL), _number(call, "from", 0)
    if not text or size is None or offset is None:
        return refuse(HTTPStatus.BAD_REQUEST, "text must be given, size and from must be numbers")
    switches = state.switches.search
    found = sorted(_find(state, text), key=lambda package: _rank(package.seed.name))
    start = 0 if switches.is_stuck else offset
    page = found[start : start + min(size, MOST)]
    repeated = found[max(0, start - switches.repeats) : start] if page else []
    body = {
        "objects": [_show(state, package) for package in (*repeated, *page)],
        "total": len(found),
        "time": state.clock.now().isoformat(),
    }
    return Answer(HTTPStatus.OK, body, note=f"searched {text!r} from {offset}")


def _find(state: RegistryState, text: str) -> Iterable[Package]:
    scopes = [f"@{scope}/" for scope in re.findall(r"\bscope:(\S+)", text)]
    words = re.findall(r"[a-z0-9]+", re.sub(r"\bscope:\S+", "", text).lower())
    for name, package in state.packages.items():
        is_shown = package.releases and not package.seed.private and name not in state.switches.search.forgets
        in_scope = not scopes or name.startswith(tuple(scopes))
        if is_shown and in_scope and all(word in name.lower() for word in words):
            yield package


def _rank(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def _show(state: RegistryState, package: Package) -> dict[str, Any]:
    seed, newest = package.seed, package.releases[-1]
    people = [{"username": name, "email": state.accounts[name].email} for name in seed.maintainers]
    return {
        "package": {
            "name": seed.name,
            "version": newest.version,
            "keywords": [],
            "date": newest.at.isoformat(),
            "publisher": people[0],
            "maintainers": people,
            "links": {},
        },
        "score": {"final": 1, "detail": {"quality": 1, "popularity": 1, "maintenance": 1}},
        "searchScore": 1,
        "flags": {"insecure": 0},
    }


def _number(call: Call, key: str, usual: int) -> int | None:
    text = call.query.get(key, str(usual))
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None
