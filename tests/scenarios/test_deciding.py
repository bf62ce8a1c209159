"""Deciding: who may approve, reject, withdraw, cancel and lend an account; what that binds to; and until when."""

import asyncio

import pytest

from bot.messages.ids import Action
from bot.sandbox.cast import GENERAL, OWNER, RELEASES, REQUESTER, SECOND_OWNER, STRANGER, SeedPackage
from bot.sandbox.world import Actor, World

pytestmark = pytest.mark.anyio

UI = "@acme/ui"
LINE = "github @acme/ui --repo acme/ui --file release.yml --allow-publish"
TRUSTED = "@acme/ui now trusts acme/ui → release.yml"


def people(world: World) -> tuple[Actor, Actor, Actor, Actor]:
    return (
        world.person(REQUESTER),
        world.person(OWNER),
        world.person(SECOND_OWNER),
        world.person(STRANGER),
    )


async def link_owners(world: World) -> tuple[Actor, Actor, Actor, Actor]:
    """Otto is linked by his address and logged in; Olga by Otto's word, and has no session yet."""
    rita, otto, olga, sam = people(world)
    await otto.links_account()
    await olga.links_account()
    await otto.clicks("Confirm", "dm")
    return rita, otto, olga, sam


async def ask(world: World, line: str = LINE) -> tuple[Actor, Actor, Actor, Actor]:
    """Both owners are linked, and Rita asks."""
    cast = await link_owners(world)
    await cast[0].says(line)
    return cast


def request_of(actor: Actor, number: int = 1) -> str:
    """Tell how a request stands in the channel; there is one message of it."""
    [shown] = [text for text in actor.reads_all().split("\n\n") if f"C-{number}\n" in f"{text}\n"]
    return shown


def creates(world: World) -> int:
    return len(world.registry.accepted_creates)


async def test_an_owner_approves_and_the_call_runs_with_their_account(world: World) -> None:
    rita, otto, _, _ = await ask(world)
    assert "Needs 1 of @otto, @olga · not linked: ana-npm" in request_of(rita)
    assert (
        await otto.clicks("Approve")
        == "👍 C-1 is approved. Next: confirm at npm, if npm asks. Its link then comes to you by DM."
    )
    assert "You approved C-1 for @rita" in otto.reads("dm")
    await otto.confirms()
    assert TRUSTED in request_of(rita)
    assert "asked @rita · approved and run by @otto" in request_of(rita)
    assert [call.npm_user for call in world.trust_calls()] == ["otto-npm", "otto-npm"]


async def test_the_requester_never_approves_also_not_as_a_maintainer(world: World) -> None:
    rita, otto, _, _ = await ask(world)
    refused = await rita.clicks("Approve")
    assert "You asked for C-1 yourself, so somebody else must decide. Who can: @otto, @olga." in refused
    await otto.says("github @acme/ui --file other.yml --allow-publish")
    assert "Needs 1 of @olga · not linked: ana-npm" in request_of(otto, 2)
    assert "You asked for C-2 yourself" in await otto.clicks("Approve")
    assert "You asked for C-2 yourself" in await otto.clicks("Reject")
    assert (
        "You asked for C-2 yourself"
        in await otto.forges("Approve", otto.value_of("Approve"), action="run_with_my_account")
        or "does not need that any more" in otto.reads()
    )
    assert not otto.reads_form()
    assert not world.trust_calls()


async def test_a_stranger_decides_nothing_and_is_told_who_can(world: World) -> None:
    rita, otto, _, sam = await ask(world)
    offer = otto.value_of("Approve")
    not_linked = await sam.clicks("Approve")
    assert "First I must know which npm user you are: link your npm account, then press again." in not_linked
    assert "Who can: @otto, @olga." in not_linked
    assert "[Link my npm account]" in not_linked
    await sam.clicks("Link my npm account")
    await sam.logs_in()
    for action in ("approve", "reject", "look"):
        refused = await sam.forges("Approve", offer, action=action)
        if action == "look":
            assert "does not need that any more" in refused
        else:
            assert "This is for the maintainers of the package at npm, and your npm account is not one" in refused
            assert "Who can: @otto, @olga." in refused
            assert "Not linked yet: ana-npm" in refused
    assert not sam.reads_form()
    assert "No approval of yours counts" in await sam.forges("Approve", offer, action="withdraw")
    assert "Only @rita, who asked, and the admins can cancel C-1" in await sam.clicks("Cancel")
    assert "Only @rita, who asked, and the admins can cancel C-1" in await sam.says("cancel C-1")
    await otto.clicks("Approve")
    await otto.clicks("Later", "dm")
    assert "your npm account is not one of them" in await sam.clicks("Run with my account")
    assert "Waits for @otto" in request_of(rita)
    assert creates(world) == 0


