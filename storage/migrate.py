"""Bringing a database to the schema that this version needs."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine


def upgrade(engine: Engine) -> None:
    """Apply every migration that is missing."""
    config = configuration()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def is_current(engine: Engine) -> bool:
    """Tell whether the database has exactly the schema that this version needs."""
    wanted = set(ScriptDirectory.from_config(configuration()).get_heads())
    with engine.begin() as connection:
        return set(MigrationContext.configure(connection).get_current_heads()) == wanted


def configuration() -> Config:
    """Make what Alembic works with; `upgrade` gives it the connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config
