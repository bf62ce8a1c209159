"""Each fault of the simulated registry, as a client sees it, and whether the call was acted on."""

import asyncio
import json

import aiohttp
import pytest

from bot.sandbox.registry_faults import DELAYS
from bot.sandbox.registry_switches import Fault, When
from tests.patience import PATIENCE
from tests.sandbox.registry_world import TRUST_OF_UI, RegistryWorld, Reply, github

pytestmark = pytest.mark.anyio

CUTS = {Fault.CUT: aiohttp.ServerDisconnectedError, Fault.HALF_BODY: aiohttp.ClientPayloadError}
HEADERS = {
    Fault.ADDRESS: ("www-authenticate", "ipaddress"),
    Fault.DEAD_SESSION: ("www-authenticate", "Bearer"),
    Fault.TOO_MANY: ("retry-after", "7"),
    Fault.TOO_MANY_DATE: ("retry-after", "Mon, 23 Nov 2026 14:00:07 GMT"),
    Fault.TOO_MANY_ABSURD: ("retry-after", "99999999999"),
    Fault.TOO_MANY_HTML: ("retry-after", "1934"),
    Fault.UNAVAILABLE: ("retry-after", "30"),
    Fault.REDIRECT: ("location", "/login"),
}
PAGES = {Fault.TOO_MANY_HTML, Fault.BAD_GATEWAY, Fault.HTML}
BODIES = {Fault.EMPTY: "", Fault.GATEWAY_TIMEOUT: "", Fault.REDIRECT: "", Fault.WRONG_TYPE: "42", Fault.NO_TOKEN: "{}"}


@pytest.fixture
def otto(world: RegistryWorld) -> str:
    token = world.registry.open_session("otto-npm")
    world.registry.open_window(token)
    return token


async def create(world: RegistryWorld, token: str) -> Reply:
    """Create, with the body read as text only: not each is the JSON that it says it is."""
    headers = {"npm-auth-type": "web", "authorization": f"Bearer {token}"}
    url = f"{world.registry.url}/-/package/@acme%2Fui/trust"
    async with world.http.post(url, headers=headers, json=[github()], allow_redirects=False) as answer:
        return Reply(answer.status, answer.headers, await answer.text(), None)


@pytest.mark.parametrize("when", [When.BEFORE_ACTING, When.AFTER_ACTING])
@pytest.mark.parametrize("fault", [fault for fault in Fault if fault not in {*CUTS, *DELAYS}])
async def test_an_answer_is_replaced_once_before_or_after_acting(
    world: RegistryWorld, otto: str, fault: Fault, when: When
) -> None:
    world.registry.fail(fault, method="POST", when=when)
    answer = await create(world, otto)
    number = fault.value[:3]
    assert answer.status == (int(number) if number.isdigit() else 200)
    header, value = HEADERS.get(fault, ("retry-after", None))
    assert answer.headers.get(header) == value
    assert (answer.headers.get("content-type", "").startswith("text/html")) is (fault in PAGES)
    assert answer.text == BODIES.get(fault, answer.text)
    assert (len(answer.text) > 10 * 1024 * 1024) is (fault is Fault.HUGE)
    if fault is Fault.HALF_JSON:
        with pytest.raises(ValueError, match="Unterminated string"):
            json.loads(answer.text)
    has_acted = when is When.AFTER_ACTING
    assert len(world.registry.configurations("@acme/ui")) == has_acted
    assert world.registry.calls[-1].note == "acted, the answer is lost" or not has_acted
    assert (await create(world, otto)).status == (409 if has_acted else 201)


async def test_a_page_that_comes_instead_of_acting_is_no_act_whose_answer_is_lost(
    world: RegistryWorld, otto: str
) -> None:
    world.registry.fail(Fault.HTML, method="POST")
    world.registry.fail(Fault.CUT, method="POST", when=When.AFTER_ACTING)
    assert (await create(world, otto)).status == 200
    assert world.registry.calls[-1].note == "made to fail"
    with pytest.raises(CUTS[Fault.CUT]):
        await create(world, otto)
    assert len(world.registry.accepted_creates) == 1


