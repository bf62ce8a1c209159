import asyncio
import socket
from urllib.parse import urlsplit

import aiohttp
import pytest

from bot.sandbox.cast import SeedPackage
from tests.sandbox.registry_world import TRUST_OF_UI, RegistryWorld, github

pytestmark = pytest.mark.anyio


async def test_a_login_gives_its_token_once(world: RegistryWorld) -> None:
    started = await world.call("POST", "/-/v1/login", json={})
    done = world.path_of(started.json["doneUrl"])
    waiting = await world.call("GET", done)
    assert (waiting.status, waiting.headers["retry-after"]) == (202, "1")

    assert world.registry.log_in(started.json["loginUrl"], "otto-npm").accepted
    token = (await world.call("GET", done)).json["token"]
    assert (await world.call("GET", "/-/whoami", token=token)).json == {"username": "otto-npm"}
    assert (await world.call("GET", done)).status == 404


async def test_a_session_lives_two_hours(world: RegistryWorld) -> None:
    token = world.registry.open_session("otto-npm")
    world.clock.advance(hours=2, seconds=-1)
    assert (await world.call("GET", "/-/whoami", token=token)).status == 200
    world.clock.advance(seconds=1)
    assert (await world.call("GET", "/-/whoami", token=token)).status == 401


@pytest.mark.parametrize(
    "path", ["/-/whoami", "/-/npm/v1/user", "/-/org/acme/package", "/-/user/otto-npm/package", TRUST_OF_UI]
)
async def test_without_a_live_session_the_answer_is_a_plain_401(world: RegistryWorld, path: str) -> None:
    for token in ("", "npm_unknown"):
        answer = await world.call("GET", path, token=token)
        assert answer.status == 401
        assert answer.headers["www-authenticate"] != "OTP"
        assert "authUrl" not in answer.text


async def test_a_logout_ends_the_own_session_only(world: RegistryWorld) -> None:
    ottos, olgas = world.registry.open_session("otto-npm"), world.registry.open_session("olga-npm")
    assert (await world.call("DELETE", f"/-/user/token/{olgas}", token=ottos)).status == 404
    assert (await world.call("DELETE", f"/-/user/token/{ottos}", token=ottos)).status == 204
    assert (await world.call("GET", "/-/whoami", token=ottos)).status == 401
    assert (await world.call("GET", "/-/whoami", token=olgas)).status == 200
    assert all(ottos not in str(call) for call in world.registry.calls)


async def test_the_user_shows_second_factor_and_email(world: RegistryWorld) -> None:
    token = world.registry.open_session("otto-npm")
    user = (await world.call("GET", "/-/npm/v1/user", token=token)).json
    assert (user["email"], user["email_verified"]) == ("otto@acme.example", True)
    assert user["tfa"] == {"mode": "auth-and-writes", "pending": False}
    world.registry.state.accounts["otto-npm"].two_factor = False
    assert (await world.call("GET", "/-/npm/v1/user", token=token)).json["tfa"] is None


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        ("none", [False, False]),
        ("trusted", [False, True]),
        ("downgraded", [True, False]),
        ("provenance only", [False, False]),
        ("unpublished", []),
    ],
)
async def test_a_packument_carries_its_evidence(world: RegistryWorld, evidence: str, expected: list[bool]) -> None:
    world.registry.add_package(SeedPackage("@acme/new", ("otto-npm",), "acme/new", evidence=evidence))
    packument = (await world.call("GET", "/@acme%2fnew")).json
    versions = packument.get("versions", {})
    assert ["trustedPublisher" in manifest["_npmUser"] for manifest in versions.values()] == expected
    assert packument["maintainers"] == [{"name": "otto-npm", "email": "otto@acme.example"}]
    assert set(versions) <= set(packument["time"])
    assert ("unpublished" in packument["time"]) is (not expected)
    for configuration in world.registry.configurations("@acme/new"):
        assert configuration["id"] in str(packument)


async def test_the_abbreviated_packument_has_no_evidence(world: RegistryWorld) -> None:
    answer = await world.call("GET", "/@acme%2fcore", headers={"accept": "application/vnd.npm.install-v1+json"})
    assert "_npmUser" not in answer.text
    assert "time" not in answer.json


async def test_a_private_package_is_there_for_its_maintainers_only(world: RegistryWorld) -> None:
    otto, sam = world.registry.open_session("otto-npm"), world.registry.open_session("sam-npm")
    for path in ("/@acme%2fsecret", "/-/package/@acme%2fsecret/collaborators"):
        assert (await world.call("GET", path)).status == 404
        assert (await world.call("GET", path, token=sam)).status == 404
        assert (await world.call("GET", path, token=otto)).status == 200
    assert "@acme/secret" in (await world.call("GET", "/-/org/acme/package", token=otto)).json
    assert "@acme/secret" not in (await world.call("GET", "/-/org/acme/package", token=sam)).json


async def test_packages_are_listed_with_rights(world: RegistryWorld) -> None:
    olga = world.registry.open_session("olga-npm")
    packages = (await world.call("GET", "/-/org/acme/package", token=olga)).json
    assert (packages["@acme/ui"], packages["@acme/core"]) == ("write", "read")
    assert (await world.call("GET", "/-/org/olga-npm/package", token=olga)).status == 404
    assert (await world.call("GET", "/-/user/rita-npm/package", token=olga)).json == {"rita-tools": "write"}
    collaborators = await world.call("GET", "/-/package/@acme%2fui/collaborators")
    assert collaborators.json == {"otto-npm": "write", "olga-npm": "write", "ana-npm": "write"}


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "//",
        "/%",
        "/%zz",
        "/%252f",
        "/@acme/ui",  # not escaped
        "/@acme%252fui",  # escaped twice
        "/nothing",
        "/-/nothing",
        "/-/package/@acme/ui/trust",
        "/-/package//trust",
        "/-/v1/done",
        "/-/v1/done?authId=%00",
        "/login/cli/%2e%2e",
        "/package/",
    ],
)
async def test_an_odd_path_is_not_found(world: RegistryWorld, path: str) -> None:
    assert (await world.call("GET", path)).status == 404


