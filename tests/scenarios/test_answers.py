"""What people read of each answer of npm's, and what it does to the step: the README's table, by the front door."""

import json
from collections.abc import Mapping

import pytest

from bot.domain.answer_events import EVENT_OF_WRITE
from bot.domain.outcome import AccountRefused, Invalid, Overlapping, TooFast, Unclear
from bot.sandbox.cast import OWNER, REQUESTER, SeedPackage
from bot.sandbox.registry import Body
from bot.sandbox.registry_switches import Challenge, Created, Fault
from bot.sandbox.world import Actor, World
from tests.scenarios.stored import rows

pytestmark = pytest.mark.anyio

BYPASS = {"error": "npm tokens that bypass 2FA are being restricted"}
CUT = "the connection was cut after sending"

# Each row is a package of one batch: the answer to its create, what that means, what people read.
ANSWERS: Mapping[str, tuple[Fault | tuple[int, Body], type, str]] = {
    "bad-request": (
        (400, {"message": "no <!here> in it", "error": "Bad"}),
        Invalid,
        'changed.* npm: "no <!here> in it"',
    ),
    "unprocessable": (Fault.UNPROCESSABLE, Invalid, 'nothing changed.* npm: "the claims cannot be used"'),
    "address": (Fault.ADDRESS, AccountRefused, "npm does not take this token from the address that we call from"),
    "granular": ((401, BYPASS), AccountRefused, "npm takes no granular access token for trust, whether it bypasses"),
    "suspended": ((401, {"message": "Suspended", "error": "x"}), AccountRefused, "npm's answer: Suspended"),
    "blocked": ((403, "<html>blocked</html>"), AccountRefused, "npm's answer: 403 Forbidden"),
    "hidden": (Fault.NOT_FOUND, AccountRefused, "npm's answer: Not found"),
    "overlap": (Fault.CONFLICT, Overlapping, "npm's answer: a trusted publisher configuration that a token could"),
    "too-fast": (Fault.TOO_MANY_DATE, TooFast, "too-fast now trusts"),
    "page": (Fault.HTML, Unclear, "npm answered 200 with a web page, since"),
    "empty": (Fault.EMPTY, Unclear, "npm answered 200 with an empty body, since"),
    "number": (Fault.WRONG_TYPE, Unclear, "npm answered 200 with a body that we cannot read, since"),
    "huge": (Fault.HUGE, Unclear, "npm answered 200 with more than such an answer can hold, since"),
    "half-json": (Fault.HALF_JSON, Unclear, "npm answered 200 with a body that we cannot read, since"),
    "half-body": (Fault.HALF_BODY, Unclear, CUT),
    "moved": (Fault.REDIRECT, Unclear, "npm answered 302, a redirect, and we follow none"),
    "gateway": (Fault.GATEWAY_TIMEOUT, Unclear, "npm answered 504 Gateway Timeout, since"),
    "reset": (Fault.CUT, Unclear, CUT),
}


TOLD_EACH = 6
"""As many packages of one request are told of each by itself."""


async def ask_for(world: World, *packages: str) -> tuple[Actor, Actor]:
    """Let Rita ask for packages of Otto, who is linked; npm does not ask him to confirm for a while."""
    rita, otto = world.person(REQUESTER), world.person(OWNER)
    await otto.links_account()
    for package in packages:
        world.registry.add_package(SeedPackage(package, ("otto-npm",), "acme/mono"))
    for begin in range(0, len(packages), TOLD_EACH):
        names = " ".join(packages[begin : begin + TOLD_EACH])
        await rita.says(f"github {names} --repo acme/mono --file release.yml --allow-publish")
    return rita, otto


def open_window(world: World, seconds: float = 900) -> None:
    for token in world.registry.state.sessions:
        world.registry.open_window(token, seconds=seconds)


