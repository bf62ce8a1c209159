"""Logging: one line a record, for a person at a terminal or as JSON for a machine. Secrets are not logged anywhere.

Each line tells what the work was about that logged it: `scope` begins a piece of work, `about` says what is known of it
from then on. Tasks and transactions that the work starts take it along.
"""

import json
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType

_TALKATIVE = ("aiohttp", "alembic", "apscheduler", "httpcore", "httpx", "slack_bolt", "slack_sdk")
"""These log bodies and tokens at DEBUG, or each tick at INFO."""

_NOTHING: Mapping[str, str] = MappingProxyType({})
_IDS: ContextVar[Mapping[str, str]] = ContextVar("ids", default=_NOTHING)


@contextmanager
def scope() -> Iterator[None]:
    """Begin a piece of work about which nothing is known yet, and forget at its end what was said about it."""
    token = _IDS.set(_NOTHING)
    try:
        yield
    finally:
        _IDS.reset(token)


def about(
    *, delivery: int | None = None, change_set: str = "", step: int | None = None, call: int | None = None
) -> None:
    """Put ids on every line that follows: of a delivery, a change set (C-42), a step, a call (its attempt)."""
    said = {"delivery": delivery, "change_set": change_set, "step": step, "call": call}
    _IDS.set({**_IDS.get(), **{name: str(value) for name, value in said.items() if value}})


def current_delivery() -> int | None:
    """Tell the delivery that the work comes from, as `about` was told; None when it comes from none."""
    delivery = _IDS.get().get("delivery")
    return int(delivery) if delivery else None


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            **_IDS.get(),
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class ConsoleLines(logging.Formatter):
    """A line to read; the ids stand at its end."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (the name is logging's)
        """Write the first line of a record."""
        ids = " ".join(f"{name}={value}" for name, value in _IDS.get().items())
        # What comes from outside must not look like a line of ours, or tell the terminal what to do.
        line = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in super().formatMessage(record))
        return f"{line}  [{ids}]" if ids else line


def configure(style: str | None, level: str) -> None:
    """Log to stderr, in the style `json` or `console`; None: console on a terminal."""
    handler = logging.StreamHandler(sys.stderr)
    is_json = style == "json" or (style is None and not sys.stderr.isatty())
    handler.setFormatter(JsonLines() if is_json else ConsoleLines())
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
