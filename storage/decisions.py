"""Approvals and rejections: one that counts by each person for each step."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import update

from storage.models import DecisionRow
from storage.repository import Repository

_MOST_IDS = 10_000


class Decisions(Repository):
    """Who decided what, and on which content."""

    def add(self, decision: DecisionRow) -> DecisionRow:
        """Store a decision."""
        return self._add(decision)

    def add_all(self, decisions: Sequence[DecisionRow]) -> None:
        """Store many at once, with what else is stored next."""
        self._session.add_all(decisions)

    def list_all_of(self, step_ids: Iterable[int]) -> dict[int, list[DecisionRow]]:
        """List every decision on each of some steps, void ones too, oldest first. Those without any are left out."""
        found: dict[int, list[DecisionRow]] = {}
        for ids in _in_parts(step_ids):
            query = self._select(DecisionRow).where(DecisionRow.step_id.in_(ids))
            for row in self._all(query.order_by(DecisionRow.id)):
                found.setdefault(row.step_id, []).append(row)
        return found

    def list_all(self, step_id: int) -> list[DecisionRow]:
        """List every decision on a step, void ones too, oldest first."""
        return self._list(DecisionRow, step_id=step_id)

    def list_approvals(self, step_id: int, fingerprint: str) -> list[DecisionRow]:
        """List the approvals that count for this content, oldest first."""
        return [
            row
            for row in self.list_all(step_id)
            if row.approved and row.void_at is None and row.fingerprint == fingerprint
        ]

    def find_of(self, step_id: int, slack_user: str) -> DecisionRow | None:
        """Find the decision of a person that counts."""
        query = self._select(DecisionRow).where(DecisionRow.step_id == step_id, DecisionRow.slack_user == slack_user)
        return self._one(query.where(DecisionRow.void_at.is_(None)))

    def void_all(self, step_ids: Iterable[int], now: datetime, *, by: str = "") -> None:
        """Make every decision on steps void, or those of one person: their content changed, or the person's mind."""
        for ids in _in_parts(step_ids):
            query = update(DecisionRow).where(DecisionRow.step_id.in_(ids), DecisionRow.void_at.is_(None))
            if by:
                query = query.where(DecisionRow.slack_user == by)
            self._session.execute(query.values(void_at=now))


def _in_parts(step_ids: Iterable[int]) -> list[list[int]]:
    """Databases take only so many values in one statement."""
    ids = list(step_ids)
    return [ids[start : start + _MOST_IDS] for start in range(0, len(ids), _MOST_IDS)]
