"""Random registries meet random change sets and random people, for as long as one likes: see random_worlds.py."""

import time

from hypothesis import Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.scenarios.random_tally import Tally
from tests.scenarios.random_worlds import AT_RANDOM, RandomWorlds

LONG = settings(AT_RANDOM, max_examples=10, stateful_step_count=30, phases=[Phase.generate, Phase.shrink])
"""A few worlds for each seed: within one, those to come grow like those that were."""


def measure(*, number: int, seconds: float) -> Tally:
    """Begin new worlds for so many seconds, from that seed on.

    Raises:
        AssertionError: something was wrong; its notes tell the shortest story of it.
    """
    tally = Tally()

    class Worlds(RandomWorlds):
        def __init__(self) -> None:
            super().__init__(tally)

    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        run_state_machine_as_test(seed(number)(Worlds), settings=LONG)
        number += 1
    return tally
