"""A database as an `npmtrust run` has it, with a record to look at, and what a command says of it."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from bot.cli import main
from bot.domain.events import AuditKind
from storage import migrate
from storage.database import Database
from storage.seal_keys import SealKeys
from storage.store import Store
from storage.vault import Vault

T = TypeVar("T")

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))
WORKSPACE = "T0ACME"
START = datetime(2025, 11, 23, 14, 0, tzinfo=UTC)


def set_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Set nothing but where the database is, and its key."""
    monkeypatch.chdir(tmp_path)
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "NPMTRUST_REGISTRY_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NPMTRUST_DATABASE_URL", f"sqlite:///{tmp_path}/npmtrust.sqlite3")
    monkeypatch.setenv("NPMTRUST_SECRET_KEYS", OLD)


def running(file: Path, *keys: str) -> AbstractContextManager[Callable[[Callable[[Store], T]], T]]:
    """Have the file as an `npmtrust run` has it."""
    return running_at(f"sqlite:///{file}", *keys)


@contextmanager
def running_at(url: str, *keys: str) -> Iterator[Callable[[Callable[[Store], T]], T]]:
    """Have a database as an `npmtrust run` has it."""

    async def begin() -> Database:
        database = Database(url)
        database.claim_file()
        await database.call(migrate.upgrade)
        database.workspace, database.seal_keys = WORKSPACE, SealKeys([SecretStr(key) for key in keys])
        vault = Vault([SecretStr(key) for key in keys])
        await database.run(lambda store: store.key_check.verify(vault))
        return database

    database = asyncio.run(begin())
    try:
        yield lambda work: asyncio.run(database.run(work))
    finally:
        asyncio.run(database.close())


def fill(store: Store, number: int = 3) -> None:
    """Put something on record, with text that a spreadsheet would take for a formula."""
    for each in range(number):
        at = START + timedelta(days=each)
        store.audit.add(AuditKind.RETIRED, actor="U0OTTO", at=at, package="@acme/ui", reason='=cmd|"/c calc"!A1, é')
    store.flush()
    store.seals.seal(START)


def told(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def refused(capsys: pytest.CaptureFixture[str], *command: str, status: int = 1) -> str:
    assert main(command) == status
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert captured.err.startswith("npmtrust: ")
    return captured.err.removeprefix("npmtrust: ").rstrip("\n")


def sql(file: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as connection, connection:
        return connection.execute(statement).fetchall()


def head_of(file: Path) -> str:
    [(number, digest)] = sql(file, "SELECT number, digest FROM audit_seals ORDER BY number DESC LIMIT 1")
    return f"{number}:{str(digest)[:16]}"
