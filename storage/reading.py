"""Looking into a database beside the `npmtrust run` that writes it, without changing anything in it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from storage import migrate
from storage.database import Database, DatabaseDown, file_of

_PATIENCE = 10.0


@contextmanager
def open_for_reading(url: str) -> Iterator[Connection]:
    """Open one transaction that sees the database as it is now, whatever is written meanwhile.

    Raises:
        DatabaseDown: It cannot be read.
        OtherSchema: It has not the schema of this version.
    """
    file = file_of(url)
    if file is not None:
        engine = create_engine("sqlite://", poolclass=NullPool, creator=lambda: connect_read_only(file))
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    else:
        engine = Database(url).engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    try:
        migrate.require_current(engine)
        with engine.connect() as connection, connection.begin():
            yield connection
    except DBAPIError as err:
        raise DatabaseDown(str(err.orig)) from err
    finally:
        engine.dispose()


def connect_read_only(file: Path) -> sqlite3.Connection:
    """Open a SQLite file for reading alone; it is not made where it is missing.

    Raises:
        sqlite3.Error: It cannot be opened.
    """
    connection = sqlite3.connect(f"file:{quote(str(file.resolve()))}?mode=ro", uri=True, timeout=_PATIENCE)
    connection.isolation_level = None
    return connection


def list_workspaces(connection: Connection) -> list[str]:
    """List the workspaces of which something is on record."""
    found = connection.exec_driver_sql("SELECT DISTINCT workspace FROM audit_events ORDER BY workspace")
    return [str(workspace) for (workspace,) in found]
