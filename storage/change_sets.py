"""Change sets, their steps, and the offers that their buttons carry."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import func, select

from bot.domain.lifecycle import BUSY_STATES, OPEN_STATES, State
from storage.models import ChangeSetRow, OfferRow, StepRow
from storage.repository import Repository, new_token

_OPEN = [state.value for state in OPEN_STATES]


class ChangeSets(Repository):
    """What people asked for."""

    def add(self, change_set: ChangeSetRow, steps: Sequence[StepRow]) -> ChangeSetRow:
        """Store a new change set with its steps, under the next number."""
        highest = select(func.max(ChangeSetRow.number)).where(ChangeSetRow.workspace == self._workspace)
        change_set.number = (self._session.scalar(highest) or 0) + 1
        self._add(change_set)
        for step in steps:
            step.change_set_id = change_set.id
        self._session.add_all(steps)
        self._session.flush()
        return change_set

    def add_offer(self, change_set: ChangeSetRow, fingerprint: str, now: datetime) -> None:
        """Give the buttons of a change set a new value, for exactly this content."""
        change_set.offer = new_token()
        self._add(
            OfferRow(
                workspace=self._workspace,
                token=change_set.offer,
                change_set_id=change_set.id,
                fingerprint=fingerprint,
                created_at=now,
            )
        )

    def find_offer(self, token: str) -> OfferRow | None:
        """Find what a button stood for."""
        return self._one(self._select(OfferRow).where(OfferRow.token == token))

    def load(self, change_set_id: int) -> ChangeSetRow:
        """Load one that must be there."""
        return self._session.scalars(self._select(ChangeSetRow).where(ChangeSetRow.id == change_set_id)).one()

    def find_number(self, number: int) -> ChangeSetRow | None:
        """Find one by its short id."""
        return self._one(self._select(ChangeSetRow).where(ChangeSetRow.number == number))

    def find_delivery(self, inbox_id: int) -> ChangeSetRow | None:
        """Find what a delivery has staged already."""
        return self._one(self._select(ChangeSetRow).where(ChangeSetRow.inbox_id == inbox_id))

    def list_open(self, limit: int = 50) -> list[ChangeSetRow]:
        """List those with a step that has not ended, oldest first."""
        open_ids = select(StepRow.change_set_id).where(StepRow.workspace == self._workspace, StepRow.state.in_(_OPEN))
        query = self._select(ChangeSetRow).where(ChangeSetRow.id.in_(open_ids))
        return self._all(query.order_by(ChangeSetRow.number).limit(limit))

    def list_of(self, requester: str, limit: int = 10) -> list[ChangeSetRow]:
        """List the newest of one person."""
        query = self._select(ChangeSetRow).where(ChangeSetRow.requester == requester)
        return self._all(query.order_by(ChangeSetRow.number.desc()).limit(limit))

    def load_step(self, step_id: int) -> StepRow:
        """Load a step that must be there."""
        return self._session.scalars(self._select(StepRow).where(StepRow.id == step_id)).one()

    def load_steps(self, change_set_id: int) -> list[StepRow]:
        """Load the steps of a change set in their order."""
        query = self._select(StepRow).where(StepRow.change_set_id == change_set_id)
        return self._all(query.order_by(StepRow.position))

    def list_steps(self, states: Iterable[State], *, due: datetime | None = None) -> list[StepRow]:
        """List steps in some states, those due by a moment, oldest first."""
        query = self._select(StepRow).where(StepRow.state.in_([state.value for state in states]))
        if due is not None:
            query = query.where(StepRow.next_try_at <= due)
        return self._all(query.order_by(StepRow.change_set_id, StepRow.position))

    def list_open_steps_of(self, package: str) -> list[StepRow]:
        """List the open steps of a package."""
        return self._all(self._select(StepRow).where(StepRow.package == package, StepRow.state.in_(_OPEN)))

    def list_applied_steps_of(self, package: str) -> list[StepRow]:
        """List the steps of a package that npm has applied, oldest first."""
        query = self._select(StepRow).where(StepRow.package == package, StepRow.state == State.APPLIED.value)
        return self._all(query.order_by(StepRow.finished_at, StepRow.id))

    def is_package_busy(self, package: str, *, but: int) -> bool:
        """Tell whether another step of the package has a call going or an unknown end."""
        busy = [state.value for state in BUSY_STATES]
        query = self._select(StepRow).where(StepRow.package == package, StepRow.state.in_(busy), StepRow.id != but)
        if self._one(query):
            return True
        waiting = self._select(StepRow).where(
            StepRow.package == package,
            StepRow.state == State.WAITING.value,
            StepRow.back.in_([State.UNKNOWN.value, State.HALF_REPLACED.value]),
            StepRow.id != but,
        )
        return self._one(waiting) is not None

    def list_waiting_for(self, slack_user: str) -> list[StepRow]:
        """List the steps that wait for one person's account."""
        return self._all(
            self._select(StepRow)
            .where(StepRow.state == State.WAITING.value, StepRow.executor == slack_user)
            .order_by(StepRow.id)
        )
