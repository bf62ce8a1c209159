import asyncio
from datetime import datetime, timedelta

import pytest

from storage.database import Database
from storage.lanes import LEASE
from storage.models import AttemptRow
from storage.store import Store
from tests.storage.conftest import NOW

pytestmark = pytest.mark.anyio

SECOND = timedelta(seconds=1)


async def hold(database: Database, holder: str, now: datetime = NOW) -> tuple[int, bool] | None:
    """Take or renew the lane; tell its fencing number and whether it is new."""

    def work(store: Store) -> tuple[int, bool] | None:
        held = store.lanes.hold("registry", holder=holder, now=now)
        return (held[0].fencing, held[1]) if held else None

    return await database.run(work)


async def attempt(database: Database, fencing: int, *, finished: bool = False) -> int:
    def work(store: Store) -> int:
        row = AttemptRow(
            workspace=store.workspace,
            call="create",
            slack_user="U0OTTO",
            npm_user="otto-npm",
            fencing=fencing,
            started_at=NOW,
            deadline=NOW + 10 * SECOND,
            finished_at=NOW if finished else None,
        )
        return store.lanes.add_attempt(row).id

    return await database.run(work)


async def test_a_lane_belongs_to_one_process_as_long_as_it_lives(database: Database, other: Database) -> None:
    assert await hold(database, "a") == (1, True)
    assert await hold(other, "b") is None
    assert await hold(database, "a", NOW + LEASE) == (1, False)
    assert await hold(other, "b", NOW + LEASE + SECOND) is None


async def test_a_lane_whose_process_shows_no_life_is_taken_over_under_the_next_number(
    database: Database, other: Database
) -> None:
    await hold(database, "a")
    assert await hold(other, "b", NOW + LEASE) is None, "to the last moment it is a's"
    assert await hold(other, "b", NOW + LEASE + SECOND) == (2, True)
    assert await hold(database, "a", NOW + LEASE + SECOND) is None
    assert await hold(other, "b", NOW + LEASE + 2 * SECOND) == (2, False)


async def test_who_slept_over_its_own_lease_begins_anew(database: Database) -> None:
    await hold(database, "a")
    assert await hold(database, "a", NOW + LEASE + SECOND) == (2, True)


async def test_of_many_who_want_a_lane_one_gets_it(database: Database, other: Database) -> None:
    found = await asyncio.gather(*(hold(each, f"p{n}") for n, each in enumerate((database, other) * 5)))
    assert [held for held in found if held] == [(1, True)]


async def test_what_earlier_holders_left_unanswered_is_found(database: Database) -> None:
    left = await attempt(database, 1)
    await attempt(database, 1, finished=True)
    await attempt(database, 2)

    def ids(store: Store) -> list[int]:
        return [row.id for row in store.lanes.list_unfinished("registry", before=2)]

    assert await database.run(ids) == [left]


async def test_a_process_that_ends_in_good_order_gives_its_lane_back(database: Database) -> None:
    await hold(database, "a")
    await database.run(lambda store: store.lanes.release("a", NOW))
    assert await hold(database, "b") == (2, True)


async def test_a_lane_in_which_a_call_is_unanswered_is_not_given_back(database: Database) -> None:
    await hold(database, "a")
    await attempt(database, 1)
    await database.run(lambda store: store.lanes.release("a", NOW))
    assert await hold(database, "b") is None


async def test_who_knows_that_nobody_else_lives_ends_every_lease(database: Database) -> None:
    await hold(database, "a")
    await database.run(lambda store: store.release_all(NOW))
    assert await hold(database, "b") == (2, True)
