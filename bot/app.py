"""The bot as one process: what it is made of, the order in which it starts and ends, and what it tells a platform."""

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from typing import TypeVar

from aiohttp import web

from bot import __version__, policy_cli
from bot.clock import Clock
from bot.domain.findings import Finding
from bot.errors import SlackError, StartupError, StorageError
from bot.forge import Forge, Source
from bot.health import Health
from bot.messages import findings as say
from bot.notifications import Notifier, SlackRefused
from bot.points import AtPoint
from bot.policies import Policies
from bot.policy_cli import Asked
from bot.registry import RegistryClient
from bot.scheduler import Scheduler
from bot.services import Options, Services
from bot.settings import Settings, StorageSettings
from bot.workflow import checkup
from bot.workflow.checkup_slack import check_socket
from bot.workflow.clock_back import bring_back_missed
from bot.workflow.seal import seal_last, seal_missed
from bot.workflow.workers import WORKERS
from handlers import MAX_BODY_BYTES, FrontDoor, HttpMode, SocketMode
from handlers.http_log import server_logger
from storage import migrate
from storage.database import Database, DatabaseInUse, file_of
from storage.seal_keys import SealKeys
from storage.vault import Vault, WrongKey

T = TypeVar("T")

DRAIN_SECONDS = 12.0
"""What a call in flight and the answer to it may take when the process ends."""
REQUEST_SECONDS = 3
"""What a request in flight may take then."""
END_SECONDS = 20.0
"""After a signal the process has ended by then, whatever hangs: nothing that was written down is lost."""
LONGEST_PAUSE = 30.0

_ENDED_AT_ONCE = 130
"""The exit status that shells give to what Ctrl-C has ended."""
_BOT_REFUSED = "Slack refuses SLACK_BOT_TOKEN: {}; copy the bot token anew (OAuth & Permissions of the app)"
_APP_REFUSED = (
    "Slack refuses SLACK_APP_TOKEN: {}; make an app-level token with the scope connections:write"
    " (Basic Information of the app), and see that Socket Mode is on"
)
_LOG = logging.getLogger(__name__)


