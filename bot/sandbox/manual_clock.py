"""A clock that stands, for a world whose time is its own."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from bot.clock import Clock

BEGINNING = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


class ManualClock(Clock):
    """A clock that moves when it is told to."""

    head_start = timedelta()
    """It does not move while somebody waits."""

    def __init__(self, now: datetime = BEGINNING) -> None:
        self._now = now
        self._turned_back = timedelta()
        self.on_advance: Callable[[timedelta], Awaitable[None]] = self._pass
        """What is done when time passes; a clock of no world only moves."""

    def now(self) -> datetime:
        """Tell the time that was set."""
        return self._now

    def monotonic(self) -> float:
        """Tell the seconds since the beginning."""
        return (self._now + self._turned_back - BEGINNING).total_seconds()

    async def _pass(self, span: timedelta) -> None:
        self.set(self._now + span)

    def set(self, moment: datetime) -> None:
        """Move to a later moment."""
        self._now = max(self._now, moment)

    async def advance(self, **span: float) -> None:
        """Let time pass in the world that has this clock, and everything that happens in it."""
        await self.on_advance(timedelta(**span))

    def turn_back(self, **span: float) -> None:
        """Have the machine's clock set back; what the process measures by itself goes on."""
        self._now -= timedelta(**span)
        self._turned_back += timedelta(**span)


class FastClock(Clock):
    """The clock of a bot whose machine is ahead of everybody else; what it measures by itself is right."""

    def __init__(self, world: Clock) -> None:
        self._world = world
        self.head_start = world.head_start
        self.ahead = timedelta()

    def now(self) -> datetime:
        """Tell what this machine takes for the time."""
        return self._world.now() + self.ahead

    def monotonic(self) -> float:
        """Tell what the world's clock tells."""
        return self._world.monotonic()
