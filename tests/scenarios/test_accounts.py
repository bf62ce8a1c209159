"""Account links: which Slack person is which npm user, proven, and the session that comes with it."""

import re

import pytest

from bot.sandbox.cast import OWNER, RANDOM, REQUESTER, SECOND_OWNER, STRANGER, SeedPackage
from bot.sandbox.registry_state import Account
from bot.sandbox.world import World
from tests.scenarios.stored import everything, rows

pytestmark = pytest.mark.anyio

LINE = "github @acme/ui --repo acme/ui --file release.yml --allow-publish"


def sessions_of(world: World, npm_user: str = "") -> list[str]:
    """List the live tokens that npm knows, of one user or of all."""
    now = world.clock.now()
    sessions = world.registry.state.sessions.values()
    return [each.token for each in sessions if each.ends_at > now and npm_user in ("", each.npm_user)]


def count_logouts(world: World) -> int:
    return sum(call.method == "DELETE" and "/-/user/token/" in call.path for call in world.registry.calls)


async def test_login_says_what_is_held_and_the_same_verified_mail_proves_the_link(world: World) -> None:
    otto = world.person(OWNER)
    assert "I sent you a DM" in await otto.says("login")
    asked = otto.reads("dm")
    assert "session of two hours: I keep it encrypted" in asked
    assert "for at most those two hours" in asked
    assert f"The link leads to {world.registry.url.removeprefix('http://')}" in asked.replace("\u2060", "")
    assert "any device" in asked
    assert "ends Mon 14:05" in asked
    world.registry.state.accounts["otto-npm"].email = "OTTO@Acme.Example"  # case makes no difference
    await otto.logs_in()
    assert "You are logged in as npm user otto-npm" in otto.reads_all("dm")
    assert "You are linked to npm user *otto-npm* (npm's verified e-mail is the one in Slack)" in otto.reads("dm")
    assert "@otto is npm user otto-npm" in world.person(STRANGER).reads()  # announced, for everybody
    who = await otto.says("whoami")
    assert "You are npm user *otto-npm*" in who
    assert "lasts until Mon 16:00" in who
    assert not otto.links()  # the link is gone from the DM once it was used


async def test_neither_sessions_nor_links_of_npm_stand_readable_in_the_database(world: World) -> None:
    otto = world.person(OWNER)
    await otto.says("login")
    handoff = otto.link().rpartition("/")[2]
    assert handoff not in await everything(world)
    await otto.logs_in()
    [token] = sessions_of(world, "otto-npm")
    assert await rows(world, "SELECT count(*) FROM account_links WHERE sealed_session != ''") == [(1,)]
    assert token not in await everything(world)
    assert handoff not in await everything(world)


async def test_the_button_links_a_maintainer_who_then_reviews_what_is_pending(world: World) -> None:
    rita, otto = world.person(REQUESTER), world.person(OWNER)
    await rita.says(LINE)
    assert "not linked: otto-npm, olga-npm, ana-npm" in otto.reads_all()
    assert not otto.sees_button("Approve")
    await otto.clicks("I maintain this")
    await otto.logs_in()
    assert otto.sees_button("Approve")
    assert "Needs 1 of @otto · not linked: olga-npm, ana-npm" in otto.reads_all()
    assert "@otto is npm user otto-npm" in rita.reads()
    assert "You are linked to npm user otto-npm and logged in" in await otto.clicks("I maintain this")
    assert not otto.links()


@pytest.mark.parametrize("where", ["dm", RANDOM[0]])
async def test_a_link_made_where_nobody_can_be_told_is_announced_to_the_admins(world: World, where: str) -> None:
    sam = world.person(STRANGER)
    await sam.says("login", where)
    await sam.logs_in()
    assert "@sam is npm user sam-npm" in world.person(OWNER).reads("dm")
    assert "@sam is npm user sam-npm" not in world.person(OWNER).reads_all()


