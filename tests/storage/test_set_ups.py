from datetime import datetime, timedelta

import pytest

from bot.domain.evidence import Evidence, EvidenceKind
from bot.domain.lifecycle import Phase, Plan, State
from bot.domain.operations import Create, Operation, Replace, Revoke, plan_of
from bot.domain.packages import PackageName
from bot.domain.publishers import Configuration, GitHub, Permission
from storage.database import Database
from storage.models import ChangeSetRow, StepRow
from storage.records import StepFacts, StepProgress
from storage.set_ups import SetUp
from storage.store import Store
from tests.storage.conftest import NOW

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)
UI = PackageName("@acme/ui")
RELEASE = GitHub(repository="acme/ui", file="release.yml", environment="production")
OTHER = GitHub(repository="acme/ui", file="publish.yml")
PERMISSIONS = (Permission.PUBLISH,)
CREATE = Create(package=UI, publisher=RELEASE, permissions=PERMISSIONS)


def configuration(number: str, publisher: GitHub = RELEASE) -> Configuration:
    return Configuration(
        id=number, type="github", claims=publisher.to_claims(), permissions=tuple(map(str, PERMISSIONS))
    )


def revoke(number: str) -> Revoke:
    return Revoke(package=UI, configuration_id=number, configuration=configuration(number))


def replace(number: str, publisher: GitHub) -> Replace:
    return Replace(package=UI, old=configuration(number), publisher=publisher, permissions=PERMISSIONS)


