"""Moments that were written while the machine's clock was fast, and would hold work up for as long as it was.

Nothing waits longer than a minute before it is tried again, but where npm or Slack asked for that, and no lease is
longer than what its holder gives it. What lies further ahead is brought back to there. To do so once more, or from two
processes, changes nothing: so nobody has to know by how much the clock was fast, or which rows were written then.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from storage.account_models import HandoffRow, LinkRow
from storage.audit_models import AuditRow
from storage.base import Base
from storage.lanes import LEASE
from storage.models import LeaseRow, StepRow, SurfaceRow
from storage.policy_models import SlackGroupRow, SlackPersonRow
from storage.repository import Repository
from storage.surfaces import CLAIM

_TRIED_AGAIN = "next_try_at"
"""When something is tried again, or, of a claimed row, when the claim ends; every table calls it so."""
_PAUSE = timedelta(minutes=1)
"""What npm or Slack asked to wait for longer is tried once in between, and they ask again."""
_SOON = timedelta(seconds=10)
_LONGEST_LEASE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Limits:
    """How far ahead a moment can lie that was written by a clock that is right."""

    settled: timedelta
    """When a read can give a negative verdict: a call's deadline and npm's lag. Never less."""
    handoff: timedelta
    """The end of a link."""
    presence: timedelta
    """Until when somebody who did something is taken to be there."""
    session: timedelta
    """The end of a session."""


class Moments(Repository):
    """All of them, in whatever table."""

    def newest(self) -> datetime | None:
        """Tell when something was last put on record."""
        newest = select(AuditRow.at).where(AuditRow.workspace == self._workspace).order_by(AuditRow.id.desc())
        moment: datetime | None = self._session.scalar(newest.limit(1))
        return moment

    def bring_back(self, now: datetime, limits: Limits) -> None:
        """Let nothing wait longer than it would by a clock that is right, and nothing be younger than now."""
        for table, column, latest in _latest(now, limits):
            late = update(table).where(table.workspace == self._workspace, column > latest)
            self._session.execute(late.values({column: latest}).execution_options(synchronize_session=False))
        lanes = update(LeaseRow).where(LeaseRow.workspace == self._workspace, LeaseRow.expires_at > now + LEASE)
        lanes = lanes.where((LeaseRow.name == "registry") | LeaseRow.name.startswith("account:"))
        self._session.execute(lanes.values(expires_at=now + LEASE).execution_options(synchronize_session=False))


def _latest(now: datetime, limits: Limits) -> Iterator[tuple[Any, Any, datetime]]:
    """Tell of each table and column how late it can be."""
    for mapper in Base.registry.mappers:
        if _TRIED_AGAIN in mapper.columns:
            yield mapper.class_, getattr(mapper.class_, _TRIED_AGAIN), now + _PAUSE
    yield StepRow, StepRow.settles_at, now + limits.settled
    yield SurfaceRow, SurfaceRow.claimed_until, now + CLAIM
    yield LeaseRow, LeaseRow.next_call_at, now + _SOON
    yield LeaseRow, LeaseRow.expires_at, now + _LONGEST_LEASE
    yield HandoffRow, HandoffRow.next_poll_at, now + _SOON
    yield HandoffRow, HandoffRow.expires_at, now + limits.handoff
    yield LinkRow, LinkRow.present_until, now + limits.presence
    yield LinkRow, LinkRow.session_until, now + limits.session
    yield LinkRow, LinkRow.confirmed_at, now
    for people in (SlackPersonRow, SlackGroupRow):  # who is trusted on the strength of it is asked after again
        yield people, people.read_at, now
        yield people, people.tried_at, now
