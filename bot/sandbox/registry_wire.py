"""A call to the simulated registry and its answer, as values."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from http import HTTPStatus
from typing import Any

from bot.sandbox.registry_state import Session


@dataclass(frozen=True, slots=True)
class Call:
    """What came in."""

    method: str
    path: str
    """As it was sent: percent-encoding untouched, no query."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Found in any case."""
    body: bytes
    base_url: str
    """The registry's own address, for the links in answers."""
    session: Session | None
    """That of the bearer token, while it lives."""
    address: str = ""
    """From where the socket comes."""


class Cut(Enum):
    """Where the connection ends before its time."""

    NEVER = auto()
    AT_ONCE = auto()
    """Before the first byte of the answer."""
    HALFWAY = auto()
    """After the body that the answer has, of which more was promised."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes out."""

    status: int
    body: object = None
    """A text goes out as HTML; bytes, or an iterator over them, as the JSON that they are; anything else as JSON."""
    headers: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    """What the side panel says about it."""
    cut: Cut = Cut.NEVER

    @property
    def is_success(self) -> bool:
        """Tell whether it is a 2xx."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


NOT_FOUND = Answer(HTTPStatus.NOT_FOUND, {"error": "Not found"})
UNAUTHORIZED = Answer(
    HTTPStatus.UNAUTHORIZED,
    {"message": "Unauthorized"},
    {"www-authenticate": "Bearer"},
    note="no live session",
)


def refuse(status: HTTPStatus, message: str) -> Answer:
    """Answer an error as npm does: the reason stands in `message`."""
    return Answer(status, {"message": message}, note=message)


def parse_json(body: bytes) -> Any:  # noqa: ANN401 - foreign JSON
    """Parse a body; text that is no JSON counts as none, as it can be of no use either."""
    try:
        return json.loads(body)
    except ValueError:
        return None
