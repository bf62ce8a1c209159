"""Each switch of the simulated registry: what nobody knows of npm, or what is told differently."""

from collections.abc import Callable

import aiohttp
import pytest

from bot.sandbox.registry_switches import Challenge, Created, Expired, Limit, Side, WindowKey, Windows
from tests.sandbox.registry_world import TRUST_OF_UI, RegistryWorld, github

pytestmark = pytest.mark.anyio

ELSEWHERE = "127.0.0.2"


@pytest.fixture
def otto(world: RegistryWorld) -> str:
    return world.registry.open_session("otto-npm")


async def statuses(world: RegistryWorld, token: str) -> list[int]:
    """Read, create, and revoke what is not there."""
    calls = (("GET", ""), ("POST", ""), ("DELETE", "/nothing"))
    return [
        (await world.call(method, TRUST_OF_UI + tail, token=token, json=[github()])).status for method, tail in calls
    ]


@pytest.mark.parametrize(
    ("windows", "expected"),
    [
        (Windows.ALL, [200, 201, 404]),
        (Windows.READS, [200, 401, 401]),
        (Windows.NONE, [401, 401, 401]),
    ],
)
async def test_three_worlds_of_the_window(
    world: RegistryWorld, otto: str, windows: Windows, expected: list[int]
) -> None:
    world.registry.switches.windows = windows
    password = await world.fetch_password(otto)
    await world.fetch_password(otto, remember=True)
    assert await statuses(world, otto) == expected
    confirmed = await world.call("POST", TRUST_OF_UI, token=otto, json=[github()], headers={"npm-otp": password})
    assert confirmed.status == (409 if windows is Windows.ALL else 201)


async def call_from_elsewhere(world: RegistryWorld, token: str) -> int:
    headers = {"npm-auth-type": "web", "authorization": f"Bearer {token}", "x-forwarded-for": "127.0.0.1"}
    connector = aiohttp.TCPConnector(local_addr=(ELSEWHERE, 0))
    async with (
        aiohttp.ClientSession(connector=connector) as http,
        http.get(world.registry.url + TRUST_OF_UI, headers=headers) as answer,
    ):
        return answer.status


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        # the other session of the account, the other address, the other method
        ({WindowKey.SESSION, WindowKey.ADDRESS}, [401, 401, 201]),
        ({WindowKey.SESSION}, [401, 200, 201]),
        ({WindowKey.ADDRESS}, [200, 401, 201]),
        ({WindowKey.SESSION, WindowKey.ADDRESS, WindowKey.METHOD}, [401, 401, 401]),
        (set(), [200, 200, 201]),
    ],
)
async def test_a_window_is_for_what_its_keys_say(
    world: RegistryWorld, otto: str, keys: set[WindowKey], expected: list[int]
) -> None:
    world.registry.switches.window_keys = frozenset(keys)
    await world.fetch_password(otto, remember=True)
    assert (await world.call("GET", TRUST_OF_UI, token=otto)).status == 200
    other, olga = world.registry.open_session("otto-npm"), world.registry.open_session("olga-npm")
    assert [
        (await world.call("GET", TRUST_OF_UI, token=other)).status,
        await call_from_elsewhere(world, otto),
        (await world.call("POST", TRUST_OF_UI, token=otto, json=[github()])).status,
    ] == expected
    assert (await world.call("GET", TRUST_OF_UI, token=olga)).status == 401


async def test_a_window_may_be_that_of_the_browsers_address(world: RegistryWorld, otto: str) -> None:
    world.registry.switches.window_address = Side.BROWSER
    await world.fetch_password(otto, remember=True)
    assert await statuses(world, otto) == [401, 401, 401]
    page = world.path_of((await world.call("GET", TRUST_OF_UI, token=otto)).json["authUrl"])
    headers = {"content-type": "application/x-www-form-urlencoded"}
    pressed = b"npm_user=otto-npm&answer=confirm&remember=on"
    assert (await world.call("POST", page, json=pressed, headers=headers)).status == 200
    assert (await world.call("GET", TRUST_OF_UI, token=otto)).status == 200


@pytest.mark.parametrize(("opens", "status"), [("opens", 200), ("", 401)])
async def test_a_login_opens_a_window_where_it_is_said(world: RegistryWorld, opens: str, status: int) -> None:
    world.registry.switches.login_opens_window = bool(opens)
    world.registry.switches.window_keys = frozenset({WindowKey.SESSION})
    started = (await world.call("POST", "/-/v1/login", json={})).json
    world.registry.log_in(started["loginUrl"], "otto-npm")
    token = (await world.call("GET", world.path_of(started["doneUrl"]))).json["token"]
    assert (await world.call("GET", TRUST_OF_UI, token=token)).status == status
    world.clock.advance(minutes=5)
    assert (await world.call("GET", TRUST_OF_UI, token=token)).status == 401


async def test_a_window_can_be_opened_from_outside(world: RegistryWorld, otto: str) -> None:
    world.registry.open_window(otto, seconds=10)
    assert await call_from_elsewhere(world, otto) == 200
    world.clock.advance(seconds=10)
    assert await call_from_elsewhere(world, otto) == 401