class Steps:
    """Change sets of one step each, as they stand when they have ended."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._count = 0

    async def add(
        self,
        operation: Operation,
        made: str = "",
        *,
        at: datetime = NOW,
        state: State = State.APPLIED,
        phase: Phase = Phase.FIRST,
    ) -> int:
        """Store a step; tell its id."""
        self._count += 1
        evidence = Evidence(kind=EvidenceKind.NONE)

        def work(store: Store) -> int:
            step = StepRow(
                workspace=store.workspace,
                position=0,
                package=operation.package,
                operation=operation.model_dump_json(),
                fingerprint="",
                facts=StepFacts(evidence=evidence, maintainers=()).model_dump_json(),
                progress=StepProgress(configuration_id=made).model_dump_json(),
                plan=plan_of(operation).value,
                state=state.value,
                phase=phase.value,
                maybe_acted=True,
                cancel_wanted=False,
                waits_for="nothing",
                last_answer="none",
                executor="U0OTTO",
                next_try_at=at,
                finished_at=at,
            )
            store.change_sets.add(self._change_set(store), [step])
            return step.id

        return await self._database.run(work)

    def _change_set(self, store: Store) -> ChangeSetRow:
        return ChangeSetRow(
            workspace=store.workspace,
            inbox_id=self._count,
            requester="U0RITA",
            reason="",
            channel="C0GENERAL",
            private=False,
            created_at=NOW,
            deadline=NOW,
            last_deadline=NOW,
            offer="",
            permissions_stated=True,
        )

    async def arrive(self, step_id: int) -> None:
        """Let a version come through what a step has made."""
        await self._database.run(
            lambda store: store.arrivals.note_once(step_id, package=UI, version="2.3.1", published_at=NOW, now=NOW)
        )

    async def standing(self, *, used_too: bool = False) -> list[int]:
        """List the steps whose configuration stands."""
        found = await self._database.run(lambda store: store.packages.list_set_ups([UI], used_too=used_too))
        return [set_up.step_id for set_up in found]

    async def set_up_at(self) -> datetime | None:
        """Tell what the record of the package says."""

        def work(store: Store) -> datetime | None:
            store.packages.remember([UI], "request", NOW)
            [record] = store.packages.records()
            return record.set_up_at

        return await self._database.run(work)


@pytest.fixture
def steps(database: Database) -> Steps:
    return Steps(database)


async def test_a_create_that_npm_applied_stands_until_a_version_has_come_through_it(
    database: Database, steps: Steps
) -> None:
    step_id = await steps.add(CREATE, "a")
    assert await database.run(lambda store: store.packages.list_set_ups([UI, "acme"])) == [
        SetUp(
            step_id=step_id,
            package=UI,
            publisher=RELEASE,
            configuration_id="a",
            applied_at=NOW,
            change_set_id=1,
            number=1,
            channel="C0GENERAL",
            private=False,
            requester="U0RITA",
            executor="U0OTTO",
        )
    ]
    assert await steps.set_up_at() == NOW
    await steps.arrive(step_id)
    assert await steps.standing() == []
    assert await steps.set_up_at() is None
    assert await steps.standing(used_too=True) == [step_id]


async def test_set_ups_of_other_packages_are_not_told(database: Database, steps: Steps) -> None:
    await steps.add(CREATE, "a")
    assert await database.run(lambda store: store.packages.list_set_ups(["@acme/api"])) == []


async def test_the_newest_comes_first_and_is_the_one_of_the_record(steps: Steps) -> None:
    newer = await steps.add(CREATE, "b", at=NOW + HOUR)
    older = await steps.add(CREATE, "a")
    assert await steps.standing() == [newer, older]
    assert await steps.set_up_at() == NOW + HOUR
    await steps.arrive(newer)
    assert await steps.set_up_at() == NOW


async def test_what_did_not_come_to_be_by_a_step_was_not_set_up_here(steps: Steps) -> None:
    for state in State:
        if state not in {State.APPLIED, State.RESTORED}:
            await steps.add(CREATE, "a", state=state)
    assert await steps.standing() == []
    assert await steps.set_up_at() is None


async def test_what_was_put_back_after_a_failed_replacement_stands_as_what_it_was(
    database: Database, steps: Steps
) -> None:
    old = Configuration(
        id="old",
        type="github",
        claims={"repository": "acme/old", "workflow_ref": {"file": "a.yml"}},
        permissions=("createPackage",),
    )
    replaced = Replace(
        package=UI, configuration_id="old", old=old, publisher=RELEASE, permissions=(Permission.PUBLISH,)
    )
    step_id = await steps.add(replaced, "anew", state=State.RESTORED, phase=Phase.RESTORE)
    [made] = await database.run(lambda store: store.packages.list_set_ups([UI]))
    assert (made.step_id, made.publisher.label, made.configuration_id) == (step_id, "acme/old → a.yml", "anew")
    assert await steps.set_up_at() == NOW


async def test_a_round_is_what_one_change_set_made_in_its_span(database: Database, steps: Steps) -> None:
    step_id = await steps.add(CREATE, "a")
    await steps.add(CREATE, "b")

    async def rounds() -> list[tuple[int, bool]]:
        found = await database.run(lambda store: store.packages.list_round(1, NOW, NOW + HOUR))
        return [(made.step_id, used) for _, made, used in found]

    assert await rounds() == [(step_id, False)]
    await steps.arrive(step_id)
    assert await rounds() == [(step_id, True)]
    await steps.add(revoke("a"), at=NOW + HOUR)
    assert await rounds() == []

    def begin_twice(store: Store) -> list[int | None]:
        store.rounds.begin(1, NOW - HOUR, NOW)
        store.rounds.begin(1, NOW - HOUR, NOW + HOUR)  # in the same span
        store.rounds.begin(1, NOW - HOUR, NOW + 2 * HOUR)  # in the next one
        found = [store.rounds.find_of(1, NOW + hours * HOUR) for hours in (-2, 0, 1, 2)]
        return [row.id if row else None for row in found]

    assert await database.run(begin_twice) == [None, 1, 1, 2]
    assert await database.run(lambda store: store.rounds.next_due()) == NOW + timedelta(hours=24)
    assert await database.run(lambda store: store.rounds.claim_due(NOW + timedelta(hours=23))) is None
    due = await database.run(lambda store: store.rounds.claim_due(NOW + timedelta(hours=24)))
    assert due is not None
    assert due.id == 1


@pytest.mark.parametrize("state", [State.APPLIED, State.ALREADY_GONE])
async def test_what_was_revoked_later_does_not_stand(steps: Steps, state: State) -> None:
    await steps.add(CREATE, "a")
    await steps.add(revoke("a"), at=NOW + HOUR, state=state)
    assert await steps.standing(used_too=True) == []
    assert await steps.set_up_at() is None


async def test_a_revoke_of_another_configuration_an_earlier_one_and_one_that_was_refused_take_nothing_away(
    steps: Steps,
) -> None:
    await steps.add(revoke("a"), at=NOW - HOUR)
    made = await steps.add(CREATE, "a")
    await steps.add(revoke("b"), at=NOW + HOUR)
    await steps.add(revoke("a"), at=NOW + HOUR, state=State.REFUSED)
    assert await steps.standing() == [made]
    assert await steps.set_up_at() == NOW


async def test_a_create_whose_id_npm_has_not_told_is_not_taken_away_by_a_revoke_of_who_knows_what(
    steps: Steps,
) -> None:
    made = await steps.add(CREATE)
    await steps.add(Revoke(package=UI, from_repository="acme/ui"), at=NOW + HOUR)
    assert await steps.standing() == [made]


@pytest.mark.parametrize(("publisher", "plan"), [(RELEASE, Plan.REVOKE_THEN_CREATE), (OTHER, Plan.CREATE_THEN_REVOKE)])
async def test_a_replace_stands_in_the_place_of_what_it_replaced(steps: Steps, publisher: GitHub, plan: Plan) -> None:
    operation = replace("a", publisher)
    assert plan_of(operation) is plan
    await steps.add(CREATE, "a")
    replaced = await steps.add(operation, "b", at=NOW + HOUR)
    assert await steps.standing() == [replaced]
    assert await steps.set_up_at() == NOW + HOUR


async def test_another_workspace_has_set_up_nothing(database: Database, steps: Steps) -> None:
    await steps.add(CREATE, "a")
    database.workspace = "T0OTHER"
    assert await steps.standing() == []
    assert await steps.set_up_at() is None