async def test_whoever_approves_twice_counts_once(world: World) -> None:
    _, otto, _, _ = await ask(world)
    offer = otto.value_of("Approve")
    await otto.clicks("Approve")
    assert "You approved C-1 Mon 14:00 UTC already, and it counts once" in await otto.forges(
        "Details", offer, action="approve"
    )
    await asyncio.gather(*(world.slack.resend(raw) for raw in world.slack.courier.deliveries[-2:]))
    await world.settle()
    assert len(otto.links()) == 1
    await otto.confirms()
    assert creates(world) == 1


async def test_the_second_owner_is_told_that_it_is_approved(world: World) -> None:
    rita, otto, olga, _ = await ask(world)
    offer = otto.value_of("Approve")
    await otto.clicks("Approve")
    assert "C-1 does not need that any more" in await olga.forges("Details", offer, action="approve")
    too_late = await olga.forges("Details", offer, action="reject")
    assert "C-1 is approved already, so it cannot be rejected any more" in too_late
    assert "who approved can withdraw, and @rita and the admins can cancel" in too_late
    assert not olga.reads_form()
    assert "Waits for @otto to confirm" in request_of(rita)
    await otto.confirms()
    assert creates(world) == 1


async def test_a_rejection_asks_why_and_everybody_reads_it(world: World) -> None:
    rita, otto, olga, _ = await ask(world)
    offer = otto.value_of("Approve")
    await otto.clicks("Reject")
    assert "let acme/ui → release.yml publish @acme/ui" in otto.reads_form()
    assert "Please complete this required field" in (await otto.submits(reason=""))["reason"]
    assert "Say why" in (await otto.submits(reason="   "))["reason"]
    assert "in review" not in request_of(rita)
    assert await otto.submits(reason="wrong *repo*, <!channel> see &lt;") == {}
    assert "C-1 is rejected, with your reason in the channel. Nothing changed at npm." in otto.reads()
    shown = request_of(rita)
    assert "Rejected by @otto: let acme/ui → release.yml publish @acme/ui" in shown
    assert '"wrong \u2217repo\u2217, <!channel> see &lt;"' in shown  # as text: nobody is called by it
    assert "Nothing changed at npm." in shown
    assert not rita.sees_button("Approve")
    assert not rita.sees_button("Cancel")
    for action in ("approve", "reject", "withdraw", "run_with_my_account", "cancel", "look"):
        answer = await olga.forges("Details", offer, action=action)
        assert "C-1 is finished Mon 14:00 UTC: it was rejected. Nothing was changed now." in answer, action
    assert "@otto rejected as npm user otto-npm" in await olga.clicks("Details")
    assert not world.trust_calls()


async def test_a_rejection_that_comes_after_an_approval_changes_nothing(world: World) -> None:
    rita, otto, olga, _ = await ask(world)
    await olga.clicks("Reject")
    await otto.clicks("Approve")
    assert await olga.submits(reason="too late") == {}
    assert "cannot be rejected any more" in olga.reads()
    assert "Waits for @otto to confirm" in request_of(rita)


async def test_an_approval_can_be_withdrawn_until_the_call_starts(world: World) -> None:
    rita, otto, olga, _ = await ask(world)
    await otto.clicks("Approve")
    link = otto.link()
    assert await otto.clicks("Withdraw my approval") == (
        "Your approval of C-1 is withdrawn. Nothing is sent to npm unless it is approved again."
    )
    assert "Not needed any more" in otto.reads("dm")
    assert not otto.links()
    assert "Needs 1 of @otto, @olga" in request_of(rita)
    world.registry.confirm(link, "otto-npm")  # it was open in the browser
    await world.settle()
    assert creates(world) == 0
    assert "nothing to withdraw" in await otto.forges("Details", otto.value_of("Details"), action="withdraw")
    await otto.clicks("Approve")  # and it can be given again
    await otto.confirms()
    assert "it is done. Nothing was changed now." in await otto.forges(
        "Details", otto.value_of("Details"), action="withdraw"
    )
    assert creates(world) == 1
    assert "@otto approved as npm user otto-npm Mon 14:00 UTC (no longer counts)" in await olga.clicks("Details")


