"""What a read of public data brought to light: versions to be alarmed about, and versions that came as set up."""

from datetime import datetime

from sqlalchemy import func, select

from bot.domain.patterns import Selection
from storage.coverage_models import AlarmRow, ArrivalRow
from storage.repository import Repository


class Alarms(Repository):
    """An alarm is raised once for a package, a kind and a version, and is open until it is acknowledged."""

    def raise_once(self, package: str, kind: str, version: str, *, data: str, now: datetime) -> AlarmRow | None:
        """Store an alarm; None when it was raised already.

        Args:
            package: Name of the package.
            kind: `bot.domain.evidence.BreakKind`.
            version: The version of the package that is the trouble.
            data: JSON of what there is to show.
            now: When it was found.
        """
        query = self._select(AlarmRow).where(AlarmRow.package == package, AlarmRow.kind == kind)
        if self._one(query.where(AlarmRow.package_version == version)):
            return None
        return self._add(
            AlarmRow(
                workspace=self._workspace,
                package=package,
                kind=kind,
                package_version=version,
                data=data,
                raised_at=now,
            )
        )

    def load(self, alarm_id: int) -> AlarmRow | None:
        """Load by row id."""
        return self._get(AlarmRow, alarm_id)

    def list_open(self, selection: Selection | None = None) -> list[AlarmRow]:
        """List those that nobody has acknowledged, of some packages or of all, oldest first."""
        rows = self._all(self._select(AlarmRow).where(AlarmRow.acknowledged_at.is_(None)).order_by(AlarmRow.id))
        return [row for row in rows if selection is None or selection.matches(row.package)]

    def count_since(self, moment: datetime) -> int:
        """Count those that were raised later than a moment."""
        query = select(func.count()).select_from(AlarmRow).where(AlarmRow.workspace == self._workspace)
        return self._session.scalar(query.where(AlarmRow.raised_at > moment)) or 0

    def newest_before(self, alarm_id: int) -> AlarmRow | None:
        """Find the alarm that was raised last before one."""
        return self._one(self._select(AlarmRow).where(AlarmRow.id < alarm_id).order_by(AlarmRow.id.desc()))

    def list_from(self, alarm_id: int, until: datetime) -> list[AlarmRow]:
        """List an alarm and those that were raised after it up to a moment, oldest first."""
        query = self._select(AlarmRow).where(AlarmRow.id >= alarm_id, AlarmRow.raised_at <= until)
        return self._all(query.order_by(AlarmRow.id))

    def list_newest(self, limit: int) -> list[AlarmRow]:
        """List the newest of all packages, newest first."""
        return self._all(self._select(AlarmRow).order_by(AlarmRow.id.desc()).limit(limit))

    def list_of(self, package: str) -> list[AlarmRow]:
        """List every alarm of a package, newest first."""
        return self._all(self._select(AlarmRow).where(AlarmRow.package == package).order_by(AlarmRow.id.desc()))


class Arrivals(Repository):
    """First versions that came through what was set up here; each is told once."""

    def note_once(
        self, step_id: int, *, package: str, version: str, published_at: datetime | None, now: datetime
    ) -> ArrivalRow | None:
        """Store that a version came through what a step has made; None when one did already."""
        if self.find_of_step(step_id):
            return None
        return self._add(
            ArrivalRow(
                workspace=self._workspace,
                step_id=step_id,
                package=package,
                package_version=version,
                published_at=published_at,
                noted_at=now,
            )
        )

    def load(self, arrival_id: int) -> ArrivalRow | None:
        """Load by row id."""
        return self._get(ArrivalRow, arrival_id)

    def find_of_step(self, step_id: int) -> ArrivalRow | None:
        """Find the version that came through what a step has made."""
        return self._find(ArrivalRow, step_id=step_id)
