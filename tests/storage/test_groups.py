"""What sums up a change set stays true whatever moves, and takes the same work for ten steps and for a thousand."""

import time
from collections import Counter

import pytest
from sqlalchemy import event

from bot.domain.ballots import Item, make_ballot
from bot.domain.evidence import Evidence, EvidenceKind
from bot.domain.lifecycle import Plan, State, Step
from bot.domain.operations import Create
from bot.domain.packages import PackageName
from bot.domain.publishers import GitHub, Permission
from bot.domain.step_events import Approved, Cancelled, Differs, Rejected, Taken
from bot.workflow import transitions
from storage.database import Database
from storage.models import ChangeSetRow, DecisionRow, StepRow
from storage.records import StepFacts, StepProgress
from storage.store import Store
from tests.storage.conftest import NOW

pytestmark = pytest.mark.anyio

FACTS = StepFacts(evidence=Evidence(kind=EvidenceKind.NONE), maintainers=("otto-npm",))
WARNED = FACTS.model_copy(update={"warnings": ("odd",)})
APPROVED = Approved(quorum_met=True)
SECOND = 1.0


def step_row(store: Store, number: int, repository: str) -> StepRow:
    operation = Create(
        package=PackageName(f"@acme/kit-{number:04}"),
        publisher=GitHub(repository=repository, file="release.yml"),
        permissions=(Permission.PUBLISH,),
    )
    row = StepRow(
        workspace=store.workspace,
        position=number,
        package=operation.package,
        operation=operation.model_dump_json(),
        fingerprint=f"{number}",
        facts=(WARNED if number == 1 else FACTS).model_dump_json(),
        progress=StepProgress().model_dump_json(),
        next_try_at=NOW,
    )
    row.lifecycle = Step(plan=Plan.CREATE)
    return row


def add(store: Store, size: int, *, inbox_id: int = 1) -> ChangeSetRow:
    """Store a change set whose even steps are of one repository, and the odd ones of another."""
    change_set = ChangeSetRow(
        workspace=store.workspace, inbox_id=inbox_id, requester="U0RITA", reason="", channel="C0GENERAL", private=False,
        created_at=NOW, deadline=NOW, last_deadline=NOW, offer="", permissions_stated=True,
    )  # fmt: skip
    store.change_sets.add(change_set, [step_row(store, n, f"acme/{'ab'[n % 2]}") for n in range(size)])
    transitions.renew_offer(store, change_set, NOW)
    return change_set


def check(store: Store, change_set_id: int) -> None:
    """What is counted is what stands."""
    steps = store.change_sets.load_steps(change_set_id)
    assert store.change_sets.tally(change_set_id) == Counter(State(step.state) for step in steps)
    groups = store.change_sets.groups_of(change_set_id)
    tallies = store.change_sets.groups.tallies(change_set_id, [group.likeness for group in groups])
    for group in groups:
        assert tallies[group.likeness] == Counter(State(s.state) for s in steps if s.likeness == group.likeness)


async def test_groups_and_counts_follow_every_move(database: Database) -> None:
    def work(store: Store) -> None:
        change_set = add(store, 6)
        number = change_set.id
        first, second = store.change_sets.groups_of(number)
        assert (first.size, second.size, first.position, second.position) == (3, 3, 0, 1)
        assert (first.warned, second.warned) == (1, 0)  # what needs a look comes first
        assert (store.change_sets.groups.count(number), store.change_sets.groups.count(999)) == (2, 0)
        check(store, number)
        steps = store.change_sets.load_steps(number)
        assert transitions.move_all(store, steps[:4], APPROVED, now=NOW) == steps[:4]
        check(store, number)
        assert transitions.move(store, steps[0], Taken(), now=NOW)
        assert transitions.move_all(store, steps, Rejected(), now=NOW) == steps[4:]  # the others are not in review
        assert not transitions.move(store, steps[0], Rejected(), now=NOW)
        check(store, number)
        assert transitions.move_all(store, steps[1:3], Differs(), now=NOW) == steps[1:3]
        transitions.move_all(store, steps, Cancelled(), now=NOW)
        check(store, number)
        assert store.change_sets.groups.is_open(number)  # the first is being called
        assert transitions.move_all(store, [], Cancelled(), now=NOW) == []

    await database.run(work)