@pytest.mark.parametrize("when", [When.BEFORE_ACTING, When.AFTER_ACTING])
@pytest.mark.parametrize("fault", CUTS)
async def test_a_connection_ends_before_or_after_acting(
    world: RegistryWorld, otto: str, fault: Fault, when: When
) -> None:
    world.registry.fail(fault, method="POST", when=when)
    with pytest.raises(CUTS[fault]):
        await create(world, otto)
    assert len(world.registry.accepted_creates) == (when is When.AFTER_ACTING)
    assert (await world.call("GET", TRUST_OF_UI, token=otto)).status == 200


@pytest.mark.parametrize("when", [When.BEFORE_ACTING, When.AFTER_ACTING])
async def test_a_stalled_call_goes_on_when_it_is_released_though_nobody_waits(
    world: RegistryWorld, otto: str, when: When
) -> None:
    world.registry.fail(Fault.STALL, method="POST", when=when)
    caller = asyncio.create_task(create(world, otto))
    await world.registry.wait_until_held()
    assert len(world.registry.accepted_creates) == (when is When.AFTER_ACTING)
    caller.cancel()
    is_recorded = asyncio.Event()
    world.registry.on_change = is_recorded.set
    world.registry.release()
    if when is When.BEFORE_ACTING:
        await asyncio.wait_for(is_recorded.wait(), PATIENCE)
    assert len(world.registry.accepted_creates) == 1


async def test_a_slow_call_is_answered_as_usual(world: RegistryWorld, otto: str) -> None:
    world.registry.switches.slow_seconds = 0.05
    for when in (When.BEFORE_ACTING, When.AFTER_ACTING):
        world.registry.fail(Fault.SLOW, when=when)
    begin = asyncio.get_running_loop().time()
    assert (await create(world, otto)).status == 201
    assert asyncio.get_running_loop().time() - begin >= 0.1


async def test_a_fault_at_once_comes_before_the_second_factor(world: RegistryWorld) -> None:
    token = world.registry.open_session("otto-npm")
    world.registry.fail(Fault.TOO_MANY_HTML, when=When.AT_ONCE, times=2)
    world.registry.fail(Fault.FORBIDDEN)
    statuses = [(await create(world, token)).status for _ in range(3)]
    assert statuses == [429, 429, 401]
    assert (await world.trusted_call("GET", TRUST_OF_UI, token=token)).status == 403


async def test_only_what_is_accepted_has_its_answer_lost(world: RegistryWorld, otto: str) -> None:
    world.registry.fail(Fault.SERVER_ERROR, method="POST", when=When.AFTER_ACTING)
    world.registry.add_configuration("@acme/ui", "github", github()["claims"])
    assert (await create(world, otto)).status == 409
    world.registry.remove_configuration("@acme/ui", world.registry.configurations("@acme/ui")[0]["id"])
    assert (await create(world, otto)).status == 500
    assert len(world.registry.accepted_creates) == 1


async def test_faults_strike_any_path_and_can_be_forgotten(world: RegistryWorld, otto: str) -> None:
    world.registry.fail(Fault.UNAVAILABLE, path="/-/whoami", times=9)
    assert (await world.call("GET", "/-/whoami", token=otto)).status == 503
    assert (await create(world, otto)).status == 201
    world.registry.forget_faults()
    assert (await world.call("GET", "/-/whoami", token=otto)).status == 200


async def test_a_login_may_be_done_without_a_token(world: RegistryWorld) -> None:
    started = (await world.call("POST", "/-/v1/login", json={})).json
    world.registry.fail(Fault.NO_TOKEN, path="/-/v1/done")
    assert (await world.call("GET", world.path_of(started["doneUrl"]))).json == {}
