"""App Home: what waits, what was asked for, what is owned; every button works from there."""

import json

import pytest

from bot.sandbox.world import World
from tests.scenarios import stored
from tests.scenarios.asking import LINE, TRUSTED, ask, people, request_of

pytestmark = pytest.mark.anyio


async def test_an_owner_links_decides_and_confirms_from_home(world: World) -> None:
    rita, otto, _, sam = people(world)
    first = await otto.opens_home()
    assert "Nothing waits for you" in first
    assert "⬜ Link your npm account" in first
    assert "⬜ Have your packages watched" in first
    shown = await otto.clicks_home("Link my npm account")
    assert "1 thing waits for you" in shown
    assert "to log in" in shown
    assert "open until Mon 14:05 UTC" in shown
    assert otto.link() not in json.dumps(world.slack.home(otto.id))  # never the link itself
    await otto.logs_in()
    await rita.says(LINE)
    await world.advance(seconds=10)
    assert "✅ Link your npm account" in otto.home()
    assert "C-1: @rita asks: let acme/ui → release.yml publish @acme/ui" in otto.home()
    shown = await otto.clicks_home("Approve")
    assert "Confirm at npm: let acme/ui → release.yml publish @acme/ui (C-1)" in shown
    shown = await otto.clicks_home("Later, at my computer")
    assert "1 call waits for you to be ready" in shown
    assert "put off by you" in shown
    assert "Confirm at npm" in await otto.clicks_home("I'm ready")
    await otto.confirms()
    await world.advance(seconds=10)
    assert "Nothing waits for you" in otto.home()
    assert otto.home().count("· used") == 2
    assert f"C-1: ✅ {TRUSTED}" in await rita.opens_home()
    await rita.clicks_home("Details")
    assert "C-1" in rita.reads("dm")
    assert TRUSTED in request_of(world)

    await rita.says("watch @acme/*")
    await world.advance(seconds=10)
    assert "Two steps" not in otto.home()
    assert "1 of 3  @acme/\u2217" in otto.home()  # one is deprecated
    assert "@acme/tokens: downgraded" in otto.home()
    await otto.clicks_home("Set up…")
    assert "acme/" in otto.reads_form()
    await otto.submits(file="release.yml")
    assert "C-2" in otto.reads("dm") + otto.reads("dm", back=1)
    assert "C-2: @otto asks" in otto.home()
    assert "For admins" not in await sam.opens_home()
    await world.advance(hours=2)
    assert "None. A DM with a link to npm that claims to come from me is false." in otto.home()


async def test_home_follows_what_happens_and_is_published_only_where_it_says_something_else(world: World) -> None:
    rita, otto, _, sam = await ask(world)
    await rita.opens_home()
    await sam.opens_home()
    before = world.slack.home(sam.id), world.slack.workspace.homes[sam.id].hash
    await otto.clicks("Approve")
    await otto.confirms()
    await world.advance(minutes=2)
    assert TRUSTED in rita.home()
    assert (world.slack.home(sam.id), world.slack.workspace.homes[sam.id].hash) == before

    # what Slack tells twice is done once, and another app's event is nobody's
    raw = world.slack.deliveries[-1]
    assert {answer.status for answer in await world.slack.resend(raw, times=3)} == {200}
    assert (await stored.rows(world, "SELECT count(*) FROM inbox WHERE kind = 'home'")) == [(2,)]
    told = await world.slack.events.tell({"type": "app_home_opened", "user": rita.id, "tab": "messages"})
    assert told.status == 200
    assert (await stored.rows(world, "SELECT count(*) FROM inbox WHERE kind = 'home'")) == [(2,)]

    # somebody else has published since: ours is published again, over it
    world.slack.workspace.publish(rita.id, {"type": "home", "blocks": [{"type": "divider", "block_id": "x"}]})
    await otto.says("github @acme/core --file other.yml --allow-publish")
    await rita.says("github @acme/core --file more.yml --allow-publish")
    await world.advance(minutes=2)
    assert "C-3" in rita.home()
    # nobody's Home follows for ever
    await world.advance(days=2, hours=1)
    still = rita.home()
    await rita.says("cancel C-3")
    await world.advance(minutes=2)
    assert rita.home() == still
    assert "Cancelled by @rita" in await rita.opens_home()


async def test_an_admin_confirms_links_and_freezes_from_home_and_sees_what_failed(world: World) -> None:
    _, otto, olga, sam = people(world)
    await olga.links_account("dm")
    assert "Is @olga npm user olga-npm?" in await otto.opens_home()
    shown = await otto.clicks_home("Confirm")
    assert "Is @olga npm user" not in shown
    assert "You are npm user olga-npm" in await olga.opens_home()
    await otto.clicks_home("Freeze…")
    assert await otto.submits(reason="a token leaked") == {}
    assert "frozen by @otto: a token leaked" in otto.home()
    assert "[Unfreeze]" in otto.home()
    await world.advance(seconds=10)
    assert "❄️ frozen by @otto" in olga.home()
    assert "[Freeze…]" in await otto.clicks_home("Unfreeze")
    await stored.write(world, "UPDATE inbox SET state = 'failed' WHERE kind = 'command'")
    assert "a command of @olga; the log has the error" in await otto.opens_home()

    world.slack.people[sam.id].is_restricted = True
    assert "npmtrust is for full members of this workspace" in await sam.opens_home()
    world.slack.fail_next("views.publish", retry_after=20)
    world.slack.people[sam.id].is_restricted = False
    await sam.opens_home()
    assert "full members" in sam.home()
    await world.advance(seconds=30)
    assert "Nothing waits for you" in sam.home()


async def test_home_comes_by_socket_mode_and_with_a_database_that_is_down_it_is_told_again(world: World) -> None:
    otto = people(world)[1]
    await world.stop_bot()
    world.slack.socket_mode = True
    await world.start_bot()
    assert "Nothing waits for you" in await otto.opens_home()
