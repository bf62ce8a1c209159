"""What npm asks a session for: learned per session and method from its answers, and never assumed.

After a confirmation npm may let later calls of the session pass for some minutes: all of them, those that read, or
none. Two calls that follow each other tell which. What was seen may end at any time, so every call is sent without a
one-time password first, and what is told to people is what was seen, with its time.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.outcome import Accepted, Challenged, Listed, Missing, Overlapping, ReadAnswer, WriteAnswer
from bot.domain.values import Frozen

SURE = timedelta(minutes=4)
"""A challenge this soon after a confirmation is no window that ran out: npm's box says five minutes from the press."""

_THROUGH = Accepted | Listed | Overlapping | Missing
"""Answers of npm that it gives only once it has let the second factor pass."""


class Method(StrEnum):
    """What a call does. npm may treat each in its own way; the values are those of the lane's calls."""

    CREATE = "create"
    REVOKE = "revoke"
    LIST = "list"


class Asking(StrEnum):
    """Whether npm asks again soon after a confirmation."""

    UNKNOWN = "unknown"
    EACH = "each"
    """It asked again for the next call."""
    SPARES = "spares"
    """It let a call pass."""


class Seen(Frozen):
    """What a session has seen of one method."""

    method: Method
    confirmed_at: datetime | None = None
    """When a call of this method last went through with a one-time password."""
    passed_at: datetime | None = None
    """When one last went through without."""
    asked_at: datetime | None = None
    """When npm last asked again although one had been confirmed just before."""

    @property
    def asking(self) -> Asking:
        """Tell what the newest of it says."""
        if self.asked_at and (self.passed_at is None or self.passed_at < self.asked_at):
            return Asking.EACH
        return Asking.SPARES if self.passed_at else Asking.UNKNOWN

    @property
    def at(self) -> datetime | None:
        """Tell when that was seen; None where nothing was."""
        return self.asked_at if self.asking is Asking.EACH else self.passed_at


def observe(seen: Seen, answer: WriteAnswer | ReadAnswer, *, used_password: bool, now: datetime) -> Seen:
    """Learn from an answer. A confirmation of one method says nothing about how another is asked for."""
    if isinstance(answer, _THROUGH):
        return seen.model_copy(update={"confirmed_at" if used_password else "passed_at": now})
    just_confirmed = seen.confirmed_at is not None and now - seen.confirmed_at < SURE
    if isinstance(answer, Challenged) and not used_password and just_confirmed:
        return seen.model_copy(update={"asked_at": now})
    return seen
