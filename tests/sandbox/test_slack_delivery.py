from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.errors import SlackApiError

from bot.sandbox.slack_payloads import NotPossibleError, Press
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


DIALOG = modal(section("x"))


async def post(url: str, **answer: object) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.post(url, json=answer) as response:
        return response.status, await response.text()


async def test_a_command_has_all_that_slack_sends(world: World) -> None:
    delivered = await world.slack.command(RITA, GENERAL, "github @acme/ui —file release.yml")
    (form,) = world.bot.heard
    assert (delivered.status, delivered.error) == (200, "")
    assert set(form) == {
        "token",
        "team_id",
        "team_domain",
        "channel_id",
        "channel_name",
        "user_id",
        "user_name",
        "command",
        "text",
        "api_app_id",
        "is_enterprise_install",
        "response_url",
        "trigger_id",
    }
    assert form["text"] == "github @acme/ui —file release.yml"
    assert (form["command"], form["user_id"], form["channel_name"]) == ("/npmtrust", RITA, "general")
    assert form["response_url"].startswith(world.slack.url)


async def test_direct_messages_and_private_channels_do_not_tell_their_name(world: World) -> None:
    world.slack.channels[RANDOM].is_private = True
    await world.slack.command(RITA, world.slack.dm(RITA), "")
    await world.slack.command(RITA, RANDOM, "")
    assert [form["channel_name"] for form in world.bot.heard] == ["directmessage", "privategroup"]


@pytest.mark.parametrize(
    ("ack", "shown"),
    [
        (web.Response, []),
        (lambda: web.Response(text="I look."), ["I look."]),
        (lambda: web.json_response({"text": "x", "blocks": [section("I *look*.")]}), ["I *look*."]),
        (lambda: web.json_response({}), []),
        (lambda: web.Response(status=404), ['`/npmtrust` failed with the error "http_client_error"']),
        (lambda: web.Response(status=500), ['`/npmtrust` failed with the error "http_service_error"']),
        (
            lambda: web.json_response({"blocks": [{"type": "x"}]}),
            ['`/npmtrust` failed with the error "invalid_blocks"'],
        ),
    ],
)
async def test_the_ack_of_a_command_is_shown_to_the_person_alone(
    world: World, ack: type[web.Response], shown: list[str]
) -> None:
    world.bot.answer = lambda _form: ack()
    await world.slack.command(RITA, GENERAL, "list")
    assert world.texts(GENERAL, RITA) == shown
    assert world.texts(GENERAL, OTTO) == []


async def test_an_ack_for_the_channel_shows_what_was_typed_too(world: World) -> None:
    world.bot.answer = lambda _form: web.json_response({"response_type": "in_channel", "text": "All of it."})
    await world.slack.command(RITA, GENERAL, "list <x>")
    assert world.texts(GENERAL, OTTO) == ["/npmtrust list <x>", "All of it."]


async def test_a_bot_that_takes_too_long_is_a_timeout(world: World) -> None:
    world.bot.delay, world.slack.courier.ack_seconds = 5, 0.05
    delivered = await world.slack.command(RITA, GENERAL, "list")
    assert (delivered.status, delivered.error) == (0, "operation_timeout")
    assert world.texts(GENERAL, RITA) == ['`/npmtrust` failed with the error "operation_timeout"']


async def test_a_bot_that_is_not_there_is_a_failed_dispatch(world: World) -> None:
    for nowhere in ("", "http://127.0.0.1:9/slack/events"):
        world.slack.events_url = nowhere
        assert (await world.slack.command(RITA, GENERAL, "list")).error == "dispatch_failed"


async def test_an_unknown_command_never_reaches_the_bot(world: World) -> None:
    await world.slack.command(RITA, GENERAL, "x", command="/deploy")
    assert world.bot.heard == []
    assert world.texts(GENERAL, RITA) == ["`/deploy` is not a valid command."]


