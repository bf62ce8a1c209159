"""Slack or the database misbehaves: what is committed is shown in the end, once, and nothing is promised in vain."""

import sqlite3
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest

from bot.sandbox.cast import GENERAL, OWNER, RELEASES, REQUESTER
from bot.sandbox.slack_state import Content, SlackMessage
from bot.sandbox.world import Actor, World, open_world

pytestmark = pytest.mark.anyio

LINE = "github @acme/ui --repo acme/ui --file release.yml --allow-publish"
TRUSTED = "@acme/ui now trusts acme/ui → release.yml"
HERE = GENERAL[0]


async def ask(world: World) -> tuple[Actor, Actor]:
    """Let Rita ask, and Otto have his account linked."""
    rita, otto = world.person(REQUESTER), world.person(OWNER)
    await otto.links_account()
    await rita.says(LINE)
    return rita, otto


def copies_of(world: World, person: Actor, place: str = HERE) -> list[SlackMessage]:
    """List the messages that show the request."""
    return [message for message in person.messages(place) if "C-1\n" in world.slack.text_of(message)]


def as_content(message: SlackMessage) -> Content:
    return Content(message.text, tuple(message.blocks))


async def read_failures(world: World) -> dict[str, str]:
    """Ask the bot whether it is ready."""
    assert world.app
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{world.app.port}/readyz") as answer:
        failed: dict[str, str] = (await answer.json())["failed"]
        return failed


def request_of(world: World, person: Actor, place: str = HERE) -> str:
    [message] = copies_of(world, person, place)
    return world.slack.text_of(message)


async def test_what_happened_while_slack_was_down_is_shown_once_when_it_is_back(world: World) -> None:
    _, otto = await ask(world)
    world.slack.outage = True
    await otto.clicks("Approve")
    await world.advance(minutes=5)
    assert "Needs 1 of @otto" in request_of(world, otto)
    world.slack.outage = False
    await world.advance(minutes=1)
    assert "Waits for @otto to confirm at npm" in request_of(world, otto)
    world.slack.outage = True
    await otto.confirms()
    assert world.registry.configurations("@acme/ui")
    await world.advance(minutes=30)
    world.slack.outage = False
    await world.advance(minutes=2)
    assert TRUSTED in request_of(world, otto)
    assert otto.reads_all("dm").count("Confirmed at npm") == 1


async def test_a_request_made_while_slack_is_down_is_posted_when_it_is_back(world: World) -> None:
    rita = world.person(REQUESTER)
    world.slack.outage = True
    await rita.says(LINE)
    await world.clock.advance(minutes=10)
    world.slack.outage = False
    await world.advance(minutes=2)
    assert "asks: let acme/ui → release.yml publish @acme/ui" in request_of(world, rita)
    assert "Asked as C-1" in rita.reads_all()


async def test_when_slack_asks_for_a_pause_nothing_is_sent_until_it_is_over(world: World) -> None:
    rita = world.person(REQUESTER)
    world.slack.fail_next("chat.postMessage", retry_after=20)
    await rita.says(LINE)
    await world.settle(10)
    assert not copies_of(world, rita)
    await world.settle(10)
    assert "C-1" in request_of(world, rita)


async def test_a_message_that_somebody_deleted_is_posted_again_when_there_is_something_to_show(world: World) -> None:
    _, otto = await ask(world)
    await otto.clicks("Approve")
    [message] = copies_of(world, otto)
    world.slack.workspace.delete(message)
    await otto.confirms()
    assert TRUSTED in request_of(world, otto)


async def test_what_a_closed_channel_cannot_show_goes_to_its_people_by_dm(world: World) -> None:
    rita, otto = await ask(world)
    await otto.clicks("Approve")
    world.slack.channels[HERE].is_archived = True
    await otto.confirms()
    for person in (rita, otto):
        assert f"I cannot post in #{GENERAL[1]} any more" in person.reads_all("dm")
        assert TRUSTED in request_of(world, person, "dm")
    world.slack.channels[HERE].is_archived = False
    await world.advance(hours=1)
    assert TRUSTED in request_of(world, otto)


async def test_a_request_can_be_decided_by_dm_when_the_bot_was_thrown_out_of_the_channel(world: World) -> None:
    world.settings["NPMTRUST_CHANNEL"] = RELEASES[0]
    await world.stop_bot()
    await world.start_bot()
    rita, otto = world.person(REQUESTER), world.person(OWNER)
    await otto.links_account()
    world.slack.fail_next("chat.postMessage", error="not_in_channel")
    await rita.says(LINE)
    assert "Needs 1 of @otto" in request_of(world, otto, "dm")
    await otto.clicks("Approve", "dm")
    await otto.confirms()
    assert TRUSTED in request_of(world, rita, "dm")


async def test_a_press_on_a_copy_that_the_bot_does_not_know_repairs_it(world: World) -> None:
    """The bot died when Slack had posted and not yet answered: the message stands there twice."""
    rita, otto = await ask(world)
    [message] = copies_of(world, otto)
    world.slack.workspace.post(HERE, (message.user, message.username), as_content(message))
    await otto.clicks("Approve")
    await otto.confirms()
    shown = [world.slack.text_of(copy) for copy in copies_of(world, otto)]
    assert len(shown) == 2
    assert all(TRUSTED in text for text in shown)
    assert len(world.registry.accepted_creates) == 1
    assert rita.reads_all().count(TRUSTED) == 2


async def test_while_the_database_is_locked_the_ack_says_that_nothing_was_stored(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world:
        rita = world.person(REQUESTER)
        with closing(sqlite3.connect(tmp_path / "npmtrust.sqlite3", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            delivered = await world.slack.command(rita.id, HERE, LINE)
        assert (delivered.status, delivered.error) == (200, "")
        assert "Nothing was stored: my database does not answer." in rita.reads()
        await world.advance(minutes=1)
        assert "C-1" not in rita.reads_all()
        await rita.says(LINE)
        assert "Asked as C-1" in rita.reads_all()


async def test_a_command_that_was_typed_while_slack_was_down_is_answered_when_it_is_back(world: World) -> None:
    rita = world.person(REQUESTER)
    world.slack.outage = True
    await rita.says("pending")
    await world.advance(minutes=2)
    world.slack.outage = False
    await world.advance(minutes=2)
    assert rita.reads_all().count("Nothing is open.") == 1


@pytest.mark.parametrize("code", ["token_revoked", "account_inactive"])
async def test_a_token_that_slack_refuses_in_the_middle_is_seen_and_nothing_is_lost(
    world: World, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert world.app
    _, otto = await ask(world)
    world.slack.refusal = code
    await otto.clicks("Approve")
    assert "Needs 1 of @otto" in request_of(world, otto)
    assert await read_failures(world) == {"slack": f"Slack refuses the bot token: {code}"}
    assert caplog.text.count("nothing is sent until that is put right") == 1
    world.slack.refusal = ""
    await world.advance(minutes=2)
    assert "Waits for @otto to confirm at npm" in request_of(world, otto)
    assert await read_failures(world) == {}
    await otto.confirms()
    assert TRUSTED in request_of(world, otto)
    assert len(world.registry.accepted_creates) == 1