@pytest.mark.parametrize(
    ("challenge", "has_header", "has_text", "has_links"),
    [
        (Challenge.WHOLE, True, False, True),
        (Challenge.HEADER, True, False, False),
        (Challenge.TEXT, False, True, False),
        (Challenge.LINKS, False, False, True),
    ],
)
async def test_the_second_factor_is_asked_for_in_four_ways(
    world: RegistryWorld, otto: str, challenge: Challenge, *, has_header: bool, has_text: bool, has_links: bool
) -> None:
    world.registry.switches.challenge = challenge
    answer = await world.call("GET", TRUST_OF_UI, token=otto)
    assert answer.status == 401
    assert (answer.headers.get("www-authenticate") == "OTP") is has_header
    assert ("one-time pass" in answer.text) is has_text
    assert ("authUrl" in answer.text and "doneUrl" in answer.text) is has_links


@pytest.mark.parametrize(
    ("created", "status", "show"),
    [
        (Created.LIST_OF_ONE, 201, lambda items: items[-1:]),
        (Created.OBJECT, 201, lambda items: items[-1]),
        (Created.WHOLE_LIST, 201, lambda items: items),
        (Created.NOTHING, 204, lambda _: None),
    ],
)
async def test_a_create_is_answered_in_four_ways(
    world: RegistryWorld, otto: str, created: Created, status: int, show: Callable[[list[object]], object]
) -> None:
    world.registry.switches.created = created
    world.registry.add_configuration("@acme/ui", "github", github(file="old.yml")["claims"])
    answer = await world.trusted_call("POST", TRUST_OF_UI, token=otto, json=[github()])
    standing: list[object] = [*world.registry.configurations("@acme/ui")]
    assert len(standing) == 2
    assert (answer.status, answer.json if answer.text else None) == (status, show(standing))


async def test_a_missing_package_may_have_an_empty_list_and_a_forbidden_one_be_missing(
    world: RegistryWorld, otto: str
) -> None:
    world.registry.switches.missing_is_empty = world.registry.switches.forbidden_is_missing = True
    answer = await world.trusted_call("GET", "/-/package/nothing/trust", token=otto)
    assert (answer.status, answer.json) == (200, [])
    for method, path in (
        ("POST", "/-/package/nothing/trust"),
        ("DELETE", "/-/package/nothing/trust/1"),
        ("GET", "/-/package/rita-tools/trust"),
    ):
        assert (await world.trusted_call(method, path, token=otto, json=[github()])).status == 404


@pytest.mark.parametrize(("expired", "listed", "status"), [(Expired.LISTED, 1, 409), (Expired.GONE, 0, 201)])
async def test_a_configuration_must_be_used_within_two_days(
    world: RegistryWorld, otto: str, expired: Expired, listed: int, status: int
) -> None:
    world.registry.switches.expired = expired
    world.clock.advance(hours=-48)
    unused = world.registry.add_configuration("@acme/ui", "github", github()["claims"])
    used = world.registry.add_configuration("@acme/core", "github", github(file="a.yml")["claims"])
    world.registry.publish("@acme/core", "2.0.0", through=used)
    world.clock.advance(hours=48, seconds=-1)
    assert len((await world.trusted_call("GET", TRUST_OF_UI, token=otto)).json) == 1
    world.clock.advance(seconds=1)
    assert len((await world.trusted_call("GET", TRUST_OF_UI, token=otto)).json) == listed
    assert (await world.trusted_call("POST", TRUST_OF_UI, token=otto, json=[github()])).status == status
    with pytest.raises(LookupError, match="not used in time"):
        world.registry.publish("@acme/ui", "2.0.0", through=unused)
    world.registry.publish("@acme/core", "2.0.1", through=used)
    assert len(world.registry.configurations("@acme/core")) == 2


async def test_a_configuration_can_have_what_nobody_has_heard_of(world: RegistryWorld, otto: str) -> None:
    claims = {"organization_slug": "acme", "pipeline_slug": "ui"}
    created = world.registry.add_configuration(
        "@acme/ui", "buildkite", claims, ("moveTags",), extra={"expires_at": "2026-11-25"}
    )
    [shown] = (await world.trusted_call("GET", TRUST_OF_UI, token=otto)).json
    assert (shown["id"], shown["type"], shown["claims"]) == (created, "buildkite", claims)
    assert (shown["permissions"], shown["expires_at"]) == (["moveTags", "createStagedPackage"], "2026-11-25")


async def test_a_limit_lets_through_so_many_calls_in_so_many_seconds(world: RegistryWorld, otto: str) -> None:
    world.registry.switches.limit = Limit(calls=2, seconds=30)
    world.registry.open_window(otto)

    async def look() -> tuple[int, str]:
        answer = await world.call("GET", TRUST_OF_UI, token=otto)
        return answer.status, answer.headers.get("retry-after", "")

    assert await look() == (200, "")
    world.clock.advance(seconds=10)
    assert [await look(), await look()] == [(200, ""), (429, "20")]
    assert (await world.call("GET", "/@acme%2fui")).status == 200
    world.clock.advance(seconds=20)
    assert [await look(), await look()] == [(200, ""), (429, "10")]
    world.registry.switches.limit = Limit(calls=0, seconds=30)
    for _ in range(2):
        assert await look() == (429, "30")
        world.clock.advance(hours=1)


@pytest.mark.parametrize("seconds", ["", "0", "1", "99999999999", "Mon, 23 Nov 2026 14:00:05 GMT"])
async def test_a_poll_can_be_told_to_wait_in_any_way(world: RegistryWorld, seconds: str) -> None:
    world.registry.switches.poll_retry_after = seconds
    started = (await world.call("POST", "/-/v1/login", json={})).json
    waiting = await world.call("GET", world.path_of(started["doneUrl"]))
    assert (waiting.status, waiting.headers.get("retry-after", "")) == (202, seconds)
