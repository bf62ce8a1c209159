"""The lane: one call at a time, at npm's pace, in the order of what matters."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from bot.sandbox.cast import OWNER, REQUESTER, SECOND_OWNER, SeedPackage
from bot.sandbox.world import Actor, World

pytestmark = [pytest.mark.anyio, pytest.mark.both_databases]

PACE = timedelta(seconds=2)
BATCH = "github one two three four --repo acme/mono --file release.yml --allow-publish"
LINE = "github @acme/ui --repo acme/ui --file release.yml --allow-publish"


async def make_batch(world: World, *owners: Actor) -> None:
    """Publish four packages, let the owners link, and let Rita ask for all four."""
    for name in ("one", "two", "three", "four"):
        world.registry.add_package(SeedPackage(name, ("otto-npm", "olga-npm"), "acme/mono"))
    for owner in owners:
        world.registry.state.accounts[owner.character.npm_user].email = owner.character.email
        await owner.links_account()
    await world.person(REQUESTER).says(BATCH)


def pauses(world: World) -> list[timedelta]:
    """Measure from each trust call to the next."""
    return [after.at - before.at for before, after in pairwise(world.trust_calls())]


def calls_since(world: World, number: int) -> list[str]:
    """Name the trust calls after the first so many: who, what, and on which package."""
    calls = world.trust_calls()[number:]
    return [f"{call.npm_user} {call.method} {call.path.split('/')[3]} {call.status}" for call in calls]


async def test_a_batch_runs_at_npms_pace_without_losing_a_beat(world: World) -> None:
    otto = world.person(OWNER)
    await make_batch(world, otto)
    await otto.approves()
    await otto.confirms(remember=True)
    await world.settle(10)
    assert len(world.registry.accepted_creates) == 4
    assert min(pauses(world)) >= PACE
    assert pauses(world)[-3:] == [PACE] * 3  # nor slower than it must be


async def test_the_pace_counts_from_the_end_of_a_slow_call(world: World) -> None:
    otto = world.person(OWNER)
    await make_batch(world, otto)
    ends: list[datetime] = []

    def take_three_seconds() -> None:
        if len(ends) < len(world.trust_calls()):
            world.clock.set(world.clock.now() + timedelta(seconds=3))
            ends.append(world.clock.now())

    world.registry.on_change = take_three_seconds
    await otto.approves()
    await otto.confirms(remember=True)
    await world.settle(20)
    starts = [call.at for call in world.trust_calls()]
    assert len(world.registry.accepted_creates) == 4
    assert all(start - end >= PACE for end, start in zip(ends, starts[1:], strict=False))


async def test_a_slower_pace_can_be_set(world: World) -> None:
    world.settings["NPMTRUST_PACE_SECONDS"] = "7"
    await world.restart_bot()
    otto = world.person(OWNER)
    await make_batch(world, otto)
    await otto.approves()
    await otto.confirms(remember=True)
    await world.settle(30)
    assert len(world.registry.accepted_creates) == 4
    assert min(pauses(world)) >= timedelta(seconds=7)


async def test_the_pace_outlives_the_process(world: World) -> None:
    otto = world.person(OWNER)
    await make_batch(world, otto)
    await otto.approves()
    world.registry.confirm(otto.link(), "otto-npm", remember=True)
    await world.settle(1)
    assert len(world.registry.accepted_creates) == 1
    await world.restart_bot()
    await world.settle(1)
    assert len(world.registry.accepted_creates) == 1
    await world.settle(10)
    assert len(world.registry.accepted_creates) == 4
    assert min(pauses(world)) >= PACE


async def test_a_pause_that_npm_asks_for_outlives_the_process(world: World) -> None:
    otto = world.person(OWNER)
    await make_batch(world, otto)
    await otto.approves()
    world.registry.fail_next("POST", 429, headers={"retry-after": "90"})
    await otto.confirms(remember=True)
    calls = len(world.trust_calls())
    await world.restart_bot()
    await world.advance(seconds=60)
    assert len(world.trust_calls()) == calls
    await world.advance(seconds=40)
    await world.settle(10)
    assert len(world.registry.accepted_creates) == 4
    assert max(pauses(world)) >= timedelta(seconds=90)
    assert pauses(world)[-3:] == [2 * PACE] * 3  # nor does it begin again as if nothing had been


async def test_what_was_confirmed_goes_first_then_revokes_then_lists_then_creates(world: World) -> None:
    rita, otto = world.person(REQUESTER), world.person(OWNER)
    await make_batch(world, otto)
    doomed = world.registry.add_configuration("@acme/tokens", "github", {"repository": "acme/old"})
    await rita.says(f"revoke @acme/tokens --id {doomed}")
    await otto.clicks("Look")
    await otto.confirms()
    await otto.approves(about="C-1")  # four creates; npm asks to confirm the first
    await otto.says("list @acme/core")
    await otto.approves(about="C-2")
    assert len(otto.links()) == 1
    before = len(world.trust_calls())
    await otto.confirms(remember=True)
    await world.settle(12)
    assert calls_since(world, before) == [
        "otto-npm POST one 201",
        "otto-npm DELETE @acme%2ftokens 204",
        "otto-npm GET @acme%2fcore 200",
        "otto-npm POST two 201",
        "otto-npm POST three 201",
        "otto-npm POST four 201",
    ]


async def test_the_account_that_npm_does_not_ask_again_is_drained_before_another_is_challenged(world: World) -> None:
    rita, otto, olga = map(world.person, (REQUESTER, OWNER, SECOND_OWNER))
    await rita.says(LINE)
    await make_batch(world, otto, olga)
    await rita.says("github @acme/core --repo acme/core --file other.yml --allow-publish")
    await otto.approves(about="C-3")
    await otto.confirms(remember=True)
    before = len(world.trust_calls())
    await world.registry.stop()
    await olga.approves(about="C-1")  # the oldest of all
    await otto.approves(about="C-2")
    await world.registry.start()
    await world.advance(minutes=1)
    await world.settle()
    calls = calls_since(world, before)
    assert calls[:4] == [f"otto-npm POST {name} 201" for name in ("one", "two", "three", "four")]
    assert calls[4] == "olga-npm POST @acme%2fui 401"
    assert len(olga.links()) == 1


async def test_an_answer_of_one_call_is_known_before_the_next_begins(world: World) -> None:
    otto = world.person(OWNER)
    await make_batch(world, otto)
    await otto.approves()
    world.registry.lose_answer_of_next("POST")
    await otto.confirms(remember=True)
    await world.settle(10)
    assert len(world.registry.accepted_creates) == 4  # the one that was lost held up no other package
    assert min(pauses(world)) >= PACE
    await world.advance(minutes=3)
    assert len(world.registry.accepted_creates) == 4
    assert "4 done" in otto.reads_all()
