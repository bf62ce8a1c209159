"""What is known of Slack's limits and behaviours, row by row, and what the local Slack does about each.

`ROWS` names every row of the table that the project keeps of Slack's documents; a case says what is sent, and with
which of Slack's words it is refused. A row that has no case here names the test that holds it.
"""

import json
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiohttp import web
from slack_sdk.errors import SlackApiError

from bot.sandbox.slack_limits import BURST, TIERS
from bot.sandbox.slack_payloads import NotPossibleError
from bot.sandbox.slack_sdk_rules import refuse_by_sdk
from tests.sandbox.slack_world import (
    GENERAL,
    OTTO,
    RANDOM,
    RITA,
    World,
    actions,
    button,
    field_of,
    modal,
    open_world,
    plain,
    section,
)

pytestmark = pytest.mark.anyio

MARKS = Path(__file__).parent


class Case(NamedTuple):
    """One payload that Slack takes or refuses."""

    row: str
    error: str
    """Empty: it is taken."""
    method: str
    arguments: Mapping[str, Any]


def post(row: str, error: str, *blocks: object, **more: object) -> Case:
    """A message with these blocks."""
    return Case(row, error, "chat.postMessage", {"channel": GENERAL, "text": "x", "blocks": list(blocks), **more})


def form(row: str, error: str, *blocks: dict[str, Any], **more: object) -> Case:
    """A modal with these blocks."""
    return Case(row, error, "views.open", {"view": modal(*blocks, **more)})


def pick(count: int, *, text: int = 1, value: int = 1, kind: str = "static_select", **more: object) -> dict[str, Any]:
    """An input of so many options."""
    options = [{"text": plain(f"{n}".rjust(text, "o")), "value": f"{n}".rjust(value, "v")} for n in range(count)]
    element = {"type": kind, "action_id": "a", "options": options, **more}
    return {"type": "input", "block_id": "b", "label": plain("l"), "element": element}


def image(**more: object) -> dict[str, Any]:
    return {"type": "image", "image_url": "https://acme.example/a.png", "alt_text": "a", **more}


def confirm(**lengths: int) -> dict[str, Any]:
    most = {"title": 100, "text": 300, "confirm": 30, "deny": 30} | lengths
    return actions(button("a", confirm={name: plain("x" * length) for name, length in most.items()}))


DIVIDER = {"type": "divider"}
GROUPS = [{"label": plain(str(n)), "options": [{"text": plain(str(n)), "value": str(n)}]} for n in range(101)]
GROUPED = {"type": "static_select", "action_id": "a", "option_groups": GROUPS[:100]}

