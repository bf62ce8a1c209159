"""Signed slash commands: how many a second are acked and how long an ack takes, beside the least that Bolt can do.

Each is measured in a process of its own (the whole bot; a Bolt app that only acks; a Bolt app that commits one row
before it acks), behind the same aiohttp server, with the same kind of requests from this process.
"""

import asyncio
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import count
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import aiohttp
from sqlalchemy import TextClause, text

from bot.sandbox.cast import GENERAL, REQUESTER
from bot.sandbox.ports import HeldPort
from storage.database import make_engine
from tests import postgres
from tests.scenarios.child import BOT_TOKEN, SIGNING_SECRET, Child, open_child

AT_ONCE = (1, 16, 64)
STEADY = 100
"""Commands a second that come whether those before them are acked or not, as those of many people do."""
IDLE_SECONDS = 1.0
"""In which every worker has looked for work once."""
PATIENCE = 120.0
ALL = text("SELECT count(*) FROM inbox")
OPEN = text("SELECT count(*) FROM inbox WHERE state IN ('new', 'claimed')")
"""What is acked and not done."""


@dataclass
class Run:
    """One measurement."""

    name: str
    at_once: int
    """0: they came at a steady rate."""
    a_second: float
    p50_ms: float
    p99_ms: float
    refused: int
    """Commands that were not acked, or with the words that nothing was stored."""

    def __str__(self) -> str:
        speed = f"{self.a_second:.0f}/s, p50 {self.p50_ms:.1f} ms, p99 {self.p99_ms:.1f} ms"
        wrong = f", {self.refused} refused" if self.refused else ""
        return f"{self.name}, {f'{self.at_once} at once' if self.at_once else 'at a steady rate'}: {speed}{wrong}"


@dataclass
class Figures:
    """All of them."""

    runs: list[Run] = field(default_factory=list)
    sent: int = 0
    """To the bot."""
    stored: int = 0
    starts: list[str] = field(default_factory=list)
    """How long a bot takes until it takes commands, and the most memory that it has had, by database."""

    @property
    def is_right(self) -> bool:
        """Whether every command was acked, and is there."""
        return self.stored == self.sent and not any(run.refused for run in self.runs)

    def __str__(self) -> str:
        head = f"{self.sent} commands acked, {self.stored} stored"
        return "\n  ".join([head, *self.starts, *map(str, self.runs)])


async def measure(folder: Path, *, commands: int, with_postgresql: bool = True) -> Figures:
    """Measure with so many commands at each number at once, on SQLite and on PostgreSQL where that is installed."""
    figures = Figures()
    has_server = with_postgresql and postgres.is_installed()
    with postgres.run_server() if has_server else nullcontext() as server:
        for name in ("SQLite", "PostgreSQL") if server else ("SQLite",):
            place = folder / name
            place.mkdir()
            settings = {"NPMTRUST_DATABASE_URL": f"{server.url}postgres"} if server and name != "SQLite" else {}
            began = time.monotonic()
            async with open_child(place, **settings) as child:
                first = time.monotonic() - began
                child.kill()  # the first start makes the database, which takes time and memory
                began = time.monotonic()
                await child.revive()
                ready = time.monotonic() - began
                await asyncio.sleep(IDLE_SECONDS)
                idle = child.peak_memory / 2**20
                await child.slack.command(REQUESTER.slack_id, GENERAL[0], "help")
                form = dict(parse_qsl(child.slack.deliveries[-1].body.decode()))
                url = settings.get("NPMTRUST_DATABASE_URL", child.database_url)
                await _measure_all(figures, child, form, f"npmtrust on {name}", child.slack.events_url, commands, url)
                figures.sent += 1 + commands * (len(AT_ONCE) + 1)
                figures.stored += await asyncio.to_thread(_count, url)
                memory = f"{idle:.0f} MiB idle, {child.peak_memory / 2**20:.0f} MiB at most after all commands"
                figures.starts.append(f"{name}: ready in {ready:.1f} s, the first time in {first:.1f} s; {memory}")
                database = f"{server.url}template1" if settings and server else f"sqlite:///{place / 'bolt.sqlite3'}"
                for what, url in ((f"Bolt with an insert on {name}", database), ("Bolt alone", "")):
                    async with _run_bolt(child, url) as address:
                        await _measure_all(figures, child, form, what, address, commands)
    return figures


