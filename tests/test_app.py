import asyncio
import json
import logging
import signal
import sys
from collections.abc import AsyncIterator
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

pytestmark = pytest.mark.anyio
TOKEN = "xoxb-token"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
async def patience() -> AsyncIterator[None]:
    async with asyncio.timeout(20):
        yield


@pytest.fixture
async def slack() -> AsyncIterator[LocalSlack]:
    slack = LocalSlack(Clock(), signing_secret="secret", bot_token=TOKEN)
    await slack.start()
    yield slack
    await slack.stop()


@pytest.fixture
def environment(slack: LocalSlack, tmp_path: Path) -> dict[str, str]:
    return {
        "SLACK_BOT_TOKEN": TOKEN,
        "SLACK_SIGNING_SECRET": "secret",
        "SLACK_API_URL": slack.api_url,
        "NPMTRUST_REGISTRY_URL": "http://127.0.0.1:9",
        "NPMTRUST_DATABASE_URL": f"sqlite:///{tmp_path}/npmtrust.sqlite3",
        "NPMTRUST_SECRET_KEYS": Fernet.generate_key().decode(),
        "NPMTRUST_HOST": "127.0.0.1",
        "NPMTRUST_PORT": "0",
    }


def settings_of(environment: dict[str, str], **changed: str) -> Settings:
    values: dict[str, Any] = environment | changed
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


async def test_a_bot_that_takes_commands_is_ready(environment: dict[str, str]) -> None:
    app = App(settings_of(environment), Clock(), tick=False)
    await app.start()
    try:
        assert await get(app, "/healthz") == (200, {"alive": True})
        assert await get(app, "/startupz") == (200, {"started": True})
        assert await get(app, "/readyz") == (200, {"ready": True, "reasons": []})
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
        assert "Slack has not accepted the bot token yet" in body["reasons"][0]
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
            {"ready": False, "reasons": ["the database has the schema of another version"]},
        )
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
        clock.seconds = 11
        status, body = await get(app, "/readyz")
        assert (status, body["reasons"]) == (503, ["no tick of the scheduler in the last 10 seconds"])
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


async def test_socket_mode_is_refused_with_the_way_out(environment: dict[str, str]) -> None:
    settings = settings_of(environment | {"SLACK_SIGNING_SECRET": ""}, SLACK_APP_TOKEN="xapp-1")
    with pytest.raises(StartupError, match="set SLACK_SIGNING_SECRET"):
        App(settings, Clock())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_the_process_in_order(
    environment: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    environment |= {"PYTHONPATH": str(Path(__file__).parents[1]), "NPMTRUST_LOG_FORMAT": "json"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run", cwd=tmp_path, env=environment, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    started = json.loads(await process.stderr.readline())["message"]
    process.send_signal(number)
    rest = (await process.stderr.read()).decode().splitlines()
    assert await process.wait() == 0
    assert f"takes commands of {TEAM_ID}" in started
    assert [json.loads(line)["message"] for line in rest] == ["npmtrust has ended"]
