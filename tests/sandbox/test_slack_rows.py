"""What is known of Slack's limits and behaviours, row by row, and what the local Slack does about each.

`ROWS` names every row of the table that the project keeps of Slack's documents. The payloads that it takes and refuses
stand in `slack_cases.py`; a row without any names the test that holds it.
"""

import itertools
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox.slack_sdk_rules import refuse_by_sdk
from tests.sandbox.slack_cases import CASES, DIVIDER
from tests.sandbox.slack_world import World, call, modal, open_world, plain, press, section

pytestmark = pytest.mark.anyio

MARKS = Path(__file__).parent

ELSEWHERE = {
    "view": ("test_slack_limits.py: test_modals_lie_on_each_other_three_deep",),
    "trigger_id": (
        "test_slack_delivery.py: test_a_trigger_lives_three_seconds",
        "test_slack_delivery.py: test_a_trigger_opens_one_modal",
    ),
    "views.update / publish": (
        "test_slack_limits.py: test_a_hash_and_an_external_id_guard_a_modal",
        "test_slack_limits.py: test_a_hash_guards_home",
        "../e2e/test_page_uploads.py: survives_a_redraw",
    ),
    "slash command ack": (
        "test_slack_delivery.py: test_a_bot_that_takes_too_long_is_a_timeout",
        "test_slack_delivery.py: test_the_ack_of_a_command_is_shown_to_the_person_alone",
        "test_slack_delivery.py: test_an_ack_for_the_channel_shows_what_was_typed_too",
        "test_slack_limits.py: test_slack_looks_at_the_address_now_and_then",
    ),
    "slash text": ("test_slack_limits.py: test_typed_text_comes_with",),
    "smart punctuation": ("../domain/test_command_tokens.py: test_slacks_habits_are_undone",),
    "interaction ack": (
        "test_slack_modals.py: test_errors_of_the_bot_are_shown",
        "test_slack_modals.py: test_a_form_may_become_another",
        "test_slack_limits.py: test_a_form_pushes_another_or_closes_all_below_with_its_ack",
        "test_slack_limits.py: test_what_is_not_acknowledged_within_three_seconds_has_failed",
    ),
    "response_url": (
        "test_slack_delivery.py: test_a_response_url_takes_five_ephemeral_answers",
        "test_slack_delivery.py: test_a_response_url_lives_30_minutes_and_works_where_the_bot_is_no_member",
        "test_slack_delivery.py: test_an_answer_may_replace_or_delete_an_ephemeral_message",
        "test_slack_limits.py: test_an_answer_changes_no_command_and_makes_nothing_public",
    ),
    "chat.postMessage": (
        "test_slack_web_api.py: test_a_token_may_do_what_its_scopes_say",
        "test_slack_sockets.py: test_each_token_is_good_for_its_own_methods",
        "test_slack_limits.py: test_with_its_scope_the_bot_posts_where_it_is_no_member",
    ),
    "text 4,041+": ("test_slack_limits.py: test_a_long_text_arrives_in_pieces",),
    "chat.update": (
        "test_slack_web_api.py: test_an_update_without_blocks_takes_the_blocks_away",
        "test_slack_web_api.py: test_an_update_with_blocks_leaves_no_mark",
        "test_slack_web_api.py: test_a_persons_message_cannot_be_updated",
        "test_slack_limits.py: test_a_message_may_be_changed_for_as_long_as_the_workspace_lets_it",
    ),
    "chat.postEphemeral": ("test_slack_web_api.py: test_an_ephemeral_message_is_seen_by_one_and_cannot_be_updated",),
    "rate limits": (
        "test_slack_limits.py: test_calls_are_counted_by_method",
        "test_slack_limits.py: test_each_method_has_the_pace_of_its_tier",
    ),
    "Python SDK": ("../scenarios/test_slack_faults.py: test_when_slack_asks_for_a_pause",),
    "Events API": (
        "test_slack_limits.py: test_an_event_is_told_three_times_again",
        "test_slack_limits.py: test_a_repetition_says_why",
    ),
    "Socket Mode": (
        "test_slack_sockets.py: test_an_app_has_ten_connections_at_the_most",
        "test_slack_sockets.py: test_an_event_goes_by_a_connection_and_is_not_told_again",
    ),
    "signature": ("../handlers/test_request_guard.py: test_a_signature_holds_for_five_minutes",),
    "mrkdwn": ("../scenarios/test_bad_input.py: test_text_of_people_is_never_markup",),
    "DMs": ("test_slack_web_api.py: test_people_are_described_with_what_tests_say_about_them",),
}
"""Tests of what is more than a payload, by row."""
ROWS = (
    "blocks",
    "section",
    "header",
    "actions / context",
    "markdown block / markdown_text",
    "button",
    "ids",
    "selects",
    "confirm",
    "input",
    "image",
    "undocumented properties in blocks",
    "view",
    "trigger_id",
    "views.update / publish",
    "slash command ack",
    "slash text",
    "smart punctuation",
    "interaction ack",
    "response_url",
    "chat.postMessage",
    "text 4,041+",
    "chat.update",
    "chat.postEphemeral",
    "rate limits",
    "Python SDK",
    "Events API",
    "Socket Mode",
    "signature",
    "mrkdwn",
    "DMs",
)
"""The table's first column, in its order."""


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with open_world() as opened:
        yield opened


async def test_each_payload_is_taken_or_refused_with_slacks_word(world: World) -> None:
    told = []
    for case in CASES:
        world.clock.advance(60)
        trigger = {"trigger_id": await press(world)} if case.method == "views.open" else {}
        told.append(
            (case.row, json.dumps(case.arguments)[:80], await call(world, case.method, **case.arguments, **trigger))
        )
    assert told == [(case.row, json.dumps(case.arguments)[:80], case.error) for case in CASES]


def test_every_row_is_held_by_a_case_or_by_a_test() -> None:
    assert {*ROWS} == {case.row for case in CASES} | {*ELSEWHERE}
    for where in itertools.chain.from_iterable(ELSEWHERE.values()):
        file, _, words = where.partition(": ")
        assert words in (MARKS / file).read_text(), where


def test_slacks_own_sdk_knows_rules_beside_ours() -> None:
    both = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}
    assert refuse_by_sdk([both]) == ["[ERROR] text attribute cannot exceed 3000 characters"]
    assert refuse_by_sdk([DIVIDER] * 50) == []
    assert refuse_by_sdk(modal(section("x"), title=plain("t" * 25))) != []
