"""What a bot that nobody asks for anything has in memory: it runs for weeks, and has to pay for all that it loads."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot.clock import Clock
from bot.sandbox.slack import LocalSlack
from tests.patience import PATIENCE

pytestmark = pytest.mark.anyio

IDLE = """
import asyncio, sys
from bot.app import App
from bot.clock import Clock
from bot.settings import load_settings

async def main():
    app = App(load_settings(), Clock())
    await app.start()
    await asyncio.sleep(1)
    print(*(name for name, module in sys.modules.items() if module))
    await app.stop()

asyncio.run(main())
"""
"""The second is for the workers: each has looked once whether there is something to do."""

UNUSED = {
    "alembic": "the schema is that of this version",
    "PIL": "no picture is drawn",
    "prometheus_client": "nobody asks for figures",
    "yaml": "no workflow was looked at",
}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def slack() -> AsyncIterator[LocalSlack]:
    slack = LocalSlack(Clock(), signing_secret="secret", bot_token="xoxb-token")
    await slack.start()
    yield slack
    await slack.stop()


@pytest.mark.both_databases
async def test_an_idle_bot_has_loaded_nothing_that_it_does_not_use(
    prepared_folder: Path, database_settings: dict[str, str], slack: LocalSlack
) -> None:
    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "SLACK_BOT_TOKEN": "xoxb-token",
        "SLACK_SIGNING_SECRET": "secret",
        "SLACK_API_URL": slack.api_url,
        "NPMTRUST_REGISTRY_URL": "http://127.0.0.1:9",
        "NPMTRUST_DATABASE_URL": f"sqlite:///{prepared_folder}/npmtrust.sqlite3",
        "NPMTRUST_SECRET_KEYS": Fernet.generate_key().decode(),
        "NPMTRUST_HOST": "127.0.0.1",
        "NPMTRUST_PORT": "0",
    }
    environment |= database_settings
    async with asyncio.timeout(PATIENCE):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", IDLE), cwd=prepared_folder, env=environment, stdout=PIPE, stderr=PIPE
        )
        told, errors = await process.communicate()
    loaded = set(told.decode().split())
    assert "bot.app" in loaded, errors.decode()
    assert [f"{name}, though {why}" for name, why in UNUSED.items() if name in loaded] == []
    dialects = {name for name in ("sqlite", "postgresql") if f"sqlalchemy.dialects.{name}" in loaded}
    assert dialects == {environment["NPMTRUST_DATABASE_URL"].partition(":")[0]}
