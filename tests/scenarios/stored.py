"""Looking at what the bot has stored, as somebody does who has got hold of its database."""

import re
from typing import Any

from cryptography.fernet import Fernet
from sqlalchemy import Engine, inspect

from bot.sandbox.world import World


async def rows(world: World, query: str) -> list[tuple[Any, ...]]:
    """Ask the bot's database."""

    def ask(engine: Engine) -> list[tuple[Any, ...]]:
        with engine.begin() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(query)]

    assert world.app is not None
    return await world.app.services.database.call(ask)


async def write(world: World, statement: str) -> None:
    """Change what the bot has stored, behind its back."""

    def change(engine: Engine) -> None:
        with engine.begin() as connection:
            connection.exec_driver_sql(statement)

    assert world.app is not None
    await world.app.services.database.call(change)


async def every_row(world: World) -> str:
    """Read every table."""

    def read(engine: Engine) -> str:
        with engine.connect() as connection:
            tables = inspect(connection).get_table_names()
            return "\n".join(str(connection.exec_driver_sql(f"SELECT * FROM {name}").all()) for name in tables)  # noqa: S608 -- our own tables

    assert world.app is not None
    return await world.app.services.database.call(read)


async def everything(world: World) -> str:
    """Read every table, and the files of SQLite with what was deleted in them."""
    files = [path.read_bytes().decode("latin-1") for path in sorted(world.folder.glob("npmtrust.sqlite3*"))]
    return "\n".join([await every_row(world), *files])


async def unsealed(world: World) -> str:
    """Open everything that is sealed, as somebody does who has got hold of the key too."""
    key = Fernet(world.secret_key)
    sealed = re.findall(r"gAAAA[\w-]+=*", "".join([str(row) for row in await rows(world, "SELECT * FROM inbox")]))
    return "\n".join(key.decrypt(each).decode() for each in sealed)