@pytest.mark.parametrize(
    "account",
    [
        Account("olga-npm", "olga@elsewhere.example"),
        Account("olga-npm", "olga@acme.example", email_verified=False),
        Account("olga-npm", ""),
    ],
    ids=["another mail", "not verified", "no mail"],
)
async def test_a_link_that_is_not_proven_is_pending_and_never_usable(world: World, account: Account) -> None:
    rita, otto, olga = world.person(REQUESTER), world.person(OWNER), world.person(SECOND_OWNER)
    world.registry.state.accounts["olga-npm"] = account
    await otto.links_account()
    await rita.says(LINE)
    await olga.says("login")
    assert "an admin must confirm that this is you" in await olga.logs_in()
    assert sessions_of(world, "olga-npm") == []  # ended at npm, by DELETE
    assert count_logouts(world) == 1
    assert await rows(world, "SELECT sealed_session FROM account_links WHERE npm_user = 'olga-npm'") == [("",)]
    assert "olga-npm" not in olga.reads_all().replace("not linked: olga-npm", "")  # nothing is announced
    assert "until then it is not used" in await olga.says("whoami")
    assert "An admin must first confirm your npm account" in await olga.clicks("Approve")
    assert "not linked" in await olga.says("list @acme/ui") or "link your npm account" in olga.reads()
    assert not world.trust_calls()
    assert not world.registry.configurations("@acme/ui")


async def test_an_admin_sees_both_identities_and_confirms(world: World) -> None:
    rita, otto, olga, sam = map(world.person, (REQUESTER, OWNER, SECOND_OWNER, STRANGER))
    await rita.says(LINE)
    await olga.links_account()
    asked = otto.reads("dm")
    assert "Is @olga npm user olga-npm?" in asked
    assert "@olga · Olga · olga@acme.example" in asked
    assert "olga-npm · olga@elsewhere.example" in asked
    assert not olga.sees_button("Confirm", "dm")  # an admin, but it is her own link
    value = otto.value_of("Confirm", "dm")
    assert "Only admins can confirm" in await sam.forges("Details", value, action="confirm_link")
    assert "another admin must confirm it" in await olga.forges("Details", value, action="confirm_link")
    assert "Only admins can confirm" in await sam.forges("Details", value, action="refuse_link")
    assert "not one of mine" in await otto.forges("Details", "made-up", action="confirm_link")
    assert not olga.sees_button("Approve")
    assert "Confirmed." in await otto.clicks("Confirm", "dm")
    assert "@otto decided: @olga is npm user olga-npm" in otto.reads_all("dm")
    assert not otto.sees_button("Confirm", "dm")
    assert "@olga is npm user olga-npm (confirmed by @otto)" in sam.reads_all()
    assert "You are linked to npm user *olga-npm* (confirmed by @otto)" in olga.reads("dm")
    assert "decided already" in await otto.forges("Details", value, action="refuse_link")
    assert olga.sees_button("Approve")
    assert "log in at npm" in await olga.clicks("Approve")  # no session was kept from the first login
    await olga.logs_in()
    await olga.confirms()
    assert len(world.registry.configurations("@acme/ui")) == 1


async def test_an_admin_refuses_a_link_and_both_are_told(world: World) -> None:
    rita, otto, olga = world.person(REQUESTER), world.person(OWNER), world.person(SECOND_OWNER)
    await rita.says(LINE)
    await olga.links_account()
    assert "Refused." in await otto.clicks("Refuse", "dm")
    assert "@otto decided: @olga is not npm user olga-npm" in otto.reads_all("dm")
    assert "An admin did not confirm that you are npm user *olga-npm*" in olga.reads("dm")
    assert "not linked" in await olga.says("whoami")
    assert not olga.sees_button("Approve")
    assert sessions_of(world) == []


async def test_a_new_login_takes_the_place_of_a_pending_one(world: World) -> None:
    otto, olga = world.person(OWNER), world.person(SECOND_OWNER)
    await olga.links_account()
    old = otto.value_of("Confirm", "dm")
    await olga.says("login")
    await olga.logs_in("ana-npm")
    first, second = otto.messages("dm")
    assert "Nothing to decide any more: @olga as npm user olga-npm" in world.slack.text_of(first)
    assert "Is @olga npm user ana-npm?" in world.slack.text_of(second)
    assert "did not confirm" not in olga.reads_all("dm")  # nobody refused anything
    assert "logged in anew" in await otto.forges("Confirm", old, "dm")
    await otto.clicks("Confirm", "dm")
    assert "You are linked to npm user *ana-npm*" in olga.reads("dm")


