from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.registry_catalogue import fingerprint_of
from bot.sandbox.registry_trust import find_mistake, overlap
from tests.sandbox.registry_world import TRUST_OF_UI, RegistryWorld, github

pytestmark = pytest.mark.anyio

STAGE = "createStagedPackage"
UUID = "550e8400-e29b-41d4-a716-446655440000"


@pytest.fixture
def otto(world: RegistryWorld) -> str:
    return world.registry.open_session("otto-npm")


@pytest.mark.parametrize("path", [TRUST_OF_UI, "/-/package/no-such-package/trust", "/-/package/rita-tools/trust"])
async def test_the_second_factor_comes_before_everything_else(world: RegistryWorld, otto: str, path: str) -> None:
    answer = await world.call("POST", path, token=otto, json=b"no json")
    assert (answer.status, answer.headers["www-authenticate"]) == (401, "OTP")
    assert answer.json["authUrl"].startswith(f"{world.registry.url}/auth/cli/")
    assert answer.json["doneUrl"].startswith(f"{world.registry.url}/-/v1/done?authId=")


async def test_without_the_web_header_there_is_only_the_text(world: RegistryWorld, otto: str) -> None:
    answer = await world.call("GET", TRUST_OF_UI, token=otto, headers={"npm-auth-type": "legacy"})
    assert (answer.status, answer.headers["www-authenticate"]) == (401, "OTP")
    assert "one-time pass" in answer.text
    assert "authUrl" not in answer.text


async def test_a_one_time_password_is_for_one_request_of_its_session(world: RegistryWorld, otto: str) -> None:
    password = await world.fetch_password(otto)
    headers = {"npm-otp": password}
    other = world.registry.open_session("otto-npm")
    assert (await world.call("GET", TRUST_OF_UI, token=other, headers=headers)).status == 401
    assert (await world.call("GET", TRUST_OF_UI, token=otto, headers=headers)).status == 200
    assert (await world.call("GET", TRUST_OF_UI, token=otto, headers=headers)).status == 401


async def test_the_box_opens_a_window_of_five_minutes_for_that_session(world: RegistryWorld, otto: str) -> None:
    await world.fetch_password(otto, remember=True)
    world.clock.advance(minutes=5, seconds=-1)
    assert (await world.call("GET", TRUST_OF_UI, token=otto)).status == 200
    assert (await world.call("POST", TRUST_OF_UI, token=otto, json=[github()])).status == 201
    assert (await world.call("GET", TRUST_OF_UI, token=world.registry.open_session("otto-npm"))).status == 401
    world.clock.advance(seconds=1)
    assert (await world.call("GET", TRUST_OF_UI, token=otto)).status == 401


async def test_a_granular_token_gets_the_misleading_text(world: RegistryWorld) -> None:
    token = world.registry.open_session("otto-npm", granular=True)
    answer = await world.call("GET", TRUST_OF_UI, token=token)
    assert answer.status == 401
    assert "npm tokens that bypass 2FA are being restricted" in answer.json["message"]
    assert (await world.call("GET", "/-/whoami", token=token)).status == 200


async def test_an_account_without_second_factor_is_refused(world: RegistryWorld, otto: str) -> None:
    world.registry.state.accounts["otto-npm"].two_factor = False
    assert (await world.call("GET", TRUST_OF_UI, token=otto)).status == 403


@pytest.mark.parametrize(
    ("package", "status"),
    [("rita-tools", 403), ("@acme%2fnothing", 404), ("@acme%252fui", 404), ("@acme%2fUI", 404)],
)
async def test_only_maintainers_may_look_or_change(world: RegistryWorld, otto: str, package: str, status: int) -> None:
    path = f"/-/package/{package}/trust"
    assert (await world.trusted_call("GET", path, token=otto)).status == status
    assert (await world.trusted_call("POST", path, token=otto, json=[github()])).status == status
    assert (await world.trusted_call("DELETE", f"{path}/{UUID}", token=otto)).status == status


async def test_a_private_package_does_not_exist_for_others(world: RegistryWorld) -> None:
    sam = world.registry.open_session("sam-npm")
    assert (await world.trusted_call("GET", "/-/package/@acme%2fsecret/trust", token=sam)).status == 404


async def test_a_create_is_listed_with_the_implied_permission(world: RegistryWorld, otto: str) -> None:
    created = await world.trusted_call("POST", TRUST_OF_UI, token=otto, json=[github(environment="production")])
    assert created.status == 201
    [item] = created.json
    assert item["claims"] == github(environment="production")["claims"]
    assert item["permissions"] == ["createPackage", STAGE]
    assert (await world.trusted_call("GET", TRUST_OF_UI, token=otto)).json == [item]
    [accepted] = world.registry.accepted_creates
    assert (accepted.package, accepted.npm_user) == ("@acme/ui", "otto-npm")
    assert accepted.fingerprint == fingerprint_of("github", item["claims"], ["createPackage"])


async def test_an_overlap_is_a_conflict_and_changes_nothing(world: RegistryWorld, otto: str) -> None:
    await world.trusted_call("POST", TRUST_OF_UI, token=otto, json=[github()])
    for again in (github(), github(environment="production"), {**github(), "permissions": [STAGE]}):
        answer = await world.trusted_call("POST", TRUST_OF_UI, token=otto, json=[again])
        assert answer.status == 409
        assert "a token could also match" in answer.json["message"]
    assert len(world.registry.accepted_creates) == 1
    assert (await world.trusted_call("POST", TRUST_OF_UI, token=otto, json=[github(file="other.yml")])).status == 201


