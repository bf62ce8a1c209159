"""Our messages in Slack: what each shows, and whether it is behind what is committed."""

from datetime import datetime

from storage.models import SurfaceRow
from storage.repository import Repository


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

    def find(self, key: str) -> SurfaceRow | None:
        """Find one by its key."""
        return self._one(self._select(SurfaceRow).where(SurfaceRow.key == key))

    def load(self, surface_id: int) -> SurfaceRow | None:
        """Load by row id."""
        return self._one(self._select(SurfaceRow).where(SurfaceRow.id == surface_id))

    def next_behind(self, now: datetime) -> SurfaceRow | None:
        """Find the next message to bring up to date: links that people wait for go first."""
        query = self._select(SurfaceRow).where(SurfaceRow.behind.is_(True), SurfaceRow.next_try_at <= now)
        return self._one(query.order_by(SurfaceRow.urgent.desc(), SurfaceRow.next_try_at, SurfaceRow.id))

    def next_due(self) -> datetime | None:
        """Tell when there is something to send next."""
        query = self._select(SurfaceRow).where(SurfaceRow.behind.is_(True)).order_by(SurfaceRow.next_try_at)
        row = self._one(query)
        return row.next_try_at if row else None

    @staticmethod
    def _mark(row: SurfaceRow, now: datetime) -> None:
        row.wanted += 1
        if not row.behind:
            row.behind, row.next_try_at, row.failures = True, max(now, row.next_try_at), 0
