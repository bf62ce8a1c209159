"""`coverage` by the front door: what a team reads of its packages, from public data alone."""

import csv
import io
from dataclasses import replace

import pytest

from bot.sandbox.cast import GENERAL, OWNER, RANDOM, RELEASES, REQUESTER, STRANGER, SeedPackage
from bot.sandbox.slack_state import SlackMessage
from bot.sandbox.world import Actor, World

pytestmark = pytest.mark.anyio


def coverages_in(world: World, channel: str = GENERAL[0]) -> list[SlackMessage]:
    """List the coverages that everybody sees in a channel."""
    seen = world.slack.messages(channel, STRANGER.slack_id)
    return [message for message in seen if not message.ephemeral and "overage of" in world.slack.text_of(message)]


def tables_of(world: World, message: SlackMessage) -> list[list[dict[str, str]]]:
    """Read the CSVs in the thread of a message, oldest first."""
    files = [
        world.slack.files[file["id"]] for reply in world.slack.replies(message, OWNER.slack_id) for file in reply.files
    ]
    return [list(csv.DictReader(io.StringIO((file.content or b"").decode("utf-8-sig"), newline=""))) for file in files]


async def link(world: World, actor: Actor) -> None:
    world.registry.state.accounts[actor.character.npm_user].email = actor.character.email
    await actor.links_account("dm")


async def test_coverage_shows_each_package_with_its_evidence_and_the_rest_in_a_file(world: World) -> None:
    rita = world.person(REQUESTER)
    told = await rita.says("coverage @acme/*")
    assert "The result comes in #general" in rita.reads_all()
    assert "25 % publish through a trusted publisher" in told
    assert "1 of 4" in told
    assert "3 lack it: 1 downgraded · 1 provenance only · 1 none" in told
    assert "Not counted: 1 deprecated" in told
    assert "olga-npm (3), otto-npm (2), ana-npm (1)" in told
    assert "the newest version (1.1.0) came through a trusted publisher from github" in told
    assert (
        "an older version came through a trusted publisher, the newest (1.1.0) did not: otto-npm published it" in told
    )
    assert "5 known; list from npm's search" in told
    assert "secret" not in rita.reads_all()
    [message] = coverages_in(world)
    [table] = tables_of(world, message)
    assert [row["package"].lstrip("'") for row in table] == [
        "@acme/Legacy",
        "@acme/core",
        "@acme/icons",
        "@acme/tokens",
        "@acme/ui",
    ]
    assert all(row["package"].startswith("'@") for row in table)  # no formula for a spreadsheet
    assert [row["standing"] for row in table] == ["deprecated", "trusted", "provenance only", "downgraded", "none"]
    assert not world.trust_calls()


async def test_a_coverage_and_a_list_tell_the_same_evidence(world: World) -> None:
    sam = world.person(STRANGER)
    listed = await sam.says("list @acme/core @acme/tokens @acme/icons")
    covered = await sam.says("coverage @acme/core @acme/tokens @acme/icons")
    lines = [line for line in listed.splitlines() if line.startswith("Public data:")]
    assert len(lines) == 3
    assert all(line in covered for line in lines)


async def test_what_was_read_is_fresh_for_an_hour_and_a_refresh_costs_one_304_each(world: World) -> None:
    rita = world.person(REQUESTER)
    await rita.says("coverage @acme/*")
    read = world.registry.count_calls("/@acme%2f", status=200)
    await rita.says("coverage @acme/*", RELEASES[0])
    assert world.registry.count_calls("/@acme%2f", status=200) == read
    assert world.registry.count_calls(status=304) == 0
    assert "25 % publish" in rita.reads(RELEASES[0])
    await rita.says("coverage @acme/* --refresh")
    assert world.registry.count_calls(status=304) == 5
    await world.advance(hours=1, seconds=1)
    await rita.says("coverage @acme/*")
    assert world.registry.count_calls(status=304) == 10
    assert world.registry.count_calls("/@acme%2f", status=200) == read


async def test_refresh_reads_again_and_brings_the_same_message_up_to_date(world: World) -> None:
    rita, sam = world.person(REQUESTER), world.person(STRANGER)
    await rita.says("coverage @acme/*")
    [configuration] = world.registry.configurations("@acme/tokens")
    world.registry.publish("@acme/tokens", "1.2.0", through=configuration["id"])
    await sam.clicks("Refresh")
    [message] = coverages_in(world)
    assert "50 % publish through a trusted publisher" in world.slack.text_of(message)
    assert [len(table) for table in tables_of(world, message)] == [5, 5]
    read = len(world.registry.calls)
    for forged in ("99", "x", "²", ""):
        assert "This button is not one of mine" in await sam.forges("Refresh", forged)
    world.slack.people[sam.id].is_restricted = True
    assert "Guests" in await sam.clicks("Refresh")
    assert "Guests" in await sam.says("coverage @acme/*")
    assert len(world.registry.calls) == read
    assert len(coverages_in(world)) == 1


