"""What came of each step by the registry's own books, and whether that is how the bot says it ended.

Every call that the registry got is laid beside the attempt that the bot had written down before it, so each
configuration that a step made, took away or was shown is known for certain, however the answers were lost.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from bot.domain.lifecycle import OPEN_STATES, Phase, Plan, State
from bot.domain.operations import Create, Operation, Replace, revoked_id_of, target_of
from bot.sandbox.registry import CallRecord, SimulatedRegistry
from bot.sandbox.registry_catalogue import TrustRecord, fingerprint_of
from bot.sandbox.registry_trust import overlap
from bot.sandbox.world import World
from bot.workflow.lane import CALL_DEADLINE, OPERATION
from storage.models import AttemptRow, ChangeSetRow, DecisionRow, ReadRow, StepRow
from tests.scenarios.random_requests import SURE

BOT_LAG = timedelta(seconds=120)
"""For how long the bot takes npm's lists to lag, by default."""

_METHODS = {"create": "POST", "revoke": "DELETE", "list": "GET"}
_REFUSALS = frozenset({400, 422})
_STAGE = "createStagedPackage"

Judge: TypeAlias = Callable[["StepTruth"], bool]


@dataclass(frozen=True)
class Made:
    """A configuration that came of a step."""

    record: TrustRecord
    content: str
    """As `fingerprint_of` has it."""
    is_answered: bool
    """Npm said so, and its answer arrived."""

    def is_lost(self, by: datetime) -> bool:
        """Tell whether nobody can know of it: the answer was lost, and somebody else revoked it.

        This is the trace that the design exempts: a list that is empty then makes the bot create it again.
        """
        return not self.is_answered and self.record.revoked_at is not None and self.record.revoked_at <= by


@dataclass
class Terminals:
    """What people ran by hand, in their own terminals, for the steps that they were given."""

    made: dict[int, list[Made]] = field(default_factory=dict)
    revoked: dict[int, list[str]] = field(default_factory=dict)


@dataclass
class StepTruth:
    """One step, as the bot has stored it and as npm knows it."""

    row: StepRow
    change_set: ChangeSetRow
    operation: Operation
    decisions: list[DecisionRow]
    records: list[TrustRecord]
    """Every configuration that its package ever had."""
    lag: timedelta
    now: datetime
    calls: list[CallRecord] = field(default_factory=list)
    made: list[Made] = field(default_factory=list)
    revoked: list[str] = field(default_factory=list)
    """Ids that it took away."""
    is_given: bool = False
    """Its person had its call as a line for their own terminal."""

    @property
    def state(self) -> State:
        return State(self.row.state)

    @property
    def plan(self) -> Plan:
        return Plan(self.row.plan)

    @property
    def end(self) -> datetime:
        """When it ended; now, while it has not."""
        return self.row.finished_at or self.now

    @property
    def statuses(self) -> set[int]:
        """What npm answered to its creates and revokes."""
        return {call.status for call in self.calls if call.method != "GET"}

    @property
    def is_unclear(self) -> bool:
        """Tell whether npm may have acted on one of its calls, as far as answers tell."""
        return self.is_given or not self.statuses <= SURE

    @property
    def old_is_gone(self) -> bool:
        record = next((record for record in self.records if record.id == revoked_id_of(self.operation)), None)
        return record is not None and not record.stands_at(self.end)

    def made_of(self, phase: Phase) -> list[Made]:
        """List what it made of what that phase makes, but for what nobody can know of."""
        target = target_of(self.operation, phase)
        if target is None:
            return []
        publisher, permissions = target.publisher, [permission.value for permission in target.permissions]
        content = fingerprint_of(publisher.provider.value, publisher.to_claims(), permissions)
        return [made for made in self.made if made.content == content and not made.is_lost(self.end)]

    @property
    def is_wanted_made(self) -> bool:
        return bool(self.made_of(Phase.FIRST))

    @property
    def nothing_came_of_it(self) -> bool:
        """Tell whether npm is as if it had never been asked for."""
        return not (self.is_wanted_made or self.revoked or self.made_of(Phase.RESTORE))

    def is_listed(self, phase: Phase, at: datetime) -> bool:
        """Tell whether npm's list showed at that time what a phase makes."""
        target = target_of(self.operation, phase)
        if target is None:
            return False
        type_, claims = target.publisher.provider.value, target.publisher.to_claims()
        permissions = {*(permission.value for permission in target.permissions), _STAGE}
        return any(
            (record.type, record.claims, {*record.permissions, _STAGE}) == (type_, claims, permissions)
            for record in self._list(at)
        )

    def is_overlap_listed(self, at: datetime) -> bool:
        """Tell whether npm's list showed at that time what a token could match too."""
        target = target_of(self.operation, Phase.FIRST)
        if target is None:
            return False
        type_, claims = target.publisher.provider.value, target.publisher.to_claims()
        return any(record.type == type_ and overlap(record.claims, claims) for record in self._list(at))

    def was_wanted_listed(self) -> bool:
        """Tell whether one of its own reads showed what is wanted."""
        return any(self.is_listed(Phase.FIRST, call.at) for call in self.calls if call.method == "GET")

    def was_looked_for(self, since: datetime, until: datetime) -> bool:
        """Tell whether a settled read in that time did not show what is wanted."""
        settled = since + CALL_DEADLINE + BOT_LAG
        return any(
            settled <= call.at <= until and not self.is_listed(Phase.FIRST, call.at)
            for call in self.calls
            if call.method == "GET"
        )

    def _list(self, at: datetime) -> list[TrustRecord]:
        return [record for record in self.records if record.stands_at(at - self.lag)]

    def __str__(self) -> str:
        calls = [f"{call.at:%d %H:%M:%S} {call.method} {call.status} {call.note}" for call in self.calls]
        shown = [
            f"{record.id[:8]} {record.claims} {record.created_at} - {record.revoked_at}" for record in self.records
        ]
        told = f"C-{self.change_set.number}, {self.plan} of {self.row.package} ({self.row.phase}): {self.state} at"
        asked = self.operation.model_dump_json(exclude_defaults=True)
        return "\n  ".join([f"{told} {self.end:%d %H:%M:%S}, {asked}", *calls, *shown])


