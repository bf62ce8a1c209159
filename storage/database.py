"""The engine and its transactions.

    StorageError
    ├── DatabaseDown      the database cannot be reached or is locked: try again
    │   └── CommitUnknown   it went away in the middle of a commit, and may have made it
    ├── DatabaseInUse     another `npmtrust run` has this SQLite file
    ├── migrate.OtherSchema  it has not the schema of this version
    │   └── migrate.SchemaTooNew  a newer version has been at work
    └── vault.WrongKey    the keys do not open what is stored

Database code is synchronous and leaves the event loop: one dedicated thread for SQLite (it has one writer anyway), a
small pool of threads for PostgreSQL.
"""

import asyncio
import contextvars
import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import FunctionType
from typing import IO, Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.pool import StaticPool

from bot.errors import StorageError
from bot.points import AtPoint, Point
from storage.seal_keys import NO_KEYS
from storage.store import Store
from storage.unsealed import Unsealed

T = TypeVar("T")

TRIES = 5
"""How often a transaction is tried whose rows somebody else moved first."""

_POSTGRES_THREADS = 4
_ROWS_IN_ONE = 100
"""Rows of one INSERT; SQLAlchemy's thousand make a statement of ten thousand parameters."""
_PATIENCE = {"connect_timeout": 10, "tcp_user_timeout": 10_000}
"""For PostgreSQL's client (seconds; milliseconds), where the address does not say: a server that is gone is noticed."""
_LOCK_SECONDS = 5
"""As long as a row may be somebody else's; our own transactions take milliseconds."""
_STATEMENT_SECONDS = 60
_STEPS_ASIDE = 0.1
"""Seconds for which a transaction that nobody waits for lets others go ahead: however much comes, work goes on."""
_NOT_MADE = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY}
"""With these SQLite says that a commit was not made: there was no room to write that it was, or somebody in the way."""
_DEADLOCK = "40P01"
"""PostgreSQL's word for a transaction that it has ended, since another one and it waited for each other."""


class DatabaseDown(StorageError):
    """The database cannot be used now."""


class CommitUnknown(DatabaseDown):
    """A commit was begun, and nobody has said how it ended: what was written stands, or will never."""


class DatabaseInUse(StorageError):
    """Another process runs on this SQLite file."""


class _Overtaken(Exception):
    """Somebody else went first, and nothing of the transaction stands."""


