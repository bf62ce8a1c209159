"""The packages of a selection, as everybody may see them."""

from dataclasses import replace

from bot.domain.coverage import PackageRecord
from bot.domain.patterns import Selection
from storage.store import Store


def load_records(store: Store, selection: Selection | None) -> list[PackageRecord]:
    """Read the packages of a selection as everybody may see them.

    A name that nobody has ever seen in public is only counted, or is left out where it may not even exist: it may be
    the name of something private that somebody typed elsewhere. Who names it is told that it was not found.
    """
    named = frozenset(selection.names) if selection else frozenset()
    found = (_as_named(record) if record.name in named else record for record in store.packages.records(selection))
    return [
        record
        for record in found
        if record.visible or record.account_only or record.kind is not None or record.name in named
    ]


def _as_named(record: PackageRecord) -> PackageRecord:
    is_read = record.read_at is not None
    return replace(record, account_only=False, visible=not is_read) if record.account_only else record