CASES = [
    # blocks
    post("blocks", "", *[DIVIDER] * 50),
    post("blocks", "invalid_blocks", *[DIVIDER] * 51),
    form("blocks", "", *[DIVIDER] * 100),
    form("blocks", "invalid_arguments", *[DIVIDER] * 101),
    # section
    post("section", "", section("x" * 3000)),
    post("section", "invalid_blocks", section("x" * 3001)),
    post("section", "invalid_blocks", section("")),
    post("section", "invalid_blocks", {"type": "section"}),
    post("section", "", {"type": "section", "fields": [plain("x")] * 10}),
    post("section", "invalid_blocks", {"type": "section", "fields": [plain("x")] * 11}),
    post("section", "invalid_blocks", {"type": "section", "fields": [plain("x" * 2001)]}),
    # header
    post("header", "", {"type": "header", "text": plain("x" * 150)}),
    post("header", "invalid_blocks", {"type": "header", "text": plain("x" * 151)}),
    post("header", "invalid_blocks", {"type": "header", "text": {"type": "mrkdwn", "text": "x"}}),
    # actions / context
    post("actions / context", "", actions(*(button(str(n)) for n in range(25)))),
    post("actions / context", "invalid_blocks", actions(*(button(str(n)) for n in range(26)))),
    post("actions / context", "", {"type": "context", "elements": [plain("x")] * 10}),
    post("actions / context", "invalid_blocks", {"type": "context", "elements": [plain("x")] * 11}),
    # markdown block / markdown_text
    post("markdown block / markdown_text", "invalid_blocks", {"type": "markdown", "text": "x" * 12_001}),
    post("markdown block / markdown_text", "", {"type": "markdown", "text": "x" * 10_000}),
    post("markdown block / markdown_text", "markdown_text_conflict", DIVIDER, markdown_text="x"),
    Case(
        "markdown block / markdown_text",
        "msg_too_long",
        "chat.postMessage",
        {"channel": GENERAL, "markdown_text": "x" * 12_001},
    ),
    # button
    post("button", "", actions(button("a", text=plain("x" * 75), value="v" * 2000, accessibility_label="x" * 75))),
    post("button", "invalid_blocks", actions(button("a", text=plain("x" * 76)))),
    post("button", "invalid_blocks", actions(button("a", text={"type": "mrkdwn", "text": "x"}))),
    post("button", "invalid_blocks", actions(button("a", value="v" * 2001))),
    post("button", "invalid_blocks", actions(button("a", url="https://a.b/" + "u" * 3000))),
    post("button", "invalid_blocks", actions(button("a", accessibility_label="x" * 76))),
    post("button", "invalid_blocks", actions(button("a", style="default"))),
    # ids
    post("ids", "invalid_blocks", actions(button("a" * 256))),
    post("ids", "invalid_blocks", DIVIDER | {"block_id": "b" * 256}),
    post("ids", "invalid_blocks", actions(button("a"), button("a"))),
    post("ids", "invalid_blocks", *[DIVIDER | {"block_id": "b"}] * 2),
    post("ids", "", actions(button("a")), actions(button("a"))),
    # selects
    form("selects", "", pick(100, text=75, value=150, placeholder=plain("x" * 150))),
    form("selects", "invalid_arguments", pick(101)),
    form("selects", "invalid_arguments", pick(1, text=76)),
    form("selects", "invalid_arguments", pick(1, value=151)),
    form("selects", "invalid_arguments", pick(1, placeholder=plain("x" * 151))),
    form("selects", "", pick(10, kind="checkboxes")),
    form("selects", "invalid_arguments", pick(11, kind="checkboxes")),
    form("selects", "invalid_arguments", pick(11, kind="radio_buttons")),
    form("selects", "", pick(100, kind="multi_static_select", max_selected_items=2)),
    post("selects", "invalid_blocks", actions({**pick(6)["element"], "type": "overflow"})),
    post("selects", "", actions(GROUPED)),
    post("selects", "invalid_blocks", actions(GROUPED | {"option_groups": GROUPS})),
    post("selects", "invalid_blocks", actions(GROUPED | pick(1)["element"])),
    # confirm
    post("confirm", "", confirm()),
    *(post("confirm", "invalid_blocks", confirm(**{name: most + 1})) for name, most in (("title", 100), ("text", 300))),
    *(post("confirm", "invalid_blocks", confirm(**{name: 31})) for name in ("confirm", "deny")),
    # input
    form("input", "", field_of("f", max_length=3000) | {"hint": plain("x" * 2000)}),
    form("input", "invalid_arguments", field_of("f", max_length=3001)),
    form("input", "invalid_arguments", field_of("f") | {"hint": plain("x" * 2001)}),
    form("input", "invalid_arguments", field_of("f") | {"label": plain("x" * 2001)}),
    post("input", "invalid_blocks", field_of("f")),
    # image
    post("image", "", image(alt_text="x" * 2000, title=plain("x" * 2000))),
    post("image", "", {"type": "context", "elements": [image(), plain("x")]}),
    post("image", "invalid_blocks", {"type": "image", "image_url": "https://acme.example/a.png"}),
    post("image", "invalid_blocks", image(alt_text="x" * 2001)),
    post("image", "invalid_blocks", image(title=plain("x" * 2001))),
    post("image", "invalid_blocks", image(image_url="https://a.b/" + "u" * 3000)),
    post("image", "invalid_blocks", image(slack_file={"id": "F1"})),
    # undocumented properties in blocks
    post("undocumented properties in blocks", "invalid_blocks", actions(button("a", disabled=True))),
    # view
    form("view", "", DIVIDER, title=plain("x" * 24), submit=plain("x" * 24), private_metadata="m" * 3000),
    *(form("view", "invalid_arguments", DIVIDER, **{name: plain("x" * 25)}) for name in ("title", "submit", "close")),
    *(form("view", "invalid_arguments", DIVIDER, **{name: "x" * 256}) for name in ("callback_id", "external_id")),
    form("view", "invalid_arguments", DIVIDER, private_metadata="m" * 3001),
    Case(
        "view",
        "invalid_arguments",
        "views.open",
        {"view": {"type": "modal", "title": plain("x"), "blocks": [field_of("f")]}},
    ),
    form("view", "view_too_large", *[section("x" * 2990)] * 90),
    # chat.postMessage
    Case("chat.postMessage", "no_text", "chat.postMessage", {"channel": GENERAL}),
    Case("chat.postMessage", "channel_not_found", "chat.postMessage", {"channel": "C0NONE", "text": "x"}),
    Case("chat.postMessage", "not_in_channel", "chat.postMessage", {"channel": RANDOM, "text": "x"}),
    Case("chat.postMessage", "invalid_blocks_format", "chat.postMessage", {"channel": GENERAL, "blocks": "[{"}),
    Case("chat.postMessage", "invalid_blocks_format", "chat.postMessage", {"channel": GENERAL, "blocks": DIVIDER}),
    post("chat.postMessage", "msg_blocks_too_long", *[section("x" * 3000)] * 4),
    Case("chat.postMessage", "", "chat.postMessage", {"channel": OTTO, "text": "x" * 40_001}),
    # chat.update
    Case("chat.update", "channel_not_found", "chat.update", {"channel": RITA, "ts": "1.1", "text": "x"}),
    Case("chat.update", "message_not_found", "chat.update", {"channel": GENERAL, "ts": "1.1", "text": "x"}),
    # chat.postEphemeral
    Case(
        "chat.postEphemeral",
        "user_not_in_channel",
        "chat.postEphemeral",
        {"channel": "D0OTTO", "user": RITA, "text": "x"},
    ),
    Case(
        "chat.postEphemeral",
        "user_not_found",
        "chat.postEphemeral",
        {"channel": GENERAL, "user": "U0NONE", "text": "x"},
    ),
    # DMs
    Case("DMs", "user_not_found", "conversations.open", {"users": "U0NONE"}),
    Case("DMs", "", "chat.postMessage", {"channel": RITA, "text": "x"}),
]

