import asyncio
from datetime import datetime, timedelta

import pytest

from bot.domain.coverage import PackageRecord
from bot.domain.evidence import EvidenceKind
from bot.domain.patterns import Selection, selection_of
from storage.coverage_models import PackageRow
from storage.database import Database
from storage.packages import ACCOUNT_ONLY, MISSING
from storage.store import Store
from tests.storage.conftest import NOW

pytestmark = pytest.mark.anyio

MINUTE = timedelta(minutes=1)
NAMES = ("@acme/ui", "@acme/Old-ui", "@acme/old-api", "@acme-labs/ui", "acme", "left-pad")


async def remember(database: Database, *names: str) -> list[str]:
    return await database.run(lambda store: store.packages.remember(names, "search", NOW))


async def schedule(database: Database, *names: str, at: datetime = NOW, urgent: bool = False) -> None:
    await database.run(lambda store: store.packages.schedule(names, at, urgent=urgent))


async def load(database: Database, name: str) -> PackageRow:
    row = await database.run(lambda store: store.packages.find(name))
    assert row
    return row


async def change(database: Database, name: str, **columns: object) -> None:
    def work(store: Store) -> None:
        row = store.packages.find(name)
        assert row
        for column, value in columns.items():
            setattr(row, column, value)

    await database.run(work)


async def claim(database: Database, now: datetime = NOW, *, most: int = 10) -> list[str]:
    def work(store: Store) -> list[str]:
        return [row.name for row in store.packages.claim_due(now, most=most, until=now + MINUTE)]

    return await database.run(work)


async def read_records(database: Database, patterns: str = "*") -> list[PackageRecord]:
    return await database.run(lambda store: store.packages.records(selection_of(patterns)))


async def test_what_is_new_is_remembered_once_and_told(database: Database) -> None:
    assert await remember(database, "@acme/ui", "acme", "@acme/ui") == ["@acme/ui", "acme"]
    assert await remember(database, "left-pad", "@acme/ui", "acme") == ["left-pad"]
    assert await remember(database) == []
    row = await load(database, "@acme/ui")
    assert (row.scope, row.source, row.added_at) == ("acme", "search", NOW)
    assert (row.visibility, row.kind, row.next_read_at, row.urgent) == ("unknown", "", None, False)
    assert (await load(database, "acme")).scope == ""


async def test_names_that_differ_by_a_capital_are_two(database: Database) -> None:
    assert await remember(database, "JSONStream", "jsonstream") == ["JSONStream", "jsonstream"]


async def test_another_workspace_has_its_own_packages(database: Database) -> None:
    await remember(database, "acme")
    await schedule(database, "acme")
    database.workspace = "T0OTHER"
    assert await claim(database) == []
    assert await read_records(database) == []
    assert await database.run(lambda store: store.packages.next_due()) is None
    assert await remember(database, "acme") == ["acme"]


async def test_more_packages_than_one_statement_takes(database: Database) -> None:
    names = [f"@acme/part-{number:04}" for number in range(2500)]
    assert await remember(database, *names) == names
    assert await remember(database, "@acme/ui", *names) == ["@acme/ui"]
    await schedule(database, *names)
    assert await database.run(lambda store: store.packages.count_due(None, NOW)) == len(names)
    assert [row.name for row in await database.run(lambda store: store.packages.find_all(names))] == names


SELECTIONS = (
    "*",
    # by scope, by name and both: these are narrowed down in the database
    *("@acme/*", "@acme/ui", "@acme/ui acme", "@acme/* left-pad", "@acme/old-* @acme-labs/*"),
    # capitals count; what a scope begins with is not the scope
    *("@acme/old-*", "@acme/O*", "@acm*/ui"),
    # by anything else, with what is left out
    *("*cme", "l*", "* !@acme/*", "@acme/* !@acme/old-*", "@acme/ui !@acme/ui", "@nobody/*"),
)


