import asyncio
from functools import partial

import pytest
from sqlalchemy import Engine, text

from bot import log
from bot.domain.record import Scope
from storage.database import Database
from storage.seal_check import Verdict, parse_head, verify_record
from storage.seal_keys import SealKeys
from storage.seals import Head, SealBroken
from storage.store import Store
from storage.unsealed import Unsealed
from tests.storage.conftest import NOW
from tests.storage.sealing import COPY, KEY, KEYS, LATER, OTHER_KEY, WORKSPACE, seal, write


@pytest.fixture
async def database(database: Database) -> Database:
    database.seal_keys = KEYS
    return database


async def verdict_of(database: Database, keys: SealKeys = KEYS, known: Head | None = None) -> Verdict:
    def verify(engine: Engine) -> Verdict:
        with engine.connect() as connection:
            return verify_record(connection, WORKSPACE, keys, now=LATER, known=known)

    return await database.call(verify)


async def change(database: Database, *statements: str) -> None:
    def run(engine: Engine) -> None:
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))

    await database.call(run)


@pytest.mark.both_databases
@pytest.mark.anyio
async def test_what_is_written_is_marked_sealed_in_order_and_verified(database: Database) -> None:
    await database.run(lambda store: write(store, 3))
    assert (await verdict_of(database)).late == 3
    assert database.unsealed.find_oldest() == NOW
    assert await database.run(seal) == 3
    await database.run(lambda store: write(store, 2, first=3))
    assert await database.run(seal) == 2
    assert await database.run(seal) == 0
    head = await database.run(lambda store: store.seals.head())
    verdict = await verdict_of(database, known=head)
    assert (verdict.fault, verdict.head, verdict.late, verdict.fresh) == ("", head, 0, 0)
    assert head
    assert parse_head(head.text) == Head(5, head.digest[:16])
    assert database.unsealed.list_all() == []


@pytest.mark.anyio
async def test_an_event_tells_the_delivery_that_caused_it(database: Database) -> None:
    with log.scope():
        log.about(delivery=7)
        await database.run(write)
    await database.run(write)
    rows = await database.run(lambda store: [event.delivery for event in store.audit.list_newest(Scope(), limit=10)])
    assert rows == [None, 7]


@pytest.mark.both_databases
@pytest.mark.anyio
async def test_a_gap_of_a_transaction_that_was_rolled_back_is_no_fault(database: Database) -> None:
    await database.run(write)

    def fail(store: Store) -> None:
        write(store)
        store.flush()
        raise LookupError("of the caller")

    with pytest.raises(LookupError):
        await database.run(fail)
    await database.run(write)
    assert len(database.unsealed.list_all()) == 2
    assert await database.run(seal) == 2
    assert (await verdict_of(database)).fault == ""


@pytest.mark.both_databases
@pytest.mark.anyio
async def test_an_event_whose_transaction_took_longer_is_sealed_after_later_ones(
    database: Database, other: Database
) -> None:
    other.seal_keys = KEYS
    await other.run(lambda store: write(store, 5))
    await change(database, "UPDATE audit_events SET id = id + 100 WHERE id > 2")
    await database.run(seal)
    await other.run(lambda store: write(store, 1, first=9))
    await change(database, "UPDATE audit_events SET id = 50 WHERE package = '@acme/9'")
    assert await database.run(seal) == 1
    verdict = await verdict_of(database)
    assert (verdict.fault, verdict.head and verdict.head.number) == ("", 6)


@pytest.mark.both_databases
@pytest.mark.anyio
async def test_two_who_seal_at_once_make_one_chain(database: Database, other: Database) -> None:
    other.seal_keys = KEYS
    await database.run(lambda store: write(store, 40))
    sealed = await asyncio.gather(database.run(seal), other.run(seal))
    assert sum(sealed) == 40
    assert (await verdict_of(database)).fault == ""


@pytest.mark.both_databases
@pytest.mark.anyio
@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("DELETE FROM audit_events WHERE id = 2", "event 2, which seal 2 is of, was removed"),
        ("UPDATE audit_events SET actor = 'U0SAM' WHERE id = 2", "event 2 "),
        ("UPDATE audit_events SET id = 99 WHERE id = 2", "event 2, which seal 2 is of, was removed"),
        ("DELETE FROM audit_events WHERE id = 3", "event 3"),  # SQLite gives the id to the next one
    ],
)
async def test_what_is_done_to_an_event_before_it_is_sealed_is_found(
    database: Database, other: Database, statement: str, fault: str
) -> None:
    other.seal_keys = KEYS
    await database.run(lambda store: write(store, 3))
    await change(database, statement)
    await database.run(lambda store: write(store, 1, first=3))
    await database.run(lambda store: store.seals.seal_own(LATER))
    assert (await verdict_of(database)).fault.startswith(fault)
    await other.run(seal)
    await database.run(lambda store: write(store, 1, first=9))
    await database.run(seal)
    assert (await verdict_of(database)).fault.startswith(fault)
    assert (await database.run(lambda store: store.seals.head() or Head(0, ""))).number >= 4


