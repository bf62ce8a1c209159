from collections.abc import AsyncIterator

import pytest

from bot.registry import RegistryClient
from bot.sandbox.cast import SeedPackage
from tests.sandbox.registry_world import RegistryWorld

pytestmark = pytest.mark.anyio

ACME = {"@acme/ui", "@acme/core", "@acme/tokens", "@acme/icons", "@acme/Legacy"}


@pytest.fixture
async def client(world: RegistryWorld) -> AsyncIterator[RegistryClient]:
    client = RegistryClient(world.registry.url, auth_hosts=frozenset(), clock=world.clock, version="1.2.3")
    yield client
    await client.close()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("scope:acme", ACME),
        ("scope:Acme", set()),
        ("scope:acm", set()),
        ("@acme/", ACME),
        ("@acme/t", {"@acme/tokens"}),
        ("scope:acme LEGACY", {"@acme/Legacy"}),
        ("rita-tools", {"rita-tools"}),
        ("nothing", set()),
    ],
)
async def test_a_search_finds_public_packages_by_scope_and_words(
    client: RegistryClient, text: str, found: set[str]
) -> None:
    page = await client.search(text)
    assert (set(page.names), page.total) == (found, len(found))


async def test_what_was_unpublished_does_not_come_up(world: RegistryWorld, client: RegistryClient) -> None:
    world.registry.unpublish("@acme/ui")
    assert set((await client.search("scope:acme")).names) == ACME - {"@acme/ui"}


async def test_pages_are_ranked_and_hold_at_most_250(world: RegistryWorld, client: RegistryClient) -> None:
    names = [f"@many/p{number:03}" for number in range(300)]
    for name in names:
        world.registry.add_package(SeedPackage(name, ("otto-npm",)))
    first, second = await client.search("scope:many", size=1000), await client.search("scope:many", offset=250)
    assert (len(first.names), len(second.names), first.total) == (250, 50, 300)
    assert sorted(first.names + second.names) == names
    assert list(first.names) != sorted(first.names)
    assert (await client.search("scope:many", offset=300)).names == ()
    assert len((await world.call("GET", "/-/v1/search?text=scope:many")).json["objects"]) == 20


async def test_it_can_forget_repeat_and_stand_still(world: RegistryWorld, client: RegistryClient) -> None:
    ranked = (await client.search("scope:acme")).names
    world.registry.search.repeats = 1
    pages = [(await client.search("scope:acme", size=2, offset=offset)).names for offset in (0, 2, 4, 6)]
    assert pages == [ranked[:2], ranked[1:4], ranked[3:], ()]
    world.registry.search.forgets.add(ranked[0])
    world.registry.search.is_stuck = True
    pages = [(await client.search("scope:acme", size=2, offset=offset)).names for offset in (0, 2)]
    assert pages == [ranked[1:3], ranked[1:3]]


@pytest.mark.parametrize("query", ["", "text=", "text=a&size=x", "text=a&from=-1", "text=a&size=1e3"])
async def test_an_odd_query_is_refused(world: RegistryWorld, query: str) -> None:
    assert (await world.call("GET", f"/-/v1/search?{query}")).status == 400