async def read_truths(world: World, terminals: Terminals) -> list[StepTruth]:
    """Lay what the bot has stored beside what npm knows.

    Raises:
        AssertionError: npm got a trust call that the bot had not written down, or from an account that did not approve.
    """
    assert world.app is not None
    steps, attempts, packages = await world.app.services.database.call(lambda engine: _read(engine, world))
    calls = {(call.at, call.method, call.path.split("/")[3]): call for call in world.trust_calls()}
    for attempt in attempts:
        package = steps[attempt.step_id].row.package if attempt.step_id else packages[attempt.read_id or 0]
        call = calls.pop((attempt.started_at, _METHODS[attempt.call], package.replace("/", "%2f")), None)
        if call and attempt.step_id:
            _book(world.registry, steps[attempt.step_id], call)
    assert not calls, f"npm got calls that nobody had written down: {calls}"
    for step_id, step in steps.items():
        step.made += terminals.made.get(step_id, ())
        step.made.sort(key=lambda made: made.record.created_at)
        step.revoked += terminals.revoked.get(step_id, ())
    return list(steps.values())


def _read(engine: Engine, world: World) -> tuple[dict[int, StepTruth], list[AttemptRow], dict[int, str]]:
    with Session(engine, expire_on_commit=False) as session:
        change_sets = {row.id: row for row in session.scalars(select(ChangeSetRow))}
        decisions = session.scalars(select(DecisionRow).order_by(DecisionRow.id)).all()
        steps = {
            row.id: StepTruth(
                row=row,
                change_set=change_sets[row.change_set_id],
                operation=OPERATION.validate_json(row.operation),
                decisions=[decision for decision in decisions if decision.step_id == row.id],
                records=world.registry.state.packages[row.package].records,
                lag=timedelta(seconds=world.registry.lag_seconds),
                now=world.clock.now(),
                is_given='"script_id":null' not in row.progress,
            )
            for row in session.scalars(select(StepRow).order_by(StepRow.id))
        }
        attempts = list(session.scalars(select(AttemptRow).order_by(AttemptRow.id)))
        return steps, attempts, {read.id: read.package for read in session.scalars(select(ReadRow))}