async def test_pages_are_narrowed_by_state_text_likeness_and_place(database: Database) -> None:
    def work(store: Store) -> None:
        number = add(store, 30).id
        add(store, 3, inbox_id=2)
        steps = store.change_sets.load_steps(number)
        transitions.move_all(store, steps[20:], APPROVED, now=NOW)
        page = store.change_sets.page_steps
        assert page(number, after=5, skip=1, limit=2) == steps[6:8]
        assert page(number, states=[State.READY], limit=3) == steps[20:23]
        assert page(number, text="KIT-001", limit=50) == steps[10:20]
        assert page(number, text="100%_", limit=50) == []
        assert page(number, likeness=steps[1].likeness, limit=2) == [steps[1], steps[3]]
        assert store.change_sets.count_steps(number, states=[State.READY], text="kit-002") == 10
        assert store.change_sets.count_executors(number) == [(State.READY, "", "nothing", 10)]
        steps[29].executor = "U0OTTO"
        store.flush()
        assert store.change_sets.waits_elsewhere("U0OTTO", but=0)
        assert not store.change_sets.waits_elsewhere("U0OTTO", but=steps[29].id)
        steps[0].held = steps[2].held = True
        store.flush()
        assert store.change_sets.count_held(number) == {steps[0].likeness: 2}
        assert sorted(store.change_sets.list_fingerprints(number)) == sorted(step.fingerprint for step in steps)

    await database.run(work)


async def test_decisions_of_many_steps_are_read_and_made_void_together(database: Database) -> None:
    def work(store: Store) -> None:
        steps = store.change_sets.load_steps(add(store, 3).id)
        decided = [
            DecisionRow(
                workspace=store.workspace, step_id=step.id, slack_user=person, npm_user="", approved=True, reason="",
                fingerprint=step.fingerprint, at=NOW,
            )
            for step in steps[:2] for person in ("U0OTTO", "U0OLGA")
        ]  # fmt: skip
        store.decisions.add_all(decided)
        found = store.decisions.list_all_of(step.id for step in steps)
        assert {step: len(rows) for step, rows in found.items()} == {steps[0].id: 2, steps[1].id: 2}
        store.decisions.void_all([steps[0].id], NOW, by="U0OTTO")
        assert store.decisions.find_of(steps[0].id, "U0OTTO") is None
        assert store.decisions.find_of(steps[0].id, "U0OLGA")
        transitions.move_all(store, steps, Differs(), now=NOW)
        assert store.decisions.find_of(steps[1].id, "U0OLGA") is None

    await database.run(work)


async def test_a_thousand_approvals_are_one_transaction_of_less_than_a_second(database: Database) -> None:
    change_set = await database.run(lambda store: add(store, 1000).id)

    def approve(store: Store) -> int:
        steps = store.change_sets.load_steps(change_set)
        return len(transitions.move_all(store, steps, APPROVED, now=NOW))

    began = time.process_time()
    assert await database.run(approve) == 1000
    assert time.process_time() - began < SECOND


async def test_the_work_of_a_move_does_not_grow_with_the_change_set(database: Database) -> None:
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *said: statements.append(said[2]))

    async def work_of_a_move(size: int, inbox_id: int) -> int:
        def move(store: Store) -> bool:
            step = store.change_sets.load_step(first)
            return transitions.move(store, step, Taken(), now=NOW)

        first = await database.run(
            lambda store: store.change_sets.load_steps(add(store, size, inbox_id=inbox_id).id)[0].id
        )
        await database.run(lambda store: transitions.move(store, store.change_sets.load_step(first), APPROVED, now=NOW))
        statements.clear()
        assert await database.run(move)
        return len(statements)

    assert await work_of_a_move(3, 1) == await work_of_a_move(300, 2)


async def test_a_ballot_is_one_persons_and_counts_once(database: Database) -> None:
    def work(store: Store) -> None:
        change_set = add(store, 2)
        operation = Create(
            package=PackageName("x"),
            publisher=GitHub(repository="acme/a", file="r.yml"),
            permissions=(Permission.PUBLISH,),
        )
        ballot = make_ballot([Item(step_id=1, operation=operation, fingerprint="1")])
        row = store.ballots.add(change_set.id, "U0OTTO", "approve", ballot, NOW)
        assert store.ballots.find(row.token, "U0OTTO") is row
        assert store.ballots.find(row.token, "U0OLGA") is None
        assert [store.ballots.use(row, NOW), store.ballots.use(row, NOW)] == [True, False]

    await database.run(work)
