"""Clocks that are wrong: the machine's is set back an hour, or slept for a day, and npm's is far off."""

import asyncio
from datetime import timedelta
from email.utils import format_datetime

import pytest

from bot.sandbox.world import World
from tests.scenarios.asking import LINE, TRUSTED, ask, creates, people, request_of

pytestmark = pytest.mark.anyio

AN_HOUR = timedelta(hours=1)
LAG = timedelta(seconds=130)
"""A call's deadline, and npm's lag: a list is proof that npm did nothing only after it."""


@pytest.mark.parametrize("how", ["while it runs", "while it is away"])
async def test_what_a_fast_clock_put_off_is_done_soon_after_it_was_set_back(world: World, how: str) -> None:
    _, otto, _, _ = await ask(world)
    await otto.clicks("Approve")
    world.registry.fail_next("POST", 502)
    world.registry.confirm(otto.link(), "otto-npm")
    world.bot_clock.ahead = AN_HOUR
    await world.settle()
    assert "Waits for @otto" in request_of(world)
    assert world.trust_calls("POST")[-1].status == 502
    if how == "while it is away":
        await world.stop_bot()
    world.bot_clock.ahead = timedelta()
    if how == "while it is away":
        await world.start_bot()
    await world.settle()
    set_back_at, called_at = world.clock.now(), world.trust_calls("POST")[-1].at
    while TRUSTED not in request_of(world) and world.clock.now() < set_back_at + timedelta(minutes=5):
        if otto.sees_button("I'm ready", "dm"):
            await otto.clicks("I'm ready", "dm")
        for _ in otto.links():
            await otto.confirms(remember=True)
        await world.settle(10)
    assert TRUSTED in request_of(world)
    assert world.trust_calls("POST")[-1].at - called_at >= LAG - timedelta(seconds=10), "no list was proof before"
    assert creates(world) == 1


async def test_a_machine_that_slept_for_a_day_in_the_middle_of_a_call_finds_out_what_npm_did(world: World) -> None:
    _, otto, _, _ = await ask(world)
    await otto.clicks("Approve")
    world.registry.hold_answer_of_next("POST")
    confirming = asyncio.create_task(otto.confirms())
    await world.registry.wait_until_held()
    world.clock.set(world.clock.now() + timedelta(days=1))
    world.registry.release()
    await confirming
    await world.settle()
    assert TRUSTED in request_of(world)
    assert creates(world) == 1
    await otto.says(LINE.replace("release", "other"))
    assert "C-2" in otto.reads_all()


@pytest.mark.parametrize("hours", [-30, 30])
async def test_an_npm_whose_clock_is_far_off_is_waited_for_as_long_as_it_asked(world: World, hours: int) -> None:
    world.npm_clock.ahead = timedelta(hours=hours)
    rita, otto, _, _ = people(world)
    await otto.links_account()
    world.registry.publish("@acme/ui", "7.0.0")  # its newest release is of another day than ours
    await rita.says(LINE)
    await otto.clicks("Approve")
    pause = format_datetime(world.npm_clock.now() + timedelta(seconds=40), usegmt=True)
    world.registry.fail_next("POST", 429, headers={"retry-after": pause})
    await otto.confirms()
    before = len(world.registry.calls)
    await world.advance(seconds=25)
    assert len(world.registry.calls) == before
    await world.advance(seconds=15)
    await otto.confirms()
    assert TRUSTED in request_of(world)
    assert creates(world) == 1
