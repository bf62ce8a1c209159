"""How packages become known here."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from storage.packages import ACCOUNT_ONLY
from storage.store import Store

FIRST_READ = timedelta(minutes=10)
"""When a package is read for the first time after something was set up for it here."""


def remember_unseen(store: Store, names: Sequence[str], source: str, now: datetime) -> None:
    """Add names of which nobody knows whether the public sees them: until that was looked at, they are not shown."""
    for row in store.packages.find_all(store.packages.remember(names, source, now)):
        row.visibility = ACCOUNT_ONLY
    store.flush()


def note_set_up(store: Store, package: str, now: datetime) -> None:
    """Look after a package for which something was set up here: its first version through it is awaited."""
    row = store.packages.find(package)
    if row is None:
        remember_unseen(store, [package], "request", now)
        row = store.packages.find(package)
    if row is not None:
        due_at = now + FIRST_READ
        row.source, row.next_read_at = "request", min(row.next_read_at or due_at, due_at)
