"""How long a session of npm's is kept: as long as something waits for it, or as long as npm lets it live."""

import pytest

from bot.sandbox.world import World
from tests.scenarios import stored
from tests.scenarios.asking import TRUSTED, ask, request_of

pytestmark = pytest.mark.anyio


async def sessions(world: World) -> tuple[int, int]:
    """Count those in the database, and those that npm knows."""
    [(kept,)] = await stored.rows(world, "SELECT count(*) FROM account_links WHERE sealed_session != ''")
    return int(kept), len(world.registry.state.sessions)


async def test_a_session_is_ended_some_minutes_after_the_last_thing_it_was_for(world: World) -> None:
    rita, otto, *_ = await ask(world)
    await world.advance(minutes=30)
    assert await sessions(world) == (1, 1)  # nothing was done with it yet: otto logged in for what comes
    await otto.clicks("Approve")
    await world.advance(minutes=15)
    assert await sessions(world) == (1, 1)  # the link was not used; what was approved waits
    await otto.clicks("I'm ready", "dm")
    await otto.confirms()
    assert TRUSTED in request_of(world)
    await world.advance(minutes=5)
    assert await sessions(world) == (1, 1)  # otto is there, and may be asked for more
    await world.advance(minutes=6)
    assert await sessions(world) == (0, 0)
    [(kind, data)] = await stored.rows(world, "SELECT kind, data FROM audit_events WHERE kind LIKE 'session.w%'")
    assert "nothing waits for it any more" in str(data), kind
    await rita.says("github @acme/core --repo acme/core --file release.yml --allow-publish")
    await otto.clicks("Approve")
    assert "Log in at npm" in otto.reads("dm")


async def test_a_session_is_kept_for_npms_two_hours_where_the_setting_says_so(world: World) -> None:
    world.settings["NPMTRUST_SESSIONS"] = "at_expiry"
    await world.restart_bot()
    _, otto, *_ = await ask(world)
    await otto.clicks("Approve")
    await otto.confirms()
    await world.advance(minutes=90)
    assert (await sessions(world))[0] == 1
    await world.advance(minutes=31)
    assert (await sessions(world))[0] == 0
