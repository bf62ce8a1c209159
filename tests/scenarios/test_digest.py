# ruff: noqa: E501, RUF001 -- what people read is not wrapped, and looks like itself
"""Watches and their digests: set by anybody, on time by the wall, once, and with buttons that help."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from inline_snapshot import snapshot

from bot.domain.events import AuditKind
from bot.sandbox.cast import GENERAL, RANDOM, RELEASES, SeedPackage
from bot.sandbox.releases import Source
from bot.sandbox.world import Actor, World
from bot.workflow import digests
from tests.scenarios import stored
from tests.scenarios.asking import link_olga, people, steady

pytestmark = pytest.mark.anyio

HERE, ELSEWHERE = GENERAL[0], RELEASES[0]
DIGEST = "Digest of @acme/"
MONDAY = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
"""Nine o'clock in Paris, where the people of the sandbox are."""


def digests_in(world: World, channel: str = HERE) -> list[str]:
    """List the digests that everybody in a channel sees, oldest first and without bold; "dm" is that of Rita."""
    rita = people(world)[0]
    shown = [message for message in rita.messages(channel) if not message.ephemeral]
    return [text.replace("*", "") for text in map(world.slack.text_of, shown) if DIGEST in text]


def value_of(world: World, package: str, channel: str = HERE) -> str:
    """Tell what the buttons of a package in the newest digest carry."""
    rita, found, shown = people(world)[0], "", ""
    for message in rita.messages(channel):
        for block in message.blocks if DIGEST in world.slack.text_of(message) else ():
            shown = block["text"]["text"] if block["type"] == "section" else shown
            if block["type"] == "actions" and f"*{package}*" in shown:
                found = str(block["elements"][0]["value"])
    return found


async def until(world: World, moment: datetime, **later: float) -> None:
    """Let time pass up to a moment; what is due at night is done at night."""
    while (now := world.clock.now()) < moment + timedelta(**later):
        step = min(moment + timedelta(**later) - now, timedelta(hours=12))
        await world.advance(seconds=step.total_seconds())


async def watch(world: World, line: str = "watch @acme/*") -> tuple[Actor, Actor, Actor, Actor]:
    cast = people(world)
    await cast[0].says(line)
    return cast


async def test_a_digest_comes_on_monday_at_nine_and_the_next_one_tells_what_changed(world: World) -> None:
    rita, otto, _, sam = await watch(world)
    assert "I watch `@acme/*`, with a digest in #general" in rita.reads()
    assert "Next: Mon 08:00 UTC" in rita.reads()
    await otto.links_account()
    await until(world, MONDAY, minutes=-2)
    assert digests_in(world) == []
    await until(world, MONDAY, seconds=1)
    [first] = digests_in(world)
    assert steady(world, first) == snapshot("""\
Digest of @acme/∗: 25 % publish through a trusted publisher
▓▓▓▓░░░░░░░░░░░░  1 of 4 · the first digest
▃▃  25 → 25 % in 2 weeks (25 · 25)
✅ 1 trusted
❗ 3 lack it: 1 downgraded · 1 provenance only · 1 none
Not counted: 1 deprecated
Who maintains what lacks it: @otto (2) · not linked: olga-npm (3), ana-npm (1)
Lacking, longest without a release first:
@acme/icons: provenance only · 1.1.0, 11 Jul 2026 · acme/design · olga-npm
[Set up] [Snooze] [Not publishing any more]
@acme/tokens: downgraded · 1.1.0, 11 Jul 2026 · acme/design · otto-npm, olga-npm
[Set up] [Snooze] [Not publishing any more]
@acme/ui: none · 1.1.0, 11 Jul 2026 · acme/ui · otto-npm, olga-npm, ana-npm
[Set up] [Snooze] [Not publishing any more]
5 known; list from npm's search 30 Nov 2026, confirmed by nobody: `/npmtrust login` by an owner helps · oldest reading 30 Nov 2026
Lacking means downgraded, provenance only or none. Public data is evidence: an unused configuration does not show.
All packages: `/npmtrust coverage @acme/`
The record is sealed up to `44:b92ce5caee640423`: `npmtrust audit verify --head` checks it.\
""")
    assert first.count("@otto") == 1  # who owns what is missing is mentioned once

    world.registry.add_package(SeedPackage("@acme/new", ("olga-npm",), "acme/new"))
    [configuration] = world.registry.configurations("@acme/tokens")
    world.registry.publish("@acme/tokens", "1.2.0", through=configuration["id"])
    await until(world, MONDAY, days=7, seconds=1)
    _, second = digests_in(world)
    assert steady(world, second) == snapshot("""\
Digest of @acme/∗: 40 % publish through a trusted publisher
▓▓▓▓▓▓░░░░░░░░░░  2 of 5 · +1 since 30 Nov 2026
▃▄▄  25 → 40 % in 3 weeks (25 · 40 · 40)
✅ 2 trusted
❗ 3 lack it: 1 provenance only · 2 none
Not counted: 1 deprecated
🆕 New without trust (1): @acme/new (none)
Who maintains what lacks it: @otto (1) · not linked: olga-npm (3), ana-npm (1)
Lacking, longest without a release first:
@acme/icons: provenance only · 1.1.0, 11 Jul 2026 · acme/design · olga-npm
[Set up] [Snooze] [Not publishing any more]
@acme/new: none · 1.1.0, 11 Jul 2026 · acme/new · olga-npm
[Set up] [Snooze] [Not publishing any more]
@acme/ui: none · 1.1.0, 11 Jul 2026 · acme/ui · otto-npm, olga-npm, ana-npm
[Set up] [Snooze] [Not publishing any more]
6 known; list from npm's search 7 Dec 2026, confirmed by nobody: `/npmtrust login` by an owner helps · oldest reading 7 Dec 2026
Lacking means downgraded, provenance only or none. Public data is evidence: an unused configuration does not show.
All packages: `/npmtrust coverage @acme/`
The record is sealed up to `44:b92ce5caee640423`: `npmtrust audit verify --head` checks it.\
""")
    assert DIGEST not in sam.reads_all("dm")


