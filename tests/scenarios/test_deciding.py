"""Deciding: who may approve and reject, each once, bound to what was shown; and every press is answered."""

import asyncio

import pytest

from bot.messages.ids import Action
from bot.sandbox.cast import GENERAL, RELEASES, SeedPackage
from bot.sandbox.world import World
from tests.scenarios.asking import LINE, TRUSTED, ask, creates, link_olga, message_of, people, request_of

pytestmark = pytest.mark.anyio


async def test_an_owner_approves_and_the_call_runs_with_their_account(world: World) -> None:
    _, otto, _, _ = await ask(world)
    assert "Needs 1 of @otto · not linked: olga-npm, ana-npm" in request_of(world)
    assert (
        await otto.clicks("Approve")
        == "👍 C-1 is approved. Next: confirm at npm, if npm asks. Its link then comes to you by DM."
    )
    assert "You approved C-1 for @rita" in otto.reads("dm")
    await otto.confirms()
    assert TRUSTED in request_of(world)
    assert "asked @rita · approved and run by @otto" in request_of(world)
    assert [call.npm_user for call in world.trust_calls()] == ["otto-npm", "otto-npm"]


async def test_the_requester_never_approves_also_not_as_a_maintainer(world: World) -> None:
    rita, otto, _, _ = await ask(world)
    await link_olga(world)
    refused = await rita.clicks("Approve")
    assert "You asked for C-1 yourself, so somebody else must decide. Who can: @otto, @olga." in refused
    await otto.says("github @acme/ui --file other.yml --allow-publish")
    assert "Needs 1 of @olga · not linked: ana-npm" in request_of(world, 2)
    assert "You asked for C-2 yourself" in await otto.clicks("Approve")
    assert "You asked for C-2 yourself" in await otto.clicks("Reject")
    lent = await otto.forges("Approve", otto.value_of("Approve"), action="run_with_my_account")
    assert "C-2 does not need that any more" in lent  # nothing waits for an account yet
    assert not otto.reads_form()
    assert not world.trust_calls()


async def test_a_stranger_decides_nothing_and_is_told_who_can(world: World) -> None:
    _, otto, _, sam = await ask(world)
    offer = otto.value_of("Approve")
    not_linked = await sam.clicks("Approve")
    assert "First I must know which npm user you are: link your npm account, then press again." in not_linked
    assert "Who can: @otto." in not_linked
    assert "[Link my npm account]" in not_linked
    await sam.clicks("Link my npm account")
    await sam.logs_in()
    for action in ("approve", "reject", "look"):
        refused = await sam.forges("Approve", offer, action=action)
        if action == "look":
            assert "does not need that any more" in refused
        else:
            assert "This is for the maintainers of the package at npm, and your npm account is not one" in refused
            assert "Who can: @otto." in refused
            assert "Not linked yet: olga-npm, ana-npm" in refused
    assert not sam.reads_form()
    assert "No approval of yours counts" in await sam.forges("Approve", offer, action="withdraw")
    assert "Only @rita, who asked, and the admins can cancel C-1" in await sam.clicks("Cancel")
    assert "Only @rita, who asked, and the admins can cancel C-1" in await sam.says("cancel C-1")
    await otto.clicks("Approve")
    await otto.clicks("Later", "dm")
    offer = otto.value_of("Details")
    assert "your npm account is not one of them" in await sam.forges("Details", offer, action="run_with_my_account")
    assert "Waits for @otto" in request_of(world)
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
    _, otto, olga, _ = await ask(world)
    await link_olga(world)
    offer = otto.value_of("Approve")
    await otto.clicks("Approve")
    assert "C-1 does not need that any more" in await olga.forges("Details", offer, action="approve")
    too_late = await olga.forges("Details", offer, action="reject")
    assert "C-1 is approved already, so it cannot be rejected any more" in too_late
    assert "who approved can withdraw, and @rita and the admins can cancel" in too_late
    assert not olga.reads_form()
    assert "Waits for @otto to confirm" in request_of(world)
    await otto.confirms()
    assert creates(world) == 1


async def test_a_rejection_asks_why_and_everybody_reads_it(world: World) -> None:
    rita, otto, olga, _ = await ask(world)
    await link_olga(world)
    offer = otto.value_of("Approve")
    await otto.clicks("Reject")
    assert "let acme/ui → release.yml publish @acme/ui" in otto.reads_form()
    assert "Please complete this required field" in (await otto.submits(reason=""))["reason"]
    assert "Say why" in (await otto.submits(reason="   "))["reason"]
    assert "in review" not in request_of(world)
    assert await otto.submits(reason="wrong *repo*, <!channel> see &lt;") == {}
    assert "C-1 is rejected, with your reason in the channel. Nothing changed at npm." in otto.reads()
    shown = request_of(world)
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
    _, otto, olga, _ = await ask(world)
    await link_olga(world)
    await olga.clicks("Reject")
    await otto.clicks("Approve")
    assert await olga.submits(reason="too late") == {}
    assert "cannot be rejected any more" in olga.reads()
    assert "Waits for @otto to confirm" in request_of(world)


