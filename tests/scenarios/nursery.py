"""A process in which the whole bot is loaded already, and which forks a new bot whenever it is asked to.

A start costs a fifth of a second instead of two, so that a bot can be killed a hundred times in a test. Each order
comes over a connection of its own, which is the new bot's stderr from then on: it ends when the bot has died.
"""

import asyncio
import gc
import json
import os
import selectors
import signal
import socket
import sys
import threading
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine, event

from bot import app, log
from bot.clock import Clock
from bot.points import Point
from bot.sandbox.world import open_world
from bot.settings import load_settings

PASSED, DIED = "@passed ", "@dies "
"""How the lines begin that tell of a point."""


class AheadClock(Clock):
    """The machine's clock, so many seconds ahead: time passes as it does outside, and can be left out."""

    def __init__(self, ahead: float = 0) -> None:
        self.ahead = ahead

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.ahead)

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead


@dataclass
class Order:
    """A bot to be."""

    folder: str
    environment: dict[str, str]
    ahead: float = 0
    """Of the machine's clock, in seconds."""
    survived: list[str] = field(default_factory=list)
    """Points at which it does not die."""
    dies: bool = False
    """Whether it dies at the first other point; else it tells of each that it passes for the first time."""
    among: list[str] = field(default_factory=list)
    """Where this is not empty, only commits whose name ends in one of these count, and all calls."""
    after: int = 0
    """How many such points it passes before it dies."""


class Nursery:
    """Makes bots."""

    def __init__(self, process: Process, port: int) -> None:
        self._process, self._port = process, port

    async def bear(self, order: Order) -> tuple[int, asyncio.StreamReader, asyncio.StreamWriter]:
        """Make a bot: its process id, what it logs, and what has to be closed in the end."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(json.dumps(asdict(order)).encode() + b"\n")
        return int(await reader.readline()), reader, writer


@asynccontextmanager
async def open_nursery() -> AsyncIterator[Nursery]:
    """Load the bot, and end the process when it is needed no more."""
    root = Path(__file__).parents[2]
    program = (sys.executable, "-m", "tests.scenarios.nursery")
    process = await asyncio.create_subprocess_exec(*program, cwd=root, stdin=PIPE, stdout=PIPE)
    assert process.stdin
    assert process.stdout
    try:
        yield Nursery(process, int(await process.stdout.readline()))
    finally:
        process.stdin.close()  # it ends with us, however we end
        await process.wait()


def main() -> None:
    """Take orders until stdin ends."""
    asyncio.run(_warm_up())
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.create_server(("127.0.0.1", 0)) as listener, selectors.DefaultSelector() as ready:
        sys.stdout.write(f"{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        ready.register(listener, selectors.EVENT_READ)
        ready.register(sys.stdin, selectors.EVENT_READ)
        while all(key.fileobj is listener for key, _ in ready.select()):
            connection, _ = listener.accept()
            with connection:
                order = Order(**json.loads(connection.makefile("rb").readline()))
                if os.fork() == 0:
                    listener.close()
                    os._exit(_live(connection, order))


async def _warm_up() -> None:
    """Live once, so that nothing is left to be loaded or prepared."""
    with TemporaryDirectory() as folder:
        async with open_world(Path(folder)):
            pass


def _live(connection: socket.socket, order: Order) -> int:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(connection.fileno(), 2)
    os.write(2, b"%d\n" % os.getpid())
    os.chdir(order.folder)
    os.environ.clear()
    os.environ.update(order.environment)
    settings = load_settings()
    log.configure(settings.log_format, settings.log_level)
    asyncio.run(app.run(settings, clock=AheadClock(order.ahead), at_point=_pass_points(order)))
    return 0


class Writes(threading.local):
    """Whether the transaction of this thread writes: one that only reads has no commit to die at."""

    def __init__(self) -> None:
        self._any = False

    def note(self, _connection: object, _cursor: object, statement: str, *_more: object) -> None:
        self._any |= statement.startswith(("INSERT", "UPDATE", "DELETE"))

    def any_in(self, name: str) -> bool:
        """Tell it at a point of the transaction; after its commit it is over."""
        is_any = self._any
        self._any = is_any and name.startswith(Point.BEFORE_COMMIT)
        return is_any


def _pass_points(order: Order) -> Callable[[str], None]:
    passed, left = set(order.survived), [order.after]
    writes = Writes()
    event.listen(Engine, "before_cursor_execute", writes.note)

    def at_point(name: str) -> None:
        is_commit = name.startswith((Point.BEFORE_COMMIT, Point.AFTER_COMMIT))
        is_none = is_commit and not writes.any_in(name)
        is_other = bool(order.among) and not name.endswith(tuple(order.among)) and "the call" not in name
        if is_none or is_other or name in passed:
            return
        if order.dies and not left[0]:
            os.write(2, f"{DIED}{name}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1
        passed.add(name)
        os.write(2, f"{PASSED}{name}\n".encode())

    return at_point


if __name__ == "__main__":
    main()
