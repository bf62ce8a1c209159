"""The order of the calls, second by second: two batches, two people, one of them away, a list in between; and stops."""

from http import HTTPStatus

import pytest
from inline_snapshot import snapshot

from bot.sandbox.cast import GENERAL, OWNER, REQUESTER, SECOND_OWNER, STRANGER, SeedPackage
from bot.sandbox.world import Actor, World
from tests.scenarios.asking import request_of

pytestmark = pytest.mark.anyio

READY = "I'm ready"


async def begin(world: World) -> tuple[Actor, Actor, Actor]:
    """Otto owns the a-packages, Olga the b-packages; both are linked and logged in."""
    rita, otto, olga = map(world.person, (REQUESTER, OWNER, SECOND_OWNER))
    for owner, letter in ((otto, "a"), (olga, "b")):
        for number in range(1, 5):
            world.registry.add_package(SeedPackage(f"{letter}{number}", (owner.character.npm_user,), "acme/mono"))
        world.registry.state.accounts[owner.character.npm_user].email = owner.character.email
        await owner.links_account()
    return rita, otto, olga


async def ask(rita: Actor, letter: str) -> None:
    names = " ".join(f"{letter}{number}" for number in range(1, 5))
    await rita.says(f"github {names} --repo acme/mono --file release.yml --allow-publish")


def schedule(world: World, since: int = 0) -> str:
    """Tell the trust calls: the second, whose account, what, on which package, and npm's answer."""
    calls = world.trust_calls()[since:]
    seconds = [(call.at - calls[0].at).total_seconds() for call in calls]
    return "\n".join(
        f"{second:3.0f} {call.npm_user} {call.method} {call.path.split('/')[3]} {call.status}"
        for second, call in zip(seconds, calls, strict=True)
    )


async def test_who_is_away_is_in_nobodys_way_and_a_list_comes_between(world: World) -> None:
    rita, otto, olga = await begin(world)
    await ask(rita, "b")
    await ask(rita, "a")
    await olga.approves(about="C-1")  # the older batch, and she leaves without confirming
    await olga.clicks("Later", "dm")
    await otto.approves(about="C-2")
    world.registry.confirm(otto.link(), "otto-npm", remember=True)
    await world.settle(2)
    await world.slack.command(otto.id, GENERAL[0], "list a1")
    await world.settle(10)
    await world.advance(minutes=2)
    assert len(olga.links()) == 0, "nothing is minted for her meanwhile"
    await olga.clicks(READY, "dm")
    await olga.confirms(remember=True)
    await world.settle(8)
    assert schedule(world) == snapshot("""\
  0 olga-npm POST b1 401
 18 otto-npm POST a1 401
 25 otto-npm POST a1 201
 27 otto-npm GET a1 200
 29 otto-npm POST a2 201
 31 otto-npm POST a3 201
 33 otto-npm POST a4 201
162 olga-npm POST b1 401
169 olga-npm POST b1 201
171 olga-npm POST b2 201
173 olga-npm POST b3 201
175 olga-npm POST b4 201\
""")


async def test_a_window_that_closes_in_the_middle_is_told_with_what_remains(world: World) -> None:
    rita, otto, olga = await begin(world)
    sam = world.person(STRANGER)
    await ask(rita, "a")
    await otto.approves()
    assert "Only @rita, who asked, its reviewers and the admins can pause C-1." in await sam.says("pause C-1")
    world.registry.confirm(otto.link(), "otto-npm", remember=True)
    await world.settle(3)
    assert await rita.says("pause C-1") == snapshot(
        """\
⏸ C-1 is paused: no new call starts. 2 changes to go.
Approvals and deadlines go on. `/npmtrust resume C-1` lets it go on.\
"""
    )
    assert "is paused already" in await otto.says("pause C-1")
    assert "Paused: no new call starts." in sam.reads_all()
    done = len(world.trust_calls())
    await world.advance(minutes=6)
    assert len(world.trust_calls()) == done
    assert await otto.says("resume C-1") == snapshot("▶️ C-1 goes on: 2 changes to go. Who is needed is asked by DM.")
    assert "is not paused" in await rita.says("resume C-1")
    remaining, _, _ = otto.reads("dm").splitlines()[2].partition(", as npm user")
    assert remaining == snapshot("2 of 4 left, about 1 confirmation")
    await ask(rita, "b")
    await olga.approves(about="C-2")
    await world.advance(minutes=6)  # both are away: their links run out
    before = len(world.trust_calls())
    await olga.clicks(READY, "dm")
    await olga.confirms(remember=True)
    await world.settle(10)
    await otto.clicks(READY, "dm")
    await otto.confirms(remember=True)
    await world.settle(8)
    assert schedule(world, before) == snapshot("""\
  0 olga-npm POST b1 401
  7 olga-npm POST b1 201
  9 olga-npm POST b2 201
 11 olga-npm POST b3 201
 13 olga-npm POST b4 201
 22 otto-npm POST a3 401
 29 otto-npm POST a3 201
 31 otto-npm POST a4 201\
""")
    assert "C-1 is finished" in await rita.says("pause C-1")


