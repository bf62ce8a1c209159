"""What is done to the record by who owns the database is found, and the first row named."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.orm import Session

from storage import migrate
from storage.audit_models import AuditRow, SealRow
from storage.database import Database
from storage.seal_check import parse_head, verify_record
from storage.seal_keys import SealKeys, digest_of, mark_event
from storage.seals import Head
from tests.storage.conftest import NOW
from tests.storage.sealing import KEY, KEYS, LATER, OTHER_KEY, WORKSPACE, seal, write


@pytest.mark.parametrize(
    "line", ["", "5", "5:", "x:0123456789abcdef", "0:0123456789abcdef", "5:0123", "5:0123456789ABCDEF", "5:" + "0" * 65]
)
def test_a_head_that_cannot_be_one_is_not_read(line: str) -> None:
    assert parse_head(line) is None


# What somebody may do who owns the database, and has everything but the key.

EVENTS = 9


class Forger:
    """Changes rows, and hashes the chain anew with a key of their own."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.session = Session(connection)
        self.keys = SealKeys([OTHER_KEY])
        for index in ("audit_marks",):
            connection.execute(text(f"DROP INDEX {index}"))

    def run(self, statement: str, **values: object) -> None:
        self.session.execute(text(statement), values)

    def hash_anew(self, *, sign: bool) -> None:
        """Make every digest right again; the signatures are another's, or stay where the row had one."""
        self.session.expire_all()
        digest = ""
        for row in self.session.query(SealRow).order_by(SealRow.number):
            found = self.session.get(AuditRow, row.event_id)
            if found is None:
                return
            digest = digest_of(digest, row.number, row.sealed_at, found)
            if row.digest != digest:
                row.digest = digest
                if sign:
                    row.signature = self.keys.sign(digest.encode())
        self.session.flush()


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A record of nine events whose ids have gaps."""
    url = f"sqlite:///{tmp_path_factory.mktemp('record')}/npmtrust.sqlite3"

    async def make() -> None:
        database = Database(url)
        await database.call(migrate.upgrade)
        database.workspace, database.seal_keys = WORKSPACE, KEYS
        await database.run(lambda store: write(store, EVENTS))
        await database.run(seal)
        await database.close()

    asyncio.run(make())
    engine = create_engine(url)
    event.listen(engine, "connect", _begin_by_hand)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    yield engine
    engine.dispose()


def _begin_by_hand(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None


@contextmanager
def tampering(engine: Engine) -> Iterator[tuple[Forger, Callable[[Head | None], str]]]:
    with engine.connect() as connection:
        transaction = connection.begin()
        forger = Forger(connection)

        def fault(known: Head | None) -> str:
            return verify_record(connection, WORKSPACE, KEYS, now=LATER, known=known).fault

        yield forger, fault
        forger.session.close()
        transaction.rollback()


def head_of(engine: Engine) -> Head:
    with engine.connect() as connection:
        head = verify_record(connection, WORKSPACE, KEYS, now=LATER).head
    assert head
    return head


COLUMNS = {
    "at": "2026-11-23 14:00:01.000000",
    "kind": "package.retired",
    "actor": "U0SAM",
    "change_set_id": 7,
    "step_id": 7,
    "package": "@acme/other",
    "subject": "U0SAM",
    "delivery_id": 7,
    "data": "{}",
    "mark": None,
    "workspace": "T0OTHER",
}
SEAL_COLUMNS = {
    "sealed_at": "2026-11-23 14:00:01.000000",
    "digest": "0" * 64,
    "signature": f"{KEYS.front}.00",
    "event_id": 99,
    "number": 99,
}
PLACE = st.integers(1, EVENTS)
HASHED = st.sampled_from(["", "digests", "digests and signatures"])


def anew(forger: Forger, hashed: str) -> None:
    if hashed:
        forger.hash_anew(sign="signatures" in hashed)


@settings(deadline=None, max_examples=60)
@given(place=PLACE, column=st.sampled_from(sorted(COLUMNS)), hashed=HASHED)
def test_a_changed_event_is_found(sealed: Engine, place: int, column: str, hashed: str) -> None:
    with tampering(sealed) as (forger, fault):
        change_one = f"UPDATE audit_events SET {column} = :value WHERE id = :id"  # noqa: S608
        forger.run(change_one, value=COLUMNS[column], id=place)
        anew(forger, hashed)
        assert fault(None).startswith(
            (f"event {place} ", f"event {place},", f"the seals from {place} on", f"seal {place} was changed")
        )


@settings(deadline=None, max_examples=40)
@given(place=PLACE, column=st.sampled_from(sorted(SEAL_COLUMNS)))
def test_a_changed_seal_is_found(sealed: Engine, place: int, column: str) -> None:
    head = head_of(sealed)
    with tampering(sealed) as (forger, fault):
        change_one = f"UPDATE audit_seals SET {column} = :value WHERE number = :id"  # noqa: S608
        forger.run(change_one, value=SEAL_COLUMNS[column], id=place)
        assert str(place) in fault(head)


def test_a_seal_of_a_key_that_nobody_used_before_is_found(sealed: Engine) -> None:
    with tampering(sealed) as (forger, fault):
        forger.run("UPDATE audit_seals SET signature = '00000000.00' WHERE number = 5")
        assert fault(None).startswith("seal 5 was changed")


@settings(deadline=None, max_examples=60)
@given(place=PLACE, whole=st.booleans(), renumbered=st.booleans(), hashed=HASHED)
def test_a_removed_row_is_found(sealed: Engine, place: int, whole: bool, renumbered: bool, hashed: str) -> None:  # noqa: FBT001
    head = head_of(sealed)
    with tampering(sealed) as (forger, fault):
        forger.run("DELETE FROM audit_events WHERE id = :id", id=place)
        if whole:
            forger.run("DELETE FROM audit_seals WHERE event_id = :id", id=place)
        if whole and renumbered:
            for number in range(place + 1, EVENTS + 1):
                forger.run("UPDATE audit_seals SET number = :to WHERE number = :of", to=number - 1, of=number)
            anew(forger, hashed)
        assert fault(head)
        if not whole:
            assert fault(None) == f"event {place}, which seal {place} is of, was removed"
        elif place < EVENTS:
            assert str(place) in fault(None)


@settings(deadline=None, max_examples=60)
@given(place=PLACE, way=st.sampled_from(["unmarked", "marked", "copied"]), with_seal=st.booleans(), hashed=HASHED)
def test_an_inserted_row_is_found(sealed: Engine, place: int, way: str, with_seal: bool, hashed: str) -> None:  # noqa: FBT001
    with tampering(sealed) as (forger, fault):
        row = AuditRow(id=100, workspace=WORKSPACE, at=NOW, kind="package.retired", actor="U0OTTO", data="{}")
        row.mark = mark_event(row, forger.keys) if way == "marked" else None
        forger.session.add(row)
        forger.session.flush()
        if way == "copied":
            columns = "at, kind, actor, package, data, mark"
            forger.run("DELETE FROM audit_events WHERE id = 100")
            forger.run(
                f"INSERT INTO audit_events (id, workspace, {columns})"  # noqa: S608
                f" SELECT 100, workspace, {columns} FROM audit_events WHERE id = :id",
                id=place,
            )
        if with_seal:
            for number in range(EVENTS, place - 1, -1):
                forger.run("UPDATE audit_seals SET number = :to WHERE number = :of", to=number + 1, of=number)
            forger.run(
                "INSERT INTO audit_seals (workspace, number, event_id, sealed_at, digest, signature)"
                " SELECT workspace, :number, 100, sealed_at, digest, signature FROM audit_seals LIMIT 1",
                number=place,
            )
            anew(forger, hashed)
        first = fault(None)
        assert first.startswith(("event 100 ", f"the seals from {place} on", f"seal {place} was changed"))


@settings(deadline=None, max_examples=60)
@given(places=st.tuples(PLACE, PLACE).filter(lambda pair: pair[0] < pair[1]), hashed=HASHED, events=st.booleans())
def test_rows_in_another_order_are_found(sealed: Engine, places: tuple[int, int], hashed: str, events: bool) -> None:  # noqa: FBT001
    one, two = places
    table, column = ("audit_events", "id") if events else ("audit_seals", "number")
    with tampering(sealed) as (forger, fault):
        for of, to in ((one, -1), (two, one), (-1, two)):
            forger.run(f"UPDATE {table} SET {column} = :to WHERE {column} = :of", of=of, to=to)  # noqa: S608
        anew(forger, hashed)
        first = fault(None)
        assert f"its seal {one} " in first or first.startswith((f"the seals from {one} on", f"seal {one} was changed"))


@settings(deadline=None, max_examples=20)
@given(left=st.integers(0, EVENTS - 1), events=st.booleans())
def test_an_end_that_was_cut_off_is_found_by_who_knows_a_head(sealed: Engine, left: int, events: bool) -> None:  # noqa: FBT001
    head = head_of(sealed)
    with tampering(sealed) as (forger, fault):
        forger.run("DELETE FROM audit_seals WHERE number > :left", left=left)
        if events:
            forger.run("DELETE FROM audit_events WHERE id > :left", left=left)
        assert fault(head) == f"the record ends at seal {left}, and its head was {head.text}: the end was cut off"
        assert fault(None) == ""


@pytest.mark.parametrize(("table", "column"), [("audit_events", "at"), ("audit_seals", "sealed_at")])
def test_a_row_that_cannot_be_read_is_found(sealed: Engine, table: str, column: str) -> None:
    with tampering(sealed) as (forger, fault):
        forger.run(f"UPDATE {table} SET {column} = 'nonsense' WHERE id = 4")  # noqa: S608
        assert fault(None) == "what comes after seal 3 cannot be read: it was not written by npmtrust"


def test_the_key_is_not_in_the_database(sealed: Engine, tmp_path: Path) -> None:
    assert sealed.url.database
    copy = tmp_path / "copy"
    with closing(sqlite3.connect(sealed.url.database)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    stored = copy.read_bytes()
    assert KEYS.front.encode() in stored
    assert KEY.get_secret_value().encode() not in stored
