"""When packages are read again."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.patterns import selection_of
from bot.workflow.reading_times import LONGEST_FAILURE, Interest, Watched, next_night, pause_after_failures
from storage.coverage_models import PackageRow


@pytest.mark.parametrize(
    ("zone", "now", "night"),
    [
        ("UTC", "2026-11-23T14:00", "2026-11-24T03:00"),
        ("UTC", "2026-11-23T02:59", "2026-11-23T03:00"),
        ("UTC", "2026-11-23T03:00", "2026-11-24T03:00"),
        # the clocks of Paris go forward on 2026-03-29 and back on 2026-10-25
        ("Europe/Paris", "2026-03-28T12:00", "2026-03-29T01:00"),
        ("Europe/Paris", "2026-03-27T12:00", "2026-03-28T02:00"),
        ("Europe/Paris", "2026-10-24T12:00", "2026-10-25T02:00"),
        ("Europe/Paris", "2026-10-24T00:59", "2026-10-24T01:00"),
        # far from UTC: it is another day there
        ("Pacific/Auckland", "2026-11-23T14:30", "2026-11-24T14:00"),
        ("Pacific/Honolulu", "2026-11-23T12:30", "2026-11-23T13:00"),
    ],
)
def test_the_night_is_that_of_who_watches(zone: str, now: str, night: str) -> None:
    moments = [datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (now, night)]
    assert next_night(ZoneInfo(zone), moments[0]) == moments[1]


def test_a_package_that_cannot_be_read_rests_longer_each_time_and_never_longer_than_six_hours() -> None:
    pauses = [pause_after_failures(failures) for failures in (1, 2, 3, 13, 14, 10_000)]
    assert pauses[:3] == [timedelta(seconds=seconds) for seconds in (4, 8, 16)]
    assert pauses[3] < pauses[4] == pauses[5] == LONGEST_FAILURE


def test_packages_are_spread_over_the_night_and_each_keeps_its_place() -> None:
    now = datetime(2026, 11, 23, 14, tzinfo=UTC)
    interest = Interest([Watched(selection_of("@acme/*"), UTC)], npm_users=frozenset({"otto-npm"}), awaited=frozenset())
    rows = [PackageRow(name=f"@acme/p{number}", source="search", kind="none", maintainers="") for number in range(500)]
    times = [interest.next_read(row, now) for row in rows]
    assert times == [interest.next_read(row, now + timedelta(hours=1)) for row in rows]
    begin = datetime(2026, 11, 24, 3, tzinfo=UTC)
    assert all(time is not None and begin <= time < begin + timedelta(hours=1) for time in times)
    assert len(set(times)) == 500


def test_what_is_nobodys_here_is_not_read_again() -> None:
    now = datetime(2026, 11, 23, 14, tzinfo=UTC)
    interest = Interest([], npm_users=frozenset({"otto-npm"}), awaited=frozenset({"@b/awaited"}))

    def next_read(name: str, maintainers: str, source: str = "search", kind: str = "trusted") -> datetime | None:
        return interest.next_read(PackageRow(name=name, source=source, kind=kind, maintainers=maintainers), now)

    assert next_read("@b/c", "sam-npm otto-npm-2") is None
    assert next_read("@b/c", "") is None
    soon = now + timedelta(hours=1)
    assert now < (next_read("@b/c", "sam-npm otto-npm") or soon) < soon
    assert now < (next_read("@b/awaited", "", source="request", kind="none") or soon) < soon
    assert (next_read("@b/c", "otto-npm", kind="none") or now) > soon
    assert now < (next_read("@b/c", "otto-npm", kind="downgraded") or soon) < soon  # who took it once comes again
