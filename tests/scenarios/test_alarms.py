# ruff: noqa: RUF001 -- what people read looks like itself
"""Alarms at once for versions that came another way than before, and the news that what was set up here works."""

import pytest
from inline_snapshot import snapshot

from bot.domain.events import AuditKind
from bot.sandbox.cast import GENERAL, RELEASES
from bot.sandbox.releases import Source, Spoil
from bot.sandbox.world import Actor, World
from tests.scenarios import stored
from tests.scenarios.asking import LINE, TRUSTED, people, steady

pytestmark = pytest.mark.anyio

HERE, ELSEWHERE = GENERAL[0], RELEASES[0]
CORE = "@acme/core"
LOST = "came without the trusted publisher"


async def watch(world: World, line: str = "watch @acme/*") -> tuple[Actor, Actor, Actor, Actor]:
    """Otto maintains @acme/core and has his account linked; Rita watches."""
    cast = people(world)
    await cast[1].links_account("dm")
    await cast[0].says(line)
    await world.settle()
    return cast


def configuration_of(world: World, package: str = CORE) -> str:
    """Tell the id of the configuration that stands."""
    return str(world.registry.configurations(package)[-1]["id"])


def alarms_in(world: World, channel: str = HERE, who: int = 0) -> list[str]:
    """List the alarms that somebody sees in a channel, oldest first and without bold."""
    shown = [message for message in people(world)[who].messages(channel) if not message.ephemeral]
    texts = (world.slack.text_of(message).replace("*", "") for message in shown)
    return [text for text in texts if text.startswith(("🚨", "☑️"))]


async def test_a_version_by_hand_alarms_channel_and_owners_until_somebody_says_why(world: World) -> None:
    await people(world)[0].says("github @acme/* --file release.yml")  # its preview has read them just before the watch
    await world.settle()
    _, otto, olga, sam = await watch(world)
    assert alarms_in(world) == []  # that @acme/tokens lost it months ago is no news
    world.registry.publish(CORE, "1.2.0", by="mallory-npm")
    await world.advance(hours=1)
    [alarm] = alarms_in(world)
    assert steady(world, alarm) == snapshot("""\
🚨 @acme/core 1.2.0 came without the trusted publisher
Before: github eebc175d-… (1.1.0)
Now: no trusted publisher (1.2.0, published by npm user mallory-npm 23 Nov 2026)
Maintainers: @otto
A stolen token or account looks like this. So does a release by hand.
1. Ask npm user mallory-npm, outside of npm, whether they meant it.
2. If nobody did: deprecate or unpublish the version at npm, then end that account's sessions and tokens.
3. Acknowledge it with what you found.
[Acknowledge…] [Package on npm]
seen in public data Mon 15:00 UTC\
""")
    [told] = alarms_in(world, "dm", who=1)
    assert "You get this because you maintain the package at npm. The others see it in #general." in told
    assert "1 alarm nobody has acknowledged yet" in await olga.says("digest")

    denied = await sam.clicks("Acknowledge")
    assert f"Only maintainers of {CORE} and admins can acknowledge this. Who can: @otto, @olga." in denied
    assert sam.reads_form() == ""
    assert "This button is not one of mine" in await sam.forges("Acknowledge", "999")
    assert "This button is not one of mine" in await sam.forges("Acknowledge", "x")
    await otto.clicks("Acknowledge", "dm")
    assert f"{CORE} 1.2.0 {LOST}" in otto.reads_form()
    await olga.clicks("Acknowledge")
    assert list(await otto.submits(reason=" ")) == ["reason"]
    assert await otto.submits(reason="Mallory is *new*, and the CI was down") == {}
    [quiet] = alarms_in(world)
    assert steady(world, quiet) == snapshot("""\
☑️ @acme/core 1.2.0: acknowledged by @otto
“Mallory is ∗new∗, and the CI was down”
It came without the trusted publisher · seen Mon 15:00 UTC · acknowledged Mon 15:01 UTC\
""")
    assert "acknowledged by @otto" in alarms_in(world, "dm", who=1)[0]
    assert await olga.submits(reason="me too") == {}
    assert f"@otto acknowledged the alarm of {CORE} 1.2.0" in olga.reads()
    assert "alarm" not in await olga.says("digest")
    kinds = [kind for (kind,) in await stored.rows(world, "SELECT kind FROM audit_events")]
    assert kinds.count(AuditKind.ALARM_RAISED) == kinds.count(AuditKind.ALARM_ACKNOWLEDGED) == 1


