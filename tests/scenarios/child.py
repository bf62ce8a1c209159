"""The real bot as a child process that can be killed at any moment, between the stand-ins, which live in this one.

The people here do what a message asks of them, once, and again only where Slack itself told them that it failed.
"""

import asyncio
import os
import re
import signal
import sqlite3
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet

from bot.sandbox.cast import ADMINS, GENERAL, OWNER, REQUESTER, TEAM_ID
from bot.sandbox.ports import HeldPort
from bot.sandbox.registry import SimulatedRegistry
from bot.sandbox.slack import LocalSlack
from bot.sandbox.slack_delivery import Delivered
from bot.sandbox.slack_state import SlackMessage
from tests.patience import PATIENCE
from tests.scenarios.leaks import files_of, find_leaks
from tests.scenarios.nursery import DIED, PASSED, AheadClock, Nursery, Order

LAG_SECONDS = 0.2
SIGNING_SECRET = "a-signing-secret"
BOT_TOKEN = "xoxb-token"
AWAY_SECONDS = 12
"""How much time passes while the bot is dead at a point: a call that was under way is surely over then."""

_READY = re.compile(rf"takes commands of {TEAM_ID} on port \d+")


class Child:
    """The stand-ins and the bot's process."""

    def __init__(self, folder: Path, nursery: Nursery | None = None, /, **settings: str) -> None:
        clock = self.clock = AheadClock()
        self.folder = folder
        self._nursery = nursery
        self.survived: list[str] | None = None
        """Points at which the bot has died before. With this it dies at the first other one, each time it starts."""
        self.among: tuple[str, ...] = ()
        """Where this is not empty, only commits whose name ends in one of these count, and all calls."""
        self.after = 0
        """How many such points it passes before that."""
        self.passed: set[str] = set()
        """Points that it did not die at."""
        self._settings = settings
        self.registry = SimulatedRegistry(clock)
        self.slack = LocalSlack(clock, signing_secret=SIGNING_SECRET, bot_token=BOT_TOKEN)
        self.log: list[str] = []
        self.kills = 0
        self.acked = 0
        """How many deliveries the bot has acknowledged."""
        self._process: Process | None = None
        self._pid = 0
        self._connection: asyncio.StreamWriter | None = None
        self._starting: asyncio.Task[None] | None = None
        self._reading: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._changed = asyncio.Event()
        self._reviving = asyncio.Lock()
        self._key = Fernet.generate_key().decode()
        self._port = HeldPort()

    async def open(self) -> None:
        """Start the stand-ins and the bot."""
        self.registry.lag_seconds = LAG_SECONDS
        await self.registry.start()
        await self.slack.start()
        self.slack.events_url = f"http://127.0.0.1:{self._port.number}/slack/events"
        self.registry.on_change = self.slack.workspace.on_change = self._changed.set
        await self.start()

    async def close(self) -> None:
        """End everything."""
        if self._starting:
            await asyncio.wait({self._starting})
        self.kill()
        if self._reading:
            await self._reading
        await self.slack.stop()
        await self.registry.stop()

    async def start(self) -> None:
        """Start the bot with nothing but the settings of an operator, and wait until it takes commands.

        It goes on to start when whoever waits for it gives up.
        """
        if self._starting is None or self._starting.done():
            self._starting = asyncio.create_task(self._start())
        await asyncio.shield(self._starting)

    async def _start(self) -> None:
        self._ready.clear()
        self._reading = asyncio.create_task(self._read_log(await self._begin()))
        ready = asyncio.create_task(self._ready.wait())
        await asyncio.wait({ready, self._reading}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        has_started = ready.done()
        ready.cancel()
        if not has_started and self._dies():
            await self._start()  # it died while it started
            return
        assert has_started, "\n".join(["the bot did not start", *self.log[-20:]])

    async def _begin(self) -> asyncio.StreamReader:
        """Begin a process; tell where its log comes from."""
        if self._nursery is None:
            program = (sys.executable, "-m", "bot", "run")
            self._process = process = await asyncio.create_subprocess_exec(
                *program, cwd=self.folder, env=self._environment(), stderr=PIPE
            )
            assert process.stderr
            self._pid = process.pid
            return process.stderr
        order = Order(str(self.folder), self._environment(), self.clock.ahead, after=self.after)
        order.dies, order.survived = self.survived is not None, self.survived or []
        order.among = list(self.among)
        self._pid, log, self._connection = await self._nursery.bear(order)
        return log

    def _dies(self) -> bool:
        """Tell whether it has died at a point."""
        return bool(self.log) and self.log[-1].startswith(DIED)

    async def sleep_over(self, seconds: float) -> None:
        """Be dead for so long, by everybody's clock; only what a nursery has made can be."""
        self.kill()
        self.clock.ahead += seconds
        await self.revive()

    def kill(self) -> None:
        """Kill -9, in the middle of whatever it does."""
        if self.is_alive:
            with suppress(ProcessLookupError):  # it has died by itself, and its log has not ended yet
                os.kill(self._pid, signal.SIGKILL)
            self._ready.clear()
            self.kills += 1
            self._changed.set()

    async def end(self) -> int | None:
        """Ask it to end, as a platform does; tell its exit status."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return await self._process.wait()

    @property
    def is_alive(self) -> bool:
        return self._ready.is_set()

    @property
    def secrets(self) -> set[str]:
        """What the operator keeps to themselves."""
        return {BOT_TOKEN, SIGNING_SECRET, self._key}

    @property
    def database_url(self) -> str:
        return f"sqlite:///{self.folder / 'npmtrust.sqlite3'}"

    @property
    def peak_memory(self) -> int:
        """The most memory that the bot's process has had, in bytes, as Linux counts it."""
        found = re.search(r"VmHWM:\s*(\d+) kB\n", Path(f"/proc/{self._pid}/status").read_text("ascii"))
        assert found
        return int(found[1]) * 1024

    async def revive(self) -> None:
        """Start the bot again where it was killed."""
        async with self._reviving:
            if not self.is_alive and self._reading:
                if self._starting and self._starting.done():
                    await asyncio.shield(self._reading)  # the log is read on when whoever waits here gives up
                await self.start()

    async def next_change(self, *, within: float | None = None) -> bool:
        """Wait until something happens in the world, or for so long; the bot is started when it is dead.

        Returns:
            Whether something happened.
        """
        await self.revive()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), within)
        has_changed = self._changed.is_set()
        self._changed.clear()
        return has_changed

    def describe(self) -> str:
        """Tell what everybody sees, for a failed test."""
        places = (GENERAL[0], self.slack.dm(OWNER.slack_id))
        seen = [self.slack.text_of(message) for place in places for message in self.messages(place)]
        calls = [f"{call.method} {call.path} {call.status} {call.note}" for call in self.registry.calls[-20:]]
        return "\n".join([*seen, "", *calls, "", *self.log[-20:]])

    def messages(self, place: str) -> list[SlackMessage]:
        return self.slack.messages(place, OWNER.slack_id)

    def newest(self, request: "Request") -> SlackMessage | None:
        """Find the newest message of a request."""
        shown = reversed(self.messages(GENERAL[0]))
        return next((message for message in shown if f"→ {request.file}" in self.slack.text_of(message)), None)

    def inbox(self) -> Counter[str]:
        """Count the deliveries that the bot has stored, by state."""
        with closing(sqlite3.connect(self.folder / "npmtrust.sqlite3")) as database:
            return Counter(state for (state,) in database.execute("SELECT state FROM inbox"))

    def is_all_done(self) -> bool:
        """Tell whether everything acked is done, and nothing is left; what was stored and not acked came twice."""
        stored = self.inbox()
        return stored["done"] >= self.acked and set(stored) == {"done"}

    async def says(self, user: str, text: str) -> None:
        """Type a command, again when Slack says that it failed."""
        await self._insist(lambda: self.slack.command(user, GENERAL[0], text))

    async def presses(self, user: str, message: SlackMessage, action: str) -> None:
        """Press a button, again when Slack says that it failed."""
        await self._insist(lambda: self.slack.click(user, message.channel, message.ts, action))

    async def submits(self, user: str) -> bool:
        """Send the form that is open as it is; tell whether the bot took it."""
        view = self.slack.view(user)
        submitted = await self.slack.submit(user, view["id"], {}) if view else None
        self.acked += submitted is not None and submitted.ok
        return submitted is not None and submitted.ok

    async def _insist(self, act: Callable[[], Awaitable[Delivered]]) -> None:
        while (delivered := await act()).error:
            if self.is_alive and self._reading:  # its death was felt before its log has ended
                await asyncio.wait({self._reading}, timeout=1)
            assert not self.is_alive, delivered
            await self.revive()
        self.acked += 1

    async def _read_log(self, log: asyncio.StreamReader) -> None:
        while line := (await log.readline()).decode().rstrip():
            if line.startswith(PASSED):
                self.passed.add(line.removeprefix(PASSED))
                continue
            self.log.append(line)
            if _READY.search(line):
                self._ready.set()
        if self._process:
            await self._process.wait()
        if self._connection:
            self._connection.close()
        if self._dies() and self.survived is not None:
            self.kills += 1
            self.survived.append(self.log[-1].removeprefix(DIED))
            self.clock.ahead += AWAY_SECONDS
        self._ready.clear()
        self._changed.set()

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path(__file__).parents[2]),  # it runs in another folder
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_SIGNING_SECRET": SIGNING_SECRET,
            "SLACK_API_URL": self.slack.api_url,
            "NPMTRUST_REGISTRY_URL": self.registry.url,
            "NPMTRUST_AUTH_HOSTS": self.registry.url.removeprefix("http://"),
            "NPMTRUST_DATABASE_URL": self.database_url,
            "NPMTRUST_SECRET_KEYS": self._key,
            "NPMTRUST_ADMINS": ",".join(admin.slack_id for admin in ADMINS),
            "NPMTRUST_PREFLIGHT": "off",
            "NPMTRUST_HOST": "127.0.0.1",
            "NPMTRUST_PORT": str(self._port.number),
            "NPMTRUST_PACE_SECONDS": "0.05",
            "NPMTRUST_LAG_SECONDS": str(LAG_SECONDS),
            **self._settings,
        }


