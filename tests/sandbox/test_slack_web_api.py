from collections.abc import AsyncIterator

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.sandbox.slack_world import (
    GENERAL,
    OTTO,
    RANDOM,
    RITA,
    World,
    actions,
    button,
    modal,
    open_world,
    plain,
    section,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with open_world() as opened:
        yield opened


async def refusal(world: World, method: str, **arguments: object) -> str:
    with pytest.raises(SlackApiError) as refused:
        await world.api.api_call(method, json=arguments)
    return str(refused.value.response["error"])


async def test_the_bot_learns_who_it_is(world: World) -> None:
    answer = await world.api.auth_test()
    assert (answer["team_id"], answer["user_id"], answer["bot_id"]) == ("T0ACME", "U0NPMTRUST", "B0NPMTRUST")


async def test_a_wrong_token_is_refused(world: World) -> None:
    with pytest.raises(SlackApiError, match="invalid_auth"):
        await AsyncWebClient("xoxb-other", base_url=world.slack.api_url).auth_test()


async def test_no_token_is_refused(world: World) -> None:
    async with aiohttp.ClientSession() as session, session.post(f"{world.slack.api_url}auth.test") as answer:
        assert await answer.json() == {"ok": False, "error": "not_authed"}


async def test_a_message_with_blocks_comes_by_json_and_stands_as_sent(world: World) -> None:
    posted = await world.api.chat_postMessage(channel=GENERAL, text="a &lt;b&gt;", blocks=[section("a &lt;b&gt;")])
    (message,) = world.slack.messages(GENERAL, RITA)
    assert (posted["channel"], posted["ts"]) == (GENERAL, message.ts)
    assert message.text == "a &lt;b&gt;"
    assert world.texts(GENERAL, RITA) == ["a <b>"]


async def test_a_form_with_blocks_as_json_text_is_read_too(world: World) -> None:
    form = {"channel": GENERAL, "text": "x", "blocks": '[{"type": "divider"}]'}
    await world.api.api_call("chat.postMessage", data=form)
    assert world.slack.messages(GENERAL, RITA)[0].blocks[0]["type"] == "divider"


async def test_a_persons_id_stands_for_the_direct_messages(world: World) -> None:
    opened = await world.api.conversations_open(users=OTTO)
    posted = await world.api.chat_postMessage(channel=OTTO, text="hello")
    assert posted["channel"] == opened["channel"]["id"] == world.slack.dm(OTTO)
    assert world.texts(world.slack.dm(OTTO), OTTO) == ["hello"]


async def test_every_message_has_its_own_increasing_ts_though_the_clock_stands(world: World) -> None:
    stamps = [(await world.api.chat_postMessage(channel=GENERAL, text="x"))["ts"] for _ in range(5)]
    assert stamps == sorted(set(stamps))


async def test_an_update_without_blocks_takes_the_blocks_away(world: World) -> None:
    posted = await world.api.chat_postMessage(channel=GENERAL, text="x", blocks=[section("x")])
    await world.api.chat_update(channel=GENERAL, ts=posted["ts"], text="y")
    (message,) = world.slack.messages(GENERAL, RITA)
    assert (message.text, message.blocks, message.edited) == ("y", [], True)


async def test_an_update_with_blocks_leaves_no_mark(world: World) -> None:
    posted = await world.api.chat_postMessage(channel=GENERAL, text="x")
    await world.api.chat_update(channel=GENERAL, ts=posted["ts"], text="y", blocks=[section("y")])
    assert not world.slack.messages(GENERAL, RITA)[0].edited


async def test_an_ephemeral_message_is_seen_by_one_and_cannot_be_updated(world: World) -> None:
    posted = await world.api.chat_postEphemeral(channel=GENERAL, user=RITA, text="psst")
    assert world.texts(GENERAL, RITA) == ["psst"]
    assert world.texts(GENERAL, OTTO) == []
    assert (
        await refusal(world, "chat.update", channel=GENERAL, ts=posted["message_ts"], text="y") == "message_not_found"
    )


async def test_people_are_described_with_what_tests_say_about_them(world: World) -> None:
    world.slack.people[RITA].deleted = True
    user = (await world.api.users_info(user=RITA))["user"]
    assert (user["profile"]["email"], user["deleted"], user["is_bot"], user["team_id"]) == (
        "rita@acme.example",
        True,
        False,
        "T0ACME",
    )
    assert await refusal(world, "conversations.open", users=RITA) == "user_disabled"
    assert await refusal(world, "chat.postMessage", channel=RITA, text="x") == "channel_not_found"


async def test_channels_say_whether_the_bot_is_a_member(world: World) -> None:
    known = [(await world.api.conversations_info(channel=c))["channel"] for c in (GENERAL, RANDOM)]
    assert [channel["is_member"] for channel in known] == [True, False]
    direct = (await world.api.conversations_info(channel=world.slack.dm(RITA)))["channel"]
    assert (direct["is_im"], direct["user"]) == (True, RITA)


async def test_members_come_in_pages(world: World) -> None:
    members: list[str] = []
    async for page in await world.api.conversations_members(channel=GENERAL, limit=2):
        members += page["members"]
    assert sorted(members) == ["U0NPMTRUST", "U0OLGA", "U0OTTO", "U0RITA", "U0SAM"]


@pytest.mark.parametrize(
    ("method", "arguments", "error"),
    [
        ("chat.postMessage", {"channel": "C0NOWHERE", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "#general", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": RANDOM, "text": "x"}, "not_in_channel"),
        ("chat.postMessage", {"channel": GENERAL}, "no_text"),
        ("chat.postMessage", {"channel": GENERAL, "text": "", "blocks": []}, "no_text"),
        ("chat.postMessage", {"channel": GENERAL, "text": "x", "blocks": "[{"}, "invalid_blocks_format"),
        ("chat.postMessage", {"channel": GENERAL, "text": "x", "blocks": {"type": "divider"}}, "invalid_blocks_format"),
        ("chat.postEphemeral", {"channel": GENERAL, "user": "U0NOBODY", "text": "x"}, "user_not_found"),
        ("chat.postEphemeral", {"channel": "D0OTTO", "user": RITA, "text": "x"}, "user_not_in_channel"),
        # a person's id is no channel for an update
        ("chat.update", {"channel": OTTO, "ts": "1.1", "text": "x"}, "channel_not_found"),
        ("chat.update", {"channel": GENERAL, "ts": "1.1", "text": "x"}, "message_not_found"),
        ("conversations.open", {"users": "U0NOBODY"}, "user_not_found"),
        ("conversations.open", {"users": "U0NPMTRUST"}, "cannot_dm_bot"),
        ("conversations.info", {"channel": "C0NOWHERE"}, "channel_not_found"),
        ("conversations.members", {"channel": GENERAL, "cursor": "x"}, "invalid_cursor"),
        ("users.info", {"user": "U0NOBODY"}, "user_not_found"),
        ("views.open", {"trigger_id": "1.T.x", "view": modal(section("x"))}, "invalid_trigger_id"),
        ("views.update", {"view_id": "V0", "view": modal(section("x"))}, "not_found"),
        ("chat.shout", {}, "unknown_method"),
    ],
)
async def test_slacks_own_errors_are_given(world: World, method: str, arguments: dict[str, object], error: str) -> None:
    assert await refusal(world, method, **arguments) == error


async def test_a_persons_message_cannot_be_updated(world: World) -> None:
    world.slack.write(RITA, GENERAL, "mine")
    ts = world.slack.messages(GENERAL, RITA)[0].ts
    assert await refusal(world, "chat.update", channel=GENERAL, ts=ts, text="x") == "cant_update_message"


async def test_an_update_over_4000_characters_is_refused(world: World) -> None:
    ts = (await world.api.chat_postMessage(channel=GENERAL, text="x"))["ts"]
    assert await refusal(world, "chat.update", channel=GENERAL, ts=ts, text="x" * 4001) == "msg_too_long"


async def test_archived_and_hidden_channels_refuse_posts(world: World) -> None:
    world.slack.channels[GENERAL].is_archived = True
    world.slack.channels[RANDOM].is_private = True
    assert await refusal(world, "chat.postMessage", channel=GENERAL, text="x") == "is_archived"
    assert await refusal(world, "conversations.info", channel=RANDOM) == "channel_not_found"


async def test_bad_blocks_are_refused_with_slacks_sentences(world: World) -> None:
    with pytest.raises(SlackApiError) as refused:
        await world.api.chat_postMessage(channel=GENERAL, text="x", blocks=[section("x" * 3001)])
    assert refused.value.response["error"] == "invalid_blocks"
    assert refused.value.response["response_metadata"]["messages"] == [
        "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    ]


async def test_a_failure_can_be_ordered_for_one_call(world: World) -> None:
    world.slack.fail_next("auth.test", error="fatal_error")
    world.slack.fail_next("auth.test", retry_after=7)
    assert await refusal(world, "auth.test") == "fatal_error"
    with pytest.raises(SlackApiError) as throttled:
        await world.api.auth_test()
    assert throttled.value.response.status_code == 429
    assert throttled.value.response.headers["Retry-After"] == "7"
    assert (await world.api.auth_test())["ok"]


async def test_in_an_outage_calls_and_answers_get_their_connection_closed(world: World) -> None:
    world.slack.outage = True
    async with aiohttp.ClientSession() as session:
        for path in ("/api/auth.test", "/response/any"):
            with pytest.raises(aiohttp.ClientConnectionError):
                await session.post(world.slack.url + path)
    world.slack.outage = False
    assert (await world.api.auth_test())["ok"]


async def test_after_a_stop_it_starts_at_the_same_port_with_its_state(world: World) -> None:
    await world.api.chat_postMessage(channel=GENERAL, text="before")
    url = world.slack.url
    await world.slack.stop()
    await world.slack.start()
    assert world.slack.url == url
    await world.api.chat_postMessage(channel=GENERAL, text="after")
    assert world.texts(GENERAL, RITA) == ["before", "after"]


async def test_blocks_without_ids_get_some(world: World) -> None:
    await world.api.chat_postMessage(
        channel=GENERAL, text="x", blocks=[actions({"type": "button", "text": plain("Go")}), actions(button("a"))]
    )
    first, second = world.slack.messages(GENERAL, RITA)[0].blocks
    assert first["block_id"] != second["block_id"]
    assert first["elements"][0]["action_id"]


@pytest.mark.parametrize(
    ("missing", "method", "arguments"),
    [
        ("chat:write", "chat.postMessage", {"channel": GENERAL, "text": "Hello"}),
        ("im:write", "conversations.open", {"users": RITA}),
        ("users:read", "users.info", {"user": RITA}),
        ("channels:read", "conversations.info", {"channel": GENERAL}),
        ("channels:read", "conversations.members", {"channel": "C0NOWHERE"}),
        ("files:write", "files.getUploadURLExternal", {"filename": "a.csv", "length": 1}),
    ],
)
async def test_a_token_may_do_what_its_scopes_say(
    world: World, missing: str, method: str, arguments: dict[str, object]
) -> None:
    world.slack.scopes -= {missing}
    assert await refusal(world, method, **arguments) == "missing_scope"


async def test_a_conversation_needs_the_scope_of_its_kind(world: World) -> None:
    world.slack.channels[RANDOM].is_private = True
    world.slack.scopes -= {"groups:read", "im:read"}
    assert await refusal(world, "conversations.info", channel=RANDOM) == "missing_scope"
    assert await refusal(world, "conversations.info", channel=world.slack.dm(RITA)) == "missing_scope"
    assert (await world.api.conversations_info(channel=GENERAL))["ok"]


async def test_without_its_scope_nobody_has_an_e_mail(world: World) -> None:
    world.slack.scopes -= {"users:read.email"}
    assert "email" not in (await world.api.users_info(user=RITA))["user"]["profile"]


async def test_each_answer_names_scopes_and_the_time(world: World) -> None:
    headers = (await world.api.auth_test()).headers
    assert headers["X-OAuth-Scopes"].split(",") == sorted(world.slack.scopes)
    assert headers["Date"] == "Wed, 04 Mar 2026 14:05:00 GMT"
