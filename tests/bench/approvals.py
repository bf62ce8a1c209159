"""People click at random at two processes, for as long as one likes: see random_approvals.py."""

import time
from contextlib import ExitStack

from hypothesis import Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests import postgres
from tests.scenarios.random_approvals import RandomApprovals
from tests.scenarios.random_worlds import AT_RANDOM

LONG = settings(AT_RANDOM, max_examples=5, stateful_step_count=40, phases=[Phase.generate, Phase.shrink])


def measure(*, number: int, seconds: float) -> int:
    """Begin new worlds for so many seconds, from that seed on; tell how many creates npm accepted, each as approved.

    Raises:
        AssertionError: something was wrong; its notes tell the shortest story of it.
    """
    made = []
    ends = time.monotonic() + seconds
    with ExitStack() as opened:
        server = opened.enter_context(postgres.run_shared_server())

        def database() -> dict[str, str]:
            return {"NPMTRUST_DATABASE_URL": opened.enter_context(postgres.open_database(server))}

        class Approvals(RandomApprovals):
            def __init__(self) -> None:
                super().__init__(database)

            def teardown(self) -> None:
                made.append(self.looked_at)
                super().teardown()

        while time.monotonic() < ends:
            run_state_machine_as_test(seed(number)(Approvals), settings=LONG)
            number += 1
    return sum(made)
