"""Approvals and rejections: one that counts by each person for each step."""

from datetime import datetime

from storage.models import DecisionRow
from storage.repository import Repository


class Decisions(Repository):
    """Who decided what, and on which content."""

    def add(self, decision: DecisionRow) -> DecisionRow:
        """Store a decision."""
        return self._add(decision)

    def list_all(self, step_id: int) -> list[DecisionRow]:
        """List every decision on a step, void ones too, oldest first."""
        return self._all(self._select(DecisionRow).where(DecisionRow.step_id == step_id).order_by(DecisionRow.id))

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

    def void_all(self, step_id: int, now: datetime) -> None:
        """Make every decision on a step void: its content changed."""
        for row in self.list_all(step_id):
            row.void_at = row.void_at or now
