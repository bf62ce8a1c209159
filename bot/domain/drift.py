"""Drift: what npm's own list shows of a package that npmtrust did not do, or that is not right any more.

npm's list does not tell who made a configuration, or when: what is said of that rests on what was done here.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from enum import StrEnum

from bot.domain.publishers import Configuration, same_claims
from bot.domain.two_days import TWO_DAYS
from bot.domain.values import Frozen


class DriftKind(StrEnum):
    """What is not as it was left."""

    APPEARED = "appeared"
    """A configuration stands there that was not made here."""
    VANISHED = "vanished"
    """One is gone that was not revoked here."""
    MAKER_LEFT = "maker_left"
    """One was made here through the account of somebody who is no maintainer any more."""
    RENAMED = "renamed"
    """The repository of one has another name now."""


class Made(Frozen):
    """A configuration that was made here and was not revoked here."""

    configuration: Configuration
    """Its id is empty where npm has not told it."""
    number: int
    """Of its change set."""
    requester: str = ""
    executor: str = ""
    """Slack ids."""
    npm_user: str = ""
    """Through whose account; empty where that is not known any more."""
    at: datetime
    used: bool = False
    """A version came through it."""


class Drift(Frozen):
    """One thing that is not as it was left."""

    kind: DriftKind
    configuration: Configuration
    made: Made | None = None
    """None: it was not made here."""
    known_as: str = ""
    """Of a renamed repository: how its forge calls it now."""
    since: datetime | None = None
    """When the list before was read, which did not show it."""


class DriftData(Frozen):
    """What is kept of it."""

    drift: Drift
    reader: str = ""
    """The npm user through whose account the list was read; empty: public data showed it."""
    maintainers: tuple[str, ...] = ()
    """npm users, then."""
    private: bool = False
    channels: tuple[str, ...] = ()
    """Where it was told."""
    people: tuple[str, ...] = ()
    """Slack ids of who was told by DM."""
    lead: int = 0
    """The first of many that share one message; 0: it has its own."""


class Lists(Frozen):
    """Two of npm's lists of one package, and what was done here meanwhile."""

    before: tuple[Configuration, ...] | None
    """None: no list was read before this one."""
    before_at: datetime | None = None
    after: tuple[Configuration, ...]
    after_at: datetime
    made: Mapping[str, Made] = {}
    """By npm's id: what was made here and was not revoked here."""
    revoked: frozenset[str] = frozenset()
    """npm's ids of what was revoked here, or is about to be."""
    wanted: tuple[Configuration, ...] = ()
    """What was asked of npm here since the list before, without an id: its answer may have been lost."""


def compare_lists(lists: Lists) -> list[Drift]:
    """Find what appeared and what vanished without npmtrust.

    Of a package that is read for the first time nobody can tell what is new; but what was made here has to stand.
    """
    return [*_find_appeared(lists), *_find_vanished(lists)]


def _find_appeared(lists: Lists) -> list[Drift]:
    if lists.before is None:
        return []
    known = {configuration.id for configuration in lists.before} | lists.made.keys()
    return [
        Drift(kind=DriftKind.APPEARED, configuration=found, since=lists.before_at)
        for found in lists.after
        if found.id not in known and not any(_is_same(found, wanted) for wanted in lists.wanted)
    ]


def _find_vanished(lists: Lists) -> list[Drift]:
    stands = {configuration.id for configuration in lists.after} | lists.revoked
    since = (made for made in lists.made.values() if lists.before_at is None or made.at > lists.before_at)
    expected = {one.id: one for one in (*(lists.before or ()), *(made.configuration for made in since))}
    return [
        Drift(kind=DriftKind.VANISHED, configuration=one, made=lists.made.get(name), since=lists.before_at)
        for name, one in expected.items()
        if name not in stands and not _was_dropped(lists.made.get(name), lists.after_at)
    ]


def _was_dropped(made: Made | None, at: datetime) -> bool:
    """Tell whether npm drops it by itself, which is told elsewhere: nothing was published through it for two days."""
    return made is not None and not made.used and at >= made.at + TWO_DAYS


def _is_same(one: Configuration, other: Configuration) -> bool:
    return same_claims(one.type, one.claims, other.type, other.claims)


def find_left(stands: Iterable[Configuration], made: Mapping[str, Made], maintainers: Collection[str]) -> list[Drift]:
    """Find what was made through the account of somebody who is no maintainer any more.

    Where no maintainer is known, nothing is: of a private package the public data tells none.
    """
    if not maintainers:
        return []
    found = ((configuration, made.get(configuration.id)) for configuration in stands)
    return [
        Drift(kind=DriftKind.MAKER_LEFT, configuration=configuration, made=maker)
        for configuration, maker in found
        if maker is not None and maker.npm_user and maker.npm_user not in maintainers
    ]


def find_renamed(stands: Iterable[Configuration], names: Mapping[str, str], made: Mapping[str, Made]) -> list[Drift]:
    """Find those whose repository its forge calls otherwise now; `names` has what it says, by npm's id."""
    return [
        Drift(kind=DriftKind.RENAMED, configuration=found, made=made.get(found.id), known_as=names[found.id])
        for found in stands
        if names.get(found.id)
    ]


def is_over(drift: Drift, now: Collection[Drift], stands: Collection[Configuration]) -> bool:
    """Tell whether something is not so any more, as of a list that was read since.

    Args:
        drift: What was found.
        now: What is found now.
        stands: The list.
    """
    match drift.kind:
        case DriftKind.APPEARED:
            return all(one.id != drift.configuration.id for one in stands)
        case DriftKind.VANISHED:
            return any(_is_same(one, drift.configuration) for one in stands)
        case _:
            return all((one.kind, one.configuration.id) != (drift.kind, drift.configuration.id) for one in now)
