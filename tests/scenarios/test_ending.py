"""The real process is told to end while npm works on a call, and its log tells what each line is about."""

import asyncio
import json
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.log import JsonLines
from bot.sandbox.world import World
from tests.scenarios.asking import LINE, TRUSTED, people, request_of
from tests.scenarios.child import People, Request, open_child

pytestmark = pytest.mark.anyio


class Lines(logging.Handler):
    """Keeps what the log says."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(JsonLines())
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def log_lines() -> Iterator[list[str]]:
    handler, logger = Lines(), logging.getLogger("bot")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler.lines
    logger.removeHandler(handler)
    logger.setLevel(level)


def states(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "npmtrust.sqlite3")) as database:
        return [state for (state,) in database.execute("SELECT state FROM steps")]


async def test_a_call_in_flight_is_seen_to_its_end_when_the_process_ends(tmp_path: Path) -> None:
    async with open_child(tmp_path) as child:
        acting = People(child)
        acting.before = lambda act: child.registry.hold_answer_of_next("POST") if act == "confirms" else None
        living = asyncio.create_task(acting.live(Request()))
        await child.registry.wait_until_held()
        ending = asyncio.create_task(child.end())
        while await child.slack.courier.probe():
            pass
        assert not ending.done()
        living.cancel()  # they would start the bot again
        child.registry.release()
        assert await ending == 0
        assert states(tmp_path) == ["applied"]
        assert len(child.registry.accepted_creates) == 1


async def test_the_log_follows_a_request_through_delivery_change_set_step_and_call(
    world: World, log_lines: list[str]
) -> None:
    rita, otto, _, _ = people(world)
    await otto.links_account()
    await rita.says(LINE)
    await otto.clicks("Approve")
    await otto.confirms()
    assert TRUSTED in request_of(world)
    lines = [json.loads(line) for line in log_lines]
    told = [(line["message"], {name: line.get(name) for name in ("delivery", "change_set", "step")}) for line in lines]
    stored = [(message, ids) for message, ids in told if message.startswith("A click of U0OTTO is stored")]
    approval = stored[0][1]["delivery"]
    assert ("@acme/ui: in_review → ready (Approved)", {"delivery": approval, "change_set": "C-1", "step": "1"}) in told
    assert ("npm's answer: Challenged", {"delivery": None, "change_set": "C-1", "step": "1"}) in told
    assert ("@acme/ui: calling → applied (Succeeded)", {"delivery": None, "change_set": "C-1", "step": "1"}) in told
    calls = {line["call"] for line in lines if line.get("call")}
    assert len(calls) == 2
    assert not [line for line in log_lines if "xoxb-" in line or "/login/" in line or "response/" in line]
