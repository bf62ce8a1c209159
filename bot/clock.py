"""The time, as an object, so that a test can own it."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_NEVER_BACK: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Linux's monotonic clock stands still while the machine sleeps: a lease would seem to be good after a day of that."""

TOLERANCE = timedelta(seconds=5)
"""By so much clocks differ and are set right all the time; no work notices."""


class Clock:
    """The machine's time."""

    head_start = timedelta(milliseconds=30)
    """By so much somebody gets ready before a moment that they wait for, and goes on at that moment by themself."""

    def now(self) -> datetime:
        """Tell the wall-clock time, in UTC and aware of it."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Tell seconds that never go back, and go on while the machine sleeps; only differences mean something."""
        return time.clock_gettime(_NEVER_BACK)


class ClockWatch:
    """Finds out that the wall clock was set back, by the one that never is."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead = self._compare()

    def see_turned_back(self) -> timedelta:
        """Tell by how much the wall clock was set back since the last look; nothing where it was a few seconds."""
        before, self._ahead = self._ahead, self._compare()
        back = before - self._ahead
        return back if back > TOLERANCE else timedelta()

    def _compare(self) -> timedelta:
        return self._clock.now() - datetime.fromtimestamp(0, UTC) - timedelta(seconds=self._clock.monotonic())


def read_http_date(text: str) -> datetime | None:
    """Read a moment as HTTP writes it; None when it is none."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
