import pytest

from bot.domain.lifecycle import OPEN_STATES, Phase, Plan, State, Step, WaitFor
from bot.domain.line import AFTER_STEPS, Urgency, urgency_of


@pytest.mark.parametrize(
    ("step", "urgency"),
    [
        (Step(Plan.CREATE, State.READY), Urgency.CREATE),
        (Step(Plan.CREATE_THEN_REVOKE, State.READY), Urgency.CREATE),
        (Step(Plan.REVOKE, State.READY), Urgency.REVOKE),
        (Step(Plan.REVOKE_THEN_CREATE, State.READY), Urgency.REVOKE),
        (Step(Plan.REVOKE_THEN_CREATE, State.HALF_REPLACED, Phase.SECOND), Urgency.HALF_REPLACED),
        (Step(Plan.REVOKE, State.UNKNOWN, maybe_acted=True), Urgency.SETTLE),
        (Step(Plan.CREATE, State.WAITING, back=State.READY, waits_for=WaitFor.LOGIN), Urgency.LOGIN),
        (Step(Plan.CREATE, State.WAITING, back=State.READY, waits_for=WaitFor.CONFIRMATION), Urgency.RESTS),
        (Step(Plan.CREATE, State.WAITING, back=State.READY, waits_for=WaitFor.ACCOUNT), Urgency.RESTS),
        (Step(Plan.CREATE, State.IN_REVIEW), Urgency.RESTS),
        (Step(Plan.CREATE, State.CALLING), Urgency.RESTS),
        *((Step(Plan.REVOKE, state), Urgency.RESTS) for state in State if state not in OPEN_STATES),
    ],
)
def test_each_step_has_its_place_in_the_line(step: Step, urgency: Urgency) -> None:
    assert urgency_of(step) is urgency


def test_after_a_list_a_step_comes_first_and_what_is_to_be_found_out_comes_last() -> None:
    assert Urgency.HALF_REPLACED < Urgency.REVOKE < Urgency.LIST < Urgency.CREATE < AFTER_STEPS < Urgency.SETTLE