ELSEWHERE = {
    "trigger_id": "test_slack_delivery.py: test_a_trigger_lives_three_seconds",
    "slash command ack": "test_slack_delivery.py: test_a_bot_that_takes_too_long_is_a_timeout",
    "interaction ack": "test_slack_modals.py: test_errors_of_the_bot_are_shown",
    "response_url": "test_slack_delivery.py: test_a_response_url_takes_five_ephemeral_answers",
    "smart punctuation": "../domain/test_command_tokens.py: test_slacks_habits_are_undone",
    "Python SDK": "../scenarios/test_slack_faults.py: test_when_slack_asks_for_a_pause",
    "Socket Mode": "test_slack_sockets.py: test_an_app_has_ten_connections_at_the_most",
    "signature": "../handlers/test_request_guard.py: test_a_signature_holds_for_five_minutes",
    "mrkdwn": "../scenarios/test_bad_input.py: test_text_of_people_is_never_markup",
}
"""Rows that a test of another file holds."""
HERE = {
    "views.update / publish": "test_a_hash_",
    "slash text": "test_typed_text_",
    "text 4,041+": "test_a_long_text_",
    "rate limits": "test_calls_",
    "Events API": "test_an_event_",
}
"""Rows that another test of this file holds."""
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


async def call(world: World, method: str, **arguments: object) -> str:
    """Call a method; tell Slack's error, or nothing."""
    try:
        await world.api.api_call(method, json=arguments)
    except SlackApiError as refused:
        return str(refused.response["error"])
    return ""


async def press(world: World) -> str:
    """Let Rita do something; tell the trigger id that the bot gets for it."""
    await world.slack.command(RITA, GENERAL, "help")
    return str(world.bot.heard[-1]["trigger_id"])


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
    assert {*ROWS} == {case.row for case in CASES} | {*ELSEWHERE} | {*HERE}
    own = Path(__file__).read_text()
    assert [name for name in HERE.values() if f"def {name}" not in own] == []
    for where in ELSEWHERE.values():
        file, _, words = where.partition(": ")
        assert words in (MARKS / file).read_text(), where