async def test_what_was_acknowledged_is_quiet_until_trust_is_back_and_another_account_is_not(world: World) -> None:
    _, otto, *_ = await watch(world)
    world.registry.publish(CORE, "1.2.0", by="otto-npm")
    await world.advance(hours=1)
    await otto.clicks("Acknowledge")
    await otto.submits(reason="By hand for now")
    world.registry.publish(CORE, "1.3.0", by="otto-npm")
    await world.advance(days=1)
    assert len(alarms_in(world)) == 1
    world.registry.publish(CORE, "1.4.0", by="mallory-npm")
    await world.advance(days=1)
    assert f"{CORE} 1.4.0 {LOST}" in alarms_in(world)[1]
    world.registry.publish(CORE, "1.5.0", through=configuration_of(world))
    await world.advance(days=1)
    world.registry.publish(CORE, "1.6.0", by="otto-npm")
    await world.advance(hours=1)
    assert f"{CORE} 1.6.0 {LOST}" in alarms_in(world)[2]


async def test_another_configuration_repository_or_workflow_is_an_alarm_and_the_way_back_is_none(
    world: World,
) -> None:
    await watch(world)
    own = configuration_of(world)
    world.registry.publish(CORE, "1.2.0", through=own, provenance=Source("acme/core", "release.yml"))
    await world.advance(hours=1)
    assert alarms_in(world) == []
    world.registry.publish(CORE, "1.3.0", through=own, provenance=Source("acme/core", "publish.yml"))
    await world.advance(hours=1)
    assert f"{CORE} 1.3.0 was built by another workflow" in alarms_in(world)[0]
    assert "Before: release.yml" in alarms_in(world)[0]
    world.registry.publish(CORE, "1.4.0", through=own, provenance=Source("acme/core", "release.yml"))
    await world.advance(hours=1)
    assert len(alarms_in(world)) == 1
    claims = {"repository": "mallory/core", "workflow_ref": {"file": "release.yml"}}
    other = world.registry.add_configuration(CORE, "github", claims)
    world.registry.publish(CORE, "1.5.0", through=other, provenance=Source("mallory/core", "release.yml"))
    await world.advance(hours=1)
    _, alarm = alarms_in(world)  # one, although the configuration is another one as well
    assert f"{CORE} 1.5.0 was built from another repository" in alarm
    assert "mallory/core" in alarm
    world.registry.publish(CORE, "1.6.0", through=other, provenance=Source("mallory/core", "release.yml"))
    await world.advance(hours=1)
    assert len(alarms_in(world)) == 2
    third = world.registry.add_configuration(CORE, "github", claims | {"environment": "x"})
    world.registry.publish(CORE, "1.7.0", through=third, provenance=Source("mallory/core", "release.yml"))
    await world.advance(hours=1)
    assert f"{CORE} 1.7.0 came through another configuration" in alarms_in(world)[2]


async def test_prereleases_and_first_sights_are_no_alarm_but_last_weeks_attack_is(world: World) -> None:
    rita, otto, *_ = people(world)
    world.registry.publish(CORE, "1.2.0", by="mallory-npm")  # before anybody watches
    await world.advance(days=2)
    await otto.links_account("dm")
    await rita.says("watch @acme/*")
    await world.settle()
    assert len(alarms_in(world)) == 1
    await otto.clicks("Acknowledge")
    await otto.submits(reason="known")
    world.registry.spoil("@acme/tokens", Spoil.NO_USER)
    world.registry.is_mirror = True
    await world.advance(days=2)
    world.registry.is_mirror = False
    world.registry.mend("@acme/tokens")
    await world.advance(days=2)
    assert len(alarms_in(world)) == 1


