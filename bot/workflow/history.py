"""The history of coverage: once a day for what is watched, and with each digest and coverage, the week is noted."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from bot.domain.coverage import LACKING, PackageRecord, Standing, measure
from bot.domain.patterns import selection_of
from bot.domain.trend import TrendPoint, first_week, week_of
from bot.services import Services
from bot.workflow.coverage_records import load_records
from bot.workflow.progress import Progress
from storage.store import Store

DAILY = timedelta(hours=24)

_COUNTED = (Standing.TRUSTED, Standing.NOT_USED_YET, *LACKING)


async def execute_next(services: Services) -> Progress:
    """Note where the packages of one watch stand, where nobody has today."""
    return await services.database.run(lambda store: _note_next(services, store))


def _note_next(services: Services, store: Store) -> Progress:
    now = services.clock.now()
    week = week_of(now)
    watch = store.trends.find_unnoted(week.isoformat(), now - DAILY)
    if watch is not None:
        note(store, watch.selection, load_records(store, selection_of(watch.selection)), now)
        return Progress(more=True)
    noted_at = store.trends.next_due(week.isoformat())
    return Progress(at=noted_at + DAILY if noted_at else None)


def note(store: Store, selection: str, records: Iterable[PackageRecord], now: datetime) -> None:
    """Keep where a selection stands this week, in the place of an earlier look at it."""
    measured = measure(records, now)
    counted = sum(measured.counts.get(standing, 0) for standing in _COUNTED)
    week = week_of(now).isoformat()
    store.trends.note(selection, week, trusted=measured.trusted, counted=counted, now=now)


def load_trend(store: Store, selection: str, now: datetime) -> tuple[TrendPoint, ...]:
    """Load the last twelve weeks of a selection, oldest first; weeks in which nobody looked are not there."""
    rows = store.trends.list_since(selection, first_week(week_of(now)).isoformat())
    return tuple(
        TrendPoint(week=date.fromisoformat(row.week), trusted=row.trusted, counted=row.counted) for row in rows
    )
