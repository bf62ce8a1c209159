# ruff: noqa: E501 -- what people read is not wrapped
"""Patterns and many names by the front door: a preview for who asks, and only then a request."""

from datetime import timedelta

import pytest
from inline_snapshot import snapshot

from bot.sandbox.cast import OWNER, REQUESTER, SECOND_OWNER, SeedPackage
from bot.sandbox.world import Actor, World
from bot.workflow import batch_look
from tests.scenarios.asking import creates, people, request_of, steady

pytestmark = pytest.mark.anyio

LINE = "github @mass/* --file release.yml --allow-publish --reason=tokens"


def seed(
    world: World,
    *names: str,
    evidence: str = "none",
    repository: str | None = None,
    deprecated: bool = False,
    private: bool = False,
) -> None:
    """Add packages of Otto's and Olga's, each of its own repository where none is named."""
    for name in names:
        own = f"mass/{name.rpartition('/')[2]}" if repository is None else repository
        owners = ("otto-npm", "olga-npm")
        world.registry.add_package(SeedPackage(name, owners, own, evidence, private=private, deprecated=deprecated))


async def link(world: World, actor: Actor) -> None:
    world.registry.state.accounts[actor.character.npm_user].email = actor.character.email
    await actor.links_account("dm")


async def test_a_pattern_is_shown_first_then_asked_for_approved_and_applied(world: World) -> None:
    rita, otto, _, sam = people(world)
    await link(world, otto)
    seed(world, "@mass/one", "@mass/two", "@mass/three", "@mass/sub-one")
    answer = await rita.says(f"github @mass/* !@mass/sub-* --file release.yml --allow-publish --reason {'drop tokens'}")
    assert "I look at `@mass/* !@mass/sub-*`. A preview comes by DM" in answer
    preview = rita.reads("dm")
    assert preview == snapshot("""\
*3 packages can be asked for*
`github @mass/* !@mass/sub-* --file release.yml --allow-publish --reason "drop tokens"`
Why: drop tokens · in #general
`@mass/* !@mass/sub-*` matches 3 packages: 3 known; list from npm's search 23 Nov 2026, confirmed by nobody: `/npmtrust login` by an owner helps.
• mass/one → release.yml, Environment: any (publish): 1 package
• mass/three → release.yml, Environment: any (publish): 1 package
• mass/two → release.yml, Environment: any (publish): 1 package
Once approved: 3 calls to npm, about 1 minute, and about 1 confirmation at npm.
[Ask for 3] [Choose…] [Drop]\
""")
    assert "3 packages" not in sam.reads_all()
    assert creates(world) == 0
    assert "Asked as C-1 for 3 packages: see #general" in await rita.clicks("Ask for 3", "dm")
    assert "Asked as C-1 for 3 packages" in rita.reads_all("dm")
    assert request_of(world) == snapshot("""\
*@rita asks for 3 changes*
3 in review
Why: drop tokens
*let mass/one → release.yml publish @mass/one*
May: *publish directly*, stage · Environment: any
Repository: mass/one, inferred from the package's own data
Now: no trusted publishing seen (public data) · npm's own list not read
Needs 1 of @otto · not linked: olga-npm
*let mass/three → release.yml publish @mass/three*
May: *publish directly*, stage · Environment: any
Repository: mass/three, inferred from the package's own data
Now: no trusted publishing seen (public data) · npm's own list not read
Needs 1 of @otto · not linked: olga-npm
*let mass/two → release.yml publish @mass/two*
May: *publish directly*, stage · Environment: any
Repository: mass/two, inferred from the package's own data
Now: no trusted publishing seen (public data) · npm's own list not read
Needs 1 of @otto · not linked: olga-npm
until Thu 14:00 UTC · C-1
[Approve…] [Reject…] [Details] [I maintain this: link my npm account] [Cancel] [Pause]\
""")
    await approve_all(otto)
    assert steady(world, otto.reads("dm")) == snapshot("""\
*Confirm at npm: let mass/one → release.yml publish @mass/one, and 2 more*
You approved C-1 for @rita Mon 14:00 UTC.
3 calls, as npm user otto-npm. Tick npm's "do not ask again for 5 minutes": it may spare you the other confirmations.
The link leads to www.npmjs.com · ends Mon 14:05 UTC · any device · I never ask for a code
[Open www.npmjs.com] [Later, at my computer] [Not me]\
""")
    await otto.confirms(remember=True)
    await world.settle(60)
    assert steady(world, request_of(world)) == snapshot("""\
*@rita asks for 3 changes*
3 done
Why: drop tokens
✅ *@mass/one now trusts mass/one → release.yml* (publish, stage)
*Publish through it before Wed 14:00 UTC, or npm drops it.*
asked @rita · approved and run by @otto Mon 14:00 UTC · id eebc175d…
✅ *@mass/three now trusts mass/three → release.yml* (publish, stage)
*Publish through it before Wed 14:00 UTC, or npm drops it.*
asked @rita · approved and run by @otto Mon 14:00 UTC · id eebc175d…
✅ *@mass/two now trusts mass/two → release.yml* (publish, stage)
*Publish through it before Wed 14:00 UTC, or npm drops it.*
asked @rita · approved and run by @otto Mon 14:00 UTC · id eebc175d…
C-1
[Details]\
""")
    assert sorted(create.package for create in world.registry.accepted_creates) == [
        "@mass/one",
        "@mass/three",
        "@mass/two",
    ]
    [configuration] = world.registry.configurations("@mass/two")
    assert configuration["claims"]["repository"] == "mass/two"