async def test_an_owners_own_list_confirms_the_catalogue_and_its_private_names_are_only_counted(world: World) -> None:
    otto, rita = world.person(OWNER), world.person(REQUESTER)
    await link(world, otto)
    told = await otto.says("coverage @acme/*")
    assert "5 known; list confirmed by @otto 23 Nov 2026" in told
    assert "1 private package not named" in told
    await world.advance(days=9)
    assert "list confirmed by @otto 23 Nov 2026" in await rita.says("coverage @acme/*")
    assert "1 private package not named" in await otto.says("coverage @acme/*", "dm")
    assert "secret" not in rita.reads_all() + otto.reads_all() + otto.reads_all("dm")
    assert not any(b"secret" in (file.content or b"secret") for file in world.slack.files.values())


async def test_a_name_that_was_typed_by_message_is_named_nowhere_else(world: World) -> None:
    otto, rita = world.person(OWNER), world.person(REQUESTER)
    told = await otto.says("coverage @acme/secret @acme/ui @acme/gone", "dm")
    assert "*@acme/secret*: not found" in told
    assert "*@acme/gone*: not found" in told
    assert "*@acme/ui*: none" in told
    assert "secret" not in await rita.says("coverage @acme/* !@acme/Leg*")
    assert "gone" not in rita.reads()
    assert "4 known" in rita.reads()
    await rita.says("coverage")
    assert "secret" not in rita.reads_all()


async def test_a_pattern_that_matches_nothing_teaches_who_wrote_it_alone(world: World) -> None:
    rita = world.person(REQUESTER)
    await rita.says("coverage @acmee/*")
    assert "I know of no package that matches `@acmee/*`" in rita.reads("dm")
    assert "/npmtrust coverage @acme/*" in rita.reads("dm")
    assert not coverages_in(world)
    await rita.says("coverage")
    assert coverages_in(world) == []  # nothing is known yet
    await rita.says("list rita-tools")
    assert "*rita-tools*: none" in await rita.says("coverage")  # now something is


async def test_a_channel_without_the_bot_is_told_how_to_invite_it_and_the_result_comes_by_message(world: World) -> None:
    rita = world.person(REQUESTER)
    await rita.says("coverage rita-tools", RANDOM[0])
    assert "0 % publish through a trusted publisher" in rita.reads("dm")
    assert "I cannot post in #random" in rita.reads("dm")
    assert "/invite @npmtrust" in rita.reads("dm")
    assert "*rita-tools*: none" in rita.reads("dm")


async def test_what_was_set_up_here_and_not_used_yet_is_a_row_of_its_own(world: World) -> None:
    rita, otto = world.person(REQUESTER), world.person(OWNER)
    await link(world, otto)
    await rita.says("github @acme/ui --repo acme/ui --file release.yml --allow-publish")
    await otto.clicks("Approve")
    await otto.confirms()
    assert "configured, not used yet" in await rita.says("coverage @acme/ui")
    assert "0 of 1" in rita.reads()
    [configuration] = world.registry.configurations("@acme/ui")
    world.registry.publish("@acme/ui", "1.2.0", through=configuration["id"])
    await world.advance(hours=1)
    read = world.registry.count_calls("/@acme%2fui")
    assert "100 % publish" in await rita.says("coverage @acme/ui")
    assert world.registry.count_calls("/@acme%2fui") == read  # its first version was looked for by itself


async def test_many_packages_are_shown_in_numbers_and_the_file_has_each(world: World) -> None:
    rita = world.person(REQUESTER)
    seed = SeedPackage("@mass/p", ("rita-npm",), "mass/p")
    for number in range(300):
        world.registry.add_package(replace(seed, name=f"@mass/p{number}"))
    world.registry.search.repeats = 20
    world.registry.search.forgets = {"@mass/p7"}
    told = await rita.says("coverage @mass/*")
    assert "299 lack it: 299 none" in told
    assert "and 289 more, in the CSV" in told
    [message] = coverages_in(world)
    [table] = tables_of(world, message)
    assert len({row["package"] for row in table}) == 299
    assert world.registry.most_at_once <= 4
    world.registry.search.is_stuck = True  # it is not asked for ever, and nothing that is known is forgotten
    searches = world.registry.count_calls("/-/v1/search")
    assert "299 lack it" in await rita.says("coverage @mass/*")
    assert world.registry.count_calls("/-/v1/search") - searches <= 2
