"""The packages that are known: what public data showed of each, and when it is read again."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, func, insert, or_, select, update

from bot.domain.coverage import PackageRecord
from bot.domain.evidence import EvidenceKind
from bot.domain.packages import scope_of
from bot.domain.patterns import Selection
from storage.coverage_models import PackageRow
from storage.models import StepRow
from storage.repository import Repository
from storage.set_ups import SetUp, SetUps

Query = TypeVar("Query", bound=Select[*tuple[Any, ...]])

ACCOUNT_ONLY = "account only"
"""The visibility of a package that only an account sees: its name is said in no channel."""

MISSING = "missing"
"""The visibility of a package that nobody could find."""

_UNSEEN = frozenset({ACCOUNT_ONLY, MISSING})

_IN_ONE = 1000
"""How many names one statement takes: databases take only so many parameters."""

_RECORD = (
    *(PackageRow.name, PackageRow.kind, PackageRow.visibility, PackageRow.maintainers),
    *(PackageRow.provider, PackageRow.configuration_id, PackageRow.since, PackageRow.newest_version, PackageRow.by),
    *(PackageRow.repository, PackageRow.last_publish, PackageRow.deprecated),
    *(PackageRow.read_at, PackageRow.problem, PackageRow.lacking_since),
    *(PackageRow.snoozed_until, PackageRow.retired_by, PackageRow.retired_at),
)
"""What a record is made of, and no more: facts are long."""

_KINDS = {kind.value: kind for kind in EvidenceKind}


def is_known_to_public(row: PackageRow) -> bool:
    """Tell whether a name may be said to anybody: the public sees the package, or did so once.

    Others may be private names that somebody typed elsewhere.
    """
    return row.visibility != ACCOUNT_ONLY and (row.visibility != MISSING or bool(row.kind))


class Packages(Repository):
    """The catalogue with its evidence, and the queue of reads: `next_read_at` says what is due."""

    def remember(self, names: Iterable[str], source: str, now: datetime) -> list[str]:
        """Add those that are not known yet.

        Returns:
            The new ones, in their order.
        """
        wanted = list(dict.fromkeys(names))
        known = {name for some in _cut(wanted) for name in self._session.scalars(self._names().where(_named(some)))}
        new = [name for name in wanted if name not in known]
        for some in _cut(new):
            rows = [
                {
                    "workspace": self._workspace,
                    "name": name,
                    "scope": scope_of(name).removeprefix("@"),
                    "source": source,
                    "added_at": now,
                }
                for name in some
            ]
            self._session.execute(insert(PackageRow), rows)
        return new

    def find(self, name: str) -> PackageRow | None:
        """Find one by its name."""
        return self._find(PackageRow, name=name)

    def load(self, package_id: int) -> PackageRow | None:
        """Load by row id."""
        return self._get(PackageRow, package_id)

    def find_all(self, names: Iterable[str]) -> list[PackageRow]:
        """Find those of some names that are known, by name."""
        rows = [row for some in _cut(list(names)) for row in self._all(self._select(PackageRow).where(_named(some)))]
        return sorted(rows, key=lambda row: row.name)

    def list_of_repository(self, repository: str) -> list[PackageRow]:
        """List the packages of a repository, oldest first."""
        query = self._select(PackageRow).where(PackageRow.repository == repository)
        return self._all(query.order_by(PackageRow.id))

    def is_maintainer(self, npm_user: str, *, but: str) -> bool:
        """Tell whether public data showed somebody as maintainer of another package than this one."""
        names = (" " + PackageRow.maintainers + " ").contains(f" {npm_user} ", autoescape=True)
        return self._one(self._select(PackageRow).where(names, PackageRow.name != but).limit(1)) is not None

    def list_put_aside(self, now: datetime) -> list[PackageRow]:
        """List the packages that somebody has retired, or snoozed until later than now, by name."""
        is_aside = or_(PackageRow.retired_by != "", PackageRow.snoozed_until > now)
        return sorted(self._all(self._select(PackageRow).where(is_aside)), key=lambda row: row.name)

    def list_names(self, selection: Selection | None = None) -> list[str]:
        """List the names that a selection matches, or all, in their order."""
        return sorted(
            name for name in self._session.scalars(_narrow(self._names(), selection)) if _is_in(name, selection)
        )

    def list_of_kinds(self, selection: Selection, kinds: Iterable[str]) -> list[str]:
        """List the packages of a selection whose evidence is of some kinds, by name."""
        found = self._session.scalars(_narrow(self._names().where(PackageRow.kind.in_(kinds)), selection))
        return sorted(name for name in found if _is_in(name, selection))

    def records(self, selection: Selection | None = None, *, maintainer: str = "") -> list[PackageRecord]:
        """Read what is known of the packages that a selection matches, or of all, by name.

        Made for ten thousand: rows are read as plain tuples, and nothing of them is checked again.

        Args:
            selection: Which; None: all.
            maintainer: Only those that this npm user maintains, as public data has it.
        """
        set_ups = SetUps(self._session, self._workspace).newest_unused()
        query = _narrow(select(*_RECORD).where(PackageRow.workspace == self._workspace), selection)
        if maintainer:
            query = query.where((" " + PackageRow.maintainers + " ").contains(f" {maintainer} ", autoescape=True))
        found = [_record(row, set_ups) for row in self._session.execute(query) if _is_in(row.name, selection)]
        if maintainer:  # the database may take capitals and small letters for the same
            found = [record for record in found if maintainer in record.maintainers]
        return sorted(found, key=lambda record: record.name)

    def list_kinds(self, names: list[str]) -> dict[str, str]:
        """Tell what public data shows of some packages, by name: `EvidenceKind`, or nothing for what was never read."""
        found: dict[str, str] = {}
        for start in range(0, len(names), _IN_ONE):
            query = select(PackageRow.name, PackageRow.kind).where(PackageRow.workspace == self._workspace)
            rows = self._session.execute(query.where(PackageRow.name.in_(names[start : start + _IN_ONE])))
            found |= {row.name: row.kind for row in rows}
        return found

    def list_set_ups(self, names: Iterable[str], *, used_too: bool = False) -> list[SetUp]:
        """List what was set up here for some packages and stands, newest first; without what was used already."""
        return SetUps(self._session, self._workspace).list_of(names, used_too=used_too)

    def list_round(self, change_set_id: int, since: datetime, until: datetime) -> list[tuple[StepRow, SetUp, bool]]:
        """List what a change set made in a span and stands, and whether a version came through it."""
        return SetUps(self._session, self._workspace).list_round(change_set_id, since, until)

    def claim_due(self, now: datetime, *, most: int, until: datetime) -> list[PackageRow]:
        """Take packages that are to be read, those first for which somebody waits.

        Args:
            now: Those due by now are taken.
            most: How many at most.
            until: When the claim ends: they are due again then, unless what was read is recorded before.
        """
        query = self._select(PackageRow).where(PackageRow.next_read_at <= now)
        ordered = query.order_by(PackageRow.urgent.desc(), PackageRow.next_read_at, PackageRow.id)
        rows = self._all(ordered.limit(most).with_for_update(skip_locked=True))
        for row in rows:
            row.next_read_at = until
        self._session.flush()
        return rows

    def schedule(self, names: Iterable[str], at: datetime, *, urgent: bool = False) -> None:
        """Let packages be read at a moment or, where they are due before it, as they are.

        The version moves with it, so that who records a read meanwhile looks again and does not undo it.
        """
        is_later = or_(PackageRow.next_read_at.is_(None), PackageRow.next_read_at > at)
        self._move(names, is_later, {"next_read_at": at})
        if urgent:
            self._move(names, PackageRow.urgent.is_(False), {"urgent": True})

    def take_back(self, now: datetime) -> None:
        """Let packages for which somebody waits be due at once, whoever has claimed them."""
        waited_for = PackageRow.urgent.is_(True) & (PackageRow.next_read_at > now)
        statement = update(PackageRow).where(PackageRow.workspace == self._workspace, waited_for)
        self._session.execute(statement.values(next_read_at=now, version=PackageRow.version + 1))

    def mark_listed(self, names: Iterable[str]) -> None:
        """Note of packages that the public does not see that an organisation lists them."""
        listed = {"source": "organisation", "visibility": ACCOUNT_ONLY}
        self._move(names, PackageRow.visibility.in_(_UNSEEN), listed)

    def count_due(self, selection: Selection | None, before: datetime, *, missed: datetime | None = None) -> int:
        """Count the packages of a selection that are to be read by a moment.

        Those as well that were last read before `missed`, and will be: whoever has claimed them is at it.
        """
        is_due = PackageRow.next_read_at <= before
        if missed is not None:
            is_old = or_(PackageRow.read_at.is_(None), PackageRow.read_at < missed)
            is_due = or_(is_due, and_(PackageRow.next_read_at.is_not(None), PackageRow.failures == 0, is_old))
        query = _narrow(self._names().where(is_due), selection)
        return sum(_is_in(name, selection) for name in self._session.scalars(query))

    def count_urgent(self, selection: Selection | None = None) -> int:
        """Count the packages of a selection for which somebody waits."""
        query = _narrow(self._names().where(PackageRow.urgent.is_(True)), selection)
        return sum(_is_in(name, selection) for name in self._session.scalars(query))

    def list_stale(self, selection: Selection | None, before: datetime) -> list[str]:
        """List the packages of a selection that were never read, or last before a moment, by name."""
        is_stale = or_(PackageRow.read_at.is_(None), PackageRow.read_at < before)
        found = self._session.scalars(_narrow(self._names().where(is_stale), selection))
        return sorted(name for name in found if _is_in(name, selection))

    def count_read(self, selection: Selection | None, since: datetime) -> tuple[int, int]:
        """Count the packages of a selection: those read since a moment, and all."""
        columns = select(PackageRow.name, PackageRow.read_at).where(PackageRow.workspace == self._workspace)
        found = self._session.execute(_narrow(columns, selection))
        times = [read_at for name, read_at in found if _is_in(name, selection)]
        return sum(read_at is not None and read_at >= since for read_at in times), len(times)

    def next_due(self) -> datetime | None:
        """Tell when a package is to be read next."""
        moment: datetime | None = self._session.scalar(_next_due(), {"workspace": self._workspace})
        return moment

    def _names(self) -> Select[str]:
        return select(PackageRow.name).where(PackageRow.workspace == self._workspace)

    def _move(self, names: Iterable[str], condition: ColumnElement[bool], values: dict[str, Any]) -> None:
        for some in _cut(list(names)):
            self._session.execute(
                update(PackageRow)
                .where(PackageRow.workspace == self._workspace, _named(some), condition)
                .values(**values, version=PackageRow.version + 1)
            )


def _record(row: Row[*tuple[Any, ...]], set_ups: Mapping[str, datetime]) -> PackageRecord:
    """Make a record of the columns of `_RECORD`, by unpacking: to look each up by name takes three times as long."""
    (name, kind, visibility, maintainers, *same) = row
    provider, configuration_id, since, version, by, repository, last_publish, deprecated, *more = same
    read_at, problem, lacking_since, snoozed_until, retired_by, retired_at = more
    return PackageRecord(
        name=name,
        kind=_KINDS.get(kind),
        provider=provider,
        configuration_id=configuration_id,
        since=since,
        version=version,
        by=by,
        maintainers=tuple(maintainers.split()),
        repository=repository,
        last_publish=last_publish,
        deprecated=deprecated,
        read_at=read_at,
        problem=problem,
        lacking_since=lacking_since,
        set_up_at=set_ups.get(name),
        snoozed_until=snoozed_until,
        retired_by=retired_by,
        retired_at=retired_at,
        visible=visibility not in _UNSEEN,
        account_only=visibility == ACCOUNT_ONLY,
    )


def _named(names: list[str]) -> ColumnElement[bool]:
    return PackageRow.name.in_(names)


def _cut(names: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(names), _IN_ONE):
        yield names[start : start + _IN_ONE]


def _is_in(name: str, selection: Selection | None) -> bool:
    return selection is None or selection.matches(name)


def _narrow(query: Query, selection: Selection | None) -> Query:
    """Leave out in the database what no pattern can match; what is left has to be matched still."""
    positive = [pattern for pattern in selection.patterns if not pattern.negated] if selection else []
    if not positive or not all(pattern.is_name or pattern.scope for pattern in positive):
        return query
    names = [pattern.text for pattern in positive if pattern.is_name]
    scopes = {pattern.scope for pattern in positive if not pattern.is_name}
    return query.where(or_(PackageRow.name.in_(names), PackageRow.scope.in_(scopes)))


@cache
def _next_due() -> Select[Any]:
    """Tell when a package of a `workspace` is to be read next."""
    return select(func.min(PackageRow.next_read_at)).where(PackageRow.workspace == bindparam("workspace"))