async def test_two_owners_who_approve_at_the_same_moment_lead_to_one_call(world: World) -> None:
    _, otto, olga, _ = await ask(world)
    await link_olga(world)
    offer, shown = otto.value_of("Approve"), message_of(world)
    for actor in (otto, olga):
        await world.slack.click(actor.id, GENERAL[0], shown.ts, "approve", value=offer)
    await asyncio.gather(world.settle(), world.settle())
    answers = [otto.reads(), olga.reads()]
    assert sum("C-1 is approved." in told for told in answers) == 1
    assert sum("C-1 does not need that any more" in told for told in answers) == 1
    if "C-1 is approved." in answers[1]:
        await olga.logs_in()
    await (olga if "C-1 is approved." in answers[1] else otto).confirms()
    assert TRUSTED in request_of(world)
    assert creates(world) == 1


async def test_details_tell_everything_to_whoever_asks(world: World) -> None:
    rita, otto, _, sam = await ask(world, LINE + " --environment prod --reason 'drop tokens'")
    await otto.clicks("Approve")
    told = await sam.clicks("Details")
    for words in (
        "C-1: everything I know",
        "Asked by @rita Mon 14:00 UTC · until Thu 14:00 UTC",
        "Why:\ndrop tokens",
        "Environment: prod",
        "npm's maintainers: otto-npm (@otto), olga-npm (not linked), ana-npm (not linked)",
        "@otto approved as npm user otto-npm Mon 14:00 UTC",
        "Waits for @otto to confirm at npm",
        '"environment": "prod"',
        "An approval counts for exactly this content.",
    ):
        assert words in told, words
    assert "everything I know" not in rita.reads_all()  # only Sam sees his


async def test_buttons_of_an_earlier_content_do_not_count(world: World) -> None:
    rita, otto, olga, _ = people(world)
    await otto.links_account()
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
    assert "In review" not in request_of(world)
    assert "Needs 1 of @otto" in request_of(world)
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
    before = request_of(world)
    for value in ("made-up", "", "1", "'; DROP TABLE steps; --", "x" * 2000, "asked:1"):
        told = await otto.forges("Details", value, action=action)
        assert "This button is not one of mine, or it is from before I was set up anew. Nothing happened." in told
    assert request_of(world) == before


@pytest.mark.parametrize("state", ["in review", "waiting", "away", "done"])
async def test_every_press_is_answered_in_every_state(world: World, state: str) -> None:
    rita, otto, olga, sam = await ask(world)
    await link_olga(world)
    offer, shown = otto.value_of("Approve"), message_of(world)
    if state != "in review":
        await otto.clicks("Approve")
    if state == "away":
        await otto.clicks("Later", "dm")
    if state == "done":
        await otto.confirms()
    about_steps = list(Action)[: list(Action).index(Action.CHOOSE)]
    is_between = state in {"waiting", "away"}  # what is about no step does not look at its state
    actions = [action for action in (about_steps if is_between else Action) if not action.startswith("open_")]
    for actor, pressed in (
        (sam, actions),
        (olga, ["details", "look", "withdraw"]),
        (rita, ["approve", "reject", "cancel"]),
    ):
        for action in pressed:
            before = len(actor.messages())
            await world.slack.click(actor.id, GENERAL[0], shown.ts, action, value=offer)
            await world.settle(seconds=0)
            answer = actor.messages()[before:]
            assert len(answer) == 1, (actor.character.name, action, state)
            assert answer[0].ephemeral
    assert creates(world) == (state == "done")


@pytest.mark.parametrize(
    ("attribute", "why"),
    [("deleted", "A deactivated account can"), ("is_restricted", "Guests can"), ("is_bot", "Bots can")],
)
async def test_who_is_no_full_member_now_neither_asks_nor_decides(world: World, attribute: str, why: str) -> None:
    _, otto, _, _ = await ask(world)
    offer = otto.value_of("Approve")
    shown = message_of(world)

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
    assert request_of(world).startswith("*@rita asks: let acme/ui → release.yml publish @acme/ui*")
    assert not world.trust_calls()
    assert not otto.links()


async def test_reviewers_who_do_not_see_the_channel_are_asked_by_dm(world: World) -> None:
    rita, otto, olga, _ = people(world)
    await otto.links_account()
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
    rita, otto, olga, _ = people(world)
    await otto.links_account()
    await link_olga(world)
    world.registry.add_package(SeedPackage("@acme/icons", ("otto-npm",), "acme/design"))
    await rita.says("github @acme/icons --file release.yml --allow-publish")
    assert "Needs 1 of @otto" in request_of(world)
    assert "Who can: @otto." in await olga.clicks("Approve")
    assert "is approved" in await otto.clicks("Approve")
