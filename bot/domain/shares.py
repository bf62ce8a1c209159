"""How several approvers share the work: each gets one run of what is alike, so that a window of npm's is used well."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

LEAST_SHARE = 10
"""For fewer steps nobody else is asked to confirm at npm: that takes them longer than the calls take."""


class Portion(NamedTuple):
    """A step that can run with the account of any of some people."""

    step: int
    """Row id."""
    likeness: str
    """The same for steps that ask for the same for different packages."""
    people: tuple[str, ...]
    """Slack ids, the best first; at least one."""


def deal(portions: Iterable[Portion], loads: Mapping[str, int]) -> dict[int, str]:
    """Say who makes the call of each step: all have about the same to do in the end, in as few runs as can be.

    Args:
        portions: In the order in which they run.
        loads: How many steps each person has to make already.

    Returns:
        The person by row id of the step.
    """
    piles: dict[frozenset[str], list[Portion]] = {}
    for portion in portions:
        piles.setdefault(frozenset(portion.people), []).append(portion)
    dealt: dict[int, str] = {}
    held = dict(loads)
    for pile in sorted(piles.values(), key=lambda each: len(each[0].people)):  # who is free to choose goes last
        start = 0
        alike = _by_likeness(pile)
        for person, size in _sizes(len(pile), pile[0].people, held):
            dealt |= {portion.step: person for portion in alike[start : start + size]}
            held[person] = held.get(person, 0) + size
            start += size
    return dealt


def _by_likeness(pile: Sequence[Portion]) -> list[Portion]:
    """Put together what is alike, in the order in which each first comes."""
    first = {likeness: place for place, likeness in enumerate(dict.fromkeys(portion.likeness for portion in pile))}
    return sorted(pile, key=lambda portion: first[portion.likeness])


def _sizes(steps: int, people: Sequence[str], loads: Mapping[str, int]) -> list[tuple[str, int]]:
    """Tell how many steps each gets, so that who has least gets most; no share is smaller than is worth it."""
    sharers = list(people[: max(1, steps // LEAST_SHARE)])
    while len(sharers) > 1:
        level, left = divmod(steps + sum(loads.get(person, 0) for person in sharers), len(sharers))
        wanted = [level + (place < left) - loads.get(person, 0) for place, person in enumerate(sharers)]
        if min(wanted) >= LEAST_SHARE:
            return list(zip(sharers, wanted, strict=True))
        sharers.remove(min(zip(wanted, sharers, strict=True))[1])
    return [(sharers[0], steps)]