async def test_ten_configurations_are_the_most(world: RegistryWorld, otto: str) -> None:
    for number in range(10):
        world.registry.add_configuration("@acme/ui", "github", github(file=f"{number}.yml")["claims"])
    answer = await world.trusted_call("POST", TRUST_OF_UI, token=otto, json=[github()])
    assert answer.status == 400
    assert len(world.registry.configurations("@acme/ui")) == 10


async def test_a_revoke_takes_exactly_its_id(world: RegistryWorld, otto: str) -> None:
    kept = world.registry.add_configuration("@acme/ui", "github", github(file="kept.yml")["claims"])
    gone = world.registry.add_configuration("@acme/ui", "github", github()["claims"])
    assert (await world.trusted_call("DELETE", f"{TRUST_OF_UI}/{gone}", token=otto)).status == 204
    assert [item["id"] for item in world.registry.configurations("@acme/ui")] == [kept]
    for odd in (gone, "test-id%2Fwith%3Aspecial%40chars", "%25"):
        assert (await world.trusted_call("DELETE", f"{TRUST_OF_UI}/{odd}", token=otto)).status == 404
    assert (await world.trusted_call("DELETE", TRUST_OF_UI, token=otto)).status == 404


async def test_lists_lag_behind_writes_and_the_truth_does_not(world: RegistryWorld, otto: str) -> None:
    world.registry.lag_seconds = 60
    [created] = (await world.trusted_call("POST", TRUST_OF_UI, token=otto, json=[github()])).json
    assert (await world.trusted_call("GET", TRUST_OF_UI, token=otto)).json == []
    assert world.registry.configurations("@acme/ui") == [created]
    assert (await world.trusted_call("POST", TRUST_OF_UI, token=otto, json=[github()])).status == 409
    world.clock.advance(seconds=60)
    await world.trusted_call("DELETE", f"{TRUST_OF_UI}/{created['id']}", token=otto)
    assert (await world.trusted_call("GET", TRUST_OF_UI, token=otto)).json == [created]
    world.clock.advance(seconds=60)
    assert (await world.trusted_call("GET", TRUST_OF_UI, token=otto)).json == []


@pytest.mark.parametrize("data", [b"", b"no json", b"\xff", b'{"type":"github"}', b"1"])
async def test_a_body_that_is_no_array_is_a_mistake(world: RegistryWorld, otto: str, data: bytes) -> None:
    headers = {"npm-otp": await world.fetch_password(otto)}
    answer = await world.call("POST", TRUST_OF_UI, token=otto, json=data, headers=headers)
    assert (answer.status, answer.json["message"]) == (400, '"value" must be an array')


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"permissions": None}, "permissions is required and must contain at least one valid route"),
        ({"permissions": []}, "permissions is required and must contain at least one valid route"),
        ({"permissions": ["publish"]}, '"[0].permissions[0]" must be one of [createPackage, createStagedPackage]'),
        ({"type": "gitea"}, '"[0].type" must be one of [github, gitlab, circleci]'),
        ({"type": ["github"]}, '"[0].type" must be one of [github, gitlab, circleci]'),
        ({"claims": None}, '"[0].claims" must be of type object'),
        ({"claims": {}}, '"[0].claims.repository" is required'),
        ({"claims": {"repository": "a/b", "workflow_ref": "x.yml"}}, '"[0].claims.workflow_ref.file" is required'),
        ({"claims": {**github()["claims"], "branch": "main"}}, '"[0].claims.branch" is not allowed'),
        ({"type": "gitlab"}, '"[0].claims.project_path" is required'),
        ({"type": "circleci"}, '"[0].claims.oidc.circleci.com/org-id" is required'),
    ],
)
async def test_a_mistake_is_told_in_the_words_of_npm(change: dict[str, Any], reason: str) -> None:
    assert find_mistake([{**github(), **change}]) == reason


@pytest.mark.parametrize(
    "item",
    [
        github(),
        github(environment="production"),
        {
            "type": "gitlab",
            "claims": {"project_path": "g/p", "ci_config_ref_uri": {"file": ".gitlab-ci.yml"}},
            "permissions": [STAGE],
        },
        {
            "type": "circleci",
            "claims": {
                "oidc.circleci.com/org-id": UUID,
                "oidc.circleci.com/project-id": UUID,
                "oidc.circleci.com/pipeline-definition-id": UUID,
                "oidc.circleci.com/vcs-origin": "github.com/o/r",
                "oidc.circleci.com/context-ids": [UUID],
            },
            "permissions": ["createPackage", STAGE],
        },
    ],
)
async def test_what_npm_sends_is_fine(item: dict[str, Any]) -> None:
    assert find_mistake([item]) == ""


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)


@given(JSON, JSON, JSON)
def test_any_json_is_a_mistake_and_never_an_accident(type_: object, claims: object, permissions: object) -> None:
    assert find_mistake(type_)
    assert find_mistake([{"type": type_, "claims": claims, "permissions": permissions}])
    assert find_mistake([{**github(), "claims": claims}])


CLAIMS = st.fixed_dictionaries(
    {"repository": st.sampled_from(["a/b", "a/c"])}, optional={"environment": st.sampled_from(["", "one", "two"])}
)


@given(CLAIMS, CLAIMS)
def test_overlap_is_the_same_both_ways_and_with_itself(first: dict[str, str], second: dict[str, str]) -> None:
    assert overlap(first, first)
    assert overlap(first, second) == overlap(second, first)
