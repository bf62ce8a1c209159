from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from bot.domain.trend import (
    WEEKS,
    TrendPoint,
    fill_weeks,
    first_week,
    has_trend,
    percents_of,
    sparkline,
    week_of,
)

MONDAY = date(2026, 11, 23)


def point(weeks_ago: int, trusted: int, counted: int = 10) -> TrendPoint:
    return TrendPoint(week=MONDAY - timedelta(weeks=weeks_ago), trusted=trusted, counted=counted)


@pytest.mark.parametrize(
    ("moment", "week"),
    [
        (datetime(2026, 11, 23, tzinfo=UTC), MONDAY),
        (datetime(2026, 11, 29, 23, 59, tzinfo=UTC), MONDAY),
        (datetime(2026, 11, 30, tzinfo=UTC), date(2026, 11, 30)),
        (datetime(2026, 11, 23, 1, tzinfo=timezone(timedelta(hours=2))), date(2026, 11, 16)),
    ],
)
def test_a_week_begins_on_monday_in_utc(moment: datetime, week: date) -> None:
    assert week_of(moment) == week


def test_twelve_weeks_are_shown_and_none_before_the_first_point() -> None:
    assert MONDAY - first_week(MONDAY) == timedelta(weeks=WEEKS - 1)
    many = [point(ago, 10 - ago % 10) for ago in range(20)]
    assert len(fill_weeks(many)) == WEEKS
    assert fill_weeks([point(3, 1), point(0, 2)]) == (point(3, 1), None, None, point(0, 2))
    assert fill_weeks([]) == ()


def test_a_week_in_which_nothing_counts_is_a_gap() -> None:
    weeks = fill_weeks([point(2, 1), point(1, 0, 0), point(0, 3)])
    assert weeks == (point(2, 1), None, point(0, 3))
    assert percents_of(weeks) == (10, 30)
    assert point(1, 0, 0).percent is None


@pytest.mark.parametrize(
    ("points", "shows"), [((), False), ((point(0, 1),), False), ((point(1, 1), point(0, 1)), True)]
)
def test_one_week_is_no_trend(points: tuple[TrendPoint, ...], shows: object) -> None:
    assert has_trend(points) is shows


def test_the_line_goes_from_nothing_to_all() -> None:
    weeks = fill_weeks([point(4, 0), point(3, 5), point(1, 9), point(0, 10)])
    assert sparkline(weeks) == "▁▅·██"