async def test_an_approval_can_be_withdrawn_while_it_waits_for_a_login(world: World) -> None:
    rita, _, olga, _ = await ask(world)
    assert "Next: log in at npm" in await olga.clicks("Approve")
    assert "Waits for @olga to log in at npm, as npm user olga-npm" in request_of(rita)
    await olga.clicks("Withdraw my approval")
    assert "Needs 1 of @otto, @olga" in request_of(rita)
    await olga.logs_in()
    assert not world.trust_calls()


async def test_an_approval_cannot_be_withdrawn_while_the_call_is_under_way(world: World) -> None:
    rita, otto, _, _ = await ask(world)
    await otto.clicks("Approve")
    async with world.call_under_way(otto.confirms()):
        assert "Asking npm now, as npm user otto-npm" in request_of(rita)
        too_late = await otto.forges("Details", otto.value_of("Details"), action="withdraw")
        assert "Too late for that: the call of C-1 has started" in too_late
        assert "Too late" not in await otto.clicks("Details")
    assert TRUSTED in request_of(rita)


async def test_when_the_executor_withdraws_it_runs_with_the_account_of_the_other_approver(world: World) -> None:
    rita, otto, olga, _ = await ask(world)
    await otto.clicks("Approve")
    await otto.clicks("Later", "dm")
    assert "@olga can press *Run with my account*" in request_of(rita)
    assert "C-1 runs with your npm account now" in await olga.clicks("Run with my account")
    assert "Waits for @olga to log in" in request_of(rita)
    assert "Your approval of C-1 is withdrawn" in await olga.clicks("Withdraw my approval")
    assert "Waits for @otto to press *I'm ready* in their DM" in request_of(rita)
    assert "C-1 runs with your npm account now: you approved it" in otto.reads("dm")
    assert not otto.links()  # nothing comes unasked
    await otto.clicks("I'm ready", "dm")
    assert "Nothing to press here any more" in otto.reads_all("dm")
    await olga.logs_in()
    await otto.confirms()
    assert "approved and run by @otto" in request_of(rita)
    assert {call.npm_user for call in world.trust_calls()} == {"otto-npm"}


@pytest.mark.parametrize("who", [REQUESTER, SECOND_OWNER], ids=["requester", "admin"])
@pytest.mark.parametrize("when", ["in review", "waiting"])
async def test_the_requester_and_admins_cancel(world: World, who: object, when: str) -> None:
    rita, otto, olga, _ = await ask(world)
    if when == "waiting":
        await otto.clicks("Approve")
    canceller = rita if who is REQUESTER else olga
    assert await canceller.says("cancel C-1") == "C-1 is cancelled. Nothing changed at npm."
    shown = request_of(otto)
    assert f"Cancelled by @{canceller.character.name}: let acme/ui → release.yml publish @acme/ui" in shown
    assert "To go on, type:\n/npmtrust github @acme/ui --repo acme/ui --file release.yml --allow-publish" in shown
    assert not otto.links()
    assert "C-1 is finished Mon 14:00 UTC: it was cancelled" in await canceller.says("cancel 1")
    assert creates(world) == 0


async def test_the_cancel_button_asks_first(world: World) -> None:
    rita, _, _, _ = await ask(world)
    assert "Cancel C-1?\nWhat npm has not done yet will not be done. What is done stays." in rita.dialog_of("Cancel")
    assert await rita.clicks("Cancel") == "C-1 is cancelled. Nothing changed at npm."


async def test_cancelling_while_the_call_is_under_way_tells_the_truth(world: World) -> None:
    rita, otto, _, _ = await ask(world)
    await otto.clicks("Approve")
    async with world.call_under_way(otto.confirms()):
        told = await rita.says("cancel C-1")
        assert "C-1 runs already: it stops if npm has not acted" in told
        assert "Somebody cancelled: it stops if npm has not acted" in request_of(otto)
    assert TRUSTED in request_of(rita)  # npm had acted
    assert creates(world) == 1


