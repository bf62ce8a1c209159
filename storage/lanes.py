"""Lanes: whose they are (a lease with a fencing number), their pace, and the attempts made in them."""

from datetime import datetime, timedelta

from sqlalchemy import update

from storage.models import AttemptRow, LeaseRow
from storage.repository import Repository

LEASE = timedelta(seconds=15)
"""How long a lane stays with a process that shows no life."""


class Lanes(Repository):
    """Leases and attempts."""

    def hold(self, name: str, *, holder: str, now: datetime) -> tuple[LeaseRow, bool] | None:
        """Take or renew a lease; None while another process has it.

        Returns:
            The lease, and whether it is new to this process: what its last holder left has to be cleared up.
        """
        lease = self._one(self._select(LeaseRow).where(LeaseRow.name == name))
        if lease is None:
            lease = self._add(
                LeaseRow(
                    workspace=self._workspace,
                    name=name,
                    holder=holder,
                    fencing=1,
                    expires_at=now + LEASE,
                    next_call_at=now,
                )
            )
            return lease, True
        taken = lease.holder != holder or lease.expires_at < now
        if taken and lease.holder != holder and lease.expires_at >= now:
            return None
        if taken:
            lease.holder, lease.fencing = holder, lease.fencing + 1
        lease.expires_at = now + LEASE
        return lease, taken

    def find(self, name: str) -> LeaseRow | None:
        """Find a lease."""
        return self._one(self._select(LeaseRow).where(LeaseRow.name == name))

    def release(self, holder: str, now: datetime) -> None:
        """Give back what a process holds that ends in good order; not a lane in which its call has no answer yet."""
        for lease in self._all(self._select(LeaseRow).where(LeaseRow.holder == holder)):
            if not self.list_unfinished(before=lease.fencing + 1):
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
        return self._one(self._select(AttemptRow).where(AttemptRow.id == attempt_id))

    def list_unfinished(self, *, before: int) -> list[AttemptRow]:
        """List the attempts of earlier holders that have no answer."""
        query = self._select(AttemptRow).where(AttemptRow.finished_at.is_(None), AttemptRow.fencing < before)
        return self._all(query.order_by(AttemptRow.id))
