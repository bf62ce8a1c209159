"""How a step moves: one pure function over every state and event.

`tests/domain/test_lifecycle.py` writes the contract down as a table over every pair of state and event;
`tests/domain/test_lifecycle_exploration.py` walks every path with faults, lagging reads, kills, outside changes and
absent people, and proves that nothing ends wrong or never.

The words: *untouched* is phase first and not `maybe_acted`; *back* is `ready` in phase first, else `half_replaced`; a
read is *settled* when it is later than the last call's deadline plus npm's lag. An event that does not apply in a state
changes nothing: `advance` answers None, and the caller says why to the person.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias, assert_never

from bot.domain.step_events import (
    AccountRefused,
    Approved,
    Cancelled,
    Challenged,
    DeadlinePassed,
    Differs,
    Event,
    HandedOut,
    Invalid,
    LastDeadlinePassed,
    Missing,
    NoSession,
    Overlapping,
    PersonDone,
    ReadAbsent,
    ReadChallenged,
    ReadFailed,
    ReadFound,
    ReadOverlap,
    ReadRefused,
    Rejected,
    Succeeded,
    Taken,
    Throttled,
    Unclear,
    Withdrawn,
)


class State(StrEnum):
    """Where a step is."""

    IN_REVIEW = "in_review"
    READY = "ready"
    CALLING = "calling"
    UNKNOWN = "unknown"
    HALF_REPLACED = "half_replaced"
    WAITING = "waiting_for_person"
    APPLIED = "applied"
    ALREADY_IN_PLACE = "already_in_place"
    ALREADY_GONE = "already_gone"
    RESTORED = "restored"
    CONFLICT = "conflict"
    REFUSED = "refused"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    UNRESOLVED = "unresolved"
    LEFT_HALF = "left_half"


OPEN_STATES = frozenset(
    {State.IN_REVIEW, State.READY, State.CALLING, State.UNKNOWN, State.HALF_REPLACED, State.WAITING}
)
"""The states that are no end."""

_RESTING_STATES = frozenset({State.IN_REVIEW, State.READY, State.WAITING})

BUSY_STATES = frozenset({State.CALLING, State.UNKNOWN, State.HALF_REPLACED})
"""While a step of a package is in one of these, no other step of that package is taken."""


class Phase(StrEnum):
    """Which part of a step its next call belongs to. Only a replace leaves `first`."""

    FIRST = "first"
    SECOND = "second"
    RESTORE = "restore"


class Plan(StrEnum):
    """What a step does, and for a replace in which order; the order is part of what is approved."""

    CREATE = "create"
    REVOKE = "revoke"
    CREATE_THEN_REVOKE = "create_then_revoke"
    REVOKE_THEN_CREATE = "revoke_then_create"

    @property
    def calls(self) -> int:
        """How many calls it takes from its approval on: before a replace it is looked once more."""
        return 1 if self in {Plan.CREATE, Plan.REVOKE} else 3


class Call(StrEnum):
    """The call that a step makes next."""

    CREATE = "create"
    REVOKE = "revoke"


class LastAnswer(StrEnum):
    """The answer that sent a step to `unknown`, where the reading of the list depends on it."""

    NONE = "none"
    INVALID = "invalid"
    OVERLAPPING = "overlapping"
    MISSING = "missing"


class WaitFor(StrEnum):
    """Whom or what a waiting step needs."""

    NOTHING = "nothing"
    ACCOUNT = "account"
    """An approver with a usable account."""
    LOGIN = "login"
    """The executor's login at npm."""
    CONFIRMATION = "confirmation"
    """The executor's second factor."""
    TERMINAL = "terminal"
    """The executor, who was given the call as a line for their own terminal."""


@dataclass(frozen=True, slots=True)
class Step:
    """What decides how a step moves."""

    plan: Plan
    state: State = State.IN_REVIEW
    phase: Phase = Phase.FIRST
    maybe_acted: bool = False
    """An attempt of this phase went out and npm may have acted on it."""
    cancel_wanted: bool = False
    """It stops as soon as npm is known not to have acted. A replace that has begun is finished or undone anyway."""
    back: State | None = None
    """Of a waiting step: the state that it goes back to."""
    waits_for: WaitFor = WaitFor.NOTHING
    last_answer: LastAnswer = LastAnswer.NONE

    @property
    def untouched(self) -> bool:
        """Nothing was sent that npm may have acted on."""
        return self.phase is Phase.FIRST and not self.maybe_acted

    @property
    def call(self) -> Call:
        """The call that the phase makes."""
        match self.plan, self.phase:
            case (Plan.CREATE, _) | (Plan.CREATE_THEN_REVOKE, Phase.FIRST):
                return Call.CREATE
            case (Plan.REVOKE_THEN_CREATE, Phase.SECOND | Phase.RESTORE):
                return Call.CREATE
            case _:
                return Call.REVOKE


