"""The newest of npm's own lists of each package: who may see configurations sees how old it is, and what it showed."""

from collections.abc import Iterable
from datetime import datetime

from storage.repository import Repository
from storage.survey_models import ReadingRow

_IN_ONE = 500


class Readings(Repository):
    """One row for each package of which a list was read, or something changed."""

    def find(self, package: str) -> ReadingRow | None:
        """Find the newest list of a package; None when none was ever read."""
        return self._one(self._select(ReadingRow).where(ReadingRow.package == package, ReadingRow.configurations != ""))

    def find_all(self, packages: Iterable[str]) -> dict[str, ReadingRow]:
        """Find the newest lists of some packages, by name."""
        names = list(dict.fromkeys(packages))
        found: dict[str, ReadingRow] = {}
        for start in range(0, len(names), _IN_ONE):
            query = self._select(ReadingRow).where(ReadingRow.package.in_(names[start : start + _IN_ONE]))
            found |= {row.package: row for row in self._all(query.where(ReadingRow.configurations != ""))}
        return found

    def remember(self, package: str, configurations: str, *, npm_user: str, at: datetime) -> None:
        """Keep a list, in the place of the one before; older ones than that change nothing."""
        row = self._load(package)
        if row.read_at is None or row.read_at <= at:
            row.configurations, row.read_at, row.npm_user = configurations, at, npm_user

    def note_change(self, package: str, *, settled_at: datetime) -> ReadingRow:
        """Note that a call of ours changed a package's configurations, or may have; lists lag until that moment."""
        row = self._load(package, changed_at=settled_at)
        row.changed_at = max(settled_at, row.changed_at or settled_at)
        return row

    def is_lagging(self, package: str, at: datetime) -> bool:
        """Tell whether a list that is read then need not show yet what was changed here."""
        query = self._select(ReadingRow).where(ReadingRow.package == package, ReadingRow.changed_at > at)
        return self._one(query) is not None

    def _load(self, package: str, *, changed_at: datetime | None = None) -> ReadingRow:
        row = self._find(ReadingRow, package=package)
        if row is None:
            row = self._add(ReadingRow(workspace=self._workspace, package=package, read_at=None, changed_at=changed_at))
        return row
