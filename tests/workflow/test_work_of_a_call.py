"""What the database does for one call: the same for a hundred steps and for ten thousand."""

import shutil
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import Engine, event, text

from bot.clock import Clock
from bot.domain.evidence import Evidence, EvidenceKind
from bot.domain.lifecycle import Plan, State, Step
from bot.domain.operations import Create
from bot.domain.outcome import Accepted, Unclear, WriteAnswer
from bot.domain.packages import PackageName
from bot.domain.publishers import Configuration, GitHub, Permission
from bot.notifications import Notifier
from bot.registry import RegistryClient
from bot.sandbox.world import BEGINNING, ManualClock
from bot.services import Options, Services
from bot.workflow.handoff import execute_next as poll_next
from bot.workflow.lane import Errand, claim_next
from bot.workflow.presence import mark_present
from bot.workflow.record_step import record_write
from storage.account_models import LinkRow
from storage.database import Database
from storage.models import ChangeSetRow, DecisionRow, StepRow
from storage.records import StepFacts, StepProgress
from storage.sealed import about_session
from storage.store import Store
from storage.vault import Vault

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("work of a call")]

NOW = BEGINNING
KEY = Fernet.generate_key().decode()
HERE, ABSENT, GONE = "U0HERE", "U0ABSENT", "U0GONE"
PUBLISHER = GitHub(repository="acme/mono", file="release.yml")
MAY = (Permission.PUBLISH,)
FACTS = StepFacts(evidence=Evidence(kind=EvidenceKind.NONE), maintainers=("here", "absent", "gone"))
MADE = Configuration(id="1", type="github", claims=PUBLISHER.to_claims(), permissions=("createPackage",))


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Work:
    """What was asked of SQLite."""

    statements: list[str] = field(default_factory=list)
    rows: int = 0
    instructions: int = 0
    """Of SQLite's own machine: what it looks at itself, without handing it out, costs them too."""

    def listen(self, engine: Engine) -> None:
        def count_row(_cursor: sqlite3.Cursor, row: tuple[Any, ...]) -> tuple[Any, ...]:
            self.rows += 1
            return row

        def count_instruction() -> int:
            self.instructions += 1
            return 0

        connection: Any = engine.raw_connection().driver_connection
        connection.row_factory = count_row
        connection.set_progress_handler(count_instruction, 1)
        event.listen(engine, "before_cursor_execute", lambda *said: self.statements.append(said[2]))


def make_services(database: Database, clock: Clock) -> Services:
    url = "http://127.0.0.1:1/"  # nothing is sent
    return Services(
        clock=clock,
        database=database,
        vault=Vault((SecretStr(KEY),)),
        registry=RegistryClient(url, auth_hosts=frozenset(), clock=clock, version="0"),
        notifier=Notifier(SecretStr("xoxb-1"), url),
        options=Options(registry_url=url, auth_hosts=frozenset(), website=url, admins=frozenset()),
    )


def link(services: Services, store: Store, person: str, npm_user: str, *, session: bool) -> LinkRow:
    row = store.links.add(
        LinkRow(
            workspace=store.workspace,
            token=person,
            slack_user=person,
            slack_name=npm_user,
            slack_email="",
            npm_user=npm_user,
            npm_email="",
            state="linked",
            created_at=NOW,
        )
    )
    if session:
        row.sealed_session = services.vault.seal(SecretStr("session"), about_session(row))
    mark_present(row, NOW)
    store.people.note(person, is_member=True, timezone="", now=NOW)
    return row


def stage(store: Store, number: int, executor: str, size: int, *, paused: bool = False, held: bool = False) -> None:
    """Store an approved change set."""
    change_set = ChangeSetRow(
        workspace=store.workspace,
        inbox_id=number,
        requester="U0RITA",
        reason="",
        channel="C0GENERAL",
        private=False,
        created_at=NOW,
        deadline=NOW.replace(year=2027),
        last_deadline=NOW.replace(year=2028),
        offer="",
        permissions_stated=True,
    )
    steps = []
    for position in range(size):
        name = PackageName(f"@s{number}/part-{position}")
        row = StepRow(
            workspace=store.workspace,
            position=position,
            package=name,
            operation=Create(package=name, publisher=PUBLISHER, permissions=MAY).model_dump_json(),
            fingerprint=f"f{number}",
            facts=FACTS.model_dump_json(),
            progress=StepProgress(owners_at=NOW).model_dump_json(),
            executor=executor,
            next_try_at=NOW,
            held=held,
        )
        row.lifecycle = Step(plan=Plan.CREATE, state=State.READY)
        steps.append(row)
    store.change_sets.add(change_set, steps)
    store.surfaces.want(f"change_set:{change_set.id}", channel="C0GENERAL", now=NOW)
    npm_user = {HERE: "here", ABSENT: "absent", GONE: "gone"}[executor]
    store.decisions.add_all(
        [
            DecisionRow(
                workspace=store.workspace,
                step_id=row.id,
                slack_user=executor,
                npm_user=npm_user,
                approved=True,
                reason="",
                fingerprint=row.fingerprint,
                at=NOW,
            )
            for row in steps
        ]
    )
    if paused:
        store.line.set_paused(change_set, paused=True)