async def test_what_was_set_up_here_and_not_used_yet_is_not_ticked(world: World) -> None:
    rita, otto, _, _ = people(world)
    await link(world, otto)
    seed(world, "@mass/one", "@mass/two")
    await rita.says("github @mass/one --file release.yml --allow-publish --reason tokens")
    await otto.clicks("Approve")
    await otto.confirms()
    await rita.says(LINE)
    preview = rita.reads("dm")
    assert preview.startswith("*1 package can be asked for*\n")
    assert "mass/two → release.yml, Environment: any (publish): 1 package" in preview
    assert "1 set up here within two days, not used yet: @mass/one" in preview
    assert "mass/one → release.yml, Environment: any (publish): 1 package, not ticked" in preview


async def approve_all(reviewer: Actor) -> None:
    await reviewer.clicks("Approve")
    if reviewer.reads_form():
        await reviewer.submits()


async def test_each_reason_for_leaving_a_package_out_is_told(world: World) -> None:
    rita, otto, olga, _ = people(world)
    await link(world, otto)
    seed(world, "@mass/fine")
    seed(world, "@mass/trusted", evidence="trusted")
    seed(world, "@mass/old", deprecated=True)
    seed(world, "@mass/nowhere", repository="")
    seed(world, "@mass/secret", private=True)
    seed(world, "@mass/pending")
    await olga.says("github @mass/pending --file release.yml --allow-publish")
    await otto.says("github @mass/* @mass/gone --file release.yml --allow-publish")
    preview = otto.reads("dm")
    assert preview.startswith("*1 package can be asked for*\n")
    for line in (
        "1 deprecated: @mass/old",
        "1 published through a trusted publisher already (public data): @mass/trusted",
        "1 asked for already: @mass/pending (C-1)",
        "1 not found at npm (/npmtrust login lets me look with your account): @mass/gone",
        "1 private, where everybody reads the channel: @mass/secret",
        "1 without a repository that fits (name it with --repo): @mass/nowhere",
    ):
        assert line in preview.replace("`", "")
    # who is linked to nobody learns nothing of private names
    await rita.says("github @mass/* --file release.yml --allow-publish")
    assert "secret" not in rita.reads_all("dm")
    assert "2 names left out that npm does not show to you" in rita.reads("dm")
    assert "gone" not in rita.reads("dm")


