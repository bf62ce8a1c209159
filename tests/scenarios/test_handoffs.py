"""Handoffs: links of npm's that one person is given, with every way in which they end."""

import pytest

from bot.sandbox.cast import ADMINS, OWNER, REQUESTER, SECOND_OWNER, STRANGER, Character, SeedPackage
from bot.sandbox.world import Actor, World
from tests.scenarios.stored import everything

pytestmark = pytest.mark.anyio

LINE = "github @acme/ui --repo acme/ui --file release.yml --allow-publish"
OTHER_LINE = "github @acme/tokens --repo acme/design --file ship.yml --environment npm --allow-publish"


async def stage(world: World, *lines: str) -> Actor:
    """Let Rita ask; tell Otto, who is linked and has not pressed anything yet."""
    rita, otto = world.person(REQUESTER), world.person(OWNER)
    await otto.links_account()
    for line in lines:
        await rita.says(line)
    return otto


async def link_olga(world: World) -> Actor:
    """Let Olga link her account without the admins."""
    world.registry.state.accounts["olga-npm"].email = SECOND_OWNER.email
    olga = world.person(SECOND_OWNER)
    await olga.links_account()
    return olga


async def approve(actor: Actor, number: int) -> None:
    """Press Approve in the message of one change set."""
    await actor.approves(about=f"C-{number}")


def sessions_of(world: World, npm_user: str) -> list[str]:
    return [each.token for each in world.registry.state.sessions.values() if each.npm_user == npm_user]


def count_creates(world: World) -> int:
    return len(world.registry.accepted_creates)


async def test_the_message_says_what_as_whom_where_until_when_and_how(world: World) -> None:
    otto = await stage(world, LINE)
    told = await otto.approves()
    assert "C-1 is approved. Next: confirm at npm, if npm asks. Its link then comes to you by DM." in told
    asked = otto.reads("dm").replace("\u2060", "")
    assert "*Confirm at npm: let acme/ui → release.yml publish @acme/ui*" in asked
    assert "You approved C-1 for @rita Mon 14:00" in asked
    assert 'One call, as npm user otto-npm. No need to tick "do not ask".' in asked
    assert f"The link leads to {world.registry.url.removeprefix('http://')} · ends Mon 14:05" in asked
    assert "any device · I never ask for a code" in asked
    assert "[Later, at my computer] [Not me]" in asked
    assert f"[Open {world.registry.url.removeprefix('http://')}]" in asked
    await otto.confirms()
    assert "*Confirmed at npm: let acme/ui → release.yml publish @acme/ui*" in otto.reads("dm")
    assert "that was all. C-1 shows the outcome." in otto.reads("dm")
    assert not otto.links()
    assert count_creates(world) == 1


async def test_later_ends_the_link_and_ready_makes_a_new_one_by_a_real_call(world: World) -> None:
    otto, rita = await stage(world, LINE), world.person(REQUESTER)
    await otto.approves()
    [first] = otto.links()
    assert "other requests go on" in await otto.clicks("Later", "dm")
    assert not otto.links()
    assert "Waits for you" in otto.reads_all("dm")
    assert "Waits for @otto to confirm at npm, as npm user otto-npm; the link is over" in rita.reads_all()
    calls = len(world.registry.calls)
    await world.advance(hours=1)
    assert len(world.registry.calls) == calls  # neither polls nor calls for who is away
    assert len(world.trust_calls()) == 1
    await otto.clicks("I'm ready", "dm")
    assert "You are ready" in otto.reads_all("dm")
    assert len(world.trust_calls()) == 2
    [second] = otto.links()
    assert second != first
    await otto.confirms()
    assert count_creates(world) == 1


async def test_an_unused_link_ends_and_nothing_is_minted_until_its_person_presses(world: World) -> None:
    otto = await stage(world, LINE)
    await otto.approves()
    first = otto.link()
    await world.advance(minutes=5, seconds=2)
    assert "*Not confirmed: let acme/ui → release.yml publish @acme/ui*" in otto.reads_all("dm")
    assert not world.registry.confirm(first, "otto-npm").accepted
    await world.advance(minutes=50)
    assert len(world.trust_calls()) == 1
    ready = otto.value_of("I'm ready", "dm")
    await otto.clicks("I'm ready", "dm")
    assert len(otto.links()) == 1
    assert "This link is over" in await otto.forges("Not me", ready, "dm", action="handoff_ready")
    assert len(otto.links()) == 1
    await otto.confirms()
    assert count_creates(world) == 1


