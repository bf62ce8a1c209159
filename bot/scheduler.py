"""The metronome: it wakes the workers, and knows nothing of what they do.

The rows of the database are the queue; a missed beat costs a second and never work. Each worker is woken by a tick of a
second, by the bell when a transaction has left work for it, and at the time that its last run named; where that comes
soon, no tick before it.
"""

import asyncio
import logging
import secrets
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot import log
from bot.services import Services
from bot.workflow.progress import Progress, Worker
from storage.database import DatabaseDown

TICK_SECONDS = 1
LONGEST_REST = timedelta(seconds=3)
"""So long it is taken at its word that there is nothing to do; after it other processes may have left something."""
SILENCE_SECONDS = 3.0
"""After so long without a tick something is wrong with the metronome."""
AT_ONCE = {"inbox": 8}
"""How many runs of a worker may go on at the same time; one where nothing is said."""
LONGEST_PAUSE = 30.0

_LOG = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(slots=True)
class _Beat:
    """What is known of one worker."""

    running: set[asyncio.Task[None]] = field(default_factory=set)
    again: bool = False
    """It was woken while it could not start another run."""
    failures: int = 0
    quiet_until: float = 0.0
    """By the monotonic clock."""
    rests_until: float = 0.0
    """There is nothing to do before, by the same clock: only the bell wakes it."""
    is_held_up: bool = False
    """The moment that it named had passed already: what is due may be somebody else's to do."""


