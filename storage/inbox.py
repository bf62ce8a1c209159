"""Deliveries from Slack: committed before the ack, claimed by compare-and-set, emptied when done."""

from datetime import datetime, timedelta

from storage.models import InboxRow
from storage.repository import Repository

CLAIM = timedelta(seconds=60)
"""How long a claim holds; after it somebody else may do the work (the first one has died)."""


class Inbox(Repository):
    """The queue of what Slack sent."""

    def add(self, *, delivery_key: str, kind: str, sealed_payload: str, now: datetime) -> InboxRow | None:
        """Keep a delivery; None when it is here already."""
        if self._one(self._select(InboxRow).where(InboxRow.delivery_key == delivery_key)):
            return None
        return self._add(
            InboxRow(
                workspace=self._workspace,
                delivery_key=delivery_key,
                kind=kind,
                sealed_payload=sealed_payload,
                received_at=now,
                state="new",
                next_try_at=now,
            )
        )

    def claim(self, now: datetime) -> InboxRow | None:
        """Take the oldest delivery that is due, or whose claim has ended."""
        due = self._select(InboxRow).where(InboxRow.state.in_(["new", "claimed"]), InboxRow.next_try_at <= now)
        row = self._one(due.order_by(InboxRow.next_try_at, InboxRow.id))
        if row is not None:
            row.state, row.next_try_at, row.tries = "claimed", now + CLAIM, row.tries + 1
        return row

    def next_due(self) -> datetime | None:
        """Tell when there is something to do next."""
        row = self._one(
            self._select(InboxRow).where(InboxRow.state.in_(["new", "claimed"])).order_by(InboxRow.next_try_at)
        )
        return row.next_try_at if row else None

    def load(self, row_id: int) -> InboxRow | None:
        """Load one."""
        return self._one(self._select(InboxRow).where(InboxRow.id == row_id))

    def finish(self, row_id: int, *, failed: bool = False) -> None:
        """Close a delivery and forget what it said."""
        row = self.load(row_id)
        if row is not None:
            row.state, row.sealed_payload = ("failed" if failed else "done"), ""

    def postpone(self, row_id: int, until: datetime) -> None:
        """Do it again later."""
        row = self.load(row_id)
        if row is not None:
            row.state, row.next_try_at = "new", until
