"""The record: one event for everything that happened, in the transaction in which it happened."""

import json
from datetime import datetime
from typing import Any

from bot.domain.events import AuditKind
from storage.models import AuditRow
from storage.repository import Repository


class AuditLog(Repository):
    """Append-only."""

    def add(
        self,
        kind: AuditKind,
        *,
        actor: str,
        at: datetime,
        change_set_id: int | None = None,
        step_id: int | None = None,
        **data: Any,  # noqa: ANN401 -- becomes JSON
    ) -> None:
        """Append an event."""
        self._session.add(
            AuditRow(
                workspace=self._workspace,
                at=at,
                kind=kind.value,
                actor=actor,
                change_set_id=change_set_id,
                step_id=step_id,
                data=json.dumps(data, sort_keys=True, default=str),
            )
        )

    def list_of(self, change_set_id: int) -> list[AuditRow]:
        """List the events of a change set, oldest first."""
        return self._all(self._select(AuditRow).where(AuditRow.change_set_id == change_set_id).order_by(AuditRow.id))

    def find_last_actor(self, kind: AuditKind, change_set_id: int) -> str:
        """Tell who did something to a change set last; empty when nobody."""
        query = self._select(AuditRow).where(AuditRow.change_set_id == change_set_id, AuditRow.kind == kind.value)
        row = self._one(query.order_by(AuditRow.id.desc()))
        return row.actor if row else ""
