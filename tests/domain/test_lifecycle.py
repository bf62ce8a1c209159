"""The table by which a step moves, over every pair of state and event.

TABLE is README's "How a step moves", spelled out to the last case; for every step and every event exactly one of its
rows holds. `a / b` is either; `-` says that the event does not apply. *Untouched*: phase first and nothing that npm may
have acted on; *touched*: phase first and npm may have acted; *begun*: phase second or restore. *Early*: a read that is
not settled.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from typing import get_args

import pytest

from bot.domain import step_events as on
from bot.domain.lifecycle import OPEN_STATES, Call, LastAnswer, Phase, Plan, State, Step, WaitFor, advance

TABLE = """
# People decide
in_review                                       | approved, quorum not met             | same
in_review                                       | approved                             | ready
in_review                                       | approved, no usable account          | ready, wait for account
in_review                                       | rejected                             | rejected
ready / calling / unknown / half / waiting      | approved / rejected                  | -
ready / calling / unknown / half / waiting      | approved, quorum not met / approved, no usable account | -
in_review / ready untouched / waiting untouched | withdrawn, quorum still met          | same
in_review / ready untouched / waiting untouched | withdrawn / differs                  | in_review
ready touched / waiting touched / waiting begun | withdrawn, quorum still met / withdrawn / differs | -
calling / unknown / half                        | withdrawn, quorum still met / withdrawn / differs | -

# Deadline and cancel
in_review / ready untouched / waiting untouched | deadline                             | expired
in_review / ready untouched / waiting untouched | cancelled                            | cancelled
ready touched / waiting touched no-cancel       | deadline / cancelled                 | unknown, cancel wanted
waiting touched cancel                          | deadline / cancelled                 | -
unknown touched                                 | deadline                             | cancel wanted
unknown untouched / calling first               | deadline                             | -
unknown first / calling first                   | cancelled                            | cancel wanted
calling begun / unknown begun / half / waiting begun | deadline / cancelled            | -

# The lane and the person
ready no-cancel / half                          | taken                                | calling
ready cancel / in_review / calling / unknown / waiting | taken                         | -
unknown untouched cancel                        | no session                           | cancelled
ready / half / unknown untouched no-cancel / unknown touched / unknown begun | no session | wait for login
in_review / calling / waiting                   | no session                           | -
ready alone no-cancel                           | handed out                   | acted, unknown, wait for terminal
waiting alone no-cancel to-ready for-confirmation | handed out                 | acted, unknown, wait for terminal
ready alone cancel / waiting alone cancel to-ready for-confirmation | handed out        | -
ready replaces / waiting replaces to-ready for-confirmation | handed out                | -
waiting to-ready not-for-confirmation / waiting to-unknown / waiting to-half | handed out | -
in_review / calling / unknown / half            | handed out                           | -
waiting                                         | person done                          | where it came from
in_review / ready / calling / unknown / half    | person done                          | -
unknown / waiting to-unknown                    | last deadline                        | unresolved
half acted / waiting to-half acted              | last deadline                        | unresolved
half not-acted / waiting to-half not-acted      | last deadline                        | left_half
in_review / ready / calling / waiting to-ready  | last deadline                        | -

# npm answers the call
calling alone                                   | succeeded                            | applied
calling replaces first                          | succeeded                            | second half
calling second                                  | succeeded                            | applied
calling restore                                 | succeeded                            | restored
calling untouched cancel                        | challenged / session dead / throttled | cancelled
calling untouched cancel                        | refused / refused, no other account  | cancelled
calling untouched no-cancel / calling touched / calling begun | challenged             | back, wait for confirmation
calling untouched no-cancel / calling touched / calling begun | session dead           | back, wait for login
calling untouched no-cancel / calling touched / calling begun | throttled / refused    | back
calling untouched no-cancel / calling touched / calling begun | refused, no other account | back, wait for account
calling acted                                   | invalid                              | unknown, after 400
calling untouched                               | invalid                              | refused
calling second revoke-first not-acted           | invalid                              | restore
calling second create-first not-acted           | invalid                              | left_half
calling restore not-acted                       | invalid                              | left_half
calling                                         | overlapping                          | unknown, after 409
calling                                         | missing                              | unknown, after 404
calling                                         | unclear                              | unknown, acted

# The list cannot be read
unknown untouched cancel                        | read challenged / read needs login   | cancelled
unknown untouched no-cancel / unknown touched / unknown begun | read challenged        | wait for confirmation
unknown untouched no-cancel / unknown touched / unknown begun | read needs login       | wait for login
unknown                                         | read refused / read failed           | same
unknown untouched cancel                        | read refused, no other account       | cancelled
unknown untouched no-cancel / unknown touched / unknown begun | read refused, no other account | wait for account

