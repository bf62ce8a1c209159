"""The time, as an object, so that a test can own it."""

import time
from datetime import UTC, datetime


class Clock:
    """The machine's time."""

    def now(self) -> datetime:
        """Tell the wall-clock time, in UTC and aware of it."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Tell seconds that never go back; only differences mean something."""
        return time.monotonic()
