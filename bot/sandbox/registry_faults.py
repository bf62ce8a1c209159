"""What each fault of the simulated registry looks like, and which are still to come."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus

from bot.sandbox.registry_switches import Fault, When
from bot.sandbox.registry_trust import FORBIDDEN_TEXT, OVERLAP_TEXT
from bot.sandbox.registry_wire import NOT_FOUND, UNAUTHORIZED, Answer, Call, Cut

PAGE = "<!doctype html><title>Just a moment…</title><h1>Checking your browser</h1>"
_HUGE_CHUNKS = 11
_MEGABYTE = 1024 * 1024
_HALF = b'[{"id":"eebc175d-4720-4fc8-a31a-6491ca36fb47","type":"gith'

DELAYS = (Fault.STALL, Fault.SLOW)
"""The faults that change when a call is answered, and not what it is answered."""


@dataclass(slots=True)
class Planned:
    """A fault that is to come."""

    method: str
    """Empty: any."""
    path: str
    """What the raw path must contain."""
    fault: Fault | Answer
    when: When = When.BEFORE_ACTING
    times: int = 1


class Faults:
    """The faults that are still to come; the first one that fits a call strikes it."""

    def __init__(self) -> None:
        self._planned: list[Planned] = []

    def plan(self, planned: Planned) -> None:
        """Add a fault after all others."""
        self._planned.append(planned)

    def take(self, call: Call, when: When) -> Fault | Answer | None:
        """Take what strikes a call at that moment."""
        for planned in self._planned:
            if planned.when is when and planned.method in {"", call.method} and planned.path in call.path:
                planned.times -= 1
                if not planned.times:
                    self._planned.remove(planned)
                return planned.fault
        return None

    def forget(self, fault: Fault | None = None) -> None:
        """Let such a fault not come any more; none: any."""
        self._planned = [planned for planned in self._planned if fault and planned.fault != fault]


def answer_of(fault: Fault | Answer, now: datetime) -> Answer:
    """Show the answer that a call is given instead of its own."""
    if isinstance(fault, Answer):
        return fault
    if fault is Fault.TOO_MANY_DATE:
        date = format_datetime(now + timedelta(seconds=7), usegmt=True)
        return _fail(HTTPStatus.TOO_MANY_REQUESTS, "too many requests", **{"retry-after": date})
    if fault is Fault.HUGE:
        return Answer(HTTPStatus.OK, _write_huge(), note=fault)
    return _ANSWERS[fault]


def _fail(status: HTTPStatus, message: str, **headers: str) -> Answer:
    return Answer(status, {"message": message}, headers, note="made to fail")


def _proxy(status: HTTPStatus, **headers: str) -> Answer:
    return Answer(status, PAGE, headers, note="made to fail")


def _write_huge() -> Iterator[bytes]:
    filler = json.dumps("x" * _MEGABYTE).encode()
    yield b"["
    for _ in range(_HUGE_CHUNKS):
        yield filler + b","
    yield b"0]"


_ANSWERS = {
    Fault.BAD_REQUEST: _fail(HTTPStatus.BAD_REQUEST, '"[0].claims.repository" is not allowed to be empty'),
    Fault.DEAD_SESSION: UNAUTHORIZED,
    Fault.ADDRESS: _fail(HTTPStatus.UNAUTHORIZED, "IP not allowed", **{"www-authenticate": "ipaddress"}),
    Fault.FORBIDDEN: _fail(HTTPStatus.FORBIDDEN, FORBIDDEN_TEXT),
    Fault.NOT_FOUND: NOT_FOUND,
    Fault.CONFLICT: _fail(HTTPStatus.CONFLICT, OVERLAP_TEXT),
    Fault.UNPROCESSABLE: _fail(HTTPStatus.UNPROCESSABLE_ENTITY, "the claims cannot be used"),
    Fault.TOO_MANY: _fail(HTTPStatus.TOO_MANY_REQUESTS, "too many requests", **{"retry-after": "7"}),
    Fault.TOO_MANY_ABSURD: _fail(HTTPStatus.TOO_MANY_REQUESTS, "too many requests", **{"retry-after": "99999999999"}),
    Fault.TOO_MANY_SILENT: _fail(HTTPStatus.TOO_MANY_REQUESTS, "too many requests"),
    Fault.TOO_MANY_HTML: _proxy(HTTPStatus.TOO_MANY_REQUESTS, **{"retry-after": "1934"}),
    Fault.SERVER_ERROR: _fail(HTTPStatus.INTERNAL_SERVER_ERROR, "internal server error"),
    Fault.BAD_GATEWAY: _proxy(HTTPStatus.BAD_GATEWAY),
    Fault.UNAVAILABLE: _fail(HTTPStatus.SERVICE_UNAVAILABLE, "down for maintenance", **{"retry-after": "30"}),
    Fault.GATEWAY_TIMEOUT: Answer(HTTPStatus.GATEWAY_TIMEOUT, note="made to fail"),
    Fault.REDIRECT: Answer(HTTPStatus.FOUND, None, {"location": "/login"}, note="made to fail"),
    Fault.HTML: _proxy(HTTPStatus.OK),
    Fault.EMPTY: Answer(HTTPStatus.OK, b"", note="made to fail"),
    Fault.WRONG_TYPE: Answer(HTTPStatus.OK, 42, note="made to fail"),
    Fault.NO_TOKEN: Answer(HTTPStatus.OK, {}, note="made to fail"),
    Fault.HALF_JSON: Answer(HTTPStatus.OK, _HALF, note="made to fail"),
    Fault.HALF_BODY: Answer(HTTPStatus.OK, _HALF, note="cut in the middle", cut=Cut.HALFWAY),
    Fault.CUT: Answer(HTTPStatus.OK, note="cut without an answer", cut=Cut.AT_ONCE),
}
