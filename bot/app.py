"""The bot as one process: what it is made of, the order in which it starts and ends, and what it tells a platform."""

import asyncio
import logging
import signal
from contextlib import AsyncExitStack
from datetime import timedelta

from aiohttp import web

from bot import __version__
from bot.clock import Clock
from bot.errors import SlackError, StartupError, StorageError
from bot.notifications import Identity, Notifier, SlackRefused
from bot.registry import RegistryClient
from bot.scheduler import Scheduler
from bot.services import Options, Services
from bot.settings import Settings
from bot.workflow.workers import WORKERS
from handlers import MAX_BODY_BYTES, FrontDoor
from storage import migrate
from storage.database import Database
from storage.vault import Vault

DRAIN_SECONDS = 12.0
"""What a call in flight and the answer to it may take when the process ends."""
LONGEST_PAUSE = 30.0
OLDEST_TICK_SECONDS = 10.0

_LOG = logging.getLogger(__name__)


class App:
    """The bot. Without `tick` no worker runs by itself: a test moves them."""

    services: Services
    """Once it has started."""

    def __init__(self, settings: Settings, clock: Clock, *, tick: bool = True) -> None:
        if not settings.signing_secret:
            raise StartupError("this version takes commands over HTTP: set SLACK_SIGNING_SECRET, not SLACK_APP_TOKEN")
        self._settings = settings
        self._signing_secret = settings.signing_secret
        self._clock = clock
        self._ticks = tick
        self._scheduler: Scheduler | None = None
        self._door: FrontDoor | None = None
        self._opened = AsyncExitStack()
        self._runner = web.AppRunner(self._routes(), access_log=None, shutdown_timeout=3)

    @property
    def port(self) -> int:
        """Where it listens; the setting may have been 0, any."""
        return int(self._runner.addresses[0][1])

    async def start(self) -> None:
        """Start, and return when commands are taken.

        Raises:
            StartupError: It cannot, in one line why.
        """
        self.services = await self._open()
        await self._listen()
        identity = await self._identify()
        self.services.database.workspace = identity.team
        if self.services.database.is_sqlite:  # the file is ours alone: whoever held something before has died
            await self.services.database.run(lambda store: store.release_all(self._clock.now()))
        self._opened.push_async_callback(self._release)
        if self._ticks:
            self._scheduler = Scheduler(self.services, WORKERS)
            self._scheduler.start()
        self._door = FrontDoor(self.services, self._signing_secret)
        _LOG.info("npmtrust %s takes commands of %s on port %d", __version__, identity.team, self.port)

    async def stop(self) -> None:
        """Take nothing any more, finish what runs, close."""
        self._door = None
        if self._scheduler is not None:
            await self._scheduler.drain(DRAIN_SECONDS)
        await self._opened.aclose()

    async def _release(self) -> None:
        """Let another process take the lanes at once, instead of when the leases have run out."""
        services, now = self.services, self._clock.now()
        try:
            await services.database.run(lambda store: store.lanes.release(services.process, now))
        except StorageError as err:
            _LOG.warning("The lanes could not be given back: %s", _one_line(err))

    async def _open(self) -> Services:
        settings = self._settings
        database = await _open_database(settings, self._opened)
        notifier = Notifier(settings.bot_token, settings.slack_api_url)
        self._opened.push_async_callback(notifier.close)
        hosts = frozenset(settings.auth_hosts)
        registry = RegistryClient(settings.registry_url, auth_hosts=hosts, clock=self._clock, version=__version__)
        self._opened.push_async_callback(registry.close)
        options = Options(
            registry_url=settings.registry_url,
            auth_hosts=hosts,
            website=settings.website,
            admins=frozenset(settings.admins),
            channel=settings.channel,
            pace=timedelta(seconds=settings.pace_seconds),
            lag=timedelta(seconds=settings.lag_seconds),
        )
        return Services(self._clock, database, Vault(settings.secret_keys), registry, notifier, options)

    async def _listen(self) -> None:
        host, port = self._settings.host, self._settings.port
        await self._runner.setup()
        self._opened.push_async_callback(self._runner.cleanup)
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as err:
            raise StartupError(
                f"cannot listen on {host}:{port}: {_one_line(err)}; set NPMTRUST_HOST and NPMTRUST_PORT"
            ) from err

    async def _identify(self) -> Identity:
        pause = 1.0
        while True:
            try:
                return await self.services.notifier.identify()
            except SlackRefused as err:
                raise StartupError(f"Slack refuses SLACK_BOT_TOKEN: {err}") from err
            except SlackError as err:
                _LOG.warning("Slack cannot be reached: %s; trying again in %g s", err, pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _routes(self) -> web.Application:
        routes = web.Application(client_max_size=MAX_BODY_BYTES)
        routes.router.add_post("/slack/events", self._take)
        routes.router.add_get("/healthz", self._tell_alive)
        routes.router.add_get("/startupz", self._tell_started)
        routes.router.add_get("/readyz", self._tell_ready)
        return routes

    async def _take(self, request: web.Request) -> web.Response:
        if self._door is None:
            return web.Response(status=503, text="npmtrust is starting or ending; try again in a moment.")
        return await self._door.handle(request)

    async def _tell_alive(self, _request: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def _tell_started(self, _request: web.Request) -> web.Response:
        started = self._door is not None
        return web.json_response({"started": started}, status=200 if started else 503)

    async def _tell_ready(self, _request: web.Request) -> web.Response:
        reasons = await self._list_reasons()
        return web.json_response({"ready": not reasons, "reasons": reasons}, status=503 if reasons else 200)

    async def _list_reasons(self) -> list[str]:
        """List what speaks against taking commands now."""
        reasons = []
        if self._door is None:
            reasons.append("Slack has not accepted the bot token yet, or the process is ending")
        try:
            if not await self.services.database.call(migrate.is_current):
                reasons.append("the database has the schema of another version")
        except StorageError as err:
            reasons.append(f"the database does not answer: {_one_line(err)}")
        if self._scheduler is not None:
            age = self._scheduler.seconds_since_tick()
            if age is None or age > OLDEST_TICK_SECONDS:
                reasons.append("no tick of the scheduler in the last 10 seconds")
        return reasons


async def run(settings: Settings) -> None:
    """Run until SIGTERM or Ctrl-C."""
    app = App(settings, Clock())
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    start, end = asyncio.create_task(app.start()), asyncio.create_task(ended.wait())
    try:
        await asyncio.wait({start, end}, return_when=asyncio.FIRST_COMPLETED)
        if start.done():
            start.result()
            await end
    finally:
        start.cancel()
        end.cancel()
        await asyncio.gather(start, end, return_exceptions=True)
        await app.stop()
    _LOG.info("npmtrust has ended")


async def migrate_database(settings: Settings) -> None:
    """Bring the database to the schema of this version, and do nothing else."""
    async with AsyncExitStack() as opened:
        await _open_database(settings, opened)


async def _open_database(settings: Settings, opened: AsyncExitStack) -> Database:
    try:
        database = Database(settings.database_url.get_secret_value())
        opened.push_async_callback(database.close)
        database.claim_file()
        await database.call(migrate.upgrade)
    except (StorageError, OSError) as err:
        raise StartupError(f"the database of NPMTRUST_DATABASE_URL cannot be used: {_one_line(err)}") from err
    return database


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