def test_slacks_own_sdk_knows_rules_beside_ours() -> None:
    both = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}
    assert refuse_by_sdk([both]) == ["[ERROR] text attribute cannot exceed 3000 characters"]
    assert refuse_by_sdk([DIVIDER] * 50) == []
    assert refuse_by_sdk(modal(section("x"), title=plain("t" * 25))) != []


async def test_modals_lie_on_each_other_three_deep(world: World) -> None:
    assert await call(world, "views.push", trigger_id=await press(world), view=modal(section("0"))) == "not_found"
    assert await call(world, "views.open", trigger_id=await press(world), view=modal(section("1"))) == ""
    for text in ("2", "3"):
        assert await call(world, "views.push", trigger_id=await press(world), view=modal(section(text))) == ""
    assert (
        await call(world, "views.push", trigger_id=await press(world), view=modal(section("4"))) == "push_limit_reached"
    )
    seen = []
    while view := world.slack.view(RITA):
        seen.append(view["blocks"][0]["text"]["text"])
        await world.slack.close_view(RITA, view["id"])
    assert seen == ["3", "2", "1"]


async def test_a_form_pushes_another_or_closes_all_below_with_its_ack(world: World) -> None:
    await call(world, "views.open", trigger_id=await press(world), view=modal(section("1")))
    push = {"response_action": "push", "view": modal(section("2"))}
    world.bot.answer = lambda _payload: web.json_response(push)
    for height in (2, 3):
        view = world.slack.view(RITA)
        assert view
        assert (await world.slack.submit(RITA, view["id"], {})).ok
        assert world.slack.workspace.views[RITA].height == height
    view = world.slack.view(RITA)
    assert view
    assert not (await world.slack.submit(RITA, view["id"], {})).ok
    world.bot.answer = lambda _payload: web.json_response({"response_action": "clear"})
    assert (await world.slack.submit(RITA, view["id"], {})).ok
    assert world.slack.view(RITA) is None


async def test_a_hash_and_an_external_id_guard_a_modal(world: World) -> None:
    view = modal(section("x"), external_id="mine")
    opened = await world.api.views_open(trigger_id=await press(world), view=view)
    assert await call(world, "views.open", trigger_id=await press(world), view=view) == "duplicate_external_id"
    old = opened["view"]["hash"]
    assert await call(world, "views.update", external_id="mine", hash=old, view=view) == ""
    assert await call(world, "views.update", external_id="mine", hash=old, view=view) == "hash_conflict"


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("audit @rita, #general a@rita.example", "audit <@U0RITA|rita>, <#C0GENERAL|general> a@rita.example"),
        ("watch #random", "watch <#C0RANDOM|>"),
        ("github @acme/ui @rita/tools", "github @acme/ui @rita/tools"),
        ("a & b < c > d", "a &amp; b &lt; c &gt; d"),
        ("see https://a.b/c?d=1", "see <https://a.b/c?d=1>"),
        # what the client has marked already, since it was picked from its list
        ("audit <@U0RITA> &amp;", "audit <@U0RITA> &amp;"),
    ],
)
async def test_typed_text_comes_with_people_channels_and_addresses_marked(world: World, typed: str, sent: str) -> None:
    world.slack.channels[RANDOM].is_private = True
    await world.slack.command(RITA, GENERAL, typed)
    assert world.bot.heard[-1]["text"] == sent


async def test_a_long_text_arrives_in_pieces(world: World) -> None:
    await world.api.chat_postMessage(channel=GENERAL, text="x" * 9000)
    assert [len(message.text) for message in world.slack.messages(GENERAL, RITA)] == [4000, 4000, 1000]


async def test_a_message_may_be_changed_for_as_long_as_the_workspace_lets_it(world: World) -> None:
    world.slack.workspace.edit_window = timedelta(minutes=5)
    ts = (await world.api.chat_postMessage(channel=GENERAL, text="x"))["ts"]
    assert await call(world, "chat.update", channel=GENERAL, ts=ts, text="y") == ""
    assert await call(world, "chat.update", channel=GENERAL, ts=ts, text="y" * 4001) == "msg_too_long"
    world.clock.advance(301)
    assert await call(world, "chat.update", channel=GENERAL, ts=ts, text="z") == "edit_window_closed"
    world.slack.channels[GENERAL].is_archived = True
    assert await call(world, "chat.postMessage", channel=GENERAL, text="x") == "is_archived"


