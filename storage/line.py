"""The line of calls: what comes first for each person, found by indexes however long the line is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, exists, false, func, or_, select, true, update

from bot.domain.lifecycle import OPEN_STATES, Phase, Plan, State, WaitFor
from bot.domain.line import Urgency
from storage.group_models import WHOLE, TallyRow
from storage.heads import ALIKE, Head, following, head_of, heads, logins, waiting_reads
from storage.models import ChangeSetRow, DecisionRow, ReadRow, StepRow
from storage.repository import Repository
from storage.surveys import QUEUED

_NEEDS_ACCOUNT = [Urgency.HALF_REPLACED, Urgency.REVOKE, Urgency.CREATE, Urgency.SETTLE, Urgency.LOGIN]
_AT_ONCE = 200
"""Steps whose deadline has passed are ended in parts, so that no transaction takes long."""


@dataclass(frozen=True, slots=True)
class Share:
    """What waits for one person's account in one change set."""

    change_set_id: int
    steps: int
    first_step: int
    """Row id."""


class Line(Repository):
    """Who has something to be called, and what comes first for each."""

    def heads(self, now: datetime) -> list[Head]:
        """Tell what comes first for everybody: one statement, one row a person, whatever the number of steps.

        Paused and held steps that have not begun are passed over, as are those of a package with another call going.
        """
        found = self._session.execute(heads(), {"workspace": self._workspace, "now": now})
        return [head_of(*row) for row in found]

    def list_awaiting_login(self, now: datetime) -> list[str]:
        """List the people whose login something waits for, those first for whom a step does."""
        people = self._session.execute(logins(), {"workspace": self._workspace, "now": now})
        found = sorted((step_id, name) for name, step_id in people if step_id is not None)
        waiting = self._session.scalars(waiting_reads(), {"workspace": self._workspace, "now": now})
        return list(dict.fromkeys([*(name for _, name in found), *waiting]))

    def list_alike(self, row: StepRow, limit: int, *, skip: int = 0) -> list[StepRow]:
        """List what comes after a step in its change set, with the same account and urgency, or some way after it."""
        values = {name: getattr(row, name) for name in ALIKE}
        values |= {"workspace": self._workspace, "id": row.id, "limit": limit, "skip": skip}
        return list(self._session.scalars(following(), values))

    def postpone(self, row: StepRow, until: datetime) -> None:
        """Let a step wait, and with it all that have not begun of its change set and executor: it has one reason."""
        self._session.flush()
        alike = update(StepRow).where(
            StepRow.change_set_id == row.change_set_id,
            StepRow.executor == row.executor,
            StepRow.urgency.in_([Urgency.REVOKE.value, Urgency.CREATE.value]),
            StepRow.next_try_at < until,
        )
        self._session.execute(alike.values(next_try_at=until).execution_options(synchronize_session=False))
        self._session.expire(row, ["next_try_at"])

    def list_waiting(self, person: str, needs: WaitFor, *, limit: int | None = None) -> list[StepRow]:
        """List the steps that wait for one person to do one thing; for a login or a confirmation that is one."""
        query = self._select(StepRow).where(StepRow.executor == person, StepRow.state == State.WAITING.value)
        return self._all(query.where(StepRow.waits_for == needs.value).order_by(StepRow.id).limit(limit))

    def list_waiting_in(
        self, change_set_id: int, needs: Iterable[WaitFor], *, limit: int | None = None
    ) -> list[StepRow]:
        """List the steps of a change set that wait for somebody to do one of some things."""
        query = self._select(StepRow).where(
            StepRow.change_set_id == change_set_id,
            StepRow.state == State.WAITING.value,
            StepRow.waits_for.in_([each.value for each in needs]),
        )
        return self._all(query.order_by(StepRow.id).limit(limit))

    def list_change_sets_of(self, person: str) -> list[int]:
        """List the change sets in which a step that is decided has not ended and is to run with a person's account."""
        states = [state.value for state in OPEN_STATES - {State.IN_REVIEW}]
        query = select(StepRow.change_set_id).where(
            StepRow.workspace == self._workspace, StepRow.executor == person, StepRow.state.in_(states)
        )
        return list(self._session.scalars(query.distinct()))

    def list_first(self, person: str, states: Iterable[State], limit: int) -> list[StepRow]:
        """List the oldest steps of one executor in some states that nobody holds back."""
        query = self._select(StepRow).where(
            StepRow.executor == person,
            StepRow.state.in_([state.value for state in states]),
            StepRow.held.is_(false()),
            StepRow.paused.is_(false()),
        )
        return self._all(query.order_by(StepRow.id).limit(limit))

    def list_lendable(self, absent: str, person: str, *, among: int, limit: int) -> list[StepRow]:
        """List steps that wait for the account of who is absent, have not begun, and that a person approved as well.

        Args:
            absent: Whose account they wait for.
            person: Who approved them.
            among: So many are looked at, the last first; those that wait for a link of npm's come after all others.
            limit: At most so many.
        """
        waits = (State.READY.value, State.WAITING.value)
        last = select(StepRow.id).where(
            StepRow.workspace == self._workspace, StepRow.executor == absent, StepRow.state.in_(waits)
        )
        some = last.order_by(StepRow.state, StepRow.id.desc()).limit(among).subquery()
        approved = exists().where(
            DecisionRow.step_id == StepRow.id,
            DecisionRow.slack_user == person,
            DecisionRow.approved.is_(true()),
            DecisionRow.void_at.is_(None),
            DecisionRow.fingerprint == StepRow.fingerprint,
        )
        query = self._select(StepRow).join(some, some.c.id == StepRow.id)
        query = query.where(
            StepRow.phase == Phase.FIRST.value,
            StepRow.maybe_acted.is_(false()),
            StepRow.cancel_wanted.is_(false()),
            StepRow.held.is_(false()),
            StepRow.paused.is_(false()),
            approved,
        )
        return self._all(query.order_by(StepRow.state, StepRow.id.desc()).limit(limit))

    def is_anything_for(self, person: str) -> bool:
        """Tell whether something is to be called with a person's account."""
        states = [state.value for state in OPEN_STATES - {State.IN_REVIEW}]
        step = self._select(StepRow).where(StepRow.executor == person, StepRow.state.in_(states))
        read = self._select(ReadRow).where(ReadRow.slack_user == person)
        read = read.where(ReadRow.state.in_(["ready", "calling", "waiting", QUEUED]))
        return self._one(step) is not None or self._one(read) is not None

    def count_calls(self, person: str, change_set_id: int | None = None) -> int:
        """Count the calls that wait for a person's account, of all or of one change set, with no step's row read.

        A replace that has not begun looks first, then makes one and revokes one. A call that somebody was given for
        their own terminal is not counted.
        """
        single = or_(
            StepRow.plan.in_([Plan.CREATE.value, Plan.REVOKE.value]),
            StepRow.phase != Phase.FIRST.value,
        )
        looked = StepRow.progress.contains('"checked_at":"', autoescape=True)
        query = select(func.sum(case((single, 1), (looked, 2), else_=3))).where(*self._to_do(person))
        if change_set_id is not None:
            query = query.where(StepRow.change_set_id == change_set_id)
        return int(self._session.scalar(query) or 0)

    def count_replaces(self, person: str) -> int:
        """Count the replacements that wait for a person's account."""
        plans = [Plan.CREATE_THEN_REVOKE.value, Plan.REVOKE_THEN_CREATE.value]
        query = select(func.count(StepRow.id)).where(*self._to_do(person), StepRow.plan.in_(plans))
        return self._session.scalar(query) or 0

    def count_reads(self, person: str) -> int:
        """Count the lists that are to be read with a person's account."""
        query = select(func.count(ReadRow.id)).where(ReadRow.workspace == self._workspace, ReadRow.slack_user == person)
        return self._session.scalar(query.where(ReadRow.state.in_(["ready", "waiting", QUEUED]))) or 0

    def count_done(self, person: str, change_set_id: int) -> int:
        """Count the steps of a change set that ended with a person's account."""
        ended = [state.value for state in State if state not in OPEN_STATES]
        query = select(func.count(StepRow.id)).where(
            StepRow.change_set_id == change_set_id, StepRow.state.in_(ended), StepRow.executor == person
        )
        return self._session.scalar(query) or 0

    def list_shares(self, person: str, limit: int) -> list[Share]:
        """Tell what waits for a person's account, by change set, the oldest first."""
        columns = (StepRow.change_set_id, func.count(StepRow.id), func.min(StepRow.id))
        query = select(*columns).where(*self._to_do(person)).group_by(StepRow.change_set_id)
        found = self._session.execute(query.order_by(StepRow.change_set_id).limit(limit))
        return [Share(change_set_id=each, steps=steps, first_step=first) for each, steps, first in found]

    def _to_do(self, person: str) -> tuple[ColumnElement[bool], ...]:
        confirms = and_(StepRow.state == State.WAITING.value, StepRow.waits_for == WaitFor.CONFIRMATION.value)
        begun = StepRow.urgency.in_([Urgency.HALF_REPLACED.value, Urgency.SETTLE.value])
        free = and_(StepRow.held.is_(false()), StepRow.paused.is_(false()))
        in_line = StepRow.urgency.in_([each.value for each in _NEEDS_ACCOUNT])
        states = [State.READY.value, State.WAITING.value, State.UNKNOWN.value, State.HALF_REPLACED.value]
        return (
            StepRow.workspace == self._workspace,
            StepRow.executor == person,
            StepRow.state.in_(states),
            or_(confirms, and_(in_line, or_(begun, free))),
        )

    def set_paused(self, change_set: ChangeSetRow, *, paused: bool) -> None:
        """Pause or resume a change set with all its steps."""
        change_set.paused = paused
        self._session.flush()
        steps = update(StepRow).where(StepRow.change_set_id == change_set.id).values(paused=paused)
        self._session.execute(steps.execution_options(synchronize_session=False))
        for row in self._session.identity_map.values():
            if isinstance(row, StepRow):
                self._session.expire(row, ["paused"])

    def list_overdue(self, now: datetime, *, held_since: datetime) -> list[StepRow]:
        """List some steps whose deadline has passed.

        A step can have a later deadline than its change set, never an earlier one; and a held one that is approved is
        kept until its change set was made before `held_since`.
        """
        kept = and_(StepRow.held.is_(true()), StepRow.state != State.IN_REVIEW.value)
        stops_later = and_(StepRow.state == State.WAITING.value, StepRow.cancel_wanted.is_(true()))
        return self._list_late(
            [State.IN_REVIEW, State.READY, State.WAITING],
            "deadline",
            now,
            and_(StepRow.phase == Phase.FIRST.value, ~stops_later),
            or_(StepRow.deadline.is_(None), StepRow.deadline <= now),
            or_(~kept, ChangeSetRow.created_at <= held_since),
        )

    def list_lost(self, now: datetime, *, finding_out: timedelta) -> list[StepRow]:
        """List some steps for which the time is over to find out what became of a call, and to finish a replace."""
        states = [State.UNKNOWN, State.HALF_REPLACED, State.WAITING]
        begun = or_(
            StepRow.state != State.WAITING.value,
            StepRow.back.in_([State.UNKNOWN.value, State.HALF_REPLACED.value]),
        )
        own = or_(StepRow.deadline.is_(None), StepRow.deadline <= now - finding_out)
        return self._list_late(states, "last_deadline", now, begun, own)

    def _list_late(
        self, states: Iterable[State], deadline: str, now: datetime, *narrowing: ColumnElement[bool]
    ) -> list[StepRow]:
        """Find the change sets first: they are few beside their steps, and their tallies tell which have some left."""
        values = [state.value for state in states]
        asked = {"workspace": self._workspace, "now": now, "states": values}
        if not (late := list(self._session.scalars(_late_sets(deadline), asked))):
            return []
        query = self._select(StepRow).join(ChangeSetRow, ChangeSetRow.id == StepRow.change_set_id)
        query = query.where(StepRow.change_set_id.in_(late), StepRow.state.in_(values), *narrowing)
        return self._all(query.order_by(StepRow.id).limit(_AT_ONCE))

    def list_waiting_change_sets(self) -> list[int]:
        """List the change sets in which something waits for a call."""
        states = [State.READY.value, State.WAITING.value, State.UNKNOWN.value, State.HALF_REPLACED.value]
        query = select(StepRow.change_set_id).where(StepRow.workspace == self._workspace, StepRow.state.in_(states))
        return list(self._session.scalars(query.distinct()))


@cache
def _late_sets(deadline: str) -> Select[int]:
    """Find change sets of a `workspace`, one of whose deadlines is over `now`, with steps in some `states`."""
    tally = select(TallyRow.id).where(TallyRow.change_set_id == ChangeSetRow.id, TallyRow.likeness == WHOLE)
    has_some = tally.where(TallyRow.state.in_(bindparam("states", expanding=True)), TallyRow.steps > 0).exists()
    mine = ChangeSetRow.workspace == bindparam("workspace"), getattr(ChangeSetRow, deadline) <= bindparam("now")
    return select(ChangeSetRow.id).where(*mine, has_some).order_by(ChangeSetRow.id).limit(_AT_ONCE)
