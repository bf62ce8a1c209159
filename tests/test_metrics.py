"""What a monitor reads, and that it reads no names."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bot.metrics import Metric
from bot.sandbox.world import World, open_world
from tests.scenarios.asking import ask

pytestmark = pytest.mark.anyio

_SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def world(migrated: Path) -> AsyncIterator[World]:
    async with open_world(migrated) as opened:
        yield opened


async def read(world: World) -> dict[str, float]:
    assert world.app
    url = f"http://127.0.0.1:{world.app.port}/metrics"
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        assert (answer.status, answer.content_type) == (200, "text/plain")
        text = await answer.text()
    return {f"{name}{{{labels}}}" if labels else name: float(value) for name, labels, value in _SAMPLE.findall(text)}


async def test_what_waits_and_what_was_done_can_be_read(world: World) -> None:
    before = await read(world)
    _, otto, _, _ = await ask(world)
    await otto.clicks("Approve")
    world.clock.set(world.clock.now().replace(minute=2))
    waiting = await read(world)
    assert waiting['npmtrust_steps{state="waiting_for_person"}'] == 1
    assert waiting['npmtrust_handoffs{state="open"}'] == 1
    assert waiting["npmtrust_handoff_oldest_seconds"] > 60
    assert waiting['npmtrust_lease_held{lane="registry"}'] == 0, "nothing has moved for two minutes"
    world.slack.outage = True
    await otto.confirms()
    silent = await read(world)
    assert silent['npmtrust_steps{state="applied"}'] == 1
    assert silent["npmtrust_surfaces_stale"] >= 1
    assert silent['npmtrust_lease_held{lane="registry"}'] == 1
    assert silent['npmtrust_slack_calls_total{outcome="SlackUnavailable"}'] > before.get(
        'npmtrust_slack_calls_total{outcome="SlackUnavailable"}', 0
    )
    called = [name for name in silent if name.startswith("npmtrust_npm_calls_total")]
    assert sum(silent[name] - before.get(name, 0) for name in called) == 2  # the challenge, and the create


async def test_the_pace_is_the_one_in_force_and_the_lag_that_of_the_oldest_call_that_is_due(world: World) -> None:
    _, otto, _, _ = await ask(world)
    await otto.clicks("Approve")
    calm = await read(world)
    assert calm['npmtrust_lane_pace_seconds{lane="registry"}'] == 2
    assert (calm["npmtrust_lane_due"], calm["npmtrust_lane_lag_seconds"]) == (0, 0)
    world.registry.fail_next("POST", 429, headers={"retry-after": "60"})
    await otto.confirms()
    world.clock.set(world.clock.now().replace(minute=10))
    slowed = await read(world)
    assert slowed['npmtrust_lane_pace_seconds{lane="registry"}'] > 2
    assert slowed["npmtrust_lane_due"] == 1
    assert slowed["npmtrust_lane_lag_seconds"] > 60


async def test_every_name_is_documented_and_no_label_names_anybody(world: World) -> None:
    _, otto, _, _ = await ask(world)
    await otto.clicks("Approve")
    await otto.confirms()
    seen = await read(world)
    ours = {name.partition("{")[0] for name in seen}
    assert ours <= {metric.title for metric in Metric}
    assert {metric.title for metric in Metric} - ours == {Metric.TICK.title}  # a world has no metronome
    for secret in ("acme", "otto", "U0", "token", "release"):
        assert not [name for name in seen if secret in name]
