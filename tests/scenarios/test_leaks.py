"""The search with which every scenario ends finds what it is there for, in each place."""

import logging
from pathlib import Path

import pytest

from bot.messages.message import Message
from bot.sandbox.cast import GENERAL
from bot.sandbox.slack_state import JsonObject
from bot.sandbox.world import BOT_TOKEN, SIGNING_SECRET, World, open_world
from tests.scenarios import stored
from tests.scenarios.asking import people
from tests.scenarios.leaks import searched

pytestmark = pytest.mark.anyio


@pytest.fixture
def no_secret_leaks() -> None:
    """Is done by hand here."""


def with_link(url: str, text: str = "Confirm at npm") -> Message:
    button: JsonObject = {
        "type": "button",
        "action_id": "open_npm",
        "url": url,
        "text": {"type": "plain_text", "text": "Open"},
    }
    section = {"type": "section", "text": {"type": "plain_text", "text": text}}
    return Message(text, (section, {"type": "actions", "elements": [button]}))


async def leave_everywhere(world: World) -> dict[str, str]:
    """Leave a secret in each place, each another; tell how the search names where it stands."""
    _, otto, olga, _ = people(world)
    await olga.links_account()
    assert world.app is not None
    notifier = world.app.services.notifier
    first, second, third, fourth = (world.registry.state.open_session("otto-npm").token for _ in range(4))
    for column, value in (("npm_email", first), ("slack_name", second), ("slack_name", "Olga")):
        await stored.write(world, f"UPDATE account_links SET {column} = '{value}'")  # noqa: S608 -- our own values
    log = logging.getLogger("bot.workflow")
    log.debug("with %s", BOT_TOKEN)
    log.warning("it failed", exc_info=ValueError(SIGNING_SECRET))
    await notifier.post(GENERAL[0], Message(f"the session {third}", ()))
    message = otto.messages()[-1]
    await notifier.upload_file(GENERAL[0], message.ts, "report.csv", f"a,{fourth}".encode(), title="Report")
    answer = next(iter(world.slack.tickets.responses))
    await notifier.update(GENERAL[0], message.ts, Message(f"{world.slack.response_base}{answer}", ()))
    shared, in_channel, in_text, own = await _links(world)
    for channel in (otto.id, olga.id):
        await notifier.post(channel, with_link(shared))
    await notifier.post(GENERAL[0], with_link(in_channel))
    await notifier.post(otto.id, with_link(own, f"Open {in_text}"))
    told = "what Slack was told"
    places = {first: "the rows", second: "npmtrust.sqlite3", BOT_TOKEN: "the log", SIGNING_SECRET: "the log"}
    places |= {third: told, fourth: "a file", answer: told}
    return places | {_id(shared): "{", _id(in_channel): "{''}", _id(in_text): "chat.postMessage"}


async def _links(world: World) -> list[str]:
    assert world.app is not None
    registry = world.app.services.registry
    return [(await registry.start_login()).auth_url.get_secret_value() for _ in range(4)]


def _id(url: str) -> str:
    return url.rpartition("/")[2]


async def test_a_secret_that_was_left_somewhere_is_found_and_a_link_in_its_dm_is_no_leak(prepared_folder: Path) -> None:
    with pytest.raises(AssertionError) as told:
        async with open_world(prepared_folder) as world, searched(world):
            places = await leave_everywhere(world)
    found = str(told.value)
    assert [f"{secret} in {place}" for secret, place in places.items() if f"{secret} in {place}" not in found] == []
    links = world.registry.state.handoffs
    assert {link for link in links if link in found} == {secret for secret in places if secret in links}
    assert len(links) == 5
