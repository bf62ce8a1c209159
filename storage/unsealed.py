"""What this process has put on record and not sealed yet, kept where who owns the database cannot reach it.

The seals are made from here, so an event that was removed or changed between its commit and its seal shows: its seal is
of an event that is not there, or is another one.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from storage.audit_models import AuditRow

MOST = 100_000
"""So many events are kept while nothing can be sealed; of more the newest are left to the database."""

_SHORT = 16
"""Digits of a digest that are posted: 64 bits, which nobody hits by trying while the key is unknown to them."""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest seal: whoever knows it finds out when an end of the record was cut off, or all of it replaced."""

    number: int
    digest: str

    @property
    def text(self) -> str:
        """Write it as it is posted: `1234:9f86d081884c7d65`."""
        return f"{self.number}:{self.digest[:_SHORT]}"


class Unsealed:
    """Events of committed transactions alone: what was rolled back never comes here. Used by several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._events: dict[str, AuditRow] = {}
        """By their marks: SQLite gives the id of a removed row to the next one."""
        self._refused: frozenset[str] = frozenset()
        self.head: Head | None = None
        """The newest seal that this process has made."""
        self.looked_at: datetime | None = None
        """When it was last looked for what others have left without a seal."""

    def keep(self, events: Collection[AuditRow]) -> None:
        """Take over what was just committed. Where its end is not known, the database tells later whether it was."""
        if not events:
            return
        with self._lock:
            if len(self._events) < MOST:
                self._events.update((event.mark, event) for event in events if event.mark)

    def list_all(self) -> list[AuditRow]:
        """List them as they were written, oldest first."""
        with self._lock:
            return sorted(self._events.values(), key=lambda event: event.id)

    def find_oldest(self) -> datetime | None:
        """Tell when the one that waits longest happened, of those that have not been refused a seal."""
        with self._lock:
            return next((event.at for mark, event in self._events.items() if mark not in self._refused), None)

    def note_sealed(self, left: Collection[AuditRow], done: Collection[AuditRow], head: Head | None) -> None:
        """Once the seals are committed, forget what has one; `left` could get none: another stands in its place."""
        with self._lock:
            for event in done:
                self._events.pop(event.mark or "", None)
            self._refused = frozenset(event.mark for event in left if event.mark)
            if head is not None and (self.head is None or self.head.number < head.number):
                self.head = head