@dataclass(frozen=True)
class Request:
    """What is asked for; its file tells it from the others."""

    package: str = "@acme/ui"
    file: str = "release.yml"

    @property
    def line(self) -> str:
        return f"github {self.package} --repo acme/ui --file {self.file} --allow-publish"


class People:
    """Rita asks; Otto links his account, approves, and confirms at npm."""

    def __init__(self, child: Child, *, patience: float = PATIENCE) -> None:
        self.child = child
        self.patience = patience
        self.before: Callable[[str], None] = lambda _act: None
        """Told what they are about to do: asks, wants a link, logs in, approves, confirms."""
        self.after: Callable[[str], None] = lambda _act: None
        """Told that Slack has told them nothing bad about it."""
        self._done: set[str] = set()

    async def live(self, *requests: Request) -> None:
        """Ask for publishers, and do what the messages ask for until the outcomes stand there."""
        try:
            async with asyncio.timeout(self.patience):
                for request in requests:
                    await self._act("asks", self.child.says(REQUESTER.slack_id, request.line))
                while not self._is_over(requests):
                    if not await self._react(requests):
                        await self.child.next_change()
        except TimeoutError:
            raise AssertionError(f"it did not come to an end:\n{self.child.describe()}") from None

    def _is_over(self, requests: Iterable[Request]) -> bool:
        """Tell whether every outcome is told, nobody is asked for anything, and nothing acked is left to do."""
        told = (self.child.newest(request) for request in requests)
        is_told = all(message is not None and is_outcome(self.child.slack.text_of(message)) for message in told)
        return is_told and self._find_task() is None and self.child.is_all_done()

    async def _react(self, requests: Iterable[Request]) -> bool:
        """Do the next thing that a message asks for; False when there is none."""
        if "linked" not in self._done:
            self._done.add("linked")
            await self._act("wants a link", self.child.says(OWNER.slack_id, "login"))
            return True
        for request in requests:
            message = self.child.newest(request)
            button = message and find_button(message, "approve")
            if message and button and request.file not in self._done:
                self._done.add(request.file)
                await self._act("approves", self.child.presses(OWNER.slack_id, message, button["action_id"]))
                return True
        return await self._do_task()

    async def _do_task(self) -> bool:
        task = self._find_task()
        if task is None:
            return False
        message, button = task
        if "url" not in button:
            self._done.add(message.ts)
            await self._act("is ready", self.child.presses(OWNER.slack_id, message, button["action_id"]))
        else:
            self._done.add(button["url"])
            is_login = "/login/" in button["url"]
            self.before("logs in" if is_login else "confirms")
            visit = self.child.registry.log_in if is_login else self.child.registry.confirm
            visit(button["url"], OWNER.npm_user)
        return True

    async def _act(self, name: str, act: Awaitable[None]) -> None:
        self.before(name)
        await act
        self.after(name)

    def _find_task(self) -> tuple[SlackMessage, dict[str, str]] | None:
        for message in reversed(self.child.messages(self.child.slack.dm(OWNER.slack_id))):
            link, ready = find_button(message, "open_npm"), find_button(message, "handoff_ready")
            if link and link["url"] not in self._done:
                return message, link
            if ready and message.ts not in self._done:
                return message, ready
        return None


def find_button(message: SlackMessage, action: str) -> dict[str, str] | None:
    for block in message.blocks:
        for element in block.get("elements", ()):
            if str(element.get("action_id", "")).startswith(action):
                return dict(element)
    return None


def is_outcome(text: str) -> bool:
    return bool(re.search("now trusts|nothing to do|nothing changed|Cancelled|Expired|could not find out", text))


@asynccontextmanager
async def open_child(folder: Path, nursery: Nursery | None = None, /, **settings: str) -> AsyncIterator[Child]:
    async with opened(Child(folder, nursery, **settings)) as child:
        yield child


@asynccontextmanager
async def opened(child: Child) -> AsyncIterator[Child]:
    said: list[tuple[str, bytes]] = []
    child.slack.listen(lambda what, body: said.append((what, body)))
    try:
        await child.open()
        yield child
        places = {"the log": "\n".join(child.log).encode(), **files_of(child.folder)}
        leaks = find_leaks(child.registry, child.slack, child.secrets, said, places)
        assert leaks == [], leaks
    finally:
        await child.close()