async def test_a_link_refused_at_npm_waits_for_its_person(world: World) -> None:
    otto = await stage(world, LINE)
    await otto.approves()
    world.registry.refuse(otto.link())
    await world.settle()
    assert "The link ran out or was refused, or its answer got lost, and nothing happened at npm" in otto.reads("dm")
    await world.advance(minutes=30)
    assert len(world.trust_calls()) == 1
    await otto.clicks("I'm ready", "dm")
    await otto.confirms()
    assert count_creates(world) == 1


async def test_only_the_npm_account_that_is_asked_can_confirm_and_only_once(world: World) -> None:
    otto = await stage(world, LINE)
    await otto.approves()
    link = otto.link()
    assert not world.registry.confirm(link, "sam-npm").accepted  # npm looks who is logged in
    await world.settle()
    assert otto.links() == [link]
    assert not world.registry.configurations("@acme/ui")
    assert world.registry.confirm(link, "otto-npm").accepted
    assert not world.registry.confirm(link, "otto-npm").accepted  # opened twice
    await world.settle()
    assert not world.registry.confirm(link, "otto-npm").accepted
    await world.advance(minutes=1)
    assert count_creates(world) == 1


async def test_not_me_stops_the_step_wipes_the_session_and_tells_everybody_who_must_know(world: World) -> None:
    otto, rita = await stage(world, LINE, OTHER_LINE), world.person(REQUESTER)
    await approve(otto, 1)
    link = otto.link()
    await approve(otto, 2)
    await otto.clicks("Not me", "dm")
    assert sessions_of(world, "otto-npm") == []
    told = otto.reads_all("dm")
    assert "Stopped: this was not you: let acme/ui → release.yml publish @acme/ui" in told
    assert "The npm session is wiped here and I told npm to end it. I told the admins." in told
    assert "@otto says that a link of npm's for it was not theirs." in rita.reads_all()
    assert "Please do not ask for it again before they have." in rita.reads_all()
    assert "change its password" in told
    for admin in (world.person(admin) for admin in ADMINS if admin is not OWNER):
        assert "@otto says: a request to npm was not mine" in admin.reads_all("dm")
        assert "It was for: let acme/ui → release.yml publish @acme/ui · as npm user otto-npm" in admin.reads_all("dm")
    assert "says: a request" not in rita.reads_all("dm")
    assert "Stopped: let acme/ui → release.yml publish @acme/ui" in rita.reads_all()
    world.registry.confirm(link, "otto-npm")
    await world.advance(minutes=10)
    assert count_creates(world) == 0
    assert not otto.links()  # what else was approved sends no link to whoever sits there
    await otto.links_account()
    await otto.confirms()  # it goes on when its person has logged in anew
    assert [create.package for create in world.registry.accepted_creates] == ["@acme/tokens"]


@pytest.mark.parametrize("is_linked", [True, False], ids=["linked", "not linked"])
async def test_not_me_on_a_login_link_tells_the_admins_too(world: World, is_linked: bool) -> None:  # noqa: FBT001
    sam = world.person(STRANGER)
    if is_linked:
        await sam.links_account()
    await sam.says("login")
    link = sam.link()
    await sam.clicks("Not me", "dm")
    assert "Stopped" in sam.reads_all("dm")
    for admin in map(world.person, ADMINS):
        assert "@sam says: a request to npm was not mine" in admin.reads("dm")
        assert "It was for: a login at npm" in admin.reads("dm")
    world.registry.log_in(link, "otto-npm")
    await world.advance(minutes=1)
    assert "otto-npm" not in sam.reads_all("dm")
    assert sessions_of(world, "sam-npm") == []


