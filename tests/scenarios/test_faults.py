"""npm misbehaves: it is down, slow, wrong or lost, and nobody is told what is not so."""

from collections.abc import Mapping
from typing import Any

import pytest

from bot.sandbox.cast import OWNER, REQUESTER, SECOND_OWNER
from bot.sandbox.world import Actor, World

pytestmark = pytest.mark.anyio

UI = "@acme/ui"
LINE = "github @acme/ui --repo acme/ui --file release.yml --allow-publish"
CLAIMS = {"repository": "acme/ui", "workflow_ref": {"file": "release.yml"}}
TRUSTED = "@acme/ui now trusts acme/ui → release.yml"


def people(world: World) -> tuple[Actor, Actor, Actor]:
    return world.person(REQUESTER), world.person(OWNER), world.person(SECOND_OWNER)


async def ask(world: World, line: str = LINE) -> tuple[Actor, Actor]:
    """Let Rita ask, and Otto have his account linked."""
    rita, otto, _ = people(world)
    await otto.links_account()
    await rita.says(line)
    return rita, otto


async def approve(world: World, line: str = LINE) -> tuple[Actor, Actor]:
    """As `ask`, and Otto approves: npm's link is in his DM."""
    rita, otto = await ask(world, line)
    assert "Next: confirm at npm" in await otto.clicks("Approve")
    return rita, otto


async def link_olga(world: World) -> Actor:
    """Olga's addresses differ, so Otto confirms as an admin that it is her."""
    _, otto, olga = people(world)
    await olga.links_account()
    await otto.clicks("Confirm", "dm")
    return olga


def request_of(actor: Actor) -> str:
    """Tell how the request stands in the channel; there is one message of it."""
    [shown] = [text for text in actor.reads_all().split("\n\n") if "C-1\n" in text]
    return shown


def sent(world: World, method: str, path: str = "/trust") -> int:
    return sum(call.method == method and path in call.path for call in world.registry.calls)


def claims_of(world: World) -> list[dict[str, Any]]:
    return [configuration["claims"] for configuration in world.registry.configurations(UI)]


# While a request is staged


async def test_a_request_is_kept_while_npm_is_down_and_goes_on_when_it_is_back(world: World) -> None:
    rita, _, _ = people(world)
    await world.registry.stop()
    assert "⏳ I cannot reach npm now" in await rita.says(LINE)
    await world.advance(minutes=10)
    assert rita.reads_all().count("I cannot reach npm") == 1
    await world.registry.start()
    await world.advance(minutes=1)
    assert "Asked as C-1" in rita.reads_all()
    assert "asks: let acme/ui → release.yml publish @acme/ui" in rita.reads_all()


async def test_a_request_is_given_up_after_25_minutes_and_says_so(world: World) -> None:
    rita, _, _ = people(world)
    await world.registry.stop()
    await rita.says(LINE)
    for _ in range(26):
        await world.advance(minutes=1)
    assert "Nothing was asked for" in rita.reads()
    await world.registry.start()
    await world.advance(hours=1)
    assert "C-1" not in rita.reads_all()


PACKAGE_FAULTS: Mapping[str, tuple[int, object, Mapping[str, str]]] = {
    "500": (500, {"message": "internal"}, {}),
    "503 as a page": (503, "<html>maintenance</html>", {}),
    "429": (429, {}, {"retry-after": "30"}),
    "a page instead of a package": (200, "<html>captive portal</html>", {}),
    "a list instead of a package": (200, [], {}),
}


@pytest.mark.parametrize("fault", PACKAGE_FAULTS)
async def test_a_package_that_cannot_be_read_now_is_read_later(world: World, fault: str) -> None:
    status, body, headers = PACKAGE_FAULTS[fault]
    rita, _, _ = people(world)
    world.registry.fail_next("GET", status, body, headers=headers, path="/@acme%2fui")
    await rita.says(LINE)
    assert "Asked as" not in rita.reads() or fault != "429"
    await world.advance(seconds=31)
    assert "Asked as C-1" in rita.reads_all()
    assert rita.reads_all().count("Your request is kept") == 1
