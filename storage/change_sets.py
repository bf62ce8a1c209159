"""Change sets, their steps, and the offers that their buttons carry."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache, cached_property
from typing import Any, TypeVar

from sqlalchemy import Select, and_, bindparam, exists, false, func, or_, select, true
from sqlalchemy.orm.attributes import flag_modified

from bot.domain.lifecycle import BUSY_STATES, OPEN_STATES, Plan, State
from storage.group_models import StepGroupRow
from storage.groups import Groups
from storage.models import ChangeSetRow, OfferRow, StepRow
from storage.repository import Repository, new_token

_Query = TypeVar("_Query", bound=Select[Any])
_OPEN = [state.value for state in OPEN_STATES]
_MOST_BESIDE = 1000
"""One preview asks for less in other channels."""


def delivery_beside(change_set_id: int, place: int) -> int:
    """Number what a delivery asks for beside a change set: it stages one, and no delivery has a number below zero."""
    return -(change_set_id * _MOST_BESIDE + place)


class ChangeSets(Repository):
    """What people asked for."""

    @cached_property
    def groups(self) -> Groups:
        """What sums them up."""
        return Groups(self._session, self._workspace)

    def add(self, change_set: ChangeSetRow, steps: Sequence[StepRow]) -> ChangeSetRow:
        """Store a new change set with its steps, under the next number."""
        highest = select(func.max(ChangeSetRow.number)).where(ChangeSetRow.workspace == self._workspace)
        change_set.number = (self._session.scalar(highest) or 0) + 1
        self._add(change_set)
        for step in steps:
            step.change_set_id = change_set.id
        self.groups.add(steps)
        self._add_all(steps)
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
        return self._find(OfferRow, token=token)

    def load(self, change_set_id: int) -> ChangeSetRow:
        """Load one that must be there."""
        return self._get_one(ChangeSetRow, change_set_id)

    def find_number(self, number: int) -> ChangeSetRow | None:
        """Find one by its short id."""
        return self._find(ChangeSetRow, number=number)

    def find_delivery(self, inbox_id: int) -> ChangeSetRow | None:
        """Find what a delivery has staged already."""
        return self._find(ChangeSetRow, inbox_id=inbox_id)

    def list_beside(self, change_set_id: int) -> list[ChangeSetRow]:
        """List what the same delivery asked for in other channels than this one, which it asked for first."""
        end, begin = delivery_beside(change_set_id, 0), delivery_beside(change_set_id, _MOST_BESIDE)
        query = self._select(ChangeSetRow).where(ChangeSetRow.inbox_id < end, ChangeSetRow.inbox_id > begin)
        return self._all(query.order_by(ChangeSetRow.number))

    def list_open(self, limit: int = 50) -> list[ChangeSetRow]:
        """List those with a step that has not ended, oldest first."""
        open_ids = select(StepRow.change_set_id).where(StepRow.workspace == self._workspace, StepRow.state.in_(_OPEN))
        query = self._select(ChangeSetRow).where(ChangeSetRow.id.in_(open_ids))
        return self._all(query.order_by(ChangeSetRow.number).limit(limit))

    def list_files_wanted(self) -> list[ChangeSetRow]:
        """List those whose results are to be sent as a file."""
        return self._list(ChangeSetRow, csv_state="wanted")

    def list_of(self, requester: str, limit: int = 10) -> list[ChangeSetRow]:
        """List the newest of one person."""
        query = self._select(ChangeSetRow).where(ChangeSetRow.requester == requester)
        return self._all(query.order_by(ChangeSetRow.number.desc()).limit(limit))

    def load_step(self, step_id: int) -> StepRow:
        """Load a step that must be there."""
        return self._get_one(StepRow, step_id)

    def load_steps(self, change_set_id: int) -> list[StepRow]:
        """Load the steps of a change set in their order."""
        query = self._select(StepRow).where(StepRow.change_set_id == change_set_id)
        return self._all(query.order_by(StepRow.position))

    def tally(self, change_set_id: int) -> Mapping[State, int]:
        """Tell how many steps of a change set are in which state; states of none are left out."""
        return self.groups.tally(change_set_id)

    def groups_of(self, change_set_id: int, *, limit: int = 50) -> list[StepGroupRow]:
        """List the first groups of steps that are alike."""
        return self.groups.list_of(change_set_id, limit=limit)

    def list_fingerprints(self, change_set_id: int) -> list[str]:
        """List the fingerprints of the steps of a change set, and nothing else of them."""
        return list(self._session.scalars(select(StepRow.fingerprint).where(StepRow.change_set_id == change_set_id)))

    def page_steps(
        self,
        change_set_id: int,
        *,
        states: Iterable[State] = (),
        text: str = "",
        likeness: str = "",
        after: int = 0,
        skip: int = 0,
        limit: int,
    ) -> list[StepRow]:
        """Load some steps of a change set in their order.

        Args:
            change_set_id: Of which.
            states: Only those in one of these; none: all.
            text: Only those whose package's name holds it.
            likeness: Only those that are alike in this way.
            after: From this position on; the first is 0.
            skip: How many of what was found to leave out.
            limit: At most so many.
        """
        query = _narrow(self._select(StepRow), change_set_id, states, text, likeness)
        query = query.where(StepRow.position >= after).order_by(StepRow.position)
        return self._all(query.offset(skip).limit(limit))

    def count_steps(
        self, change_set_id: int, *, states: Iterable[State] = (), text: str = "", likeness: str = ""
    ) -> int:
        """Count the steps that `page_steps` would find."""
        query = _narrow(select(func.count(StepRow.id)), change_set_id, states, text, likeness)
        return self._session.scalar(query) or 0

    def count_executors(self, change_set_id: int) -> list[tuple[State, str, str, int]]:
        """Count the open steps of a change set by state, executor and what they wait for, in one look at an index."""
        columns = (StepRow.state, StepRow.executor, StepRow.waits_for)
        query = select(*columns, func.count()).where(
            StepRow.change_set_id == change_set_id, StepRow.state.in_(_OPEN), StepRow.state != State.IN_REVIEW.value
        )
        rows = self._session.execute(query.group_by(*columns).order_by(*columns))
        return [(State(state), executor, waits_for, number) for state, executor, waits_for, number in rows]

    def list_ends(self, change_set_id: int, limit: int) -> list[datetime]:
        """List when the last steps of a change set ended, the newest first."""
        query = select(StepRow.finished_at).where(
            StepRow.change_set_id == change_set_id, StepRow.finished_at.is_not(None)
        )
        found = self._session.scalars(query.order_by(StepRow.finished_at.desc()).limit(limit))
        return [end for end in found if end is not None]

    def find_first_applied(self, change_set_id: int) -> StepRow | None:
        """Find the step of a change set that npm applied first."""
        query = self._select(StepRow).where(
            StepRow.change_set_id == change_set_id,
            StepRow.state == State.APPLIED.value,
            StepRow.plan != Plan.REVOKE.value,
        )
        return self._one(query.order_by(StepRow.finished_at))

    def count_held(self, change_set_id: int) -> dict[str, int]:
        """Count the open steps of a change set that are held, by likeness."""
        query = select(StepRow.likeness, func.count()).where(
            StepRow.change_set_id == change_set_id, StepRow.held.is_(true()), StepRow.state.in_(_OPEN)
        )
        rows = self._session.execute(query.group_by(StepRow.likeness))
        return {str(likeness): int(number) for likeness, number in rows}

    def count_held_ready(self, change_set_id: int) -> int:
        """Count the open steps of a change set that are approved, and held."""
        states = [state.value for state in OPEN_STATES - {State.IN_REVIEW}]
        query = select(func.count(StepRow.id)).where(
            StepRow.change_set_id == change_set_id, StepRow.held.is_(true()), StepRow.state.in_(states)
        )
        return self._session.scalar(query) or 0

    def count_held_of(self, change_set_id: int) -> dict[str, int]:
        """Count the steps of a change set that could be called if they were not held, by executor."""
        query = select(StepRow.executor, func.count()).where(
            StepRow.change_set_id == change_set_id, StepRow.held.is_(true()), StepRow.state == State.READY.value
        )
        rows = self._session.execute(query.group_by(StepRow.executor))
        return {str(executor): int(number) for executor, number in rows}

    def find_free(self, change_set_id: int) -> StepRow | None:
        """Find the first open step of a change set that is approved, and not held."""
        states = [state.value for state in OPEN_STATES - {State.IN_REVIEW}]
        query = self._select(StepRow).where(
            StepRow.change_set_id == change_set_id, StepRow.held.is_(false()), StepRow.state.in_(states)
        )
        return self._one(query.order_by(StepRow.position))

    def waits_elsewhere(self, executor: str, *, but: int) -> bool:
        """Tell whether another step needs this person's account."""
        states = [state.value for state in (State.READY, State.WAITING, State.UNKNOWN, State.HALF_REPLACED)]
        other = exists().where(
            StepRow.workspace == self._workspace,
            StepRow.executor == executor,
            StepRow.state.in_(states),
            StepRow.id != but,
        )
        return bool(self._session.scalar(select(other)))

    def list_steps(self, states: Iterable[State], *, due: datetime | None = None) -> list[StepRow]:
        """List steps in some states, those due by a moment, oldest first."""
        query = self._select(StepRow).where(StepRow.state.in_([state.value for state in states]))
        if due is not None:
            query = query.where(StepRow.next_try_at <= due)
        return self._all(query.order_by(StepRow.change_set_id, StepRow.position))

    def mark_changed(self, steps: Iterable[StepRow]) -> None:
        """Have who moves one of these at the same time look again: it counts as changed, though it says the same."""
        for step in steps:
            flag_modified(step, "state")

    def list_open_steps_of(self, package: str) -> list[StepRow]:
        """List the open steps of a package."""
        return self._all(self._select(StepRow).where(StepRow.package == package, StepRow.state.in_(_OPEN)))

    def list_applied_steps_of(self, package: str) -> list[StepRow]:
        """List the steps of a package that npm has applied, oldest first."""
        query = self._select(StepRow).where(StepRow.package == package, StepRow.state == State.APPLIED.value)
        return self._all(query.order_by(StepRow.finished_at, StepRow.id))

    def is_package_busy(self, package: str, *, but: int) -> bool:
        """Tell whether another step of the package has a call going or an unknown end."""
        values = {"workspace": self._workspace, "package": package, "but": but}
        return self._session.scalar(_busy(), values) is not None

    def list_waiting_for(self, slack_user: str) -> list[StepRow]:
        """List the steps that wait for one person's account."""
        return self._all(
            self._select(StepRow)
            .where(StepRow.state == State.WAITING.value, StepRow.executor == slack_user)
            .order_by(StepRow.id)
        )


@cache
def _busy() -> Select[Any]:
    """Find a step of a `package`, in a `workspace`, with a call going or an unknown end, `but` for one."""
    rests = and_(
        StepRow.state == State.WAITING.value,
        StepRow.back.in_([State.UNKNOWN.value, State.HALF_REPLACED.value]),
    )
    is_busy = or_(StepRow.state.in_([state.value for state in BUSY_STATES]), rests)
    of_package = StepRow.workspace == bindparam("workspace"), StepRow.package == bindparam("package")
    return select(StepRow.id).where(*of_package, is_busy, StepRow.id != bindparam("but")).limit(1)


def _narrow(query: _Query, change_set_id: int, states: Iterable[State], text: str, likeness: str) -> _Query:
    query = query.where(StepRow.change_set_id == change_set_id)
    if wanted := [state.value for state in states]:
        query = query.where(StepRow.state.in_(wanted))
    if text:
        query = query.where(StepRow.package.contains(text.lower(), autoescape=True))
    return query.where(StepRow.likeness == likeness) if likeness else query
