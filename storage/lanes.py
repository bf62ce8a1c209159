"""Lanes: whose they are (a lease with a fencing number), their pace, and the attempts made in them."""

from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, select, update

from storage.models import AttemptRow, LeaseRow
from storage.repository import Repository

LEASE = timedelta(seconds=13)
"""How long a lane stays with a process that shows no life: a call's deadline and a margin, less than 15 s in all."""


_RENEWED = timedelta(seconds=1)
"""A lease that was renewed within so long is good: to write it again at each look would be most of all writing."""


class Lanes(Repository):
    """Leases and attempts."""

    def hold(
        self, name: str, *, holder: str, now: datetime, life: timedelta = LEASE, renewed: timedelta = _RENEWED
    ) -> tuple[LeaseRow, bool] | None:
        """Take or renew a lease; None while another process has it.

        Args:
            name: Of the lane.
            holder: The process.
            now: The moment.
            life: How long it stays with a process that shows no life: longer than the longest piece of its work.
            renewed: How much of that may be over before it is renewed.

        Returns:
            The lease, and whether it is new to this process: what its last holder left has to be cleared up.
        """
        lease = self.find(name)
        if lease is None:
            lease = self._add(
                LeaseRow(
                    workspace=self._workspace,
                    name=name,
                    holder=holder,
                    fencing=1,
                    expires_at=now + life,
                    next_call_at=now,
                    slowed_at=None,
                )
            )
            return lease, True
        taken = lease.holder != holder or lease.expires_at < now
        if taken and lease.holder != holder and lease.expires_at >= now:
            return None
        if taken:
            lease.holder, lease.fencing = holder, lease.fencing + 1
        if taken or lease.expires_at < now + life - renewed:
            lease.expires_at = now + life
        return lease, taken

    @staticmethod
    def renew(lease: LeaseRow, now: datetime) -> None:
        """Let a lease that is held last its full time again, as `hold` may have done a moment ago."""
        if lease.expires_at < now + LEASE - _RENEWED:
            lease.expires_at = now + LEASE

    def find(self, name: str) -> LeaseRow | None:
        """Find a lease."""
        return self._find(LeaseRow, name=name)

    def list_all(self) -> list[LeaseRow]:
        """List everything that was ever held, by name."""
        return self._all(self._select(LeaseRow).order_by(LeaseRow.name))

    def release(self, holder: str, now: datetime) -> None:
        """Give back what a process holds that ends in good order; not a lane in which its call has no answer yet."""
        for lease in self._list(LeaseRow, holder=holder):
            if not self.list_unfinished(lease.name, before=lease.fencing + 1):
                lease.expires_at = min(lease.expires_at, now - timedelta(microseconds=1))

    def release_all(self, now: datetime) -> None:
        """End every lease: only for who knows that no other process lives."""
        past = now - timedelta(microseconds=1)
        self._session.execute(update(LeaseRow).where(LeaseRow.expires_at > past).values(expires_at=past))

    def add_attempt(self, attempt: AttemptRow) -> AttemptRow:
        """Write down a call before it is made."""
        return self._add(attempt)

    def find_attempt(self, attempt_id: int) -> AttemptRow | None:
        """Find an attempt."""
        return self._get(AttemptRow, attempt_id)

    def list_unfinished(self, name: str, *, before: int) -> list[AttemptRow]:
        """List the attempts of earlier holders of a lane that have no answer."""
        values = {"workspace": self._workspace, "lane": name, "before": before}
        return list(self._session.scalars(_unfinished(), values))

    def list_unanswered(self) -> dict[str, datetime]:
        """List the lanes in which a call has no answer, whatever the lanes are by now, and when their leases end."""
        found = self._session.execute(_unanswered(), {"workspace": self._workspace})
        return dict(found.all())


@cache
def _unfinished() -> Select[Any]:
    """Attempts without an answer; the parameters are `workspace`, `lane` and the fencing number `before` which."""
    is_open = AttemptRow.workspace == bindparam("workspace"), AttemptRow.finished_at.is_(None)
    query = select(AttemptRow).where(*is_open, AttemptRow.lane == bindparam("lane"))
    return query.where(AttemptRow.fencing < bindparam("before")).order_by(AttemptRow.id)


@cache
def _unanswered() -> Select[str, datetime]:
    """Lanes of such attempts, with their leases; the parameter is `workspace`."""
    of_lane = (LeaseRow.workspace == AttemptRow.workspace) & (LeaseRow.name == AttemptRow.lane)
    is_open = AttemptRow.workspace == bindparam("workspace"), AttemptRow.finished_at.is_(None)
    query = select(LeaseRow.name, LeaseRow.expires_at).join(AttemptRow, of_lane)
    return query.where(*is_open).distinct().order_by(LeaseRow.name)
