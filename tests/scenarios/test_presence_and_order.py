"""Who is there, whose turn it is, and what stops: each a trace that went wrong once."""

import pytest

from bot.sandbox.cast import GENERAL, OWNER, REQUESTER, SECOND_OWNER, STRANGER, SeedPackage
from bot.sandbox.world import Actor, World

pytestmark = pytest.mark.anyio

UI = "@acme/ui"
READY = "I'm ready"
LINE = "github @acme/ui --repo acme/ui --file release.yml --allow-publish"
TOKENS_LINE = "github @acme/tokens --repo acme/tokens --file tokens.yml --allow-publish"


async def link_olga(world: World) -> Actor:
    """Her e-mails differ, so that Otto, an admin, confirms the link."""
    olga, otto = world.person(SECOND_OWNER), world.person(OWNER)
    await olga.links_account()
    await otto.clicks("Confirm", "dm")
    return olga


async def test_no_link_is_minted_for_who_approved_long_ago(world: World) -> None:
    rita, otto = world.person(REQUESTER), world.person(OWNER)
    await otto.links_account()
    await rita.says(LINE)
    await world.registry.stop()
    await otto.approves()
    for _ in range(3):
        await world.advance(minutes=5)
    assert "could not be reached" in rita.reads_all()
    await world.registry.start()
    await world.advance(minutes=2)
    assert [call for call in world.registry.calls if "/trust" in call.path] == []
    assert "runs with your npm account" in otto.reads("dm")
    await otto.clicks(READY, "dm")
    await otto.confirms()
    assert len(world.registry.accepted_creates) == 1
    assert "now trusts" in rita.reads_all()


async def test_an_hour_without_npm_is_waited_out(world: World) -> None:
    rita, otto = world.person(REQUESTER), world.person(OWNER)
    await otto.links_account()
    await rita.says(LINE)
    await world.registry.stop()
    await otto.approves()
    for _ in range(12):
        await world.advance(minutes=1)
        await otto.says("whoami")
        if otto.sees_button(READY, "dm"):
            await otto.clicks(READY, "dm")
    await world.registry.start()
    await world.advance(minutes=2)
    if otto.sees_button(READY, "dm"):
        await otto.clicks(READY, "dm")
    await otto.confirms()
    assert len(world.registry.accepted_creates) == 1


async def test_who_left_before_npms_list_could_tell_what_it_did_is_asked_to_come_back(world: World) -> None:
    rita, otto = world.person(REQUESTER), world.person(OWNER)
    await otto.links_account()
    await rita.says(LINE)
    await otto.approves()
    world.registry.lag_seconds = 40
    world.registry.lose_answer_of_next("POST")
    await otto.confirms(remember=True)
    await world.registry.stop()
    await world.advance(minutes=12)  # the list is due since long, and who may read it is not there any more
    await world.registry.start()
    await world.advance(minutes=1)
    assert (
        "I look before I say or send anything. ✋ Waits for @otto to press *I'm ready* in their DM." in rita.reads_all()
    )
    assert "Nobody has to do anything" not in rita.reads_all()
    await otto.clicks(READY, "dm")
    await otto.confirms()
    assert "now trusts" in rita.reads_all()
    assert len(world.registry.accepted_creates) == 1


async def test_who_is_away_with_one_request_blocks_no_other(world: World) -> None:
    rita, otto = world.person(REQUESTER), world.person(OWNER)
    await otto.links_account()
    olga = await link_olga(world)
    await rita.says(LINE)
    await otto.approves()
    await rita.says(TOKENS_LINE)
    await otto.approves()
    await world.advance(minutes=6)
    assert "C-2" in olga.reads_all()
    await olga.clicks("Run with my account")
    await olga.logs_in()
    await olga.confirms()
    assert [create.package for create in world.registry.accepted_creates] == ["@acme/tokens"]


async def test_what_rests_can_be_taken_up_after_another_request_was_cancelled(world: World) -> None:
    rita, otto = world.person(REQUESTER), world.person(OWNER)
    await otto.links_account()
    await rita.says(LINE)
    await otto.approves()
    await rita.says(TOKENS_LINE)
    await otto.approves()
    await otto.clicks("Later", "dm")
    await rita.says("cancel C-1")
    assert otto.sees_button(READY, "dm")
    await otto.clicks(READY, "dm")
    await otto.confirms()
    assert [create.package for create in world.registry.accepted_creates] == ["@acme/tokens"]