@pytest.mark.parametrize("acted", [True, False], ids=["npm had acted", "npm had not acted"])
async def test_cancelling_while_nobody_knows_what_npm_did(world: World, *, acted: bool) -> None:
    rita, otto, _, _ = await ask(world)
    await otto.clicks("Approve")
    if acted:
        world.registry.lose_answer_of_next("POST")
    else:
        world.registry.fail_next("POST", 502)
    world.registry.lag_seconds = 60
    await otto.confirms()
    assert "Waits for @otto to confirm at npm" in request_of(rita)  # the list, which tells what npm did
    assert "C-1 runs already: it stops if npm has not acted" in await rita.clicks("Cancel")
    await world.advance(minutes=4)
    await otto.confirms()  # npm's own list is read with Otto's account, and asks him
    assert (TRUSTED if acted else "Cancelled by @rita") in request_of(otto)
    assert creates(world) == acted
    assert [call.status for call in world.trust_calls("POST")].count(502) == (not acted)


async def test_details_tell_everything_to_whoever_asks(world: World) -> None:
    rita, otto, _, sam = await ask(world, LINE + " --environment prod --reason 'drop tokens'")
    await otto.clicks("Approve")
    told = await sam.clicks("Details")
    for words in (
        "C-1: everything I know",
        "Asked by @rita Mon 14:00 UTC · until Thu 14:00 UTC",
        "Why:\ndrop tokens",
        "Environment: prod",
        "npm's maintainers: otto-npm (@otto), olga-npm (@olga), ana-npm (not linked)",
        "@otto approved as npm user otto-npm Mon 14:00 UTC",
        "Waits for @otto to confirm at npm",
        '"environment": "prod"',
        "An approval counts for exactly this content.",
    ):
        assert words in told, words
    assert "everything I know" not in rita.reads_all()  # only Sam sees his


async def test_buttons_of_an_earlier_content_do_not_count(world: World) -> None:
    rita, otto, olga, _ = await link_owners(world)
    [standing] = world.registry.configurations("@acme/core")
    await rita.says(f"revoke @acme/core --id {standing['id']}")
    earlier = otto.value_of("Look")
    assert "Nobody can approve C-1 yet: press Look" in await otto.forges("Look", earlier, action="approve")
    await otto.clicks("Look")
    await otto.confirms()
    assert otto.value_of("Approve") != earlier
    for action in ("approve", "reject", "cancel", "withdraw", "run_with_my_account", "look"):
        actor = rita if action == "cancel" else otto
        told = await actor.forges("Approve", earlier, action=action)
        assert "C-1 changed since this message was drawn, so your press did not count." in told, action
    assert "In review" not in request_of(rita)
    assert "Needs 1 of @otto" in request_of(rita)
    assert "everything I know" in await olga.forges("Approve", earlier, action="details")
    assert "C-1 is approved" in await otto.clicks("Approve")
    await otto.confirms()
    assert world.registry.configurations("@acme/core") == []


@pytest.mark.parametrize(
    "action",
    ["approve", "reject", "withdraw", "details", "cancel", "run_with_my_account", "look", "edit", "confirm_link",
     "refuse_link", "handoff_later", "handoff_ready", "handoff_not_me", "of nobody"],
)  # fmt: skip
async def test_values_that_were_never_issued_do_nothing_and_are_answered(world: World, action: str) -> None:
    rita, otto, _, _ = people(world)
    await otto.links_account()
    await rita.says(LINE)
    before = request_of(rita)
    for value in ("made-up", "", "1", "'; DROP TABLE steps; --", "x" * 2000, "asked:1"):
        told = await otto.forges("Details", value, action=action)
        assert "This button is not one of mine, or it is from before I was set up anew. Nothing happened." in told
    assert request_of(rita) == before


async def test_another_reviewer_lends_the_account_while_the_executor_is_away(world: World) -> None:
    rita, otto, olga, _ = await ask(world)
    await otto.clicks("Approve")
    assert not olga.sees_button("Run with my account")  # Otto is here
    await world.advance(minutes=6)
    assert "Waits for @otto to confirm at npm, as npm user otto-npm; the link was not used." in request_of(rita)
    assert "You asked for C-1 yourself" in await rita.clicks("Run with my account")
    assert "C-1 runs with your npm account now. Next: log in at npm" in await olga.clicks("Run with my account")
    await olga.logs_in()
    await olga.confirms()
    assert "approved by @otto, @olga · run by @olga" in request_of(rita)
    assert creates(world) == 1


