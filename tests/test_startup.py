"""Mistakes of whoever installs it, through the real command line: one line that says what and how, and status 1."""

import asyncio
import os
import sqlite3
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from bot.clock import Clock
from bot.sandbox.ports import HeldPort
from bot.sandbox.slack import LocalSlack
from storage import migrate
from storage.database import Database, DatabaseDown
from storage.vault import Vault
from tests.patience import PATIENCE

pytestmark = pytest.mark.anyio

BOT_TOKEN, APP_TOKEN, KEY = "xoxb-swordfish", "xapp-swordfish", Fernet.generate_key().decode()
BY_SOCKET = {"SLACK_SIGNING_SECRET": "", "SLACK_APP_TOKEN": APP_TOKEN}
SECRETS = ("swordfish", "password", KEY)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
async def patience() -> AsyncIterator[None]:
    async with asyncio.timeout(PATIENCE):
        yield


@dataclass(frozen=True)
class Mistake:
    line: str
    """What is told, but for what differs from machine to machine."""
    settings: dict[str, str] = field(default_factory=dict)
    arrange: Callable[[Path], object] | None = None
    """Makes the database as it should not be."""


def file_of(folder: Path) -> Path:
    return folder / "npmtrust.sqlite3"


async def take_over_database(folder: Path, key: str = KEY) -> None:
    database = Database(f"sqlite:///{file_of(folder)}")
    await database.run(lambda store: store.key_check.verify(Vault([SecretStr(key)])))
    await database.close()


def alter(statement: str) -> Callable[[Path], None]:
    def work(folder: Path) -> None:
        with closing(sqlite3.connect(file_of(folder))) as database:
            database.execute(statement)
            database.commit()

    return work


def empty(folder: Path) -> None:
    file_of(folder).unlink()


def half_made(folder: Path) -> None:
    """Leave a table in the way of the migrations."""
    empty(folder)
    alter("CREATE TABLE inbox (id INTEGER)")(folder)


def garbage(folder: Path) -> None:
    file_of(folder).write_bytes(b"this is no database, and it is longer than the head of one " * 20)


MISTAKES = {
    # settings
    "no token": Mistake("SLACK_BOT_TOKEN is not set", {"SLACK_BOT_TOKEN": ""}),
    "a person's token": Mistake(
        "SLACK_BOT_TOKEN: expected the bot token, which starts with xoxb- (OAuth & Permissions of the app);"
        " this is a user token (xoxp-)",
        {"SLACK_BOT_TOKEN": "xoxp-swordfish"},
    ),
    "the tokens exchanged": Mistake(
        "SLACK_BOT_TOKEN: expected the bot token, which starts with xoxb- (OAuth & Permissions of the app);"
        " this is an app-level token (xapp-); SLACK_APP_TOKEN: expected an app-level token, which starts with xapp-"
        " (Basic Information of the app); this is a bot token (xoxb-)",
        BY_SOCKET | {"SLACK_BOT_TOKEN": APP_TOKEN, "SLACK_APP_TOKEN": BOT_TOKEN},
    ),
    "no key": Mistake("NPMTRUST_SECRET_KEYS is not set", {"NPMTRUST_SECRET_KEYS": ""}),
    # the database
    "the key of another database": Mistake(
        "NPMTRUST_SECRET_KEYS holds no key of this database: put back the one that it was made with (a new one goes in"
        " front of it, comma separated), or name another database",
        {"NPMTRUST_SECRET_KEYS": Fernet.generate_key().decode()},
    ),
    "a schema that is too new": Mistake(
        "the database has the schema of a newer npmtrust: run that version, or restore a backup from before it",
        arrange=alter("UPDATE alembic_version SET version_num = '9999'"),
    ),
    "a schema that cannot be brought up": Mistake(
        "the database cannot be brought to the schema of this version, and is as it was: table inbox already exists;"
        " mend that, then run `npmtrust migrate`",
        arrange=half_made,
    ),
    "a file that is no database": Mistake(
        "the database of NPMTRUST_DATABASE_URL cannot be used: file is not a database", arrange=garbage
    ),
    "a disk that is read-only": Mistake(
        "the database of NPMTRUST_DATABASE_URL cannot be used: [Errno ",
        {"NPMTRUST_DATABASE_URL": "sqlite:////sys/npmtrust/npmtrust.sqlite3"},
    ),
    "a server that does not run": Mistake(
        "the database of NPMTRUST_DATABASE_URL cannot be used: connection failed: ",
        {"NPMTRUST_DATABASE_URL": "postgresql://npmtrust:password@127.0.0.1:9/npmtrust"},
    ),
    "an address that cannot be read": Mistake(
        "the database of NPMTRUST_DATABASE_URL cannot be used: its address cannot be read; expected postgresql://",
        {"NPMTRUST_DATABASE_URL": "postgresql://npmtrust:password@host:port/npmtrust"},
    ),
    # what is outside
    "a bot token that Slack refuses": Mistake(
        "Slack refuses SLACK_BOT_TOKEN: invalid_auth; copy the bot token anew (OAuth & Permissions of the app)",
        {"SLACK_BOT_TOKEN": "xoxb-other"},
    ),
    "an app token that Slack refuses": Mistake(
        "Slack refuses SLACK_APP_TOKEN: invalid_auth; make an app-level token with the scope connections:write"
        " (Basic Information of the app), and see that Socket Mode is on",
        BY_SOCKET | {"SLACK_APP_TOKEN": "xapp-other"},
    ),
}


