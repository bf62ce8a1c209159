"""Whatever npm, people and chance do: no create is accepted twice for a step, no step ends wrong, everything ends."""

from contextlib import ExitStack
from random import Random

import pytest
from hypothesis import seed, settings
from hypothesis.stateful import run_state_machine_as_test

from bot.domain.lifecycle import OPEN_STATES, Plan, State
from bot.domain.line import Urgency
from bot.sandbox.cast import OWNER
from bot.sandbox.registry_switches import Created, Windows
from bot.sandbox.world import World
from tests import postgres
from tests.scenarios.asking import ask, request_of
from tests.scenarios.random_requests import BODIES, CALLS, PACKAGES, STATUSES, Request, Wanted, any_failure
from tests.scenarios.random_tally import Tally
from tests.scenarios.random_truths import Terminals, find_flaws, read_truths
from tests.scenarios.random_worlds import AT_RANDOM, RandomWorlds
from tests.scenarios.stored import write

ALWAYS_THE_SAME = 20261123
DONE = (State.APPLIED, State.ALREADY_IN_PLACE, State.ALREADY_GONE)
FEW = settings(AT_RANDOM, max_examples=3, stateful_step_count=6)
"""`make bench` has more, others each time, and tells the shortest story of what is wrong."""


def test_whatever_happens_each_step_ends_as_npm_knows_it_did(postgres_server: str | None) -> None:
    tally = Tally()

    def database() -> dict[str, str]:
        if not postgres_server:
            return {}
        return {"NPMTRUST_DATABASE_URL": opened.enter_context(postgres.open_database(postgres_server))}

    @seed(ALWAYS_THE_SAME)
    class Worlds(RandomWorlds):
        def __init__(self) -> None:
            super().__init__(tally, database)

    with ExitStack() as opened:
        run_state_machine_as_test(Worlds, settings=FEW)
    assert tally.creates, str(tally)
    assert tally.lost, str(tally)
    assert len(tally.ends) > 2, str(tally)


def test_whatever_status_npm_answers_each_step_ends_as_npm_knows_it_did() -> None:
    """A fifth of all statuses, on calls of all kinds; `make bench` meets them all."""
    chance, tally = Random(ALWAYS_THE_SAME), Tally()  # noqa: S311 -- of a test
    worlds = RandomWorlds(tally)
    statuses = chance.sample(STATUSES, len(STATUSES) // 5)  # 40
    worlds.begin(Windows.ALL, 0, Created.LIST_OF_ONE, [], request_number(0), 0, comes=True)
    worlds.fail(any_failure(599, ("POST", "/trust"), "<html>", acts=True))
    for number in range(1, len(statuses) // 5 + 1):
        for status in statuses[5 * number - 5 : 5 * number]:
            call, body = chance.choice(CALLS), chance.choice(BODIES)
            worlds.fail(any_failure(status, call, body, acts=chance.random() < 0.8))
        worlds.somebody_asks(request_number(number))
        worlds.confirm(OWNER, remember=True)
        worlds.let_time_pass({"minutes": 3})
        if number % 3 == 0:
            worlds.upset("sessions", {})  # they log in again
    met = {call.status for call in worlds.world.registry.calls} & set(statuses)
    worlds.run(worlds.end())
    for step in worlds.run(worlds.look()):
        told = request_of(worlds.world, step.change_set.number)
        assert ("✅" in told) == (step.state in DONE), told
        assert "nothing changed" not in told or step.nothing_came_of_it, told
    worlds.teardown()
    assert len(met) > 15, met
    assert tally.creates, str(tally)
    assert tally.lost, str(tally)


def request_number(number: int) -> Request:
    """Let each ask for something else; each third one revokes."""
    wanted = Wanted(f"acme/repo-{number}", "", ("createPackage",))
    verb = "create" if number % 3 else "revoke"
    return Request(verb, PACKAGES[number % 3 :][:1], 0, wanted, by=OWNER, approver=OWNER)


def test_what_people_run_in_their_own_terminals_is_booked_too() -> None:
    """Chance comes here seldom, so this world is told: each call asks, and of two lines one is run."""
    tally = Tally()
    worlds = RandomWorlds(tally)
    wanted = Wanted("acme/new", "", ("createPackage",))
    request = Request("create", PACKAGES, which=0, wanted=wanted, by=OWNER, approver=OWNER)
    worlds.begin(Windows.NONE, 0, Created.LIST_OF_ONE, [], request, 0b010, comes=True)
    worlds.confirm(OWNER, remember=True)
    worlds.teardown()
    assert tally.ends == {(Plan.CREATE, State.APPLIED): 3}
    assert (tally.by_hand, tally.creates) == (1, 2)


# What would not be seen, could not be ruled out.


async def flaws(world: World) -> str:
    [step] = await read_truths(world, Terminals())
    return "\n".join(find_flaws(step))


@pytest.mark.anyio
async def test_an_end_that_is_not_true_is_seen(world: World) -> None:
    _, otto, _, _ = await ask(world)
    await otto.clicks("Approve")
    await otto.confirms()
    assert await flaws(world) == ""
    seen = []
    for state in [state for state in State if state not in OPEN_STATES]:
        await write(world, f"UPDATE steps SET state = '{state}'")  # noqa: S608 -- our own words
        seen += [state] if f"{state} is not true" in await flaws(world) else []
    assert set(State) - OPEN_STATES - set(seen) == {State.APPLIED}
    await write(world, "UPDATE steps SET state = 'applied'")
    await write(world, "UPDATE decisions SET npm_user = 'olga-npm'")
    with pytest.raises(AssertionError, match="otto-npm had not approved"):
        await flaws(world)


@pytest.mark.anyio
async def test_a_create_that_npm_accepts_twice_is_seen(world: World) -> None:
    _, otto, _, _ = await ask(world)
    await otto.clicks("Approve")
    await otto.confirms(remember=True)
    [made] = world.registry.configurations("@acme/ui")
    world.registry.remove_configuration("@acme/ui", made["id"])
    await write(world, f"UPDATE steps SET state = 'ready', urgency = {Urgency.CREATE.value}, finished_at = NULL")  # noqa: S608
    await world.settle()
    assert len(world.registry.accepted_creates) == 2
    assert "npm accepted the create twice" in await flaws(world)