async def test_a_selection_finds_what_it_matches_and_no_more(database: Database) -> None:
    await remember(database, *NAMES)
    await schedule(database, *NAMES, urgent=True)

    def ask(store: Store, selection: Selection) -> tuple[object, ...]:
        packages = store.packages
        return (
            packages.list_names(selection),
            [record.name for record in packages.records(selection)],
            packages.list_stale(selection, NOW),
            packages.count_due(selection, NOW),
            packages.count_urgent(selection),
            packages.count_read(selection, NOW),
        )

    for selection in map(selection_of, SELECTIONS):
        matched = sorted(filter(selection.matches, NAMES))
        count = len(matched)
        expected = (matched, matched, matched, count, count, (0, count))
        assert await database.run(lambda store, one=selection: ask(store, one)) == expected, selection.text  # type: ignore[misc]


async def test_without_a_selection_it_is_every_package(database: Database) -> None:
    await remember(database, *NAMES)
    assert await database.run(lambda store: store.packages.list_names()) == sorted(NAMES)
    assert [record.name for record in await database.run(lambda store: store.packages.records())] == sorted(NAMES)
    assert await database.run(lambda store: store.packages.list_names(Selection(patterns=()))) == []


async def test_a_record_tells_what_its_row_does(database: Database) -> None:
    await remember(database, "@acme/ui")
    await change(
        database,
        "@acme/ui",
        visibility="public",
        kind="downgraded",
        provider="github",
        configuration_id="eebc175d",
        since=NOW - 9 * MINUTE,
        newest_version="2.3.1",
        by="otto-npm",
        maintainers="otto-npm olga-npm",
        repository="acme/ui",
        last_publish=NOW - 8 * MINUTE,
        deprecated=True,
        lacking_since=NOW - 7 * MINUTE,
        read_at=NOW - 6 * MINUTE,
        problem="it was too large",
        snoozed_until=NOW + MINUTE,
        retired_by="U0OTTO",
        retired_at=NOW - 5 * MINUTE,
    )
    assert await read_records(database) == [
        PackageRecord(
            name="@acme/ui",
            kind=EvidenceKind.DOWNGRADED,
            provider="github",
            configuration_id="eebc175d",
            since=NOW - 9 * MINUTE,
            version="2.3.1",
            by="otto-npm",
            maintainers=("otto-npm", "olga-npm"),
            repository="acme/ui",
            last_publish=NOW - 8 * MINUTE,
            deprecated=True,
            read_at=NOW - 6 * MINUTE,
            problem="it was too large",
            lacking_since=NOW - 7 * MINUTE,
            snoozed_until=NOW + MINUTE,
            retired_by="U0OTTO",
            retired_at=NOW - 5 * MINUTE,
        )
    ]


async def test_a_record_of_what_was_never_read_says_nothing(database: Database) -> None:
    await remember(database, "acme")
    assert await read_records(database) == [PackageRecord(name="acme")]


@pytest.mark.parametrize(
    ("visibility", "seen"),
    [("unknown", (True, False)), ("public", (True, False)), (MISSING, (False, False)), (ACCOUNT_ONLY, (False, True))],
)
async def test_a_record_tells_who_can_see_its_package(
    database: Database, visibility: str, seen: tuple[bool, bool]
) -> None:
    await remember(database, "acme")
    await change(database, "acme", visibility=visibility)
    [record] = await read_records(database)
    assert (record.visible, record.account_only) == seen


async def test_the_packages_of_a_repository_are_found(database: Database) -> None:
    await remember(database, *NAMES)
    for name in ("@acme/ui", "@acme/old-api"):
        await change(database, name, repository="acme/ui")
    found = await database.run(lambda store: store.packages.list_of_repository("acme/ui"))
    assert [row.name for row in found] == ["@acme/ui", "@acme/old-api"]


async def test_what_people_have_put_aside_is_found(database: Database) -> None:
    await remember(database, *NAMES)
    await change(database, "left-pad", retired_by="U0OTTO", retired_at=NOW)
    await change(database, "acme", snoozed_by="U0OTTO", snoozed_until=NOW + MINUTE)
    await change(database, "@acme/ui", snoozed_by="U0OTTO", snoozed_until=NOW)
    found = await database.run(lambda store: store.packages.list_put_aside(NOW))
    assert [row.name for row in found] == ["acme", "left-pad"]


