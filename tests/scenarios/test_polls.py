"""Asking npm whether a link was used: at npm's pace, once, until it ends, whatever comes back."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from bot.sandbox.cast import OWNER, REQUESTER
from bot.sandbox.registry import CallRecord
from bot.sandbox.registry_switches import Fault
from bot.sandbox.world import Actor, World
from bot.workflow import handoff

pytestmark = pytest.mark.anyio

LINE = "github @acme/ui --repo acme/ui --file release.yml --allow-publish"
DONE = "/-/v1/done"
TRUSTED = "@acme/ui now trusts acme/ui → release.yml"


async def approve(world: World, retry_after: str = "1") -> Actor:
    """Let Otto have a link to confirm with."""
    rita, otto = world.person(REQUESTER), world.person(OWNER)
    await otto.links_account()
    await rita.says(LINE)
    world.registry.calls.clear()
    world.registry.switches.poll_retry_after = retry_after
    await otto.clicks("Approve")
    return otto


def polls(world: World) -> list[CallRecord]:
    return [call for call in world.registry.calls if DONE in call.path]


def pauses(world: World) -> set[timedelta]:
    return {after.at - before.at for before, after in pairwise(polls(world))}


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [("", 1), ("0", 1), ("7", 7), ("86400", 60)],
)
async def test_polls_keep_the_pace_that_npm_asks_for_and_never_a_faster_one(
    world: World, retry_after: str, seconds: int
) -> None:
    await approve(world, retry_after)
    await world.settle(seconds * 2 + 1)
    assert pauses(world) == {timedelta(seconds=seconds)}


@pytest.mark.parametrize(
    "fault",
    [
        Fault.NO_TOKEN,
        Fault.REDIRECT,
        Fault.BAD_GATEWAY,
        Fault.CUT,
    ],
)
async def test_an_answer_that_is_none_is_asked_for_again_and_loses_no_confirmation(world: World, fault: Fault) -> None:
    otto = await approve(world)
    world.registry.fail(fault, method="GET", path=DONE)
    await otto.confirms()
    await world.settle(10)
    assert TRUSTED in otto.reads_all()
    assert min(pauses(world)) >= timedelta(seconds=1)
    assert len(world.registry.accepted_creates) == 1


async def test_a_link_that_npm_does_not_know_any_more_ends_at_once(world: World) -> None:
    otto = await approve(world)
    world.registry.fail(Fault.NOT_FOUND, method="GET", path=DONE)
    await world.settle(3)
    assert "The link ran out or was refused, or its answer got lost" in otto.reads("dm")
    asked = len(polls(world))
    await world.advance(minutes=4)
    assert len(polls(world)) == asked
    await otto.clicks("I'm ready", "dm")
    await otto.confirms()
    assert TRUSTED in otto.reads_all()


@pytest.mark.parametrize("minutes", [5, 2], ids=["usual", "as set"])
async def test_nothing_is_asked_after_the_deadline(world: World, minutes: int) -> None:
    if minutes != 5:
        world.settings["NPMTRUST_HANDOFF_SECONDS"] = str(minutes * 60)
        await world.restart_bot()
    otto = await approve(world, "40")
    await world.settle(minutes * 60 - 10)
    assert otto.links()
    await world.settle(20)
    assert "*Not confirmed" in otto.reads("dm")
    last = polls(world)[-1].at
    assert timedelta(0) <= timedelta(minutes=minutes) - (last - polls(world)[0].at) <= timedelta(seconds=40)
    await world.advance(minutes=30)
    assert polls(world)[-1].at == last


async def test_a_confirmation_is_taken_once_also_by_who_starts_anew(world: World) -> None:
    otto = await approve(world)
    world.registry.confirm(otto.link(), "otto-npm")
    await world.restart_bot()
    await world.settle(10)
    assert [call.status for call in polls(world)].count(200) == 1  # it is told once, and counts
    assert TRUSTED in otto.reads_all()
    assert all("auth" not in call.path for call in polls(world))


async def test_two_processes_ask_no_more_often_than_one(world: World) -> None:
    otto = await approve(world)
    assert world.app is not None
    services = world.app.services
    other = replace(services, process="another")  # on the same database, as on PostgreSQL
    before = len(polls(world))
    for _ in range(5):
        world.clock.set(world.clock.now() + timedelta(seconds=1))
        await asyncio.gather(handoff.execute_next(other), handoff.execute_next(services))
    assert len(polls(world)) == before + 5
    world.registry.confirm(otto.link(), "otto-npm")
    world.clock.set(world.clock.now() + timedelta(seconds=1))
    await asyncio.gather(handoff.execute_next(services), handoff.execute_next(other))
    assert [call.status for call in polls(world)].count(200) == 1
    await world.settle()
    assert TRUSTED in otto.reads_all()
    assert len(world.registry.accepted_creates) == 1
