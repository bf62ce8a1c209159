import asyncio
from concurrent.futures import Future
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from bot.points import Point
from storage.database import Database
from storage.models import SurfaceRow
from storage.store import Store
from tests.storage.conftest import NOW

pytestmark = pytest.mark.anyio

SECOND = timedelta(seconds=1)
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


async def want(database: Database, key: str, *, urgent: bool = False, now: datetime = NOW) -> None:
    await database.run(lambda store: store.surfaces.want(key, channel="C0GENERAL", urgent=urgent, now=now))


async def show(database: Database, key: str) -> None:
    """Note that a message shows what is wanted."""

    def work(store: Store) -> None:
        row = store.surfaces.find(key)
        assert row
        row.posted_in, row.ts = "C0GENERAL", f"1.{row.id}"
        row.shown, row.behind, row.next_try_at = row.wanted, False, NOW + SECOND

    await database.run(work)


async def load(database: Database, key: str) -> SurfaceRow:
    row = await database.run(lambda store: store.surfaces.find(key))
    assert row
    return row


async def next_key(database: Database, now: datetime = NOW) -> str:
    row = await database.run(lambda store: store.surfaces.claim_next(now))
    return row.key if row else ""


async def test_links_that_people_wait_for_go_first_then_the_oldest(database: Database) -> None:
    await want(database, "change_set:2", now=NOW + SECOND)
    await want(database, "change_set:1")
    await want(database, "handoff:1", urgent=True, now=NOW + SECOND)
    order = []
    for _ in range(4):
        order.append(await next_key(database, NOW + SECOND))
        if order[-1]:
            await show(database, order[-1])
    assert order == ["handoff:1", "change_set:1", "change_set:2", ""]
    assert await database.run(lambda store: store.surfaces.next_due()) is None


async def test_what_is_not_due_waits(database: Database) -> None:
    await want(database, "change_set:1", now=NOW + SECOND)
    assert await next_key(database) == ""
    assert await database.run(lambda store: store.surfaces.next_due()) == NOW + SECOND


async def test_a_message_that_is_wanted_again_is_the_same_message(database: Database) -> None:
    await want(database, "change_set:1")
    await show(database, "change_set:1")
    await want(database, "change_set:1")
    row = await load(database, "change_set:1")
    assert (row.wanted, row.shown, row.behind) == (2, 1, True)
    assert row.next_try_at == NOW + SECOND, "at most once a second"


async def test_a_change_makes_every_message_about_it_stale_and_no_other(database: Database) -> None:
    keys = ("review:1", "review:1:U0OTTO", "review:1:U0OLGA", "review:11", "review:11:U0OTTO", "review:2")
    for key in keys:
        await want(database, key)
        await show(database, key)
    await database.run(lambda store: store.surfaces.touch("review:1", NOW))
    assert [key for key in keys if (await load(database, key)).behind] == list(keys[:3])


async def test_what_changes_while_a_message_cannot_be_sent_does_not_bring_it_forward(database: Database) -> None:
    await want(database, "change_set:1", now=NOW + 5 * SECOND)
    await database.run(lambda store: store.surfaces.touch("change_set:1", NOW))
    row = await load(database, "change_set:1")
    assert (row.wanted, row.next_try_at) == (2, NOW + 5 * SECOND)


async def test_a_pause_holds_everything_back(database: Database) -> None:
    await want(database, "change_set:1")
    await want(database, "change_set:2", now=NOW + 30 * SECOND)
    await database.run(lambda store: store.surfaces.pause(NOW + 10 * SECOND))
    assert await next_key(database, NOW + 9 * SECOND) == ""
    assert await next_key(database, NOW + 10 * SECOND) == "change_set:1"
    assert (await load(database, "change_set:2")).next_try_at == NOW + 30 * SECOND