async def test_an_approver_who_logs_out_while_npm_is_asked_does_not_make_the_lane_spin(world: World) -> None:
    rita, otto = world.person(REQUESTER), world.person(OWNER)
    await otto.links_account()
    await rita.says(LINE)
    claims = {"repository": "acme/ui", "workflow_ref": {"file": "release.yml"}, "environment": "production"}
    world.registry.add_configuration(UI, "github", claims, ("createPackage",))
    await otto.approves()
    await otto.confirms()
    await otto.says("logout")
    await world.advance(minutes=3)
    await otto.links_account()
    for _ in range(3):
        if otto.sees_button(READY, "dm"):
            await otto.clicks(READY, "dm")
        await world.advance(minutes=3)
    assert world.registry.accepted_creates == []


async def test_an_answer_that_does_not_show_the_configuration_is_settled_after_the_lag(world: World) -> None:
    rita, otto = world.person(REQUESTER), world.person(OWNER)
    await otto.links_account()
    await rita.says(LINE)
    world.registry.lag_seconds = 60
    await otto.approves()
    other = {"id": "other", "type": "github", "claims": {"repository": "acme/ui"}, "permissions": []}
    world.registry.fail_next("POST", 200, other)
    claims = {"repository": "acme/ui", "workflow_ref": {"file": "release.yml"}}
    world.registry.add_configuration(UI, "github", claims, ("createPackage",))
    await otto.confirms(remember=True)
    for _ in range(20):
        await world.advance(seconds=10)
    posts = [call for call in world.registry.calls if call.method == "POST" and call.path.endswith("/trust")]
    assert [call.status for call in posts] == [401, 200]
    assert "now trusts" in rita.reads_all()


async def test_cancelling_does_not_wait_for_slack(world: World) -> None:
    rita, otto = world.person(REQUESTER), world.person(OWNER)
    await otto.links_account()
    await rita.says(LINE)
    await otto.approves()
    link = otto.link()
    world.slack.outage = True
    await world.slack.command(rita.id, GENERAL[0], "cancel C-1")
    await world.settle()
    world.registry.confirm(link, OWNER.npm_user)
    await world.settle()
    assert world.registry.accepted_creates == []
    world.slack.outage = False
    await world.advance(minutes=2)
    assert "Cancelled" in rita.reads_all()


async def test_lists_of_one_person_do_not_hold_up_what_others_approved(world: World) -> None:
    rita, otto, sam = world.person(REQUESTER), world.person(OWNER), world.person(STRANGER)
    world.registry.add_package(SeedPackage("sams", (STRANGER.npm_user,), "sam/tools"))
    await otto.links_account()
    await sam.links_account()
    await rita.says(LINE)
    await sam.says("list sams")
    await sam.confirms(remember=True)
    await sam.says("list sams @acme/ui @acme/core @acme/tokens @acme/icons @acme/Legacy rita-tools")
    await otto.approves()
    await otto.confirms()
    calls = [call for call in world.registry.calls if "/trust" in call.path]
    created = next(number for number, call in enumerate(calls) if call.status == 201)
    assert len(calls) - created > 0
    assert len(world.registry.accepted_creates) == 1


async def test_an_approval_is_not_counted_for_owners_that_changed(world: World) -> None:
    rita, otto = world.person(REQUESTER), world.person(OWNER)
    await otto.links_account()
    olga = await link_olga(world)
    await rita.says(LINE)
    world.registry.add_package(SeedPackage(UI, (SECOND_OWNER.npm_user,), "acme/ui"))
    assert "This is for the maintainers" in await otto.approves()
    shown = rita.reads_all()
    assert "Needs 1 of @olga · owners: npm's access list, teams counted" in shown
    assert "for the maintainers" in await otto.approves()
    await olga.approves()
    await olga.logs_in()
    await olga.confirms()
    assert len(world.registry.accepted_creates) == 1
