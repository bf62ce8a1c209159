"""What changed at npm without npmtrust, and with which lists that is found out."""

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, or_, select

from storage.home_models import DriftMarkRow, DriftRow
from storage.models import AttemptRow, StepRow
from storage.repository import Repository
from storage.survey_models import ReadingRow


class Drifts(Repository):
    """Each is told once for a package, a kind and a configuration."""

    def find_unchecked(self) -> ReadingRow | None:
        """Find a list of npm's that was read and not looked at yet, the oldest first."""
        return self._session.scalars(_unchecked(), {"workspace": self._workspace}).first()

    def find_mark(self, package: str) -> DriftMarkRow | None:
        """Find with what the next list of a package is compared."""
        return self._find(DriftMarkRow, package=package)

    def set_mark(self, package: str, *, checked_at: datetime, configurations: str | None) -> None:
        """Note that a list was looked at; with None it is not relied on, and the one before it stays the measure."""
        row = self.find_mark(package)
        if row is None:
            row = self._add(
                DriftMarkRow(workspace=self._workspace, package=package, checked_at=checked_at, read_at=None)
            )
        row.checked_at = max(checked_at, row.checked_at)
        if configurations is not None:
            row.configurations, row.read_at = configurations, checked_at

    def raise_once(
        self, package: str, kind: str, configuration_id: str, *, data: str, now: datetime
    ) -> DriftRow | None:
        """Store one; None when it was told already."""
        query = self._select(DriftRow).where(DriftRow.package == package, DriftRow.kind == kind)
        if self._one(query.where(DriftRow.configuration_id == configuration_id)):
            return None
        return self._add(
            DriftRow(
                workspace=self._workspace,
                package=package,
                kind=kind,
                configuration_id=configuration_id,
                data=data,
                found_at=now,
                over_at=None,
                acknowledged_at=None,
            )
        )

    def load(self, drift_id: int) -> DriftRow | None:
        """Load by row id."""
        return self._get(DriftRow, drift_id)

    def list_standing_of(self, package: str) -> list[DriftRow]:
        """List those of a package that are so still, as far as is known."""
        return self._all(self._select(DriftRow).where(DriftRow.package == package, DriftRow.over_at.is_(None)))

    def list_since(self, moment: datetime) -> list[DriftRow]:
        """List those that were found from a moment on, oldest first."""
        return self._all(self._select(DriftRow).where(DriftRow.found_at >= moment).order_by(DriftRow.id))

    def list_steps_of(self, package: str) -> list[StepRow]:
        """List every step of a package, oldest first."""
        return self._list(StepRow, package=package)

    def list_called(self, step_ids: Iterable[int]) -> set[int]:
        """Tell for which of some steps a call was made, or was about to be."""
        query = self._select(AttemptRow).where(AttemptRow.step_id.in_(list(step_ids)), AttemptRow.call != "list")
        return {attempt.step_id for attempt in self._all(query) if attempt.step_id is not None}

    def list_newest(self, limit: int) -> list[DriftRow]:
        """List the newest of all packages, newest first."""
        return self._all(self._select(DriftRow).order_by(DriftRow.id.desc()).limit(limit))

    def list_makers(self, step_ids: Iterable[int]) -> dict[int, str]:
        """Tell by step through which npm user's account its newest create was sent."""
        query = self._select(AttemptRow).where(AttemptRow.step_id.in_(list(step_ids)), AttemptRow.call == "create")
        found = self._all(query.order_by(AttemptRow.id))
        return {attempt.step_id: attempt.npm_user for attempt in found if attempt.step_id is not None}


@cache
def _unchecked() -> Select[Any]:
    """Find the oldest list that nobody has looked at; the parameter is `workspace`."""
    seen = and_(DriftMarkRow.package == ReadingRow.package, DriftMarkRow.workspace == ReadingRow.workspace)
    mine = ReadingRow.workspace == bindparam("workspace"), ReadingRow.configurations != ""
    query = select(ReadingRow).outerjoin(DriftMarkRow, seen).where(*mine)
    is_new = or_(DriftMarkRow.id.is_(None), DriftMarkRow.checked_at < ReadingRow.read_at)
    return query.where(is_new).order_by(ReadingRow.read_at, ReadingRow.id).limit(1)
