import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import StatementError

from bot.errors import StorageError
from storage import migrate
from storage.database import TRIES, Database, DatabaseDown, DatabaseInUse, make_engine
from storage.models import DraftRow, LeaseRow
from storage.store import Store
from tests import quicker
from tests.patience import PATIENCE
from tests.storage.conftest import NOW

pytestmark = pytest.mark.anyio


def take_lane(store: Store) -> LeaseRow:
    held = store.lanes.hold("registry", holder="a", now=NOW)
    assert held
    return held[0]


async def test_what_a_transaction_wrote_is_there_for_the_next_one(database: Database) -> None:
    token = await database.run(lambda store: store.drafts.add("U0RITA", "content", NOW))
    assert await database.run(lambda store: store.drafts.find(token, "U0RITA")) == "content"


async def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    tokens: list[str] = []

    def fail(store: Store) -> None:
        tokens.append(store.drafts.add("U0RITA", "content", NOW))
        raise LookupError("of the caller")

    with pytest.raises(LookupError):
        await database.run(fail)
    assert await database.run(lambda store: store.drafts.find(tokens[0], "U0RITA")) is None


async def test_rows_of_another_workspace_are_not_seen(database: Database) -> None:
    token = await database.run(lambda store: store.drafts.add("U0RITA", "content", NOW))
    database.workspace = "T0OTHER"
    assert await database.run(lambda store: store.drafts.find(token, "U0RITA")) is None


