"""What people do when Slack speaks to the bot by Socket Mode, and its connections come and go meanwhile."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox.cast import OWNER
from bot.sandbox.world import World, open_world
from handlers.socket_mode import CONNECTIONS
from tests.scenarios.asking import LINE, TRUSTED, ask, creates, people, request_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world(prepared_folder: Path, database_settings: dict[str, str]) -> AsyncIterator[World]:
    async with open_world(prepared_folder, socket_mode=True, **database_settings) as opened:
        yield opened


async def test_everything_that_slack_sends_twice_by_two_connections_is_done_once(world: World) -> None:
    world.slack.sockets.copies = 2
    _, otto, _, _ = await ask(world)
    await otto.clicks("Approve")
    await otto.confirms()
    assert TRUSTED in request_of(world)
    assert creates(world) == 1
    assert otto.reads_all().count("C-1 is approved") == 1


async def test_a_form_shows_its_mistakes_and_closes_when_it_is_right(world: World) -> None:
    rita, _, _, sam = people(world)
    await rita.says("github")
    assert set(await rita.submits(packages="@acme/ui", file="ci/release.yml", repo="acme/ui")) == {"file"}
    assert await rita.submits(packages="@acme/ui", file="release.yml", repo="acme/ui") == {}
    assert "@rita asks: let acme/ui → release.yml publish @acme/ui" in sam.reads()


async def test_a_request_goes_on_while_slack_replaces_and_cuts_connections(world: World) -> None:
    sockets = world.slack.sockets
    _, otto, _, _ = await ask(world)
    await sockets.disconnect("refresh_requested")
    await otto.clicks("Approve")
    await sockets.wait_for(lambda: len(sockets.connections) == 2 * CONNECTIONS)
    cut = {*sockets.connections}
    for connection in cut:
        connection.drop()
    await sockets.wait_for(lambda: len(sockets.connections) == CONNECTIONS and not cut & {*sockets.connections})
    assert "Waits for @otto to confirm at npm" in await otto.says("status C-1")
    await otto.confirms()
    assert TRUSTED in request_of(world)
    assert creates(world) == 1


async def test_a_bot_that_is_away_fails_visibly_and_takes_the_same_again(world: World) -> None:
    rita, otto, _, _ = people(world)
    await otto.links_account()
    await world.stop_bot()
    assert '"dispatch_failed"' in await rita.says(LINE)
    await world.start_bot()
    await rita.says(LINE)
    assert "Asked as C-1" in rita.reads_all()
    assert f"Needs 1 of @{OWNER.name}" in request_of(world)
