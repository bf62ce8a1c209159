"""How much a database does for something: pages that PostgreSQL touches, instructions of SQLite's machine."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event, text

from storage.database import Database
from storage.store import Store


async def analyse(database: Database) -> None:
    """Let PostgreSQL look at what is there, as it does once a minute: else it plans by what it saw in another test."""
    if not database.is_sqlite:
        await database.call(_analyse)


def _analyse(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("ANALYZE"))


async def measure_effort(database: Database, work: Callable[[Store], object]) -> int:
    """Do something in a transaction; tell what its queries took."""
    spent: list[int] = []
    with (_count_instructions if database.is_sqlite else _count_pages)(database.engine, spent):
        await database.run(work)
    assert spent
    return sum(spent)


@contextmanager
def _count_instructions(engine: Engine, spent: list[int]) -> Iterator[None]:
    def begin(connection: Connection, *_statement: object) -> None:
        connection.connection.dbapi_connection.set_progress_handler(lambda: spent.append(10), 10)  # type: ignore[union-attr]

    event.listen(engine, "before_cursor_execute", begin)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", begin)


@contextmanager
def _count_pages(engine: Engine, spent: list[int]) -> Iterator[None]:
    def explain(_connection: Connection, cursor: Any, statement: str, parameters: Any, *_context: object) -> None:  # noqa: ANN401 -- psycopg's
        if statement.startswith("SELECT"):
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", parameters)
            [[[explained]]] = cursor.fetchall()
            spent.append(explained["Plan"]["Shared Hit Blocks"] + explained["Plan"]["Shared Read Blocks"])

    event.listen(engine, "before_cursor_execute", explain)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", explain)