async def test_a_request_that_nobody_decides_on_expires(world: World) -> None:
    rita, otto, _, _ = await ask(world)
    await world.advance(hours=71, minutes=59)
    assert "Needs 1 of @otto, @olga" in request_of(rita)
    offer = otto.value_of("Approve")
    await world.advance(minutes=2)
    shown = request_of(rita)
    assert "Expired: let acme/ui → release.yml publish @acme/ui" in shown
    assert "It was not approved and begun by Thu 14:00 UTC. Nothing changed at npm." in shown
    assert "To go on, type:\n/npmtrust github @acme/ui" in shown
    assert "it expired. Nothing was changed now." in await otto.forges("Details", offer, action="approve")


async def test_a_request_that_waits_for_its_approver_expires_and_its_link_is_worth_nothing(world: World) -> None:
    rita, otto, _, _ = await ask(world)
    await world.advance(hours=71, minutes=58)
    assert "Next: log in" in await otto.clicks("Approve")
    await otto.logs_in()
    link = otto.link()
    await world.advance(minutes=3)
    assert "Expired:" in request_of(rita)
    assert "approved by @otto" in request_of(rita)
    world.registry.confirm(link, "otto-npm")
    await world.settle()
    assert not otto.links()
    assert creates(world) == 0


async def test_an_approval_in_the_last_moment_is_too_late_for_the_deadline(world: World) -> None:
    rita, otto, _, _ = await ask(world)
    offer = otto.value_of("Approve")
    world.clock.set(world.clock.now().replace(day=26, hour=14, minute=1))  # nothing has looked at the deadline yet
    told = await otto.forges("Approve", offer)
    assert "C-1 is finished Thu 14:01 UTC: it expired. Nothing was changed now." in told
    assert "Expired:" in request_of(rita)
    assert not otto.links()


async def test_the_only_maintainer_asks_the_admins_review_and_the_own_account_runs_it(world: World) -> None:
    rita, otto, _, sam = await link_owners(world)
    await rita.links_account()
    await rita.says("github rita-tools --file release.yml --allow-publish")
    assert "Needs 1 of the admins @olga, @otto, since the only maintainer is who asks" in request_of(rita)
    assert "You asked for C-1 yourself" in await rita.clicks("Approve")
    assert "Who can: @olga, @otto." in await sam.clicks("Approve")
    assert "It runs with the npm account of @rita: you need not do anything more." in await otto.clicks("Approve")
    assert "Waits for @rita to press *I'm ready* in their DM" in request_of(sam)
    assert "Waits for @rita to press I'm ready" in await sam.says("pending")
    assert not world.trust_calls()  # nothing comes unasked
    assert "only your npm account can write to the package" in rita.reads("dm")
    await rita.clicks("I'm ready", "dm")
    await rita.confirms()
    assert "rita-tools now trusts rita/tools → release.yml" in request_of(rita)
    assert "approved by @otto · run by @rita" in request_of(rita)
    assert {call.npm_user for call in world.trust_calls()} == {"rita-npm"}


async def test_an_admin_reviews_without_an_npm_account(world: World) -> None:
    rita, otto, _, _ = people(world)
    await rita.links_account()
    await rita.says("github rita-tools --file release.yml --allow-publish")
    assert "It runs with the npm account of @rita" in await otto.clicks("Approve")
    assert "Waits for @rita" in request_of(otto)


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


async def test_two_packages_of_different_owners_are_decided_each_by_their_own(world: World) -> None:
    world.registry.remove_configuration("@acme/core", world.registry.configurations("@acme/core")[0]["id"])
    rita, otto, olga, _ = await ask(world, "github @acme/core @acme/icons --file release.yml --allow-publish")
    assert "@rita asks for 2 changes" in request_of(rita)
    assert "Approve 2" in otto.dialog_of("Approve")
    await otto.clicks("Approve")
    shown = request_of(rita)
    assert "1 waiting for a person, 1 in review" in shown
    assert "Needs 1 of @olga" in shown
    await otto.confirms()
    assert len(world.registry.configurations("@acme/core")) == 1
    assert world.registry.configurations("@acme/icons") == []
    await olga.clicks("Reject")
    assert "@acme/icons" in olga.reads_form()
    assert "@acme/core" not in olga.reads_form()
    await olga.submits(reason="not mine")
    shown = request_of(rita)
    assert "1 done, 1 ended without change" in shown
    assert "@acme/core now trusts acme/core → release.yml" in shown
    assert 'Rejected by @olga: let acme/design → release.yml publish @acme/icons*\n"not mine"' in shown


