"""npm's sessions: asked for late, renewed by their person, and wiped whenever npm says that they are over."""

import pytest

from bot.sandbox.cast import OWNER, REQUESTER, STRANGER
from bot.sandbox.registry_switches import Fault
from bot.sandbox.world import World
from tests.scenarios.stored import rows

pytestmark = pytest.mark.anyio

LINE = "github @acme/ui --repo acme/ui --file release.yml --allow-publish"
HIDDEN = "@acme/secret"


async def is_wiped(world: World) -> bool:
    return await rows(world, "SELECT sealed_session FROM account_links") == [("",)]


@pytest.mark.parametrize("line", [f"list {HIDDEN}", f"github {HIDDEN} --repo acme/secret --file release.yml"])
@pytest.mark.parametrize("is_told", [True, False], ids=["401", "404"])
async def test_a_dead_session_is_wiped_when_a_package_is_looked_up_with_it(
    world: World,
    line: str,
    *,
    is_told: bool,
) -> None:
    otto = world.person(OWNER)
    await otto.links_account()
    world.registry.state.sessions.clear()  # npm ended it: a changed password, a press on its site
    if is_told:
        world.registry.fail(Fault.NOT_FOUND, method="GET", path="/@acme%2fsecret")  # as the public sees it
        world.registry.fail(Fault.DEAD_SESSION, method="GET", path="/@acme%2fsecret")
    told = await otto.says(line)
    assert f"{HIDDEN} is not public, or does not exist." in told.replace("\u2060", "")
    assert "npm has ended your session, so I could not look with your account. Log in, then send it again." in told
    assert "Your request is kept" not in otto.reads_all()  # trying again would not help
    assert await is_wiped(world)
    assert world.registry.count_calls("/@acme%2fsecret") == 2
    await otto.clicks("Log in at npm")
    await otto.logs_in()
    assert "not public" not in await otto.says(f"list {HIDDEN}")
    assert "I read npm's own list of the package" in otto.reads()


async def test_a_dead_session_is_wiped_when_it_is_to_tell_what_its_person_owns(world: World) -> None:
    otto = world.person(OWNER)
    await otto.links_account()
    world.registry.state.sessions.clear()
    assert "Your npm session is over, so I cannot ask npm what you own." in await otto.says("list")
    assert await is_wiped(world)
    await otto.links_account()
    world.registry.state.sessions.clear()
    await otto.says("coverage @acme/*")
    assert "@acme/*" in otto.reads_all()  # public data need no session
    assert await is_wiped(world)
    assert "You have no npm session now" in await otto.says("whoami")


async def test_a_session_that_was_renewed_meanwhile_is_not_wiped_for_the_old_one(world: World) -> None:
    otto = world.person(OWNER)
    await otto.links_account()
    [old] = list(world.registry.state.sessions)
    await otto.says("login")
    await otto.logs_in()
    assert old not in world.registry.state.sessions
    assert "not public" not in await otto.says(f"list {HIDDEN}")
    assert not await is_wiped(world)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault.FORBIDDEN, "“You do not have permission"),
        (Fault.ADDRESS, "“npm does not take this token from the address that we call from"),
    ],
)
async def test_an_account_that_may_not_see_a_package_is_told_in_npms_words(
    world: World, fault: Fault, words: str
) -> None:
    otto = world.person(OWNER)
    await otto.links_account()
    world.registry.fail(Fault.NOT_FOUND, method="GET", path="/@acme%2fsecret")  # as the public sees it
    world.registry.fail(fault, method="GET", path="/@acme%2fsecret")
    told = await otto.says(f"list {HIDDEN}")
    assert "is not public, and npm does not show it to your account" in told
    assert words in told
    assert not await is_wiped(world)


async def test_a_login_is_asked_for_late_and_says_what_waits(world: World) -> None:
    rita, otto = world.person(REQUESTER), world.person(OWNER)
    await otto.links_account()
    assert "For this it waits" not in otto.reads_all("dm")  # a first login has nothing to wait for
    await rita.says(LINE)
    await world.advance(hours=3)
    assert not otto.links()  # nobody is asked before it is needed
    await otto.clicks("Approve")
    assert "For this it waits: C-1 (let acme/ui → release.yml publish @acme/ui)." in otto.reads("dm")
    await otto.logs_in()
    assert "For this it waits" not in otto.reads_all("dm")
    await otto.confirms()
    await world.advance(hours=3)
    await otto.says("list @acme/core")
    assert "For this it waits: reading the configurations of @acme/core." in otto.reads_all("dm")


async def test_list_without_an_own_link_offers_to_make_one(world: World) -> None:
    sam = world.person(STRANGER)
    told = await sam.says("list @acme/ui")
    assert "link your npm account to read npm's own list" in told
    assert "Public data:" in told
    await sam.clicks("Link my npm account")
    assert "Log in at npm" in sam.reads("dm")
    await sam.logs_in()
    assert "I read npm's own list of the package" in await sam.says("list @acme/ui")
