"""Deliveries from Slack: committed before the ack, claimed by compare-and-set, emptied when done."""

from datetime import datetime, timedelta

from sqlalchemy import and_, exists, or_
from sqlalchemy.orm import aliased

from storage.models import InboxRow
from storage.repository import Repository

REFUSED = "refused"
"""Of a delivery that came when its person had wanted too much: it is known when it comes again, and never done."""

CLAIM = timedelta(seconds=60)
"""How long a claim holds; after it somebody else may do the work (the first one has died)."""


class Inbox(Repository):
    """The queue of what Slack sent."""

    def add(
        self, *, delivery_key: str, kind: str, person: str, sealed_payload: str, now: datetime, channel: str = ""
    ) -> InboxRow | None:
        """Keep a delivery; None when it is here already."""
        if self._one(self._select(InboxRow).where(InboxRow.delivery_key == delivery_key)):
            return None
        return self._add(
            InboxRow(
                workspace=self._workspace,
                delivery_key=delivery_key,
                kind=kind,
                person=person,
                channel=channel,
                sealed_payload=sealed_payload,
                received_at=now,
                state="new",
                next_try_at=now,
            )
        )

    def claim(self, now: datetime) -> InboxRow | None:
        """Take the oldest delivery that is due, or whose claim has ended.

        While one of a person is being done, or has not been tried yet, a later one of theirs waits: a withdrawal must
        not overtake the approval. One that was put off is not waited for.
        """
        due = self._select(InboxRow).where(InboxRow.state.in_(["new", "claimed"]), InboxRow.next_try_at <= now)
        earlier = aliased(InboxRow)
        in_hand = or_(and_(earlier.state == "claimed", earlier.next_try_at > now), earlier.tries == 0)
        overtaken = exists().where(
            earlier.workspace == self._workspace,
            earlier.person == InboxRow.person,
            earlier.id < InboxRow.id,
            earlier.state.in_(["new", "claimed"]),
            in_hand,
        )
        ordered = due.where(~overtaken).order_by(InboxRow.next_try_at, InboxRow.id)
        row = self._one(ordered.with_for_update(of=InboxRow, skip_locked=True))
        if row is not None:
            row.state, row.next_try_at, row.tries = "claimed", now + CLAIM, row.tries + 1
        return row

    def release_all(self, now: datetime) -> None:
        """End every claim: only for who knows that no other process lives."""
        for row in self._all(self._select(InboxRow).where(InboxRow.state == "claimed")):
            row.next_try_at = min(row.next_try_at, now)

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