async def test_the_buttons_of_a_link_are_its_persons_alone(world: World) -> None:
    otto, sam = await stage(world, LINE), world.person(STRANGER)
    await otto.approves()
    value, links = otto.value_of("Later", "dm"), otto.links()
    for action in ("handoff_later", "handoff_ready", "handoff_not_me"):
        assert "made for somebody else" in await sam.forges("Details", value, action=action)
        assert "not one of mine" in await sam.forges("Details", "made-up", action=action)
    assert otto.links() == links
    assert len(sessions_of(world, "otto-npm")) == 1
    assert not sam.links()
    await otto.confirms()
    assert count_creates(world) == 1


async def test_while_npm_does_not_ask_again_the_next_call_needs_no_link(world: World) -> None:
    otto = await stage(world, LINE, OTHER_LINE)
    await approve(otto, 1)
    await otto.confirms(remember=True)
    await approve(otto, 2)
    assert not otto.links()
    assert count_creates(world) == 2
    await world.person(REQUESTER).says("github @acme/ui --repo acme/ui --file later.yml --allow-publish")
    await world.advance(minutes=5)
    await approve(otto, 3)
    assert len(otto.links()) == 1  # the window has closed
    await otto.confirms()
    assert count_creates(world) == 3


async def test_without_the_box_each_call_gets_its_own_link_one_at_a_time(world: World) -> None:
    otto = await stage(world, LINE, OTHER_LINE)
    await approve(otto, 1)
    [first] = otto.links()
    assert 'One call, as npm user otto-npm. No need to tick "do not ask"' in otto.reads("dm")
    assert "When this one is next, I send you a DM" in await otto.approves(about="C-2")
    assert otto.links() == [first]
    assert len(world.trust_calls()) == 1
    await otto.confirms()
    [second] = otto.links()
    assert second != first
    assert "You approved C-2" in otto.reads("dm")
    await otto.confirms()
    assert not otto.links()
    assert count_creates(world) == 2


async def test_several_calls_are_worth_the_box_and_one_confirmation_then_does(world: World) -> None:
    otto = await stage(world, "github @acme/ui @acme/tokens --repo acme/ui --file all.yml --allow-publish")
    await otto.approves()
    assert '2 calls, as npm user otto-npm. Tick npm\'s "do not ask again for 5 minutes"' in otto.reads("dm")
    await otto.confirms(remember=True)
    assert count_creates(world) == 2
    assert not otto.links()


async def test_somebody_who_is_away_holds_up_nobody_else(world: World) -> None:
    otto, olga = await stage(world, LINE, OTHER_LINE), await link_olga(world)
    await approve(otto, 1)
    await approve(olga, 2)  # while Otto's link is still open
    assert len(olga.links()) == 1
    await olga.confirms()
    assert len(world.registry.configurations("@acme/tokens")) == 2
    await otto.clicks("Later", "dm")
    await world.person(REQUESTER).says("github @acme/tokens --repo acme/design --file third.yml --allow-publish")
    await approve(olga, 3)
    await olga.confirms()
    assert len(world.registry.configurations("@acme/tokens")) == 3
    assert not world.registry.configurations("@acme/ui")


async def test_another_reviewer_takes_over_from_who_is_away(world: World) -> None:
    otto, olga = await stage(world, LINE), await link_olga(world)
    await otto.approves()
    assert not olga.sees_button("Run with my account")  # he has his link, and may be about to use it
    await otto.clicks("Later", "dm")
    ready = otto.value_of("I'm ready", "dm")
    assert "runs with your npm account now" in await olga.clicks("Run with my account")
    assert "Not needed any more" in otto.reads_all("dm")
    assert "This link is over" in await otto.forges("Details", ready, action="handoff_ready")
    assert len(olga.links()) == 1
    assert not otto.links()
    await olga.confirms()
    assert [create.npm_user for create in world.registry.accepted_creates] == ["olga-npm"]
    assert "run by @olga" in otto.reads_all()


