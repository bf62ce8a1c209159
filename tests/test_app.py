import asyncio
import json
import logging
import shutil
import signal
import sqlite3
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography.fernet import Fernet

from bot.app import App
from bot.clock import Clock
from bot.errors import StartupError
from bot.sandbox.cast import TEAM_ID
from bot.sandbox.slack import LocalSlack
from bot.settings import Settings
from tests.patience import PATIENCE

pytestmark = pytest.mark.anyio
TOKEN = "xoxb-token"
APP_TOKEN = "xapp-token"
BY_SOCKET = {"SLACK_APP_TOKEN": APP_TOKEN, "SLACK_SIGNING_SECRET": ""}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
async def patience() -> AsyncIterator[None]:
    async with asyncio.timeout(PATIENCE):
        yield


@pytest.fixture
async def slack() -> AsyncIterator[LocalSlack]:
    slack = LocalSlack(Clock(), signing_secret="secret", bot_token=TOKEN, app_token=APP_TOKEN)
    await slack.start()
    yield slack
    await slack.stop()


@pytest.fixture
def environment(slack: LocalSlack, migrated: Path) -> dict[str, str]:
    return {
        "SLACK_BOT_TOKEN": TOKEN,
        "SLACK_SIGNING_SECRET": "secret",
        "SLACK_API_URL": slack.api_url,
        "NPMTRUST_REGISTRY_URL": "http://127.0.0.1:9",
        "NPMTRUST_DATABASE_URL": f"sqlite:///{migrated}/npmtrust.sqlite3",
        "NPMTRUST_SECRET_KEYS": Fernet.generate_key().decode(),
        "NPMTRUST_HOST": "127.0.0.1",
        "NPMTRUST_PORT": "0",
    }


def settings_of(environment: dict[str, str], **changed: str) -> Settings:
    values: dict[str, Any] = {name: value for name, value in (environment | changed).items() if value}
    return Settings(_env_file=None, **values)


async def get(app: App, path: str) -> tuple[int, dict[str, Any]]:
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{app.port}{path}") as answer:
        return answer.status, await answer.json()


async def post(app: App) -> int:
    async with aiohttp.ClientSession() as http, http.post(f"http://127.0.0.1:{app.port}/slack/events") as answer:
        return answer.status


