"""Our messages in Slack: what each shows, and whether it is behind what is committed."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import case, func, or_, select, update

from storage.models import SurfaceRow
from storage.repository import Repository

CLAIM = timedelta(seconds=15)
"""How long a message is one process's to send; after it somebody else may (the first one has died)."""


class Surfaces(Repository):
    """One row for each message; the sender brings them up to date."""

    def want(self, key: str, *, channel: str, now: datetime, urgent: bool = False) -> SurfaceRow:
        """Make a message, or mark it as behind when it is there."""
        row = self.find(key)
        if row is not None:
            self._mark(row, now)
            return row
        return self._add(
            SurfaceRow(workspace=self._workspace, key=key, channel=channel, urgent=urgent, next_try_at=now)
        )

    def adopt(self, key: str, *, channel: str, ts: str, now: datetime) -> None:
        """Make a message that stands in Slack already one of ours, under a key that goes on with its ts."""
        if self._one(self._select(SurfaceRow).where(SurfaceRow.posted_in == channel, SurfaceRow.ts == ts)) is None:
            row = self.want(f"{key}:{ts}", channel=channel, now=now)
            row.posted_in, row.ts = channel, ts

    def pause(self, until: datetime) -> None:
        """Send nothing before a moment."""
        for row in self._all(self._select(SurfaceRow).where(SurfaceRow.behind.is_(True))):
            row.next_try_at = max(row.next_try_at, until)

    def touch(self, prefix: str, now: datetime) -> None:
        """Mark a message, and those whose key goes on after a colon, as behind."""
        query = self._select(SurfaceRow).where(
            (SurfaceRow.key == prefix) | SurfaceRow.key.startswith(f"{prefix}:", autoescape=True)
        )
        for row in self._all(query):
            self._mark(row, now)

    def touch_about(self, kind: str, references: Collection[str], now: datetime) -> None:
        """Mark messages of one kind, `asked:7:…`, that are about one of many things, in one look."""
        found = self._select(SurfaceRow).where(SurfaceRow.key.startswith(f"{kind}:", autoescape=True))
        for row in self._all(found):
            if row.key.split(":")[1] in references:
                self._mark(row, now)

    def find(self, key: str) -> SurfaceRow | None:
        """Find one by its key."""
        return self._one(self._select(SurfaceRow).where(SurfaceRow.key == key))

    def load(self, surface_id: int) -> SurfaceRow | None:
        """Load by row id."""
        return self._one(self._select(SurfaceRow).where(SurfaceRow.id == surface_id))

    def claim_next(self, now: datetime) -> SurfaceRow | None:
        """Take the next message to bring up to date: links that people wait for go first."""
        is_free = or_(SurfaceRow.claimed_until.is_(None), SurfaceRow.claimed_until <= now)
        query = self._select(SurfaceRow).where(SurfaceRow.behind.is_(True), SurfaceRow.next_try_at <= now, is_free)
        ordered = query.order_by(SurfaceRow.urgent.desc(), SurfaceRow.next_try_at, SurfaceRow.id)
        row = self._one(ordered.with_for_update(skip_locked=True))
        if row is not None:
            row.claim, row.claimed_until = row.claim + 1, now + CLAIM
        return row

    def load_claimed(self, surface_id: int, claim: int) -> SurfaceRow | None:
        """Load what was sent, and give it back; None when the claim ran out and somebody else has taken it since."""
        row = self._one(self._select(SurfaceRow).where(SurfaceRow.id == surface_id).with_for_update())
        if row is None or row.claim != claim:
            return None
        row.claimed_until = None
        return row

    def release_all(self, now: datetime) -> None:
        """End every claim: only for who knows that no other process lives."""
        statement = update(SurfaceRow).where(SurfaceRow.claimed_until > now)
        self._session.execute(statement.values(claimed_until=None))

    def next_due(self) -> datetime | None:
        """Tell when there is something to send next."""
        is_claimed = SurfaceRow.claimed_until > SurfaceRow.next_try_at
        due = case((is_claimed, SurfaceRow.claimed_until), else_=SurfaceRow.next_try_at)
        query = select(func.min(due)).where(SurfaceRow.workspace == self._workspace, SurfaceRow.behind.is_(True))
        moment: datetime | None = self._session.scalar(query)
        return moment

    @staticmethod
    def _mark(row: SurfaceRow, now: datetime) -> None:
        row.wanted += 1
        if not row.behind:
            row.behind, row.next_try_at, row.failures = True, max(now, row.next_try_at), 0
