"""Nonsense at the front door: signed and unsigned, well-formed and broken, by HTTP and below it.

Whatever comes, the answer is one of those that are meant, never an error of ours; nothing of a body reaches the log;
what was not signed is not stored; and afterwards a command is taken as before.
"""

import asyncio
import json
import logging
import random
import time
from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from aiohttp import ClientError

from tests.handlers.door import FORM, Door, click, command, open_door, submission, written

MEANT = frozenset({200, 400, 401, 404, 405, 413, 415, 431, 501})
"""What may be answered; 0 stands for a connection that was closed over something that is no HTTP."""

CANARY = "swordfish-7f3a"
"""Stands in every body, and must stand in no line of the log."""

_JSON = "application/json"
_TYPES = (
    FORM,
    _JSON,
    "text/plain",
    "multipart/form-data; boundary=x",
    "application/json; charset=utf-16",
    "",
    "no/such",
)
_LINES = ("POST /slack/events HTTP/1.1", "POST /slack/events", "GET / HTTP/9.9", "\0", "PRI * HTTP/2.0")
_EXTRAS = (
    *("", "Transfer-Encoding: chunked\r\n", "X: " + "a" * 20_000 + "\r\n", ": \r\n", "Host\r\n"),
    "X-Slack-Signature: \xff\r\n",
)
_ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1e308, 10**30, "", " ", "\0", "\u202e", "é" * 50, "a" * 5000, [], {}, [[]], {"": {}}),
    *("U0OTTO", "approve", CANARY, {"id": CANARY}, [{"action_id": CANARY}], "\ud800"),
)


@dataclass
class Figures:
    """How the door held."""

    seconds: float = 0
    answers: Counter[int] = field(default_factory=Counter)
    unmeant: list[str] = field(default_factory=list)
    leaks: int = 0
    stored_unsigned: int = 0
    takes_commands: bool = False

    @property
    def requests(self) -> int:
        """How many were sent."""
        return self.answers.total()

    @property
    def is_clean(self) -> bool:
        """Whether nothing happened that must not."""
        return not (self.unmeant or self.leaks or self.stored_unsigned) and self.takes_commands

    def __str__(self) -> str:
        told = ", ".join(f"{status or 'closed'}: {times}" for status, times in sorted(self.answers.items()))
        what = "none unmeant" if not self.unmeant else f"UNMEANT {self.unmeant[:3]}"
        return (
            f"{self.requests} requests in {self.seconds:.0f} s ({told}), {what}, {self.leaks} lines of the log with"
            f" something of a body, {self.stored_unsigned} stored without a signature,"
            f" commands are {'taken' if self.takes_commands else 'NOT TAKEN'} afterwards"
        )


class _Listener(logging.Handler):
    """Counts the lines of the log that hold something of a body."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.leaks = 0
        self._format = logging.Formatter("%(message)s %(exc_text)s")

    def emit(self, record: logging.LogRecord) -> None:
        self.leaks += CANARY in self._format.format(record)


async def measure(folder: Path, *, seed: int, seconds: float, most: int = 10**9) -> Figures:
    """Send nonsense for so long, or so many pieces of it."""
    figures, listener, chance = Figures(), _Listener(), random.Random(seed)  # noqa: S311 -- repeatable on purpose
    root = logging.getLogger()
    level = root.level
    root.addHandler(listener)
    root.setLevel(logging.DEBUG)
    began = time.monotonic()
    try:
        async with open_door(folder) as door:
            while time.monotonic() - began < seconds and figures.requests < most:
                await asyncio.gather(*(_send_one(door, chance, figures) for _ in range(8)))
                figures.stored_unsigned += await _count_unsigned(door)
            figures.takes_commands = (await door.command("help")).text == ""
    finally:
        root.removeHandler(listener)
        root.setLevel(level)
    figures.seconds, figures.leaks = time.monotonic() - began, listener.leaks
    return figures


async def _send_one(door: Door, chance: random.Random, figures: Figures) -> None:
    if chance.random() < 0.1:
        sent = _raw(chance, door)
        status = await _send_raw(door.app.port, sent)
        line = sent[:80]
    else:
        body, headers = _request(chance, door)
        line = body[:80]
        try:
            status = (await door.send(body, headers)).status
        except (ClientError, ValueError):  # a header that no client can send, or a connection that was closed
            status = 0
    figures.answers[status] += 1
    if status and status not in MEANT:
        figures.unmeant.append(f"{status} to {line!r}")


async def _count_unsigned(door: Door) -> int:
    """Count what lies in the inbox from a request that was not signed: those say so in the person's id."""
    return sum(delivery.user == "U0FORGED" for delivery in await door.stored())


def _request(chance: random.Random, door: Door) -> tuple[bytes, dict[str, str]]:
    is_signed = chance.random() < 0.7
    # always somebody else: one person is let in so many times a minute
    body, content_type = _body(chance, f"U0OTTO{chance.randrange(10**9)}" if is_signed else "U0FORGED")
    headers = {"Content-Type": content_type} if content_type else {}
    if is_signed:
        return body, headers | door.sign(body)
    return body, headers | _false_signature(chance, door, body)


