"""What a platform asks: whether the process is alive, whether it has started, and whether commands are taken now."""

import asyncio
import logging
import shutil
from pathlib import Path

from aiohttp import web

from bot.errors import StorageError
from bot.scheduler import Scheduler
from bot.services import Services
from handlers import SocketMode
from storage import migrate

DATABASE_SECONDS = 2.0
OLDEST_TICK_SECONDS = 10.0
LEAST_ROOM = 1024 * 1024
"""Bytes on the disk of a SQLite file, with less of which the next delivery may find none."""

_LOG = logging.getLogger(__name__)


def _is_full(file: Path | None) -> bool:
    return file is not None and shutil.disk_usage(file.parent).free < LEAST_ROOM


class Health:
    """Answers from what the app fills in while it starts."""

    def __init__(self) -> None:
        self.services: Services | None = None
        self.is_accepted = False
        """Whether Slack has accepted the tokens."""
        self.is_taking = False
        """Whether the start is done, and the end has not begun."""
        self.scheduler: Scheduler | None = None
        self.socket_mode: SocketMode | None = None

    def routes(self) -> list[web.RouteDef]:
        """List what is served."""
        return [
            web.get("/healthz", self._tell_alive),
            web.get("/startupz", self._tell_started),
            web.get("/readyz", self._tell_ready),
            web.get("/metrics", self._tell_figures),
        ]

    async def _tell_figures(self, _request: web.Request) -> web.Response:
        from bot import metrics

        services = self.services
        if services is None:
            return web.Response(status=503, text="npmtrust is starting or ending; try again in a moment.")
        try:
            seen = await services.database.run(lambda store: metrics.look(services, store), within=DATABASE_SECONDS)
        except StorageError:
            seen = None
        age = self.scheduler.seconds_since_tick() if self.scheduler else None
        body = metrics.render(services, seen, age)
        return web.Response(body=body, headers={"Content-Type": metrics.CONTENT_TYPE})

    async def find_failures(self) -> dict[str, str]:
        """Find what speaks against taking commands now: by name, what is wrong."""
        checks = {
            "database": await self._check_database(),
            "registry": self._check_registry(),
            "slack": self._check_slack(),
            "connection": self._check_connection(),
            "scheduler": self._check_scheduler(),
            "process": "" if self.is_taking else "it is starting or ending",
        }
        return {name: wrong for name, wrong in checks.items() if wrong}

    async def _check_database(self) -> str:
        if self.services is None:
            return "it is not open yet"
        try:
            async with asyncio.timeout(DATABASE_SECONDS):
                is_current = await self.services.database.call(migrate.is_current)
                is_full = await asyncio.to_thread(_is_full, self.services.database.file)
        except TimeoutError:
            return f"it does not answer within {DATABASE_SECONDS:g} s"
        except (StorageError, OSError) as err:
            _LOG.warning("The database does not answer: %s", " ".join(str(err).split()))
            return "it does not answer"  # anybody may ask: hosts, files and users of it stay in the log
        if not is_current:
            return "it has the schema of another version"
        return "its disk is full" if is_full else ""

    def _check_registry(self) -> str:
        """Look whether there is one to call; npm itself may be away, and takes nobody with it."""
        return "" if self.services and self.services.options.registry_url else "no registry is configured yet"

    def _check_slack(self) -> str:
        if not self.is_accepted:
            return "Slack has not accepted the tokens yet"
        refused = self.services.notifier.locked_out if self.services else ""
        return f"Slack refuses the bot token: {refused}" if refused else ""

    def _check_connection(self) -> str:
        """Look at the connections of Socket Mode; over HTTP there is nothing to keep open."""
        if self.socket_mode is None or self.socket_mode.is_open:
            return ""
        return self.socket_mode.trouble or "no connection to Slack is open"

    def _check_scheduler(self) -> str:
        if self.scheduler is None:
            return ""
        age = self.scheduler.seconds_since_tick()
        return "" if age is not None and age <= OLDEST_TICK_SECONDS else "no tick in the last 10 seconds"

    async def _tell_alive(self, _request: web.Request) -> web.Response:
        """Answer at all: then the event loop runs."""
        return web.json_response({"alive": True})

    async def _tell_started(self, _request: web.Request) -> web.Response:
        return web.json_response({"started": self.is_taking}, status=200 if self.is_taking else 503)

    async def _tell_ready(self, _request: web.Request) -> web.Response:
        failed = await self.find_failures()
        return web.json_response({"ready": not failed, "failed": failed}, status=503 if failed else 200)
