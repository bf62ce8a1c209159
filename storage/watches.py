"""Watches and the digests that they brought."""

from datetime import datetime

from storage.coverage_models import DigestRow, WatchRow
from storage.repository import Repository


class Watches(Repository):
    """A live watch has no end; there is one for each selection and channel."""

    def add(self, watch: WatchRow) -> WatchRow:
        """Store a watch."""
        return self._add(watch)

    def load(self, watch_id: int) -> WatchRow | None:
        """Load by row id."""
        return self._get(WatchRow, watch_id)

    def find_live(self, selection: str, channel: str) -> WatchRow | None:
        """Find the live watch of a selection in a channel."""
        query = self._select(WatchRow).where(WatchRow.selection == selection, WatchRow.channel == channel)
        return self._one(query.where(WatchRow.ended_at.is_(None)))

    def list_live(self) -> list[WatchRow]:
        """List the live ones, oldest first."""
        return self._all(self._select(WatchRow).where(WatchRow.ended_at.is_(None)).order_by(WatchRow.id))

    def claim_due(self, now: datetime) -> WatchRow | None:
        """Take the live watch that is due longest; None when none is, or other processes are at them.

        The claim is the transaction: the caller writes the digest and moves `next_digest_at` in it.
        """
        query = self._select(WatchRow).where(WatchRow.ended_at.is_(None), WatchRow.next_digest_at <= now)
        return self._one(query.order_by(WatchRow.next_digest_at, WatchRow.id).with_for_update(skip_locked=True))

    def next_due(self) -> datetime | None:
        """Tell when the next digest is due."""
        query = self._select(WatchRow).where(WatchRow.ended_at.is_(None)).order_by(WatchRow.next_digest_at)
        row = self._one(query)
        return row.next_digest_at if row else None


class Digests(Repository):
    """What was said, and when it was due."""

    def add(self, digest: DigestRow) -> DigestRow:
        """Store a digest; the database takes one for each time that a watch was due."""
        return self._add(digest)

    def load(self, digest_id: int) -> DigestRow | None:
        """Load by row id."""
        return self._get(DigestRow, digest_id)

    def newest_of(self, watch_id: int) -> DigestRow | None:
        """Find the newest digest of a watch."""
        query = self._select(DigestRow).where(DigestRow.watch_id == watch_id)
        return self._one(query.order_by(DigestRow.due_at.desc()))
