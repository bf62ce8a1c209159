"""What a digest says. It is stored as it was said, so that the next one can tell what has changed."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from pydantic import Field

from bot.domain.coverage import PackageRecord, Standing, measure, standing_of
from bot.domain.trend import TrendPoint
from bot.domain.values import Frozen

MOST_PACKAGES = 10
"""As many are named in a digest."""
LATE = timedelta(hours=1)
"""A digest that comes later than this says that it is late."""


class DigestPackage(Frozen):
    """A package as a digest names it."""

    name: str
    standing: Standing
    version: str = ""
    last_publish: datetime | None = None
    repository: str = ""
    """`owner/repo`"""
    owners: tuple[str, ...] = ()
    """npm users."""


class CatalogueNote(Frozen):
    """How complete the list of packages is."""

    known: int
    private: int = 0
    """Packages that only an account sees: counted, never named in a channel."""
    confirmed_by: str = ""
    """Slack id of whose account last showed npm's own list."""
    confirmed_at: datetime | None = None
    searched_at: datetime | None = None
    named: bool = False
    """Each package was named: there is no list that could be complete or not."""


class DigestOwner(Frozen):
    """Somebody who maintains packages that lack trust."""

    npm_user: str
    slack_user: str = ""
    """Empty while no proven link exists."""
    count: int
    """How many of them."""


class DigestContent(Frozen):
    """A digest."""

    selection: str
    """The text of the selection."""
    due_at: datetime
    made_at: datetime
    late: bool = False
    """It came more than an hour after it was due."""
    total: int
    trusted: int
    percent: int | None = None
    """See `bot.domain.coverage.Coverage`."""
    counts: dict[Standing, int] = Field(default_factory=dict)
    before_percent: int | None = None
    """Of the digest before; None when there was none, or it had no percentage."""
    before_trusted: int | None = None
    """As above; None when there was none."""
    before_made_at: datetime | None = None
    new_without: tuple[DigestPackage, ...] = ()
    """Those that lack trust now and did not at the digest before, oldest first; at most `MOST_PACKAGES`.

    Empty in the first digest.
    """
    new_without_total: int = 0
    lacking: tuple[DigestPackage, ...] = ()
    """Oldest first, by their last version; at most `MOST_PACKAGES`."""
    lacking_total: int = 0
    owners: tuple[DigestOwner, ...] = ()
    """Who maintains what lacks trust; who has most comes first."""
    oldest_read_at: datetime | None = None
    """When the oldest of these facts was read; None: none was."""
    catalogue: CatalogueNote
    alarms_open: int = 0
    trend: tuple[TrendPoint, ...] = ()
    """The last twelve weeks, oldest first, as far as anybody looked."""
    record_head: str = ""
    """The newest seal of the record, `1234:9f86d081884c7d65`; empty where nothing is sealed."""


def compose_digest(  # noqa: PLR0913 - all that a digest tells, by keyword
    records: Iterable[PackageRecord],
    *,
    selection: str,
    due_at: datetime,
    now: datetime,
    before: DigestContent | None,
    slack_users: Mapping[str, str],
    catalogue: CatalogueNote,
    alarms_open: int,
    trend: tuple[TrendPoint, ...] = (),
) -> DigestContent:
    """Say where the packages of a selection stand, and what has changed since the digest before.

    `slack_users` gives the Slack ids of linked people by npm user.
    """
    coverage = measure(records, now)
    fresh = [record for record in coverage.lacking if before and _is_new(record, before)]
    return DigestContent(
        selection=selection,
        due_at=due_at,
        made_at=now,
        late=now - due_at > LATE,
        total=coverage.total,
        trusted=coverage.trusted,
        percent=coverage.percent,
        counts=dict(coverage.counts),
        before_percent=before.percent if before else None,
        before_trusted=before.trusted if before else None,
        before_made_at=before.made_at if before else None,
        new_without=_name(fresh, now),
        new_without_total=len(fresh),
        lacking=_name(coverage.lacking, now),
        lacking_total=len(coverage.lacking),
        owners=tuple(
            DigestOwner(npm_user=owner, slack_user=slack_users.get(owner, ""), count=count)
            for owner, count in coverage.missing_by_owner.items()
        ),
        oldest_read_at=coverage.oldest_read_at,
        catalogue=catalogue,
        alarms_open=alarms_open,
        trend=trend,
    )


def _is_new(record: PackageRecord, before: DigestContent) -> bool:
    return record.lacking_since is not None and record.lacking_since > before.made_at


def _name(records: Iterable[PackageRecord], now: datetime) -> tuple[DigestPackage, ...]:
    return tuple(
        DigestPackage(
            name=record.name,
            standing=standing_of(record, now),
            version=record.version,
            last_publish=record.last_publish,
            repository=record.repository,
            owners=record.maintainers,
        )
        for record in tuple(records)[:MOST_PACKAGES]
    )