async def test_with_its_scope_the_bot_posts_where_it_is_no_member(world: World) -> None:
    world.slack.scopes |= {"chat:write.public"}
    assert await call(world, "chat.postMessage", channel=RANDOM, text="x") == ""
    world.slack.channels[RANDOM].is_private = True
    assert await call(world, "chat.postMessage", channel=RANDOM, text="x") == "channel_not_found"
    assert await call(world, "apps.connections.open") in {"unknown_method", "not_allowed_token_type"}


async def test_calls_are_counted_by_method_channel_and_response_url(world: World) -> None:
    async def post_once(channel: str = GENERAL) -> str:
        return await call(world, "chat.postMessage", channel=channel, text="x")

    assert [await post_once() for _ in range(BURST + 1)] == [""] * BURST + ["ratelimited"]
    assert await post_once(RITA) == ""
    with pytest.raises(SlackApiError) as throttled:
        await world.api.chat_postMessage(channel=GENERAL, text="x")
    assert (throttled.value.response.status_code, throttled.value.response.headers["Retry-After"]) == (429, "1")
    world.clock.advance(1)
    assert [await post_once(), await post_once()] == ["", "ratelimited"]
    world.clock.advance(60)
    most = TIERS["usergroups.users.list"]
    told = [await call(world, "usergroups.users.list", usergroup="S1") for _ in range(most + 1)]
    assert told == ["no_such_subteam"] * most + ["ratelimited"]
    world.clock.advance(60)
    assert await call(world, "usergroups.users.list", usergroup="S1") == "no_such_subteam"


async def test_an_event_is_told_three_times_again_until_it_is_heard(world: World) -> None:
    heard: list[tuple[str, str, str]] = []
    status, stop = 500, False

    async def take(request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        retry = (request.headers.get("X-Slack-Retry-Num", ""), request.headers.get("X-Slack-Retry-Reason", ""))
        heard.append((body["event_id"], *retry))
        return web.Response(status=status, headers={"X-Slack-No-Retry": "1"} if stop else {})

    app = web.Application()
    app.add_routes([web.post("/slack/events", take)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        world.slack.events_url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
        await world.slack.events.tell({"type": "app_home_opened", "user": RITA})
        assert [told[1:] for told in heard] == [("", ""), ("1", "http_error")]
        for seconds, told in ((59, 2), (1, 3), (299, 3), (1, 4), (3600, 4)):
            world.clock.advance(seconds)
            await world.slack.events.retry_due()
            assert len(heard) == told
        assert len({told[0] for told in heard}) == 1  # the same event
        stop = True
        await world.slack.events.tell({"type": "app_home_opened", "user": RITA})
        assert len(heard) == 5
        status, stop = 200, False
        await world.slack.events.tell({"type": "app_home_opened", "user": RITA})
        assert len(heard) == 6
    finally:
        await runner.cleanup()


async def test_people_of_all_kinds_are_described_as_slack_does(world: World) -> None:
    world.slack.people[RITA].is_ultra_restricted = True
    world.slack.people[OTTO].team, world.slack.people[OTTO].tz = "T0OTHER", "Asia/Tokyo"
    guest, stranger = [(await world.api.users_info(user=user))["user"] for user in (RITA, OTTO)]
    assert (guest["is_restricted"], guest["is_ultra_restricted"], guest["is_stranger"]) == (False, True, False)
    assert (stranger["team_id"], stranger["is_stranger"], stranger["tz"]) == ("T0OTHER", True, "Asia/Tokyo")
    await world.slack.command(OTTO, GENERAL, "help")
    assert world.bot.heard[-1]["team_id"] == "T0OTHER"
    with pytest.raises(NotPossibleError):
        await world.slack.click(RITA, GENERAL, "1.1", "a")


async def test_slack_looks_at_the_address_now_and_then(world: World) -> None:
    assert (await world.slack.courier.check_tls()).error == ""
    assert world.bot.heard[-1]["ssl_check"] == "1"