async def test_cancelling_keeps_what_is_done(world: World) -> None:
    world.registry.remove_configuration("@acme/core", world.registry.configurations("@acme/core")[0]["id"])
    rita, otto, _, _ = await ask(world, "github @acme/core @acme/icons --file release.yml --allow-publish")
    await otto.clicks("Approve")
    await otto.confirms()
    told = await rita.says("cancel C-1")
    assert "The rest of C-1 is cancelled. What was done before stays" in told
    assert "1 done, 1 ended without change" in request_of(rita)


async def test_the_same_request_is_not_asked_for_twice(world: World) -> None:
    rita, _, _, sam = await ask(world)
    for actor, line in ((rita, LINE), (sam, LINE), (rita, "npm trust " + LINE + " --reason 'once more'")):
        told = await actor.says(line)
        assert "The same is asked for @acme/ui already, in C-1." in told
        assert "/npmtrust status C-1" in told
    await rita.says(LINE + " --environment prod")  # something else
    assert "C-2" in request_of(rita, 2)
    await rita.says("cancel C-1")
    await rita.says(LINE)  # it is not open any more
    assert "Needs 1 of @otto, @olga" in request_of(rita, 3)


async def test_the_same_request_of_two_people_at_the_same_moment_is_asked_for_once(world: World) -> None:
    rita, _, _, sam = people(world)
    await world.slack.command(rita.id, GENERAL[0], LINE)
    await world.slack.command(sam.id, GENERAL[0], LINE)
    await asyncio.gather(world.settle(), world.settle())
    told = rita.reads_all() + sam.reads_all()
    assert told.count("✅ Asked as C-1") == 1
    assert told.count("The same is asked for @acme/ui already, in C-1.") == 1
    assert "C-2" not in told


@pytest.mark.parametrize(
    ("attribute", "why"),
    [("deleted", "A deactivated account can"), ("is_restricted", "Guests can"), ("is_bot", "Bots can")],
)
async def test_who_is_no_full_member_now_neither_asks_nor_decides(world: World, attribute: str, why: str) -> None:
    rita, otto, _, _ = await ask(world)
    offer = otto.value_of("Approve")
    [shown] = [message for message in otto.messages() if "· C-1" in world.slack.text_of(message)]

    async def what_follows() -> str:
        """The act has reached the bot; then Slack tells it who that is."""
        setattr(world.slack.people[otto.id], attribute, True)
        await world.settle()
        setattr(world.slack.people[otto.id], attribute, False)
        return otto.reads()

    for action in ("approve", "reject", "cancel", "link_account"):
        await world.slack.click(otto.id, GENERAL[0], shown.ts, action, value=offer)
        assert why in await what_follows(), action
    for line in (LINE + " --environment other", "cancel C-1", "login"):
        await world.slack.command(otto.id, GENERAL[0], line)
        assert why in await what_follows(), line
    assert "Needs 1 of @otto, @olga" in request_of(rita)
    assert not otto.links()


async def test_an_approval_whose_link_was_closed_before_the_call_does_not_count(world: World) -> None:
    rita, otto, olga, _ = await ask(world)
    await world.registry.stop()
    await otto.clicks("Approve")
    assert "npm could not be reached" in request_of(rita)
    await otto.says("logout")
    shown = request_of(rita)
    assert (
        "Back in review, earlier approvals no longer count: Somebody who approved closed their account link." in shown
    )
    assert "Needs 1 of @olga · not linked: otto-npm, ana-npm" in shown
    assert "could not be reached" not in shown
    await world.registry.start()
    await world.advance(minutes=3)
    assert not world.trust_calls()
    await olga.clicks("Approve")
    await olga.logs_in()
    await olga.confirms()
    assert "approved and run by @olga" in request_of(rita)


async def test_reviewers_who_do_not_see_the_channel_are_asked_by_dm(world: World) -> None:
    rita, otto, olga, _ = await link_owners(world)
    world.slack.workspace.channels[RELEASES[0]].members.discard(otto.id)
    await rita.says(LINE, RELEASES[0])
    assert "Your review is asked for. You are not in #releases, so here is what stands there." in otto.reads("dm")
    assert "Your review is asked for" not in olga.reads_all("dm")
    await otto.clicks("Approve", "dm")
    assert "C-1 is approved" in otto.reads_all("dm")
    await otto.confirms()
    assert TRUSTED in otto.reads_all("dm")
    assert TRUSTED in rita.reads_all(RELEASES[0])


