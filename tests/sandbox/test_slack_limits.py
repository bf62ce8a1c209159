"""What Slack does beyond taking a payload or not: modals on each other, marks in text, paces, repetitions."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.errors import SlackApiError

from bot.sandbox.slack_limits import BURST, TIERS, Pace
from bot.sandbox.slack_payloads import NotPossibleError
from tests.sandbox.slack_world import (
    GENERAL,
    OTTO,
    RANDOM,
    RITA,
    OwnClock,
    World,
    actions,
    button,
    call,
    modal,
    open_world,
    press,
    section,
)

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with open_world() as opened:
        yield opened


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


async def test_a_hash_guards_home(world: World) -> None:
    shown = {"type": "home", "blocks": [{"type": "divider"}]}
    first = (await world.api.views_publish(user_id=RITA, view=shown))["view"]
    second = (await world.api.views_publish(user_id=RITA, view=shown, hash=first["hash"]))["view"]
    assert (second["id"], second["hash"] != first["hash"]) == (first["id"], True)
    assert await call(world, "views.publish", user_id=RITA, view=shown, hash=first["hash"]) == "hash_conflict"
    assert await call(world, "views.publish", user_id=OTTO, view=shown, hash=first["hash"]) == "hash_conflict"


async def test_what_is_not_acknowledged_within_three_seconds_has_failed(world: World) -> None:
    assert world.slack.courier.ack_seconds == 3
    await call(world, "views.open", trigger_id=await press(world), view=modal(section("x")))
    blocks = [actions(button("a"))]
    ts = (await world.api.chat_postMessage(channel=GENERAL, text="x", blocks=blocks))["ts"]
    world.bot.delay, world.slack.courier.ack_seconds = 5, 0.05
    assert (await world.slack.click(RITA, GENERAL, ts, "a")).error == "operation_timeout"
    view = world.slack.view(RITA)
    assert view
    assert not (await world.slack.submit(RITA, view["id"], {})).ok
    assert world.slack.view(RITA)  # it stays, for another try


async def test_an_answer_changes_no_command_and_makes_nothing_public(world: World) -> None:
    async def answer(**body: object) -> None:
        url = str(world.bot.heard[-1]["response_url"])
        async with aiohttp.ClientSession() as http, http.post(url, json=body) as said:
            assert said.status == 200

    await world.slack.command(RITA, GENERAL, "help")
    await answer(text="a", replace_original=True, response_type="in_channel")
    await answer(text="b", delete_original=True)
    assert world.texts(GENERAL, RITA) == ["a", "b"]  # there was no message of the bot to take the place of
    blocks = [actions(button("press"))]
    ts = (await world.api.chat_postEphemeral(channel=GENERAL, user=RITA, text="c", blocks=blocks))["message_ts"]
    await world.slack.click(RITA, GENERAL, ts, "press")
    await answer(text="d", replace_original=True, response_type="in_channel")
    assert world.texts(GENERAL, RITA) == ["a", "b", "d"]
    assert world.texts(GENERAL, OTTO) == ["a"]


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
    await world.api.chat_postMessage(channel=OTTO, text="x" * 40_001)
    assert sum(len(message.text) for message in world.slack.messages(world.slack.dm(OTTO), OTTO)) == 40_000


async def test_a_message_may_be_changed_for_as_long_as_the_workspace_lets_it(world: World) -> None:
    world.slack.workspace.edit_window = timedelta(minutes=5)
    ts = (await world.api.chat_postMessage(channel=GENERAL, text="x"))["ts"]
    assert await call(world, "chat.update", channel=GENERAL, ts=ts, text="y") == ""
    assert await call(world, "chat.update", channel=GENERAL, ts=ts, text="y" * 4001) == "msg_too_long"
    world.clock.advance(301)
    assert await call(world, "chat.update", channel=GENERAL, ts=ts, text="z") == "edit_window_closed"
    world.slack.channels[GENERAL].is_archived = True
    assert await call(world, "chat.postMessage", channel=GENERAL, text="x") == "is_archived"
    assert await call(world, "chat.update", channel=GENERAL, ts=ts, text="y") == "is_inactive"


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


@pytest.mark.parametrize(
    ("tier", "methods"),
    [
        (20, ["usergroups.users.list"]),
        (50, ["chat.update", "conversations.open", "conversations.info", "apps.connections.open"]),
        (100, ["views.open", "views.push", "views.publish", "views.update", "users.info", "chat.postEphemeral"]),
        (100, ["conversations.members", "files.getUploadURLExternal", "files.completeUploadExternal", "files.info"]),
        (300, ["auth.test", "chat.postMessage"]),
    ],
)
def test_each_method_has_the_pace_of_its_tier(tier: int, methods: list[str]) -> None:
    clock = OwnClock()
    pace = Pace(clock)
    for method in methods:
        assert not any(pace.refuse_call(method) for _ in range(tier))
        assert pace.refuse_call(method) == 60
        clock.advance(45)
        assert pace.refuse_call(method) == 15
        clock.advance(15)
        assert pace.refuse_call(method) == 0
    assert {*TIERS.values()} == {20, 50, 100, 300}


async def test_a_user_group_is_listed_by_its_id(world: World) -> None:
    world.slack.workspace.groups["S0OWNERS"] = {OTTO, RITA}
    assert (await world.api.usergroups_users_list(usergroup="S0OWNERS"))["users"] == [OTTO, RITA]
    assert await call(world, "usergroups.users.list", usergroup="S0NONE") == "no_such_subteam"
    world.slack.scopes -= {"usergroups:read"}
    assert await call(world, "usergroups.users.list", usergroup="S0OWNERS") == "missing_scope"


async def test_a_repetition_says_why(world: World) -> None:
    event = {"type": "app_home_opened", "user": RITA}
    good = world.slack.events_url
    for url, delay, why in ((good, 5, "http_timeout"), ("http://127.0.0.1:9/slack/events", 0, "connection_failed")):
        world.slack.events_url, world.bot.delay, world.slack.courier.ack_seconds = url, delay, 0.05
        await world.slack.events.tell(event)
        assert [waiting.why for waiting in world.slack.events.waiting] == [why]
        assert world.slack.deliveries[-1].headers["X-Slack-Retry-Reason"] == why
        world.slack.events.waiting.clear()


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
