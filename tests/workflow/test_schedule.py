from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.workflow.schedule import ScheduleProblem, check_schedule, find_zone, list_similar_zones, next_after

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "problem"),
    [
        # Five fields, with names and steps.
        ("0 9 * * 1", None),
        ("0 9 * * MON-FRI", None),
        ("0 */6 * * *", None),
        ("0 * * * *", None),
        ("0 9 L * *", None),
        # Rarely is not never: the 29th of February, the fifth Monday of one.
        ("0 9 29 2 *", None),
        ("0 9 29 2 1#5", None),
        # Never: months without such a day.
        ("0 9 30 2 *", ScheduleProblem.NEVER),
        ("0 9 31 4,6,9,11 *", ScheduleProblem.NEVER),
        # A flood.
        ("* * * * *", ScheduleProblem.TOO_OFTEN),
        ("*/30 * * * *", ScheduleProblem.TOO_OFTEN),
        ("0,59 9 * * 1", ScheduleProblem.TOO_OFTEN),
        # No cron at all, seconds, numbers out of range, and what only some crons know.
        ("", ScheduleProblem.UNREADABLE),
        ("weekly", ScheduleProblem.UNREADABLE),
        ("@weekly", ScheduleProblem.UNREADABLE),
        ("0 9 * *", ScheduleProblem.UNREADABLE),
        ("0 0 9 * * 1", ScheduleProblem.UNREADABLE),
        ("0 25 * * *", ScheduleProblem.UNREADABLE),
        ("60 9 * * *", ScheduleProblem.UNREADABLE),
        ("0 9 32 * *", ScheduleProblem.UNREADABLE),
        ("0 9 0 2 *", ScheduleProblem.UNREADABLE),
        ("0 9 * 13 *", ScheduleProblem.UNREADABLE),
        ("0 9 2-1 * *", ScheduleProblem.UNREADABLE),
        ("0 9 */0 * *", ScheduleProblem.UNREADABLE),
        ("0 9 * * " + "1," * 50 + "1", ScheduleProblem.UNREADABLE),
        ("\u0660 9 * * 1", ScheduleProblem.UNREADABLE),
    ],
)
def test_a_schedule_is_readable_fires_and_is_no_flood(cron: str, problem: ScheduleProblem | None) -> None:
    assert check_schedule(cron, PARIS, NOW) == problem


@given(st.text(st.sampled_from("0123456789*/-,#LW MONJAN"), max_size=40), st.sampled_from(["0 9", "0"]))
def test_nothing_that_is_typed_trips_it_up(text: str, beginning: str) -> None:
    cron = f"{beginning} {text}"
    if check_schedule(cron, PARIS, NOW) is None:
        following = next_after(cron, PARIS, NOW)
        assert following is not None
        assert following > NOW


@pytest.mark.parametrize(
    ("cron", "after", "expected"),
    [
        # Nine o'clock is nine o'clock, in summer and in winter.
        ("0 9 * * 1", "2026-10-19T08:00+00:00", "2026-10-26T08:00+00:00"),
        ("0 9 * * 1", "2026-10-12T12:00+00:00", "2026-10-19T07:00+00:00"),
        # The hour that is skipped in spring: right after it.
        ("30 2 * * *", "2026-03-28T12:00+00:00", "2026-03-29T01:00+00:00"),
        # The hour that comes twice in autumn: once, also where the second one is going on.
        ("30 2 * * *", "2026-10-24T12:00+00:00", "2026-10-25T00:30+00:00"),
        ("30 2 * * *", "2026-10-25T00:30+00:00", "2026-10-26T01:30+00:00"),
        ("30 2 * * *", "2026-10-25T01:15+00:00", "2026-10-26T01:30+00:00"),
        # Strictly later.
        ("0 9 * * *", "2026-11-23T08:00+00:00", "2026-11-24T08:00+00:00"),
        ("0 9 * * *", "2026-11-23T07:59:59.5+00:00", "2026-11-23T08:00+00:00"),
    ],
)
def test_the_next_time_follows_the_clock_on_the_wall(cron: str, after: str, expected: str) -> None:
    assert next_after(cron, PARIS, datetime.fromisoformat(after)) == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    ("name", "zone", "similar"),
    [
        ("Europe/Paris", "Europe/Paris", ["Europe/Paris"]),
        ("europe/paris ", "Europe/Paris", ["Europe/Paris"]),
        ("America/New York", "America/New_York", ["America/New_York"]),
        ("UTC", "UTC", ["Etc/UTC"]),
        ("Paris", None, ["Europe/Paris"]),
        ("Europe/Pari", None, ["Europe/Paris"]),
        ("Mars/Olympus", None, []),
        ("../../etc/passwd", None, []),
        ("America", None, []),
    ],
)
def test_a_zone_is_found_by_its_name_or_one_like_it_is_suggested(
    name: str, zone: str | None, similar: list[str]
) -> None:
    found = find_zone(name)
    assert (found.key if found else None) == zone
    assert list_similar_zones(name)[:1] == similar