async def test_a_digest_is_written_once_also_by_two_at_once_and_after_downtime(world: World) -> None:
    await watch(world, "watch @acme/* --cron '0 9 * * 1' --tz Europe/Paris")
    assert world.app is not None
    await until(world, MONDAY, minutes=-1)
    world.clock.set(MONDAY)
    services = world.app.services
    await asyncio.gather(*(digests.execute_next(services) for _ in range(4)))
    await world.settle()
    assert len(digests_in(world)) == 1

    await world.stop_bot()
    world.clock.set(MONDAY + timedelta(days=15, hours=3))  # two of them are missed
    await world.start_bot()
    await world.settle()
    await world.advance(minutes=10)
    assert len(digests_in(world)) == 2
    late = digests_in(world)[-1]
    assert "Late: it was due Mon 08:00 UTC" in late
    assert "oldest reading 15 Dec" in late  # what was to be read meanwhile was read first
    await world.restart_bot()
    await until(world, MONDAY + timedelta(days=21), minutes=-5)
    assert len(digests_in(world)) == 2
    await until(world, MONDAY + timedelta(days=21), seconds=1)
    assert len(digests_in(world)) == 3
    assert "Late" not in digests_in(world)[-1]
    assert [kind for (kind,) in await stored.rows(world, "SELECT kind FROM audit_events")].count(
        AuditKind.DIGEST_MADE
    ) == 3


async def test_a_digest_comes_on_time_when_the_registry_is_down_and_says_how_old_it_is(world: World) -> None:
    await watch(world)
    await until(world, MONDAY, days=-1)
    await world.registry.stop()
    await until(world, MONDAY, hours=1)
    [digest] = digests_in(world)
    assert "oldest reading 29 Nov" in digest
    assert "Late" not in digest


async def test_packages_of_a_digest_are_put_aside_by_who_has_a_stake_and_brought_back(world: World) -> None:
    rita, otto, olga, sam = await watch(world)
    await otto.links_account()
    await until(world, MONDAY, seconds=1)
    ui, tokens = value_of(world, "@acme/ui"), value_of(world, "@acme/tokens")
    denied = await sam.forges("Snooze", ui)
    assert "Only maintainers of @acme/ui, admins, and who set the first watch of it can take it out" in denied
    assert "Who can: @otto, @rita, @olga." in denied
    for forged in ("nonsense", "1:999", "999", f"{ui}:1", ":", "0:-1"):
        assert "This button is not one of mine" in await sam.forges("Snooze", forged)

    assert "@acme/ui is snoozed until 30 Dec" in await rita.forges("Snooze", ui)
    assert "@acme/ui: snoozed" in digests_in(world)[0]
    assert value_of(world, "@acme/ui") == ""
    assert "@rita said so already" in await otto.forges("Snooze", ui)
    assert "@acme/tokens counts as not publishing any more" in await otto.forges("Not publishing", tokens)
    assert "@otto said so already" in await olga.forges("Not publishing", tokens)
    assert "@otto said so already" in await olga.forges("Snooze", tokens)
    assert "@acme/tokens: not publishing any more" in digests_in(world)[0]
    assert "1 snoozed" in await olga.says("digest @acme/*")
    listed = (await rita.says("watch")).replace("*", "")
    assert "@acme/ui: snoozed until 30 Dec" in listed
    assert "@acme/tokens: not publishing any more, says @otto" in listed
    assert "Only maintainers of @acme/ui" in await sam.forges("Snooze", ui, action="bring_back")
    assert "@acme/ui is back" in await rita.forges("Snooze", ui, action="bring_back")
    assert "@acme/ui: none" in digests_in(world)[0]
    world.registry.publish("@acme/tokens", "1.2.0")
    await until(world, MONDAY, days=7, seconds=1)
    assert "@acme/tokens: downgraded" in digests_in(world)[-1]  # a new version says that it is published after all
    assert value_of(world, "@acme/tokens")
    kinds = {kind for (kind,) in await stored.rows(world, "SELECT kind FROM audit_events")}
    assert {AuditKind.WATCHED, AuditKind.SNOOZED, AuditKind.RETIRED, AuditKind.BROUGHT_BACK} <= kinds


