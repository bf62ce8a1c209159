"""What forges have shown of workflow files, for as long as it counts."""

from datetime import datetime

from pydantic import ValidationError
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from bot.domain.preflight import Look, Place
from storage.preflight_models import LookRow
from storage.repository import Repository


class Looks(Repository):
    """One row for each file, whatever the number of packages that it publishes."""

    def find(self, place: Place, now: datetime) -> Look | None:
        """Find what was seen of a file and counts still."""
        row = self._row(place)
        if row is None or now >= row.until:
            return None
        try:
            return Look.model_validate_json(row.content)
        except ValidationError:  # another version of ours wrote it: it is looked at anew
            return None

    def save(self, place: Place, look: Look, *, until: datetime, now: datetime) -> None:
        """Keep what was seen, and forget what does not count any more."""
        self._session.execute(delete(LookRow).where(LookRow.workspace == self._workspace, LookRow.until <= now))
        row = self._row(place)
        if row is not None:
            row.until, row.content = until, look.model_dump_json()
            return
        seen = LookRow(
            workspace=self._workspace,
            provider=place.provider.value,
            repository=place.repository,
            file=place.file,
            until=until,
            content=look.model_dump_json(),
        )
        try:
            with self._session.begin_nested():
                self._session.add(seen)
        except IntegrityError:  # another process looked at the same time, and saw the same
            return

    def _row(self, place: Place) -> LookRow | None:
        query = self._select(LookRow).where(LookRow.provider == place.provider.value, LookRow.file == place.file)
        return self._one(query.where(LookRow.repository == place.repository))
