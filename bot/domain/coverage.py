"""Which packages publish through a trusted publisher, as far as public data shows it.

A package lacks trust when its newest version came without a trusted publisher, and nobody has said or shown that this
does not matter: it is set up here and waits for its first version, has had no release for years, is deprecated,
snoozed or retired. Only packages that lack trust, that wait, or that have it count in the percentage.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from io import StringIO

from bot.domain.evidence import EvidenceKind
from bot.domain.two_days import TWO_DAYS

YEARS_OF_SILENCE = 2
"""A package whose last version came before this many whole years is old."""


@dataclass(frozen=True, slots=True)
class PackageRecord:
    """What is known of one package. There may be ten thousand of them: no validation, no dictionaries."""

    name: str
    kind: EvidenceKind | None = None
    """None: never read."""
    provider: str = ""
    configuration_id: str = ""
    since: datetime | None = None
    version: str = ""
    """The newest."""
    by: str = ""
    """The npm user of the newest version."""
    maintainers: tuple[str, ...] = ()
    """npm users."""
    repository: str = ""
    """`owner/repo`."""
    last_publish: datetime | None = None
    deprecated: bool = False
    read_at: datetime | None = None
    problem: str = ""
    """Why the last read failed; what is here is then of an earlier one."""
    lacking_since: datetime | None = None
    """When it was first seen to lack trust; None when it does not."""
    set_up_at: datetime | None = None
    """When the newest configuration was created here that no version has used; None: there is none."""
    snoozed_until: datetime | None = None
    retired_by: str = ""
    """Slack id of who said that it is not publishing any more."""
    retired_at: datetime | None = None
    visible: bool = True
    """False: the public cannot see it, or it does not exist."""
    account_only: bool = False
    """Only an account sees it: it is counted, and never named in a channel."""


class Standing(StrEnum):
    """Where a package stands. The values are what people read; `label_of` knows the year of `OLD`."""

    TRUSTED = "trusted"
    NOT_USED_YET = "configured, not used yet"
    """A configuration was created here, and no version has come through it."""
    DOWNGRADED = "downgraded"
    PROVENANCE_ONLY = "provenance only"
    NONE = "none"
    OLD = "no release for years"
    DEPRECATED = "deprecated"
    SNOOZED = "snoozed"
    RETIRED = "not publishing any more"
    NOT_VISIBLE = "not visible here"
    """The registry drops the fields, as mirrors do."""
    UNPUBLISHED = "unpublished"
    MISSING = "not found"
    UNREAD = "not read yet"


LACKING = frozenset({Standing.DOWNGRADED, Standing.PROVENANCE_ONLY, Standing.NONE})
"""Where something is to be done."""

_BY_KIND: Mapping[EvidenceKind, Standing] = {
    EvidenceKind.TRUSTED: Standing.TRUSTED,
    EvidenceKind.DOWNGRADED: Standing.DOWNGRADED,
    EvidenceKind.PROVENANCE_ONLY: Standing.PROVENANCE_ONLY,
    EvidenceKind.NONE: Standing.NONE,
    EvidenceKind.UNPUBLISHED: Standing.UNPUBLISHED,
    EvidenceKind.NOT_VISIBLE: Standing.NOT_VISIBLE,
}


def standing_of(record: PackageRecord, now: datetime) -> Standing:
    """Tell where a package stands. What people said of it counts only while it lacks trust."""
    if record.account_only or not record.visible:
        return Standing.MISSING
    if record.kind is None:
        return Standing.UNREAD
    seen = _BY_KIND[record.kind]
    return _excuse(record, now) or seen if seen in LACKING else seen


def _excuse(record: PackageRecord, now: datetime) -> Standing | None:
    """Tell why a package without trust needs nothing now; None when it does."""
    if record.retired_by and not _came_after(record, record.retired_at):
        return Standing.RETIRED
    if record.snoozed_until and record.snoozed_until > now:
        return Standing.SNOOZED
    if record.deprecated:
        return Standing.DEPRECATED
    is_awaited = record.set_up_at is not None and now < record.set_up_at + TWO_DAYS  # npm drops it then
    if is_awaited and not (record.kind is EvidenceKind.DOWNGRADED and _came_after(record, record.set_up_at)):
        return Standing.NOT_USED_YET
    if record.last_publish and record.last_publish < _start_of_silence(now):
        return Standing.OLD
    return None


def _came_after(record: PackageRecord, moment: datetime | None) -> bool:
    return bool(moment and record.last_publish and record.last_publish > moment)


def _start_of_silence(now: datetime) -> datetime:
    return datetime(now.astimezone(UTC).year - YEARS_OF_SILENCE, 1, 1, tzinfo=UTC)


def label_of(standing: Standing, now: datetime) -> str:
    """Tell what people read for a standing: `no release since 2023`."""
    return f"no release since {_start_of_silence(now).year - 1}" if standing is Standing.OLD else standing.value


@dataclass(frozen=True, slots=True)
class Coverage:
    """The packages of a selection, counted. Packages that only an account sees are in `account_only` alone."""

    total: int
    counts: Mapping[Standing, int]
    """Only of what there is, in the order of `Standing`."""
    percent: int | None
    """Trusted ones of those that are trusted, wait for their first version, or lack trust; None without any.

    Rounded down, so that 100 means all.
    """
    lacking: tuple[PackageRecord, ...]
    """Oldest first, by their last version."""
    missing_by_owner: Mapping[str, int]
    """How many lacking packages each npm user maintains; who has most comes first."""
    account_only: int = 0
    oldest_read_at: datetime | None = None
    """When what has waited longest was read; None when nothing was."""

    @property
    def trusted(self) -> int:
        """How many are trusted."""
        return self.counts.get(Standing.TRUSTED, 0)


def measure(records: Iterable[PackageRecord], now: datetime) -> Coverage:
    """Count packages."""
    everything = list(records)
    shown = [(record, standing_of(record, now)) for record in everything if not record.account_only]
    found = Counter(standing for _, standing in shown)
    lacking = sorted((record for record, standing in shown if standing in LACKING), key=_by_age)
    owners = Counter(owner for record in lacking for owner in dict.fromkeys(record.maintainers))
    counted = found[Standing.TRUSTED] + found[Standing.NOT_USED_YET] + len(lacking)
    return Coverage(
        total=len(shown),
        counts={standing: found[standing] for standing in Standing if found[standing]},
        percent=found[Standing.TRUSTED] * 100 // counted if counted else None,
        lacking=tuple(lacking),
        missing_by_owner=dict(sorted(owners.items(), key=lambda owner: (-owner[1], owner[0]))),
        account_only=len(everything) - len(shown),
        oldest_read_at=min((record.read_at for record, _ in shown if record.read_at), default=None),
    )


_LAST = datetime.max.replace(tzinfo=UTC)


def _by_age(record: PackageRecord) -> tuple[datetime, str]:
    return record.last_publish or _LAST, record.name


_COLUMNS = (
    "package",
    "standing",
    "evidence",
    "provider",
    "configuration",
    "since",
    "newest version",
    "by",
    "owners",
    "repository",
    "last publish",
    "deprecated",
    "lacking since",
    "set up here",
    "snoozed until",
    "read at",
    "problem",
)


def csv_rows(records: Iterable[PackageRecord], now: datetime) -> Iterator[tuple[str, ...]]:
    """List packages as rows, the header first. Packages that only an account sees are left out."""
    yield _COLUMNS
    for record in records:
        if not record.account_only:
            yield _row(record, now)


def _row(record: PackageRecord, now: datetime) -> tuple[str, ...]:
    return (
        record.name,
        label_of(standing_of(record, now), now),
        record.kind or "",
        record.provider,
        record.configuration_id,
        _moment(record.since),
        record.version,
        record.by,
        " ".join(record.maintainers),
        record.repository,
        _moment(record.last_publish),
        "yes" if record.deprecated else "",
        _moment(record.lacking_since),
        _moment(record.set_up_at),
        _moment(record.snoozed_until),
        _moment(record.read_at),
        record.problem,
    )


def _moment(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if moment else ""


def write_csv(rows: Iterable[Iterable[str]]) -> str:
    """Write rows as CSV (RFC 4180). No cell is a formula for a spreadsheet: such text gets an apostrophe before it."""
    text = StringIO(newline="")
    csv.writer(text).writerows([disarm(cell) for cell in row] for row in rows)
    return text.getvalue()


def disarm(cell: str) -> str:
    """Keep a spreadsheet from taking a cell for a formula."""
    # https://owasp.org/www-community/attacks/CSV_Injection
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else cell
