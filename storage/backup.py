"""Copies of a SQLite database, taken while `npmtrust run` is at work, and put back while it is not.

PostgreSQL brings its own: `dump_command` and `load_command` say how.
"""

import os
import shlex
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from bot.errors import StorageError
from storage import migrate
from storage.database import Database
from storage.key_check import KeyCheck
from storage.reading import connect_read_only
from storage.vault import Vault

_PRIVATE = 0o600
_BESIDES = ("", "-wal", "-shm")
"""A SQLite database is these files."""
_LOCK = ".lock"
"""Beside them stands what `Database.claim_file` holds."""


class BackupRefused(StorageError):
    """It is not done; nothing was changed. The text is one line: why, and what to do."""


def back_up(source: Path, target: Path, *, force: bool) -> None:
    """Copy a database as it is at one moment, whatever is written meanwhile.

    Raises:
        BackupRefused: The target is there, or something cannot be read or written.
    """
    if source.exists() and _belongs_to(source, target):  # also with `force`: who writes it would lose what they write
        raise BackupRefused(f"{target} is the database itself, or belongs to it: name another file")
    if os.path.lexists(target) and not force:
        raise BackupRefused(f"{target} is there already: name another file, or give --force to replace it")
    if not source.exists():
        raise BackupRefused(f"there is no database at {source}: NPMTRUST_DATABASE_URL names it")
    with _refusing(source, target), _file_beside(target) as copy:
        _copy(source, copy)
        _place(copy, target, force=force)


def restore(source: Path, target: Path, vault: Vault, note: Callable[[Engine], None], now: datetime) -> Path | None:
    """Put a copy in the place of a database that no process has.

    It is looked at first, and brought to the schema of this version; the old file is kept.

    Args:
        source: The copy.
        target: Where the database stands, or is to stand.
        vault: With the keys, one of which has to be that of the copy.
        note: Writes down in the copy that this happens.
        now: For the name under which the old file is kept.

    Returns:
        Where the old database is kept; None where there was none.

    Raises:
        BackupRefused: The copy is broken, of a newer version or of other keys, or something cannot be written.
    """
    if not source.is_file():
        raise BackupRefused(f"there is no file {source}")
    target.parent.mkdir(parents=True, exist_ok=True)
    with _refusing(source, target, "; take another copy"), _file_beside(target) as copy:
        _copy(source, copy)
        _examine(copy, source, vault, note)
        aside = _put_aside(target, now)
        _place(copy, target, force=True)
    return aside


def dump_command(url: str, file: Path) -> str:
    """Tell how a PostgreSQL database is copied into a file, at one moment."""
    return shlex.join(["pg_dump", "--format=custom", "--no-owner", f"--file={file}", _without_password(url)])


def load_command(url: str, file: Path) -> str:
    """Tell how such a file is put back, all of it or nothing."""
    into = f"--dbname={_without_password(url)}"
    return shlex.join(["pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction", into, str(file)])


def _without_password(url: str) -> str:
    return make_url(url).set(drivername="postgresql")._replace(password=None).render_as_string()


def _belongs_to(database: Path, file: Path) -> bool:
    """Tell whether a file is a database, by whatever name, or one of those that stand beside it."""
    own = {f"{database.resolve()}{end}" for end in (*_BESIDES, _LOCK)}
    return str(file.resolve()) in own or (file.exists() and file.samefile(database))


@contextmanager
def _refusing(source: Path, target: Path, way_out: str = "") -> Iterator[None]:
    """Name what was asked for: the copy under way has a name that nobody knows."""
    try:
        yield
    except FileExistsError as err:
        raise BackupRefused(f"{err.filename2 or err.filename} is there already: name another file") from err
    except OSError as err:
        raise BackupRefused(f"{target} cannot be written: {err.strerror or err}") from err
    except (sqlite3.Error, DBAPIError, StorageError) as err:
        if isinstance(err, BackupRefused):
            raise
        reason = err.orig if isinstance(err, DBAPIError) else err
        if getattr(reason, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            raise BackupRefused(f"{target} cannot be written: the disk is full") from err
        raise BackupRefused(f"{source} cannot be copied: {reason}{way_out}") from err


@contextmanager
def _file_beside(target: Path) -> Iterator[Path]:
    """Make a file that nobody else can read, in the folder of another."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")  # 0600
    os.close(handle)
    try:
        yield Path(name)
    finally:
        for end in _BESIDES:
            Path(f"{name}{end}").unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    with closing(connect_read_only(source)) as reading, closing(sqlite3.connect(target)) as writing:
        reading.backup(writing)
        _settle(writing)


def _settle(connection: sqlite3.Connection) -> None:
    """Leave one file, without a log beside it, that holds together."""
    connection.execute("PRAGMA journal_mode=DELETE")
    if (found := connection.execute("PRAGMA integrity_check(1)").fetchone()[0]) != "ok":
        raise sqlite3.DatabaseError(" ".join(str(found).split()))


def _place(copy: Path, target: Path, *, force: bool) -> None:
    """Give the copy its name: at once, and never that of a file that came meanwhile."""
    copy.chmod(_PRIVATE)
    with copy.open("rb") as written:
        os.fsync(written.fileno())
    if force or not _link(copy, target):
        copy.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _link(copy: Path, target: Path) -> bool:
    """Give a file a second name, unless it is taken; False where the file system has no such thing."""
    try:
        os.link(copy, target)
    except FileExistsError:
        raise
    except OSError:
        if os.path.lexists(target):
            raise FileExistsError(0, "it is there already", str(target)) from None
        return False
    return True


def _examine(copy: Path, source: Path, vault: Vault, note: Callable[[Engine], None]) -> None:
    engine = Database(f"sqlite:///{copy}").engine
    try:
        schema = migrate.compare(engine)
        if schema is migrate.Schema.NEWER:
            raise BackupRefused(f"{source} is of a newer npmtrust: restore it with that version")
        if schema is migrate.Schema.EMPTY:
            raise BackupRefused(f"{source} is no database of npmtrust")
        migrate.upgrade(engine)
        with Session(engine) as session, session.begin():
            opens = KeyCheck(session, "").opens(vault)
        if opens is False:
            raise BackupRefused(
                f"NPMTRUST_SECRET_KEYS holds no key of {source}: put the key with which it was made behind the others"
            )
        note(engine)
    finally:
        engine.dispose()
    with closing(sqlite3.connect(copy)) as connection:
        _settle(connection)


def _put_aside(target: Path, now: datetime) -> Path | None:
    """Keep the old database under another name, with its log: a broken one too may be of use to somebody."""
    if not target.exists() or not target.stat().st_size:
        target.unlink(missing_ok=True)
        return None
    aside = target.with_name(f"{target.name}.before-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}")
    if aside.exists():
        raise FileExistsError(0, "it is there already", str(aside))
    for end in _BESIDES:
        old = Path(f"{target}{end}")
        if old.exists():
            old.rename(f"{aside}{end}")
    return aside