async def test_a_click_carries_message_and_button(world: World) -> None:
    blocks = [actions(button("approve", value="42"), button("open", url="https://a.example/x"))]
    ts = (await world.api.chat_postMessage(channel=GENERAL, text="x", blocks=blocks))["ts"]
    await world.slack.click(OTTO, GENERAL, ts, "approve")
    await world.slack.click(OTTO, GENERAL, ts, "open")
    first, second = world.bot.heard
    assert first["type"] == "block_actions"
    assert first["user"]["id"] == OTTO
    assert first["container"] == {"type": "message", "message_ts": ts, "channel_id": GENERAL, "is_ephemeral": False}
    assert (first["channel"]["id"], first["team"]["id"], first["enterprise"]) == (GENERAL, "T0ACME", None)
    assert first["message"]["blocks"][0]["elements"][0]["value"] == "42"
    assert first["message"]["bot_id"] == "B0NPMTRUST"
    (action,) = first["actions"]
    assert (action["action_id"], action["value"], action["type"]) == ("approve", "42", "button")
    assert action["block_id"] == first["message"]["blocks"][0]["block_id"]
    assert second["actions"][0]["action_id"] == "open"
    assert "value" not in second["actions"][0]


async def test_two_buttons_of_one_action_are_told_apart_by_block_or_value(world: World) -> None:
    blocks = [{**actions(button("approve", value=str(n))), "block_id": f"step-{n}"} for n in range(2)]
    ts = (await world.api.chat_postMessage(channel=GENERAL, text="x", blocks=blocks))["ts"]
    await world.slack.press(Press(OTTO, "approve", GENERAL, ts, block_id="step-1"))
    await world.slack.click(OTTO, GENERAL, ts, "approve", value="1")
    assert [(p["actions"][0]["block_id"], p["actions"][0]["value"]) for p in world.bot.heard] == [("step-1", "1")] * 2


async def test_choosing_an_option_sends_the_option(world: World) -> None:
    options = [{"text": plain("One"), "value": "1"}, {"text": plain("Two"), "value": "2"}]
    blocks = [actions({"type": "overflow", "action_id": "more", "options": options})]
    ts = (await world.api.chat_postMessage(channel=GENERAL, text="x", blocks=blocks))["ts"]
    await world.slack.click(OTTO, GENERAL, ts, "more", value="2")
    assert world.bot.heard[0]["actions"][0]["selected_option"] == options[1]


async def test_a_click_on_an_ephemeral_message_does_not_carry_it(world: World) -> None:
    ts = (await world.api.chat_postEphemeral(channel=GENERAL, user=RITA, text="x", blocks=[actions(button("edit"))]))[
        "message_ts"
    ]
    await world.slack.click(RITA, GENERAL, ts, "edit")
    (payload,) = world.bot.heard
    assert payload["container"]["is_ephemeral"] is True
    assert payload["container"]["message_ts"] == ts
    assert "message" not in payload


async def test_what_a_client_would_not_offer_is_not_possible(world: World) -> None:
    ts = (await world.api.chat_postMessage(channel=GENERAL, text="x", blocks=[actions(button("a"))]))["ts"]
    mine = await world.api.chat_postEphemeral(channel=GENERAL, user=RITA, text="x", blocks=[actions(button("a"))])
    for user, channel, stamp, action in [
        (OTTO, GENERAL, ts, "b"),
        (OTTO, GENERAL, "1.1", "a"),
        (OTTO, GENERAL, mine["message_ts"], "a"),
        (OTTO, world.slack.dm(RITA), ts, "a"),
        ("U0NOBODY", GENERAL, ts, "a"),
        ("U0NPMTRUST", GENERAL, ts, "a"),
    ]:
        with pytest.raises(NotPossibleError):
            await world.slack.click(user, channel, stamp, action)
    assert world.bot.heard == []


async def test_a_value_that_was_never_there_can_be_sent(world: World) -> None:
    ts = (await world.api.chat_postMessage(channel=GENERAL, text="x"))["ts"]
    await world.slack.click(OTTO, GENERAL, ts, "approve", value="forged")
    assert world.bot.heard[0]["actions"][0]["value"] == "forged"