async def test_what_is_due_is_claimed_those_first_for_which_somebody_waits(database: Database) -> None:
    await remember(database, "late", "early", "urgent", "future", "never")
    await schedule(database, "late", at=NOW - MINUTE)
    await schedule(database, "early", at=NOW - 2 * MINUTE)
    await schedule(database, "urgent", at=NOW, urgent=True)
    await schedule(database, "future", at=NOW + 2 * MINUTE)
    assert await claim(database, most=2) == ["urgent", "early"]
    assert await claim(database) == ["late"]
    assert await claim(database) == []


async def test_a_claim_ends_when_nothing_was_recorded(database: Database) -> None:
    await remember(database, "acme")
    await schedule(database, "acme")
    assert await claim(database) == ["acme"]
    assert await database.run(lambda store: store.packages.next_due()) == NOW + MINUTE
    assert await claim(database, NOW + MINUTE - timedelta(seconds=1)) == []
    assert await claim(database, NOW + MINUTE) == ["acme"]


async def test_of_many_who_claim_each_package_goes_to_one(database: Database, other: Database) -> None:
    names = await remember(database, *(f"part-{number}" for number in range(40)))
    await schedule(database, *names)
    claims = await asyncio.gather(*(claim(each, most=8) for each in (database, other) * 5))
    assert sorted(name for claimed in claims for name in claimed) == sorted(names)


async def test_a_read_is_brought_forward_and_never_put_off(database: Database) -> None:
    await remember(database, "acme")
    await schedule(database, "acme", at=NOW + 5 * MINUTE)
    await schedule(database, "acme", at=NOW + 9 * MINUTE)
    assert (await load(database, "acme")).next_read_at == NOW + 5 * MINUTE
    await schedule(database, "acme", at=NOW, urgent=True)
    await schedule(database, "acme", at=NOW - MINUTE)
    row = await load(database, "acme")
    assert (row.next_read_at, row.urgent) == (NOW - MINUTE, True)


async def test_somebody_waits_also_for_what_is_due_earlier_anyway(database: Database) -> None:
    await remember(database, "acme")
    await schedule(database, "acme", at=NOW - MINUTE)
    await schedule(database, "acme", at=NOW, urgent=True)
    row = await load(database, "acme")
    assert (row.next_read_at, row.urgent) == (NOW - MINUTE, True)


async def test_who_records_a_read_does_not_undo_what_was_scheduled_meanwhile(database: Database) -> None:
    await remember(database, "acme")
    before = await load(database, "acme")
    await schedule(database, "acme", urgent=True)
    assert (await load(database, "acme")).version > before.version

    def schedule_and_record(store: Store) -> None:
        row = store.packages.find("acme")
        assert row
        store.packages.schedule(["acme"], NOW - MINUTE)
        row.etag = "new"

    await database.run(schedule_and_record)
    row = await load(database, "acme")
    assert (row.next_read_at, row.etag) == (NOW - MINUTE, "new")


async def test_it_is_known_how_far_a_read_of_many_has_come(database: Database) -> None:
    await remember(database, *NAMES)
    await schedule(database, "@acme/ui", "@acme/old-api", urgent=True)
    await schedule(database, "left-pad", at=NOW + MINUTE)
    await change(database, "@acme/ui", read_at=NOW, urgent=False, next_read_at=NOW + 9 * MINUTE)
    await change(database, "@acme/Old-ui", read_at=NOW - MINUTE)

    def ask(store: Store) -> tuple[object, ...]:
        acme = selection_of("@acme/*")
        packages = store.packages
        return (
            packages.count_read(acme, NOW),
            packages.count_urgent(acme),
            packages.count_due(acme, NOW),
            packages.count_due(None, NOW + MINUTE),
            packages.list_stale(acme, NOW),
            packages.list_stale(acme, NOW - MINUTE),
            packages.next_due(),
        )

    assert await database.run(ask) == (
        (1, 3),
        1,
        1,
        2,
        ["@acme/Old-ui", "@acme/old-api"],
        ["@acme/old-api"],
        NOW,
    )
