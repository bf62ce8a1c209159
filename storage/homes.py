"""Who has opened App Home, and what there is to be drawn there from tables that are not only about it."""

from datetime import datetime, timedelta

from sqlalchemy import select

from storage.account_models import HandoffRow
from storage.audit_models import AuditRow
from storage.home_models import HomeRow
from storage.inbox import is_failed
from storage.models import InboxRow, SurfaceRow
from storage.repository import Repository


class Homes(Repository):
    """One row for each person."""

    def find(self, slack_user: str) -> HomeRow | None:
        """Find somebody's."""
        return self._find(HomeRow, slack_user=slack_user)

    def open(self, slack_user: str, now: datetime) -> HomeRow:
        """Note that somebody has it open now."""
        row = self.find(slack_user)
        if row is None:
            return self._add(HomeRow(workspace=self._workspace, slack_user=slack_user, opened_at=now, next_look_at=now))
        row.opened_at, row.next_look_at = now, now
        return row

    def list_behind(self, event_id: int, *, since: datetime, limit: int) -> list[HomeRow]:
        """List those, opened since a moment, that were drawn before an event of the record; the first due first."""
        query = self._select(HomeRow).where(HomeRow.opened_at >= since, HomeRow.seen_event < event_id)
        return self._all(query.order_by(HomeRow.next_look_at, HomeRow.id).limit(limit))

    def newest_event(self, before: datetime | None = None) -> int:
        """Tell the id of the newest event of the record, or of those that are not newer than a moment; 0: none."""
        query = select(AuditRow.id).where(AuditRow.workspace == self._workspace)
        if before is not None:
            query = query.where(AuditRow.at <= before)
        return self._session.scalar(query.order_by(AuditRow.id.desc()).limit(1)) or 0

    def list_links(self, slack_user: str, since: datetime, limit: int) -> list[HandoffRow]:
        """List the links of npm's that somebody was given since a moment, newest first."""
        query = self._select(HandoffRow).where(HandoffRow.slack_user == slack_user, HandoffRow.created_at >= since)
        return self._all(query.order_by(HandoffRow.id.desc()).limit(limit))

    def list_asked(self, slack_user: str, limit: int) -> list[SurfaceRow]:
        """List the messages that ask somebody to be ready for npm's link, newest first."""
        query = self._select(SurfaceRow).where(SurfaceRow.key.startswith("asked:"), SurfaceRow.channel == slack_user)
        return self._all(query.order_by(SurfaceRow.id.desc()).limit(limit))

    def list_failed_deliveries(self, now: datetime, within: timedelta, limit: int) -> list[InboxRow]:
        """List what of Slack's could not be done, newest first."""
        query = self._select(InboxRow).where(is_failed(InboxRow), InboxRow.received_at > now - within)
        return self._all(query.order_by(InboxRow.id.desc()).limit(limit))

    def list_unshown(self, limit: int) -> list[SurfaceRow]:
        """List the messages that Slack does not take, newest first."""
        query = self._select(SurfaceRow).where(SurfaceRow.problem != "")
        return self._all(query.order_by(SurfaceRow.id.desc()).limit(limit))