async def test_a_delivery_can_be_replayed_forged_and_sent_late(world: World) -> None:
    await world.slack.command(RITA, GENERAL, "list")
    (raw,) = world.slack.deliveries
    assert [again.status for again in await world.slack.resend(raw, times=2)] == [200, 200]
    assert world.bot.heard == [world.bot.heard[0]] * 3
    stale = world.slack.courier.sign(raw.body, at=world.clock.now() - timedelta(minutes=6))
    forged = type(raw)(raw.headers, raw.body + b"x")
    assert [(await world.slack.resend(bad))[0].status for bad in (stale, forged)] == [401, 401]


# Trigger ids


async def test_a_trigger_opens_one_modal(world: World) -> None:
    await world.slack.command(RITA, GENERAL, "github")
    trigger = world.bot.heard[0]["trigger_id"]
    await world.api.views_open(trigger_id=trigger, view=DIALOG)
    assert world.slack.view(RITA)
    assert world.slack.view(OTTO) is None
    with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
        await world.api.views_open(trigger_id=trigger, view=DIALOG)


async def test_a_trigger_lives_three_seconds(world: World) -> None:
    await world.slack.command(RITA, GENERAL, "github")
    world.clock.advance(3.001)
    with pytest.raises(SlackApiError, match="expired_trigger_id"):
        await world.api.views_open(trigger_id=world.bot.heard[0]["trigger_id"], view=DIALOG)


# Answers to a response_url


async def test_a_response_url_takes_five_ephemeral_answers(world: World) -> None:
    await world.slack.command(RITA, GENERAL, "list")
    url = world.bot.heard[0]["response_url"]
    answers = [await post(url, text=f"answer {n}") for n in range(6)]
    assert answers == [(200, "ok")] * 5 + [(404, "used_url")]
    assert world.texts(GENERAL, RITA) == [f"answer {n}" for n in range(5)]
    assert world.texts(GENERAL, OTTO) == []


async def test_a_response_url_lives_30_minutes_and_works_where_the_bot_is_no_member(world: World) -> None:
    await world.slack.command(RITA, RANDOM, "list")
    url = world.bot.heard[0]["response_url"]
    assert await post(url, text="to all", response_type="in_channel") == (200, "ok")
    assert world.texts(RANDOM, OTTO) == ["to all"]
    world.clock.advance(30 * 60 + 1)
    assert await post(url, text="late") == (404, "expired_url")
    assert await post(url + "x", text="guessed") == (404, "expired_url")


async def test_an_answer_may_replace_or_delete_an_ephemeral_message(world: World) -> None:
    ts = (await world.api.chat_postEphemeral(channel=GENERAL, user=RITA, text="x", blocks=[actions(button("a"))]))[
        "message_ts"
    ]
    await world.slack.click(RITA, GENERAL, ts, "a")
    url = world.bot.heard[0]["response_url"]
    assert await post(url, text="other", replace_original=True) == (200, "ok")
    assert [(m.ts, m.text, m.blocks) for m in world.slack.messages(GENERAL, RITA)] == [(ts, "other", [])]
    assert await post(url, text="beside it") == (200, "ok")
    assert await post(url, delete_original=True) == (200, "ok")
    assert world.texts(GENERAL, RITA) == ["beside it"]


async def test_a_bad_answer_is_refused_and_not_counted(world: World) -> None:
    await world.slack.command(RITA, GENERAL, "list")
    url = world.bot.heard[0]["response_url"]
    assert [await post(url) for _ in range(3)] == [(400, "no_text")] * 3
    assert await post(url, text="x", blocks=[{"type": "x"}]) == (400, "invalid_blocks")
    world.slack.fail_next("response_url", status=500)
    assert (await post(url, text="x"))[0] == 500
    assert await post(url, text="x") == (200, "ok")