async def test_a_package_without_a_release_for_a_year_is_ticked_by_hand(world: World) -> None:
    rita = world.person(REQUESTER)
    seed(world, *(f"@mass/p{number:02}" for number in range(60)))
    await world.advance(days=400)
    world.registry.publish("@mass/p59", "1.2.0")
    await rita.says(LINE)
    preview = rita.reads("dm")
    assert "1 package can be asked for" in preview
    assert (
        "59 without a release for a year: @mass/p00, @mass/p01, @mass/p02, @mass/p03, @mass/p04 and 54 more" in preview
    )
    await rita.clicks("Choose…", "dm")
    assert "1 package ticked" in rita.reads_form()
    assert "60 in all, page 1 of 2." in rita.reads_form()
    shown = await rita.clicks_form("Next page")
    assert "page 2 of 2" in shown
    shown = await rita.clicks_form("Show", find="p1")
    assert "10 found, page 1 of 1." in shown
    shown = await rita.clicks_form("Tick these")
    assert "11 packages ticked" in shown
    before = rita.value_of("Ask for", "dm")
    assert await rita.submits() == {}
    assert "11 packages can be asked for" in rita.reads("dm")
    assert "The preview has changed since" in await rita.forges("Ask for 11", before.partition(":")[0] + ":1", "dm")
    await rita.clicks("Choose…", "dm")
    field, *_ = [name for name, ticked in rita.form().items() if name.startswith("ticks-") and ticked]
    await rita.submits(**{field: []})  # p10 to p19 stand on the first page
    assert "1 package can be asked for" in rita.reads_all("dm")
    assert "Asked as C-1 for 1 package" in await rita.clicks("Ask for 1", "dm")


async def test_two_people_cannot_ask_for_the_same_twice(world: World) -> None:
    rita, _, olga, _ = people(world)
    seed(world, "@mass/one", "@mass/two")
    await rita.says(LINE)
    await olga.says("github @mass/* @acme/icons --file release.yml --allow-publish")
    await rita.clicks("Ask for 2", "dm")
    told = await olga.clicks("Ask for 3", "dm")
    assert "Asked as C-2 for 1 package" in told
    assert "2 packages left out" in told
    assert "2 asked for already: @mass/one, @mass/two (C-1)" in olga.reads_all("dm")
    # a preview that became a request, one that is somebody else's, and one that never was
    assert not rita.sees_button("Ask for", "dm")
    await rita.says(LINE)
    assert "There is nothing to ask for" in rita.reads("dm")
    assert "2 asked for already" in rita.reads("dm")
    drop = rita.value_of("Drop", "dm")
    await olga.says("github @acme/* --file release.yml --allow-publish")
    assert "That preview is somebody else's" in await olga.forges("Drop", drop, "dm")
    assert "This button is not one of mine" in await olga.forges("Ask for", "nonsense", "dm")
    assert "Dropped: nothing was asked for." in await olga.clicks("Drop", "dm")
    assert "*Dropped*: nothing was asked for." in olga.reads_all("dm")


async def test_a_pattern_that_matches_nothing_says_what_to_do_and_a_star_is_told_as_such(world: World) -> None:
    rita = world.person(REQUESTER)
    await rita.says("github @masss/* --file release.yml")
    told = rita.reads("dm")
    assert "I know of no package that matches @masss/*" in told.replace("`", "")
    assert "/npmtrust watch @acme/*" in told
    await rita.says("list rita-tools")
    await rita.says("github * --file release.yml --repo acme/{unscoped}")
    told = rita.reads("dm")
    assert "The star takes every package that I know, whoever owns it." in told
    assert "acme/rita-tools → release.yml" in told


async def test_templates_are_filled_for_each_package(world: World) -> None:
    rita = world.person(REQUESTER)
    seed(world, "@mass/one")
    world.registry.add_package(SeedPackage("plain", ("otto-npm",)))
    await rita.says("github @mass/* plain --repo mass/{unscoped} --file {name}.yml --env {unscoped} --allow-publish")
    preview = rita.reads("dm")
    assert "mass/plain → plain.yml, Environment: plain (publish)" in preview
    assert "1 for which what is written makes no publisher" in preview
    assert "must be just a file not a path. (@mass/one.yml)" in preview
    # a single name is asked for at once, template or not
    await rita.says("github @mass/one --repo mass/{unscoped} --file {unscoped}.yml --allow-publish")
    assert "mass/one → one.yml" in request_of(world)
    told = await rita.says("github @mass/one --repo mass/{unscoped} --file {name}.yml --allow-publish")
    assert "For @mass/one the template makes @mass/one.yml" in told


async def test_what_is_held_waits_for_a_month_and_says_so(world: World) -> None:
    rita, otto, _, _ = people(world)
    await link(world, otto)
    seed(world, "@mass/one", "@mass/two")
    await rita.says(f"{LINE} --hold")
    assert "nothing runs before somebody presses Run now" in rita.reads("dm").replace("*", "")
    await rita.clicks("Ask for 2", "dm")
    await approve_all(otto)
    await world.advance(days=20)
    assert not world.trust_calls()
    assert "Expired" not in request_of(world)


