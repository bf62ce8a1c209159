"""npm misbehaves: it is down, slow, wrong or lost, and nobody is told what is not so."""

from collections.abc import Mapping
from typing import Any

import pytest
from inline_snapshot import snapshot

from bot.sandbox.cast import GENERAL, OWNER, REQUESTER, SECOND_OWNER
from bot.sandbox.registry import Body
from bot.sandbox.releases import Spoil
from bot.sandbox.world import Actor, World

pytestmark = pytest.mark.anyio

UI = "@acme/ui"
LINE = "github @acme/ui --repo acme/ui --file release.yml --allow-publish"
CLAIMS = {"repository": "acme/ui", "workflow_ref": {"file": "release.yml"}}
TRUSTED = "@acme/ui now trusts acme/ui → release.yml"


def people(world: World) -> tuple[Actor, Actor, Actor]:
    return world.person(REQUESTER), world.person(OWNER), world.person(SECOND_OWNER)


async def ask(world: World, line: str = LINE) -> tuple[Actor, Actor]:
    """Let Rita ask, and Otto have his account linked."""
    rita, otto, _ = people(world)
    await otto.links_account()
    await rita.says(line)
    return rita, otto


async def approve(world: World, line: str = LINE) -> tuple[Actor, Actor]:
    """As `ask`, and Otto approves: npm's link is in his DM."""
    rita, otto = await ask(world, line)
    assert "Next: confirm at npm" in await otto.clicks("Approve")
    return rita, otto


async def link_olga(world: World) -> Actor:
    """Olga's addresses differ, so Otto confirms as an admin that it is her."""
    _, otto, olga = people(world)
    await olga.links_account()
    await otto.clicks("Confirm", "dm")
    return olga


def request_of(actor: Actor, number: int = 1) -> str:
    """Tell how a request stands in the channel; there is one message of it."""
    [shown] = [text for text in actor.reads_all().split("\n\n") if f"C-{number}\n" in text]
    return shown


def sent(world: World, method: str, path: str = "/trust") -> int:
    return sum(call.method == method and path in call.path for call in world.registry.calls)


def claims_of(world: World) -> list[dict[str, Any]]:
    return [configuration["claims"] for configuration in world.registry.configurations(UI)]


# While a request is staged


async def test_a_request_is_kept_while_npm_is_down_and_goes_on_when_it_is_back(world: World) -> None:
    rita, _, _ = people(world)
    await world.registry.stop()
    assert await rita.says(LINE) == snapshot("""\
⏳ I cannot use npm now: npm could not be reached. Your request is kept, and I try again for 25 minutes.
You need not send it again; the answer follows here.\
""")
    await world.advance(minutes=10)
    assert rita.reads_all().count("I cannot use npm") == 1
    await world.registry.start()
    await world.advance(minutes=1)
    assert "Asked as C-1" in rita.reads_all()
    assert "asks: let acme/ui → release.yml publish @acme/ui" in rita.reads_all()


async def test_a_request_is_given_up_after_25_minutes_and_says_so(world: World) -> None:
    rita, _, _ = people(world)
    await world.registry.stop()
    await rita.says(LINE)
    for _ in range(26):
        await world.advance(minutes=1)
    assert rita.reads() == snapshot("""\
❌ *Not done.* I tried for 25 minutes or more, and this was in the way: npm could not be reached.
Nothing was asked for, and nothing changed. Please type or press it again.\
""")
    await world.registry.start()
    await world.advance(hours=1)
    assert "C-1" not in rita.reads_all()


PACKAGE_FAULTS: Mapping[str, tuple[int, Body, Mapping[str, str]]] = {
    "500": (500, {"message": "internal"}, {}),
    "503 as a page": (503, "<html>maintenance</html>", {}),
    "429": (429, {}, {"retry-after": "30"}),
    "a page instead of a package": (200, "<html>captive portal</html>", {}),
    "a list instead of a package": (200, [], {}),
}


@pytest.mark.parametrize("fault", PACKAGE_FAULTS)
async def test_a_package_that_cannot_be_read_now_is_read_later(world: World, fault: str) -> None:
    status, body, headers = PACKAGE_FAULTS[fault]
    rita, _, _ = people(world)
    world.registry.fail_next("GET", status, body, headers=headers, path="/@acme%2fui")
    await world.slack.command(rita.id, GENERAL[0], LINE)
    await world.settle(0)
    assert "Asked as" not in rita.reads_all()
    if fault == "429":
        await world.advance(seconds=15)
        assert "Asked as" not in rita.reads_all()
    await world.advance(seconds=31)
    assert "Asked as C-1" in rita.reads_all()
    assert rita.reads_all().count("Your request is kept") == 1


# While a call is made


