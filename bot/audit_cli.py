"""`npmtrust audit`: the record, for who has the database and its keys. It may run beside `npmtrust run`."""

import csv
import getpass
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import SecretStr
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from bot.domain.coverage import disarm
from bot.domain.events import AuditKind
from bot.domain.record import RecordedEvent, Scope, export_values, parse_moment, record_rows
from bot.errors import StartupError, StorageError, UsageError
from storage.audit_log import recorded, select_events
from storage.audit_models import AuditRow
from storage.beside import write_beside
from storage.database import Database
from storage.key_check import KeyCheck
from storage.reading import list_workspaces, open_for_reading
from storage.seal_check import Verdict, parse_head, verify_record
from storage.seal_keys import SealKeys
from storage.seals import Head
from storage.store import Store
from storage.vault import Vault

T = TypeVar("T")

_CHUNK = 500
_END_IS_OPEN = (
    "Whether an end was cut off, seals and all, shows only with a head that you know: `npmtrust audit verify --head"
    " N:HASH`, from the newest weekly digest in Slack."
)


def export(url: str, keys: Sequence[SecretStr], *, as_json: bool, since: str = "", until: str = "") -> int:
    """Print the record, oldest first, a few events at a time; the export itself is on record first.

    Raises:
        StartupError: It cannot be read, in one line why.
    """
    scope = Scope(since=_moment(since, "--since"), until=_moment(until, "--until", ends=True))
    with telling_why():
        with open_for_reading(url) as connection:
            _require_keys(connection, keys)
            workspaces = list_workspaces(connection)
        form = "json" if as_json else "csv"
        note_beside(url, keys, workspaces, AuditKind.EXPORTED, form=form, since=scope.since, until=scope.until)
        with open_for_reading(url) as connection:
            (_print_json if as_json else _print_csv)(_read(connection, scope))
    return 0


def verify(url: str, keys: Sequence[SecretStr], *, head: str = "") -> int:
    """Read the whole record with its seals; exit status 1 and the first fault where it does not hold.

    Raises:
        StartupError: It cannot be read, in one line why.
    """
    known = parse_head(head) if head else None
    if head and known is None:
        raise UsageError(f"--head {head!r} is no head: a digest shows one such as 1234:9f86d081884c7d65")
    with telling_why(), open_for_reading(url) as connection:
        _require_keys(connection, keys)
        workspaces = list_workspaces(connection)
        if known is not None and len(workspaces) > 1:
            raise StartupError("--head is of one workspace, and this database has several: verify it without")
        if known is not None and not workspaces:
            raise StartupError(f"the record does not hold: there is none, and its head was {known.text}")
        verdicts = [_verify(connection, workspace, keys, known) for workspace in workspaces]
    for verdict in verdicts:
        _print_verdict(verdict)
    if not verdicts:
        print("Nothing is on record yet.")
    if any(verdict.fault for verdict in verdicts):
        return 1
    if verdicts:
        print(f"Up to {known.text}, the head that you know, nothing was cut off." if known else _END_IS_OPEN)
    return 0


def note_beside(
    url: str,
    keys: Sequence[SecretStr],
    workspaces: Sequence[str],
    kind: AuditKind,
    **data: Any,  # noqa: ANN401 -- becomes JSON
) -> None:
    """Put on record what somebody did at the machine.

    Raises:
        DatabaseDown: It cannot be written now.
    """
    engine = Database(url).engine
    try:
        write_beside(engine, workspaces, SealKeys(keys), lambda store: note(store, kind, **data))
    finally:
        engine.dispose()


def note(store: Store, kind: AuditKind, **data: Any) -> None:  # noqa: ANN401 -- becomes JSON
    """Write an event of who typed at the machine."""
    store.audit.add(kind, actor=f"operator {_operator()}", at=datetime.now(UTC), **data)


@contextmanager
def telling_why() -> Iterator[None]:
    """End with one line where the database cannot be used."""
    try:
        yield
    except (StorageError, DBAPIError) as err:
        told = " ".join(str(getattr(err, "orig", err)).split())  # a driver says it in several lines
        raise StartupError(f"the database of NPMTRUST_DATABASE_URL: {told}") from err


def _operator() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no name: a container's arbitrary user
        return str(os.getuid())


def _moment(text: str, option: str, *, ends: bool = False) -> datetime | None:
    moment = parse_moment(text, ends=ends) if text else None
    if text and moment is None:
        raise UsageError(f"{option} {text!r} is no moment: write 2026-11-23, or 2026-11-23T14:00 (UTC)")
    return moment


def _require_keys(connection: Connection, keys: Sequence[SecretStr]) -> None:
    if KeyCheck(Session(connection), "").opens(Vault(keys)) is False:
        raise StartupError("NPMTRUST_SECRET_KEYS holds no key of this database: put back the one it was made with")


def _verify(connection: Connection, workspace: str, keys: Sequence[SecretStr], known: Head | None) -> Verdict:
    return verify_record(connection, workspace, SealKeys(keys), now=datetime.now(UTC), known=known)


def _print_verdict(verdict: Verdict) -> None:
    if verdict.fault:
        print(f"npmtrust: the record of {verdict.workspace} does not hold: {verdict.fault}", file=sys.stderr)
        return
    if verdict.head is None:
        print(f"{verdict.workspace}: nothing is sealed yet.")
    else:
        print(f"{verdict.workspace}: {verdict.head.number} events are as they were sealed; head {verdict.head.text}")
    if verdict.fresh:
        print(f"{verdict.fresh} of the last minute are not sealed yet.")
    if verdict.late:
        print(
            f"{verdict.late} older ones, from event {verdict.first_late} on, are not sealed yet: `npmtrust run` does"
            " it while it is at work."
        )
    if verdict.other_keys:
        print(
            f"Some seals are of keys that are not at hand ({', '.join(sorted(verdict.other_keys))}): later ones hold."
        )


def _read(connection: Connection, scope: Scope) -> Iterator[RecordedEvent]:
    query = select_events(scope).order_by(AuditRow.id)
    with connection.execution_options(yield_per=_CHUNK).execute(query) as rows:
        yield from map(recorded, rows)


def _print_csv(events: Iterator[RecordedEvent]) -> None:
    out = csv.writer(sys.stdout)
    _print_all(record_rows(events), lambda row: out.writerow([disarm(cell) for cell in row]))


def _print_json(events: Iterator[RecordedEvent]) -> None:
    print("[", end="")
    before = "\n"

    def write(event: RecordedEvent) -> None:
        nonlocal before
        print(f"{before}{json.dumps(export_values(event), ensure_ascii=False)}", end="")
        before = ",\n"

    _print_all(events, write)
    print("\n]")


def _print_all(rows: Iterator[T], write: Callable[[T], object]) -> None:
    try:
        for row in rows:
            write(row)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has seen enough; Python would complain once more when it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise StartupError("the reader of the export has gone") from None