class Interloper:
    """Work on a lease, whose row somebody else moves in the middle of the first so many tries."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.tries = 0

    def __call__(self, store: Store) -> int:
        self.tries += 1
        lease = take_lane(store)
        if self.tries <= self.times:
            statement = text("UPDATE leases SET version = version + 1")
            store._session.execute(statement)  # noqa: SLF001 -- the interloper is no repository
        lease.unreached += 1
        store.flush()
        return lease.unreached


async def test_a_transaction_whose_row_was_moved_meanwhile_is_done_again_from_the_start(database: Database) -> None:
    await database.run(take_lane)
    work = Interloper(times=2)
    assert await database.run(work) == 1
    assert work.tries == 3


async def test_a_transaction_that_is_always_overtaken_is_given_up(database: Database) -> None:
    await database.run(take_lane)
    work = Interloper(times=TRIES)
    with pytest.raises(DatabaseDown, match="others kept changing the same rows"):
        await database.run(work)
    assert work.tries == TRIES


async def test_what_somebody_else_has_inserted_first_is_found_at_the_second_try(database: Database) -> None:
    tries: Iterator[str] = iter(["taken", "taken", "free"])
    await database.run(lambda store: add_draft(store, "taken"))
    await database.run(lambda store: add_draft(store, next(tries)))
    assert next(tries, None) is None


def add_draft(store: Store, token: str) -> None:
    store._session.add(  # noqa: SLF001 -- a token is random where it is not a test
        DraftRow(workspace=store.workspace, token=token, slack_user="U", content="", created_at=NOW)
    )
    store.flush()


@pytest.mark.postgresql
async def test_of_two_that_wait_for_each_other_one_is_done_again(database: Database, other: Database) -> None:
    both_have_one = threading.Barrier(2)

    async def add(to: Database, first: str, second: str) -> int:
        tries = 0

        def work(store: Store) -> int:
            nonlocal tries
            tries += 1
            store._session.execute(text("SET LOCAL deadlock_timeout = 50"))  # noqa: SLF001 -- else it takes a second
            for token in (first, second):
                if store.drafts.find(token, "U") is None:
                    add_draft(store, token)
                if (tries, token) == (1, first):
                    both_have_one.wait(PATIENCE)
            return tries

        return await to.run(work)

    assert min(await asyncio.gather(add(database, "a", "b"), add(other, "b", "a"))) == 1


async def test_who_has_little_time_goes_ahead_of_all_who_only_wait(database: Database) -> None:
    served: list[str] = []
    may_end = threading.Event()

    def wait(_store: Store) -> None:
        may_end.wait(10)
        served.append("waits")

    def hurry(_store: Store) -> None:
        served.append("has little time")
        may_end.set()

    waiting = [asyncio.create_task(database.run(wait)) for _ in range(16)]
    hurried = asyncio.create_task(database.run(hurry, within=PATIENCE))
    if database.is_sqlite:  # it has one thread, and that one waits
        asyncio.get_running_loop().call_soon(may_end.set)  # once all of them have asked
    await asyncio.gather(*waiting, hurried)
    assert served.index("has little time") == (1 if database.is_sqlite else 0)


async def test_who_only_waits_begins_once_nobody_goes_ahead_or_soon(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    monkeypatch.setattr("storage.database._STEPS_ASIDE", 60)

    async def wait(name: str) -> None:
        await database.run(lambda _store: None)
        done.append(name)

    with database.go_ahead():
        with database.go_ahead():
            waiting = asyncio.create_task(wait("until they have gone"))
            await database.run(lambda _store: done.append("goes ahead"), within=PATIENCE)
        assert done == ["goes ahead"]
    await waiting
    monkeypatch.setattr("storage.database._STEPS_ASIDE", 0.01)
    with database.go_ahead():  # however long it takes
        await wait("not for ever")
    assert done == ["goes ahead", "until they have gone", "not for ever"]


async def test_who_is_ended_while_others_go_ahead_or_just_after_goes_on_with_nothing(database: Database) -> None:
    for turns in range(6):  # of the event loop, from the moment on at which nobody goes ahead any more
        may_end = threading.Event()
        with database.go_ahead():
            waiting = asyncio.create_task(database.run(lambda _store, end=may_end: end.wait(PATIENCE)))  # type: ignore[misc]
            await asyncio.sleep(0)
        for _ in range(turns):
            await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_soon(may_end.set)
        await asyncio.wait([waiting])
        assert waiting.cancelled(), turns


async def test_a_broken_statement_is_an_accident_of_storage(database: Database) -> None:
    def ask(engine: Engine) -> None:
        with engine.connect() as connection:
            connection.execute(text("SELECT nothing FROM nowhere"))

    with pytest.raises(DatabaseDown) as broken:
        await database.call(ask)
    assert isinstance(broken.value, StorageError)


async def test_a_moment_without_a_zone_is_not_stored(database: Database) -> None:
    naive = datetime(2026, 11, 23, 14, 0)  # noqa: DTZ001 -- the mistake in question
    with pytest.raises(StatementError, match="without a zone"):
        await database.run(lambda store: store.drafts.add("U0RITA", "content", naive))


class TestSQLite:
    @pytest.fixture
    async def url(self, tmp_path: Path) -> str:
        made = Database(f"sqlite:///{tmp_path}/folder/npmtrust.sqlite3")
        await made.call(migrate.upgrade)
        await made.close()
        return str(made.engine.url)

    async def test_the_file_belongs_to_one_run(self, database: Database, other: Database) -> None:
        database.claim_file()
        with pytest.raises(DatabaseInUse, match="end it first, or use PostgreSQL"):
            other.claim_file()

    async def test_a_link_to_the_file_is_the_same_file(self, database: Database, tmp_path: Path) -> None:
        database.claim_file()
        (tmp_path / "link").symlink_to(tmp_path / "folder" / "npmtrust.sqlite3")
        linked = Database(f"sqlite:///{tmp_path / 'link'}")
        with pytest.raises(DatabaseInUse, match="end it first, or use PostgreSQL"):
            linked.claim_file()
        await linked.close()

    async def test_the_file_is_free_when_its_run_has_ended(self, database: Database, url: str) -> None:
        first = Database(url)
        first.claim_file()
        await first.close()
        database.claim_file()

    async def test_nobody_else_on_the_machine_can_read_it(self, database: Database, tmp_path: Path) -> None:
        await database.run(take_lane)
        modes = {file.name: file.stat().st_mode & 0o777 for file in (tmp_path / "folder").iterdir()}
        assert modes == {f"npmtrust.sqlite3{end}": 0o600 for end in ("", "-wal", "-shm")}

    def test_what_is_committed_survives_a_crash_of_the_machine(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(quicker, "spares_the_disk", False)
        engine = make_engine(f"sqlite:///{tmp_path / 'npmtrust.sqlite3'}")
        names = ("journal_mode", "synchronous", "foreign_keys")
        with engine.connect() as connection:
            found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]
        engine.dispose()
        assert found == ["wal", 2, 1]

    async def test_a_lock_that_does_not_go_away_is_waited_for_only_so_long(
        self, database: Database, tmp_path: Path
    ) -> None:
        with closing(sqlite3.connect(tmp_path / "folder" / "npmtrust.sqlite3", isolation_level=None)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            with pytest.raises(DatabaseDown, match=r"did not answer within 0\.05 s"):
                await database.run(lambda store: store.drafts.add("U0RITA", "late", NOW), within=0.05)
            with pytest.raises(DatabaseDown, match="did not answer"):
                await database.run(lambda store: store.drafts.add("U0RITA", "queued", NOW), within=0.05)
        count = text("SELECT count(*) FROM drafts")
        assert await database.run(lambda store: store._session.scalar(count)) == 0  # noqa: SLF001

    async def test_a_file_that_cannot_be_written_is_an_accident_of_storage(self, database: Database) -> None:
        await database.call(lambda engine: engine.raw_connection().execute("PRAGMA query_only = ON"))
        with pytest.raises(DatabaseDown, match="readonly"):
            await database.run(take_lane)

    async def test_a_file_that_is_no_database_is_an_accident_of_storage(self, tmp_path: Path) -> None:
        file = tmp_path / "no.sqlite3"
        file.write_bytes(b"certainly no database" * 100)
        broken = Database(f"sqlite:///{file}")
        with pytest.raises(DatabaseDown, match="not a database"):
            await broken.run(take_lane)
        await broken.close()
