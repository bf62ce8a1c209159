"""The rows of batches: what is new, what is ticked, what is alike, and what is asked for elsewhere."""

from datetime import UTC, datetime

import pytest

from bot.domain.batch import BatchState, Example, Status, Tally, Wanted, Why
from bot.domain.packages import PackageName
from storage.batch_models import BatchRow
from storage.database import Database
from storage.store import Store
from tests.storage.effort import analyse, measure_effort

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


def add(store: Store, names: list[str], inbox_id: int = 1) -> BatchRow:
    batch = store.batches.add(
        BatchRow(
            workspace=store.workspace,
            inbox_id=inbox_id,
            person="U0RITA",
            channel="C0GENERAL",
            reason="",
            hold=False,
            kind="create",
            state=BatchState.LOOKING.value,
            created_at=NOW,
            next_try_at=NOW,
        )
    )
    hidden = frozenset({"@acme/secret"})
    store.batches.add_items(batch, (Wanted(package=PackageName(name)) for name in names), hidden=hidden)
    return batch


async def test_packages_are_taken_in_their_order_and_counted_by_what_becomes_of_them(database: Database) -> None:
    def work(store: Store) -> None:
        batch = add(store, [f"p{number:04}" for number in range(1203)])
        assert store.batches.count(batch.id) == 1203
        assert store.batches.add_items(batch, [Wanted(package=PackageName("@acme/secret"))]) == 1204
        first = store.batches.list_new(batch.id, 40)
        assert [item.position for item in first] == list(range(40))
        for item in first:
            item.status, item.likeness, item.label = Status.INCLUDED.value, "1f", "acme/ui → release.yml"
        first[3].status, first[3].why = Status.UNTICKED.value, Why.QUIET.value
        first[4].status, first[4].why, first[4].detail = Status.SKIPPED.value, Why.PENDING.value, "C-7"
        store.flush()
        assert store.batches.list_new(batch.id, 1)[0].position == 40
        tallies = {(tally.status, tally.why): tally for tally in store.batches.tally(batch.id)}
        assert tallies[Status.SKIPPED, Why.PENDING] == Tally(
            Status.SKIPPED, Why.PENDING, 1, (Example(("p0004",), "C-7"),)
        )
        assert tallies[Status.INCLUDED, None].number == 38
        [example] = tallies[Status.INCLUDED, None].examples
        assert (len(example.packages), example.number) == (5, 38)
        assert [tuple(group) for group in store.batches.groups(batch.id, 9)] == [
            ("1f", "acme/ui → release.yml", 38, 39)
        ]

    await database.run(work)


async def test_ticks_change_only_what_can_be_asked_for(database: Database) -> None:
    def work(store: Store) -> None:
        batch = add(store, ["a_1", "a%2", "A_3", "b"])
        items = store.batches.list_new(batch.id, 9)
        for item in items[:3]:
            item.status = Status.UNTICKED.value
        items[3].status = Status.FAULTY.value
        store.flush()
        assert store.batches.count_tickable(batch.id, text="a_") == 2  # neither sign stands for others
        store.batches.tick_all(batch.id, text="a_", on=True)
        assert store.batches.list_chosen(batch.id) == ["a_1", "A_3"]
        store.batches.tick(batch.id, [0, 1, 3], on=True)
        store.batches.tick(batch.id, [2], on=False)
        assert store.batches.list_chosen(batch.id) == ["a_1", "a%2"]
        assert [item.package for item in store.batches.page(batch.id, skip=1, limit=1)] == ["a%2"]
        store.batches.forget_results(batch.id)
        assert [tally.status for tally in store.batches.tally(batch.id)] == [Status.NEW]

    await database.run(work)


async def test_the_same_named_twice_is_found_once(database: Database) -> None:
    def work(store: Store) -> None:
        batch = add(store, ["a", "a", "a", "b"])
        for item, likeness in zip(store.batches.list_new(batch.id, 9), ("1", "2", "1", "1"), strict=True):
            item.status, item.likeness = Status.INCLUDED.value, likeness
        store.flush()
        assert [item.position for item in store.batches.list_twice(batch.id)] == [2]

    await database.run(work)


async def test_who_is_named_twice_is_found_without_comparing_each_with_each(database: Database) -> None:
    batches: list[int] = []

    def fill(store: Store, names: int) -> None:
        batch = add(store, [f"p{number}" for number in range(names)], names)
        for item in store.batches.list_new(batch.id, names):
            item.status, item.likeness = Status.INCLUDED.value, "the same"
        batches.append(batch.id)

    for names in (100, 1000):
        await database.run(lambda store, names=names: fill(store, names))  # type: ignore[misc]
    await analyse(database)
    few, many = [await measure_effort(database, lambda store, it=it: store.batches.list_twice(it)) for it in batches]  # type: ignore[misc]
    assert many < 30 * few


async def test_a_delivery_begins_one_batch_and_those_that_are_looked_at_take_turns(database: Database) -> None:
    def work(store: Store) -> None:
        one, two = add(store, ["a"], 1), add(store, ["a"], 2)
        assert store.batches.find_delivery(2) is two
        assert store.batches.find(one.token) is one
        assert store.batches.next_due() is one
        one.next_try_at = NOW.replace(minute=1)
        store.flush()
        assert store.batches.next_due() is two
        two.state = BatchState.READY.value
        one.state = BatchState.DROPPED.value
        store.flush()
        assert store.batches.next_due() is None

    await database.run(work)
