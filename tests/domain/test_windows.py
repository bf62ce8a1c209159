"""What a session's answers tell of how npm asks, as a table of what came and what is known then."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.outcome import (
    Accepted,
    AccountRefused,
    Challenged,
    Invalid,
    Listed,
    Missing,
    NotSent,
    Overlapping,
    ReadAnswer,
    SessionDead,
    TooFast,
    Unclear,
    WriteAnswer,
)
from bot.domain.windows import Asking, Method, Seen, observe

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CHALLENGED = Challenged(None, None)
NO_WORD = (AccountRefused(403, ""), Invalid(400, ""), SessionDead(""), TooFast(1), NotSent(""), Unclear(""))
"""Answers that may come before npm has looked at the second factor, or that do not tell whether it did."""


def learn(*answers: tuple[float, WriteAnswer | ReadAnswer, bool]) -> Seen:
    """Take in answers: minutes after noon, what npm said, and whether a one-time password went with the call."""
    seen = Seen(method=Method.CREATE)
    for minutes, answer, used_password in answers:
        seen = observe(seen, answer, used_password=used_password, now=NOON + timedelta(minutes=minutes))
    return seen


@pytest.mark.parametrize(
    ("answers", "asking"),
    [
        # Nothing is known before a call follows a confirmation.
        ((), Asking.UNKNOWN),
        (((0, CHALLENGED, False),), Asking.UNKNOWN),
        (((0, CHALLENGED, False), (1, Accepted(), True)), Asking.UNKNOWN),
        (((0, CHALLENGED, True),), Asking.UNKNOWN),
        # The next call tells.
        (((0, Accepted(), True), (0.1, Accepted(), False)), Asking.SPARES),
        (((0, Accepted(), True), (0.1, Overlapping(""), False)), Asking.SPARES),
        (((0, Listed(()), True), (0.1, Listed(()), False)), Asking.SPARES),
        (((0, Missing(""), True), (0.1, CHALLENGED, False)), Asking.EACH),
        # A window that a login opened is one as well.
        (((0, Accepted(), False),), Asking.SPARES),
        # A window that has run out says nothing.
        (((0, Accepted(), True), (4, CHALLENGED, False)), Asking.UNKNOWN),
        (((0, Accepted(), True), (1, Accepted(), False), (5, CHALLENGED, False)), Asking.SPARES),
        # What was seen last counts.
        (((0, Accepted(), True), (1, CHALLENGED, False), (2, Accepted(), True), (3, Accepted(), False)), Asking.SPARES),
        (((0, Accepted(), True), (1, Accepted(), False), (2, CHALLENGED, False)), Asking.EACH),
        # A password that is refused is no new question.
        (((0, Accepted(), True), (1, CHALLENGED, True)), Asking.UNKNOWN),
    ],
)
def test_what_is_known_is_what_was_seen_last(
    answers: tuple[tuple[float, WriteAnswer | ReadAnswer, bool], ...], asking: Asking
) -> None:
    assert learn(*answers).asking is asking


@pytest.mark.parametrize("answer", NO_WORD, ids=lambda answer: type(answer).__name__)
@pytest.mark.parametrize("used_password", [True, False])
def test_an_answer_that_does_not_show_the_second_factor_teaches_nothing(
    answer: WriteAnswer | ReadAnswer,
    used_password: bool,  # noqa: FBT001
) -> None:
    seen = learn((0, Accepted(), True))
    assert observe(seen, answer, used_password=used_password, now=NOON) == seen


def test_the_time_is_that_of_what_was_seen() -> None:
    assert learn().at is None
    assert learn((0, Accepted(), True), (1, CHALLENGED, False)).at == NOON + timedelta(minutes=1)
    assert learn((0, Accepted(), True), (2, Accepted(), False)).at == NOON + timedelta(minutes=2)
