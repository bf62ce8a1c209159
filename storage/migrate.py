"""Bringing a database to the schema that this version needs."""

from enum import Enum, auto
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from bot.errors import StorageError


class SchemaTooNew(StorageError):
    """A newer npmtrust has been at work on this database."""


def upgrade(engine: Engine) -> None:
    """Apply every migration that is missing, all of them or none.

    Raises:
        SchemaTooNew: This version does not know the schema.
    """
    if compare(engine) is Schema.NEWER:
        raise SchemaTooNew("a newer npmtrust has brought the database to a schema that this one does not know")
    config = configuration()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


class Schema(Enum):
    """What a database holds, beside what this version needs."""

    EMPTY = auto()
    OLDER = auto()
    CURRENT = auto()
    NEWER = auto()
    """Of a version that this one does not know."""


def compare(engine: Engine) -> Schema:
    """Look at the schema that the database has."""
    script = ScriptDirectory.from_config(configuration())
    with engine.begin() as connection:
        found = set(MigrationContext.configure(connection).get_current_heads())
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
