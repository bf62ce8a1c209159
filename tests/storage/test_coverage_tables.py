"""Watches, digests, scans, alarms, arrivals and the lists of the catalogue; packages have a file of their own."""

import asyncio
from datetime import datetime, timedelta

import pytest

from bot.domain.patterns import selection_of
from storage.coverage_models import CatalogueListRow, DigestRow, ScanRow, WatchRow
from storage.database import Database, DatabaseDown
from storage.store import Store
from tests.storage.conftest import NOW
from tests.storage.test_set_ups import CREATE, UI, Steps

pytestmark = pytest.mark.anyio

WEEK = timedelta(weeks=1)


async def watch(
    database: Database, selection: str = "@acme/*", *, channel: str = "C0GENERAL", due: datetime = NOW
) -> int:
    def work(store: Store) -> int:
        row = WatchRow(
            workspace=store.workspace,
            selection=selection,
            channel=channel,
            cron="0 9 * * 1",
            timezone="Europe/Paris",
            set_by="U0OTTO",
            created_at=NOW,
            next_digest_at=due,
        )
        return store.watches.add(row).id

    return await database.run(work)


async def end(database: Database, watch_id: int) -> None:
    def work(store: Store) -> None:
        row = store.watches.load(watch_id)
        assert row
        row.ended_at = NOW

    await database.run(work)


def digest_next(store: Store) -> int | None:
    """Do what the digest worker does: one digest of the watch that is due."""
    row = store.watches.claim_due(NOW)
    if row is None:
        return None
    digest = DigestRow(workspace=store.workspace, watch_id=row.id, due_at=row.next_digest_at, content="{}")
    row.last_digest_at, row.next_digest_at = row.next_digest_at, row.next_digest_at + WEEK
    return store.digests.add(digest).id


async def test_a_selection_is_watched_once_in_a_channel(database: Database) -> None:
    first = await watch(database)
    elsewhere = await watch(database, channel="C0OTHER")
    with pytest.raises(DatabaseDown):
        await watch(database)
    await end(database, first)
    again = await watch(database)

    def ask(store: Store) -> tuple[int, list[int]]:
        found = store.watches.find_live("@acme/*", "C0GENERAL")
        assert found
        assert store.watches.find_live("@acme/ui", "C0GENERAL") is None
        return found.id, [row.id for row in store.watches.list_live()]

    assert await database.run(ask) == (again, [elsewhere, again])


async def test_watches_are_due_in_the_order_of_their_time_unless_they_have_ended(database: Database) -> None:
    later = await watch(database, "b", due=NOW)
    earlier = await watch(database, "a", due=NOW - WEEK / 2)
    await watch(database, "future", due=NOW + WEEK / 4)
    ended = await watch(database, "ended", due=NOW - WEEK)
    await end(database, ended)
    assert await database.run(lambda store: store.watches.next_due()) == NOW - WEEK / 2
    made = [await database.run(digest_next) for _ in range(3)]
    assert made[2] is None
    digests = [await database.run(lambda store, each=each: store.digests.load(each)) for each in made[:2]]  # type: ignore[misc]
    assert [digest.watch_id for digest in digests if digest] == [earlier, later]
    assert await database.run(lambda store: store.watches.next_due()) == NOW + WEEK / 4


async def test_without_watches_nothing_is_due(database: Database) -> None:
    assert await database.run(lambda store: store.watches.next_due()) is None
    assert await database.run(lambda store: store.watches.claim_due(NOW)) is None


async def test_however_many_processes_run_a_digest_is_made_once(database: Database, other: Database) -> None:
    watches = [await watch(database, selection) for selection in ("a", "b", "c")]
    made = await asyncio.gather(*(each.run(digest_next) for each in (database, other) * 5))
    assert len([digest for digest in made if digest]) == len(watches)
    for watch_id in watches:
        newest = await database.run(lambda store, watch_id=watch_id: store.digests.newest_of(watch_id))  # type: ignore[misc]
        assert newest
        assert newest.due_at == NOW


async def test_the_database_takes_no_second_digest_of_a_time(database: Database) -> None:
    watch_id = await watch(database)

    def add(store: Store) -> None:
        store.digests.add(DigestRow(workspace=store.workspace, watch_id=watch_id, due_at=NOW, content="{}"))

    await database.run(add)
    with pytest.raises(DatabaseDown):
        await database.run(add)


async def test_the_newest_digest_is_the_one_that_was_due_last(database: Database) -> None:
    watch_id = await watch(database)
    assert await database.run(lambda store: store.digests.newest_of(watch_id)) is None
    for due in (NOW, NOW - WEEK):
        await database.run(
            lambda store, due=due: store.digests.add(  # type: ignore[misc]
                DigestRow(workspace=store.workspace, watch_id=watch_id, due_at=due, content="{}")
            )
        )
    newest = await database.run(lambda store: store.digests.newest_of(watch_id))
    assert newest
    assert newest.due_at == NOW


async def scan(database: Database, inbox_id: int, **columns: object) -> int:
    def work(store: Store) -> int:
        row = ScanRow(
            workspace=store.workspace,
            inbox_id=inbox_id,
            selection="@acme/*",
            channel="C0GENERAL",
            asked_by="U0RITA",
            created_at=NOW,
            **columns,
        )
        return store.scans.add(row).id

    return await database.run(work)


