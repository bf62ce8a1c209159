"""The bot's requests against the real npm's, with other words each time."""

from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, given, seed, settings

from tests.registry.both_ways import both_ways
from tests.registry.npm_words import Asked, asked_by_both, asked_nastily


@dataclass(frozen=True, slots=True)
class Figures:
    same: int
    """Commands for which both sent the same requests."""
    nasty: int
    """Commands with something nasty in them: both did the same, or the difference has its reason."""

    def __str__(self) -> str:
        return f"{self.same} commands sent alike, {self.nasty} nasty ones alike or with a reason"


def measure(folder: Path, *, number: int, cases: int) -> Figures:
    """Compare as many commands of each kind; `number` seeds them.

    Raises:
        AssertionError: they differ; Hypothesis has told by what.
    """
    count = {"same": 0, "nasty": 0}
    at_random = settings(max_examples=cases, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    with both_ways(folder) as clients:

        @seed(number)
        @at_random
        @given(asked_by_both())
        def compare(asked: Asked) -> None:
            clients.check_same(asked)
            count["same"] += 1

        @seed(number)
        @at_random
        @given(asked_nastily())
        def compare_nasty(asked: Asked) -> None:
            clients.check_explained(asked)
            count["nasty"] += 1

        compare()
        compare_nasty()
    return Figures(**count)
