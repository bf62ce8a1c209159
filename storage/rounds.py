"""Rounds of creates that npm applied, and when there is something to say of them."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from bot.domain.two_days import FIRST_REMINDER
from storage.preflight_models import RoundRow
from storage.repository import Repository

SPAN = timedelta(hours=3)
"""What one change set applied within so long is told together: 1,000 packages are one message."""


class Rounds(Repository):
    """One row for what a change set applied in one span, counted from when it was asked for."""

    def begin(self, change_set_id: int, asked_at: datetime, now: datetime) -> None:
        """Note that npm applied a create of a change set just now."""
        from_at = asked_at + (now - asked_at) // SPAN * SPAN
        if self._find(RoundRow, change_set_id=change_set_id, from_at=from_at) is not None:
            return
        row = RoundRow(
            workspace=self._workspace,
            change_set_id=change_set_id,
            from_at=from_at,
            until_at=from_at + SPAN,
            began_at=now,
            next_at=now + FIRST_REMINDER,
        )
        try:
            with self._session.begin_nested():
                self._session.add(row)
        except IntegrityError:  # another lane applied one at the same time
            return

    def load(self, round_id: int) -> RoundRow | None:
        """Load by row id."""
        return self._get(RoundRow, round_id)

    def find_of(self, change_set_id: int, applied_at: datetime) -> RoundRow | None:
        """Find the round to which something belongs that was applied then."""
        query = self._select(RoundRow).where(RoundRow.change_set_id == change_set_id)
        return self._one(query.where(RoundRow.from_at <= applied_at, RoundRow.until_at > applied_at))

    def claim_due(self, now: datetime) -> RoundRow | None:
        """Take the round of which something is to be said; by compare-and-set, so that it is said once."""
        query = self._select(RoundRow).where(RoundRow.next_at <= now).order_by(RoundRow.next_at, RoundRow.id)
        return self._one(query.with_for_update(skip_locked=True))

    def next_due(self) -> datetime | None:
        """Tell when there is something to say next."""
        query = select(func.min(RoundRow.next_at)).where(RoundRow.workspace == self._workspace)
        return self._session.scalar(query)
