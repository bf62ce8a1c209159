"""What is asked for: by the only maintainer, for several packages, by two people, twice."""

import asyncio

import pytest

from bot.sandbox.cast import GENERAL, REQUESTER
from bot.sandbox.world import World
from tests.scenarios.asking import LINE, ask, link_olga, people, request_of

pytestmark = pytest.mark.anyio


async def test_the_only_maintainer_asks_the_admins_review_and_the_own_account_runs_it(world: World) -> None:
    rita, otto, _, sam = people(world)
    await otto.links_account()
    await rita.links_account()
    await rita.says("github rita-tools --file release.yml --allow-publish")
    assert "Needs 1 of the admins @olga, @otto, since the only maintainer is who asks" in request_of(world)
    assert "You asked for C-1 yourself" in await rita.clicks("Approve")
    assert "Who can: @olga, @otto." in await sam.clicks("Approve")
    assert "It runs with the npm account of @rita: you need not do anything more." in await otto.clicks("Approve")
    assert "Waits for @rita to press *I'm ready* in their DM" in request_of(world)
    assert "Waits for @rita to press I'm ready" in await sam.says("pending")
    assert not world.trust_calls()  # nothing comes unasked
    assert "only your npm account can write to the package" in rita.reads("dm")
    await rita.clicks("I'm ready", "dm")
    await rita.confirms()
    assert "rita-tools now trusts rita/tools → release.yml" in request_of(world)
    assert "approved by @otto · run by @rita" in request_of(world)
    assert {call.npm_user for call in world.trust_calls()} == {"rita-npm"}


async def test_an_admin_reviews_without_an_npm_account(world: World) -> None:
    rita, otto, _, _ = people(world)
    await rita.links_account()
    await rita.says("github rita-tools --file release.yml --allow-publish")
    assert "It runs with the npm account of @rita" in await otto.clicks("Approve")
    assert "Waits for @rita" in request_of(world)


@pytest.mark.parametrize("admins", ["", REQUESTER.slack_id], ids=["no admins", "only the requester"])
async def test_the_only_maintainer_without_other_admins_is_told_what_to_set(world: World, admins: str) -> None:
    world.settings["NPMTRUST_ADMINS"] = admins
    await world.restart_bot()
    rita = world.person(REQUESTER)
    await rita.links_account()
    refused = await rita.says("github rita-tools --file release.yml --allow-publish")
    assert "You are the only maintainer of rita-tools, and nobody approves their own request." in refused
    assert "NPMTRUST_ADMINS" in refused
    assert "add a second maintainer at npm" in refused
    assert "Nothing is open" in await rita.says("pending")


async def test_who_turns_out_to_be_the_only_maintainer_is_told_that_nobody_can_approve(world: World) -> None:
    world.settings["NPMTRUST_ADMINS"] = ""
    await world.restart_bot()
    rita, _, _, sam = people(world)
    await rita.says("github rita-tools --file release.yml --allow-publish")
    assert "first a maintainer must link an npm account · not linked: rita-npm" in request_of(world)
    await rita.clicks("I maintain this")
    await rita.logs_in()
    nobody = "Nobody can approve: the only maintainer is who asks, and no other admin is set (`NPMTRUST_ADMINS`)"
    assert nobody in request_of(world)
    assert nobody in await sam.says("pending")
    assert not rita.sees_button("Approve")


async def test_two_packages_of_different_owners_are_decided_each_by_their_own(world: World) -> None:
    world.registry.remove_configuration("@acme/core", world.registry.configurations("@acme/core")[0]["id"])
    _, otto, olga, _ = await ask(world, "github @acme/core @acme/icons --file release.yml --allow-publish")
    await link_olga(world)
    assert "@rita asks for 2 changes" in request_of(world)
    await otto.clicks("Approve…")
    assert "Yours to decide on: 1 package" in otto.reads_form()
    await otto.submits()
    shown = request_of(world)
    assert "1 waiting for a person, 1 in review" in shown
    assert "Needs 1 of @olga" in shown
    await otto.confirms()
    assert len(world.registry.configurations("@acme/core")) == 1
    assert world.registry.configurations("@acme/icons") == []
    await olga.clicks("Reject")
    assert "@acme/icons" in olga.reads_form()
    assert "@acme/core" not in olga.reads_form()
    await olga.submits(reason="not mine")
    shown = request_of(world)
    assert "1 done, 1 ended without change" in shown
    assert "@acme/core now trusts acme/core → release.yml" in shown
    assert 'Rejected by @olga: let acme/design → release.yml publish @acme/icons*\n"not mine"' in shown


async def test_the_same_request_is_not_asked_for_twice(world: World) -> None:
    rita, _, _, sam = await ask(world)
    for actor, line in ((rita, LINE), (sam, LINE), (rita, "npm trust " + LINE + " --reason 'once more'")):
        told = await actor.says(line)
        assert "The same is asked for @acme/ui already, in C-1." in told
        assert "/npmtrust status C-1" in told
    await rita.says(LINE + " --environment prod")  # something else
    assert "C-2" in request_of(world, 2)
    await rita.says("cancel C-1")
    await rita.says(LINE)  # it is not open any more
    assert "Needs 1 of @otto" in request_of(world, 3)


async def test_the_same_request_of_two_people_at_the_same_moment_is_asked_for_once(world: World) -> None:
    rita, _, _, sam = people(world)
    await world.slack.command(rita.id, GENERAL[0], LINE)
    await world.slack.command(sam.id, GENERAL[0], LINE)
    await asyncio.gather(world.settle(), world.settle())
    told = rita.reads_all() + sam.reads_all()
    assert told.count("✅ Asked as C-1") == 1
    assert told.count("The same is asked for @acme/ui already, in C-1.") == 1
    assert "C-2" not in told