async def test_a_one_time_password_is_used_once_for_what_was_confirmed_and_never_stored(world: World) -> None:
    identifier = world.registry.add_configuration("@acme/tokens", "github", {"repository": "acme/x"})
    otto = await stage(world, LINE, f"revoke @acme/tokens --id {identifier}")
    await otto.clicks("Look", about="C-2")
    await otto.confirms()
    await approve(otto, 1)
    assert "publish @acme/ui" in otto.reads("dm")
    await approve(otto, 2)  # a revoke, which goes first as a rule
    handoff = world.registry.state.handoffs[otto.link().rpartition("/")[2]]
    await otto.confirms()
    assert handoff.token  # the one-time password
    assert handoff.token not in world.registry.state.one_time_passwords  # used up
    assert handoff.token not in await everything(world)
    assert handoff.id not in await everything(world)
    assert len(world.registry.configurations("@acme/ui")) == 1
    assert len(world.registry.configurations("@acme/tokens")) == 2
    assert "revoke configuration" in otto.reads("dm")  # which asks for its own
    await otto.confirms()
    assert len(world.registry.configurations("@acme/tokens")) == 1


async def test_an_account_whose_fresh_passwords_npm_refuses_is_given_up(world: World) -> None:
    otto, olga = await stage(world, LINE), await link_olga(world)
    await otto.approves()
    for _ in range(3):
        link = otto.link()
        world.registry.confirm(link, "otto-npm")
        world.registry.state.one_time_passwords.clear()  # npm forgets them
        await world.settle()
    assert not otto.links()
    assert "Waits for an account" in olga.reads_all()
    assert "npm's answer: 3 fresh one-time passwords of otto-npm were refused running" in olga.reads_all()
    await olga.clicks("Run with my account")
    await olga.confirms()
    assert count_creates(world) == 1


async def test_a_link_that_is_open_while_the_bot_starts_anew_still_counts(world: World) -> None:
    otto = await stage(world, LINE)
    await otto.approves()
    await world.restart_bot()
    await otto.confirms()
    assert count_creates(world) == 1


async def test_a_request_that_is_cancelled_takes_its_link_back(world: World) -> None:
    otto, rita = await stage(world, LINE), world.person(REQUESTER)
    await otto.approves()
    link = otto.link()
    assert "Nothing changed at npm" in await rita.clicks("Cancel")
    assert not otto.links()
    assert "Not needed any more" in otto.reads("dm")
    world.registry.confirm(link, "otto-npm")  # he had it open already
    await world.advance(minutes=1)
    assert count_creates(world) == 0
    assert len(world.trust_calls()) == 1


async def test_the_only_maintainer_confirms_what_the_admins_approved_when_present(world: World) -> None:
    rita, otto = world.person(REQUESTER), world.person(OWNER)
    world.registry.add_package(SeedPackage("rita-own", ("rita-npm",), "rita/own"))
    await rita.links_account()
    await rita.says("github rita-own --repo rita/own --file release.yml --allow-publish")
    assert "Needs 1 of the admins @olga, @otto" in otto.reads_all()
    assert "runs with the npm account of @rita" in await otto.approves()
    assert "C-1 is approved by others, and only your npm account can write" in rita.reads("dm")
    assert not world.trust_calls()  # no link comes unasked
    await rita.clicks("I'm ready", "dm")
    asked = rita.reads("dm")
    assert "Confirm at npm: let rita/own → release.yml publish rita-own" in asked
    assert "You approved" not in asked
    assert "is approved by others" in asked
    await rita.confirms()
    assert len(world.registry.configurations("rita-own")) == 1
    assert "approved by @otto · run by @rita" in otto.reads_all()


@pytest.mark.parametrize("character", [REQUESTER, SECOND_OWNER, STRANGER], ids=["requester", "reviewer", "stranger"])
async def test_who_did_not_approve_is_never_challenged(world: World, character: Character) -> None:
    otto, other = await stage(world, LINE), world.person(character)
    world.registry.state.accounts[character.npm_user].email = character.email
    await other.links_account()
    await otto.approves()
    await otto.clicks("Later", "dm")
    await world.advance(hours=1)
    assert not other.links()
    assert {call.npm_user for call in world.trust_calls()} == {"otto-npm"}
