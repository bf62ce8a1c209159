import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from storage.database import Database
from storage.inbox import CLAIM, Letter
from storage.models import InboxRow
from storage.store import Store
from tests.storage.conftest import NOW
from tests.storage.effort import analyse, measure_effort

pytestmark = pytest.mark.anyio

SECOND = timedelta(seconds=1)


def letter(key: str, person: str) -> Letter:
    return Letter(key, "command", person or key, "C0GENERAL", f"of {key}", after=timedelta(), ends=0)


def add(store: Store, key: str, person: str = "", now: datetime = NOW) -> InboxRow | None:
    if store.inbox.find_known([key]):
        return None
    row = store.inbox.put(letter(key, person), now)
    store.flush()
    return row


async def claim(database: Database, now: datetime = NOW) -> str:
    """Claim a delivery; tell its key, empty when there is none."""

    def work(store: Store) -> str:
        row = store.inbox.claim(now)
        return row.delivery_key if row else ""

    return await database.run(work)


async def id_of(database: Database, key: str) -> int:
    row = await database.run(lambda store: add(store, key))
    assert row
    return row.id


async def test_a_delivery_is_kept_once(database: Database, other: Database) -> None:
    kept = await asyncio.gather(*(each.run(lambda store: add(store, "k")) for each in (database, other) * 10))
    assert sum(row is not None for row in kept) == 1


async def test_a_delivery_is_claimed_by_one_and_the_oldest_goes_first(database: Database, other: Database) -> None:
    await database.run(lambda store: add(store, "second", now=NOW + SECOND))
    await database.run(lambda store: add(store, "first"))
    later = NOW + 2 * SECOND
    claimed = [await claim(each, later) for each in (database, other, database)]
    assert claimed == ["first", "second", ""]


async def test_many_who_claim_at_once_share_the_work(database: Database, other: Database) -> None:
    for number in range(10):
        await database.run(lambda store, number=number: add(store, f"k{number}"))  # type: ignore[misc]
    claimed = await asyncio.gather(*(claim(each) for each in (database, other) * 8))
    assert sorted(filter(None, claimed)) == sorted(f"k{number}" for number in range(10))


async def test_what_one_person_did_is_done_in_its_order(database: Database) -> None:
    first, _ = await id_of(database, "approve"), await database.run(lambda store: add(store, "withdraw", "approve"))
    await database.run(lambda store: add(store, "somebody else"))
    assert [await claim(database) for _ in range(3)] == ["approve", "somebody else", ""]
    next_due = await database.run(lambda store: store.inbox.next_due(NOW))
    assert next_due == NOW + CLAIM, "who waits for their own is not looked at again and again"
    await database.run(lambda store: store.inbox.finish(first))
    assert await claim(database) == "withdraw"


async def test_a_claim_ends_so_that_what_a_dead_process_held_is_done(database: Database) -> None:
    await id_of(database, "k")
    assert await claim(database) == "k"
    assert await claim(database, NOW + CLAIM - SECOND) == ""
    assert await database.run(lambda store: store.inbox.next_due(NOW)) == NOW + CLAIM
    assert await claim(database, NOW + CLAIM) == "k"


async def test_who_knows_that_nobody_else_lives_ends_every_claim(database: Database) -> None:
    await id_of(database, "k")
    await claim(database)
    await database.run(lambda store: store.inbox.release_all(NOW))
    assert await claim(database) == "k"


async def test_a_delivery_that_is_done_is_forgotten_but_known_again(database: Database) -> None:
    row_id = await id_of(database, "k")
    await database.run(lambda store: store.inbox.finish(row_id))
    row = await database.run(lambda store: store.inbox.load(row_id))
    assert row
    assert (row.state, row.sealed_payload) == ("done", "")
    assert await database.run(lambda store: add(store, "k")) is None
    assert await claim(database, NOW + CLAIM) == ""
    assert await database.run(lambda store: store.inbox.next_due(NOW)) is None


async def test_a_delivery_that_failed_is_not_tried_again(database: Database) -> None:
    row_id = await id_of(database, "k")
    await database.run(lambda store: store.inbox.finish(row_id, failed=True))
    assert await claim(database, NOW + CLAIM) == ""


async def test_a_delivery_that_was_put_off_comes_when_it_is_due(database: Database) -> None:
    row_id = await id_of(database, "k")
    await claim(database)
    await database.run(lambda store: store.inbox.postpone(row_id, NOW + SECOND))
    assert await database.run(lambda store: store.inbox.next_due(NOW)) == NOW + SECOND
    assert await claim(database) == ""
    assert await claim(database, NOW + SECOND) == "k"
    row = await database.run(lambda store: store.inbox.load(row_id))
    assert row
    assert row.tries == 2


async def test_what_is_looked_for_is_found_as_fast_among_thousands(database: Database) -> None:
    def fill(store: Store, numbers: range) -> None:
        for number in numbers:
            one = replace(letter(f"k{number}", f"U0{number}"), channel=f"C0{number}")
            store.inbox.put(one, NOW + number * timedelta(milliseconds=1))
        for number in numbers[::50]:  # of one person, one after the other
            store.inbox.put(letter(f"m{number}", "U0MANY"), NOW + number * timedelta(milliseconds=1))

    def look(store: Store) -> None:
        assert store.inbox.find_known(["k1", "k2"])
        assert store.inbox.next_due(now)
        claimed = store.inbox.claim(now)
        assert claimed
        store.inbox.finish(claimed.id)

    def count(store: Store) -> None:
        lately = store.limits.count_lately(["U01", "U02"], ["C03"], since=now - 9 * SECOND, now=now)
        assert lately["person", "U01"] == lately["person", "U02"] == 1
        assert lately["channel", "C03"] == 1

    now = NOW + 5 * SECOND
    await database.run(lambda store: fill(store, range(100)))
    await analyse(database)
    few = [await measure_effort(database, work) for work in (look, count)]
    await database.run(lambda store: fill(store, range(100, 4000)))
    many = [await measure_effort(database, work) for work in (look, count)]
    assert many[0] < 3 * few[0]
    assert many[1] < 3 * few[1]


async def test_what_is_open_and_what_failed_is_counted_as_fast_among_thousands_that_are_done(
    database: Database,
) -> None:
    def fill(store: Store, numbers: range) -> None:
        for number in numbers:
            store.inbox.put(letter(f"k{number}", ""), NOW).state = "done"

    def leave(store: Store) -> None:
        add(store, "open")
        failed = add(store, "failed")
        assert failed
        store.inbox.finish(failed.id, failed=True)

    def list_failed(store: Store) -> None:
        [failed] = store.homes.list_failed_deliveries(NOW, SECOND, 5)
        assert failed.delivery_key == "failed"

    def count(store: Store) -> None:
        assert store.figures.inbox().count == 1

    def release(store: Store) -> None:
        store.inbox.release_all(NOW)

    looks = (list_failed, count, release)
    await database.run(lambda store: fill(store, range(100)))
    await database.run(leave)
    await analyse(database)
    few = [await measure_effort(database, look) for look in looks]
    await database.run(lambda store: fill(store, range(100, 4000)))
    many = [await measure_effort(database, look) for look in looks]
    assert [after < 3 * before + 100 for before, after in zip(few, many, strict=True)] == [True] * 3, (few, many)
