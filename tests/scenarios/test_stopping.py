"""Changing one's mind and running out of time: withdraw, cancel, lend an account, expire, close a link."""

import asyncio

import pytest

from bot.sandbox.cast import GENERAL, REQUESTER, SECOND_OWNER
from bot.sandbox.world import World
from tests.scenarios.asking import TRUSTED, ask, creates, link_olga, message_of, request_of

pytestmark = pytest.mark.anyio


async def test_an_approval_can_be_withdrawn_until_the_call_starts(world: World) -> None:
    _, otto, olga, _ = await ask(world)
    await otto.approves()
    link = otto.link()
    assert await otto.clicks("Withdraw my approval") == (
        "Your approval of C-1 is withdrawn. Nothing is sent to npm unless it is approved again."
    )
    assert "Not needed any more" in otto.reads("dm")
    assert not otto.links()
    assert "Needs 1 of @otto" in request_of(world)
    world.registry.confirm(link, "otto-npm")  # it was open in the browser
    await world.settle()
    assert creates(world) == 0
    assert "nothing to withdraw" in await otto.forges("Details", otto.value_of("Details"), action="withdraw")
    await otto.approves()  # and it can be given again
    await otto.confirms()
    assert "it is done. Nothing was changed now." in await otto.forges(
        "Details", otto.value_of("Details"), action="withdraw"
    )
    assert creates(world) == 1
    assert "@otto approved as npm user otto-npm Mon 14:00 UTC (no longer counts)" in await olga.clicks("Details")


async def test_an_approval_can_be_withdrawn_while_it_waits_for_a_login(world: World) -> None:
    _, _, olga, _ = await ask(world)
    await link_olga(world)
    assert "Next: log in at npm" in await olga.approves()
    assert "Waits for @olga to log in at npm, as npm user olga-npm" in request_of(world)
    await olga.clicks("Withdraw my approval")
    assert "Needs 1 of @otto, @olga" in request_of(world)
    await olga.logs_in()
    assert not world.trust_calls()


async def test_an_approval_cannot_be_withdrawn_while_the_call_is_under_way(world: World) -> None:
    _, otto, _, _ = await ask(world)
    await otto.approves()
    async with world.call_under_way(otto.confirms()):
        assert "Asking npm now, as npm user otto-npm" in request_of(world)
        too_late = await otto.forges("Details", otto.value_of("Details"), action="withdraw")
        assert "Too late for that: the call of C-1 has started" in too_late
        assert "Too late" not in await otto.clicks("Details")
    assert TRUSTED in request_of(world)


async def test_when_the_executor_withdraws_it_runs_with_the_account_of_the_other_approver(world: World) -> None:
    _, otto, olga, _ = await ask(world)
    await link_olga(world)
    await otto.approves()
    await otto.clicks("Later", "dm")
    assert "@olga can press *Run with my account*" in request_of(world)
    assert "C-1 runs with your npm account now" in await olga.clicks("Run with my account")
    assert "Waits for @olga to log in" in request_of(world)
    assert "Your approval of C-1 is withdrawn" in await olga.clicks("Withdraw my approval")
    assert "Waits for @otto to press *I'm ready* in their DM" in request_of(world)
    assert "C-1, which you approved, runs with your npm account" in otto.reads("dm")
    assert not otto.links()  # nothing comes unasked
    await otto.clicks("I'm ready", "dm")
    assert "Nothing to press here any more" in otto.reads_all("dm")
    await olga.logs_in()
    await otto.confirms()
    assert "approved and run by @otto" in request_of(world)
    assert {call.npm_user for call in world.trust_calls()} == {"otto-npm"}


async def test_another_reviewer_lends_the_account_while_the_executor_is_away(world: World) -> None:
    rita, otto, olga, _ = await ask(world)
    await link_olga(world)
    await otto.approves()
    assert not olga.sees_button("Run with my account")  # Otto is here
    await world.advance(minutes=6)
    assert "Waits for @otto to confirm at npm, as npm user otto-npm; the link is over." in request_of(world)
    assert "You asked for C-1 yourself" in await rita.clicks("Run with my account")
    assert "C-1 runs with your npm account now. Next: log in at npm" in await olga.clicks("Run with my account")
    await olga.logs_in()
    await olga.confirms()
    assert "approved by @otto, @olga · run by @olga" in request_of(world)
    assert creates(world) == 1


async def test_an_approval_whose_link_was_closed_before_the_call_does_not_count(world: World) -> None:
    _, otto, olga, _ = await ask(world)
    await link_olga(world)
    await world.registry.stop()
    await otto.approves()
    assert "npm could not be reached" in request_of(world)
    await otto.says("logout")
    shown = request_of(world)
    assert (
        "Back in review, earlier approvals no longer count: Somebody who approved closed their account link." in shown
    )
    assert "Needs 1 of @olga · not linked: otto-npm, ana-npm" in shown
    assert "could not be reached" not in shown
    await world.registry.start()
    await world.advance(minutes=3)
    assert not world.trust_calls()
    await olga.approves()
    await olga.logs_in()
    await olga.confirms()
    assert "approved and run by @olga" in request_of(world)


