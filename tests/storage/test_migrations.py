from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect

from storage import migrate
from storage.base import WHERE, Base
from storage.database import Database


def differences(engine: Engine) -> list[object]:
    with engine.begin() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return list(compare_metadata(context, Base.metadata))


def indexes(engine: Engine) -> set[tuple[str | None, str | None]]:
    """Tell which indexes there are, and of which rows each is; a constraint has its own words."""
    some = f"{engine.dialect.name}_where"
    return {
        (index["name"], str(where) if (where := index.get("dialect_options", {}).get(some)) is not None else None)
        for found in inspect(engine).get_multi_indexes().values()
        for index in found
        if "duplicates_constraint" not in index
    }


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names())


@pytest.mark.anyio
async def test_the_migrations_make_exactly_the_tables_of_the_models(database: Database) -> None:
    assert await database.call(differences) == []
    assert await database.call(migrate.is_current)


@pytest.mark.anyio
async def test_the_migrations_make_an_index_of_some_rows_where_a_model_names_one(database: Database) -> None:
    wanted = {(index.name, index.info.get(WHERE)) for table in Base.metadata.tables.values() for index in table.indexes}
    made = await database.call(indexes)
    assert len([where for _, where in wanted if where]) > 5
    if database.is_sqlite:
        assert made == wanted
    else:  # it writes the condition in words of its own
        assert {(name, bool(where)) for name, where in made} == {(name, bool(where)) for name, where in wanted}


@pytest.mark.anyio
async def test_a_second_upgrade_changes_nothing(database: Database) -> None:
    await database.call(migrate.upgrade)
    assert await database.call(migrate.is_current)


@pytest.mark.anyio
async def test_an_empty_database_is_not_current(tmp_path: Path) -> None:
    empty = Database(f"sqlite:///{tmp_path}/npmtrust.sqlite3")
    assert not await empty.call(migrate.is_current)
    await empty.close()


@pytest.mark.anyio
async def test_every_migration_can_be_undone_and_done_again(database: Database) -> None:
    def downgrade(engine: Engine) -> None:
        config = migrate.configuration()
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.downgrade(config, "base")

    await database.call(downgrade)
    assert await database.call(tables) == {"alembic_version"}
    await database.call(migrate.upgrade)
    assert await database.call(differences) == []


def test_every_table_has_a_workspace() -> None:
    assert [name for name, table in Base.metadata.tables.items() if "workspace" not in table.c] == []


def test_the_migrations_are_numbered_without_a_gap() -> None:
    folder = Path(migrate.__file__).parent / "migrations" / "versions"
    numbers = sorted(file.name[:4] for file in folder.glob("[0-9]*.py"))
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]
