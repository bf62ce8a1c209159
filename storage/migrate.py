"""Bringing a database to the schema that this version needs."""

from enum import Enum, auto
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, func, select, text

from bot.errors import StorageError

LOCK = 0x6E706D74
"""Of PostgreSQL's advisory locks, the one of whoever migrates: `npmt`."""


class SchemaTooNew(StorageError):
    """A newer npmtrust has been at work on this database."""


def upgrade(engine: Engine) -> None:
    """Apply every migration that is missing, all of them or none; of several that do so at once one does.

    Raises:
        SchemaTooNew: This version does not know the schema.
    """
    if compare(engine) is Schema.NEWER:
        raise SchemaTooNew("a newer npmtrust has brought the database to a schema that this one does not know")
    config = configuration()
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":  # SQLite's transactions are one at a time anyway
            for limit in ("lock_timeout", "statement_timeout"):  # to wait here is right, and a large table takes time
                connection.execute(text(f"SET LOCAL {limit} = 0"))
            connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
        if compare(connection) is Schema.CURRENT:
            return  # somebody else was first
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
    script = ScriptDirectory.from_config(configuration())
    if isinstance(database, Engine):
        with database.begin() as connection:
            found = set(MigrationContext.configure(connection).get_current_heads())
    else:
        found = set(MigrationContext.configure(database).get_current_heads())
    if found == set(script.get_heads()):
        return Schema.CURRENT
    if not found:
        return Schema.EMPTY
    known = {step.revision for step in script.walk_revisions()}
    return Schema.OLDER if found <= known else Schema.NEWER


def is_current(engine: Engine) -> bool:
    """Tell whether the database has exactly the schema that this version needs."""
    return compare(engine) is Schema.CURRENT


def configuration() -> Config:
    """Make what Alembic works with; `upgrade` gives it the connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config
