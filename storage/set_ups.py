"""What was set up here: creates of ours that npm has applied, and whether a version has come through them yet."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from functools import cache

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Select, bindparam, exists, select
from sqlalchemy.orm import aliased

from bot.domain.lifecycle import Phase, Plan, State
from bot.domain.operations import Operation, Target, revoked_id_of, target_of
from bot.domain.publishers import Publisher
from storage.coverage_models import ArrivalRow
from storage.models import ChangeSetRow, StepRow
from storage.records import StepProgress
from storage.repository import Repository

_OPERATION: TypeAdapter[Operation] = TypeAdapter(Operation)

_CREATING = [plan.value for plan in Plan if plan is not Plan.REVOKE]
_REVOKING = [plan.value for plan in Plan if plan is not Plan.CREATE]
_MADE = [State.APPLIED.value, State.RESTORED.value]
"""The ends of a step that leave a configuration at npm which it has made: after a failed replace, the old one anew."""
_GONE = [State.APPLIED.value, State.ALREADY_GONE.value]


@dataclass(frozen=True, slots=True)
class SetUp:
    """A configuration that npm was given by a step."""

    step_id: int
    package: str
    publisher: Publisher
    configuration_id: str
    """npm's; empty where npm has not told it."""
    applied_at: datetime
    change_set_id: int
    number: int
    """Of the change set, as people read it."""
    channel: str
    private: bool
    """Not everybody may see the name of the package: it stays in that channel."""
    requester: str
    executor: str


class SetUps(Repository):
    """Read from the steps: nothing is stored beside them."""

    def list_of(self, names: Iterable[str], *, used_too: bool = False) -> list[SetUp]:
        """List the creates of some packages, newest first, without those whose configuration we have removed since.

        Args:
            names: The packages.
            used_too: Those as well through which a version has come.
        """
        values = {"workspace": self._workspace, "names": list(names)}
        removed = self._list_removed(_Which.NAMED, values)
        found = self._session.execute(_made_of_named(used_too=used_too), values)
        made = [_read(*row) for row in found if row[0].id not in removed]
        return [set_up for set_up in made if set_up is not None]

    def list_round(self, change_set_id: int, since: datetime, until: datetime) -> list[tuple[StepRow, SetUp, bool]]:
        """List what a change set made from one moment on and before another; and whether a version came through it.

        Without those whose configuration we have removed since, in the order of the change set.
        """
        values = {"workspace": self._workspace, "change_set_id": change_set_id, "since": since, "until": until}
        removed = self._list_removed(_Which.IN_ROUND, values)
        return [
            (step, made, used)
            for step, change_set, used in self._session.execute(_made_in_round(), values)
            if step.id not in removed and (made := _read(step, change_set)) is not None
        ]

    def newest_unused(self) -> dict[str, datetime]:
        """Tell by package when the newest create was applied through which no version has come."""
        values = {"workspace": self._workspace}
        query = select(StepRow.id, StepRow.package, StepRow.finished_at).where(*_creates(used_too=False))
        removed = self._list_removed(_Which.ALL, values)
        made = self._session.execute(query.order_by(StepRow.finished_at), values)
        return {package: applied for step_id, package, applied in made if applied and step_id not in removed}

    def _list_removed(self, which: "_Which", values: Mapping[str, object]) -> set[int]:
        """List the creates whose configuration a later step of ours took away."""
        return {
            step_id
            for step_id, progress, operation in self._session.execute(_removed(which), values)
            if _made(progress) == revoked_id_of(_OPERATION.validate_json(operation)) != ""
        }


class _Which(Enum):
    """Which steps are looked at: for each a statement is written once, as each message asks for some."""

    ALL = auto()
    NAMED = auto()
    """Of the packages `names`."""
    IN_ROUND = auto()
    """Of a change set with a `change_set_id`, over from `since` on and before `until`."""

    def conditions(self) -> tuple[ColumnElement[bool], ...]:
        match self:
            case _Which.ALL:
                return ()
            case _Which.NAMED:
                return (StepRow.package.in_(bindparam("names", expanding=True)),)
            case _Which.IN_ROUND:
                ended = StepRow.finished_at >= bindparam("since"), StepRow.finished_at < bindparam("until")
                return (StepRow.change_set_id == bindparam("change_set_id"), *ended)


def _creates(*, used_too: bool) -> list[ColumnElement[bool]]:
    """Choose the creates of a `workspace` that stand at npm."""
    mine = StepRow.workspace == bindparam("workspace")
    conditions = [mine, StepRow.state.in_(_MADE), StepRow.plan.in_(_CREATING)]
    return conditions if used_too else [*conditions, ~exists().where(ArrivalRow.step_id == StepRow.id)]


@cache
def _made_of_named(*, used_too: bool) -> Select[StepRow, ChangeSetRow]:
    query = select(StepRow, ChangeSetRow).join(ChangeSetRow, ChangeSetRow.id == StepRow.change_set_id)
    made = query.where(*_creates(used_too=used_too), *_Which.NAMED.conditions())
    return made.order_by(StepRow.finished_at.desc(), StepRow.id.desc())


@cache
def _made_in_round() -> Select[StepRow, ChangeSetRow, bool]:
    is_used = exists().where(ArrivalRow.step_id == StepRow.id)
    query = select(StepRow, ChangeSetRow, is_used).join(ChangeSetRow, ChangeSetRow.id == StepRow.change_set_id)
    return query.where(*_creates(used_too=True), *_Which.IN_ROUND.conditions()).order_by(StepRow.position)


@cache
def _removed(which: _Which) -> Select[int, str, str]:
    """Find creates, and what a later step for the same package took away."""
    later = aliased(StepRow)
    is_later = later.id != StepRow.id, later.finished_at >= StepRow.finished_at
    return (
        select(StepRow.id, StepRow.progress, later.operation)
        .join(later, (later.workspace == StepRow.workspace) & (later.package == StepRow.package))
        .where(*_creates(used_too=True), *which.conditions(), later.state.in_(_GONE), later.plan.in_(_REVOKING))
        .where(*is_later)
    )


def target_of_made(step: StepRow) -> Target | None:
    """Tell what a step has made; after a restore that is what had stood there before it."""
    return target_of(_OPERATION.validate_json(step.operation), Phase(step.phase))


def _made(progress: str) -> str:
    return StepProgress.model_validate_json(progress).configuration_id


def _read(step: StepRow, change_set: ChangeSetRow) -> SetUp | None:
    target = target_of_made(step)
    if target is None or step.finished_at is None:
        return None
    return SetUp(
        step_id=step.id,
        package=step.package,
        publisher=target.publisher,
        configuration_id=_made(step.progress),
        applied_at=step.finished_at,
        change_set_id=change_set.id,
        number=change_set.number,
        channel=change_set.channel,
        private=change_set.private,
        requester=change_set.requester,
        executor=step.executor,
    )