class Heard(logging.Handler):
    """Waits for a line of the log."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.words = words
        self.event = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        if self.words in record.getMessage():
            self.event.set()

    async def __aenter__(self) -> asyncio.Event:
        logging.getLogger("bot").addHandler(self)
        return self.event

    async def __aexit__(self, *_error: object) -> None:
        logging.getLogger("bot").removeHandler(self)


async def test_a_bot_that_takes_commands_is_ready(environment: dict[str, str], tmp_path: Path) -> None:
    anew = f"sqlite:///{tmp_path}/anew.sqlite3"
    app = App(settings_of(environment, NPMTRUST_DATABASE_URL=anew), Clock(), tick=False)
    await app.start()
    try:
        assert await get(app, "/healthz") == (200, {"alive": True})
        assert await get(app, "/startupz") == (200, {"started": True})
        assert await get(app, "/readyz") == (200, {"ready": True, "failed": {}})
        assert app.services.database.workspace == TEAM_ID
        assert await post(app) == 401
    finally:
        await app.stop()


async def test_a_bot_without_slack_waits_and_says_so(slack: LocalSlack, environment: dict[str, str]) -> None:
    slack.outage = True
    app = App(settings_of(environment), Clock())
    async with Heard("Slack cannot be reached: ") as heard:
        starting = asyncio.create_task(app.start())
        await heard.wait()
    try:
        status, body = await get(app, "/readyz")
        assert (status, body["ready"]) == (503, False)
        assert set(body["failed"]) == {"slack", "process"}
        assert await get(app, "/startupz") == (503, {"started": False})
        assert (await get(app, "/healthz"))[0] == 200
        assert await post(app) == 503
        slack.outage = False
        await starting
        assert await post(app) == 401
    finally:
        await app.stop()


async def test_readiness_names_what_is_missing(environment: dict[str, str]) -> None:
    app = App(settings_of(environment), Clock(), tick=False)
    await app.start()
    try:
        await app.services.database.call(lambda engine: engine.raw_connection().execute("DELETE FROM alembic_version"))
        assert await get(app, "/readyz") == (
            503,
            {"ready": False, "failed": {"database": "it has the schema of another version"}},
        )
    finally:
        await app.stop()


async def test_readiness_tells_nobody_what_the_database_says(
    environment: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    app = App(settings_of(environment), Clock(), tick=False)
    await app.start()
    try:
        await app.services.database.call(
            lambda engine: engine.raw_connection().executescript(
                "DROP TABLE alembic_version; CREATE VIEW alembic_version AS SELECT * FROM private"
            )
        )
        status, body = await get(app, "/readyz")
    finally:
        await app.stop()
    assert (status, body["failed"]) == (503, {"database": "it does not answer"})
    assert "The database does not answer: no such table: main.private" in caplog.text


async def test_a_disk_without_room_takes_no_commands(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = App(settings_of(environment), Clock(), tick=False)
    await app.start()
    try:
        assert (await get(app, "/readyz"))[0] == 200
        room = shutil.disk_usage("/")._replace(free=4096)
        monkeypatch.setattr(shutil, "disk_usage", lambda _folder: room)
        status, body = await get(app, "/readyz")
    finally:
        await app.stop()
    assert (status, body["failed"]) == (503, {"database": "its disk is full"})


async def test_readiness_does_not_wait_for_a_database_that_hangs(environment: dict[str, str]) -> None:
    app = App(settings_of(environment), Clock(), tick=False)
    await app.start()
    goes_on = threading.Event()
    hanging = asyncio.create_task(app.services.database.call(lambda _engine: goes_on.wait()))
    try:
        status, body = await get(app, "/readyz")
        assert (status, body["failed"]) == (503, {"database": "it does not answer within 2 s"})
        assert (await get(app, "/healthz"))[0] == 200
    finally:
        goes_on.set()
        await hanging
        await app.stop()


async def test_a_bot_of_socket_mode_is_ready_once_a_connection_is_open(
    slack: LocalSlack, environment: dict[str, str]
) -> None:
    slack.fail_next("apps.connections.open", status=503)
    app = App(settings_of(environment, **BY_SOCKET), Clock())
    async with Heard("Slack cannot be reached: ") as heard:
        starting = asyncio.create_task(app.start())
        await heard.wait()
    try:
        status, body = await get(app, "/readyz")
        assert (status, set(body["failed"]) - {"scheduler"}) == (503, {"slack", "process", "connection"})
        assert await get(app, "/startupz") == (503, {"started": False})
        await starting
        while (await get(app, "/readyz"))[0] == 503:
            pass
        assert await post(app) == 404
    finally:
        await app.stop()


async def test_readiness_needs_a_tick(environment: dict[str, str]) -> None:
    class Halted(Clock):
        seconds = 0.0

        def monotonic(self) -> float:
            return self.seconds

    clock = Halted()
    app = App(settings_of(environment), clock)
    await app.start()
    try:
        while (await get(app, "/readyz"))[0] == 503:
            pass
        status, body = 200, dict[str, Any]()
        while status == 200:  # a tick may come between the two
            clock.seconds += 11
            status, body = await get(app, "/readyz")
        assert (status, body["failed"]) == (503, {"scheduler": "no tick in the last 10 seconds"})
    finally:
        await app.stop()


async def test_a_token_that_slack_refuses_ends_the_start(environment: dict[str, str]) -> None:
    app = App(settings_of(environment, SLACK_BOT_TOKEN="xoxb-other"), Clock())
    with pytest.raises(StartupError, match="Slack refuses SLACK_BOT_TOKEN: invalid_auth"):
        await app.start()
    await app.stop()


async def test_a_port_that_is_taken_ends_the_start(slack: LocalSlack, environment: dict[str, str]) -> None:
    port = slack.url.rstrip("/").rsplit(":", 1)[1]
    app = App(settings_of(environment, NPMTRUST_PORT=port), Clock())
    with pytest.raises(StartupError, match=f"cannot listen on 127.0.0.1:{port}: .*set NPMTRUST_HOST and NPMTRUST_PORT"):
        await app.start()
    await app.stop()


async def test_a_second_bot_on_the_same_file_ends_its_start(environment: dict[str, str]) -> None:
    first, second = (App(settings_of(environment), Clock(), tick=False) for _ in range(2))
    await first.start()
    try:
        with pytest.raises(StartupError, match="another npmtrust runs on"):
            await second.start()
    finally:
        await second.stop()
        await first.stop()


async def test_a_process_that_cannot_end_in_order_ends_in_time(environment: dict[str, str], tmp_path: Path) -> None:
    """Somebody else has locked the database: what gives it back would wait for many times ten seconds."""
    code = (
        "import asyncio; from bot import app, log; from bot.settings import load_settings;"
        "log.configure('json', 'INFO'); asyncio.run(app.run(load_settings(), end_seconds=0.5))"
    )
    environment |= {"PYTHONPATH": str(Path(__file__).parents[1])}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, cwd=tmp_path, env=environment, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    while b"takes commands" not in await process.stderr.readline():
        pass
    with closing(sqlite3.connect(tmp_path / "npmtrust.sqlite3", isolation_level=None)) as locked:
        locked.execute("BEGIN IMMEDIATE")
        process.send_signal(signal.SIGTERM)
        told = (await process.stderr.read()).decode().splitlines()
    assert await process.wait() == 1
    assert json.loads(told[-1])["message"] == "npmtrust could not end in order within 0.5 s, and is ended"


async def test_a_second_signal_ends_the_process_at_once(environment: dict[str, str], tmp_path: Path) -> None:
    environment |= {"PYTHONPATH": str(Path(__file__).parents[1]), "NPMTRUST_LOG_FORMAT": "json"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run", cwd=tmp_path, env=environment, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    while b"takes commands" not in await process.stderr.readline():
        pass
    with closing(sqlite3.connect(tmp_path / "npmtrust.sqlite3", isolation_level=None)) as locked:
        locked.execute("BEGIN IMMEDIATE")  # which an end in order would wait for
        while process.returncode is None:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.1)
    told = (await process.stderr.read()).decode().splitlines()
    assert await process.wait() == 130
    assert json.loads(told[-1])["message"] == "npmtrust is told to end a second time, and ends at once"


async def test_keys_can_be_rotated_and_another_database_is_not_touched(environment: dict[str, str]) -> None:
    old, new, other = environment["NPMTRUST_SECRET_KEYS"], *(Fernet.generate_key().decode() for _ in range(2))
    for keys in (old, f"{new},{old}", new):
        app = App(settings_of(environment, NPMTRUST_SECRET_KEYS=keys), Clock(), tick=False)
        await app.start()
        await app.stop()
    for keys in (other, old):
        app = App(settings_of(environment, NPMTRUST_SECRET_KEYS=keys), Clock(), tick=False)
        with pytest.raises(StartupError, match="NPMTRUST_SECRET_KEYS holds no key of this database: put back the one"):
            await app.start()
        await app.stop()


@pytest.mark.parametrize(("number", "mode"), [(signal.SIGTERM, {}), (signal.SIGINT, BY_SOCKET)])
async def test_a_signal_ends_the_process_in_order(
    environment: dict[str, str], tmp_path: Path, number: signal.Signals, mode: dict[str, str]
) -> None:
    environment |= mode | {"PYTHONPATH": str(Path(__file__).parents[1]), "NPMTRUST_LOG_FORMAT": "json"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run", cwd=tmp_path, env=environment, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    started = ""
    while "takes commands" not in started:
        started = json.loads(await process.stderr.readline())["message"]
    process.send_signal(number)
    rest = (await process.stderr.read()).decode().splitlines()
    assert await process.wait() == 0
    assert f"takes commands of {TEAM_ID}" in started
    told = [json.loads(line)["message"] for line in rest]
    assert [line for line in told if line.startswith("npmtrust ")] == [
        "npmtrust is told to end: it takes nothing new, and finishes within 20 s what runs",
        "npmtrust has ended",
    ]
