"""An hour without npm, and an hour without Slack, with requests in all states: all goes on, and nothing twice."""

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox.cast import GENERAL
from bot.sandbox.world import World
from tests.scenarios.asking import LINE, REMINDER, ask, creates, people, request_of
from tests.scenarios.policies import OWNERS, world_with_policy

pytestmark = pytest.mark.anyio

DONE, UNCLEAR, APPROVED, IN_REVIEW, LEFT_ALONE, LATE = range(1, 7)
ROUNDS = 40


@pytest.fixture
async def world(prepared_folder: Path) -> AsyncIterator[World]:
    """One is done, of one npm's answer was lost, one is approved, two are in review; a digest comes at 14:30."""
    async with world_with_policy(prepared_folder, f"{OWNERS}remind_after_hours = [1]\n") as opened:
        rita, otto, _, _ = await ask(opened, line(DONE))
        await rita.says("watch @acme/* --cron '30 14 * * *' --tz UTC")
        await otto.clicks("Approve")
        await otto.confirms()
        await rita.says(line(UNCLEAR))
        await otto.clicks("Approve")
        opened.registry.lose_answer_of_next("POST")
        await otto.confirms()
        for number in (APPROVED, IN_REVIEW, LEFT_ALONE):
            await rita.says(line(number))
        await otto.clicks("Approve", about=f"C-{APPROVED}")
        yield opened


def line(number: int) -> str:
    return LINE.replace("release", f"file-{number}")


async def pass_an_hour(world: World) -> None:
    """Let it pass, with people who do what they would; what of it fails they see for themselves."""
    rita, otto, _, _ = people(world)
    world.registry.confirm(otto.link(), "otto-npm")
    await otto.clicks("Approve", about=f"C-{IN_REVIEW}")
    await rita.says(line(LATE))
    for _ in range(7):
        await world.advance(minutes=10)


async def finish(world: World, *numbers: int) -> None:
    """Do what the messages ask for until these are done, each as asked, and each once."""
    rita, otto, _, _ = people(world)
    for _ in range(ROUNDS):
        if all(f"now trusts acme/ui → file-{number}.yml" in request_of(world, number) for number in numbers):
            break
        for number in numbers:
            if "[Approve]" in request_of(world, number):
                await otto.clicks("Approve", about=f"C-{number}")
        if otto.sees_button("I'm ready", "dm"):
            await otto.clicks("I'm ready", "dm")
        for _ in otto.links():
            visit = otto.logs_in if "/login/" in otto.link() else otto.confirms
            await visit()
        await world.advance(minutes=1)
    else:
        raise AssertionError(otto.reads_all() + otto.reads_all("dm"))
    files = Counter(each["claims"]["workflow_ref"]["file"] for each in world.registry.configurations("@acme/ui"))
    assert files == Counter(f"file-{number}.yml" for number in numbers)
    assert creates(world) == len(numbers)
    assert "[Approve]" in request_of(world, LEFT_ALONE)
    assert rita.reads_all().replace("*", "").count("Digest of @acme/") == 1
    assert otto.reads_all("dm").count(f"{REMINDER} C-{LEFT_ALONE} has waited") == 1


async def test_an_hour_without_npm(world: World) -> None:
    rita, otto, _, _ = people(world)
    await world.registry.stop()
    before = len(world.registry.calls)
    await pass_an_hour(world)
    assert len(world.registry.calls) == before
    assert "npm could not be reached, since Mon 14:0" in request_of(world, UNCLEAR)
    assert "nothing changed" not in request_of(world, UNCLEAR)
    assert rita.reads_all().count("Nothing was asked for") == 1  # after 25 minutes
    await world.registry.start()
    await finish(world, DONE, UNCLEAR, APPROVED, IN_REVIEW)
    assert "could not be reached" not in otto.reads_all()


async def test_an_hour_without_slack(world: World) -> None:
    rita, otto, _, _ = people(world)
    shown = otto.reads_all()
    world.slack.outage = True
    await pass_an_hour(world)
    assert otto.reads_all() == shown
    world.slack.outage = False
    await world.advance(minutes=2)
    assert "Needs 1 of" not in request_of(world, IN_REVIEW)
    await finish(world, DONE, UNCLEAR, APPROVED, IN_REVIEW, LATE)
    for person in (rita, otto):
        for place in ("dm", GENERAL[0]):
            told = Counter(map(world.slack.text_of, person.messages(place)))
            assert [text for text, times in told.items() if times > 1 and "Asked as" in text] == []