async def _measure_all(
    figures: Figures, child: Child, form: Mapping[str, str], name: str, url: str, commands: int, database: str = ""
) -> None:
    for at_once in (*AT_ONCE, 0):
        run = await _measure(child, form, url, commands, at_once)
        figures.runs.append(Run(name, at_once, *run))
        async with asyncio.timeout(PATIENCE + commands / STEADY * 10):
            # else it would be at work on these while the next is measured
            while database and await asyncio.to_thread(_count, database, OPEN) > 0:  # noqa: ASYNC110 -- as it says
                await asyncio.sleep(0.2)


async def _measure(
    child: Child, form: Mapping[str, str], url: str, commands: int, at_once: int
) -> tuple[float, float, float, int]:
    """Send commands; tell how many a second, the median and the 99th percentile in ms, and how many were refused."""
    took: list[float] = []
    refused = 0
    numbers = count(1)

    async def send(http: aiohttp.ClientSession, number: int, due: float) -> None:
        nonlocal refused
        trigger = f"{time.time_ns()}.{at_once}.{number}"
        # always somebody else, somewhere else: both are let in so many times a minute
        whose = {"user_id": f"U0{at_once}X{number}", "channel_id": f"C0{at_once}X{number}"}
        answers = child.slack.response_base + child.slack.tickets.new_response(REQUESTER.slack_id, GENERAL[0])
        own = {**whose, "trigger_id": trigger, "response_url": answers, "text": "help"}
        raw = child.slack.courier.sign(urlencode({**form, **own}).encode())
        async with http.post(url, data=raw.body, headers=raw.headers) as answer:
            refused += answer.status != HTTPStatus.OK or "Nothing was stored" in await answer.text()
        took.append((time.perf_counter() - due) * 1000)

    async def send_in_turn(http: aiohttp.ClientSession) -> None:
        while (number := next(numbers)) <= commands:
            await send(http, number, time.perf_counter())

    async def send_when_due(http: aiohttp.ClientSession, number: int, began: float) -> None:
        due = began + number / STEADY
        await asyncio.sleep(due - time.perf_counter())
        await send(http, number, due)

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=at_once)) as http:
        began = time.perf_counter()
        async with asyncio.timeout(PATIENCE + commands / STEADY):
            if at_once:
                await asyncio.gather(*(send_in_turn(http) for _ in range(at_once)))
            else:
                await asyncio.gather(*(send_when_due(http, number, began) for number in range(commands)))
        seconds = time.perf_counter() - began
    took.sort()
    return commands / seconds, took[len(took) // 2], took[int(len(took) * 0.99)], refused


@asynccontextmanager
async def _run_bolt(child: Child, database_url: str) -> AsyncIterator[str]:
    port = HeldPort()
    given = (str(port.number), SIGNING_SECRET, BOT_TOKEN, child.slack.api_url, *filter(None, [database_url]))
    root = Path(__file__).parents[2]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.bolt_app", *given, cwd=root, stdout=PIPE
    )
    try:
        assert process.stdout
        assert (await process.stdout.readline()).strip() == b"listens"
        yield f"http://127.0.0.1:{port.number}/slack/events"
    finally:
        process.kill()
        await process.wait()


def _count(url: str, which: TextClause = ALL) -> int:
    """Count what the bot has stored."""
    engine = make_engine(url)
    with engine.begin() as connection:
        found = connection.scalar(which)
    engine.dispose()
    return int(found or 0)