def _book(registry: SimulatedRegistry, step: StepTruth, call: CallRecord) -> None:
    """Note what a call of a step did."""
    step.calls.append(call)
    assert call.at <= step.end, f"npm was called after the end: {step}"
    if call.method != "GET":
        approvals = [each for each in step.decisions if each.approved and each.npm_user == call.npm_user]
        fine = not call.npm_user or any(each.at <= call.at <= (each.void_at or call.at) for each in approvals)
        assert fine, f"{call.npm_user} had not approved: {step}"
    for create in registry.accepted_creates:
        if call.method == "POST" and (create.package, create.at) == (step.row.package, call.at):
            [record] = [
                each for each in step.records if each.created_at == call.at and _content(each) == create.fingerprint
            ]
            step.made.append(Made(record, create.fingerprint, call.note.startswith("created") and call.status == 201))
    if call.method == "DELETE" and call.note.startswith(("revoked", "acted")):
        step.revoked.append(call.path.rpartition("/")[2])


def _content(record: TrustRecord) -> str:
    return fingerprint_of(record.type, record.claims, record.permissions)


def made_by_hand(record: TrustRecord) -> Made:
    """Book what a person's own terminal made: no answer of it reaches the bot."""
    return Made(record, _content(record), is_answered=False)


# The judgement


def find_flaws(step: StepTruth) -> Iterator[str]:
    """Tell what may not be, whatever the world did."""
    for before, again in zip(step.made, step.made[1:], strict=False):
        if before.content == again.content:
            at = again.record.created_at
            if not (before.is_lost(at) and step.was_looked_for(before.record.created_at, at)):
                yield f"npm accepted the create twice: {step}"
    if step.state not in OPEN_STATES and not TRUE_OF_END[step.state](step):
        yield f"{step.state} is not true: {step}"


def _is_applied(step: StepTruth) -> bool:
    if step.plan is Plan.REVOKE:
        return step.old_is_gone and (bool(step.revoked) or step.is_unclear)
    if step.plan is Plan.CREATE:
        return step.is_wanted_made or (step.is_unclear and step.is_listed(Phase.FIRST, step.end))
    return step.old_is_gone and (step.is_wanted_made or step.was_wanted_listed())


def _is_left_half(step: StepTruth) -> bool:
    if step.plan is Plan.CREATE_THEN_REVOKE:
        return not step.revoked and (step.is_wanted_made or step.was_wanted_listed())
    return not (step.is_wanted_made or step.made_of(Phase.RESTORE))


def _is_restored(step: StepTruth) -> bool:
    is_back = bool(step.made_of(Phase.RESTORE)) or step.is_listed(Phase.RESTORE, step.end)
    return is_back and not step.is_wanted_made


TRUE_OF_END: dict[State, Judge] = {
    State.APPLIED: _is_applied,
    State.ALREADY_IN_PLACE: lambda step: (
        isinstance(step.operation, Create) and step.nothing_came_of_it and step.is_listed(Phase.FIRST, step.end)
    ),
    State.ALREADY_GONE: lambda step: step.plan is Plan.REVOKE and step.nothing_came_of_it and step.old_is_gone,
    State.RESTORED: lambda step: step.plan is Plan.REVOKE_THEN_CREATE and _is_restored(step),
    State.LEFT_HALF: lambda step: isinstance(step.operation, Replace) and _is_left_half(step),
    State.CONFLICT: lambda step: step.nothing_came_of_it and (409 in step.statuses or step.is_overlap_listed(step.end)),
    State.REFUSED: lambda step: step.nothing_came_of_it and bool(step.statuses & _REFUSALS),
    State.REJECTED: lambda step: (
        step.nothing_came_of_it and any(not each.approved and each.void_at is None for each in step.decisions)
    ),
    State.CANCELLED: lambda step: step.nothing_came_of_it,
    State.EXPIRED: lambda step: step.nothing_came_of_it and step.end >= step.change_set.deadline,
    State.UNRESOLVED: lambda step: step.end >= step.change_set.last_deadline,
}
"""What must be so where a step has ended. Of `unresolved` nothing more is claimed."""
