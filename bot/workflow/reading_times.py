"""When a package is read again: by night where it is watched, hourly where trust could be lost or is about to show."""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.domain.evidence import EvidenceKind
from bot.domain.patterns import Selection, selection_of
from bot.domain.two_days import TWO_DAYS
from storage.coverage_models import PackageRow
from storage.store import Store

NIGHT = time(3)
"""By the clock of who watches."""
NIGHT_LASTS = timedelta(hours=1)
"""Over so long the packages are spread."""
MISSED_A_NIGHT = timedelta(hours=25)
"""Since when a package was not read that should be every night."""
HOURLY = timedelta(hours=1)
FIRST_FAILURE = timedelta(seconds=2)
LONGEST_FAILURE = timedelta(hours=6)

_SEEN_LATE = timedelta(hours=6)
"""So long after npm's two days a version may still show that came in their last minutes."""
_SPREAD_OF_HOUR = timedelta(minutes=10)
_ALARMING = frozenset({EvidenceKind.TRUSTED, EvidenceKind.DOWNGRADED})
"""Packages of which the next version can be an alarm."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A watch, as far as reading goes."""

    selection: Selection
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class Interest:
    """What decides how often packages are read."""

    watched: Sequence[Watched]
    npm_users: frozenset[str]
    """Of people who are linked: what they maintain is looked after without a watch too."""
    awaited: frozenset[str]
    """Packages for which something was set up here that no version has used."""

    def next_read(self, row: PackageRow, now: datetime) -> datetime | None:
        """Tell when a package that was read now is read again; None: when somebody asks for it."""
        zone = next((watch.zone for watch in self.watched if watch.selection.matches(row.name)), None)
        is_ours = row.source == "request" or not self.npm_users.isdisjoint(row.maintainers.split())
        if zone is None and not is_ours:
            return None
        if row.name in self.awaited or row.kind in _ALARMING:
            return now + HOURLY - _spread(row.name, _SPREAD_OF_HOUR)
        return next_night(zone or UTC, now) + _spread(row.name, NIGHT_LASTS)


def load_interest(store: Store, names: Iterable[str], now: datetime) -> Interest:
    """Read what decides how often some packages are read: what npm has dropped since is awaited no more."""
    awaited = (made for made in store.packages.list_set_ups(names) if now < made.applied_at + TWO_DAYS + _SEEN_LATE)
    return Interest(
        watched=list_watched(store),
        npm_users=frozenset(link.npm_user for link in store.links.list_linked()),
        awaited=frozenset(made.package for made in awaited),
    )


def list_watched(store: Store) -> list[Watched]:
    """List the live watches, oldest first."""
    return [Watched(selection_of(watch.selection), zone_of(watch.timezone)) for watch in store.watches.list_live()]


def look_after(store: Store, watched: Watched, now: datetime) -> None:
    """Have read what a watch selects: at once what no night has read, soon what can be an alarm, all by night.

    Something that a preview or a coverage has read just now is known, but nobody was to read it again.
    """
    names, selection = store.packages, watched.selection
    names.schedule(names.list_stale(selection, now - MISSED_A_NIGHT), now)
    names.schedule(names.list_of_kinds(selection, _ALARMING), now + HOURLY - _SPREAD_OF_HOUR)
    names.schedule(names.list_names(selection), next_night(watched.zone, now))


def zone_of(name: str) -> tzinfo:
    """Find the zone of a watch; one that the machine does not know any more must not keep the others from theirs."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def next_night(zone: tzinfo, now: datetime) -> datetime:
    """Tell when the next night's reading begins; that of a night that has just begun counts as over."""
    local = now.astimezone(zone)
    tonight = datetime.combine(local.date(), NIGHT, zone).astimezone(UTC)
    tomorrow = datetime.combine(local.date() + timedelta(days=1), NIGHT, zone).astimezone(UTC)
    return tonight if now < tonight else tomorrow


def pause_after_failures(failures: int) -> timedelta:
    """Tell how long a package rests that could not be read so often running."""
    return min(FIRST_FAILURE * 2.0 ** min(failures, 20), LONGEST_FAILURE)


def _spread(name: str, span: timedelta) -> timedelta:
    """Give each name its own place in a span, always the same one."""
    return timedelta(seconds=span.total_seconds() * zlib.crc32(name.encode()) / 2**32)
