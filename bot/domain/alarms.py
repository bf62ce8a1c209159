"""Which breaks are told as alarms: those that are news, that nothing done here explains, and that nobody knows of.

An alarm is raised for each version until somebody acknowledges one. After that the same, by the same npm user, is
quiet until a version comes through a trusted publisher again.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from bot.domain.breaks import Break, BreakKind
from bot.domain.evidence import EvidenceKind, PackageFacts
from bot.domain.values import Frozen

RECENT = timedelta(days=7)
"""Of a package that is read for the first time, or could not be seen before, older breaks are history."""


class AlarmData(Frozen):
    """What is kept of an alarm."""

    break_: Break
    owners: tuple[str, ...]
    """npm users who maintained the package before that version or after it: an attacker may have removed some."""
    channels: tuple[str, ...] = ()
    """Where it was told."""
    people: tuple[str, ...] = ()
    """Slack ids of who was told by DM."""
    lead: int = 0
    """The first of many alarms that share one message; 0: it has its own."""


class Earlier(Frozen):
    """An alarm of the same package that was raised before."""

    break_: Break
    acknowledged: bool


def list_news(before: PackageFacts | None, after: PackageFacts, now: datetime) -> tuple[Break, ...]:
    """List the breaks of versions that came since a package was read before, oldest first."""
    is_first = before is None or before.evidence.kind is EvidenceKind.NOT_VISIBLE
    since = now - RECENT if is_first else before.last_publish if before else None
    known = {(one.version, one.kind) for one in before.breaks} if before else set()
    news = (
        one
        for one in after.breaks
        if (one.version, one.kind) not in known and (one.at > since if one.at and since else not is_first)
    )
    return tuple(reversed(tuple(news)))


_MOST_TELLING = (
    BreakKind.LOST,
    BreakKind.OTHER_REPOSITORY,
    BreakKind.OTHER_WORKFLOW,
    BreakKind.OTHER_CONFIGURATION,
)


def choose_one_a_version(breaks: Iterable[Break]) -> tuple[Break, ...]:
    """Keep of several breaks of a version the one that tells most: people are told once."""
    chosen: dict[str, Break] = {}
    for one in breaks:
        known = chosen.setdefault(one.version, one)
        if _MOST_TELLING.index(one.kind) < _MOST_TELLING.index(known.kind):
            chosen[one.version] = one
    return tuple(chosen.values())


def list_owners(before: PackageFacts | None, after: PackageFacts) -> tuple[str, ...]:
    """List who is told: who maintained the package before comes first."""
    return tuple(dict.fromkeys((*(before.maintainers if before else ()), *after.maintainers)))


def is_expected(break_: Break, after: PackageFacts, made: Collection[str], revoked: Mapping[str, datetime]) -> bool:
    """Tell whether what was done here explains a break.

    Args:
        break_: The break.
        after: What was read.
        made: npm's ids of the configurations that were set up here.
        revoked: When configurations were revoked here, by npm's ids.
    """
    if break_.kind is BreakKind.LOST:
        gone = revoked.get(break_.before.rpartition(" ")[2])
        return gone is not None and (break_.at is None or break_.at > gone)
    # npm itself checks repository and workflow of a version against its configuration
    came_through = {seen.configuration_id for seen in after.publishers if seen.first_version == break_.version}
    if after.evidence.kind is EvidenceKind.TRUSTED and after.evidence.version == break_.version:
        came_through.add(after.evidence.configuration_id)
    return not came_through.isdisjoint(made)


def is_quiet(break_: Break, earlier: Iterable[Earlier], after: PackageFacts) -> bool:
    """Tell whether somebody knows of a break already, or it only takes an earlier one back."""
    trusted_at = max((seen.last_at for seen in after.publishers if seen.last_at), default=None)
    return any(_is_known(break_, one, trusted_at) or _is_return(break_, one.break_) for one in earlier)


def _is_known(break_: Break, earlier: Earlier, trusted_at: datetime | None) -> bool:
    known = earlier.break_
    if not earlier.acknowledged or _look(known) != _look(break_):
        return False
    return known.at is None or trusted_at is None or trusted_at <= known.at


def _look(break_: Break) -> tuple[str, ...]:
    return break_.kind, break_.by, break_.before, break_.after


def _is_return(break_: Break, known: Break) -> bool:
    return known.kind is break_.kind and (known.before, known.after) == (break_.after, break_.before)