class App:
    """The bot. Without `tick` no worker runs by itself: a test moves them. `at_point` is told each of `bot.points`."""

    services: Services
    """Once it has started."""

    def __init__(self, settings: Settings, clock: Clock, *, tick: bool = True, at_point: AtPoint | None = None) -> None:
        self._settings = settings
        self._clock = clock
        self._ticks = tick
        self._at_point = at_point
        self._health = Health()
        self._http_mode: HttpMode | None = None
        self._opened = AsyncExitStack()
        self._runner = web.AppRunner(
            self._routes(), access_log=None, logger=server_logger(), shutdown_timeout=REQUEST_SECONDS
        )

    @property
    def port(self) -> int:
        """Where it listens; the setting may have been 0, any."""
        return int(self._runner.addresses[0][1])

    async def start(self) -> None:
        """Start, and return when commands are taken.

        Raises:
            StartupError: It cannot, in one line why.
        """
        services = self.services = self._health.services = await self._open()
        await self._listen()
        identity = await self._insist(services.notifier.identify, _BOT_REFUSED)
        services.database.workspace = identity.team
        if services.database.is_sqlite:  # the file is ours alone: whoever held something before has died
            await services.database.run(lambda store: store.release_all(self._clock.now()))
        await services.database.run(lambda store: bring_back_missed(services, store))
        await seal_missed(services)
        self._opened.push_async_callback(self._release)
        if self._ticks:
            self._health.scheduler = Scheduler(services, WORKERS)
            self._health.scheduler.start()
        await self._take_commands()
        self._health.is_accepted = self._health.is_taking = True
        where = "by Socket Mode, health on port" if self._settings.app_token else "on port"
        _LOG.info("npmtrust %s takes commands of %s %s %d", __version__, identity.team, where, self.port)

    async def _take_commands(self) -> None:
        """Open the door in the way of the settings; behind it both are the same."""
        services, settings = self.services, self._settings
        door = FrontDoor(services)
        if settings.signing_secret:
            self._http_mode = HttpMode(services, settings.signing_secret, door)
        elif settings.app_token:
            self._health.socket_mode = SocketMode(services, settings.app_token, door)
            await self._insist(self._health.socket_mode.start, _APP_REFUSED)

    async def stop(self) -> None:
        """Take nothing any more, finish what runs, close."""
        self._http_mode, self._health.is_taking = None, False
        if self._health.socket_mode is not None:
            await self._health.socket_mode.stop()
        if self._health.scheduler is not None:
            await self._health.scheduler.drain(DRAIN_SECONDS)
        await self._opened.aclose()

    async def _release(self) -> None:
        """Let another process take the lanes at once, instead of when the leases have run out; seal what is left."""
        await seal_last(self.services)
        services, now = self.services, self._clock.now()
        try:
            await services.database.run(lambda store: store.lanes.release(services.process, now))
        except StorageError as err:
            _LOG.warning("The lanes could not be given back: %s", _one_line(err))

    async def _open(self) -> Services:
        database = await _open_database(self._settings, self._opened)
        services = make_services(self._settings, self._clock, database, self._opened)
        database.at_point = services.registry.at_point = services.notifier.at_point = self._at_point
        services.policies.load()
        try:
            await database.run(lambda store: store.key_check.verify(services.vault))
        except WrongKey as err:
            raise StartupError(
                "NPMTRUST_SECRET_KEYS holds no key of this database: put back the one that it was made with"
                " (a new one goes in front of it, comma separated), or name another database"
            ) from err
        except StorageError as err:
            raise _unusable(err) from err
        return services

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

    async def _insist(self, ask: Callable[[], Awaitable[T]], what_to_do: str) -> T:
        """Ask Slack until it answers; a no ends the start."""
        pause = 1.0
        while True:
            try:
                return await ask()
            except SlackRefused as err:
                raise StartupError(what_to_do.format(err)) from err
            except SlackError as err:
                wait = max(pause, err.retry_after)
                _LOG.warning("Slack cannot be reached: %s; trying again in %g s", err, wait)
            await asyncio.sleep(wait)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _routes(self) -> web.Application:
        """Serve what platforms ask; in HTTP mode also what Slack posts."""
        routes = web.Application(client_max_size=MAX_BODY_BYTES)
        routes.add_routes(self._health.routes())
        if self._settings.signing_secret:
            routes.router.add_post("/slack/events", self._take)
        return routes

    async def _take(self, request: web.Request) -> web.Response:
        if self._http_mode is None:
            return web.Response(status=503, text="npmtrust is starting or ending; try again in a moment.")
        return await self._http_mode.handle(request)


def make_services(settings: Settings, clock: Clock, database: Database, opened: AsyncExitStack) -> Services:
    """Make what use cases work with; `opened` closes it."""
    notifier = Notifier(settings.bot_token, settings.slack_api_url)
    opened.push_async_callback(notifier.close)
    hosts = frozenset(settings.auth_hosts)
    registry = RegistryClient(settings.registry_url, auth_hosts=hosts, clock=clock, version=__version__)
    opened.push_async_callback(registry.close)
    database.seal_keys = SealKeys(settings.secret_keys)
    options = Options(
        registry_url=settings.registry_url,
        auth_hosts=hosts,
        website=settings.website,
        admins=frozenset(settings.admins),
        channel=settings.channel,
        pace=timedelta(seconds=settings.pace_seconds),
        lane=settings.lane,
        lag=timedelta(seconds=settings.lag_seconds),
        handoff_life=timedelta(seconds=settings.handoff_seconds),
        sessions=settings.sessions,
    )
    vault = Vault(settings.secret_keys)
    forge = _make_forge(settings, clock)
    if forge is not None:
        opened.push_async_callback(forge.close)
    return Services(clock, database, vault, registry, notifier, options, Policies(settings.policy_file), forge=forge)


def _make_forge(settings: Settings, clock: Clock) -> Forge | None:
    """Make what reads workflow files; None where preflight is off."""
    if settings.preflight == "off":
        return None
    github = Source("GitHub", settings.github_api_url, settings.github_token, "NPMTRUST_GITHUB_TOKEN")
    gitlab = Source("GitLab", settings.gitlab_url, settings.gitlab_token, "NPMTRUST_GITLAB_TOKEN")
    return Forge(github=github, gitlab=gitlab, clock=clock, version=__version__)