async def test_a_snooze_ends_after_thirty_days(world: World) -> None:
    rita, *_ = await watch(world, "watch @acme/ui --cron '0 9 * * *'")
    await until(world, MONDAY, seconds=1)
    await rita.clicks("Snooze")
    assert "none that counts" in await rita.says("digest")
    world.clock.set(MONDAY + timedelta(days=31))
    assert "1 none" in await rita.says("digest")


async def test_set_up_opens_the_form_filled_in_from_the_package_its_provenance_and_its_siblings(world: World) -> None:
    rita, otto, *_ = people(world)
    world.registry.publish("@acme/icons", "1.2.0", provenance=Source("acme/design", "publish.yml"))
    world.registry.add_package(SeedPackage("@acme/hooks", ("otto-npm",), "acme/ui"))
    await otto.links_account()
    await rita.says("github @acme/ui --file ship.yml --env production")
    await otto.clicks("Approve")
    await otto.confirms()
    await rita.says("watch @acme/* --channel <#C0RELEASES|releases>")
    await until(world, MONDAY, seconds=1)

    async def form_of(package: str) -> dict[str, str]:
        await rita.forges("Set up", value_of(world, package, ELSEWHERE), ELSEWHERE)
        return {name: value for name, value in rita.form().items() if isinstance(value, str) and value}

    # From its own provenance; from that of a sibling; from what was set up here for a sibling.
    design = {"repo": "acme/design", "file": "publish.yml"}
    assert await form_of("@acme/icons") == {"packages": "@acme/icons", **design}
    assert await form_of("@acme/tokens") == {"packages": "@acme/tokens", **design}
    assert await form_of("@acme/hooks") == {
        "packages": "@acme/hooks",
        "repo": "acme/ui",
        "file": "ship.yml",
        "environment": "production",
    }
    assert await rita.submits() == {}
    assert "let acme/ui → ship.yml publish @acme/hooks" in rita.reads(ELSEWHERE)
    assert "This button is not one of mine" in await rita.forges("Set up", "1:999", ELSEWHERE)


async def test_a_stranger_repository_in_an_attestation_is_not_suggested(world: World) -> None:
    rita, *_ = await watch(world, "watch @acme/ui !@acme/old-*")
    world.registry.publish("@acme/ui", "1.2.0", provenance=Source("mallory/ui", "steal.yml"))
    await until(world, MONDAY, seconds=1)
    await rita.clicks("Set up")
    form = rita.form()
    assert (form["packages"], form["repo"], form["file"]) == ("@acme/ui", "acme/ui", "")


REFUSED = (
    ("watch @acme/* --cron '0 9 30 2 *'", "never comes: no day fits it"),
    ("watch @acme/* --cron '0 9 * *'", "five fields"),
    ("watch @acme/* --cron '0 25 * * *'", "it is not five fields of cron"),
    ("watch @acme/* --cron '* * * * *'", "it fires more than once an hour"),
    ("watch @acme/* --tz Europe/Pari", "Did you mean Europe/Paris"),
    ("watch @acme/* --tz Mars/Olympus", "I know of no time zone Mars/Olympus"),
    ("watch @acme/* --channel <#C0RANDOM|random>", "I cannot post in #random. Type `/invite @npmtrust` there"),
    ("watch @acme/* --channel C0NOWHERE", "Type `/invite @npmtrust` there"),
    ("watch @acme/* --channel #nowhere", "Slack has not told me which channel #nowhere is"),
    ("unwatch @acme/*", "I do not watch"),
    ("unwatch", "unwatch"),
    ("digest @nobody/*", "I watch nothing that matches"),
    ("digest", "I watch nothing"),
    ("watch", "Nothing is watched yet"),
)


async def test_what_cannot_be_watched_is_told_with_the_way_out(world: World) -> None:
    rita = people(world)[0]
    for line, told in REFUSED:
        assert told in (await rita.says(line)).replace("\n", " "), line
    assert await stored.rows(world, "SELECT * FROM watches") == []


