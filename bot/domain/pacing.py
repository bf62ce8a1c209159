"""How fast a lane goes: npm asks for two seconds between calls, and answers 429 when that was too fast.

The pace in force is the time from the end of a call to the start of the next. A 429 doubles it at once, up to a limit,
and the next call waits for as long as npm says, where it says so. Then it recovers slowly: after a number of answers
running it is shortened by a part, until it is the pace that was set.
"""

import math
from datetime import datetime

from bot.domain.outcome import NotSent, ReadAnswer, TooFast, WriteAnswer
from bot.domain.values import Frozen

SLOWEST_SECONDS = 60.0
"""No 429 makes the pace slower than this: one call a minute tells soon enough when npm takes more."""

LONGEST_WAIT_SECONDS = 3600.0
"""For no longer is npm's Retry-After believed at once; half an hour was seen (npm/cli#7784)."""

STEADY_ANSWERS = 10
"""So many answers running, and the pace is tried a little faster."""

RECOVERY = 0.8
"""The part of the pace that is left then."""

WINDOW_SECONDS = 300.0
"""For how long npm's box spares a person the next confirmation."""

_LEAST_SLOWED = 1.0
_CALL_SECONDS = 0.1
"""What a call takes, to estimate how many fit."""


class Pace(Frozen):
    """How a lane goes now."""

    seconds: float
    """From the end of a call to the start of the next."""
    steady: int = 0
    """How many answers running came since it last changed, or since npm could not be reached."""
    unreached: int = 0
    """How many calls running did not reach npm."""


class LaneView(Frozen):
    """A lane as people and monitoring see it."""

    name: str
    """`registry`, or `account:` and the npm user."""
    pace_seconds: float
    """In force."""
    floor_seconds: float
    """As it was set."""
    slowed_at: datetime | None = None
    """When npm last said that it was too fast; None once it goes as it was set."""
    next_call_at: datetime

    @property
    def is_slowed(self) -> bool:
        """Tell whether npm has made it slower."""
        return self.pace_seconds > self.floor_seconds


def pace_after(pace: Pace, answer: WriteAnswer | ReadAnswer, *, floor: float) -> tuple[Pace, float]:
    """Learn from an answer.

    Args:
        pace: Before it.
        answer: npm's, or that the call did not reach it.
        floor: Seconds that were set; nothing goes faster.

    Returns:
        The pace from now on, and how many seconds to wait before the next call.
    """
    before = max(floor, pace.seconds)
    match answer:
        case TooFast(retry_after=said):
            slowed = max(floor, min(max(2 * before, _LEAST_SLOWED), SLOWEST_SECONDS))
            return Pace(seconds=slowed), max(slowed, min(said or 0.0, LONGEST_WAIT_SECONDS))
        case NotSent():
            unreached = pace.unreached + 1
            pause = min(2.0 ** min(unreached, 10), SLOWEST_SECONDS)
            return Pace(seconds=before, unreached=unreached), max(before, pause)
        case _:
            steady = pace.steady + 1
            if before > floor and steady >= STEADY_ANSWERS:
                return Pace(seconds=max(floor, before * RECOVERY)), max(floor, before * RECOVERY)
            return Pace(seconds=before, steady=min(steady, STEADY_ANSWERS)), before


def confirmations_for(calls: int, pace_seconds: float) -> int:
    """Estimate how often a person confirms so many calls, where npm's box spares them the others of its minutes."""
    fitting = max(1, int(WINDOW_SECONDS / max(pace_seconds + _CALL_SECONDS, _CALL_SECONDS)))
    return math.ceil(calls / fitting)