async def test_a_copy_is_adopted_once_and_a_message_that_is_known_never(database: Database) -> None:
    await want(database, "change_set:1")
    await show(database, "change_set:1")
    known = (await load(database, "change_set:1")).ts
    for ts in (known, "9.9", "9.9"):
        await database.run(
            lambda store, ts=ts: store.surfaces.adopt("change_set:1", channel="C0GENERAL", ts=ts, now=NOW)  # type: ignore[misc]
        )
    copy = await load(database, "change_set:1:9.9")
    assert (copy.posted_in, copy.ts, copy.behind) == ("C0GENERAL", "9.9", True)
    assert await database.run(lambda store: store.surfaces.find(f"change_set:1:{known}")) is None


def is_waited_for(database: Database) -> bool:
    with database.engine.connect() as connection:
        return bool(connection.scalar(text(WAITING)))


@pytest.mark.postgresql
async def test_what_changes_while_a_message_is_noted_as_sent_is_sent_too(database: Database, other: Database) -> None:
    await want(database, "change_set:1")
    claimed = await database.run(lambda store: store.surfaces.claim_next(NOW))
    assert claimed
    loop = asyncio.get_running_loop()
    noting: list[Future[None]] = []

    def note_sent(store: Store) -> None:
        row = store.surfaces.load_claimed(claimed.id, claimed.claim)
        assert row
        row.shown, row.behind = 1, row.wanted > 1

    def hold(point: str) -> None:
        if point.startswith(Point.BEFORE_COMMIT):
            noting.append(asyncio.run_coroutine_threadsafe(other.run(note_sent), loop))
            while not (noting[0].done() or is_waited_for(other)):
                pass

    database.at_point = hold
    await database.run(lambda store: store.surfaces.touch("change_set:1", NOW))
    database.at_point = None
    await asyncio.wrap_future(noting[0])
    row = await load(database, "change_set:1")
    assert (row.wanted, row.behind) == (2, True)


async def test_a_transaction_marks_a_message_once_and_the_next_one_again(database: Database) -> None:
    await want(database, "change_set:1")
    before = (await load(database, "change_set:1")).wanted

    def work(store: Store) -> None:
        for _ in range(3):
            store.surfaces.touch("change_set:1", NOW)

    for number in (1, 2):
        await database.run(work)
        assert (await load(database, "change_set:1")).wanted == before + number


@pytest.mark.postgresql
async def test_what_is_shown_first_while_a_long_change_goes_on_is_marked_by_it_too(
    database: Database, other: Database
) -> None:
    await want(database, "review:1")
    loop, keys = asyncio.get_running_loop(), ("review:1", "elsewhere:1:U0OTTO", "asked:7:U0OTTO")

    async def go_on() -> None:
        """Somebody asks for the same in other places, and all of it is sent."""
        for key in keys[1:]:
            await want(other, key)
        for key in keys:
            await show(other, key)

    def change(store: Store) -> None:
        store.surfaces.touch_all(["review:1", "elsewhere:1"], NOW)
        store.surfaces.touch_about("asked", ["7"], NOW)
        asyncio.run_coroutine_threadsafe(go_on(), loop).result()
        store.surfaces.touch("elsewhere:1", NOW)

    await database.run(change)
    assert [(await load(database, key)).behind for key in keys] == [True] * 3


@pytest.mark.parametrize("number", [0, 1, 10, 11, 25])
async def test_however_many_are_touched_each_is_marked_once_and_no_other(database: Database, number: int) -> None:
    keys = [f"change_set:{each}" for each in range(26)]

    def fill(store: Store) -> None:
        for key in keys:
            row = store.surfaces.want(key, channel="C0GENERAL", now=NOW)
            row.behind = False

    await database.run(fill)
    await database.run(lambda store: store.surfaces.touch_all(keys[:number], NOW))
    rows = [await load(database, key) for key in keys]
    assert [row.wanted for row in rows] == [2] * number + [1] * (26 - number)
    assert [row.behind for row in rows] == [True] * number + [False] * (26 - number)