async def test_a_change_made_here_is_no_alarm_and_its_first_version_is_announced_where_it_was_asked_for(
    world: World,
) -> None:
    rita, otto, *_ = await watch(world, "watch @acme/* --channel <#C0RELEASES|releases>")
    await rita.says(LINE)
    await otto.clicks("Approve")
    await otto.confirms()
    assert TRUSTED in rita.reads_all()
    await world.advance(days=1)
    assert "It works" not in rita.reads_all()
    own = configuration_of(world, "@acme/ui")
    world.registry.publish("@acme/ui", "2.3.1", through=own)
    await world.advance(hours=1)
    [news] = [text for text in map(world.slack.text_of, rita.messages()) if "It works" in text]
    assert "It works: @acme/ui 2.3.1 came through acme/ui → release.yml" in news
    assert "Now you can disallow tokens at npm" in news
    assert "C-1, asked by @rita, run by @otto" in news
    assert rita.sees_button("Publishing access at npm")
    await rita.clicks("Publishing access at npm")
    world.registry.publish("@acme/ui", "2.3.2", through=own)
    await world.advance(hours=1)
    assert rita.reads_all().count("It works") == 1

    # A second configuration, set up here as well: the versions through it are what was asked for.
    await otto.says("login", "dm")
    await otto.logs_in()
    await rita.says("github @acme/core --repo acme/core --file publish.yml")
    await otto.clicks("Approve")
    await otto.confirms()
    world.slack.channels[HERE].is_archived = True
    world.registry.publish(
        CORE, "1.2.0", through=configuration_of(world), provenance=Source("acme/core", "publish.yml")
    )
    await world.advance(hours=2)
    assert f"It works: {CORE} 1.2.0" in rita.reads("dm")  # whoever asked hears of it in any case
    assert alarms_in(world, ELSEWHERE) == []
    kinds = [kind for (kind,) in await stored.rows(world, "SELECT kind FROM audit_events")]
    assert kinds.count(AuditKind.ARRIVED) == 2


async def test_a_version_by_hand_after_a_revoke_made_here_is_no_alarm(world: World) -> None:
    rita, otto, *_ = await watch(world)
    own = configuration_of(world)
    await rita.says(f"revoke {CORE} --id {own}")
    await otto.clicks("Look")
    await otto.confirms()
    await otto.clicks("Approve")
    await otto.confirms()
    assert world.registry.configurations(CORE) == []
    world.registry.publish(CORE, "1.2.0", by="otto-npm")
    await world.advance(days=1)
    assert "2 downgraded" in await rita.says("digest")
    assert alarms_in(world) == []


async def test_without_a_watch_the_channel_of_the_settings_hears_and_without_one_the_owners(world: World) -> None:
    rita, otto, *_ = people(world)
    await rita.says("coverage @acme/ui @acme/core")
    world.registry.publish(CORE, "1.1.1", by="mallory-npm")
    await rita.says("coverage @acme/ui @acme/core --refresh")
    await world.advance(minutes=1)
    assert LOST in alarms_in(world, "dm", who=2)[0]  # no owner is linked, so the admins hear of it
    await otto.links_account("dm")
    await otto.says(f"coverage {CORE} --refresh", "dm")
    await world.settle(10)
    world.registry.publish(CORE, "1.2.0", by="mallory-npm")
    await world.advance(days=1, hours=2)
    assert alarms_in(world) == []
    assert f"{CORE} 1.2.0 {LOST}" in alarms_in(world, "dm", who=1)[-1]
    assert len(alarms_in(world, "dm", who=2)) == 1
    world.settings["NPMTRUST_CHANNEL"] = ELSEWHERE
    await world.restart_bot()
    world.registry.publish(CORE, "1.3.0", by="mallory-npm")
    await world.advance(days=1, hours=2)
    assert f"{CORE} 1.3.0 {LOST}" in alarms_in(world, ELSEWHERE)[0]
    assert f"{CORE} 1.3.0 {LOST}" in alarms_in(world, "dm", who=1)[-1]


async def test_an_alarm_for_a_closed_channel_goes_to_who_watches(world: World) -> None:
    await watch(world)
    world.slack.channels[HERE].is_archived = True
    world.registry.publish(CORE, "1.2.0", by="mallory-npm")
    await world.advance(hours=1)
    assert LOST in alarms_in(world, "dm")[0]
    assert len(alarms_in(world, "dm", who=1)) == 1
    world.slack.channels[HERE].is_archived = False
    await world.advance(hours=2)
    assert len(alarms_in(world)) == 1
