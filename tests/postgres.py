"""A PostgreSQL server of its own for the tests, one for all that run side by side.

Tests that are marked `postgresql` run on it, those marked `both_databases` on it and on SQLite, and with
`TEST_DATABASE=postgresql` everything does that names a database.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from bot.sandbox.ports import HeldPort
from storage import migrate
from storage.database import make_engine
from tests.patience import PATIENCE

WANTED = os.environ.get("TEST_DATABASE") == "postgresql"
MISSING = "PostgreSQL is not installed, and this test runs on a server of its own: apt-get install postgresql"
EMPTY, MIGRATED = "template0", "npmtrust_migrated"
"""What a database is made of."""

_SETTINGS = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=100"


class Server:
    """A server on loopback; it can be restarted under its address."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="npmtrust-postgresql-"))
        self._data = str(self._folder / "data")
        self._port = HeldPort()
        self.url = f"postgresql://app@127.0.0.1:{self._port.number}/"
        """How the addresses of its databases begin."""
        self._process: subprocess.Popen[bytes] | None = None

    def make(self) -> None:
        """Make its files, and start it."""
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            os.chown(self._folder, account.pw_uid, account.pw_gid)
        _run("initdb", "-D", self._data, "-U", "app", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
        self.start()

    def start(self) -> None:
        """Start, and return when it takes connections."""
        listen = f"-D {self._data} -c listen_addresses=127.0.0.1 -p {self._port.number} -k {self._folder} {_SETTINGS}"
        program = _command("postgres", *listen.split(), dies_with_us=True)
        self._process = subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
        ends = time.monotonic() + PATIENCE
        while True:
            try:
                psycopg.connect(f"{self.url}postgres", connect_timeout=5).close()
            except psycopg.OperationalError:
                if time.monotonic() > ends or self._process.poll() is not None:
                    raise
                time.sleep(0.02)
            else:
                return

    def stop(self) -> None:
        """Cut every connection, and end, as a crash would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()
            self._process = None

    def remove(self) -> None:
        """Forget everything."""
        shutil.rmtree(self._folder, ignore_errors=True)


@contextmanager
def run_server() -> Iterator[Server]:
    """Run a server, and remove it."""
    server = Server()
    try:
        server.make()
        try:
            yield server
        finally:
            server.stop()
    finally:
        server.remove()


@contextmanager
def run_shared_server() -> Iterator[str]:
    """Run the server that all tests share; yields how its addresses begin, or nothing where none is installed."""
    if not is_installed():
        yield ""
        return
    with run_server() as server:
        _make(server.url, EMPTY, MIGRATED)
        engine = make_engine(f"{server.url}{MIGRATED}")
        migrate.upgrade(engine)
        engine.dispose()
        yield server.url


def is_installed() -> bool:
    """Tell whether the programs of a server are here."""
    return find_program("initdb") is not None


@contextmanager
def open_database(server: str, template: str = MIGRATED) -> Iterator[str]:
    """Lend a database with every table, or make an empty one; yields its address."""
    if template != MIGRATED:
        name = _make(server, template)
        yield f"{server}{name}"
        _drop(server, name)
        return
    free = _FREE.setdefault(server, [])
    name = free.pop() if free else _make(server, template)
    yield f"{server}{name}"
    if _empty(server, name):
        free.append(name)
    else:
        _drop(server, name)


_FREE: dict[str, list[str]] = {}
"""Databases that nobody uses now, by server: to empty one takes a tenth of the time that a new one takes."""


def _empty(server: str, name: str) -> bool:
    """End all connections to a database and delete all rows; False where its tables are not what they were."""
    with psycopg.connect(f"{server}postgres", autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", (name,))
    with psycopg.connect(f"{server}{MIGRATED}") as connection:
        wanted = _list_relations(connection)
    with psycopg.connect(f"{server}{name}", autocommit=True) as connection:
        if _list_relations(connection) != wanted:
            return False
        tables = [sql.Identifier(each) for each, kind in wanted if kind == "r" and each != "alembic_version"]
        counters = [each for each, kind in wanted if kind == "S"]
        without_triggers = sql.SQL("SET session_replication_role = replica")
        deleted = [sql.SQL("DELETE FROM {}").format(table) for table in tables]
        begun = [sql.SQL("SELECT setval({}, 1, false)").format(sql.Literal(each)) for each in counters]
        connection.execute(sql.SQL("; ").join([without_triggers, *deleted, *begun]))
    return True


def _list_relations(connection: psycopg.Connection[tuple[str, str]]) -> list[tuple[str, str]]:
    found = "SELECT relname, relkind::text FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1"
    return connection.execute(found).fetchall()


def _drop(server: str, name: str) -> None:
    with psycopg.connect(f"{server}postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _make(server: str, template: str, name: str = "") -> str:
    name = name or f"npmtrust_{uuid.uuid4().hex}"
    with psycopg.connect(f"{server}postgres", autocommit=True) as connection:
        names = sql.Identifier(name), sql.Identifier(template)
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY WAL_LOG").format(*names))
    return name


def find_program(program: str) -> str | None:
    """Find a program of the server, or of its clients; the newest version where there are several."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))
    return str(found[-1]) if found else shutil.which(program)


def _run(program: str, *arguments: str) -> None:
    command = _command(program, *arguments)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")


def _command(program: str, *arguments: str, dies_with_us: bool = False) -> list[str]:
    """Call a program of the server; as root with the rights of its own user, since it refuses root."""
    path = find_program(program)
    if path is None:
        raise RuntimeError(MISSING)
    command = [path, *arguments]
    if dies_with_us and shutil.which("setpriv"):
        command = ["setpriv", "--pdeathsig=QUIT", *command]  # tests that are killed leave nothing running
    if os.geteuid() == 0:  # before the above, which a change of rights would undo
        command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]
    return command
