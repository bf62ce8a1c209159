from collections.abc import Iterator

import pytest

from tests import postgres


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str | None]:
    """The server that the tests run on when TEST_DATABASE says so; None: SQLite."""
    if not postgres.WANTED:
        yield None
        return
    with postgres.run_server() as server:
        yield server


@pytest.fixture
def database_settings(postgres_server: str | None) -> dict[str, str]:
    """The settings of an empty database: none of their own for SQLite, whose file is the world's."""
    return {} if postgres_server is None else {"NPMTRUST_DATABASE_URL": postgres.make_database(postgres_server)}
