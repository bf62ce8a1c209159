"""Organisations, teams, collaborators, tokens and versions: what `npm access`, `org`, `team` and `token` read."""

import pytest

from tests.sandbox.registry_world import RegistryWorld

pytestmark = pytest.mark.anyio


@pytest.fixture
def rita(world: RegistryWorld) -> str:
    world.registry.add_team("acme", "design", ("rita-npm", "zoe-npm"), {"@acme/icons": "write", "@acme/secret": "read"})
    return world.registry.open_session("rita-npm")


async def read(world: RegistryWorld, path: str, token: str) -> object:
    answer = await world.call("GET", path, token=token)
    assert answer.status == 200, answer.text
    return answer.json


async def test_an_organisation_tells_its_members_who_is_in_it(world: RegistryWorld, rita: str) -> None:
    roles = {"otto-npm": "owner", "olga-npm": "owner", "ana-npm": "admin", "rita-npm": "developer"}
    assert await read(world, "/-/org/acme/user", rita) == roles | {"zoe-npm": "developer"}
    teams = await read(world, "/-/org/acme/team?format=cli", rita)
    assert teams == ["acme:developers", "acme:owners", "acme:design"]
    assert await read(world, "/-/team/acme/design/user?format=cli", rita) == ["rita-npm", "zoe-npm"]
    granted = {"@acme/icons": "write", "@acme/secret": "read"}
    assert await read(world, "/-/team/acme/design/package", rita) == granted


@pytest.mark.parametrize(
    "path", ["/-/org/acme/user", "/-/org/acme/team", "/-/team/acme/owners/user", "/-/team/acme/owners/package"]
)
async def test_an_organisation_tells_nobody_else(world: RegistryWorld, path: str) -> None:
    sam, otto = world.registry.open_session("sam-npm"), world.registry.open_session("otto-npm")
    statuses = [(await world.call("GET", path, token=token)).status for token in ("", sam, otto)]
    assert statuses == [401, 403, 200]
    for unknown in (path.replace("acme", "nothing"), path.replace("owners", "nothing").replace("/org/", "/nothing/")):
        assert (await world.call("GET", unknown, token=otto)).status == 404


async def test_a_team_lets_its_members_see_or_change_what_they_do_not_maintain(world: RegistryWorld, rita: str) -> None:
    packages = await read(world, "/-/org/acme/package", rita)
    assert isinstance(packages, dict)
    assert (packages["@acme/icons"], packages["@acme/secret"], packages["@acme/ui"]) == ("write", "read", "read")
    mine = await read(world, "/-/user/rita-npm/package", rita)
    assert mine == {"rita-tools": "write", "@acme/icons": "write", "@acme/secret": "read"}
    icons = await read(world, "/-/package/@acme%2ficons/collaborators", rita)
    assert icons == {"olga-npm": "write", "rita-npm": "write"}
    statuses = [
        (await world.trusted_call("GET", f"/-/package/@acme%2f{name}/trust", token=rita)).status
        for name in ("icons", "secret", "ui")
    ]
    assert statuses == [200, 403, 403]


async def test_a_package_says_whether_it_is_public(world: RegistryWorld, rita: str) -> None:
    assert await read(world, "/-/package/@acme%2fui/visibility", "") == {"public": True}
    assert await read(world, "/-/package/@acme%2fsecret/visibility", rita) == {"public": False}
    assert (await world.call("GET", "/-/package/@acme%2fsecret/visibility")).status == 404


async def test_granular_tokens_are_listed_in_pages_and_deleted_by_their_owner(world: RegistryWorld) -> None:
    otto, olga = world.registry.open_session("otto-npm"), world.registry.open_session("olga-npm")
    tokens = [
        world.registry.open_session("otto-npm", granular=True, name=f"ci {number}", bypasses_2fa=number == 0)
        for number in range(3)
    ]
    first = (await world.call("GET", "/-/npm/v1/tokens?perPage=2", token=otto)).json
    second = (await world.call("GET", first["urls"]["next"], token=otto)).json
    assert (first["total"], second["urls"]) == (3, {})
    listed = [*first["objects"], *second["objects"]]
    assert [(token["name"], token["bypass_2fa"]) for token in listed] == [
        ("ci 0", True),
        ("ci 1", False),
        ("ci 2", False),
    ]
    assert all(token not in str(listed) for token in (*tokens, otto))

    path = f"/-/npm/v1/tokens/token/{listed[0]['key']}"
    statuses = [(await world.call("DELETE", path, token=token)).status for token in ("", olga, otto, otto)]
    assert statuses == [401, 404, 204, 404]
    assert (await world.call("GET", "/-/whoami", token=tokens[0])).status == 401
    assert (await world.call("GET", "/-/npm/v1/tokens", token=olga)).json["objects"] == []
    assert (await world.call("DELETE", f"/-/npm/v1/tokens/token/{tokens[1]}", token=otto)).status == 204
    assert tokens[1] not in str(world.registry.calls)


async def test_one_version_can_be_read_by_number_or_tag(world: RegistryWorld) -> None:
    packument = (await world.call("GET", "/@acme%2fcore")).json
    for version in ("1.1.0", "latest"):
        assert (await world.call("GET", f"/@acme%2fcore/{version}")).json == packument["versions"]["1.1.0"]
    for path in ("/@acme%2fcore/9.9.9", "/@acme%2fsecret/1.1.0", "/nothing/latest"):
        assert (await world.call("GET", path)).status == 404
    world.registry.is_mirror = True
    assert "_npmUser" not in (await world.call("GET", "/@acme%2fcore/1.1.0")).json
