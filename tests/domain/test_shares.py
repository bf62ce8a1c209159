"""Sharing the work: everybody about the same, each one run of what is alike, and nobody for little."""

from collections import Counter
from itertools import groupby

import pytest

from bot.domain.shares import LEAST_SHARE, Portion, deal

OTTO, OLGA, SAM = "U0OTTO", "U0OLGA", "U0SAM"


def portions(size: int, *people: str, start: int = 0, likenesses: int = 1) -> list[Portion]:
    return [Portion(number, f"like {number % likenesses}", people) for number in range(start, start + size)]


@pytest.mark.parametrize(
    ("size", "people", "shares"),
    [
        (1, (OTTO, OLGA), {OTTO: 1}),
        (2 * LEAST_SHARE - 1, (OTTO, OLGA), {OTTO: 19}),  # a confirmation more would take longer than the calls
        (2 * LEAST_SHARE, (OLGA, OTTO), {OLGA: 10, OTTO: 10}),
        (25, (OTTO, OLGA, SAM), {OTTO: 13, OLGA: 12}),
        (1000, (OTTO, OLGA, SAM), {OTTO: 334, OLGA: 333, SAM: 333}),
    ],
)
def test_a_pile_is_cut_evenly_and_not_too_small(size: int, people: tuple[str, ...], shares: dict[str, int]) -> None:
    assert Counter(deal(portions(size, *people), {}).values()) == shares


def test_each_gets_one_run_of_what_is_alike() -> None:
    pile = portions(120, OTTO, OLGA, likenesses=3)
    dealt = deal(pile, {})
    alike = sorted(pile, key=lambda portion: portion.likeness)
    assert [person for person, _ in groupby(dealt[portion.step] for portion in alike)] == [OTTO, OLGA]


def test_who_has_more_to_do_gets_less() -> None:
    assert Counter(deal(portions(100, OTTO, OLGA), {OTTO: 40, SAM: 9}).values()) == {OTTO: 30, OLGA: 70}
    assert Counter(deal(portions(100, OTTO, OLGA), {OTTO: 300}).values()) == {OLGA: 100}
    both = [*portions(60, OTTO, OLGA), *portions(60, OTTO, start=60)]  # only Otto can make the others
    assert Counter(deal(both, {}).values()) == {OTTO: 60, OLGA: 60}


def test_nobody_makes_what_they_may_not() -> None:
    dealt = deal([*portions(50, OTTO, SAM), *portions(50, OLGA, SAM, start=50)], {})
    assert {dealt[step] for step in range(50)} == {OTTO, SAM}
    assert {dealt[step] for step in range(50, 100)} == {OLGA, SAM}
