import asyncio
import itertools
import json
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot import log
from bot.log import JsonLines
from bot.scheduler import LONGEST_REST, SILENCE_SECONDS, TICK_SECONDS, Scheduler
from bot.services import Services
from bot.workflow.progress import Progress, Worker
from storage.database import DatabaseDown
from tests.handlers.door import open_door
from tests.patience import PATIENCE

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def services(migrated: Path) -> AsyncIterator[Services]:
    async with open_door(migrated) as door:
        yield door.app.services


@pytest.fixture(autouse=True)
async def patience() -> AsyncIterator[None]:
    async with asyncio.timeout(PATIENCE):
        yield


@asynccontextmanager
async def running(services: Services, workers: Mapping[str, Worker]) -> AsyncIterator[Scheduler]:
    scheduler = Scheduler(services, workers)
    scheduler.start()
    try:
        yield scheduler
    finally:
        await scheduler.drain(1)


class Counter:
    """A worker that has so many pieces of work."""

    def __init__(self, pieces: int = 1) -> None:
        self.pieces = pieces
        self.done = asyncio.Semaphore(0)

    async def __call__(self, _services: Services) -> Progress:
        self.pieces -= 1
        self.done.release()
        return Progress(more=self.pieces > 0)


class Slow:
    """A worker whose runs last until they are let go."""

    def __init__(self) -> None:
        self.at_once = 0
        self.begun = asyncio.Semaphore(0)
        self.let_go = asyncio.Event()
        self.finished = 0

    async def __call__(self, _services: Services) -> Progress:
        self.at_once += 1
        self.begun.release()
        await self.let_go.wait()
        self.at_once -= 1
        self.finished += 1
        return Progress()


async def test_a_tick_wakes_every_worker_and_is_remembered(services: Services) -> None:
    lane, deadlines = Counter(), Counter()
    async with running(services, {"lane": lane, "deadlines": deadlines}) as scheduler:
        assert scheduler.seconds_since_tick() is None
        await asyncio.gather(lane.done.acquire(), deadlines.done.acquire())
        age = scheduler.seconds_since_tick()
        assert age is not None
        assert age < 1


async def test_the_bell_wakes_its_worker_at_once_and_it_works_while_there_is_more(services: Services) -> None:
    lane, other = Counter(), Counter()
    async with running(services, {"lane": lane, "deadlines": other}):
        await asyncio.gather(lane.done.acquire(), other.done.acquire())  # the tick with which it begins
        lane.pieces = 5
        services.bell.ring("lane")
        for _ in range(5):
            await lane.done.acquire()
        assert (lane.pieces, other.pieces) == (0, 0)


async def test_the_bell_can_be_rung_from_another_thread(services: Services) -> None:
    lane = Counter()
    async with running(services, {"lane": lane}):
        await asyncio.to_thread(services.bell.ring, "lane")
        await lane.done.acquire()


async def test_a_worker_is_woken_at_the_moment_that_it_named(services: Services) -> None:
    times = 10
    moments: list[datetime] = []
    woken = asyncio.Event()

    async def wait_for_it(_services: Services) -> Progress:
        moments.append(datetime.now(UTC))
        if len(moments) < times:
            return Progress(at=services.clock.now() + timedelta(seconds=0.02))
        woken.set()
        return Progress()

    async with running(services, {"lane": wait_for_it}):
        services.bell.ring("lane")
        await woken.wait()
    assert moments[-1] - moments[0] < timedelta(seconds=(times - 1) * TICK_SECONDS)  # what ticks alone would take


async def test_a_moment_that_has_passed_does_not_make_a_worker_look_all_the_time(services: Services) -> None:
    runs: list[float] = []
    ends = asyncio.Event()

    async def wait_for_another(services: Services) -> Progress:
        runs.append(services.clock.monotonic())
        if len(runs) == 3:
            ends.set()
        return Progress(at=services.clock.now() - timedelta(seconds=1))

    async with running(services, {"lane": wait_for_another}):
        await ends.wait()
    assert runs[2] - runs[0] > TICK_SECONDS / 2


async def test_only_one_run_of_a_worker_goes_on_and_a_ring_meanwhile_is_not_lost(services: Services) -> None:
    lane = Slow()
    async with running(services, {"lane": lane}):
        services.bell.ring("lane")
        await lane.begun.acquire()
        services.bell.ring("lane", "lane", "lane")
        await asyncio.sleep(0)
        assert lane.at_once == 1
        lane.let_go.set()
        await lane.begun.acquire()


async def test_a_ring_in_the_last_moment_of_a_run_is_not_lost(services: Services) -> None:
    runs: list[float] = []
    again = asyncio.Event()

    async def rest(services: Services) -> Progress:
        runs.append(services.clock.monotonic())
        if len(runs) == 1:
            services.bell.ring("lane")  # heard when this run is over, and before anybody was told so
        else:
            again.set()
        return Progress(at=services.clock.now() + LONGEST_REST)

    async with running(services, {"lane": rest}):
        await again.wait()
    assert runs[1] - runs[0] < TICK_SECONDS


