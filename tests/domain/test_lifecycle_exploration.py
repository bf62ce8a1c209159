"""Every path of a step through a small world with faults, lagging reads, kills, outside changes and absent people."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.domain import step_events as on
from bot.domain.lifecycle import OPEN_STATES, Phase, Plan, State, Step, WaitFor, advance
from tests.domain.exploration import find_flaws, starts_of, walk
from tests.domain.step_world import Created

STOPS = {State.REFUSED, State.REJECTED, State.CANCELLED, State.EXPIRED}
ENDS = {
    Plan.CREATE: STOPS | {State.APPLIED, State.ALREADY_IN_PLACE, State.CONFLICT, State.UNRESOLVED},
    Plan.REVOKE: STOPS | {State.APPLIED, State.ALREADY_GONE, State.UNRESOLVED},
    Plan.CREATE_THEN_REVOKE: STOPS | {State.APPLIED, State.CONFLICT, State.LEFT_HALF, State.UNRESOLVED},
    Plan.REVOKE_THEN_CREATE: STOPS | {State.APPLIED, State.RESTORED, State.LEFT_HALF, State.UNRESOLVED},
}


@pytest.mark.parametrize("plan", Plan)
def test_every_path_comes_to_an_end_that_is_true(plan: Plan) -> None:
    walked = walk(starts_of(plan), advance)
    assert find_flaws(walked, advance) == {}
    assert {world.step.state for world in walked.moves} - OPEN_STATES == ENDS[plan]


def test_a_create_is_accepted_again_only_after_somebody_else_revoked_it_and_a_settled_list_was_empty() -> None:
    walked = walk(starts_of(Plan.CREATE, faults=1, outside=1), advance)
    again = [
        world
        for world, moves in walked.moves.items()
        for move in moves
        if world.created is Created.LOOKED and move.world.created is Created.ANSWERED
    ]
    assert again
    assert walked.flaws == {}


# What the walk would not see, it could not rule out: each of these lifecycles has one flaw.

Flawed = Callable[[Step, on.Event], Step | None]


def takes_an_early_list_for_a_settled_one(step: Step, event: on.Event) -> Step | None:
    match event:
        case on.ReadAbsent() | on.ReadOverlap() | on.ReadFound():
            return advance(step, replace(event, settled=True))
        case _:
            return advance(step, event)


def forgets_that_npm_may_have_acted(step: Step, event: on.Event) -> Step | None:
    return advance(step, on.Throttled() if isinstance(event, on.Unclear) else event)


def does_not_hear_that_npm_created_it(step: Step, event: on.Event) -> Step | None:
    return advance(step, on.Throttled() if isinstance(event, on.Succeeded) else event)


def forgets_a_cancel_when_npm_is_busy(step: Step, event: on.Event) -> Step | None:
    return advance(replace(step, cancel_wanted=False) if isinstance(event, on.Throttled) else step, event)


def overlooks_a_withdrawal(step: Step, event: on.Event) -> Step | None:
    return advance(step, on.Withdrawn(quorum_met=True) if isinstance(event, on.Withdrawn) else event)


def drops_a_replace_that_has_begun(step: Step, event: on.Event) -> Step | None:
    if isinstance(event, on.Cancelled) and step.state is State.HALF_REPLACED:
        return replace(step, state=State.CANCELLED)
    return advance(step, event)


def never_restores(step: Step, event: on.Event) -> Step | None:
    moved = advance(step, event)
    restores = moved is not None and moved.phase is Phase.RESTORE
    return replace(step, state=State.REFUSED) if restores else moved


def overlooks_the_deadline(step: Step, event: on.Event) -> Step | None:
    return None if isinstance(event, on.DeadlinePassed) else advance(step, event)


def overlooks_the_last_deadline(step: Step, event: on.Event) -> Step | None:
    return None if isinstance(event, on.LastDeadlinePassed) else advance(step, event)


def tries_refused_accounts_again_and_again(step: Step, event: on.Event) -> Step | None:
    return advance(step, on.AccountRefused(another_account=True) if isinstance(event, on.AccountRefused) else event)


def takes_back_by_word_what_was_handed_out(step: Step, event: on.Event) -> Step | None:
    if isinstance(event, on.Cancelled) and step.waits_for is WaitFor.TERMINAL:
        return replace(step, state=State.CANCELLED)
    return advance(step, event)


def never_takes_the_second_half(step: Step, event: on.Event) -> Step | None:
    return None if isinstance(event, on.Taken) and step.phase is Phase.SECOND else advance(step, event)


@pytest.mark.parametrize(
    ("flawed", "plan", "flaw"),
    [
        (takes_an_early_list_for_a_settled_one, Plan.CREATE, "a call begins while an earlier one may still act"),
        (takes_an_early_list_for_a_settled_one, Plan.REVOKE, "a call begins while an earlier one may still act"),
        (takes_an_early_list_for_a_settled_one, Plan.REVOKE_THEN_CREATE, "restored is not true"),
        (forgets_that_npm_may_have_acted, Plan.CREATE, "expired is not true"),
        (forgets_a_cancel_when_npm_is_busy, Plan.CREATE, "a call begins after a cancel"),
        (overlooks_a_withdrawal, Plan.CREATE, "a call begins that nobody approved"),
        (drops_a_replace_that_has_begun, Plan.REVOKE_THEN_CREATE, "cancelled is not true"),
        (never_restores, Plan.REVOKE_THEN_CREATE, "refused is not true"),
        (overlooks_the_deadline, Plan.CREATE, "it waits for ever"),
        (overlooks_the_last_deadline, Plan.CREATE, "it waits for ever"),
        (tries_refused_accounts_again_and_again, Plan.CREATE, "it goes round for ever"),
        (takes_back_by_word_what_was_handed_out, Plan.CREATE, "cancelled is not true"),
        (never_takes_the_second_half, Plan.CREATE_THEN_REVOKE, "nothing but a deadline ends it"),
    ],
)
def test_the_walk_finds_the_flaw_of_a_lifecycle_that(flawed: Flawed, plan: Plan, flaw: str) -> None:
    walked = walk(starts_of(plan, faults=2, outside=0), flawed)
    assert flaw in find_flaws(walked, flawed)


def test_the_walk_finds_a_create_that_is_accepted_twice() -> None:
    walked = walk(starts_of(Plan.CREATE, faults=0, outside=1), does_not_hear_that_npm_created_it)
    assert "npm accepts the create twice" in walked.flaws