async def test_a_pending_link_that_is_logged_out_asks_the_admins_no_more(world: World) -> None:
    otto, olga = world.person(OWNER), world.person(SECOND_OWNER)
    await olga.links_account()
    assert "the link is closed" in await olga.says("logout")
    assert "Nothing to decide any more" in otto.reads("dm")
    assert not otto.sees_button("Confirm", "dm")


async def test_a_forwarded_login_link_never_gives_the_account_of_whoever_used_it(world: World) -> None:
    rita, otto, sam = world.person(REQUESTER), world.person(OWNER), world.person(STRANGER)
    await rita.says(LINE)
    # Sam forwards his link to Otto, who logs in with his own npm account in good faith
    await sam.says("login")
    assert "an admin must confirm that this is you" in await sam.logs_in("otto-npm")
    assert sessions_of(world) == []
    assert "Is @sam npm user otto-npm?" in otto.reads("dm")
    assert not sam.sees_button("Approve")
    # and once the npm user is proven to be Otto's, it cannot become Sam's
    pending = otto.value_of("Confirm", "dm")
    await otto.links_account()
    olga = world.person(SECOND_OWNER)
    told = await olga.forges("Details", pending, action="confirm_link")
    assert "npm user otto-npm belongs to another person" in told
    await sam.says("login")
    assert "belongs to another person here" in await sam.logs_in("otto-npm")
    assert len(sessions_of(world, "otto-npm")) == 1  # Otto's own
    assert "not linked" in await sam.says("whoami")


async def test_another_npm_user_than_the_linked_one_is_refused(world: World) -> None:
    otto = world.person(OWNER)
    await otto.links_account()
    await otto.says("login")
    told = await otto.logs_in("sam-npm")
    assert "You logged in as npm user sam-npm, but you are linked to otto-npm" in told
    assert sessions_of(world, "sam-npm") == []
    assert len(sessions_of(world, "otto-npm")) == 1  # the old session is as good as before
    assert "You are npm user *otto-npm*" in await otto.says("whoami")


async def test_an_account_without_two_factor_authentication_is_refused(world: World) -> None:
    otto = world.person(OWNER)
    world.registry.state.accounts["otto-npm"].two_factor = False
    await otto.says("login")
    told = await otto.logs_in()
    assert "has two-factor authentication off" in told
    assert "Turn it on in npm's account settings, then `/npmtrust login` again" in told
    assert sessions_of(world) == []
    assert "not linked" in await otto.says("whoami")


@pytest.mark.parametrize("admins", ["", SECOND_OWNER.slack_id], ids=["no admin", "only the person"])
async def test_where_no_other_admin_could_confirm_the_login_says_what_to_set(world: World, admins: str) -> None:
    olga = world.person(SECOND_OWNER)
    world.settings["NPMTRUST_ADMINS"] = admins
    await world.restart_bot()
    await olga.says("login")
    told = await olga.logs_in()
    assert "an admin must confirm it, and none is set" in told
    assert "have `NPMTRUST_ADMINS` set to Slack ids other than yours" in told
    assert sessions_of(world) == []
    assert "not linked" in await olga.says("whoami")


async def test_logout_ends_the_session_here_and_at_npm_and_closes_the_link(world: World) -> None:
    rita, otto = world.person(REQUESTER), world.person(OWNER)
    assert "nothing to log out of" in await otto.says("logout")
    await otto.links_account()
    await rita.says(LINE)
    await otto.clicks("Approve")
    assert otto.links()
    told = await otto.says("logout")
    assert "wiped here and ended at npm, and the link is closed" in told
    assert sessions_of(world) == []
    assert await rows(world, "SELECT sealed_session, state FROM account_links") == [("", "closed")]
    assert not otto.links()  # nothing can be confirmed for a link that is closed
    assert "closed their account link" in rita.reads_all()  # and the approval counts no more
    assert "Nobody can approve yet" in rita.reads_all()
    assert "not linked" in await otto.says("whoami")
    await otto.links_account()  # it can be made anew
    await otto.clicks("Approve")
    await otto.confirms()
    assert len(world.registry.configurations("@acme/ui")) == 1


