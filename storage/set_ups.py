"""What was set up here: creates of ours that npm has applied, and whether a version has come through them yet."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, exists, select
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
        is_named = StepRow.package.in_(list(names))
        query = (
            select(StepRow, ChangeSetRow)
            .join(ChangeSetRow, ChangeSetRow.id == StepRow.change_set_id)
            .where(*self._creates(used_too=used_too), is_named)
            .order_by(StepRow.finished_at.desc(), StepRow.id.desc())
        )
        removed = self._list_removed(is_named)
        made = [_read(*row) for row in self._session.execute(query) if row[0].id not in removed]
        return [set_up for set_up in made if set_up is not None]

    def list_round(self, change_set_id: int, since: datetime, until: datetime) -> list[tuple[StepRow, SetUp, bool]]:
        """List what a change set made from one moment on and before another; and whether a version came through it.

        Without those whose configuration we have removed since, in the order of the change set.
        """
        in_round = (StepRow.change_set_id == change_set_id, StepRow.finished_at >= since, StepRow.finished_at < until)
        is_used = exists().where(ArrivalRow.step_id == StepRow.id)
        query = (
            select(StepRow, ChangeSetRow, is_used)
            .join(ChangeSetRow, ChangeSetRow.id == StepRow.change_set_id)
            .where(*self._creates(used_too=True), *in_round)
            .order_by(StepRow.position)
        )
        removed = self._list_removed(*in_round)
        return [
            (step, made, used)
            for step, change_set, used in self._session.execute(query)
            if step.id not in removed and (made := _read(step, change_set)) is not None
        ]

    def newest_unused(self) -> dict[str, datetime]:
        """Tell by package when the newest create was applied through which no version has come."""
        query = select(StepRow.id, StepRow.package, StepRow.finished_at).where(*self._creates(used_too=False))
        removed = self._list_removed()
        made = self._session.execute(query.order_by(StepRow.finished_at))
        return {package: applied for step_id, package, applied in made if applied and step_id not in removed}

    def _creates(self, *, used_too: bool) -> list[ColumnElement[bool]]:
        conditions = [
            StepRow.workspace == self._workspace,
            StepRow.state.in_(_MADE),
            StepRow.plan.in_(_CREATING),
        ]
        return conditions if used_too else [*conditions, ~exists().where(ArrivalRow.step_id == StepRow.id)]

    def _list_removed(self, *conditions: ColumnElement[bool]) -> set[int]:
        """List the creates whose configuration a later step of ours took away."""
        later = aliased(StepRow)
        query = (
            select(StepRow.id, StepRow.progress, later.operation)
            .join(later, (later.workspace == StepRow.workspace) & (later.package == StepRow.package))
            .where(*self._creates(used_too=True), *conditions, later.state.in_(_GONE), later.plan.in_(_REVOKING))
            .where(later.id != StepRow.id, later.finished_at >= StepRow.finished_at)
        )
        return {
            step_id
            for step_id, progress, operation in self._session.execute(query)
            if _made(progress) == revoked_id_of(_OPERATION.validate_json(operation)) != ""
        }


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
