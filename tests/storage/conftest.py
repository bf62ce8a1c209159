from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.database import Database

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def url(prepared_folder: Path, database_settings: dict[str, str]) -> str:
    """Of a database with every table."""
    return database_settings.get("NPMTRUST_DATABASE_URL", f"sqlite:///{prepared_folder}/npmtrust.sqlite3")


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    opened = Database(url)
    opened.workspace = "T0ACME"
    yield opened
    await opened.close()


@pytest.fixture
async def other(database: Database, url: str) -> AsyncIterator[Database]:
    """Another process on the same database; the first one has made the tables."""
    assert database.workspace
    opened = Database(url)
    opened.workspace = database.workspace
    yield opened
    await opened.close()
