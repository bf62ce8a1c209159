"""The calls of the simulated registry about the granular access tokens of an account. Sessions are not among them."""

import re
from http import HTTPStatus
from typing import Any

from bot.sandbox.registry_state import RegistryState, Session
from bot.sandbox.registry_wire import NOT_FOUND, UNAUTHORIZED, Answer, Call

_USUAL = 10
_SHOWN = 8
"""So many characters of a token are shown."""


def list_tokens(state: RegistryState, call: Call, _: str) -> Answer:
    """Answer `/-/npm/v1/tokens?page=…&perPage=…`: the caller's own, a page at a time."""
    if call.session is None:
        return UNAUTHORIZED
    page, size = _number(call, "page", 0), _number(call, "perPage", _USUAL)
    tokens = [token for token in state.sessions.values() if _is_listed(token, call.session)]
    end = (page + 1) * size
    urls = {"next": f"/-/npm/v1/tokens?page={page + 1}&perPage={size}"} if end < len(tokens) else {}
    shown = [_show(token) for token in tokens[page * size : end]]
    return Answer(HTTPStatus.OK, {"objects": shown, "total": len(tokens), "urls": urls})


def delete_token(state: RegistryState, call: Call, key: str) -> Answer:
    """Answer `DELETE /-/npm/v1/tokens/token/KEY`."""
    if call.session is None:
        return UNAUTHORIZED
    for token in list(state.sessions.values()):
        if _is_listed(token, call.session) and key in {token.key, token.token}:
            del state.sessions[token.token]
            return Answer(HTTPStatus.NO_CONTENT, note=f"deleted the token {token.name}")
    return NOT_FOUND


def _is_listed(token: Session, session: Session) -> bool:
    return token.is_granular and token.npm_user == session.npm_user


def _show(token: Session) -> dict[str, Any]:
    return {
        "key": token.key,
        "token": token.token[:_SHOWN],
        "name": token.name,
        "description": "",
        "expiry": token.ends_at.isoformat(),
        "cidr": [],
        "bypass_2fa": token.bypasses_2fa,
        "revoked": None,
        "created": token.created_at.isoformat(),
        "updated": token.created_at.isoformat(),
        "accessed": None,
        "permissions": [{"name": "package", "action": "write"}],
        "scopes": [{"name": "all", "type": "package"}],
    }


def _number(call: Call, key: str, usual: int) -> int:
    text = call.query.get(key, "")
    return int(text) if re.fullmatch(r"[0-9]{1,6}", text) else usual
