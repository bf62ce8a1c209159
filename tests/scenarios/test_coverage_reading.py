"""How public data is read: politely, by night and when somebody asks, and through everything that npm does to it."""

from dataclasses import replace

import pytest

from bot.sandbox.cast import GENERAL, OWNER, RANDOM, RELEASES, REQUESTER, STRANGER, SeedPackage
from bot.sandbox.releases import Spoil
from bot.sandbox.slack_state import SlackMessage
from bot.sandbox.world import World

pytestmark = pytest.mark.anyio


def coverage_in(world: World, channel: str = GENERAL[0]) -> SlackMessage:
    """Tell the one coverage of a channel."""
    seen = world.slack.messages(channel, STRANGER.slack_id)
    [found] = [message for message in seen if not message.ephemeral and "@acme" in world.slack.text_of(message)]
    return found


def reads_of(world: World, *names: str, status: int = 0) -> int:
    """Count how often packages were read."""
    paths = [f"/{name.replace('/', '%2f')}" for name in names]
    return sum(call.path in paths and status in (0, call.status) for call in world.registry.calls)


async def test_whatever_npm_answers_for_a_package_is_told_and_the_others_are_read(world: World) -> None:
    rita = world.person(REQUESTER)
    seed = SeedPackage("", ("rita-npm",), "odd/odd", evidence="trusted")
    for spoil in Spoil:
        world.registry.add_package(replace(seed, name=f"@odd/{spoil.name.lower().replace('_', '-')}"))
        world.registry.spoil(f"@odd/{spoil.name.lower().replace('_', '-')}", spoil)
    world.registry.add_package(replace(seed, name="@odd/gone", evidence="unpublished"))
    told = await rita.says("coverage @odd/* @odd/gone")
    assert "*@odd/nothing*: trusted" in told
    assert "*@odd/missing*: not found" in told
    assert "*@odd/gone*: unpublished" in told
    assert "*@odd/no-user*: not visible here" in told
    assert "*@odd/no-versions*: unpublished" in told
    assert "*@odd/no-time*: trusted" in told
    assert "*@odd/blocked*: not found" in told
    assert "This package is not available for legal reasons" in told
    for name in ("html", "half", "list"):
        assert f"*@odd/{name}*: not read yet\n" in told
    assert told.count("⚠️") == 4
    for spoil in Spoil:
        world.registry.mend(f"@odd/{spoil.name.lower().replace('_', '-')}")
    told = await rita.says("coverage @odd/* --refresh")
    assert "100 % publish through a trusted publisher" in told
    assert "⚠️" not in told


async def test_a_mirror_that_drops_the_fields_is_told_as_such(world: World) -> None:
    rita = world.person(REQUESTER)
    world.registry.is_mirror = True
    told = await rita.says("coverage @acme/*")
    assert "Not counted: 5 not visible here" in told
    assert "% publish" not in told


async def test_a_registry_that_is_down_for_a_night_is_told_and_reading_goes_on_by_itself(world: World) -> None:
    rita = world.person(REQUESTER)
    await world.registry.stop()
    await rita.says("coverage @acme/*")
    message = coverage_in(world)
    assert "I cannot read now: npm could not be reached. I go on by myself" in world.slack.text_of(message)
    await world.advance(hours=8)
    await world.restart_bot()
    await world.advance(minutes=10)
    assert "I go on by myself" in world.slack.text_of(coverage_in(world))
    await world.registry.start()
    await world.advance(minutes=2)
    told = world.slack.text_of(coverage_in(world))
    assert "25 % publish" in told
    assert "I cannot read" not in told
    assert coverage_in(world).ts == message.ts


async def test_when_npm_goes_away_while_reading_the_rest_is_left_alone_and_read_later(world: World) -> None:
    rita = world.person(REQUESTER)
    for _ in range(4):
        world.registry.fail_next("GET", 503, path="/@acme%2f")
    assert "25 % publish" in await rita.says("coverage @acme/*")  # it went on after seconds
    assert world.registry.count_calls(status=503) == 4
    assert world.registry.count_calls("/-/v1/search") == 1


async def test_one_package_that_always_fails_does_not_keep_the_others_waiting(world: World) -> None:
    rita = world.person(REQUESTER)
    for _ in range(4):
        world.registry.fail_next("GET", 500, path="/@acme%2fui")
    assert ": 4 of 5*" in await rita.says("coverage @acme/*")
    await world.settle(40)
    told = rita.reads()
    assert "*@acme/ui*: not read yet\n" in told
    assert "⚠️ npm answered 500" in told
    assert "*@acme/core*: trusted" in told
    await world.advance(minutes=2)
    assert "*@acme/ui*: none" in rita.reads()  # it was tried again, and the message is brought up to date