_Doubt: TypeAlias = Invalid | Overlapping | Missing | Unclear
_Answer: TypeAlias = Succeeded | Challenged | Throttled | AccountRefused | _Doubt
_List: TypeAlias = ReadFound | ReadOverlap | ReadAbsent

_LAST_ANSWERS: Mapping[type[_Doubt], LastAnswer] = {
    Invalid: LastAnswer.INVALID,
    Overlapping: LastAnswer.OVERLAPPING,
    Missing: LastAnswer.MISSING,
    Unclear: LastAnswer.NONE,
}


def advance(step: Step, event: Event) -> Step | None:
    """Move a step by an event; None where the event does not apply to the state."""
    moved = _move(step, event)
    if moved is not None and moved.cancel_wanted and _rests_untouched(moved):
        return _end(moved, State.CANCELLED)
    return moved


def _move(step: Step, event: Event) -> Step | None:
    match event:
        case Approved() | Rejected():
            return _decide(step, event) if step.state is State.IN_REVIEW else None
        case Withdrawn() | Differs():
            return _reconsider(step, event) if _rests_untouched(step) else None
        case DeadlinePassed() | Cancelled():
            return _stop(step, event) if step.phase is Phase.FIRST else None
        case Taken() | NoSession() | HandedOut() | PersonDone() | LastDeadlinePassed():
            return _turn(step, event)
        case ReadFound() | ReadOverlap() | ReadAbsent() | ReadChallenged() | ReadRefused() | ReadFailed():
            return _read(step, event) if step.state is State.UNKNOWN else None
        case (
            Succeeded()
            | Challenged()
            | Throttled()
            | AccountRefused()
            | Invalid()
            | Overlapping()
            | Missing()
            | Unclear()
        ):
            return _answer(step, event) if step.state is State.CALLING else None
        case _:
            assert_never(event)


def _decide(step: Step, event: Approved | Rejected) -> Step:
    if isinstance(event, Rejected):
        return _end(step, State.REJECTED)
    if not event.quorum_met:
        return step
    ready = replace(step, state=State.READY)
    return ready if event.account_usable else _wait(ready, WaitFor.ACCOUNT, back=State.READY)


def _reconsider(step: Step, event: Withdrawn | Differs) -> Step:
    if isinstance(event, Withdrawn) and event.quorum_met:
        return step
    return replace(step, state=State.IN_REVIEW, back=None, waits_for=WaitFor.NOTHING, last_answer=LastAnswer.NONE)


def _stop(step: Step, event: DeadlinePassed | Cancelled) -> Step | None:
    """Deadline and cancel are conditions that the caller looks at on every entry, so each may come again."""
    if _rests_untouched(step):
        return _end(step, State.CANCELLED if isinstance(event, Cancelled) else State.EXPIRED)
    wanted = replace(step, cancel_wanted=True)
    match step.state:
        case State.CALLING:
            return wanted if isinstance(event, Cancelled) else None
        case State.UNKNOWN:
            return wanted if isinstance(event, Cancelled) or step.maybe_acted else None
        case State.WAITING if step.cancel_wanted:
            return None  # it reads first once the person is back; asking again would challenge somebody who is away
        case State.READY | State.WAITING:
            return replace(wanted, state=State.UNKNOWN, back=None, waits_for=WaitFor.NOTHING)
        case _:
            return None


def _turn(step: Step, event: Taken | NoSession | HandedOut | PersonDone | LastDeadlinePassed) -> Step | None:
    match event, step.state:
        case Taken(), State.READY if step.cancel_wanted:
            return None
        case Taken(), State.READY | State.HALF_REPLACED:
            return replace(step, state=State.CALLING, last_answer=LastAnswer.NONE)
        case NoSession(), State.READY | State.HALF_REPLACED | State.UNKNOWN:
            return _wait(step, WaitFor.LOGIN, back=step.state)
        case HandedOut(), _ if _can_be_handed_out(step):
            return _wait(replace(step, maybe_acted=True), WaitFor.TERMINAL, back=State.UNKNOWN)
        case PersonDone(), State.WAITING:
            return replace(step, state=step.back or State.READY, back=None, waits_for=WaitFor.NOTHING)
        case LastDeadlinePassed(), _ if {step.state, step.back} & {State.UNKNOWN, State.HALF_REPLACED}:
            unclear = step.maybe_acted or State.UNKNOWN in {step.state, step.back}
            return _end(step, State.UNRESOLVED if unclear else State.LEFT_HALF)
        case _:
            return None


