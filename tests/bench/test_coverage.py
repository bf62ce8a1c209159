from pathlib import Path

import pytest
from sqlalchemy import Engine, event, text

from bot.sandbox.cast import TEAM_ID
from storage import migrate
from storage.database import Database
from tests.bench.coverage import MEGABYTE, Size, compose, measure
from tests.storage.conftest import NOW

pytestmark = pytest.mark.anyio

MIX = (
    Size(one_in=250, versions=5000, padding=10_000),
    Size(one_in=50, versions=500, padding=4_000),
    Size(one_in=10, versions=50, padding=2_000),
)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_packages_of_every_size_are_covered_in_little_memory_and_refreshed_for_a_304_each(tmp_path: Path) -> None:
    figures = await measure(tmp_path, packages=500, mix=MIX)
    assert figures.is_right, str(figures)
    assert figures.peak_memory < 200 * MEGABYTE, str(figures)


async def test_a_digest_over_many_packages_asks_the_database_no_more_than_one_over_few(tmp_path: Path) -> None:
    assert await _count_statements(tmp_path / "many", 2000) == await _count_statements(tmp_path / "few", 2)


async def _count_statements(folder: Path, packages: int) -> int:
    names = [f"@parts/part-{number}" for number in range(packages)]
    database = Database(f"sqlite:///{folder}/npmtrust.sqlite3")
    database.workspace = TEAM_ID
    await database.call(migrate.upgrade)
    await database.run(lambda store: store.packages.remember(names, "search", NOW))
    await database.call(_read_all)
    statements: list[object] = []
    event.listen(database.engine, "before_cursor_execute", lambda *said: statements.append(said))
    digest = await database.run(compose)
    await database.close()
    assert digest.lacking_total == packages
    return len(statements)


def _read_all(engine: Engine) -> None:
    """Let every package have been read, with as much to tell as most have."""
    with engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE packages SET kind = 'none', visibility = 'public', newest_version = '1.0.0', by = 'otto-npm',"
                " maintainers = 'otto-npm olga-npm', repository = 'acme/ui', since = added_at, last_publish = added_at,"
                " read_at = added_at, lacking_since = added_at, facts = :facts"
            ),
            {"facts": "x" * 1500},
        )