class _Turn:
    """Who was first: whoever gives up waiting, or the thread that begins to commit."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_given_up = False
        self.commits = False

    def give_up(self) -> bool:
        """Let there be no commit; False when it was begun already."""
        with self._lock:
            self._is_given_up = True
            return not self.commits

    def begin_commit(self) -> None:
        """Go on to the commit, unless nobody waits for it any more.

        Raises:
            DatabaseDown: Nobody does.
        """
        with self._lock:
            if self._is_given_up:
                raise DatabaseDown("it took too long")
            self.commits = True


class Database:
    """Runs functions in transactions, away from the event loop."""

    def __init__(self, url: str) -> None:
        self.engine = make_engine(url)
        self.workspace = ""
        """Slack's team id; every row that is read or written belongs to it."""
        self.seal_keys = NO_KEYS
        """With these the record is written."""
        self.unsealed = Unsealed()
        """What transactions of this process have put on record, until it is sealed."""
        self.at_point: AtPoint | None = None
        """Is told, in the thread of the work, that a commit is about to be made or has just been made, and of what."""
        self._file = self.engine.url.database if self.is_sqlite else None
        self._lock: IO[bytes] | None = None
        threads = 1 if self.is_sqlite else _POSTGRES_THREADS
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="database")
        self._unhurried = asyncio.Semaphore(max(1, threads - 1))
        """Whose time is not limited queues here, so that who has little waits for one transaction at most, or none."""
        self._ahead = 0
        self._calm = asyncio.Event()
        """Set when the last of them has gone."""

    @property
    def is_sqlite(self) -> bool:
        """The embedded default; it takes one `npmtrust run`."""
        return self.engine.dialect.name == "sqlite"

    @property
    def file(self) -> Path | None:
        """The SQLite file; None on a server, and for a database in memory."""
        return Path(self._file) if self._file else None

    def claim_file(self) -> None:
        """Take the SQLite file for this process, until it ends.

        Raises:
            DatabaseInUse: another process has it.
        """
        if self._file is None:
            return
        file = Path(self._file).resolve()  # as SQLite does: a link to the file is the same file
        lock = Path(f"{file}.lock").open("ab")  # noqa: SIM115 -- held until the process ends
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as err:
            lock.close()
            raise DatabaseInUse(f"another npmtrust runs on {self._file}: end it first, or use PostgreSQL") from err
        self._lock = lock

    async def run(self, work: Callable[[Store], T], *, within: float | None = None) -> T:
        """Run `work` in one transaction and commit it.

        A transaction whose rows were moved by somebody else meanwhile is done again from the start.

        Args:
            work: Reads and writes.
            within: Seconds; a transaction that has not come to its end by then is rolled back. None: no limit. Who has
                one goes ahead of those who have none: Slack waits for an ack, and nobody for a worker.

        Raises:
            CommitUnknown: it may be committed, or not; who has to know looks again, or does again what can be.
            DatabaseDown: it could not be done now, and nothing of it stands.
        """
        if within is not None:
            return await self._run(work, within)
        async with self._unhurried:
            if self._ahead:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_STEPS_ASIDE):  # Python 3.11's wait_for forgets that it was cancelled
                        await self._calm.wait()
            return await self._run(work)

    @contextmanager
    def go_ahead(self) -> Iterator[None]:
        """Keep transactions without a limit of time from beginning meanwhile, each for a tenth of a second at most.

        They would take the interpreter and the server from who has little time, also where they take no thread.
        """
        self._ahead += 1
        self._calm.clear()
        try:
            yield
        finally:
            self._ahead -= 1
            if not self._ahead:
                self._calm.set()

    async def _run(self, work: Callable[[Store], T], within: float | None = None) -> T:
        turn = _Turn()
        # With the context of the caller, so that a line that is logged in the thread tells what it is about.
        transact = partial(contextvars.copy_context().run, self._transact, work, turn)
        running = asyncio.get_running_loop().run_in_executor(self._executor, transact)
        done, _ = await asyncio.wait({running}, timeout=within)
        if not done:
            is_in_time = turn.give_up()
            running.cancel()  # where it still waits for its turn; else the thread finds that it was given up
            late = DatabaseDown if is_in_time else CommitUnknown
            raise late(f"it did not answer within {within:.2g} s")
        return running.result()

    async def call(self, work: Callable[[Engine], T]) -> T:
        """Run `work` with the engine, where transactions run: SQLite has one connection and one thread for it.

        Raises:
            DatabaseDown: it could not be done now.
        """
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._call, work)

    def _call(self, work: Callable[[Engine], T]) -> T:
        try:
            return work(self.engine)
        except DBAPIError as err:
            raise DatabaseDown(_told(err)) from err

    def _transact(self, work: Callable[[Store], T], turn: _Turn) -> T:
        for _ in range(TRIES - 1):
            try:
                return self._transact_once(work, turn)
            except (StaleDataError, IntegrityError, _Overtaken):
                continue  # somebody else was first: look again at what stands
        try:
            return self._transact_once(work, turn)
        except (StaleDataError, IntegrityError, _Overtaken) as err:
            raise DatabaseDown("others kept changing the same rows") from err

    def _transact_once(self, work: Callable[[Store], T], turn: _Turn) -> T:
        try:
            with Session(self.engine, expire_on_commit=False) as session:
                store = Store(session, self.workspace, self.seal_keys, self.unsealed)
                with session.begin():
                    result = work(store)
                    store.finish()  # what comes now is the commit, and nothing else
                    self._pass(work, Point.BEFORE_COMMIT)
                    turn.begin_commit()
                self.unsealed.keep(store.list_recorded())
                self._pass(work, Point.AFTER_COMMIT)
                return result
        except IntegrityError:
            raise
        except DBAPIError as err:
            if getattr(err.orig, "sqlstate", None) == _DEADLOCK:
                raise _Overtaken from err
            may_stand = turn.commits and getattr(err.orig, "sqlite_errorcode", None) not in _NOT_MADE
            raise (CommitUnknown if may_stand else DatabaseDown)(_told(err)) from err

    def _pass(self, work: Callable[[Store], object], point: Point) -> None:
        if self.at_point is not None:
            self.at_point(f"{point}: {name_of(work)}")

    async def close(self) -> None:
        """End the threads and the connections; give the SQLite file back."""
        await asyncio.get_running_loop().run_in_executor(self._executor, self.engine.dispose)
        self._executor.shutdown()
        if self._lock is not None:
            self._lock.close()