def open_database(file: Path) -> Database:
    database = Database(f"sqlite:///{file}")
    database.workspace = "T0ACME"
    return database


@dataclass(frozen=True)
class Filled:
    """Databases with steps that wait: to fill one takes longer than all that is counted in it, so a copy is lent."""

    folder: Path
    migrated: Path

    async def lend(self, folder: Path, size: int, others: int) -> Path:
        whole = self.folder / f"{size}-{others}.sqlite3"
        if not whole.exists():
            shutil.copy(self.migrated, whole)
            await self._fill(whole, size, others)
        lent = folder / f"{size}.sqlite3"
        shutil.copy(whole, lent)
        return lent

    async def _fill(self, file: Path, size: int, others: int) -> None:
        database = open_database(file)
        services = make_services(database, ManualClock(NOW))

        def fill(store: Store) -> None:
            link(services, store, HERE, "here", session=True)
            link(services, store, ABSENT, "absent", session=True).away = True
            link(services, store, GONE, "gone", session=False)
            # all of it older than what can run
            stage(store, 1, ABSENT, others)
            stage(store, 2, GONE, others)
            stage(store, 3, HERE, others, paused=True)
            stage(store, 4, HERE, others, held=True)
            stage(store, 5, HERE, size)

        await database.run(fill)
        await close(services)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> Filled:
    return Filled(tmp_path_factory.mktemp("filled"), migrated_file)


async def close(services: Services) -> None:
    await services.registry.close()
    await services.notifier.close()
    await services.database.close()


async def work_of(file: Path, answer: WriteAnswer, *, analysed: bool = False) -> list[tuple[int, ...]]:
    """Count what two calls, their answers and the workers between them take: statements, rows, instructions."""
    database, clock = open_database(file), ManualClock(NOW)
    services = make_services(database, clock)
    if analysed:
        await database.call(_analyse)
    await database.run(lambda store: _call(services, store, answer))  # who is gone is waited for from now on
    work = Work()
    await database.call(work.listen)
    counted: list[tuple[int, ...]] = []
    for _ in range(2):
        clock.set(clock.now() + services.options.pace)
        before = (len(work.statements), work.rows, work.instructions)
        await database.run(lambda store: _call(services, store, answer))
        await poll_next(services)
        counted.append(tuple(now - then for now, then in zip(_of(work), before, strict=True)))
    await close(services)
    return counted


def _of(work: Work) -> tuple[int, int, int]:
    return len(work.statements), work.rows, work.instructions


def _analyse(engine: Engine) -> None:
    """Give SQLite its statistics, as some tools do to a database: its plans may be others then."""
    with engine.begin() as connection:
        connection.execute(text("ANALYZE"))


def _call(services: Services, store: Store, answer: WriteAnswer) -> None:
    errands = claim_next(services, store)
    assert isinstance(errands, list)
    [errand] = errands
    assert (errand.slack_user, errand.change_set) == (HERE, "C-5")
    store.flush()
    _record(services, store, errand, answer)


def _record(services: Services, store: Store, errand: Errand, answer: WriteAnswer) -> None:
    record_write(services, store, errand, answer, False)  # noqa: FBT003 -- the recorders share one shape


def check_same(small: list[tuple[int, ...]], large: list[tuple[int, ...]]) -> None:
    """The same statements and rows, and as many instructions but for a few: larger numbers take longer to write."""
    for few, many in zip(small, large, strict=True):
        assert few[:2] == many[:2]
        assert many[2] == pytest.approx(few[2], rel=0.02)


@pytest.mark.parametrize("analysed", [False, True], ids=["never analysed", "analysed"])
@pytest.mark.parametrize("answer", [Accepted((MADE,)), Unclear("npm answered 502")], ids=["accepted", "unclear"])
async def test_a_call_takes_the_same_work_however_many_steps_wait(
    filled: Filled, tmp_path: Path, answer: WriteAnswer, *, analysed: bool
) -> None:
    few, many = [await filled.lend(tmp_path, size, size) for size in (100, 1000)]
    small = await work_of(few, answer, analysed=analysed)
    check_same(small, await work_of(many, answer, analysed=analysed))
    statements, rows, instructions = small[-1]
    assert (statements < 100, rows < 80, instructions < 10_000) == (True, True, True), small


async def test_nor_does_it_take_more_with_ten_thousand(filled: Filled, tmp_path: Path) -> None:
    few, many = [await filled.lend(tmp_path, size, 100) for size in (100, 10_000)]
    small = await work_of(few, Accepted((MADE,)))
    check_same(small, await work_of(many, Accepted((MADE,))))
