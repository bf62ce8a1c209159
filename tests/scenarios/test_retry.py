"""`retry C-1`: what failed is shown again to be asked for, and of what ended unclear npm's own list is read first."""

import pytest

from bot.sandbox.cast import SeedPackage
from bot.sandbox.world import Actor, World
from tests.scenarios.asking import ask, creates, request_of

pytestmark = pytest.mark.anyio

BOTH = "github @acme/one @acme/two --repo acme/mono --file release.yml --allow-publish --reason tokens"


async def leave_unclear(world: World) -> tuple[Actor, Actor]:
    """Of two creates npm did the second alone, and nobody was there to find it out."""
    for name in ("@acme/one", "@acme/two"):
        world.registry.add_package(SeedPackage(name, ("otto-npm", "olga-npm"), "acme/mono"))
    rita, otto, *_ = await ask(world, BOTH)
    world.registry.fail_next("POST", 500)
    await otto.approves()
    await otto.confirms()
    world.registry.lose_answer_of_next("POST")
    await otto.confirms()
    await world.advance(hours=97)
    await world.settle(60)
    assert request_of(world).count("I could not find out whether npm acted") == 2
    return rita, otto


async def test_what_npm_refused_is_asked_for_again(world: World) -> None:
    rita, otto, _, sam = await ask(world)
    assert "there is nothing to try again" in await rita.says("retry C-1")
    await otto.clicks("Approve")
    world.registry.fail_next("POST", 400, {"message": "not today"})
    await otto.confirms()
    assert "not today" in request_of(world)
    assert "Only @rita, who asked" in await sam.says("retry C-1")
    assert "no C-9" in (await rita.says("retry C-9")).replace("There is no", "no")
    await rita.says("retry C-1")
    assert "What failed of C-1 is asked for again." in rita.reads("dm")
    await rita.clicks("Ask for 1", "dm")
    await otto.clicks("Approve", about="C-2")
    await otto.confirms()
    assert "now trusts acme/ui → release.yml" in request_of(world, 2)
    assert creates(world) == 1


async def test_of_what_ended_unclear_only_what_is_missing_is_asked_for(world: World) -> None:
    rita, otto = await leave_unclear(world)
    told = await rita.says("retry C-1")
    assert "your npm account cannot read its list" in told
    assert "@otto can type /npmtrust retry C-1" in told.replace("`", "")
    await otto.says("retry C-1")
    await otto.logs_in()
    await otto.confirms(remember=True)
    await world.settle(30)
    told = otto.reads_all("dm")
    assert "• 1 change: npm shows it as it was wanted, nothing to do" in told
    assert "• 1 change: something is missing, which I show you next" in told
    assert "1 package can be asked for" in told
    await otto.clicks("Ask for 1", "dm")
    assert "publish @acme/one" in request_of(world, 2)
    assert creates(world) == 1


@pytest.mark.parametrize("leaves", ["Not me", "logout"])
async def test_who_leaves_while_the_lists_are_read_is_told_that_they_were_not(world: World, leaves: str) -> None:
    _, otto = await leave_unclear(world)
    await otto.says("retry C-1")
    if leaves == "logout":
        await otto.says("logout")
    else:
        await otto.clicks("Not me", "dm")
    await world.settle(60)
    assert "• 2 changes: the list could not be read; /npmtrust retry C-1" in otto.reads_all("dm").replace("`", "")
    assert creates(world) == 1