@pytest.fixture
async def environment(migrated: Path) -> AsyncIterator[dict[str, str]]:
    """Everything right: what a mistake is put into."""
    slack = LocalSlack(Clock(), signing_secret="swordfish", bot_token=BOT_TOKEN, app_token=APP_TOKEN)
    await slack.start()
    await take_over_database(migrated)
    yield {
        "PATH": os.defpath,
        "HOME": str(migrated),
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_SIGNING_SECRET": "swordfish",
        "SLACK_API_URL": slack.api_url,
        "NPMTRUST_REGISTRY_URL": "http://127.0.0.1:9",
        "NPMTRUST_DATABASE_URL": f"sqlite:///{file_of(migrated)}",
        "NPMTRUST_SECRET_KEYS": KEY,
        "NPMTRUST_HOST": "127.0.0.1",
        "NPMTRUST_PORT": "0",
    }
    await slack.stop()


async def told_by(folder: Path, environment: dict[str, str]) -> str:
    """Run it; tell the one line."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run"), cwd=folder, env=environment, stdout=PIPE, stderr=PIPE
    )
    output, errors = await process.communicate()
    assert (process.returncode, output) == (1, b"")
    [line] = errors.decode().splitlines()
    assert not [secret for secret in SECRETS if secret in line.replace("PASSWORD", "")]
    return line.removeprefix("npmtrust: ")


@pytest.mark.parametrize("name", MISTAKES)
async def test_a_mistake_is_told_in_one_line(name: str, tmp_path: Path, environment: dict[str, str]) -> None:
    mistake = MISTAKES[name]
    if mistake.arrange:
        mistake.arrange(tmp_path)
    told = await told_by(tmp_path, environment | mistake.settings)
    assert told.startswith(mistake.line)


@contextmanager
def taken_port() -> Iterator[int]:
    held = HeldPort()
    with held.open() as server:
        server.listen()
        yield held.number


async def test_a_port_that_is_taken_is_told_in_one_line(tmp_path: Path, environment: dict[str, str]) -> None:
    with taken_port() as port:
        told = await told_by(tmp_path, environment | {"NPMTRUST_PORT": str(port)})
    assert told.startswith(f"cannot listen on 127.0.0.1:{port}: ")
    assert told.endswith("; set NPMTRUST_HOST and NPMTRUST_PORT")


async def test_a_second_run_on_the_same_file_is_told_in_one_line(tmp_path: Path, environment: dict[str, str]) -> None:
    first = Database(environment["NPMTRUST_DATABASE_URL"])
    first.claim_file()
    try:
        told = await told_by(tmp_path, environment)
    finally:
        await first.close()
    assert told == f"another npmtrust runs on {file_of(tmp_path)}: end it first, or use PostgreSQL"


async def test_what_cannot_be_brought_up_is_as_it_was(tmp_path: Path) -> None:
    alter("CREATE TABLE inbox (id INTEGER)")(tmp_path)
    database = Database(f"sqlite:///{file_of(tmp_path)}")
    with pytest.raises(DatabaseDown, match="table inbox already exists"):
        await database.call(migrate.upgrade)
    await database.close()
    with closing(sqlite3.connect(file_of(tmp_path))) as left:
        tables = left.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    assert tables == [("inbox",)]


async def test_a_newer_database_is_not_migrated(migrated: Path) -> None:
    alter("UPDATE alembic_version SET version_num = '9999'")(migrated)
    database = Database(f"sqlite:///{file_of(migrated)}")
    with pytest.raises(migrate.SchemaTooNew):
        await database.call(migrate.upgrade)
    await database.close()
