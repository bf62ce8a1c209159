"""Where selections stood, week by week; and the pictures that show it."""

from datetime import datetime

from storage.coverage_models import WatchRow
from storage.home_models import CoveragePointRow, PictureRow
from storage.repository import Repository


class Trends(Repository):
    """One point for each selection and week, of the last look in it."""

    def note(self, selection: str, week: str, *, trusted: int, counted: int, now: datetime) -> None:
        """Keep where a selection stands in a week, in the place of an earlier look."""
        row = self._find(selection, week)
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
        noted = self._select(CoveragePointRow).where(
            CoveragePointRow.selection == WatchRow.selection,
            CoveragePointRow.week == week,
            CoveragePointRow.noted_at > before,
        )
        query = self._select(WatchRow).where(WatchRow.ended_at.is_(None), ~noted.exists())
        return self._one(query.order_by(WatchRow.id))

    def next_due(self, week: str) -> datetime | None:
        """Tell when the oldest look of a week at what is watched was made; None: nothing is watched."""
        live = self._select(WatchRow).where(
            WatchRow.ended_at.is_(None), WatchRow.selection == CoveragePointRow.selection
        )
        query = self._select(CoveragePointRow).where(CoveragePointRow.week == week, live.exists())
        row = self._one(query.order_by(CoveragePointRow.noted_at))
        return row.noted_at if row else None

    def _find(self, selection: str, week: str) -> CoveragePointRow | None:
        query = self._select(CoveragePointRow).where(CoveragePointRow.selection == selection)
        return self._one(query.where(CoveragePointRow.week == week))


class Pictures(Repository):
    """One for each digest, claimed by compare-and-set: it is uploaded once."""

    def want(self, digest_id: int, now: datetime) -> None:
        """Have the picture of a digest made."""
        self._add(PictureRow(workspace=self._workspace, digest_id=digest_id, state="wanted", next_try_at=now))

    def find(self, digest_id: int) -> PictureRow | None:
        """Find the one of a digest."""
        return self._one(self._select(PictureRow).where(PictureRow.digest_id == digest_id))

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