# The list shows the configuration that a create wants, by claims and permissions
unknown creates alone acted                     | found / found, no other account      | applied
unknown creates alone not-acted                 | found / found, no other account      | already_in_place
unknown creates replaces first                  | found / found, no other account      | second half
unknown creates second                          | found / found, no other account      | applied
unknown restore                                 | found / found, no other account      | restored
unknown creates alone acted                     | found early / found early, no other account | applied
unknown creates alone not-acted                 | found early / found early, no other account | already_in_place
unknown creates replaces first                  | found early / found early, no other account | second half
unknown creates second                          | found early / found early, no other account | applied
unknown restore                                 | found early / found early, no other account | same

# The list still shows the configuration that a revoke should take away, by id
unknown revokes                                 | found early / found early, no other account | same
unknown revokes first cancel                    | found / found, no other account      | untouched, cancelled
unknown revokes first no-cancel / unknown revokes begun | found                        | untouched, back
unknown revokes first no-cancel not-after-404   | found, no other account              | untouched, back
unknown revokes begun not-after-404             | found, no other account              | untouched, back
unknown revokes first no-cancel after-404 | found, no other account | untouched, back, wait for account
unknown revokes begun after-404 | found, no other account | untouched, back, wait for account

# The list shows something that overlaps, or nothing
unknown                                         | overlap early / absent early         | same
unknown revokes alone acted                     | overlap / absent                     | applied
unknown revokes alone not-acted                 | overlap / absent                     | already_gone
unknown revokes replaces first                  | overlap / absent                     | second half
unknown revokes second                          | overlap / absent                     | applied
unknown creates first                           | overlap                              | conflict
unknown creates second                          | overlap                              | restore
unknown restore                                 | overlap                              | left_half
unknown creates first after-409                 | absent                               | conflict
unknown creates first after-400                 | absent                               | refused
unknown creates second after-refusal            | absent                               | restore
unknown restore after-refusal                   | absent                               | left_half
unknown creates first cancel not-after-refusal  | absent                               | untouched, cancelled
unknown creates first no-cancel not-after-refusal | absent                             | untouched, back
unknown creates second not-after-refusal        | absent                               | untouched, back
unknown restore not-after-refusal               | absent                               | untouched, back

