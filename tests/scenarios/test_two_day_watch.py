"""npm drops what nothing is published through within two days: who is reminded, told, and how it is set up again."""

import asyncio
from datetime import timedelta

import pytest

from bot.domain.events import AuditKind
from bot.sandbox.world import Actor, World
from bot.workflow import two_days
from tests.scenarios import stored
from tests.scenarios.asking import LINE, ask, creates, link_olga, request_of
from tests.scenarios.replacing import NARROWER, OLD, cast, look_and_approve, standing

pytestmark = pytest.mark.anyio


async def set_up(world: World, line: str = LINE) -> tuple[Actor, Actor, Actor, Actor]:
    cast = await ask(world, line)
    await cast[1].clicks("Approve")
    await cast[1].confirms()
    assert creates(world) == 1
    return cast


async def pass_days(world: World, hours: int) -> None:
    """Let hours pass, and the timers of the minute after them."""
    await world.advance(hours=hours)
    await world.settle(60)


def drop(world: World) -> None:
    """Let npm drop what was not used."""
    [configuration] = world.registry.configurations("@acme/ui")
    world.registry.remove_configuration("@acme/ui", configuration["id"])


async def test_what_was_not_read_yet_is_not_said_to_be_hidden(world: World) -> None:
    _, otto, _, _ = await set_up(world)
    await world.registry.stop()  # so that public data cannot be read
    await pass_days(world, 24)
    told = otto.reads("dm")
    assert "or npm drops the trusted publisher" in told
    assert "I have not read yet whether a version came through it." in told
    assert "no version seen through it so far" in told
    assert "Public data does not show" not in told


async def test_the_owners_are_reminded_twice_told_once_and_set_it_up_again_with_one_confirmation(world: World) -> None:
    rita, otto, _, sam = await set_up(world)
    assert "configured, not used yet" in await sam.says("coverage @acme/ui")
    await pass_days(world, 24)
    for person in (rita, otto):
        told = person.reads("dm")
        assert "Publish @acme/ui through acme/ui → release.yml before" in told
        assert "/npmtrust check @acme/ui" in told
    assert "or npm drops" not in sam.reads_all("dm")
    await pass_days(world, 16)
    assert otto.reads_all("dm").count("or npm drops the trusted publisher") == 2
    assert not otto.sees_button("Set it up again", "dm")
    await pass_days(world, 10)
    told = otto.reads("dm")
    assert "The two days are over: @acme/ui through acme/ui → release.yml" in told
    assert "npm drops it after two days; no version came through it." in told
    assert otto.reads_all("dm").count("The two days are over") == 1
    kinds = [kind for (kind,) in await stored.rows(world, "SELECT kind FROM audit_events")]
    assert (kinds.count(AuditKind.REMINDED), kinds.count(AuditKind.DROPPED)) == (2, 1)
    assert "configured, not used yet" not in await sam.says("coverage @acme/ui --refresh")

    drop(world)
    value = otto.value_of("Set it up again", "dm")
    await sam.says("whoami", "dm")
    assert "C-2" not in await sam.forges("Link", value, "dm", action="set_up_again")  # the button was not theirs
    await otto.clicks("Set it up again", "dm")
    assert "C-2 sets up 1 package again." in otto.reads_all("dm")
    await otto.logs_in()
    await otto.confirms()
    assert "now trusts acme/ui → release.yml" in request_of(world, 2)
    assert creates(world) == 2
    assert "C-2 sets it up again." in otto.reads_all("dm")
    assert not rita.sees_button("Set it up again", "dm")


async def test_a_version_that_came_through_it_ends_the_watch(world: World) -> None:
    rita, otto, _, sam = await set_up(world)
    await pass_days(world, 24)
    assert "or npm drops the trusted publisher" in otto.reads("dm")
    [configuration] = world.registry.configurations("@acme/ui")
    world.registry.publish("@acme/ui", "2.0.0", through=configuration["id"])
    await pass_days(world, 2)
    assert "It works: @acme/ui 2.0.0 came through acme/ui → release.yml" in sam.reads_all()
    assert "It is used: @acme/ui through acme/ui → release.yml" in otto.reads("dm")
    await pass_days(world, 30)
    assert "The two days are over" not in rita.reads_all("dm") + otto.reads_all("dm")
    assert await stored.rows(world, "SELECT stage, next_at FROM create_rounds") == [("used", None)]


async def test_an_approval_of_long_ago_does_not_set_it_up_again(world: World) -> None:
    rita, otto, _, _ = await set_up(world)
    assert world.app is not None
    world.clock.set(world.clock.now() + timedelta(hours=48, minutes=1))
    services = world.app.services  # two processes are woken at once
    await asyncio.gather(*(two_days.execute_next(services) for _ in range(3)))
    await pass_days(world, 2)
    assert rita.reads_all("dm").count("The two days are over") == 1
    assert "or npm drops the trusted publisher" not in rita.reads_all(
        "dm"
    )  # of what was missed only the newest is told
    await world.advance(days=29)
    await rita.clicks("Set it up again", "dm")
    assert "It needs a new approval: the old one is too old" in rita.reads_all("dm")
    assert "Needs 1 of @otto" in request_of(world, 2)
    assert creates(world) == 1
    assert not otto.sees_button("Set it up again", "dm")


async def test_somebody_else_presses_and_the_executor_is_asked_first(world: World) -> None:
    rita, otto, olga, _ = await set_up(world)
    await link_olga(world)
    await pass_days(world, 50)
    drop(world)
    assert "The two days are over" in olga.reads("dm")
    await rita.clicks("Set it up again", "dm")
    assert "It runs once @otto is ready." in rita.reads_all("dm")
    assert otto.links() == []  # nothing comes unasked
    await otto.clicks("I'm ready", "dm")
    await otto.logs_in()
    await otto.confirms()
    assert "@acme/ui now trusts" in request_of(world, 2)
    assert "approved and run by @otto" in request_of(world, 2)
    await pass_days(world, 24)
    assert "or npm drops the trusted publisher" in otto.reads("dm")  # the two days begin anew


async def test_what_was_put_back_after_a_failed_replacement_counts_as_new(world: World) -> None:
    rita, otto = await cast(world)
    old = world.registry.add_configuration("@acme/ui", "github", OLD)
    await rita.says(f"replace @acme/ui --id {old} {NARROWER}")
    await look_and_approve(otto)
    world.registry.fail_next("POST", 400, {"message": "no such environment"})
    await otto.confirms(remember=True)
    await world.settle()
    assert standing(world) == [("acme/old", "")]
    await pass_days(world, 24)
    told = otto.reads("dm")
    assert "Publish @acme/ui through acme/old → release.yml before" in told
    assert "It was put back after a replacement failed, and counts as new." in told
    await pass_days(world, 26)
    await otto.clicks("Set it up again", "dm")
    assert "It needs a new approval" in otto.reads_all("dm")