@pytest.mark.parametrize("path", ["/@acme%2fui", "/@acme%2Fui", "/%40acme%2fui", "/@acme%2fLegacy"])
async def test_a_name_may_be_escaped_in_any_way(world: RegistryWorld, path: str) -> None:
    assert (await world.call("GET", path)).status == 200


@pytest.mark.parametrize(
    "headers", [{"host": "registry.example"}, {"origin": "http://evil.example"}, {"origin": "null"}]
)
async def test_foreign_pages_are_refused(world: RegistryWorld, headers: dict[str, str]) -> None:
    assert (await world.call("GET", "/@acme%2fui", headers=headers)).status == 403


async def test_it_stops_at_once_and_starts_on_the_same_port(world: RegistryWorld) -> None:
    await world.call("GET", "/@acme%2fui")  # leaves a connection open
    url = world.registry.url
    async with asyncio.timeout(30):  # aiohttp gives an open connection a minute
        await world.registry.stop()
    assert not world.registry.is_up
    with pytest.raises(aiohttp.ClientError):
        await world.call("GET", "/@acme%2fui")
    await world.registry.start()
    assert world.registry.url == url
    assert (await world.call("GET", "/@acme%2fui")).status == 200


async def test_what_was_written_survives_a_stop(world: RegistryWorld) -> None:
    token = world.registry.open_session("otto-npm")
    await world.trusted_call("POST", TRUST_OF_UI, token=token, json=[github()])
    await world.registry.stop()
    await world.registry.start()
    assert len((await world.trusted_call("GET", TRUST_OF_UI, token=token)).json) == 1


async def test_a_fault_comes_once_after_the_second_factor_and_does_not_act(world: RegistryWorld) -> None:
    token = world.registry.open_session("otto-npm")
    world.registry.fail_next("POST", 429, "<h1>slow down</h1>", headers={"retry-after": "7"})
    assert (await world.call("POST", TRUST_OF_UI, token=token, json=[github()])).status == 401
    failed = await world.trusted_call("POST", TRUST_OF_UI, token=token, json=[github()])
    assert (failed.status, failed.headers["retry-after"]) == (429, "7")
    assert failed.headers["content-type"].startswith("text/html")
    assert world.registry.configurations("@acme/ui") == []
    assert (await world.trusted_call("POST", TRUST_OF_UI, token=token, json=[github()])).status == 201


async def test_any_path_can_be_made_to_fail(world: RegistryWorld) -> None:
    world.registry.fail_next("GET", 500, path="/@acme%2fui")
    assert (await world.call("GET", "/@acme%2fcore")).status == 200
    assert (await world.call("GET", "/@acme%2fui")).json == {"message": "made to fail"}
    assert (await world.call("GET", "/@acme%2fui")).status == 200


async def test_a_lost_answer_has_acted(world: RegistryWorld) -> None:
    token = world.registry.open_session("otto-npm")
    world.registry.lose_answer_of_next("POST")
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await world.trusted_call("POST", TRUST_OF_UI, token=token, json=[github()])
    assert len(world.registry.accepted_creates) == 1
    assert (await world.trusted_call("GET", TRUST_OF_UI, token=token)).status == 200


async def test_the_snapshot_shows_packages_and_calls(world: RegistryWorld) -> None:
    changes: list[int] = []
    world.registry.on_change = lambda: changes.append(1)
    token = world.registry.open_session("otto-npm")
    challenged = await world.call("GET", TRUST_OF_UI, token=token)
    for _ in range(3):
        await world.call("GET", world.path_of(challenged.json["doneUrl"]))
    snapshot = world.registry.snapshot()
    assert len(changes) == 4
    assert {"name", "maintainers", "private", "configurations"} == set(snapshot["packages"][0])
    assert (snapshot["url"], snapshot["up"]) == (world.registry.url, True)
    first, polls = snapshot["calls"]
    assert first["second"] == "2026-11-23T14:00:00+00:00"
    assert first["path"] == TRUST_OF_UI
    assert (first["npm_user"], first["status"], first["note"]) == ("otto-npm", 401, "asks for the second factor")
    assert (polls["path"], polls["note"]) == ("/-/v1/done", "asked 3 times")
    assert challenged.json["authUrl"].rpartition("/")[2] not in str(snapshot)

    world.registry.add_configuration("@acme/ui", "github", github()["claims"])
    for days, expired in ((0, False), (2, True)):
        world.clock.advance(days=days)
        [shown] = world.registry.snapshot()["packages"][0]["configurations"]
        assert (shown["type"], shown["expired"]) == ("github", expired)


async def test_many_calls_at_once_are_answered(world: RegistryWorld) -> None:
    answers = await asyncio.gather(*(world.call("GET", "/@acme%2fui") for _ in range(50)))
    assert {answer.status for answer in answers} == {200}


async def test_its_port_stays_its_own_while_it_is_down(world: RegistryWorld) -> None:
    await world.registry.stop()
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", urlsplit(world.registry.url).port or 0))