async def test_a_delivery_asks_for_coverage_once(database: Database) -> None:
    scan_id = await scan(database, 1)
    found = await database.run(lambda store: store.scans.find_delivery(1))
    assert found
    assert (found.id, found.state, found.csv_state) == (scan_id, "listing", "")
    assert await database.run(lambda store: store.scans.find_delivery(2)) is None
    with pytest.raises(DatabaseDown):
        await scan(database, 1)


async def test_coverage_that_is_being_read_and_files_that_are_to_be_sent_are_found(database: Database) -> None:
    listing = await scan(database, 1)
    reading = await scan(database, 2, state="reading")
    wanted = await scan(database, 3, state="done", csv_state="wanted")
    await scan(database, 4, state="done", csv_state="sent")
    await scan(database, 5, state="failed")

    def ask(store: Store) -> tuple[list[int], list[int]]:
        return [row.id for row in store.scans.list_open()], [row.id for row in store.scans.list_files_wanted()]

    assert await database.run(ask) == ([listing, reading], [wanted])
    loaded = await database.run(lambda store: store.scans.load(reading))
    assert loaded
    assert loaded.state == "reading"


async def raise_alarm(database: Database, package: str = UI, kind: str = "lost", version: str = "2.0.0") -> int | None:
    def work(store: Store) -> int | None:
        row = store.alarms.raise_once(package, kind, version, data="{}", now=NOW)
        return row.id if row else None

    return await database.run(work)


async def test_an_alarm_is_raised_once_for_a_package_a_kind_and_a_version(database: Database) -> None:
    first = await raise_alarm(database)
    assert first
    assert await raise_alarm(database) is None
    others = [
        await raise_alarm(database, "acme"),
        await raise_alarm(database, kind="other configuration"),
        await raise_alarm(database, version="2.0.1"),
    ]
    assert None not in others
    of_package = await database.run(lambda store: store.alarms.list_of(UI))
    assert [row.id for row in of_package] == [others[2], others[1], first]


async def test_an_alarm_is_open_until_it_is_acknowledged_and_not_raised_again_then(database: Database) -> None:
    first, second = await raise_alarm(database), await raise_alarm(database, "acme")
    assert first

    def acknowledge(store: Store) -> None:
        row = store.alarms.load(first)
        assert row
        row.acknowledged_by, row.acknowledged_at, row.reason = "U0OTTO", NOW, "released by hand"

    def ask(store: Store) -> list[list[int]]:
        selections = (None, selection_of("@acme/*"), selection_of("*"))
        return [[row.id for row in store.alarms.list_open(selection)] for selection in selections]

    assert await database.run(ask) == [[first, second], [first], [first, second]]
    await database.run(acknowledge)
    assert await database.run(ask) == [[second], [], [second]]
    assert await raise_alarm(database) is None


async def test_alarms_of_processes_at_the_same_time_are_one(database: Database, other: Database) -> None:
    raised = await asyncio.gather(*(raise_alarm(each) for each in (database, other) * 3))
    assert len([alarm for alarm in raised if alarm]) == 1


async def test_the_first_version_through_a_set_up_is_noted_once(database: Database) -> None:
    step_id = await Steps(database).add(CREATE, "a")

    def note(store: Store, version: str) -> int | None:
        row = store.arrivals.note_once(step_id, package=UI, version=version, published_at=None, now=NOW)
        return row.id if row else None

    arrival = await database.run(lambda store: note(store, "2.3.1"))
    assert arrival
    assert await database.run(lambda store: note(store, "2.3.2")) is None
    found = await database.run(lambda store: store.arrivals.load(arrival))
    assert found
    assert (found.step_id, found.package_version) == (step_id, "2.3.1")


async def test_the_catalogue_keeps_what_each_list_said_last(database: Database) -> None:
    def note(store: Store) -> None:
        store.catalogue.note("acme", "search", total=300, at=NOW + WEEK)
        store.catalogue.note("acme", "organisation", total=310, at=NOW, by="U0OTTO")
        store.catalogue.note("acme-labs", "search", total=2, at=NOW - WEEK)

    def tell(row: CatalogueListRow | None) -> tuple[str, str, int, str]:
        assert row
        return row.owner, row.source, row.total, row.by

    await database.run(note)
    await database.run(lambda store: store.catalogue.note("acme", "organisation", total=312, at=NOW, by="U0OLGA"))
    confirmed = ("acme", "organisation", 312, "U0OLGA")
    assert tell(await database.run(lambda store: store.catalogue.find("acme", "organisation"))) == confirmed
    assert await database.run(lambda store: store.catalogue.find("acme-labs", "organisation")) is None
    of_acme = await database.run(lambda store: store.catalogue.list_of(["acme", "nobody"]))
    assert [tell(row) for row in of_acme] == [confirmed, ("acme", "search", 300, "")]
    everything = await database.run(lambda store: store.catalogue.list_all())
    assert [row.owner for row in everything] == ["acme-labs", "acme", "acme"]