# npm's answers belong to a call, and reads to finding out
in_review / ready / unknown / half / waiting    | succeeded / challenged / session dead / throttled | -
in_review / ready / unknown / half / waiting    | refused / refused, no other account  | -
in_review / ready / unknown / half / waiting    | invalid / overlapping / missing / unclear | -
in_review / ready / calling / half / waiting    | found / found, no other account      | -
in_review / ready / calling / half / waiting    | found early / found early, no other account | -
in_review / ready / calling / half / waiting    | overlap / overlap early / absent / absent early | -
in_review / ready / calling / half / waiting    | read challenged / read needs login / read failed | -
in_review / ready / calling / half / waiting    | read refused / read refused, no other account | -
"""

EVENTS: dict[str, on.Event] = {
    "approved": on.Approved(quorum_met=True),
    "approved, quorum not met": on.Approved(quorum_met=False),
    "approved, no usable account": on.Approved(quorum_met=True, account_usable=False),
    "rejected": on.Rejected(),
    "withdrawn": on.Withdrawn(quorum_met=False),
    "withdrawn, quorum still met": on.Withdrawn(quorum_met=True),
    "differs": on.Differs(),
    "deadline": on.DeadlinePassed(),
    "cancelled": on.Cancelled(),
    "taken": on.Taken(),
    "no session": on.NoSession(),
    "handed out": on.HandedOut(),
    "person done": on.PersonDone(),
    "last deadline": on.LastDeadlinePassed(),
    "succeeded": on.Succeeded(),
    "challenged": on.Challenged(),
    "session dead": on.Challenged(login=True),
    "throttled": on.Throttled(),
    "refused": on.AccountRefused(another_account=True),
    "refused, no other account": on.AccountRefused(another_account=False),
    "invalid": on.Invalid(),
    "overlapping": on.Overlapping(),
    "missing": on.Missing(),
    "unclear": on.Unclear(),
    "found": on.ReadFound(settled=True),
    "found, no other account": on.ReadFound(settled=True, another_account=False),
    "found early": on.ReadFound(settled=False),
    "found early, no other account": on.ReadFound(settled=False, another_account=False),
    "overlap": on.ReadOverlap(settled=True),
    "overlap early": on.ReadOverlap(settled=False),
    "absent": on.ReadAbsent(settled=True),
    "absent early": on.ReadAbsent(settled=False),
    "read challenged": on.ReadChallenged(),
    "read needs login": on.ReadChallenged(login=True),
    "read refused": on.ReadRefused(another_account=True),
    "read refused, no other account": on.ReadRefused(another_account=False),
    "read failed": on.ReadFailed(),
}

REFUSALS = {LastAnswer.OVERLAPPING, LastAnswer.INVALID}
REPLACES = {Plan.CREATE_THEN_REVOKE, Plan.REVOKE_THEN_CREATE}

CREATES = {
    (Plan.CREATE, Phase.FIRST),
    (Plan.CREATE_THEN_REVOKE, Phase.FIRST),
    (Plan.REVOKE_THEN_CREATE, Phase.SECOND),
    (Plan.REVOKE_THEN_CREATE, Phase.RESTORE),
}

HOLDS: dict[str, Callable[[Step], bool]] = {
    "in_review": lambda step: step.state is State.IN_REVIEW,
    "ready": lambda step: step.state is State.READY,
    "calling": lambda step: step.state is State.CALLING,
    "unknown": lambda step: step.state is State.UNKNOWN,
    "half": lambda step: step.state is State.HALF_REPLACED,
    "waiting": lambda step: step.state is State.WAITING,
    "to-ready": lambda step: step.back is State.READY,
    "to-unknown": lambda step: step.back is State.UNKNOWN,
    "to-half": lambda step: step.back is State.HALF_REPLACED,
    "for-confirmation": lambda step: step.waits_for is WaitFor.CONFIRMATION,
    "not-for-confirmation": lambda step: step.waits_for is not WaitFor.CONFIRMATION,
    "untouched": lambda step: step.phase is Phase.FIRST and not step.maybe_acted,
    "touched": lambda step: step.phase is Phase.FIRST and step.maybe_acted,
    "begun": lambda step: step.phase is not Phase.FIRST,
    "first": lambda step: step.phase is Phase.FIRST,
    "second": lambda step: step.phase is Phase.SECOND,
    "restore": lambda step: step.phase is Phase.RESTORE,
    "acted": lambda step: step.maybe_acted,
    "not-acted": lambda step: not step.maybe_acted,
    "cancel": lambda step: step.cancel_wanted,
    "no-cancel": lambda step: not step.cancel_wanted,
    "alone": lambda step: step.plan not in REPLACES,
    "replaces": lambda step: step.plan in REPLACES,
    "create-first": lambda step: step.plan is Plan.CREATE_THEN_REVOKE,
    "revoke-first": lambda step: step.plan is Plan.REVOKE_THEN_CREATE,
    "creates": lambda step: (step.plan, step.phase) in CREATES and step.phase is not Phase.RESTORE,
    "revokes": lambda step: (step.plan, step.phase) not in CREATES,
    "after-400": lambda step: step.last_answer is LastAnswer.INVALID,
    "after-409": lambda step: step.last_answer is LastAnswer.OVERLAPPING,
    "after-404": lambda step: step.last_answer is LastAnswer.MISSING,
    "not-after-404": lambda step: step.last_answer is not LastAnswer.MISSING,
    "after-refusal": lambda step: step.last_answer in REFUSALS,
    "not-after-refusal": lambda step: step.last_answer not in REFUSALS,
}

NEEDS = [WaitFor.ACCOUNT, WaitFor.LOGIN, WaitFor.CONFIRMATION, WaitFor.TERMINAL]
PHASES = {
    Plan.CREATE: [Phase.FIRST],
    Plan.REVOKE: [Phase.FIRST],
    Plan.CREATE_THEN_REVOKE: [Phase.FIRST, Phase.SECOND],
    Plan.REVOKE_THEN_CREATE: [Phase.FIRST, Phase.SECOND, Phase.RESTORE],
}


def back_of(step: Step) -> State:
    return State.READY if step.phase is Phase.FIRST else State.HALF_REPLACED


def enter(step: Step, state: State) -> Step:
    return replace(step, state=state, back=None, waits_for=WaitFor.NOTHING)


def wait(step: Step, needs: WaitFor) -> Step:
    return replace(step, state=State.WAITING, back=step.state, waits_for=needs)


def begin(step: Step, phase: Phase) -> Step:
    return replace(BECOMES["untouched"](step), state=State.HALF_REPLACED, phase=phase)


BECOMES: dict[str, Callable[[Step], Step]] = {
    "same": lambda step: step,
    "in_review": lambda step: replace(enter(step, State.IN_REVIEW), last_answer=LastAnswer.NONE),
    "back": lambda step: replace(step, state=back_of(step)),
    "where it came from": lambda step: enter(step, step.back or State.READY),
    "second half": lambda step: begin(step, Phase.SECOND),
    "restore": lambda step: begin(step, Phase.RESTORE),
    "wait for login": lambda step: wait(step, WaitFor.LOGIN),
    "wait for confirmation": lambda step: wait(step, WaitFor.CONFIRMATION),
    "wait for terminal": lambda step: wait(step, WaitFor.TERMINAL),
    "wait for account": lambda step: wait(step, WaitFor.ACCOUNT),
    "cancel wanted": lambda step: replace(step, cancel_wanted=True),
    "acted": lambda step: replace(step, maybe_acted=True),
    "untouched": lambda step: replace(step, maybe_acted=False, last_answer=LastAnswer.NONE),
    "after 400": lambda step: replace(step, last_answer=LastAnswer.INVALID),
    "after 409": lambda step: replace(step, last_answer=LastAnswer.OVERLAPPING),
    "after 404": lambda step: replace(step, last_answer=LastAnswer.MISSING),
}


def all_steps() -> Iterator[Step]:
    """List every open step, also those that no path leads to, but for an untouched one at rest whose end is wanted."""
    for plan, acted, cancel in product(Plan, [False, True], [False, True]):
        for phase in PHASES[plan]:
            step = Step(plan, phase=phase, maybe_acted=acted, cancel_wanted=cancel)
            back = replace(step, state=back_of(step))
            finding_out = [replace(step, state=State.UNKNOWN, last_answer=answer) for answer in LastAnswer]
            at_rest = [wait(at, needs) for at, needs in product([back, *finding_out], NEEDS)]
            if phase is Phase.FIRST:
                at_rest.append(back)
            else:
                yield back
            yield replace(step, state=State.CALLING)
            yield from finding_out
            if not (step.untouched and cancel):
                yield from at_rest
            if step.untouched and not cancel:
                yield step


STEPS = list(all_steps())


def read_table() -> Iterator[tuple[list[str], str, str]]:
    """Read each row as (conditions on the step, event, what becomes of the step)."""
    for line in TABLE.splitlines():
        if line and not line.startswith("#"):
            steps, events, result = (cell.strip() for cell in line.split("|"))
            for step, event in product(steps.split(" / "), events.split(" / ")):
                yield step.split(), event, result


ROWS = list(read_table())


def become(step: Step, result: str) -> Step | None:
    if result == "-":
        return None
    for word in result.split(", "):
        step = BECOMES[word](step) if word in BECOMES else enter(step, State(word))
    return step


@pytest.mark.parametrize("event", EVENTS)
def test_a_step_moves_as_the_table_says(event: str) -> None:
    rows = [(conditions, result) for conditions, of, result in ROWS if of == event]
    for step in STEPS:
        results = [result for conditions, result in rows if all(HOLDS[word](step) for word in conditions)]
        assert len(results) == 1, f"{len(results)} rows hold for {step}"
        assert advance(step, EVENTS[event]) == become(step, results[0]), f"{step} should be: {results[0]}"


def test_the_table_speaks_of_every_state_and_every_event() -> None:
    assert {type(event) for event in EVENTS.values()} == set(get_args(on.Event))
    assert {event for _, event, _ in ROWS} == set(EVENTS)
    assert {step.state for step in STEPS} == OPEN_STATES
    assert {word for conditions, _, _ in ROWS for word in conditions} == set(HOLDS)


@pytest.mark.parametrize("end", sorted(set(State) - OPEN_STATES))
def test_nothing_moves_a_step_that_has_ended(end: State) -> None:
    for step, event in product(STEPS, EVENTS.values()):
        assert advance(replace(step, state=end, back=None), event) is None


def test_no_event_leads_out_of_the_steps_that_the_table_knows() -> None:
    known = set(STEPS)
    for step, event in product(STEPS, EVENTS.values()):
        moved = advance(step, event)
        assert moved is None or moved in known or moved.state not in OPEN_STATES


def test_a_step_whose_end_is_wanted_ends_as_soon_as_it_rests_untouched() -> None:
    for step, event in product(STEPS, EVENTS.values()):
        moved = advance(step, event)
        rests = moved is not None and moved.state in {State.IN_REVIEW, State.READY, State.WAITING}
        assert not (moved and rests and moved.untouched and moved.cancel_wanted)


def test_the_phase_decides_which_call_comes_next() -> None:
    for step in STEPS:
        assert (step.call is Call.CREATE) == ((step.plan, step.phase) in CREATES)


def test_a_replace_takes_a_look_and_two_calls() -> None:
    assert [plan.calls for plan in Plan] == [1, 1, 3, 3]
