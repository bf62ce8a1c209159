"""Bringing a database to the schema that this version needs.

Alembic is loaded when there is something to bring: it takes memory, which a bot that runs for weeks has to pay for.
"""

from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, func, inspect, select, text

from bot.errors import StorageError

if TYPE_CHECKING:
    from alembic.config import Config

_MIGRATIONS = Path(__file__).parent / "migrations"
_VERSIONS = "alembic_version"
"""Alembic's table, with the revision that the database has."""

_TOO_NEW = "a newer npmtrust has brought it to a schema that this one does not know: use that version"

LOCK = 0x6E706D74
"""Of PostgreSQL's advisory locks, the one of whoever migrates: `npmt`."""


class OtherSchema(StorageError):
    """The database has not the schema of this version."""


class SchemaTooNew(OtherSchema):
    """A newer npmtrust has been at work on this database."""


def upgrade(engine: Engine) -> None:
    """Apply every migration that is missing, all of them or none; of several that do so at once one does.

    Raises:
        SchemaTooNew: This version does not know the schema.
    """
    if compare(engine) is Schema.NEWER:
        raise SchemaTooNew(_TOO_NEW)
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":  # SQLite's transactions are one at a time anyway
            for limit in ("lock_timeout", "statement_timeout"):  # to wait here is right, and a large table takes time
                connection.execute(text(f"SET LOCAL {limit} = 0"))
            connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
        if compare(connection) is Schema.CURRENT:
            return  # somebody else was first
        _migrate(connection)


def _migrate(connection: Connection) -> None:
    from alembic import command

    config = configuration()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def is_under_way(engine: Engine) -> bool:
    """Tell whether somebody is bringing the database up at this moment."""
    if engine.dialect.name != "postgresql":
        return False  # a file has one `run`, and whoever migrates it has it locked
    with engine.begin() as connection:
        return not connection.scalar(select(func.pg_try_advisory_xact_lock(LOCK)))


class Schema(Enum):
    """What a database holds, beside what this version needs."""

    EMPTY = auto()
    OLDER = auto()
    CURRENT = auto()
    NEWER = auto()
    """Of a version that this one does not know."""


def compare(database: Engine | Connection) -> Schema:
    """Look at the schema that the database has."""
    if isinstance(database, Engine):
        with database.begin() as connection:
            found = _revisions_in(connection)
    else:
        found = _revisions_in(database)
    known = revisions()
    if found == {known[-1]}:
        return Schema.CURRENT
    if not found:
        return Schema.EMPTY
    return Schema.OLDER if found <= set(known) else Schema.NEWER


def _revisions_in(connection: Connection) -> set[str]:
    if not inspect(connection).has_table(_VERSIONS):
        return set()
    return set(connection.scalars(text(f"SELECT version_num FROM {_VERSIONS}")))  # noqa: S608 -- a constant of ours


def revisions() -> list[str]:
    """List the revisions that this version knows, oldest first: their files begin with them."""
    return sorted(file.name.partition("_")[0] for file in _MIGRATIONS.glob("versions/[0-9]*_*.py"))


def is_current(engine: Engine) -> bool:
    """Tell whether the database has exactly the schema that this version needs."""
    return compare(engine) is Schema.CURRENT


def require_current(engine: Engine) -> None:
    """Go on only with exactly the schema that this version needs.

    Raises:
        OtherSchema: It is another one; the text says what to do.
    """
    schema = compare(engine)
    if schema is Schema.NEWER:
        raise SchemaTooNew(_TOO_NEW)
    if schema is not Schema.CURRENT:
        raise OtherSchema("it has not the schema of this version: run `npmtrust migrate`")


def configuration() -> "Config":
    """Make what Alembic works with; `upgrade` gives it the connection."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config
