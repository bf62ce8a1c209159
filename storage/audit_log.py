"""The record: one event for everything that happened, in the transaction in which it happened."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, or_, select
from sqlalchemy.orm import Session

from bot import log
from bot.domain.events import AuditKind
from bot.domain.record import RecordedEvent, Scope
from storage.audit_models import AuditFileRow, AuditRow, SealRow
from storage.models import ChangeSetRow, StepRow
from storage.repository import AT_ONCE, Repository
from storage.seal_keys import NO_KEYS, SealKeys, mark_event

_EVENTS = AuditRow.__table__


def select_events(scope: Scope, workspace: str = "") -> Select[Any]:
    """Ask for events, with the number of their change set and of their seal; `recorded` reads the answer.

    Args:
        scope: Which.
        workspace: Whose; empty: everybody's, for who owns the database.
    """
    query = (
        select(_EVENTS, ChangeSetRow.number.label("change_set"), SealRow.number.label("seal"))
        .select_from(_EVENTS)
        .outerjoin(ChangeSetRow, ChangeSetRow.id == AuditRow.change_set_id)
        .outerjoin(SealRow, (SealRow.event_id == AuditRow.id) & (SealRow.workspace == AuditRow.workspace))
    )
    if workspace:
        query = query.where(AuditRow.workspace == workspace)
    if scope.change_set_id is not None:
        query = query.where(AuditRow.change_set_id == scope.change_set_id)
    if scope.package:
        query = query.where(AuditRow.package == scope.package)
    if scope.person:
        query = query.where(or_(AuditRow.actor == scope.person, AuditRow.subject == scope.person))
    if scope.since is not None:
        query = query.where(AuditRow.at >= scope.since)
    return query if scope.until is None else query.where(AuditRow.at < scope.until)


def recorded(row: Row[Any]) -> RecordedEvent:
    """Read a row of `select_events`."""
    return RecordedEvent(
        id=row.id,
        workspace=row.workspace,
        at=row.at,
        kind=row.kind,
        actor=row.actor,
        subject=row.subject or "",
        change_set=row.change_set,
        step=row.step_id,
        package=row.package or "",
        delivery=row.delivery_id,
        data=json.loads(row.data),
        seal=row.seal,
    )


class AuditLog(Repository):
    """Append-only."""

    def __init__(self, session: Session, workspace: str, keys: SealKeys = NO_KEYS) -> None:
        super().__init__(session, workspace)
        self._keys = keys
        self.added: list[AuditRow] = []
        """Events of this transaction that are to be sealed once it is committed."""
        self._waiting = 0
        """How many were added since they last went to the database."""

    def add(
        self,
        kind: AuditKind,
        *,
        actor: str,
        at: datetime,
        change_set_id: int | None = None,
        step_id: int | None = None,
        package: str | None = None,
        slack_user: str = "",
        **data: Any,  # noqa: ANN401 -- becomes JSON
    ) -> None:
        """Append an event. Many of one transaction go to the database together.

        Args:
            kind: What happened.
            actor: Slack id of who did it, or `npmtrust`.
            at: When.
            change_set_id: Which change set it is about; that of the step where one is named.
            step_id: Which step.
            package: Which package; that of the step where one is named.
            slack_user: Whom it concerns, where that is somebody else than the actor.
            data: What there is to tell, never a secret: before and after, the fingerprint, why.
        """
        step = self._get(StepRow, step_id) if step_id is not None else None
        row = AuditRow(
            workspace=self._workspace,
            at=at,
            kind=kind.value,
            actor=actor,
            change_set_id=step.change_set_id if step is not None and change_set_id is None else change_set_id,
            step_id=step_id,
            package=step.package if step is not None and package is None else package,
            subject=slack_user if slack_user and slack_user != actor else None,
            delivery_id=log.current_delivery(),
            data=json.dumps(data, sort_keys=True, default=str),
        )
        row.mark = mark_event(row, self._keys)
        self._session.add(row)
        self._waiting += 1
        if self._waiting == AT_ONCE:  # what SQLAlchemy needs for many is several times what they hold
            self._session.flush()
            self._waiting = 0
        if row.mark is not None:
            self.added.append(row)

    def list_of(self, change_set_id: int) -> list[AuditRow]:
        """List the events of a change set, oldest first."""
        return self._list(AuditRow, change_set_id=change_set_id)

    def find_last_actor(self, kind: AuditKind, change_set_id: int) -> str:
        """Tell who did something to a change set last; empty when nobody."""
        query = self._select(AuditRow).where(AuditRow.change_set_id == change_set_id, AuditRow.kind == kind.value)
        row = self._one(query.order_by(AuditRow.id.desc()))
        return row.actor if row else ""

    def list_newest(self, scope: Scope, *, before: int | None = None, limit: int) -> list[RecordedEvent]:
        """List events, the newest first, from the one before an id on."""
        query = select_events(scope, self._workspace).order_by(AuditRow.id.desc()).limit(limit)
        if before is not None:
            query = query.where(AuditRow.id < before)
        return [recorded(row) for row in self._session.execute(query)]

    def want_file(self, file: AuditFileRow) -> AuditFileRow:
        """Keep that somebody wants a file."""
        return self._add(file)

    def find_file(self, inbox_id: int) -> AuditFileRow | None:
        """Find the file that a delivery has asked for already."""
        return self._find(AuditFileRow, inbox_id=inbox_id)

    def load_file(self, file_id: int) -> AuditFileRow | None:
        """Load by row id."""
        return self._get(AuditFileRow, file_id)

    def list_files_wanted(self) -> list[AuditFileRow]:
        """List the files that are to be sent, oldest first."""
        return self._list(AuditFileRow, csv_state="wanted")
