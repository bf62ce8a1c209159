"""Whoever clicks what: npm accepts no write without stored, unexpired, sufficient approvals of it by other people."""

from contextlib import ExitStack

import pytest
from hypothesis import seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests import postgres
from tests.scenarios.random_approvals import RandomApprovals
from tests.scenarios.random_worlds import AT_RANDOM

pytestmark = pytest.mark.postgresql

FEW = settings(AT_RANDOM, max_examples=1, stateful_step_count=6)


def test_no_write_is_accepted_without_sufficient_approvals_by_other_people(shared_server: str) -> None:
    made = []

    def database() -> dict[str, str]:
        return {"NPMTRUST_DATABASE_URL": opened.enter_context(postgres.open_database(shared_server))}

    @seed(20261124)
    class Approvals(RandomApprovals):
        def __init__(self) -> None:
            super().__init__(database)

        def teardown(self) -> None:
            made.append(self.looked_at)
            self.see_what_is_not_so()
            super().teardown()

        def see_what_is_not_so(self) -> None:
            """What would not be seen, could not be ruled out: as if nobody had been in the team that had to approve."""
            began, _ = self.policy.values[0]
            self.policy.values, self.team.values = [(began, "two of the team")], [(began, frozenset())]
            self.looked_at = 0
            with pytest.raises(AssertionError, match="ran with the approvals of"):
                self.run(self.world.settle())

    with ExitStack() as opened:
        run_state_machine_as_test(Approvals, settings=FEW)
    assert sum(made), "nothing was made, so nothing was proven"