async def test_an_outage_of_npm_is_told_and_a_restart_goes_on_where_it_was(world: World) -> None:
    rita = world.person(REQUESTER)
    names = [f"@mass/p{number:03}" for number in range(45)]
    seed(world, *names, repository="mass/all")
    await world.registry.stop()
    await rita.says(f"github {' '.join(names)} --file release.yml --allow-publish")
    assert "I look at 45 packages at npm" in rita.reads("dm")
    assert "I cannot read now: npm could not be reached. I go on by myself." in rita.reads("dm")
    await world.registry.start()
    assert world.app is not None
    world.clock.set(world.clock.now() + timedelta(minutes=2))
    read = len(world.registry.calls)
    assert (await batch_look.execute_next(world.app.services)).more  # 40 of them, then the process ends
    await world.restart_bot()
    await world.settle(120)
    assert "45 packages can be asked for" in rita.reads("dm")
    assert "mass/all → release.yml, Environment: any (publish): 45 packages" in rita.reads("dm")
    assert len([call for call in world.registry.calls[read:] if call.path.startswith("/@mass%2fp")]) == 45
    await world.advance(days=2)
    assert "That preview is a day old" in await rita.clicks("Ask for 45", "dm")
    assert "Asked as C-1 for 45 packages" in await rita.clicks("Ask for 45", "dm")


async def test_a_workflow_that_cannot_publish_is_not_ticked(world: World) -> None:
    rita = world.person(REQUESTER)
    seed(world, "@mass/one", "@mass/two")
    await rita.says("github @mass/* --repo mass/one --file release.yml --allow-publish")
    preview = rita.reads("dm")
    assert "1 package can be asked for" in preview
    assert "1 with a workflow that cannot publish: @mass/two (The package itself names another repository" in preview


async def test_a_revocation_of_many_is_looked_up_through_the_owners_account_in_one_message(world: World) -> None:
    otto, olga = world.person(OWNER), world.person(SECOND_OWNER)
    await link(world, otto)
    await link(world, olga)
    names = [f"@mass/p{number:02}" for number in range(12)]
    seed(world, *names)
    for name in names[:11]:
        claims = {"repository": "mass/old", "workflow_ref": {"file": "release.yml"}}
        world.registry.add_configuration(name, "github", claims)
    await otto.says("revoke @mass/* --from-repo mass/old --reason it moved")
    assert "12 packages can be asked for" in otto.reads("dm")
    assert "24 calls to npm" in otto.reads("dm")
    await otto.clicks("Ask for 12", "dm")
    before = len(otto.messages("dm"))
    await otto.confirms(remember=True)
    await world.settle(120)
    assert "C-1: read what stands at npm, 12 of 12" in otto.reads_all("dm")
    assert "1 package without exactly one such configuration" in otto.reads_all("dm")
    assert len(otto.messages("dm")) - before <= 2


async def test_a_renamed_repository_is_replaced_for_all_that_a_pattern_matches(world: World) -> None:
    otto, olga = world.person(OWNER), world.person(SECOND_OWNER)
    await link(world, otto)
    await link(world, olga)
    names = [f"@mass/p{number}" for number in range(5)]
    seed(world, *names, repository="mass/new")
    for name in names[:4]:
        claims = {"repository": "mass/old", "workflow_ref": {"file": "release.yml"}}
        world.registry.add_configuration(name, "github", claims)
    await otto.says(
        "replace @mass/* --from-repo mass/old with github --repo mass/new --file release.yml --allow-publish"
    )
    assert "5 packages can be asked for" in otto.reads("dm")
    await otto.clicks("Ask for 5", "dm")
    await otto.confirms(remember=True)
    await world.settle(60)
    assert "npm lists no such configuration for this package: there is nothing to replace" in request_of(world)
    await approve_all(olga)
    await olga.confirms(remember=True)
    await world.settle(90)
    told = [[each["claims"]["repository"] for each in world.registry.configurations(name)] for name in names]
    assert told == [["mass/new"]] * 4 + [[]]  # where nothing was to be replaced, nothing was made
    assert "4 done" in request_of(world)