async def test_a_freeze_stops_everything_that_goes_out_until_an_admin_lets_it_go_on(world: World) -> None:
    rita, otto, olga = await begin(world)
    await ask(rita, "a")
    await otto.approves()
    assert "Only the admins can freeze" in await rita.says("freeze")
    assert "Nothing is frozen" in await olga.says("unfreeze")
    world.registry.confirm(otto.link(), "otto-npm", remember=True)
    await world.settle(1)
    async with world.call_under_way(world.settle(2)):
        assert await olga.says("freeze a token leaked") == snapshot("""\
❄️ *npmtrust is frozen*
@olga stopped every call to npm Mon 14:01 UTC: a token leaked.
Nothing is lost: requests and approvals are kept, and wait.
An admin can unfreeze it.\
""")
    done, polls = len(world.trust_calls()), len(world.registry.calls)
    assert world.trust_calls()[-1].status == HTTPStatus.CREATED, "the call under way was finished"
    assert olga.reads("dm") == snapshot("""\
❄️ *npmtrust is frozen*
@olga stopped every call to npm Mon 14:01 UTC: a token leaked.
Nothing is lost: requests and approvals are kept, and wait.
`/npmtrust unfreeze` lets it go on.\
""")
    assert "frozen by @olga: a token leaked" in await otto.says("freeze")
    assert "❄️ frozen by @olga: a token leaked. Nothing goes out" in request_of(world)
    assert "npmtrust is frozen by @olga" in await otto.says("list")
    assert "no account looks at anything now" in await otto.says("list @acme/secret")
    await ask(rita, "b")
    await olga.approves(about="C-2")
    assert "I ask npm for nothing now, so there is no link." in await otto.says("login")
    await otto.says("list a1")
    await world.advance(minutes=2)
    await world.restart_bot()
    await world.settle()
    assert (len(world.trust_calls()), [call.path for call in world.registry.calls[polls:] if "/done" in call.path]) == (
        done,
        [],
    )
    assert await otto.says("unfreeze") == snapshot(
        "▶️ Unfrozen: what waited goes on, at npm's pace. Who is not there is asked to press “I'm ready” first."
    )
    assert "goes on" in olga.reads_all("dm")
    await world.settle(20)
    if not world.registry.state.windows:
        await otto.confirms(remember=True)
    await olga.confirms(remember=True)
    await world.settle(20)
    assert len(world.registry.accepted_creates) == 8


async def test_each_account_has_its_own_pace_where_the_setting_says_so(world: World) -> None:
    world.settings["NPMTRUST_LANE"] = "account"
    await world.restart_bot()
    rita, otto, olga = await begin(world)
    await ask(rita, "a")
    await ask(rita, "b")
    await otto.approves(about="C-1")
    await olga.approves(about="C-2")
    for owner in (otto, olga):
        world.registry.confirm(owner.link(), owner.character.npm_user, remember=True)
    before = len(world.trust_calls())
    await world.settle(12)
    assert schedule(world, before) == snapshot("""\
  0 olga-npm POST b1 201
  0 otto-npm POST a1 201
  2 olga-npm POST b2 201
  2 otto-npm POST a2 201
  4 olga-npm POST b3 201
  4 otto-npm POST a3 201
  6 olga-npm POST b4 201
  6 otto-npm POST a4 201\
""")