async def test_a_call_waits_while_npm_is_down_and_says_since_when(world: World) -> None:
    rita, otto = await approve(world)
    await otto.confirms(remember=True)
    await rita.says(LINE.replace("release", "other"))
    await world.registry.stop()
    await otto.clicks("Approve")
    await world.advance(minutes=2)
    told = request_of(otto, 2)
    assert told == snapshot("""\
*@rita asks: let acme/ui → other.yml publish @acme/ui*
May: *publish directly*, stage · Environment: any
Now: no trusted publishing seen (public data) · npm's own list not read
Approved by @otto Mon 14:00 UTC. Next: the call to npm, in its turn.
⏳ npm could not be reached, since Mon 14:00 UTC; I try again Mon 14:02 UTC. Nobody has to do anything.
until Thu 14:00 UTC · C-2
[Withdraw my approval] [Details] [Cancel]\
""")
    await world.registry.start()
    await world.advance(minutes=1)
    assert "@acme/ui now trusts acme/ui → other.yml" in request_of(otto, 2)
    assert len(world.registry.accepted_creates) == 2


async def test_a_confirmation_given_while_npm_is_down_counts_when_it_is_back(world: World) -> None:
    _, otto = await approve(world)
    world.registry.confirm(otto.link(), "otto-npm")
    await world.registry.stop()
    await world.advance(minutes=3)
    assert "npm could not be reached, since Mon 14:0" in request_of(otto)
    await world.registry.start()
    await world.settle()
    assert TRUSTED in request_of(otto)
    assert "could not be reached" not in otto.reads_all()


async def test_a_login_waits_while_npm_is_down(world: World) -> None:
    _, otto, _ = people(world)
    await world.registry.stop()
    assert "Your request is kept" in await otto.says("login")
    await world.registry.start()
    await world.advance(minutes=1)
    assert "You are linked to npm user *otto-npm*" in await otto.logs_in()


async def test_being_ready_counts_also_when_npm_is_down(world: World) -> None:
    """The link was not used in time, and when its person is back npm is away."""
    _, otto, _ = people(world)
    await otto.says("login")
    await world.advance(minutes=6)
    await world.registry.stop()
    await otto.clicks("I'm ready", "dm")
    await world.registry.start()
    await world.advance(minutes=1)
    assert "You are linked to npm user *otto-npm*" in await otto.logs_in()


async def test_a_session_that_dies_in_the_middle_is_renewed_by_its_person(world: World) -> None:
    _, otto = await approve(world)
    world.registry.state.sessions.clear()
    await otto.confirms()
    assert "Waits for @otto to log in at npm" in request_of(otto)
    await otto.logs_in()
    await otto.confirms()
    assert TRUSTED in request_of(otto)
    assert len(world.registry.accepted_creates) == 1


LOST: Mapping[str, tuple[int, Body]] = {
    "502 as a page": (502, "<html>bad gateway</html>"),
    "200 with a page": (200, "<html>please accept our terms</html>"),
    "200 with another configuration": (200, [{"id": "1", "type": "github", "claims": {}, "permissions": []}]),
}


@pytest.mark.parametrize("fault", LOST)
async def test_an_answer_that_tells_nothing_is_looked_after_and_the_call_is_made_again(
    world: World, fault: str
) -> None:
    status, body = LOST[fault]
    _, otto = await approve(world)
    world.registry.fail_next("POST", status, body)
    await otto.confirms()
    told = request_of(otto)
    assert "nothing changed" not in told
    assert "Waits for @otto to confirm at npm" in told
    assert "this lets me look at npm's list" in otto.reads_all("dm")
    await otto.confirms()
    assert sent(world, "POST") == 2, "the list is read before anything is sent again"
    await world.advance(minutes=3)
    await otto.confirms()
    await otto.confirms()
    assert TRUSTED in request_of(otto)
    assert claims_of(world) == [CLAIMS]
    assert len(world.registry.accepted_creates) == 1


async def test_an_answer_that_was_lost_after_npm_acted_is_found_in_the_list(world: World) -> None:
    _, otto = await approve(world)
    world.registry.lose_answer_of_next("POST")
    await otto.confirms()
    assert "nothing changed" not in request_of(otto)
    await otto.confirms()
    assert TRUSTED in request_of(otto)
    assert len(world.registry.accepted_creates) == 1


async def test_a_list_that_lags_is_no_proof_that_npm_did_nothing(world: World) -> None:
    world.registry.lag_seconds = 90
    _, otto = await approve(world)
    world.registry.lose_answer_of_next("POST")
    await otto.confirms()
    await otto.confirms()
    assert "look" in request_of(otto)
    await world.advance(seconds=140)
    await otto.confirms()
    assert TRUSTED in request_of(otto)
    assert len(world.registry.accepted_creates) == 1


