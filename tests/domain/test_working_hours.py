"""When somebody works, in their own time zone."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.policy import WorkingHours
from bot.domain.working_hours import next_working

HOURS = WorkingHours()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "timezone", "expected"),
    [
        ("2026-11-23T10:00", "Europe/Paris", "2026-11-23T10:00"),  # a Monday
        ("2026-11-23T06:00", "Europe/Paris", "2026-11-23T08:00"),
        ("2026-11-23T16:00", "Europe/Paris", "2026-11-24T08:00"),  # five in the afternoon is over
        ("2026-11-27T18:00", "Europe/Paris", "2026-11-30T08:00"),  # a weekend
        ("2026-11-23T06:00", "Asia/Tokyo", "2026-11-23T06:00"),
        ("2026-11-22T23:00", "Asia/Tokyo", "2026-11-23T00:00"),  # Monday there already
        ("2026-03-28T10:00", "Europe/Paris", "2026-03-30T07:00"),  # summer begins on the day between
        ("2026-11-23T06:00", "", "2026-11-23T09:00"),
        ("2026-11-23T06:00", "Nowhere/Land", "2026-11-23T09:00"),
        ("2026-11-23T06:00", "../etc/passwd", "2026-11-23T09:00"),
    ],
)
def test_the_next_moment_at_which_somebody_works(moment: str, timezone: str, expected: str) -> None:
    assert next_working(at(moment), timezone, HOURS) == at(expected)


def test_no_days_are_all_days() -> None:
    assert next_working(at("2026-11-28T10:00"), "UTC", WorkingHours(days=())) == at("2026-11-28T10:00")


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 -- bounds
    st.sampled_from(["Europe/Paris", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"]),
)
def test_a_working_moment_is_its_own_next_one(moment: datetime, timezone: str) -> None:
    found = next_working(moment, timezone, HOURS)
    assert found >= moment
    assert next_working(found, timezone, HOURS) == found
