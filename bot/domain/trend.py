"""How a coverage has changed over the weeks: kept week by week, shown for twelve."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta

from bot.domain.values import Frozen

WEEKS = 12
"""As many are shown, the current one included."""

_LEVELS = "▁▂▃▄▅▆▇█"
_GAP = "·"
_WEEK = timedelta(days=7)


class TrendPoint(Frozen):
    """Where a selection stood in one week."""

    week: date
    """Its Monday."""
    trusted: int
    counted: int
    """Those that count in the percentage."""

    @property
    def percent(self) -> int | None:
        """As `bot.domain.coverage.Coverage` has it: rounded down; None where nothing counts."""
        return self.trusted * 100 // self.counted if self.counted else None


def week_of(moment: datetime) -> date:
    """Tell the Monday of the week of a moment, in UTC: the same for everybody who looks at it."""
    day = moment.astimezone(UTC).date()
    return day - timedelta(days=day.weekday())


def first_week(last: date) -> date:
    """Tell the first of the weeks that are shown up to one."""
    return last - (WEEKS - 1) * _WEEK


def fill_weeks(points: Iterable[TrendPoint]) -> tuple[TrendPoint | None, ...]:
    """Put points into the weeks that are shown up to the newest; None for a week of which nothing is known.

    Weeks before the first point are left out.
    """
    known = {point.week: point for point in points if point.percent is not None}
    if not known:
        return ()
    last = max(known)
    first = max(first_week(last), min(known))
    return tuple(known.get(first + number * _WEEK) for number in range((last - first) // _WEEK + 1))


def percents_of(weeks: Iterable[TrendPoint | None]) -> tuple[int, ...]:
    """Tell the percentages that are known, oldest first."""
    found = (point.percent for point in weeks if point is not None)
    return tuple(percent for percent in found if percent is not None)


def has_trend(points: Iterable[TrendPoint]) -> bool:
    """Tell whether there is anything to compare: one week alone shows no trend."""
    return len(percents_of(fill_weeks(points))) > 1


def sparkline(weeks: Sequence[TrendPoint | None]) -> str:
    """Draw weeks in a line of signs, from 0 to 100 %; a dot for a week of which nothing is known."""
    percents = (point.percent if point else None for point in weeks)
    return "".join(_GAP if percent is None else _LEVELS[min(7, percent * 8 // 100)] for percent in percents)
