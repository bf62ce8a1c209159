"""Sealing: what was committed is chained, in the order of sealing, under a key that is not in the database.

Writers do not wait for each other: each event carries its own mark, and the seals follow afterwards. So an event may
be sealed after a later one, where its transaction took longer; the order of the seals is the one that holds. An id that
was never used (its transaction was rolled back) leaves no gap among the seals.

    digest(n) = SHA-256(digest(n - 1), n, moment, event)        signature(n) = HMAC(key, digest(n))

A signature therefore holds everything before it: after a rotation of keys the first new signature holds the old ones.
`storage.seal_check` reads it all again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, func, insert, select
from sqlalchemy.orm import Session

from bot.errors import StorageError
from storage.audit_models import AuditRow, SealRow
from storage.repository import Repository
from storage.seal_keys import SealKeys, digest_of, verify_mark

REACH = timedelta(hours=1)
"""How much longer than those around it the transaction of an event may take, and its event is still sealed."""
LONG_REACH = timedelta(days=7)
"""The same at the start of a process: whatever one that slept has left behind."""

_CHUNK = 1000
_SHORT = 16
"""Digits of a digest that are posted: 64 bits, which nobody hits by trying while the key is unknown to them."""


class SealBroken(StorageError):
    """The newest seal was not made with our keys: nothing is put on top of it."""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest seal: whoever knows it finds out when an end of the record was cut off, or all of it replaced."""

    number: int
    digest: str

    @property
    def text(self) -> str:
        """Write it as it is posted: `1234:9f86d081884c7d65`."""
        return f"{self.number}:{self.digest[:_SHORT]}"


class Seals(Repository):
    """The chain of one workspace. Whoever is second to seal an event fails on the number, and looks again."""

    def __init__(self, session: Session, workspace: str, keys: SealKeys) -> None:
        super().__init__(session, workspace)
        self._keys = keys

    def head(self) -> Head | None:
        """Tell the newest seal; None where nothing is sealed yet."""
        row = self._newest()
        return Head(row.number, row.digest) if row else None

    def oldest_unsealed(self, now: datetime) -> datetime | None:
        """Tell the moment of the first event that has no seal."""
        found = self._unsealed(self._floor(now - REACH), 1)
        return found[0].at if found else None

    def seal(self, now: datetime, *, reach: timedelta = REACH) -> int:
        """Seal what was committed and is as one of us wrote it; the rest stays without, for `verify` to tell.

        Returns:
            How many events were sealed.

        Raises:
            SealBroken: The newest seal does not hold.
        """
        if not self._keys.front:
            return 0
        head = self._newest()
        if head is not None and not self._keys.verify(head.digest.encode(), head.signature):
            raise SealBroken(f"seal {head.number} of the record was not made with a key of NPMTRUST_SECRET_KEYS")
        number, digest = (head.number, head.digest) if head else (0, "")
        after, sealed = self._floor(now - reach), 0
        unmarked = self._end_of_unmarked() if head is None else 0
        while events := self._unsealed(after, _CHUNK):
            after = events[-1].id
            rows = []
            for event in self._of_ours(events, unmarked_before=unmarked):
                number += 1
                digest = digest_of(digest, number, now, event)
                rows.append(self._row(number, digest, now, event.id))
            if rows:
                self._session.execute(insert(SealRow), rows)
            sealed += len(rows)
        return sealed

    def _row(self, number: int, digest: str, now: datetime, event_id: int) -> dict[str, object]:
        return {
            "workspace": self._workspace,
            "number": number,
            "event_id": event_id,
            "sealed_at": now,
            "digest": digest,
            "signature": self._keys.sign(digest.encode()),
        }

    def _of_ours(self, events: Sequence[AuditRow], *, unmarked_before: int) -> list[AuditRow]:
        marks = [event.mark for event in events if event.mark]
        query = select(AuditRow.mark).where(AuditRow.workspace == self._workspace, AuditRow.mark.in_(marks))
        twice = set(self._session.scalars(query.group_by(AuditRow.mark).having(func.count() > 1)))
        return [
            event
            for event in events
            if (event.mark is None and event.id < unmarked_before)
            or (event.mark not in twice and verify_mark(event, self._keys))
        ]

    def _end_of_unmarked(self) -> int:
        """Tell the first event with a mark: what stood there before there were marks is sealed without, once."""
        marked = select(func.min(AuditRow.id)).where(AuditRow.workspace == self._workspace, AuditRow.mark.is_not(None))
        newest = select(func.max(AuditRow.id)).where(AuditRow.workspace == self._workspace)
        return self._session.scalar(marked) or (self._session.scalar(newest) or 0) + 1

    def _newest(self) -> SealRow | None:
        return self._one(self._select(SealRow).order_by(SealRow.number.desc()))

    def _floor(self, before: datetime) -> int:
        """Tell the event below which everything was sealed, or is not looked at any more."""
        aged = self._select(SealRow).where(SealRow.sealed_at < before).order_by(SealRow.sealed_at.desc())
        row = self._one(aged)
        return row.event_id if row else 0

    def _unsealed(self, after: int, limit: int) -> list[AuditRow]:
        has_seal = exists().where(SealRow.workspace == self._workspace, SealRow.event_id == AuditRow.id)
        query = self._select(AuditRow).where(AuditRow.id > after, ~has_seal)
        return self._all(query.order_by(AuditRow.id).limit(limit))
