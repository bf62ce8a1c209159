"""What comes first in the line for each person, as two statements that are written once.

Each look at the line is one statement, however many steps wait; SQLAlchemy takes longer to write it than a database to
answer it, so that the values are parameters.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    and_,
    bindparam,
    false,
    func,
    literal,
    or_,
    select,
    union,
)
from sqlalchemy.orm import aliased

from bot.domain.lifecycle import BUSY_STATES, State
from bot.domain.line import Urgency
from storage.account_models import LinkRow
from storage.models import ReadRow, StepRow
from storage.surveys import QUEUED

ALIKE = ("executor", "urgency", "held", "paused", "change_set_id")
"""What steps of one line of a change set have in common."""

_BUSY = [state.value for state in BUSY_STATES]


@dataclass(frozen=True, slots=True)
class Head:
    """What one person's account is to do next: row ids, by urgency."""

    person: str
    """Slack id; empty for steps that have no executor."""
    steps: tuple[tuple[Urgency, int], ...]
    """The most urgent first, of each urgency the oldest."""
    read: int | None
    """The oldest list that they wait for; one of many comes after all others."""
    login_awaited: bool
    """A step waits for their login already."""
    read_awaited: bool
    """A list waits for them already."""


@cache
def heads() -> Select[Any]:
    """Tell what comes first for everybody, one row a person; the parameters are `workspace` and `now`."""
    person = _people()
    awaited = select(StepRow.id).where(*_of(Urgency.LOGIN, person)).limit(1).scalar_subquery()
    waiting = _first_read("waiting", person)
    ready = _first_read("ready", person).where(ReadRow.next_try_at <= bindparam("now")).scalar_subquery()
    queued = _first_read(QUEUED, person).where(ReadRow.next_try_at <= bindparam("now")).scalar_subquery()
    return select(
        person,
        _first(Urgency.HALF_REPLACED, person),
        _first(Urgency.REVOKE, person),
        _first(Urgency.CREATE, person),
        _first(Urgency.SETTLE, person),
        func.coalesce(ready, queued),
        awaited,
        waiting.scalar_subquery(),
    )


@cache
def logins() -> Select[Any]:
    """Tell for which step's sake each person's login is waited for; the parameters are `workspace` and `now`."""
    person = _people()
    step = select(StepRow.id).where(*_of(Urgency.LOGIN, person), StepRow.next_try_at <= bindparam("now")).limit(1)
    return select(person, step.scalar_subquery().label("step"))


@cache
def waiting_reads() -> Select[str]:
    """Tell whose lists wait for a login, the oldest first; the parameters are `workspace` and `now`."""
    mine = ReadRow.workspace == bindparam("workspace"), ReadRow.state == "waiting"
    return select(ReadRow.slack_user).where(*mine, ReadRow.next_try_at <= bindparam("now")).order_by(ReadRow.id)


@cache
def following() -> Select[Any]:
    """Find at most a `limit` of steps that come after one with an `id`, but for some that are to `skip`.

    The other parameters are as `ALIKE` says.
    """
    alike = (getattr(StepRow, name) == bindparam(name) for name in ("workspace", *ALIKE))
    query = select(StepRow).where(*alike, StepRow.id > bindparam("id"))
    return query.order_by(StepRow.id).limit(bindparam("limit")).offset(bindparam("skip"))


def head_of(  # noqa: PLR0913 -- a row of the first statement
    person: str,
    half: int | None,
    revoke: int | None,
    create: int | None,
    settle: int | None,
    read: int | None,
    awaited: int | None,
    waiting: int | None,
) -> Head:
    """Read a row of `heads`."""
    found = (
        (Urgency.HALF_REPLACED, half),
        (Urgency.REVOKE, revoke),
        (Urgency.CREATE, create),
        (Urgency.SETTLE, settle),
    )
    return Head(
        person=person,
        steps=tuple((urgency, step) for urgency, step in found if step is not None),
        read=read,
        login_awaited=awaited is not None,
        read_awaited=waiting is not None,
    )


def _people() -> ColumnElement[str]:
    """Everybody who can be an executor: they have, or had, an account link; and a step may have lost its own."""
    people = union(
        select(LinkRow.slack_user.label("person")).where(LinkRow.workspace == bindparam("workspace")),
        select(literal("").label("person")),
    )
    return people.subquery().c.person


def _of(urgency: Urgency, person: ColumnElement[str]) -> tuple[ColumnElement[bool], ...]:
    return StepRow.workspace == bindparam("workspace"), StepRow.urgency == urgency.value, StepRow.executor == person


def _first(urgency: Urgency, person: ColumnElement[str]) -> ScalarSelect[Any]:
    """Find the oldest step of an urgency; the order is that of the index `steps_in_line`."""
    query = select(StepRow.id).where(*_of(urgency, person), StepRow.next_try_at <= bindparam("now"), ~_is_busy())
    if urgency in {Urgency.REVOKE, Urgency.CREATE}:
        query = query.where(StepRow.held.is_(false()), StepRow.paused.is_(false()))
    return query.order_by(StepRow.held, StepRow.paused, StepRow.id).limit(1).scalar_subquery()


def _is_busy() -> ColumnElement[bool]:
    """Tell whether another step of the package has a call going or an unknown end."""
    other = aliased(StepRow)
    rests = and_(
        other.state == State.WAITING.value,
        other.back.in_([State.UNKNOWN.value, State.HALF_REPLACED.value]),
    )
    return (
        select(other.id)
        .where(
            other.workspace == bindparam("workspace"),
            other.package == StepRow.package,
            or_(other.state.in_(_BUSY), rests),
            other.id != StepRow.id,
        )
        .correlate(StepRow)
        .exists()
    )


def _first_read(state: str, person: ColumnElement[str]) -> Select[int]:
    query = select(ReadRow.id).where(ReadRow.workspace == bindparam("workspace"), ReadRow.slack_user == person)
    return query.where(ReadRow.state == state).order_by(ReadRow.id).limit(1)
