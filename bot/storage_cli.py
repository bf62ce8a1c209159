"""`npmtrust backup`, `restore` and `keys rotate`: what whoever runs the bot does with its database."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Engine

from bot.audit_cli import note, note_beside, telling_why
from bot.domain.events import AuditKind
from bot.errors import StartupError, StorageError
from storage import migrate
from storage.backup import BackupRefused, back_up, dump_command, load_command, restore
from storage.beside import write_beside
from storage.database import Database, DatabaseInUse, file_of
from storage.reading import list_workspaces, open_for_reading
from storage.rotation import Rotation, is_started_with, rotate
from storage.seal_keys import SealKeys
from storage.store import Store
from storage.vault import Vault


def backup(url: str, keys: Sequence[SecretStr], file: Path, *, force: bool) -> int:
    """Copy the SQLite file while the bot runs; it is on record.

    Raises:
        StartupError: It was not done, in one line why.
    """
    source = _sqlite_file(url)
    if source is None:
        raise StartupError(f"PostgreSQL copies itself, also while npmtrust runs: {dump_command(url, file)}")
    with _refusing():
        back_up(source, file, force=force)
    print(f"{file} holds the database as it is now, for its owner's eyes alone. Keep NPMTRUST_SECRET_KEYS elsewhere.")
    try:
        with open_for_reading(url) as connection:
            workspaces = list_workspaces(connection)
        note_beside(url, keys, workspaces, AuditKind.BACKED_UP, file=file.name)
    except migrate.OtherSchema:  # before an upgrade, or after one that is to be undone: then a copy is needed most
        print("Its schema is not that of this version, so the backup could not be put on record.")
    except StorageError as err:
        raise StartupError(f"the copy is whole, but could not be put on record: {err}") from err
    return 0


def bring_back(url: str, keys: Sequence[SecretStr], file: Path) -> int:
    """Put a copy in the place of the SQLite file that no `npmtrust run` has; it is on record.

    Raises:
        StartupError: It was not done, in one line why.
    """
    target = _sqlite_file(url)
    if target is None:
        raise StartupError(f"end every `npmtrust run`, then let PostgreSQL do it: {load_command(url, file)}")
    if not file.is_file():  # before the database is held, which makes a file
        raise StartupError(f"there is no file {file}")
    if target.exists() and target.samefile(file):
        raise StartupError(f"{file} is the database itself: name the file that `npmtrust backup` made")
    with ExitStack() as held, _refusing():
        _hold(url, held)
        now = datetime.now(UTC)
        aside = restore(
            file, target, Vault(keys), lambda engine: _note_all(engine, keys, AuditKind.BROUGHT_IN, file=file.name), now
        )
    if aside:
        print(f"The database of before is kept as {aside}.")
    print(
        f"{target} is as {file} was. What happened since that copy is not known: `npmtrust run` looks at npm before it"
        " says or sends anything; who logged in since logs in again."
    )
    return 0


def rotate_keys(url: str, keys: Sequence[SecretStr]) -> int:
    """Seal everything anew with the first key, while the bot runs; exit status 1 where something rests on another.

    Raises:
        StartupError: It was not done, in one line why.
    """
    vault, engine = Vault(keys), Database(url).engine
    try:
        with telling_why(), ExitStack() as held:
            migrate.require_current(engine)
            _require_started(url, engine, vault, held)
            rotation = rotate(engine, vault, _tell_progress)
            _note_all(engine, keys, AuditKind.KEYS_ROTATED, sealed_anew=rotation.sealed_anew, left=rotation.left)
    finally:
        engine.dispose()
    return _tell_end(rotation)


def _require_started(url: str, engine: Engine, vault: Vault, held: ExitStack) -> None:
    """A running process that does not know the first key could open nothing any more: one has to have started with it.

    Where no process runs, there is none to be left behind.
    """
    if is_started_with(engine, vault):
        return
    if not all(write_beside(engine, [""], SealKeys(), lambda store: store.key_check.opens(vault) is not False)):
        raise StartupError(
            "NPMTRUST_SECRET_KEYS holds no key of this database: put the new key in front of the old one, with a comma"
        )
    why = (
        "no npmtrust has started with the first key of NPMTRUST_SECRET_KEYS yet: set the new key in front of the old"
        " one, comma separated, start every `npmtrust run` anew with it, then rotate"
    )
    if _sqlite_file(url) is None:
        raise StartupError(why)
    try:
        _hold(url, held)
    except DatabaseInUse as err:
        raise StartupError(why) from err


def _hold(url: str, held: ExitStack) -> None:
    """Be the only one who has the SQLite file.

    Raises:
        DatabaseInUse: An `npmtrust run` has it.
    """
    database = Database(url)
    held.callback(lambda: asyncio.run(database.close()))
    database.claim_file()


def _note_all(engine: Engine, keys: Sequence[SecretStr], kind: AuditKind, **data: Any) -> None:  # noqa: ANN401
    """Put it on record, and seal it at once with the first key: it holds what older keys have sealed."""
    with engine.connect() as connection:
        workspaces = list_workspaces(connection)

    def work(store: Store) -> None:
        note(store, kind, **data)
        store.flush()
        store.seals.seal(datetime.now(UTC))

    write_beside(engine, workspaces, SealKeys(keys), work)


def _tell_progress(column: str, looked_at: int, total: int) -> None:
    print(f"{column}: {looked_at} of {total}")


def _tell_end(rotation: Rotation) -> int:
    print(f"{rotation.sealed_anew} of {rotation.total} values were sealed anew with the first key.")
    for column, number in rotation.unopened.items():
        print(f"{column}: {number} that no key opens, or that are of another row; nobody can use them.")
    left = {name: number - rotation.unopened.get(name, 0) for name, number in rotation.left.items()}
    for column, number in left.items():
        if number > 0:
            print(f"{column}: {number} rest on an older key still.")
    if any(number > 0 for number in left.values()):
        print("A process still seals with an older key: start it anew with the new one in front, then rotate again.")
        return 1
    print("Nothing rests on an older key: have the first one alone in NPMTRUST_SECRET_KEYS, and start npmtrust anew.")
    return 0


def _sqlite_file(url: str) -> Path | None:
    with telling_why():
        return file_of(url)


@contextmanager
def _refusing() -> Iterator[None]:
    """End with one line where it is refused."""
    try:
        yield
    except (BackupRefused, DatabaseInUse) as err:
        raise StartupError(str(err)) from err