def _false_signature(chance: random.Random, door: Door, body: bytes) -> dict[str, str]:
    true = door.sign(body)
    stamp, signature = true.values()
    odd_text = "".join(chance.choice("v0=9aé٣ -+.e%") for _ in range(chance.randrange(90)))
    return chance.choice(
        [
            {},
            true | {"X-Slack-Signature": odd_text},
            true | {"X-Slack-Signature": signature[:-1] + ("0" if signature[-1] != "0" else "1")},
            true | {"X-Slack-Signature": signature.upper()},
            true | {"X-Slack-Request-Timestamp": odd_text},
            true | {"X-Slack-Request-Timestamp": str(int(stamp) + chance.choice((-1, 1, 10**9)))},
            door.sign(body, age=chance.choice((-400, 400, 10**8))),
            door.sign(body, secret=odd_text or "x"),
            door.sign(body + b" "),
            {"X-Slack-Signature": signature},
        ]
    )


def _body(chance: random.Random, user: str) -> tuple[bytes, str]:
    payload = chance.choice([_command, _click, _submission, _event])(chance, user)
    for _ in range(chance.randrange(4)):
        _spoil(chance, payload)
    as_json = json.dumps(payload)
    content_type = chance.choice(_TYPES)
    if "command" in payload and content_type == FORM:
        body = urlencode({name: str(value) for name, value in payload.items()}, errors="replace").encode()
    elif content_type == FORM:
        body = b"payload=" + quote(as_json).encode()
    else:
        body = as_json.encode()
    return (_damage(chance, body) if chance.random() < 0.3 else body), content_type


def _command(chance: random.Random, user: str) -> dict[str, Any]:
    words = ["github", "@acme/ui", "--repo", "a/b", "revoke", CANARY, "'", '"', "--", "—", "`", "\n", "*", "help"]
    text = " ".join(chance.choice(words) for _ in range(chance.randrange(12)))
    return dict(command(text)) | {"user_id": user, "channel_id": f"C{user}", "token": CANARY}


def _click(chance: random.Random, user: str) -> dict[str, Any]:
    actions = ["approve", "reject", "details", "handoff_not_me", "edit", CANARY, ""]
    return click(chance.choice(actions), user={"id": user, "team_id": "T0ACME"}, token=CANARY)


def _submission(chance: random.Random, user: str) -> dict[str, Any]:
    fields = {name: written(CANARY) for name in chance.sample(["packages", "reason", "repo", "file", "x"], 2)}
    return submission(chance.choice(["operation", "reject", "bulk", CANARY]), dict(fields), user={"id": user})


def _event(chance: random.Random, user: str) -> dict[str, Any]:
    kinds = ["event_callback", "url_verification", "view_closed", "shortcut", "block_suggestion", CANARY]
    return {"type": chance.choice(kinds), "user": {"id": user}, "event": {"type": CANARY}, "challenge": CANARY}


def _spoil(chance: random.Random, payload: Any) -> None:  # noqa: ANN401 -- whatever JSON holds
    """Put something odd somewhere into it, but for who sends it."""
    node = payload
    while isinstance(node, (dict, list)) and node:
        key = chance.choice(list(node)) if isinstance(node, dict) else chance.randrange(len(node))
        if key in {"user", "user_id"}:
            return
        below = node[key]
        if isinstance(below, (dict, list)) and below and chance.random() < 0.7:
            node = below
            continue
        if isinstance(node, dict) and chance.random() < 0.3:
            del node[key]
        else:
            node[key] = deepcopy(chance.choice(_ODD))
        return


def _damage(chance: random.Random, body: bytes) -> bytes:
    cut = chance.randrange(len(body) + 1)
    return chance.choice(
        [
            body[:cut],
            body[:cut] + bytes(chance.randrange(256) for _ in range(8)) + body[cut:],
            body * 3,
            b"\xff\xfe" + body,
            body + b"&" * 300,
            b"[" * 5000,
            body + b"x" * chance.choice((10, 300_000)),
            b"",
        ]
    )


def _raw(chance: random.Random, door: Door) -> bytes:
    """Write what is hardly HTTP."""
    body = CANARY.encode() * 3
    signed = "".join(f"{name}: {value}\r\n" for name, value in door.sign(body).items())
    length = chance.choice(("0", "-1", "9" * 30, "abc", str(len(body)), "1e3", "5"))
    line = chance.choice(
        (
            "POST /slack/events HTTP/1.1",
            "POST /slack/events",
            "GET / HTTP/9.9",
            "\0",
            f"{CANARY} / HTTP/1.1",
            "PRI * HTTP/2.0",
        )
    )
    extra = chance.choice(
        (
            "",
            "Transfer-Encoding: chunked\r\n",
            "X: " + "a" * 20_000 + "\r\n",
            ": \r\n",
            "Host\r\n",
            "X-Slack-Signature: \xff\r\n",
        )
    )
    head = f"{line}\r\nHost: 127.0.0.1\r\nContent-Type: {FORM}\r\nContent-Length: {length}\r\n{extra}{signed}\r\n"
    return head.encode("latin-1") + body


async def _send_raw(port: int, data: bytes) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        writer.write_eof()
        async with asyncio.timeout(5):
            line = await reader.readline()
    except (TimeoutError, ConnectionError):
        return 0
    finally:
        writer.close()
    words = line.split()
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
