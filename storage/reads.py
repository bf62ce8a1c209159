"""Lists that people asked for, one row a package."""

from collections.abc import Iterable
from datetime import datetime

from storage.models import ReadRow
from storage.repository import Repository


class Reads(Repository):
    """The queue of lists."""

    def add(self, read: ReadRow) -> ReadRow:
        """Store a wish to read."""
        return self._add(read)

    def load(self, read_id: int) -> ReadRow:
        """Load one that must be there."""
        return self._session.scalars(self._select(ReadRow).where(ReadRow.id == read_id)).one()

    def list_batch(self, batch: str) -> list[ReadRow]:
        """List what one request asked for, in its order."""
        return self._all(self._select(ReadRow).where(ReadRow.batch == batch).order_by(ReadRow.id))

    def list_in(self, states: Iterable[str], *, due: datetime | None = None) -> list[ReadRow]:
        """List those in some states, oldest first."""
        query = self._select(ReadRow).where(ReadRow.state.in_(list(states)))
        if due is not None:
            query = query.where(ReadRow.next_try_at <= due)
        return self._all(query.order_by(ReadRow.id))

    def list_waiting_for(self, slack_user: str) -> list[ReadRow]:
        """List those that wait for a person."""
        return self._all(self._select(ReadRow).where(ReadRow.state == "waiting", ReadRow.slack_user == slack_user))