@pytest.mark.both_databases
@pytest.mark.anyio
async def test_a_false_seal_makes_no_process_forget_its_event(database: Database, other: Database) -> None:
    other.seal_keys = KEYS
    await other.run(lambda store: write(store, 1))
    await other.run(seal)
    await database.run(lambda store: write(store, 1, first=1))
    copied = (
        "INSERT INTO audit_seals (workspace, number, event_id, sealed_at, digest, signature)"
        " SELECT workspace, 2, 2, sealed_at, digest, signature FROM audit_seals"
    )
    await change(database, copied)
    assert await database.run(lambda store: store.seals.seal_own(LATER)) == 0
    await change(database, "DELETE FROM audit_seals WHERE number = 2", "DELETE FROM audit_events WHERE id = 2")
    assert await database.run(lambda store: store.seals.seal_own(LATER)) == 1
    assert (await verdict_of(database)).fault == "event 2, which seal 2 is of, was removed"


@pytest.mark.both_databases
@pytest.mark.anyio
async def test_an_end_that_was_cut_off_is_found_when_the_process_that_sealed_it_goes_on(
    database: Database, other: Database
) -> None:
    other.seal_keys = KEYS
    for number in range(3):
        await database.run(partial(write, first=number))
        await database.run(seal)
    await change(database, "DELETE FROM audit_seals WHERE number = 3", "DELETE FROM audit_events WHERE id = 3")
    await other.run(partial(write, number=2, first=3))
    assert await other.run(seal) == 2
    assert (await verdict_of(database)).fault == ""  # who went on knew of nothing
    await database.run(lambda store: write(store, 1, first=5))
    assert await database.run(seal) == 1
    assert (await verdict_of(database)).fault == "seal 5 was removed"


@pytest.mark.both_databases
@pytest.mark.anyio
async def test_what_stood_there_before_there_were_marks_is_sealed_once(database: Database, other: Database) -> None:
    other.seal_keys = KEYS
    await other.run(lambda store: write(store, 3))
    await change(database, "UPDATE audit_events SET mark = NULL")
    assert ((await verdict_of(database)).fault, (await verdict_of(database)).late) == ("", 3)
    await other.run(lambda store: write(store, 1, first=3))
    assert await database.run(seal) == 4
    assert (await verdict_of(database)).fault == ""
    await change(database, COPY)
    assert await database.run(seal) == 0
    assert (await verdict_of(database)).fault == (
        "event 5 (package.snoozed of 2026-11-23 14:00:00 UTC) was not written by npmtrust, or changed before it was"
        " sealed"
    )


@pytest.mark.anyio
async def test_a_chain_begun_anew_takes_nothing_in_that_has_no_mark(database: Database) -> None:
    await database.run(lambda store: write(store, 2))
    await database.run(seal)
    await change(database, "DELETE FROM audit_seals", COPY)
    database.unsealed = Unsealed()  # a process that knows of no seal
    assert await database.run(seal) == 2
    assert (await verdict_of(database)).fault.startswith("event 3 ")


@pytest.mark.both_databases
@pytest.mark.anyio
async def test_keys_rotate_and_the_first_new_seal_holds_what_the_old_key_sealed(database: Database) -> None:
    await database.run(lambda store: write(store, 2))
    await database.run(seal)
    database.seal_keys = both = SealKeys([OTHER_KEY, KEY])
    alone = SealKeys([OTHER_KEY])
    assert (await verdict_of(database, alone)).fault.startswith("the seals from 1 on were made with a key that is not")
    await database.run(lambda store: write(store, 2, first=2))
    await database.run(seal)
    for keys in (both, alone):
        assert (await verdict_of(database, keys)).fault == ""
    await change(database, "UPDATE audit_events SET actor = 'U0SAM' WHERE id = 2")
    for keys in (both, alone):
        assert (await verdict_of(database, keys)).fault.startswith("event 2 ")
    database.seal_keys = KEYS
    await database.run(write)
    with pytest.raises(SealBroken, match="seal 4"):
        await database.run(seal)


@pytest.mark.anyio
async def test_without_a_key_nothing_is_sealed(database: Database) -> None:
    database.seal_keys = SealKeys()
    await database.run(write)
    assert await database.run(seal) == 0