async def test_logout_says_so_when_npm_cannot_be_told(world: World) -> None:
    otto = world.person(OWNER)
    await otto.links_account()
    await world.registry.stop()
    assert "there the session ends by itself within two hours" in await otto.says("logout")
    assert await rows(world, "SELECT sealed_session FROM account_links") == [("",)]


async def test_a_session_ends_after_two_hours_and_approval_asks_for_the_login_first(world: World) -> None:
    rita, otto = world.person(REQUESTER), world.person(OWNER)
    await otto.links_account()
    await rita.says(LINE)
    await world.advance(hours=2)
    assert await rows(world, "SELECT sealed_session FROM account_links") == [("",)]  # wiped, not only ignored
    assert "You have no npm session now" in await otto.says("whoami")
    assert "Next: log in at npm, since your session is over" in await otto.clicks("Approve")
    asked = otto.reads("dm")
    assert "Log in as otto-npm" in asked
    assert not world.trust_calls()  # no call is made with a session that is over
    await otto.logs_in()
    assert "I go on with what waited for it." in otto.reads_all("dm")
    assert "Confirm at npm" in otto.reads("dm")
    await otto.confirms()
    assert len(world.registry.configurations("@acme/ui")) == 1


async def test_a_session_that_npm_ended_earlier_is_wiped_and_asked_for_anew(world: World) -> None:
    rita, otto = world.person(REQUESTER), world.person(OWNER)
    await otto.links_account()
    await rita.says(LINE)
    world.registry.state.sessions.clear()
    await otto.clicks("Approve")
    assert "Log in as otto-npm" in otto.reads("dm")
    assert await rows(world, "SELECT sealed_session FROM account_links") == [("",)]
    assert len(world.trust_calls()) == 1
    await otto.logs_in()
    await otto.confirms()
    assert len(world.registry.configurations("@acme/ui")) == 1


async def test_a_second_login_renews_the_session_and_ends_the_old_one(world: World) -> None:
    rita, otto = world.person(REQUESTER), world.person(OWNER)
    await otto.links_account()
    [old] = sessions_of(world)
    await world.advance(hours=1)
    await rita.says(LINE)
    await otto.clicks("Approve")
    first = otto.link()
    await otto.says("login")
    await otto.logs_in()
    [new] = sessions_of(world)
    assert new != old
    assert re.search(r"lasts until Mon 17:0\d", await otto.says("whoami"))
    # what was being confirmed belonged to the old session: a new link takes its place
    assert otto.links() != [first]
    assert len(otto.links()) == 1
    await otto.confirms()
    assert len(world.registry.configurations("@acme/ui")) == 1


async def test_a_login_link_that_is_not_used_ends_and_can_be_asked_for_again(world: World) -> None:
    otto = world.person(OWNER)
    await otto.says("login")
    await otto.says("login")
    assert len(otto.links()) == 1  # one link at a time
    await world.advance(minutes=6)
    assert not otto.links()
    assert "*Not logged in*" in otto.reads("dm")
    await otto.clicks("I'm ready", "dm")
    await otto.logs_in()
    assert "You are npm user *otto-npm*" in await otto.says("whoami")


async def test_login_is_refused_while_npm_is_away_and_follows_when_it_is_back(world: World) -> None:
    otto = world.person(OWNER)
    await world.registry.stop()
    assert "I cannot use npm now" in await otto.says("login")
    await world.registry.start()
    await world.advance(minutes=1)
    await otto.logs_in()
    assert "You are linked" in otto.reads("dm")


async def test_guests_bots_and_people_who_left_cannot_link(world: World) -> None:
    sam = world.person(STRANGER)
    world.slack.people[sam.id].is_restricted = True
    assert "Guests can neither" in await sam.says("login")
    world.slack.people[sam.id].is_restricted = False
    world.slack.people[sam.id].deleted = True
    assert "deactivated" in await sam.says("login")
    assert not sam.links()
    assert world.registry.calls == []


async def test_a_maintainer_of_nothing_pending_changes_no_request(world: World) -> None:
    rita, sam = world.person(REQUESTER), world.person(STRANGER)
    world.registry.add_package(SeedPackage("sams", ("sam-npm",), "sam/sams"))
    await rita.says(LINE)
    await sam.links_account()
    assert not sam.sees_button("Approve")
    assert "not linked: otto-npm, olga-npm, ana-npm" in sam.reads_all()
