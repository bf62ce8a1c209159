"""Where selections stood, week by week; and the pictures that show it."""

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, exists, func, select

from storage.coverage_models import WatchRow
from storage.home_models import CoveragePointRow, PictureRow
from storage.repository import Repository


class Trends(Repository):
    """One point for each selection and week, of the last look in it."""

    def note(self, selection: str, week: str, *, trusted: int, counted: int, now: datetime) -> None:
        """Keep where a selection stands in a week, in the place of an earlier look."""
        row = self._find_point(selection, week)
        if row is None:
            self._add(
                CoveragePointRow(
                    workspace=self._workspace,
                    selection=selection,
                    week=week,
                    trusted=trusted,
                    counted=counted,
                    noted_at=now,
                )
            )
        else:
            row.trusted, row.counted, row.noted_at = trusted, counted, now

    def list_since(self, selection: str, week: str) -> list[CoveragePointRow]:
        """List the points of a selection from a week on, oldest first."""
        query = self._select(CoveragePointRow).where(
            CoveragePointRow.selection == selection, CoveragePointRow.week >= week
        )
        return self._all(query.order_by(CoveragePointRow.week))

    def find_unnoted(self, week: str, before: datetime) -> WatchRow | None:
        """Find a live watch whose selection was not looked at in a week, or last before a moment."""
        values = {"workspace": self._workspace, "week": week, "before": before}
        return self._session.scalars(_unnoted(), values).first()

    def next_due(self, week: str) -> datetime | None:
        """Tell when the oldest look of a week at what is watched was made; None: nothing is watched."""
        moment: datetime | None = self._session.scalar(_oldest_look(), {"workspace": self._workspace, "week": week})
        return moment

    def _find_point(self, selection: str, week: str) -> CoveragePointRow | None:
        return self._find(CoveragePointRow, selection=selection, week=week)


class Pictures(Repository):
    """One for each digest, claimed by compare-and-set: it is uploaded once."""

    def want(self, digest_id: int, now: datetime) -> None:
        """Have the picture of a digest made."""
        self._add(PictureRow(workspace=self._workspace, digest_id=digest_id, state="wanted", next_try_at=now))

    def find(self, digest_id: int) -> PictureRow | None:
        """Find the one of a digest."""
        return self._find(PictureRow, digest_id=digest_id)

    def claim(self, now: datetime, until: datetime) -> PictureRow | None:
        """Take the one that is due longest; nobody else takes it before `until`."""
        query = self._select(PictureRow).where(PictureRow.next_try_at <= now).order_by(PictureRow.next_try_at)
        row = self._one(query.with_for_update(skip_locked=True))
        if row is not None:
            row.next_try_at, row.tries = until, row.tries + 1
        return row

    def next_due(self) -> datetime | None:
        """Tell when there is something to do next."""
        query = self._select(PictureRow).where(PictureRow.next_try_at.is_not(None)).order_by(PictureRow.next_try_at)
        row = self._one(query)
        return row.next_try_at if row else None


@cache
def _unnoted() -> Select[Any]:
    """Find the oldest live watch of a `workspace` that has no point in a `week` of after (`before`) a moment."""
    workspace: BindParameter[str] = bindparam("workspace")
    point = CoveragePointRow.workspace == workspace, CoveragePointRow.selection == WatchRow.selection
    fresh = CoveragePointRow.week == bindparam("week"), CoveragePointRow.noted_at > bindparam("before")
    live = select(WatchRow).where(WatchRow.workspace == workspace, WatchRow.ended_at.is_(None))
    return live.where(~exists().where(*point, *fresh)).order_by(WatchRow.id).limit(1)


@cache
def _oldest_look() -> Select[Any]:
    """Tell when what is watched was looked at first of a `week`, in a `workspace`."""
    workspace: BindParameter[str] = bindparam("workspace")
    live = exists().where(
        WatchRow.workspace == workspace,
        WatchRow.ended_at.is_(None),
        WatchRow.selection == CoveragePointRow.selection,
    )
    mine = CoveragePointRow.workspace == workspace, CoveragePointRow.week == bindparam("week")
    return select(func.min(CoveragePointRow.noted_at)).where(*mine, live)
