"""What people hand in for many packages at once."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache
from itertools import islice
from typing import Any

from sqlalchemy import Select, bindparam, delete, insert, select

from bot.domain.batch import Wanted
from bot.domain.bulk import Checked, Fault
from storage.repository import Repository, new_token
from storage.upload_models import UploadItemRow, UploadRow

KEPT = timedelta(days=1)
"""So long is kept what somebody handed in."""

_IN_ONE = 500
"""How many rows one statement takes."""


class Uploads(Repository):
    """What was read, until its person goes on with it; a day at most."""

    def add(self, upload: UploadRow, checked: Checked) -> UploadRow:
        """Store what was read, under a new token."""
        upload.token, upload.workspace = new_token(), self._workspace
        upload.unit, upload.remarks = checked.unit.value, json.dumps(checked.remarks)
        upload.fine, upload.faults, upload.merged = len(checked.wanted), len(checked.faults), checked.merged
        upload.faulty_rows = len({fault.row for fault in checked.faults})
        self._add(upload)
        items: Iterator[Fault | Wanted] = iter((*checked.faults, *checked.wanted))
        position = 0
        while some := list(islice(items, _IN_ONE)):
            rows = [self._item(upload, at, item) for at, item in enumerate(some, start=position)]
            self._session.execute(insert(UploadItemRow), rows)
            position += len(some)
        return upload

    def find(self, token: str, person: str) -> UploadRow | None:
        """Find a person's own."""
        return self._find(UploadRow, token=token, person=person)

    def find_delivery(self, inbox_id: int) -> UploadRow | None:
        """Find what a delivery has handed in already."""
        return self._find(UploadRow, inbox_id=inbox_id)

    def page_faults(self, upload: UploadRow, *, after: int = 0, limit: int | None = None) -> list[Fault]:
        """List faults in the order of their rows, from the one after so many."""
        query = self._contents(upload, is_fault=True).offset(after)
        found = self._session.scalars(query.limit(limit) if limit is not None else query)
        return [Fault.model_validate_json(content) for content in found]

    def list_wanted(self, upload: UploadRow) -> list[Wanted]:
        """List what is asked for, in the order of the rows."""
        found = self._session.scalars(self._contents(upload, is_fault=False))
        return [Wanted.model_validate_json(content) for content in found]

    def use(self, upload: UploadRow, inbox_id: int) -> None:
        """Its person went on with it: its rows are somewhere else now, and no longer here."""
        upload.used_by = inbox_id
        self._drop_items([upload.id])

    def drop_old(self, now: datetime) -> None:
        """Forget what was handed in a day ago."""
        old = list(self._session.scalars(_before(), {"workspace": self._workspace, "moment": now - KEPT}))
        if old:
            self._drop_items(old)
            self._session.execute(delete(UploadRow).where(UploadRow.id.in_(old)))

    def _ids(self) -> Select[int]:
        return select(UploadRow.id).where(UploadRow.workspace == self._workspace)

    def _contents(self, upload: UploadRow, *, is_fault: bool) -> Select[str]:
        chosen = UploadItemRow.upload_id == upload.id, UploadItemRow.is_fault == is_fault
        return select(UploadItemRow.content).where(*chosen).order_by(UploadItemRow.position)

    def _item(self, upload: UploadRow, position: int, item: Fault | Wanted) -> dict[str, Any]:
        return {
            "workspace": self._workspace,
            "upload_id": upload.id,
            "is_fault": isinstance(item, Fault),
            "position": position,
            "content": item.model_dump_json(exclude_defaults=True),
        }

    def _drop_items(self, uploads: Iterable[int]) -> None:
        self._session.execute(delete(UploadItemRow).where(UploadItemRow.upload_id.in_(list(uploads))))


def remarks_of(upload: UploadRow) -> Sequence[str]:
    """Read the sentences on what was passed over."""
    return tuple(map(str, json.loads(upload.remarks)))


@cache
def _before() -> Select[int]:
    """Find some of a `workspace` that came before a `moment`."""
    mine = UploadRow.workspace == bindparam("workspace"), UploadRow.created_at < bindparam("moment")
    return select(UploadRow.id).where(*mine).limit(_IN_ONE)