@pytest.mark.parametrize("who", [REQUESTER, SECOND_OWNER], ids=["requester", "admin"])
@pytest.mark.parametrize("when", ["in review", "waiting"])
async def test_the_requester_and_admins_cancel(world: World, who: object, when: str) -> None:
    rita, otto, olga, _ = await ask(world)
    await link_olga(world)
    if when == "waiting":
        await otto.approves()
    canceller = rita if who is REQUESTER else olga
    assert await canceller.says("cancel C-1") == "C-1 is cancelled. Nothing changed at npm."
    shown = request_of(world)
    assert f"Cancelled by @{canceller.character.name}: let acme/ui → release.yml publish @acme/ui" in shown
    assert "To go on" not in shown
    assert not otto.links()
    assert "C-1 is finished Mon 14:00 UTC: it was cancelled" in await canceller.says("cancel 1")
    assert creates(world) == 0


async def test_the_cancel_button_asks_first(world: World) -> None:
    rita, _, _, _ = await ask(world)
    assert "Cancel C-1?\nWhat npm has not done yet will not be done. What is done stays." in rita.dialog_of("Cancel")
    assert await rita.clicks("Cancel") == "C-1 is cancelled. Nothing changed at npm."


async def test_cancelling_keeps_what_is_done(world: World) -> None:
    world.registry.remove_configuration("@acme/core", world.registry.configurations("@acme/core")[0]["id"])
    rita, otto, _, _ = await ask(world, "github @acme/core @acme/icons --file release.yml --allow-publish")
    await otto.approves()
    await otto.confirms()
    told = await rita.says("cancel C-1")
    assert "The rest of C-1 is cancelled. What was done before stays" in told
    assert "1 done, 1 ended without change" in request_of(world)


async def test_cancelling_while_the_call_is_under_way_tells_the_truth(world: World) -> None:
    rita, otto, _, _ = await ask(world)
    await otto.approves()
    async with world.call_under_way(otto.confirms()):
        told = await rita.says("cancel C-1")
        assert "C-1 runs already: it stops if npm has not acted" in told
        assert "Somebody cancelled: it stops if npm has not acted" in request_of(world)
    assert TRUSTED in request_of(world)  # npm had acted
    assert creates(world) == 1


@pytest.mark.parametrize("acted", [True, False], ids=["npm had acted", "npm had not acted"])
async def test_cancelling_while_nobody_knows_what_npm_did(world: World, *, acted: bool) -> None:
    rita, otto, _, _ = await ask(world)
    await otto.approves()
    if acted:
        world.registry.lose_answer_of_next("POST")
    else:
        world.registry.fail_next("POST", 502)
    world.registry.lag_seconds = 60
    await otto.confirms()
    assert "Waits for @otto to confirm at npm" in request_of(world)  # the list, which tells what npm did
    assert "C-1 runs already: it stops if npm has not acted" in await rita.clicks("Cancel")
    await world.advance(minutes=4)
    await otto.confirms()  # npm's own list is read with Otto's account, and asks him
    assert (TRUSTED if acted else "Cancelled by @rita") in request_of(world)
    assert creates(world) == acted
    assert [call.status for call in world.trust_calls("POST")].count(502) == (not acted)


async def test_an_approval_and_a_cancellation_at_the_same_moment_are_both_answered(world: World) -> None:
    rita, otto, _, _ = await ask(world)
    offer, shown = otto.value_of("Approve"), message_of(world)
    await world.slack.click(otto.id, GENERAL[0], shown.ts, "approve", value=offer)
    await world.slack.click(rita.id, GENERAL[0], shown.ts, "cancel", value=offer)
    await asyncio.gather(world.settle(), world.settle())
    assert rita.reads() == "C-1 is cancelled. Nothing changed at npm."
    assert "C-1 is approved" in otto.reads() or "it was cancelled" in otto.reads()
    assert "Cancelled by @rita" in request_of(world)
    assert not otto.links()


async def test_a_request_that_nobody_decides_on_expires(world: World) -> None:
    _, otto, _, _ = await ask(world)
    await world.advance(hours=71, minutes=59)
    assert "Needs 1 of @otto" in request_of(world)
    offer = otto.value_of("Approve")
    await world.advance(minutes=2)
    shown = request_of(world)
    assert "Expired: let acme/ui → release.yml publish @acme/ui" in shown
    assert "It was not approved and begun by Thu 14:00 UTC. Nothing changed at npm." in shown
    assert "To go on, type:\n/npmtrust github @acme/ui" in shown
    assert "it expired. Nothing was changed now." in await otto.forges("Details", offer, action="approve")


async def test_a_request_that_waits_for_its_approver_expires_and_its_link_is_worth_nothing(world: World) -> None:
    _, otto, _, _ = await ask(world)
    await world.advance(hours=71, minutes=58)
    assert "Next: log in" in await otto.approves()
    await otto.logs_in()
    link = otto.link()
    await world.advance(minutes=3)
    assert "Expired:" in request_of(world)
    assert "approved by @otto" in request_of(world)
    world.registry.confirm(link, "otto-npm")
    await world.settle()
    assert not otto.links()
    assert creates(world) == 0


async def test_an_approval_in_the_last_moment_is_too_late_for_the_deadline(world: World) -> None:
    _, otto, _, _ = await ask(world)
    offer = otto.value_of("Approve")
    world.clock.set(world.clock.now().replace(day=26, hour=14, minute=1))  # nothing has looked at the deadline yet
    told = await otto.forges("Approve", offer)
    assert "C-1 is finished Thu 14:01 UTC: it expired. Nothing was changed now." in told
    assert "Expired:" in request_of(world)
    assert not otto.links()
