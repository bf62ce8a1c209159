"""How every scenario ends: with a search for each secret that was issued in it, everywhere but where it belongs.

Npm issues sessions, one-time passwords and links, Slack the addresses for answers and uploads, the operator has tokens
and keys. A link of npm's may stand in the DM of one person, behind its button, and nowhere else.
"""

import base64
import json
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from bot import metrics
from bot.errors import StorageError
from bot.log import JsonLines
from bot.sandbox.registry import SimulatedRegistry
from bot.sandbox.slack import LocalSlack
from bot.sandbox.world import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, World
from tests.scenarios import stored

_OURS = ("bot", "handlers", "storage")
_EMPTY = bytes(64)
"""Two thirds of a small database are room; to search it costs as much."""
_MAY_CARRY_LINKS = ("chat.postMessage", "chat.update")


class Ear(logging.Handler):
    """Hears what the bot tells Slack, and every line of its log."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[tuple[str, bytes]] = []
        self.logged: list[str] = []
        self.setFormatter(JsonLines())

    def hear(self, what: str, body: bytes) -> None:
        self.said.append((what, body))

    def emit(self, record: logging.LogRecord) -> None:
        self.logged.append(self.format(record))


@asynccontextmanager
async def searched(world: World) -> AsyncIterator[None]:
    """Be open around a world, and fail where a secret of it stands somewhere when it ends in good order."""
    ear, root = Ear(), logging.getLogger()
    world.slack.listen(ear.hear)
    root.addHandler(ear)
    levels = {name: logging.getLogger(name).level for name in _OURS}
    for name in _OURS:
        logging.getLogger(name).setLevel(logging.DEBUG)
    try:
        yield
        keys = {world.secret_key, *world.settings.get("NPMTRUST_SECRET_KEYS", "").split(",")} - {""}
        secrets = {BOT_TOKEN, APP_TOKEN, SIGNING_SECRET} | keys
        places = {"the log": "\n".join(ear.logged).encode(), **files_of(world.folder), **await _look_inside(world)}
        leaks = find_leaks(world.registry, world.slack, secrets, ear.said, places)
        assert leaks == [], leaks
    finally:
        root.removeHandler(ear)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


async def _look_inside(world: World) -> dict[str, bytes]:
    """Read every row, as a backup, an export or a file for PostgreSQL has them, and the figures."""
    app = world.app
    if app is None:
        return {}
    with suppress(StorageError):  # the database is away, or is none of ours
        seen = await app.services.database.run(lambda store: metrics.look(app.services, store))
        rows = await stored.every_row(world)
        return {"the rows": rows.encode(), "the metrics": metrics.render(app.services, seen, 0)}
    return {}


def files_of(folder: Path) -> dict[str, bytes]:
    """Read the files of SQLite: what was deleted stands in them too, and what was written last stands beside them."""
    files = [path for path in sorted(folder.glob("npmtrust.sqlite3*")) if path.is_file()]
    return {path.name: path.read_bytes().replace(_EMPTY, b"\0") for path in files}


def find_leaks(
    registry: SimulatedRegistry,
    slack: LocalSlack,
    secrets: Iterable[str],
    said: Iterable[tuple[str, bytes]],
    places: Mapping[str, bytes],
) -> list[str]:
    """Tell which secrets stand where they do not belong.

    Args:
        registry: What it has issued.
        slack: The same, and the files that the bot has uploaded.
        secrets: Those of the operator.
        said: What the bot has told Slack: the method, and what it said.
        places: Whatever else is searched, by its name.
    """
    links = registry.state.handoffs
    of_npm = set(registry.state.sessions) | {handoff.token for handoff in links.values() if handoff.token}
    of_slack = set(slack.tickets.responses) | {file.secret for file in slack.files.values()}
    never = of_npm | of_slack | set(secrets)
    told = list(said)
    uploaded = b"\n".join(file.content or b"" for file in slack.files.values() if not file.owner)
    searched = {**places, "a file": uploaded, "what Slack was told": b"\n".join(body for _, body in told)}
    found = [f"{secret} in {place}" for place, text in searched.items() for secret in never if stands_in(secret, text)]
    del searched["what Slack was told"]
    found += [f"link {link} in {place}" for place, text in searched.items() for link in links if stands_in(link, text)]
    return found + _find_stray_links(slack, links, told)


def stands_in(secret: str, text: bytes) -> bool:
    """Look for a secret as it is, and in base64, which is how the inside of a larger one may stand somewhere."""
    raw = secret.rstrip("=").encode()
    return raw in text or base64.b64encode(secret.encode()).rstrip(b"=")[:-1] in text


def _find_stray_links(slack: LocalSlack, links: Iterable[str], told: Iterable[tuple[str, bytes]]) -> list[str]:
    """Tell of links that are not behind a button in the DM of one person."""
    found: list[str] = []
    known = {link: link.encode() for link in links}
    shown_to: defaultdict[str, set[str]] = defaultdict(set)
    for what, body in told:
        for link in [link for link, raw in known.items() if raw in body]:
            said: dict[str, Any] = json.loads(body) if what in _MAY_CARRY_LINKS else {}
            shown_to[link].add(_dm_of(slack, said.get("channel", "")))
            for block in said.get("blocks", ()):
                for element in block.get("elements", ()):
                    if element.get("action_id", "").startswith("open_npm"):
                        element["url"] = ""
            if not said or link in str(said):
                found.append(f"link {link} in {what}")
    return found + [f"link {link} in {places}" for link, places in shown_to.items() if len(places) > 1 or "" in places]


def _dm_of(slack: LocalSlack, channel: str) -> str:
    """Tell the DM that a message went to; empty: it went to no DM."""
    if channel in slack.people:
        return slack.workspace.dm(channel)
    place = slack.channels.get(channel)
    return channel if place is not None and place.kind == "dm" else ""
