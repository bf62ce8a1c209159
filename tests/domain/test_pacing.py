from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.domain.outcome import Accepted, Challenged, Listed, NotSent, ReadAnswer, TooFast, Unclear, WriteAnswer
from bot.domain.pacing import (
    LONGEST_WAIT_SECONDS,
    SLOWEST_SECONDS,
    STEADY_ANSWERS,
    LaneView,
    Pace,
    confirmations_for,
    pace_after,
)

FLOOR = 2.0
NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
GOOD = Accepted()
TAP = Challenged(SecretStr("a"), SecretStr("b"))
ANSWERS = st.one_of(
    st.builds(TooFast, st.none() | st.floats(0, 10_000)),
    st.just(NotSent("npm could not be reached")),
    st.sampled_from([GOOD, TAP, Listed(()), Unclear("npm answered 502")]),
)


def after(*answers: WriteAnswer | ReadAnswer, pace: Pace | None = None) -> tuple[Pace, float]:
    known, wait = pace or Pace(seconds=0), FLOOR
    for answer in answers:
        known, wait = pace_after(known, answer, floor=FLOOR)
    return known, wait


@pytest.mark.parametrize(
    ("answers", "seconds", "wait"),
    [
        # what npm answers to at once leaves the pace as it was set
        ([GOOD], 2, 2),
        ([TAP], 2, 2),
        ([Unclear("npm answered 502")], 2, 2),
        # a 429 doubles it at once, up to a limit
        ([TooFast(None)], 4, 4),
        ([TooFast(None)] * 2, 8, 8),
        ([TooFast(None)] * 5, 60, 60),
        ([TooFast(None)] * 50, 60, 60),
        # Retry-After is waited for, where it is longer
        ([TooFast(90)], 4, 90),
        ([TooFast(1)], 4, 4),
        ([TooFast(1934)], 4, 1934),
        ([TooFast(1e9)], 4, 3600),
        # what came between two of them does not let it forget
        ([TooFast(None), GOOD, TooFast(None)], 8, 8),
        # it recovers slowly
        ([TooFast(None)] + [GOOD] * 9, 4, 4),
        ([TooFast(None)] + [GOOD] * 10, 3.2, 3.2),
        ([TooFast(None)] + [GOOD] * 20, 2.56, 2.56),
        ([TooFast(None)] + [GOOD] * 40, 2, 2),
        # what did not reach npm says nothing about its pace, and is tried less and less often
        ([NotSent("")], 2, 2),
        ([NotSent("")] * 3, 2, 8),
        ([NotSent("")] * 50, 2, 60),
        ([NotSent("")] * 3 + [GOOD], 2, 2),
        ([TooFast(None), NotSent("")], 4, 4),
        ([TooFast(None)] + [GOOD] * 9 + [NotSent("")] + [GOOD] * 9, 4, 4),
    ],
)
def test_the_pace_follows_what_npm_answers(
    answers: list[WriteAnswer | ReadAnswer], seconds: float, wait: float
) -> None:
    pace, next_wait = after(*answers)
    assert pace.seconds == pytest.approx(seconds)
    assert next_wait == pytest.approx(wait)


def test_a_pace_that_is_set_slower_than_any_429_would_make_it_stays() -> None:
    assert pace_after(Pace(seconds=0), TooFast(None), floor=120)[0].seconds == 120


def test_a_pace_of_nothing_is_slowed_too() -> None:
    assert pace_after(Pace(seconds=0), TooFast(None), floor=0)[1] == 1


@given(st.lists(ANSWERS, max_size=200))
def test_nothing_is_sent_before_the_pace_allows_and_no_wait_is_without_end(
    answers: list[WriteAnswer | ReadAnswer],
) -> None:
    pace = Pace(seconds=0)
    for answer in answers:
        before = max(FLOOR, pace.seconds)
        pace, wait = pace_after(pace, answer, floor=FLOOR)
        assert FLOOR <= pace.seconds <= SLOWEST_SECONDS
        assert pace.seconds <= wait <= LONGEST_WAIT_SECONDS
        if isinstance(answer, TooFast):
            assert wait >= min(answer.retry_after or 0, LONGEST_WAIT_SECONDS)
            assert pace.seconds == min(2 * before, SLOWEST_SECONDS)
        else:
            assert pace.seconds <= before, "only a 429 slows"


@given(st.lists(ANSWERS, max_size=50))
def test_from_everything_it_recovers(answers: list[WriteAnswer | ReadAnswer]) -> None:
    pace, _ = after(*answers)
    assert after(*[GOOD] * (16 * STEADY_ANSWERS), pace=pace)[0].seconds == FLOOR


@pytest.mark.parametrize(
    ("calls", "pace", "confirmations"),
    [(1, 2, 1), (142, 2, 1), (143, 2, 2), (212, 2, 2), (700, 2, 5), (10, 60, 3), (3, 600, 3), (5, 0, 1)],
)
def test_how_often_somebody_will_confirm_is_estimated(calls: int, pace: float, confirmations: int) -> None:
    assert confirmations_for(calls, pace) == confirmations


def test_a_lane_tells_whether_npm_has_made_it_slower() -> None:
    slowed = LaneView(name="registry", pace_seconds=4, floor_seconds=2, slowed_at=NOW, next_call_at=NOW)
    assert slowed.is_slowed
    assert not slowed.model_copy(update={"pace_seconds": 2.0}).is_slowed


def test_npms_own_words_for_being_too_fast_are_told() -> None:
    assert TooFast(None).why == "npm asked me to slow down"
    assert TooFast(7.0, "too many requests").why == 'npm asked me to slow down: "too many requests"'