def _can_be_handed_out(step: Step) -> bool:
    """One call, at rest, that nobody wants stopped. A replace has two, and what it takes away is looked at between."""
    awaits_confirmation = step.state is State.WAITING and step.waits_for is WaitFor.CONFIRMATION
    at_rest = step.state is State.READY or (awaits_confirmation and step.back is State.READY)
    return at_rest and not step.cancel_wanted and step.plan in {Plan.CREATE, Plan.REVOKE}


def _answer(step: Step, event: _Answer) -> Step:
    match event:
        case Succeeded():
            return _half_done(step, State.APPLIED)
        case Challenged(login=login):
            return _wait(step, WaitFor.LOGIN if login else WaitFor.CONFIRMATION, back=_back(step))
        case Throttled() | AccountRefused(another_account=True):
            return replace(step, state=_back(step))
        case AccountRefused():
            return _wait(step, WaitFor.ACCOUNT, back=_back(step))
        case Invalid() if not step.maybe_acted:
            return _fail(step, State.REFUSED)
        case Invalid() | Overlapping() | Missing() | Unclear():
            maybe_acted = step.maybe_acted or isinstance(event, Unclear)
            last_answer = _LAST_ANSWERS[type(event)]
            return replace(step, state=State.UNKNOWN, maybe_acted=maybe_acted, last_answer=last_answer)
        case _:
            assert_never(event)


def _read(step: Step, event: _List | ReadChallenged | ReadRefused | ReadFailed) -> Step:
    match event:
        case ReadChallenged(login=login):
            return _wait(step, WaitFor.LOGIN if login else WaitFor.CONFIRMATION, back=State.UNKNOWN)
        case ReadFailed() | ReadRefused(another_account=True):
            return step
        case ReadRefused():
            return _wait(step, WaitFor.ACCOUNT, back=State.UNKNOWN)
        case ReadFound() | ReadOverlap() | ReadAbsent():
            return _conclude(step, event)
        case _:
            assert_never(event)


def _conclude(step: Step, event: _List) -> Step:
    """Read the list: only a settled one tells that npm did not act, or that what was revoked is gone.

    An earlier list may still show the revoked configuration, which a restore would take for its own.
    """
    creates = step.call is Call.CREATE
    is_new = isinstance(event, ReadFound) and creates and step.phase is not Phase.RESTORE
    if not (event.settled or is_new):
        return step
    return _conclude_create(step, event) if creates else _conclude_revoke(step, event)


def _conclude_create(step: Step, event: _List) -> Step:
    if isinstance(event, ReadFound):
        return _half_done(step, State.APPLIED if step.maybe_acted else State.ALREADY_IN_PLACE)
    if isinstance(event, ReadOverlap) or step.last_answer is LastAnswer.OVERLAPPING:
        return _fail(step, State.CONFLICT)
    if step.last_answer is LastAnswer.INVALID:
        return _fail(step, State.REFUSED)
    return _send_again(step)


def _conclude_revoke(step: Step, event: _List) -> Step:
    if not isinstance(event, ReadFound):
        return _half_done(step, State.APPLIED if step.maybe_acted else State.ALREADY_GONE)
    again = _send_again(step)
    if step.last_answer is LastAnswer.MISSING and not event.another_account:
        return _wait(again, WaitFor.ACCOUNT, back=again.state)
    return again


def _half_done(step: Step, end: State) -> Step:
    """The call of this phase has its effect. A replace is applied whoever completed it: something changed."""
    if step.phase is Phase.RESTORE:
        return _end(step, State.RESTORED)
    if step.plan in {Plan.CREATE, Plan.REVOKE}:
        return _end(step, end)
    return _enter(step, Phase.SECOND) if step.phase is Phase.FIRST else _end(step, State.APPLIED)


def _fail(step: Step, end: State) -> Step:
    """The call of this phase is impossible."""
    if step.phase is Phase.FIRST:
        return _end(step, end)
    if step.phase is Phase.SECOND and step.plan is Plan.REVOKE_THEN_CREATE:
        return _enter(step, Phase.RESTORE)
    return _end(step, State.LEFT_HALF)


def _enter(step: Step, phase: Phase) -> Step:
    return replace(step, state=State.HALF_REPLACED, phase=phase, maybe_acted=False, last_answer=LastAnswer.NONE)


def _send_again(step: Step) -> Step:
    return replace(step, state=_back(step), maybe_acted=False, last_answer=LastAnswer.NONE)


def _wait(step: Step, needs: WaitFor, *, back: State) -> Step:
    return replace(step, state=State.WAITING, back=back, waits_for=needs)


def _end(step: Step, end: State) -> Step:
    return replace(step, state=end, back=None, waits_for=WaitFor.NOTHING)


def _back(step: Step) -> State:
    return State.READY if step.phase is Phase.FIRST else State.HALF_REPLACED


def _rests_untouched(step: Step) -> bool:
    return step.untouched and step.state in _RESTING_STATES
