"""The time, as an object, so that a test can own it."""

import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


class Clock:
    """The machine's time."""

    def now(self) -> datetime:
        """Tell the wall-clock time, in UTC and aware of it."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Tell seconds that never go back; only differences mean something."""
        return time.monotonic()


def read_http_date(text: str) -> datetime | None:
    """Read a moment as HTTP writes it; None when it is none."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
