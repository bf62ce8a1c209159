import gc
import os
import shutil
import sys
import threading
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from storage import database, migrate
from tests import postgres, quicker

_SERVER = pytest.StashKey[str]()
_OPENED = ExitStack()
_TESTS = Path(__file__).parent
_OF_PARTS = (
    "domain/",
    "forge/",
    *(f"messages/test_{what}.py" for what in ("doctor", "home", "steps")),
    "handlers/test_front_door.py",
    "registry/test_answers.py",
)
_OF_THE_WHOLE = ("domain/test_lifecycle_exploration.py",)
_SQLITE, _POSTGRESQL = "sqlite", "postgresql"


def pytest_configure(config: pytest.Config) -> None:
    for line in ("both_databases: runs on SQLite and on PostgreSQL", "postgresql: runs on PostgreSQL alone"):
        config.addinivalue_line("markers", line)


quicker.install()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Follow no lines in tests of the whole: those of parts meet each line of `bot/domain`, and it takes twice as long.

    pytest-cov's own marker is no help: its workers have two collectors, and it stops one of them.
    """
    file = item.path.relative_to(_TESTS).as_posix()
    if file.startswith(_OF_PARTS) and file not in _OF_THE_WHOLE:
        return (yield)
    trace, trace_of_threads = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(trace)
        threading.settrace(trace_of_threads)


def pytest_collection_finish() -> None:
    """Keep the collector from going through everything that is imported again and again: a sixth of all time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Run two tests more than there are processors: some wait, for a process that dies or for a pause to pass."""
    return (os.cpu_count() or 1) + 2


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:  # noqa: ANN401 -- of xdist, which has no types for it
    """Give each worker the address of the one server."""
    if _SERVER not in node.config.stash:
        node.config.stash[_SERVER] = _OPENED.enter_context(postgres.run_shared_server())
    node.workerinput["postgresql"] = node.config.stash[_SERVER]


def pytest_unconfigure() -> None:
    _OPENED.close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "engine" not in metafunc.fixturenames:
        return
    marks = {mark.name for mark in metafunc.definition.iter_markers()}
    is_storage = metafunc.definition.path.parent.name == "storage"
    if (is_storage or "both_databases" in marks) and _POSTGRESQL not in marks and not postgres.WANTED:
        metafunc.parametrize("engine", [_SQLITE, _POSTGRESQL])
    elif _POSTGRESQL in marks or postgres.WANTED:
        metafunc.parametrize("engine", [_POSTGRESQL])


@pytest.fixture(scope="session")
def shared_server(request: pytest.FixtureRequest) -> Iterator[str]:
    """How the addresses of databases begin on the server that all tests share."""
    given: dict[str, str] | None = getattr(request.config, "workerinput", None)
    with ExitStack() as opened:
        url = given["postgresql"] if given else opened.enter_context(postgres.run_shared_server())
        if not url:
            pytest.fail(postgres.MISSING, pytrace=False)
        yield url


@pytest.fixture
def postgres_server(request: pytest.FixtureRequest) -> str | None:
    """The server that everything runs on when TEST_DATABASE says so; None: SQLite."""
    return request.getfixturevalue("shared_server") if postgres.WANTED else None


@pytest.fixture
def engine() -> str:
    """Which database a test runs on; see the marks."""
    return _SQLITE


@pytest.fixture
def database_settings(engine: str, request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """The settings of a database without rows: none of their own for SQLite, whose file is the world's."""
    if engine == _SQLITE:
        yield {}
        return
    with postgres.open_database(request.getfixturevalue("shared_server")) as url:
        yield {"NPMTRUST_DATABASE_URL": url}


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with every table: to copy it is quicker than to migrate anew."""
    file = tmp_path_factory.mktemp("migrated") / "npmtrust.sqlite3"
    engine = database.make_engine(f"sqlite:///{file}")
    migrate.upgrade(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return file


@pytest.fixture
def migrated(tmp_path: Path, migrated_file: Path) -> Path:
    """A folder with such a file."""
    shutil.copy(migrated_file, tmp_path / "npmtrust.sqlite3")
    return tmp_path


@pytest.fixture
def prepared_folder(tmp_path: Path, engine: str, migrated_file: Path) -> Path:
    """A folder for a world, where SQLite's tables are made already."""
    if engine == _SQLITE:
        shutil.copy(migrated_file, tmp_path / "npmtrust.sqlite3")
    return tmp_path