async def run(
    settings: Settings,
    *,
    end_seconds: float = END_SECONDS,
    clock: Clock | None = None,
    at_point: AtPoint | None = None,
) -> None:
    """Run until SIGTERM or Ctrl-C; the second one ends it at once."""
    app = App(settings, clock or Clock(), at_point=at_point)
    ended = asyncio.Event()

    def end_once() -> None:
        if ended.is_set():
            _LOG.warning("npmtrust is told to end a second time, and ends at once")
            os._exit(_ENDED_AT_ONCE)  # as a kill would: what was written down is there
        _LOG.info("npmtrust is told to end: it takes nothing new, and finishes within %g s what runs", end_seconds)
        ended.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end_once)
    start, end = asyncio.create_task(app.start()), asyncio.create_task(ended.wait())
    try:
        await asyncio.wait({start, end}, return_when=asyncio.FIRST_COMPLETED)
        if start.done():
            start.result()
            await end
    finally:
        if ended.is_set():
            _end_in_time(end_seconds)
        start.cancel()
        end.cancel()
        await asyncio.gather(start, end, return_exceptions=True)
        await app.stop()
    _LOG.info("npmtrust has ended")


def _end_in_time(seconds: float) -> None:
    """End the process, as a kill would, if it cannot end in order: a thread may hang in a database that does."""

    def end() -> None:
        _LOG.error("npmtrust could not end in order within %g s, and is ended", seconds)
        os._exit(1)

    watch = threading.Timer(seconds, end)
    watch.daemon = True
    watch.start()


async def migrate_database(settings: Settings | StorageSettings) -> None:
    """Bring the database to the schema of this version, and do nothing else."""
    async with AsyncExitStack() as opened:
        await _open_database(settings, opened)


async def check_installation(settings: Settings, clock: Clock) -> list[Finding]:
    """Look at everything that `run` will need, and change nothing. The bot may run meanwhile."""
    url = settings.database_url.get_secret_value()
    found = [say.settings_read(settings.registry_url, socket_mode=settings.app_token is not None)]
    async with AsyncExitStack() as opened:
        try:
            file = file_of(url)
            # A file that is not there yet is not made: it would belong to who looks, and not to who runs the bot.
            database = Database(url if file is None or os.access(file, os.W_OK) else "sqlite://")
        except (StorageError, OSError) as err:
            return [*found, say.database_unusable(_one_line(err))]
        opened.push_async_callback(database.close)
        services = make_services(settings, clock, database, opened)
        with suppress(StartupError):  # the look tells what is wrong with it
            services.policies.load()
        found += await checkup.check(services, file=file)
        if settings.app_token:
            found += await check_socket(services, settings.app_token)
    return found


async def explain_policy(settings: Settings, asked: Asked) -> str:
    """Say what the policy of the settings says of a package, with what the database knows. The bot may run meanwhile.

    Raises:
        StartupError: It cannot be said.
    """
    async with AsyncExitStack() as opened:
        try:
            database = Database(settings.database_url.get_secret_value())
        except (StorageError, OSError) as err:
            raise _unusable(err) from err
        opened.push_async_callback(database.close)
        try:
            return await policy_cli.explain_policy(make_services(settings, Clock(), database, opened), asked)
        except StorageError as err:
            raise _unusable(err) from err


async def _open_database(settings: Settings | StorageSettings, opened: AsyncExitStack) -> Database:
    """Open the database with the schema of this version."""
    try:
        database = Database(settings.database_url.get_secret_value())
        opened.push_async_callback(database.close)
        database.claim_file()
        schema = await database.call(migrate.compare)
    except DatabaseInUse as err:
        raise StartupError(str(err)) from err
    except (StorageError, OSError) as err:
        raise _unusable(err) from err
    if schema is migrate.Schema.NEWER:
        raise StartupError(
            "the database has the schema of a newer npmtrust: run that version, or restore a backup from before it"
        )
    try:
        if schema is not migrate.Schema.CURRENT and await database.call(migrate.is_under_way):
            _LOG.warning("Somebody is bringing the database to the schema of this version: I wait until that is done")
        await database.call(migrate.upgrade)
    except StorageError as err:
        raise StartupError(
            f"the database cannot be brought to the schema of this version, and is as it was: {_one_line(err)};"
            " mend that, then run `npmtrust migrate`"
        ) from err
    return database


def _unusable(error: Exception) -> StartupError:
    return StartupError(
        f"the database of NPMTRUST_DATABASE_URL cannot be used: {_one_line(error)}; it needs a folder that can be"
        " written (sqlite:///FILE), or a server that runs and has it (postgresql://…; `createdb` makes one)"
    )


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