async def events_of(world: World, package: str) -> list[str]:
    """Name what has moved a step, oldest first."""
    query = "SELECT a.data FROM audit_events a JOIN steps s ON s.id = a.step_id WHERE a.kind = 'step.moved'"
    found = await rows(world, f"{query} AND s.package = '{package}' ORDER BY a.id")
    return [json.loads(data)["event"] for (data,) in found]


async def test_each_answer_of_a_batch_is_told_as_it_is_and_looked_after_at_the_end(world: World) -> None:
    _, otto = await ask_for(world, *ANSWERS)
    open_window(world)
    for package, (answer, _, _) in ANSWERS.items():
        if isinstance(answer, Fault):
            world.registry.fail(answer, method="POST", path=f"/{package}/trust")
        else:
            world.registry.fail_next("POST", *answer, path=f"/{package}/trust")
    for number in range(1, 1 + len(ANSWERS) // TOLD_EACH):
        await otto.approves(about=f"C-{number}")
    await world.settle(45)
    told = otto.reads_all()
    for package, (_, meaning, words) in ANSWERS.items():
        assert words in told, package
        events = await events_of(world, package)
        assert events[events.index("Taken") + 1] == EVENT_OF_WRITE[meaning][0].__name__, package
    assert told.count("npm did not say whether it acted. I look before I say or send anything.") == 10
    assert told.count("nothing changed") == 2
    assert told.count("Waits for an account") == 5
    await world.advance(minutes=3)
    await world.settle(60)
    calls = [call.method for call in world.trust_calls()]
    assert calls.index("GET") == len(ANSWERS) + 1  # no list is read while something can still be sent, once more too
    trusted = [package for package, (_, meaning, _) in ANSWERS.items() if meaning in {TooFast, Unclear}]
    assert sorted(create.package for create in world.registry.accepted_creates) == sorted(trusted)


@pytest.mark.parametrize("created", Created)
async def test_a_create_is_found_in_whatever_npm_answers_it_with(world: World, created: Created) -> None:
    _, otto = await ask_for(world, "pkg")
    world.registry.add_configuration("pkg", "github", {"repository": "acme/old", "workflow_ref": {"file": "old.yml"}})
    world.registry.switches.created = created
    open_window(world)
    await otto.approves()
    [_, made] = world.registry.configurations("pkg")
    assert f"id {made['id'][:8]}" in otto.reads_all()
    assert "✅ *pkg now trusts acme/mono → release.yml*" in otto.reads_all()
    assert ("GET" in [call.method for call in world.trust_calls()]) is (created is Created.NOTHING)


async def test_a_second_factor_is_understood_in_each_form_in_which_npm_may_ask_for_it(world: World) -> None:
    _, otto = await ask_for(world, "pkg")
    await otto.approves()
    for challenge in (Challenge.HEADER, Challenge.TEXT):
        world.registry.switches.challenge = challenge
        await otto.clicks("Later" if otto.links() else "I'm ready", "dm")
        if otto.sees_button("I'm ready", "dm"):
            await otto.clicks("I'm ready", "dm")
        assert "npm asks for a second factor but gave no link to confirm with" in otto.reads("dm")
        assert not otto.links()
    world.registry.switches.challenge = Challenge.LINKS
    await otto.clicks("I'm ready", "dm")
    await otto.confirms()
    assert "pkg now trusts" in otto.reads_all()


async def test_a_session_that_is_good_for_nothing_here_goes_on_after_a_new_login(world: World) -> None:
    _, otto = await ask_for(world, "pkg")
    world.registry.fail_next("POST", 401, BYPASS)
    open_window(world)
    await otto.approves()
    told = otto.reads_all()
    assert "Waits for an account" in told
    assert "only the session of a web login. Log in again." in told
    await otto.says("login")
    await otto.logs_in()
    await otto.confirms()
    assert "✅ *pkg now trusts acme/mono → release.yml*" in otto.reads_all()
    assert "granular" not in otto.reads_all()
