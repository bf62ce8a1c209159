"""How much there is of everything, for who watches from outside: counts and moments, no names."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select

from bot.domain.line import Urgency
from storage.account_models import HandoffRow
from storage.base import Base
from storage.inbox import is_open
from storage.models import InboxRow, LeaseRow, StepRow, SurfaceRow
from storage.repository import Repository

_CALLED = [Urgency.HALF_REPLACED.value, Urgency.REVOKE.value, Urgency.CREATE.value, Urgency.SETTLE.value]


@dataclass(frozen=True, slots=True)
class Pile:
    """How many there are of something, and since when the oldest."""

    count: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class Held:
    """A lease."""

    name: str
    holder: str
    expires_at: datetime
    next_call_at: datetime


class Figures(Repository):
    """Counts over whole tables: for a look now and then."""

    def steps(self) -> dict[str, int]:
        """Count the steps by state."""
        return {state: pile.count for state, pile in self._piles(StepRow, StepRow.state, StepRow.next_try_at).items()}

    def handoffs(self) -> dict[str, Pile]:
        """Count the links that people were given, by state."""
        return self._piles(HandoffRow, HandoffRow.state, HandoffRow.created_at)

    def surfaces(self) -> Pile:
        """Count the messages that are behind what is committed, and tell since when the oldest could be sent."""
        return self._pile(SurfaceRow, SurfaceRow.next_try_at, SurfaceRow.behind.is_(True))

    def inbox(self) -> Pile:
        """Count the deliveries that are acknowledged and not done."""
        return self._pile(InboxRow, InboxRow.received_at, is_open(InboxRow))

    def calls(self, now: datetime) -> Pile:
        """Count the steps whose call could be made now, and tell since when the oldest could be."""
        due = and_(StepRow.urgency.in_(_CALLED), StepRow.next_try_at <= now)
        free = and_(StepRow.held.is_(False), StepRow.paused.is_(False))
        return self._pile(StepRow, StepRow.next_try_at, and_(due, free))

    def leases(self) -> list[Held]:
        """List every lease."""
        rows = self._all(self._select(LeaseRow).order_by(LeaseRow.name))
        return [Held(row.name, row.holder, row.expires_at, row.next_call_at) for row in rows]

    def _piles(self, model: type[Base], state: Any, since: Any) -> dict[str, Pile]:  # noqa: ANN401 -- mapped columns
        query = select(state, func.count(), func.min(since)).where(model.workspace == self._workspace)
        return {name: Pile(count, oldest) for name, count, oldest in self._session.execute(query.group_by(state))}

    def _pile(self, model: type[Base], since: Any, condition: ColumnElement[bool]) -> Pile:  # noqa: ANN401 -- as above
        query = select(func.count(), func.min(since)).where(model.workspace == self._workspace, condition)
        count, oldest = self._session.execute(query).one()
        return Pile(count, oldest)
