"""The record as people ask for it: which part of it, and how it is written down."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from bot.domain.values import Frozen


class Scope(Frozen):
    """Which events; every condition that is given holds for each of them."""

    number: int | None = None
    """Of the change set, for people."""
    change_set_id: int | None = None
    package: str = ""
    person: str = ""
    """A Slack id: who did it, or whom it concerns."""
    since: datetime | None = None
    until: datetime | None = None
    """Not included."""


class RecordedEvent(Frozen):
    """An event, as it is shown and exported."""

    id: int
    workspace: str
    at: datetime
    kind: str
    actor: str
    subject: str = ""
    change_set: int | None = None
    """Its number: C-42."""
    step: int | None = None
    package: str = ""
    delivery: int | None = None
    data: dict[str, Any] = {}  # noqa: RUF012 -- pydantic copies it
    seal: int | None = None
    """The number of its seal; None while it has none."""


COLUMNS = (
    "id",
    "workspace",
    "at",
    "kind",
    "actor",
    "subject",
    "change_set",
    "step",
    "package",
    "before",
    "after",
    "fingerprint",
    "delivery",
    "seal",
    "details",
)
"""Of the CSV, and the names in the JSON."""

_OWN_COLUMNS = ("before", "after", "fingerprint")
"""What has its own column, out of what each event tells."""


def record_rows(events: Iterable[RecordedEvent]) -> Iterator[tuple[str, ...]]:
    """List events as rows of a CSV, the header first."""
    yield COLUMNS
    for event in events:
        values = export_values(event)
        yield tuple(_cell(values[name]) for name in COLUMNS)


def export_values(event: RecordedEvent) -> dict[str, Any]:
    """Tell an event by the names of the columns."""
    return {
        "id": event.id,
        "workspace": event.workspace,
        "at": event.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "kind": event.kind,
        "actor": event.actor,
        "subject": event.subject,
        "change_set": f"C-{event.change_set}" if event.change_set is not None else "",
        "step": event.step,
        "package": event.package,
        **{name: event.data.get(name, "") for name in _OWN_COLUMNS},
        "delivery": event.delivery,
        "seal": event.seal,
        "details": details_of(event),
    }


def details_of(event: RecordedEvent) -> dict[str, Any]:
    """Tell the rest of what an event tells."""
    return {name: value for name, value in event.data.items() if name not in _OWN_COLUMNS}


def parse_moment(text: str, *, ends: bool = False) -> datetime | None:
    """Read `2026-11-23` or `2026-11-23T14:00[Z]`, in UTC where no zone is named; None for anything else.

    Args:
        text: What somebody typed.
        ends: It ends a span, of which a day that is named is a part: the moment after that day.
    """
    try:
        if len(text) == len("2026-11-23"):
            day = datetime.combine(date.fromisoformat(text), time(), UTC)
            return day + timedelta(days=1) if ends else day
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _cell(value: object) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{name}={_cell(each)}" for name, each in value.items())
    return "" if value is None else str(value)