class Scheduler:
    """Runs the workers until it is drained."""

    def __init__(self, services: Services, workers: Mapping[str, Worker]) -> None:
        self._services = services
        self._workers = workers
        self._beats: defaultdict[str, _Beat] = defaultdict(_Beat)
        self._metronome = AsyncIOScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        self._last_tick: float | None = None
        self._draining = False
        self._watching: asyncio.Task[None] | None = None
        self._held_up: set[str] = set()
        """Workers that wait for the database."""
        self._told: dict[str, float] = {}
        """Why they do, and when that was said last, by the monotonic clock."""

    def start(self) -> None:
        """Begin to tick, inside a running event loop."""
        loop = asyncio.get_running_loop()
        self._services.bell.listen(lambda name: self._hear(loop, name))
        self._metronome.start()
        self._watching = loop.create_task(self._watch(), name="metronome")
        for name, first in self._spread(self._workers):
            self._metronome.add_job(
                self._tick, "interval", seconds=TICK_SECONDS, args=[name], id=f"{name} tick", next_run_time=first
            )
        loop.call_soon(self._tick_all)  # what was left undone must not wait for the first second to pass

    @staticmethod
    def _spread(things: Iterable[T]) -> Iterator[tuple[T, datetime]]:
        """Give each its own moment of the second that begins, so that a call never waits for all of them."""
        some, now = list(things), datetime.now(UTC)
        for number, each in enumerate(some, start=1):
            yield each, now + timedelta(seconds=TICK_SECONDS * number / len(some))

    def seconds_since_tick(self) -> float | None:
        """Tell the age of the last tick; None before the first."""
        return None if self._last_tick is None else self._services.clock.monotonic() - self._last_tick

    async def drain(self, seconds: float) -> None:
        """Start nothing any more, let what runs finish for so long, then end it."""
        self._draining = True
        if self._watching is not None:
            self._watching.cancel()
        # APScheduler would cancel what runs (its `wait` does not wait); the runs are tasks of ours, so it cannot.
        if self._metronome.running:
            self._metronome.shutdown(wait=False)
        running = {run for beat in self._beats.values() for run in beat.running}
        if not running:
            return
        _, late = await asyncio.wait(running, timeout=seconds)
        for run in late:
            _LOG.warning("The worker %s did not finish within %g s and is ended", run.get_name(), seconds)
            run.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _watch(self) -> None:
        """Set the metronome right when the machine's clock was set back: it beats by that, and would be silent."""
        while True:
            await asyncio.sleep(SILENCE_SECONDS)
            age = self.seconds_since_tick()
            if age is None or age < SILENCE_SECONDS:
                continue
            _LOG.warning("No tick for %.0f s: the machine's clock was set back, or it slept; beating anew", age)
            for job, first in self._spread(self._metronome.get_jobs()):
                job.modify(next_run_time=first)

    def _tick_all(self) -> None:
        self._last_tick = self._services.clock.monotonic()
        for name in self._workers:
            self._wake(name)

    async def _tick(self, name: str) -> None:
        self._last_tick = self._services.clock.monotonic()
        if self._last_tick >= self._beats[name].rests_until:
            self._wake(name)

    async def _wake_later(self, name: str) -> None:
        self._wake(name)

    def _hear(self, loop: asyncio.AbstractEventLoop, name: str) -> None:
        """Take a ring, which may come from the thread of the database."""
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._wake, name)

    def _wake(self, name: str) -> None:
        beat = self._beats[name]
        if self._draining or self._services.clock.monotonic() < beat.quiet_until:
            return
        if len([run for run in beat.running if not run.done()]) >= AT_ONCE.get(name, 1):
            beat.again = True
            return
        run = asyncio.get_running_loop().create_task(self._run(name, beat), name=name)
        beat.running.add(run)
        run.add_done_callback(beat.running.discard)

    async def _run(self, name: str, beat: _Beat) -> None:
        more = True
        while more and not self._draining:
            beat.again = False
            with log.scope():  # what woke it is not what it is about
                try:
                    progress = await self._workers[name](self._services)
                except DatabaseDown as err:
                    self._wait_for_database(name, beat, str(err))
                    return
                except Exception:  # noqa: BLE001 (whatever a worker trips over must not stop others, or its next run)
                    pause = self._back_off(beat)
                    error_id = secrets.token_hex(4)
                    _LOG.exception("Error %s: the worker %s failed and rests for %g s", error_id, name, pause)
                    return
            beat.failures = 0
            self._is_answered(name)
            self._note(name, progress)
            more = progress.more or beat.again

    def _note(self, name: str, progress: Progress) -> None:
        if progress.more:
            self._wake(name)  # a second pair of hands, where this worker may have one
        beat, pause = self._beats[name], None
        if progress.at is not None and not progress.more:
            pause = progress.at - self._services.clock.now()
        was_held_up, beat.is_held_up = beat.is_held_up, pause is not None and pause <= timedelta(0)
        beat.rests_until = 0.0
        # Once it may have passed while the worker looked; else it would look all the time, and a tick is soon enough.
        if pause is not None and not self._draining and not (was_held_up and beat.is_held_up):
            self._at(name, beat, pause)

    def _at(self, name: str, beat: _Beat, pause: timedelta) -> None:
        if pause <= LONGEST_REST:
            beat.rests_until = self._services.clock.monotonic() + pause.total_seconds()
        due = datetime.now(UTC) + pause  # the metronome has the machine's clock
        self._metronome.add_job(
            self._wake_later, "date", run_date=due, args=[name], id=f"{name} later", replace_existing=True
        )

    def _wait_for_database(self, name: str, beat: _Beat, why: str) -> None:
        """Try again later. One line speaks for all workers, and comes again as long as it is so."""
        self._held_up.add(name)
        pause, now = self._back_off(beat), self._services.clock.monotonic()
        if now - self._told.get(why, -LONGEST_PAUSE) < LONGEST_PAUSE:
            return
        self._told[why] = now
        with_all = _LOG.isEnabledFor(logging.DEBUG)
        said = "The database cannot be used, and nothing is lost by that: the worker %s tries again in %g s: %s"
        _LOG.warning(said, name, pause, why, exc_info=with_all)

    def _is_answered(self, name: str) -> None:
        """Note that the database has answered a worker; after the last one that waited it is said."""
        if name not in self._held_up:
            return
        self._held_up.remove(name)
        if not self._held_up:
            self._told.clear()
            _LOG.info("The database can be used again: no worker waits for it")

    def _back_off(self, beat: _Beat) -> float:
        pause = min(2.0**beat.failures, LONGEST_PAUSE)
        beat.failures = min(beat.failures + 1, 10)
        beat.quiet_until = self._services.clock.monotonic() + pause
        return pause
