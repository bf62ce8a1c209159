"""Sealing: what was committed is chained, in the order of sealing, under a key that is not in the database.

Writers do not wait for each other: each event carries its own mark, and the seals follow within a second or two. So an
event may be sealed after a later one, where its transaction took longer; the order of the seals is the one that holds.
An id that was never used (its transaction was rolled back) leaves no gap among the seals.

A process seals what it wrote itself from its own memory (`storage.unsealed`), whatever the database says of it by then;
what others left behind (a process that died, a command at the machine) is read from the database.

    digest(n) = SHA-256(digest(n - 1), n, moment, event)        signature(n) = HMAC(key, digest(n))

A signature therefore holds everything before it: after a rotation of keys the first new signature holds the old ones.
`storage.seal_check` reads it all again.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import exists, func, insert, select
from sqlalchemy.event import listen
from sqlalchemy.orm import Session, aliased

from bot.errors import StorageError
from storage.audit_models import AuditRow, SealRow
from storage.repository import Repository
from storage.seal_keys import SealKeys, digest_of, verify_mark
from storage.unsealed import Head, Unsealed

__all__ = ["LONG_REACH", "REACH", "Head", "SealBroken", "Seals"]

REACH = timedelta(hours=1)
"""How much longer than those around it the transaction of an event may take, and its event is still sealed."""
LONG_REACH = timedelta(days=7)
"""The same at the start of a process: whatever one that slept has left behind."""

_CHUNK = 1000
_LOG = logging.getLogger(__name__)


class SealBroken(StorageError):
    """The newest seal was not made with our keys: nothing is put on top of it."""


class Seals(Repository):
    """The chain of one workspace. Whoever is second to seal an event fails on the number, and looks again."""

    def __init__(self, session: Session, workspace: str, keys: SealKeys, unsealed: Unsealed) -> None:
        super().__init__(session, workspace)
        self._keys = keys
        self._unsealed = unsealed

    def head(self) -> Head | None:
        """Tell the newest seal; None where nothing is sealed yet."""
        row = self._newest()
        return Head(row.number, row.digest) if row else None

    def seal_own(self, now: datetime) -> int:
        """Seal what this process has committed, as it was written, whether or not it is still there.

        Returns:
            How many events were sealed.

        Raises:
            SealBroken: The newest seal does not hold.
        """
        own = self._unsealed.list_all() if self._keys.front else []
        if not own:
            return 0
        fresh, left = self._sort(own)
        if left:
            _LOG.error("Event %d of the record cannot be sealed: a seal of another stands in its place", left[0].id)
        head = self._put(fresh, now, self._last()) if fresh else None
        kept = {event.mark for event in left}
        self._note([event for event in own if event.mark not in kept], head, left)
        return len(fresh)

    def seal(self, now: datetime, *, reach: timedelta = REACH) -> int:
        """Seal what anybody has committed and is as one of us wrote it; the rest stays without, for `verify` to tell.

        Returns:
            How many events were sealed.

        Raises:
            SealBroken: The newest seal does not hold.
        """
        if not self._keys.front:
            return 0
        own = {event.id for event in self._unsealed.list_all()}
        after, sealed, head = self._floor(now - reach), 0, None
        unmarked: int | None = None
        while events := self._without_seal(after, _CHUNK):
            after = events[-1].id
            if unmarked is None:
                head = self._last()
                unmarked = self._end_of_unmarked() if head is None else 0
            others = [event for event in events if event.id not in own]
            marked = self._of_ours(others, unmarked_before=unmarked)
            head = self._put(marked, now, head)
            sealed += len(marked)
        if sealed:
            self._note([], head)
        return sealed + self.seal_own(now)

    def _note(self, done: Sequence[AuditRow], head: Head | None, left: Sequence[AuditRow] = ()) -> None:
        """Remember, once it is committed, what has its seal now, and the last seal."""

        def note(_session: object) -> None:
            self._unsealed.note_sealed(left, done, head)

        listen(self._session, "after_commit", note, once=True)

    def _last(self) -> Head | None:
        """Find what the next seal is put upon.

        Where a seal that this process has made is not there any more, or is another, an end of the record was cut off,
        and the chain may have been taken up from there by others: a number is left out, for `verify` to tell for ever.
        """
        row, known = self._newest(), self._unsealed.head
        if row is not None and not self._keys.verify(row.digest.encode(), row.signature):
            raise SealBroken(f"seal {row.number} of the record was not made with a key of NPMTRUST_SECRET_KEYS")
        if known is None or self._stands(known, row):
            return Head(row.number, row.digest) if row else None
        _LOG.error("Seal %s of the record was cut off; the next one leaves a gap, which tells of it", known.text)
        return Head(max(known.number, row.number if row else 0) + 1, known.digest)

    def _stands(self, known: Head, newest: SealRow | None) -> bool:
        if newest is None or newest.number < known.number:
            return False
        if newest.number == known.number:
            return newest.digest == known.digest
        query = select(SealRow.digest).where(SealRow.workspace == self._workspace, SealRow.number == known.number)
        return self._session.scalar(query) == known.digest

    def _put(self, events: Sequence[AuditRow], now: datetime, head: Head | None) -> Head | None:
        """Put seals of events upon the last one; tell which is the last then."""
        number, digest = (head.number, head.digest) if head else (0, "")
        rows = []
        for event in events:
            number += 1
            digest = digest_of(digest, number, now, event)
            rows.append(self._row(number, digest, now, event.id))
        for start in range(0, len(rows), _CHUNK):
            self._session.execute(insert(SealRow), rows[start : start + _CHUNK])
        return Head(number, digest) if rows else head

    def _sort(self, own: Sequence[AuditRow]) -> tuple[list[AuditRow], list[AuditRow]]:
        """Tell which events are to be sealed, and which cannot be: a seal of something else has their place.

        What another process has sealed as it was written is in neither; a seal that does not hold counts for nothing.
        """
        before, seals = aliased(SealRow), dict[int, tuple[SealRow, str | None]]()
        query = (
            select(SealRow, before.digest)
            .outerjoin(before, (before.workspace == SealRow.workspace) & (before.number == SealRow.number - 1))
            .where(SealRow.workspace == self._workspace)
        )
        for start in range(0, len(own), _CHUNK):
            part = [event.id for event in own[start : start + _CHUNK]]
            found = self._session.execute(query.where(SealRow.event_id.in_(part)))
            seals.update((seal.event_id, (seal, digest)) for seal, digest in found)
        fresh, left = dict[int, AuditRow](), list[AuditRow]()
        for event in own:
            if event.id in fresh:  # the one before it was removed, and its id given to this one
                left.append(event)
            elif event.id not in seals:
                fresh[event.id] = event
            elif not self._is_sealed(event, *seals[event.id]):
                left.append(event)
        return list(fresh.values()), left

    def _is_sealed(self, event: AuditRow, seal: SealRow, before: str | None) -> bool:
        digest = digest_of(before or "", seal.number, seal.sealed_at, event)
        return digest == seal.digest and self._keys.verify(digest.encode(), seal.signature) is True

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

    def _without_seal(self, after: int, limit: int) -> list[AuditRow]:
        has_seal = exists().where(SealRow.workspace == self._workspace, SealRow.event_id == AuditRow.id)
        query = self._select(AuditRow).where(AuditRow.id > after, ~has_seal)
        return self._all(query.order_by(AuditRow.id).limit(limit))
