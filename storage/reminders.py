"""Reminders of change sets that wait for decisions."""

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, exists, select

from bot.domain.lifecycle import State
from storage.models import ChangeSetRow, StepRow
from storage.policy_models import ReminderRow
from storage.repository import Repository


class Reminders(Repository):
    """The queue of reminders: one row for each, sent once."""

    def add(self, change_set_id: int, number: int, *, due_at: datetime, person: str = "") -> ReminderRow:
        """Plan one."""
        return self._add(
            ReminderRow(
                workspace=self._workspace, change_set_id=change_set_id, round=number, person=person, due_at=due_at
            )
        )

    def load(self, reminder_id: int) -> ReminderRow:
        """Load by row id."""
        return self._session.get_one(ReminderRow, reminder_id)

    def find(self, change_set_id: int, number: int, person: str) -> ReminderRow | None:
        """Find one of a round and a person."""
        return self._one(
            self._select(ReminderRow).where(
                ReminderRow.change_set_id == change_set_id, ReminderRow.round == number, ReminderRow.person == person
            )
        )

    def find_unplanned(self) -> ChangeSetRow | None:
        """Find a change set in review for which no reminders are planned."""
        return self._session.scalars(_unplanned(), {"workspace": self._workspace}).first()

    def next_due(self) -> ReminderRow | None:
        """Find the one that is due first."""
        return self._one(
            self._select(ReminderRow).where(ReminderRow.sent_at.is_(None)).order_by(ReminderRow.due_at, ReminderRow.id)
        )


@cache
def _unplanned() -> Select[Any]:
    """Find the oldest change set in review without reminders; the parameter is `workspace`."""
    waits = exists().where(StepRow.change_set_id == ChangeSetRow.id, StepRow.state == State.IN_REVIEW.value)
    planned = exists().where(ReminderRow.change_set_id == ChangeSetRow.id)
    mine = ChangeSetRow.workspace == bindparam("workspace")
    return select(ChangeSetRow).where(mine, waits, ~planned).order_by(ChangeSetRow.id).limit(1)