def name_of(work: Callable[[Store], object]) -> str:
    """Name the work of a transaction: the function, or of a lambda where it stands and what it calls."""
    code = work.__code__ if isinstance(work, FunctionType) else None
    module, _, function = f"{work.__module__}.{getattr(work, '__qualname__', '')}".partition(".<locals>.<lambda>")
    called = [name for name in code.co_names if name != "clock"] if code else []
    return f"{module} ({'.'.join(called)})" if _ and called else f"{module}{function}".replace(".<locals>", "")


def _told(error: DBAPIError) -> str:
    """Tell in one line what the driver says in several."""
    return " ".join(str(error.orig).split())


def file_of(url: str) -> Path | None:
    """Tell which SQLite file an address names; None where it names none.

    Raises:
        DatabaseDown: It cannot be read.
    """
    parsed = _read_address(url)
    return Path(parsed.database) if parsed.get_backend_name() == "sqlite" and parsed.database else None


def _read_address(url: str) -> URL:
    try:
        return make_url(url)
    except (ArgumentError, ValueError):  # not chained: they quote the address, with its password
        raise DatabaseDown("its address cannot be read; expected postgresql://USER:PASSWORD@HOST:PORT/NAME") from None


def make_engine(url: str) -> Engine:
    """Make what connects to a database.

    Raises:
        DatabaseDown: Its address cannot be read.
    """
    parsed = _read_address(url)
    if parsed.get_backend_name() == "postgresql":
        url_of_driver = parsed.set(drivername="postgresql+psycopg")
        patience = {name: value for name, value in _PATIENCE.items() if name not in parsed.query}
        engine = create_engine(
            url_of_driver,
            pool_size=_POSTGRES_THREADS,
            pool_pre_ping=True,  # the server may have been started anew, or have cut us off
            hide_parameters=True,
            insertmanyvalues_page_size=_ROWS_IN_ONE,
            connect_args=patience,
        )
        event.listen(engine, "connect", _configure_postgresql)
        return engine
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        _keep_private(parsed.database)
    # It keeps 128 statements parsed where nothing is said, fewer than ours: those of a call would be parsed at each.
    given: dict[str, Any] = {"check_same_thread": False, "cached_statements": 1000}
    engine = create_engine(
        parsed,
        poolclass=StaticPool,
        hide_parameters=True,
        insertmanyvalues_page_size=_ROWS_IN_ONE,
        connect_args=given,
    )
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _keep_private(file: str) -> None:
    """Sessions are encrypted, yet nobody else on the machine has to read who approved what."""
    os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))


def _configure_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 -- sqlite3's, through SQLAlchemy's pool
    connection.isolation_level = None  # we begin ourselves, see below
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        connection.execute(f"PRAGMA {pragma}")


def _configure_postgresql(connection: Any, _record: object) -> None:  # noqa: ANN401 -- psycopg's, as above
    """Let no transaction of somebody else hold ours up for ever; `migrate` waits as long as it takes."""
    connection.execute(f"SET lock_timeout = {_LOCK_SECONDS * 1000}")
    connection.execute(f"SET statement_timeout = {_STATEMENT_SECONDS * 1000}")
    # A plan that was made for tables with a few rows is otherwise kept while they grow, until they are analysed again.
    connection.execute("SET plan_cache_mode = force_custom_plan")
    connection.commit()


def _begin_immediate(connection: Connection) -> None:
    """Take the write lock at once: a transaction that reads first could otherwise not be upgraded."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")