async def test_an_archived_channel_is_refused_and_one_archived_later_brings_the_digest_by_dm(world: World) -> None:
    rita, *_ = people(world)
    world.slack.channels[ELSEWHERE].is_archived = True
    line = "watch @acme/* --channel <#C0RELEASES|releases>"
    assert "It is archived." in await rita.says(line)
    world.slack.channels[ELSEWHERE].is_archived = False
    assert "with a digest in #releases" in await rita.says(line)
    world.slack.channels[ELSEWHERE].is_archived = True
    await until(world, MONDAY, minutes=1)
    assert len(digests_in(world, "dm")) == 1
    assert "You get this here, since I cannot post in #releases: it is archived" in rita.reads("dm")
    assert "The last digest came by DM: Slack says is" in await rita.says("watch")
    await until(world, MONDAY, days=7, minutes=1)
    assert len(digests_in(world, "dm")) == 2
    world.slack.channels[ELSEWHERE].is_archived = False
    await world.advance(hours=2)
    assert len(digests_in(world, ELSEWHERE)) == 1  # the newest; what it has overtaken is not posted any more
    await until(world, MONDAY, days=14, minutes=1)
    assert "The last digest came by DM" not in await rita.says("watch")


async def test_a_watch_is_changed_and_ended_by_who_set_it_and_by_admins(world: World) -> None:
    rita, otto, _, sam = await watch(world)
    assert "Changed: I watch" in await rita.says("watch @acme/* --cron '0 7 * * *' --tz America/New_York")
    assert "Next: Tue 12:00 UTC" in rita.reads()
    assert "Only who set this watch and the admins can change or end it: @rita, @olga, @otto" in await sam.says(
        "unwatch @acme/*"
    )
    assert "Only who set this watch" in await sam.says("watch @acme/* --cron '0 1 * * *'")
    await sam.says("watch @acme/*", ELSEWHERE)
    assert "`@acme/*` · in #general · set by @rita" in await sam.says("watch")
    assert "in #releases · set by @sam" in sam.reads()
    await rita.says("watch @acme/ui", "dm")
    assert "by DM" in rita.reads("dm")
    assert "is watched in several channels, not in this one: in #general" in await sam.says("unwatch @acme/*", "dm")
    assert "I no longer watch `@acme/*` for #general" in await otto.says("unwatch @acme/*")
    assert "I do not watch `@acme/old-*`" in await sam.says("unwatch @acme/old-*")
    assert "/npmtrust unwatch @acme/*" in sam.reads()
    assert "@acme/ui" not in sam.reads()  # what Rita watches by DM is hers
    assert "/npmtrust unwatch @acme/ui" in await rita.says("unwatch @acme/old-*")
    await until(world, MONDAY, minutes=1)
    assert digests_in(world) == []
    assert len(digests_in(world, ELSEWHERE)) == 1
    assert len(digests_in(world, "dm")) == 1
    world.slack.people[sam.id].is_restricted = True
    assert "Guests cannot set or end a watch" in await sam.says("watch @acme/*")
    assert "Guests cannot set or end a watch" in await sam.says("unwatch @acme/*", ELSEWHERE)
    await sam.clicks("Set up", ELSEWHERE)
    assert "Guests can neither ask for trust nor decide on it" in sam.reads(ELSEWHERE)
    await sam.clicks("Snooze", ELSEWHERE)
    assert "Guests can neither ask for trust nor decide on it" in sam.reads(ELSEWHERE)


async def test_a_private_channel_is_watched_in_only_by_its_members(world: World) -> None:
    rita, _, _, sam = people(world)
    channel = world.slack.channels[ELSEWHERE]
    channel.is_private = True
    channel.members.discard(sam.id)
    line = "watch @acme/* --channel <#C0RELEASES|>"
    assert "I cannot post in #releases" in await sam.says(line)
    assert "with a digest in #releases" in await rita.says(line)
    world.slack.fail_next("conversations.members", error="missing_scope")
    assert "Slack says: missing" in await rita.says(line)


async def test_digest_shows_at_once_what_the_next_one_would_say(world: World) -> None:
    rita, _, olga, _ = await watch(world)
    await rita.says("watch rita-tools", ELSEWHERE)
    assert "25 % publish through a trusted publisher" in await olga.says("digest")
    assert "The next one goes to #general Mon 08:00 UTC" in olga.reads()
    assert "rita-tools" not in olga.reads()
    both = await olga.says("digest", RANDOM[0])
    assert both.count("What a digest would say now") == 2
    assert "rita-tools" in both
    assert "Nobody watches this" in await olga.says("digest @acme/ui")
    await link_olga(world)
    assert "@olga (3)" in await rita.says("digest @acme/*")
