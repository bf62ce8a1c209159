"""Several versions side by side: who migrates, who waits, and what a migration must not do to the version before it."""

import ast
import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bot.app import migrate_database
from bot.settings import Settings
from storage import migrate
from storage.database import Database
from tests import postgres
from tests.patience import PATIENCE

ADDING_ONLY = frozenset({"create_table", "create_index", "add_column", "execute", "batch_alter_table", "drop_index"})
VERSIONS = Path(migrate.__file__).parent / "migrations" / "versions"


def faults_of(source: str) -> list[str]:
    """List what the version before cannot live with: it runs on until the last of its processes has ended."""
    [upgrade] = [
        node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef) and node.name == "upgrade"
    ]
    nodes = list(ast.walk(upgrade))
    tables = {
        ast.unparse(node.optional_vars) for node in nodes if isinstance(node, ast.withitem) and node.optional_vars
    }
    tables |= {ast.unparse(name) for node in nodes if isinstance(node, ast.Assign) for name in node.targets}
    calls = [node for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    ours = [call for call in calls if ast.unparse(call.func).partition(".")[0] in {"op", *tables}]
    return [fault for call in ours if (fault := _fault_of(call))]


def _fault_of(call: ast.Call) -> str:
    assert isinstance(call.func, ast.Attribute)
    name = call.func.attr
    written = ast.unparse(call)
    if name not in ADDING_ONLY:
        return f"{name} takes away or changes what the version before uses"
    if name == "execute" and any(word in written.upper() for word in ("DROP ", "ALTER ", "DELETE ", "RENAME ")):
        return "this statement takes away or changes what the version before uses"
    if name == "add_column" and "nullable=True" not in written and "server_default" not in written:
        return "the version before writes no such column: it needs a default, or NULL"
    return ""


@pytest.mark.parametrize("file", sorted(VERSIONS.glob("[0-9]*.py")), ids=lambda file: file.stem)
def test_a_migration_can_run_beside_the_version_before_it(file: Path) -> None:
    assert faults_of(file.read_text()) == []


@pytest.mark.parametrize(
    "line",
    [
        'op.drop_table("inbox")',
        'op.rename_table("inbox", "mail")',
        'op.drop_column("inbox", "kind")',
        'op.alter_column("inbox", "kind", new_column_name="sort")',
        'op.alter_column("inbox", "kind", nullable=False)',
        'op.alter_column("inbox", "kind", type_=sa.Integer())',
        'op.add_column("inbox", sa.Column("size", sa.Integer(), nullable=False))',
        'op.add_column("inbox", sa.Column("size", sa.Integer()))',
        'op.create_unique_constraint("once", "inbox", ["kind"])',
        'op.execute("ALTER TABLE inbox RENAME TO mail")',
        'op.get_bind().exec_driver_sql("DROP TABLE inbox")',
    ],
)
def test_a_migration_that_would_break_the_version_before_is_refused(line: str) -> None:
    assert len(faults_of(f"def upgrade() -> None:\n    {line}\n")) >= 1


# Several at once


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def empty_url(shared_server: str) -> Iterator[str]:
    with postgres.open_database(shared_server, postgres.EMPTY) as url:
        yield url


@pytest.fixture
async def empty_databases(empty_url: str) -> AsyncIterator[list[Database]]:
    async with AsyncExitStack() as opened:
        databases = [Database(empty_url) for _ in range(4)]
        for database in databases:
            opened.push_async_callback(database.close)
        yield databases


@pytest.mark.anyio
@pytest.mark.postgresql
async def test_of_several_who_migrate_at_once_one_does(empty_databases: list[Database]) -> None:
    assert not await empty_databases[0].call(migrate.is_current)
    await asyncio.gather(*(database.call(migrate.upgrade) for database in empty_databases))
    assert await empty_databases[0].call(migrate.is_current)


@pytest.mark.anyio
@pytest.mark.postgresql
async def test_who_starts_while_somebody_migrates_waits_and_says_so(
    empty_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    said = threading.Event()
    values: dict[str, Any] = {
        "SLACK_BOT_TOKEN": "xoxb-token",
        "SLACK_SIGNING_SECRET": "secret",
        "NPMTRUST_REGISTRY_URL": "http://127.0.0.1:9",
        "NPMTRUST_DATABASE_URL": empty_url,
        "NPMTRUST_SECRET_KEYS": "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFE=",
    }

    def hear(record: logging.LogRecord) -> bool:
        if "I wait until" in record.getMessage():
            said.set()
        return True

    caplog.handler.addFilter(hear)
    caplog.set_level(logging.WARNING)
    with psycopg.connect(empty_url) as somebody:
        somebody.execute(f"SELECT pg_advisory_xact_lock({migrate.LOCK})".encode())
        starting = asyncio.create_task(migrate_database(Settings(_env_file=None, **values)))
        async with asyncio.timeout(PATIENCE):
            await asyncio.to_thread(said.wait, PATIENCE)
        assert not starting.done()
    await starting
    database = Database(empty_url)
    assert await database.call(migrate.is_current)
    await database.close()
