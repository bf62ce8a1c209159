"""In which order the calls of a lane come."""

from enum import IntEnum
from typing import assert_never

from bot.domain.lifecycle import Call, State, Step, WaitFor


class Urgency(IntEnum):
    """What comes before what; the least first. It is stored with a step, so that the next is found by an index."""

    HALF_REPLACED = 0
    """While a package is without its publisher, nothing else is more urgent."""
    REVOKE = 1
    LIST = 2
    """Somebody waits for it."""
    CREATE = 3
    SETTLE = 4
    """To find out what became of a call: together, when nothing else can run."""
    LOGIN = 5
    """It waits for its person's login, and stands for all that waits for it."""
    RESTS = 9
    """Nothing is to be called."""


AFTER_STEPS = 3.5
"""The urgency of a list when the last call was one: behind steps, before what is only to be found out."""

AFTER_ALL = 4.5
"""The urgency of a list that is one of many: nobody sits there and waits for just this one."""


def urgency_of(step: Step) -> Urgency:
    """Tell where in the line a step stands."""
    match step.state:
        case State.HALF_REPLACED:
            return Urgency.HALF_REPLACED
        case State.READY:
            return Urgency.REVOKE if step.call is Call.REVOKE else Urgency.CREATE
        case State.UNKNOWN:
            return Urgency.SETTLE
        case State.WAITING:
            return Urgency.LOGIN if step.waits_for is WaitFor.LOGIN else Urgency.RESTS
        case (
            State.IN_REVIEW
            | State.CALLING
            | State.APPLIED
            | State.ALREADY_IN_PLACE
            | State.ALREADY_GONE
            | State.RESTORED
            | State.CONFLICT
            | State.REFUSED
            | State.REJECTED
            | State.CANCELLED
            | State.EXPIRED
            | State.UNRESOLVED
            | State.LEFT_HALF
        ):
            return Urgency.RESTS
        case _:  # pragma: no cover
            assert_never(step.state)