async def test_a_pause_that_npm_asks_for_is_kept_by_everything_that_reads(world: World) -> None:
    rita = world.person(REQUESTER)
    world.registry.fail_next("GET", 429, headers={"retry-after": "120"}, path="/@acme%2f")
    await rita.says("coverage @acme/*")
    assert "I cannot read now: npm answered 429" in world.slack.text_of(coverage_in(world))
    calls = len(world.registry.calls)
    await rita.says("coverage rita-tools", RELEASES[0])
    await world.advance(seconds=100)
    assert len(world.registry.calls) == calls
    await world.advance(seconds=30)
    assert "25 % publish" in world.slack.text_of(coverage_in(world))
    assert "*rita-tools*: none" in rita.reads(RELEASES[0])


async def test_a_registry_without_a_search_tells_of_what_is_known(world: World) -> None:
    rita = world.person(REQUESTER)
    await rita.says("coverage @acme/ui")
    world.registry.fail_next("GET", 404, "<html>no such page</html>", path="/-/v1/search")
    told = await rita.says("coverage @acme/*", RELEASES[0])
    assert "1 known" in told
    assert "*@acme/ui*: none" in told


async def test_nobody_reads_on_what_was_asked_for_once(world: World) -> None:
    rita = world.person(REQUESTER)
    await rita.says("coverage @acme/*")
    calls = len(world.registry.calls)
    await world.advance(days=2)
    assert len(world.registry.calls) == calls


async def test_what_is_watched_is_read_every_night_and_trust_every_hour(world: World) -> None:
    rita, sam = world.person(REQUESTER), world.person(STRANGER)
    await rita.says("watch @acme/* --tz Europe/Paris")
    assert reads_of(world, "@acme/ui") == 1  # at once: the next digest is in days
    for _ in range(11):  # 15:00 to 02:00 in Paris
        await world.advance(hours=1)
    assert reads_of(world, "@acme/ui") == 1
    assert reads_of(world, "@acme/core") == 12
    world.registry.add_package(SeedPackage("@acme/new", ("otto-npm",), "acme/new"))
    await world.advance(hours=2)
    assert reads_of(world, "@acme/ui", status=304) == 1
    assert reads_of(world, "@acme/new") == 1
    assert "6 known" in await sam.says("coverage @acme/*", RELEASES[0])
    await rita.says("unwatch @acme/*")
    await world.advance(days=2)
    calls = len(world.registry.calls)
    await world.advance(days=2)
    assert len(world.registry.calls) == calls


async def test_a_package_that_its_public_loses_is_told_as_not_found(world: World) -> None:
    rita = world.person(REQUESTER)
    await rita.says("coverage @acme/*")
    world.registry.spoil("@acme/core", Spoil.MISSING)
    told = await rita.says("coverage @acme/* --refresh")
    assert "*@acme/core*: not found" in told
    assert "0 % publish" in told


async def test_a_file_that_slack_does_not_take_is_told_and_one_that_it_takes_later_is_sent_once(world: World) -> None:
    rita = world.person(REQUESTER)
    world.slack.fail_next("files.getUploadURLExternal", retry_after=30)
    await rita.says("coverage @acme/*")
    assert world.slack.files == {}
    await world.advance(seconds=31)
    assert len(world.slack.files) == 1
    assert len(world.slack.replies(coverage_in(world), rita.id)) == 1
    world.slack.fail_next("files.getUploadURLExternal", error="missing_scope")
    assert "No CSV: Slack did not take the CSV file" in await rita.clicks("Refresh")
    await world.advance(minutes=5)
    assert len(world.slack.files) == 1


async def test_a_command_that_is_done_again_after_a_crash_asks_once(world: World) -> None:
    rita = world.person(REQUESTER)
    world.slack.fail_next("response_url", error="", status=500)
    await rita.says("coverage @acme/*")
    await world.advance(seconds=30)
    assert "The result comes in #general" in rita.reads_all()
    assert world.registry.count_calls("/-/v1/search") == 1
    assert "25 % publish" in world.slack.text_of(coverage_in(world))
    assert len(world.slack.replies(coverage_in(world), rita.id)) == 1


async def test_what_died_while_it_read_is_read_again(world: World) -> None:
    rita, otto = world.person(REQUESTER), world.person(OWNER)
    world.registry.fail_next("GET", 503, headers={"retry-after": "5"}, path="/@acme%2f")
    await rita.says("coverage @acme/*", RANDOM[0])
    await world.restart_bot()
    await world.advance(minutes=1)
    assert "25 % publish" in rita.reads("dm")
    assert not otto.messages("dm")