async def test_npm_asks_for_a_pause(world: World) -> None:
    _, otto = await approve(world)
    world.registry.fail_next("POST", 429, {"message": "*much* <!here>"}, headers={"retry-after": "40"})
    await otto.confirms()
    said = 'npm asked me to slow down: "\u2217much\u2217 <!here>"'  # npm's own words, which are never markup
    assert f"⏳ {said}, since Mon 14:00 UTC; I try again Mon 14:01 UTC" in request_of(otto)
    before = len(world.registry.calls)
    await world.advance(seconds=25)
    assert len(world.registry.calls) == before
    await world.advance(seconds=15)
    await otto.confirms()
    assert TRUSTED in request_of(otto)


async def test_npm_does_not_take_what_was_asked_for_and_its_words_are_told(world: World) -> None:
    _, otto = await approve(world)
    world.registry.fail_next("POST", 400, {"message": "claims are <!here> not allowed"})
    await otto.confirms()
    assert request_of(otto) == snapshot("""\
❌ *@acme/ui: nothing changed.* npm: "claims are <!here> not allowed"
Mend what npm names, then ask again.
asked @rita · approved and run by @otto Mon 14:00 UTC · C-1
[Details] [Ask again…]
To go on, type:
/npmtrust github @acme/ui --repo acme/ui --file release.yml --allow-publish\
""")
    assert not world.registry.accepted_creates


@pytest.mark.parametrize("status", [403, 404])
async def test_an_account_that_npm_refuses_is_not_tried_again_and_another_approver_takes_over(
    world: World, status: int
) -> None:
    _, otto = await approve(world)
    world.registry.fail_next("POST", status, {"message": "not for you"})
    await otto.confirms()
    told = request_of(otto)
    assert "Waits for an account" in told
    assert "not for you" in told
    await world.advance(hours=1)
    assert sent(world, "POST") == 2
    olga = await link_olga(world)
    await olga.clicks("Run with my account")
    assert "not for you" not in request_of(otto)
    await olga.logs_in()
    await olga.confirms()
    assert TRUSTED in request_of(otto)
    assert [create.npm_user for create in world.registry.accepted_creates] == ["olga-npm"]


async def test_what_stands_already_is_told_as_such(world: World) -> None:
    _, otto = await approve(world)
    world.registry.add_configuration(UI, "github", CLAIMS)
    await otto.confirms()
    assert "nothing changed" not in request_of(otto)
    await otto.confirms()
    assert "@acme/ui trusts acme/ui → release.yml already: nothing to do." in request_of(otto)
    assert not world.registry.accepted_creates


async def test_what_overlaps_is_told_as_a_conflict(world: World) -> None:
    _, otto = await approve(world)
    existing = world.registry.add_configuration(UI, "github", {**CLAIMS, "environment": "production"})
    await otto.confirms()
    await otto.confirms()
    await world.advance(minutes=3)
    await otto.confirms()
    told = request_of(otto)
    assert "❌ *@acme/ui: nothing changed.*" in told
    assert "overlaps" in told
    details = await otto.clicks("Details")
    assert existing[:8] in details
    assert "production" in details
    assert not world.registry.accepted_creates


# The second factor


async def test_a_link_to_another_host_reaches_nobody(world: World) -> None:
    await world.stop_bot()
    world.settings["NPMTRUST_AUTH_HOSTS"] = "www.npmjs.com"
    await world.start_bot()
    _, otto, _ = people(world)
    told = await otto.says("login")
    assert "127.0.0.1" in told
    assert "NPMTRUST_AUTH_HOSTS" in told
    assert not otto.messages("dm")


async def test_a_challenge_on_another_host_is_told_and_can_be_tried_again(world: World) -> None:
    _, otto = await approve(world)
    evil = {"authUrl": "https://npm.evil.example/auth/cli/1", "doneUrl": f"{world.registry.url}/-/v1/done?authId=1"}
    world.registry.fail_next("POST", 401, evil, headers={"www-authenticate": "OTP"})
    await otto.confirms()
    told = otto.reads_all("dm")
    assert "NPMTRUST_AUTH_HOSTS" in told
    assert "evil" in told
    assert not otto.sees_button("Open ", "dm")
    await otto.clicks("I'm ready", "dm")
    await otto.confirms()
    assert TRUSTED in request_of(otto)


async def test_a_package_that_npm_withholds_is_told_at_once_in_npms_words(world: World) -> None:
    rita, *_ = people(world)
    world.registry.spoil(UI, Spoil.BLOCKED)
    for line in (LINE, f"list {UI}"):
        told = await rita.says(line)
        assert "npm shows @acme/ui to nobody: “This package is not available for legal reasons.”" in told
    assert world.registry.count_calls("/@acme%2fui") == 2
    world.registry.mend(UI)
    assert "approve" in await rita.says(LINE)
