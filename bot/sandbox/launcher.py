"""`npmtrust sandbox`: the simulated registry and the local Slack in this process, and the real bot as its own process.

The bot gets nothing but settings, as an operator would set them, and a clock that the page can put on.
"""

import asyncio
import secrets
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from cryptography.fernet import Fernet

from bot.errors import StartupError
from bot.sandbox.cast import ADMINS
from bot.sandbox.forge import SimulatedForge
from bot.sandbox.forge_files import CAST
from bot.sandbox.ports import LOOPBACK, HeldPort
from bot.sandbox.registry import SimulatedRegistry
from bot.sandbox.shifted_clock import FILE, ShiftedClock
from bot.sandbox.slack import LocalSlack
from bot.sandbox.world_menu import WorldMenu

BOT_COMMAND = (sys.executable, "-m", "bot.sandbox.bot_process")
READY_SECONDS = 30.0
END_SECONDS = 5.0
LOOK_EVERY_SECONDS = 0.05
LOG = "bot.log"
LAST_LINES = 20
BASICS = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "SYSTEMROOT")
TUNING = {"NPMTRUST_PACE_SECONDS": "2", "NPMTRUST_LAG_SECONDS": "5", "NPMTRUST_LOG_LEVEL": "INFO"}
"""Settings that are taken over from the environment, with what the sandbox uses else: its lists do not lag."""


@dataclass(frozen=True, slots=True)
class World:
    """What stands in for the outside."""

    registry: SimulatedRegistry
    slack: LocalSlack
    forge: SimulatedForge
    bot_token: str
    signing_secret: str


def main(port: int, environment: Mapping[str, str]) -> int:
    """Run the sandbox until Ctrl-C, with the page at that port (0: any); tells the exit status.

    Raises:
        StartupError: Another registry is set, or the port is taken.
    """
    return asyncio.run(run_sandbox(port=port, environment=environment))


async def run_sandbox(
    *,
    port: int = 0,
    environment: Mapping[str, str],
    bot_command: Sequence[str] = BOT_COMMAND,
    end_seconds: float = END_SECONDS,
) -> int:
    """Start everything, print the address, wait for Ctrl-C or SIGTERM, end everything; tells the exit status.

    The bot is killed when it takes longer than `end_seconds` to end.
    """
    if environment.get("NPMTRUST_REGISTRY_URL"):
        raise StartupError("NPMTRUST_REGISTRY_URL is set: unset it, the sandbox works with its own registry only")
    with _ended_by_signals() as ended, TemporaryDirectory(prefix="npmtrust-") as name:
        folder = Path(name)
        async with _open_world(port, ShiftedClock(folder / FILE)) as world:
            bot_environment = _environment_of(world, folder, environment)
            said = f"npmtrust sandbox: {world.slack.url}  (Ctrl-C ends everything)"
            is_killed = True
            while is_killed:
                async with _open_bot(bot_command, bot_environment, folder, end_seconds) as bot:
                    is_ready = await _wait_until_ready(world.slack, bot, ended)
                    if is_ready:
                        print(said, flush=True)  # noqa: T201
                        await _wait_for_any(ended.wait(), bot.wait())
                    is_late = bot.returncode is None
                if ended.is_set():
                    return 0
                is_killed = is_ready and (bot.returncode or 0) < 0
                said = "npmtrust sandbox: the bot was killed, and goes on with the same database"
            why = "did not get ready" if is_late else f"ended with status {bot.returncode}"
            lines = (folder / LOG).read_text(errors="replace").splitlines()[-LAST_LINES:]
            print(f"npmtrust sandbox: the bot {why}; its last lines:", *lines, sep="\n", file=sys.stderr)  # noqa: T201
            return 1


@contextmanager
def _ended_by_signals() -> Iterator[asyncio.Event]:
    """Make an event of Ctrl-C and SIGTERM."""
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    try:
        yield ended
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


@asynccontextmanager
async def _open_world(port: int, clock: ShiftedClock) -> AsyncIterator[World]:
    """Start the stand-ins, with the switches of the page at work."""
    bot_token, signing_secret = f"xoxb-{secrets.token_hex(24)}", secrets.token_hex(16)
    registry = SimulatedRegistry(clock)
    slack = LocalSlack(clock, signing_secret=signing_secret, bot_token=bot_token)
    menu = WorldMenu(registry, slack, clock)
    slack.side_panel, registry.on_change = registry.snapshot, slack.changed
    slack.world, slack.on_switch, slack.on_deed = menu.state, menu.throw, menu.do
    forge = SimulatedForge(clock)
    for name, files in CAST.items():
        forge.describe(name, files)
    bot_port = HeldPort()
    slack.events_url = f"http://{LOOPBACK}:{bot_port.number}/slack/events"
    try:
        await registry.start()
        await forge.start()
        try:
            await slack.start(port)
        except OSError as err:
            raise StartupError(f"port {port} cannot be used: {err.strerror}; give another one, or none") from err
        yield World(registry, slack, forge, bot_token, signing_secret)
    finally:
        await slack.stop()
        await forge.stop()
        await registry.stop()


def _environment_of(world: World, folder: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Make the bot's environment: the basics of this machine and the settings, and nothing else."""
    return {
        **{name: environment[name] for name in BASICS if name in environment},
        **{name: environment.get(name, usual) for name, usual in TUNING.items()},
        "PYTHONPATH": str(Path(__file__).parents[2]),  # the bot starts in another folder
        "SLACK_BOT_TOKEN": world.bot_token,
        "SLACK_SIGNING_SECRET": world.signing_secret,
        "SLACK_API_URL": world.slack.api_url,
        "NPMTRUST_REGISTRY_URL": world.registry.url,
        "NPMTRUST_AUTH_HOSTS": urlsplit(world.registry.url).netloc,
        "NPMTRUST_DATABASE_URL": f"sqlite:///{folder / 'npmtrust.sqlite3'}",
        "NPMTRUST_SECRET_KEYS": Fernet.generate_key().decode(),
        "NPMTRUST_ADMINS": ",".join(person.slack_id for person in ADMINS),
        **world.forge.settings,
        "NPMTRUST_HOST": LOOPBACK,
        "NPMTRUST_PORT": str(urlsplit(world.slack.events_url).port),
        "NPMTRUST_LOG_FORMAT": "console",
    }


@asynccontextmanager
async def _open_bot(
    command: Sequence[str], environment: Mapping[str, str], folder: Path, end_seconds: float
) -> AsyncIterator[Process]:
    """Run the bot in its folder; at the end it is asked to end, then killed."""
    with (folder / LOG).open("wb") as log:
        bot = await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C at the terminal must not reach it before we say so
        )
    try:
        yield bot
    finally:
        with suppress(ProcessLookupError):
            bot.terminate()
        try:
            await asyncio.wait_for(bot.wait(), end_seconds)
        except TimeoutError:
            bot.kill()
            await bot.wait()


async def _wait_until_ready(slack: LocalSlack, bot: Process, ended: asyncio.Event) -> bool:
    """Wait until the bot takes commands; no when it has ended, when it takes too long, or when nobody wants it."""
    with suppress(TimeoutError):
        async with asyncio.timeout(READY_SECONDS):
            while bot.returncode is None and not ended.is_set():
                if await slack.courier.probe():
                    return True
                await asyncio.sleep(LOOK_EVERY_SECONDS)
    return False


async def _wait_for_any(*waits: Coroutine[None, None, object]) -> None:
    tasks = [asyncio.create_task(wait) for wait in waits]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
