"""Everything a transaction can read and write, by repository."""

from datetime import datetime
from functools import cached_property

from sqlalchemy.orm import Session

from storage.audit_log import AuditLog
from storage.change_sets import ChangeSets
from storage.decisions import Decisions
from storage.drafts import Drafts
from storage.handoffs import Handoffs
from storage.inbox import Inbox
from storage.lanes import Lanes
from storage.links import Links
from storage.reads import Reads
from storage.surfaces import Surfaces


class Store:
    """The repositories of one workspace, bound to one transaction."""

    def __init__(self, session: Session, workspace: str) -> None:
        self._session = session
        self.workspace = workspace

    @cached_property
    def inbox(self) -> Inbox:
        """Deliveries from Slack."""
        return Inbox(self._session, self.workspace)

    @cached_property
    def change_sets(self) -> ChangeSets:
        """Change sets, their steps and the offers of their messages."""
        return ChangeSets(self._session, self.workspace)

    @cached_property
    def decisions(self) -> Decisions:
        """Approvals and rejections."""
        return Decisions(self._session, self.workspace)

    @cached_property
    def links(self) -> Links:
        """Account links and sessions."""
        return Links(self._session, self.workspace)

    @cached_property
    def handoffs(self) -> Handoffs:
        """Links of npm's that people were given."""
        return Handoffs(self._session, self.workspace)

    @cached_property
    def reads(self) -> Reads:
        """Lists that people asked for."""
        return Reads(self._session, self.workspace)

    @cached_property
    def surfaces(self) -> Surfaces:
        """Our messages in Slack."""
        return Surfaces(self._session, self.workspace)

    @cached_property
    def lanes(self) -> Lanes:
        """Leases and attempts."""
        return Lanes(self._session, self.workspace)

    @cached_property
    def drafts(self) -> Drafts:
        """What forms are filled with."""
        return Drafts(self._session, self.workspace)

    @cached_property
    def audit(self) -> AuditLog:
        """The record."""
        return AuditLog(self._session, self.workspace)

    def release_all(self, now: datetime) -> None:
        """End every lease and claim: only for who knows that no other process lives."""
        self.lanes.release_all(now)
        self.inbox.release_all(now)

    def flush(self) -> None:
        """Send what was changed, so that ids and compare-and-set failures are known now."""
        self._session.flush()