async def test_eight_runs_of_the_inbox_go_on_at_once(services: Services) -> None:
    inbox = Slow()
    async with running(services, {"inbox": inbox}):
        services.bell.ring(*["inbox"] * 12)
        for _ in range(8):
            await inbox.begun.acquire()
        await asyncio.sleep(0)
        assert inbox.at_once == 8
        inbox.let_go.set()


async def test_more_to_do_calls_for_a_second_pair_of_hands(services: Services) -> None:
    slow, calls = Slow(), itertools.count()

    async def inbox(services: Services) -> Progress:
        return await slow(services) if next(calls) else Progress(more=True)

    async with running(services, {"inbox": inbox}):
        await slow.begun.acquire()
        await slow.begun.acquire()
        assert slow.at_once == 2
        slow.let_go.set()


async def test_a_clock_that_is_set_back_silences_the_metronome_for_a_moment_only(services: Services) -> None:
    lane = Counter()
    async with running(services, {"lane": lane}) as scheduler:
        await lane.done.acquire()
        for job in scheduler._metronome.get_jobs():  # noqa: SLF001 -- as it stands after the clock was set back
            job.modify(next_run_time=datetime.now(UTC) + timedelta(hours=1))
        while not lane.done.locked():
            await lane.done.acquire()
        async with asyncio.timeout(2 * SILENCE_SECONDS):
            await lane.done.acquire()


async def test_a_worker_that_fails_rests_and_the_others_go_on(
    services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    failed = asyncio.Semaphore(0)

    async def fail(_services: Services) -> Progress:
        failed.release()
        raise RuntimeError("out of order")

    lane = Counter(3)
    async with running(services, {"lane": lane, "surfaces": fail}):
        services.bell.ring("surfaces")
        await failed.acquire()
        services.bell.ring("surfaces", "lane")
        for _ in range(3):
            await lane.done.acquire()
        assert failed.locked()
        await failed.acquire()  # a tick after its rest
    rests = [record.getMessage().split(": ", 1)[1] for record in caplog.records if record.name == "bot.scheduler"]
    assert rests == ["the worker surfaces failed and rests for 1 s", "the worker surfaces failed and rests for 2 s"]
    assert "out of order" in caplog.text


async def test_a_database_that_is_away_is_told_in_one_line_for_all_workers_and_so_is_its_return(
    services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="bot.scheduler")
    names, is_away, back = ("lane", "surfaces", "inbox"), True, asyncio.Semaphore(0)
    failed = dict.fromkeys(names, 0)

    def worker(name: str) -> Worker:
        async def work(_services: Services) -> Progress:
            nonlocal is_away
            if not is_away:
                back.release()
                return Progress()
            failed[name] += 1
            is_away = min(failed.values()) < 2
            raise DatabaseDown("connection refused")

        return work

    async with running(services, {name: worker(name) for name in names}):
        for _ in names:
            await back.acquire()
        while len(said := [record for record in caplog.records if record.name == "bot.scheduler"]) < 2:
            await back.acquire()
    first, last = said
    assert first.getMessage().endswith("tries again in 1 s: connection refused")
    assert first.levelname == "WARNING"
    assert not first.exc_info
    assert last.getMessage() == "The database can be used again: no worker waits for it"


async def test_what_runs_may_finish_and_nothing_new_starts(services: Services) -> None:
    lane = Slow()
    async with running(services, {"lane": lane}) as scheduler:
        services.bell.ring("lane")
        await lane.begun.acquire()
        draining = asyncio.create_task(scheduler.drain(5))
        await asyncio.sleep(0)
        services.bell.ring("lane")
        lane.let_go.set()
        await draining
    assert (lane.finished, lane.at_once) == (1, 0)


async def test_what_does_not_finish_in_time_is_ended(services: Services, caplog: pytest.LogCaptureFixture) -> None:
    lane = Slow()
    async with running(services, {"lane": lane}) as scheduler:
        services.bell.ring("lane")
        await lane.begun.acquire()
        await scheduler.drain(0.01)
    assert lane.finished == 0
    assert "The worker lane did not finish" in caplog.text


async def test_a_line_tells_what_its_own_worker_was_about(services: Services, caplog: pytest.LogCaptureFixture) -> None:
    caplog.handler.setFormatter(JsonLines())
    failed, woken = asyncio.Event(), asyncio.Event()

    async def fail(services: Services) -> Progress:
        log.about(delivery=7)
        services.bell.ring("next")
        failed.set()
        raise LookupError("nobody expected this")

    async def tell(_services: Services) -> Progress:
        if failed.is_set():
            logging.getLogger("bot").warning("woken")
            woken.set()
        return Progress()

    async with running(services, {"failing": fail, "next": tell}):
        await woken.wait()
    lines = [json.loads(line) for line in caplog.text.splitlines() if line.startswith("{")]
    ids = {line["message"][:5]: line.get("delivery") for line in lines}
    assert ids == {"Error": "7", "woken": None}