async def test_a_package_whose_owners_changed_is_looked_at_when_it_is_asked_for(world: World) -> None:
    rita, otto, olga, _ = await link_owners(world)
    world.registry.add_package(SeedPackage("@acme/icons", ("otto-npm",), "acme/design"))
    await rita.says("github @acme/icons --file release.yml --allow-publish")
    assert "Needs 1 of @otto" in request_of(rita)
    assert "Who can: @otto." in await olga.clicks("Approve")
    assert "is approved" in await otto.clicks("Approve")


async def test_who_turns_out_to_be_the_only_maintainer_is_told_that_nobody_can_approve(world: World) -> None:
    world.settings["NPMTRUST_ADMINS"] = ""
    await world.restart_bot()
    rita, _, _, sam = people(world)
    await rita.says("github rita-tools --file release.yml --allow-publish")
    assert "first a maintainer must link an npm account · not linked: rita-npm" in request_of(sam)
    await rita.clicks("I maintain this")
    await rita.logs_in()
    nobody = "Nobody can approve: the only maintainer is who asks, and no other admin is set (`NPMTRUST_ADMINS`)"
    assert nobody in request_of(sam)
    assert nobody in await sam.says("pending")
    assert not rita.sees_button("Approve")


async def test_two_owners_who_approve_at_the_same_moment_lead_to_one_call(world: World) -> None:
    rita, otto, olga, _ = await ask(world)
    offer, [shown] = otto.value_of("Approve"), [m for m in otto.messages() if "· C-1" in world.slack.text_of(m)]
    for actor in (otto, olga):
        await world.slack.click(actor.id, GENERAL[0], shown.ts, "approve", value=offer)
    await asyncio.gather(world.settle(), world.settle())
    answers = [otto.reads(), olga.reads()]
    assert sum("C-1 is approved." in told for told in answers) == 1
    assert sum("C-1 does not need that any more" in told for told in answers) == 1
    if "C-1 is approved." in answers[1]:
        await olga.logs_in()
    await (olga if "C-1 is approved." in answers[1] else otto).confirms()
    assert TRUSTED in request_of(rita)
    assert creates(world) == 1


async def test_an_approval_and_a_cancellation_at_the_same_moment_are_both_answered(world: World) -> None:
    rita, otto, _, _ = await ask(world)
    offer, [shown] = otto.value_of("Approve"), [m for m in otto.messages() if "· C-1" in world.slack.text_of(m)]
    await world.slack.click(otto.id, GENERAL[0], shown.ts, "approve", value=offer)
    await world.slack.click(rita.id, GENERAL[0], shown.ts, "cancel", value=offer)
    await asyncio.gather(world.settle(), world.settle())
    assert rita.reads() == "C-1 is cancelled. Nothing changed at npm."
    assert "C-1 is approved" in otto.reads() or "it was cancelled" in otto.reads()
    assert "Cancelled by @rita" in request_of(otto)
    assert not otto.links()


@pytest.mark.parametrize("state", ["in review", "waiting", "away", "done"])
async def test_every_press_is_answered_in_every_state(world: World, state: str) -> None:
    rita, otto, olga, sam = await ask(world)
    offer, [shown] = otto.value_of("Approve"), [m for m in otto.messages() if "· C-1" in world.slack.text_of(m)]
    if state != "in review":
        await otto.clicks("Approve")
    if state == "away":
        await otto.clicks("Later", "dm")
    if state == "done":
        await otto.confirms()
    actions = [action for action in Action if action not in {Action.OPEN_NPM, Action.OPEN_PACKAGE}]
    for actor, pressed in ((sam, actions), (olga, ["details", "look", "withdraw"]), (rita, [*actions, Action.CANCEL])):
        for action in pressed:
            before = len(actor.messages())
            await world.slack.click(actor.id, GENERAL[0], shown.ts, action, value=offer)
            await world.settle(seconds=0)
            answer = actor.messages()[before:]
            assert len(answer) == 1, (actor.character.name, action, state)
            assert answer[0].ephemeral
    assert creates(world) == (state == "done")
