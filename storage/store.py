"""Everything a transaction can read and write, by repository."""

from collections.abc import Callable
from datetime import datetime
from functools import cached_property

from sqlalchemy import event
from sqlalchemy.orm import Session

from storage.alarms import Alarms, Arrivals
from storage.audit_log import AuditLog
from storage.catalogue import Catalogue
from storage.change_sets import ChangeSets
from storage.decisions import Decisions
from storage.drafts import Drafts
from storage.handoffs import Handoffs
from storage.inbox import Inbox
from storage.key_check import KeyCheck
from storage.lanes import Lanes
from storage.links import Links
from storage.packages import Packages
from storage.reads import Reads
from storage.scans import Scans
from storage.scripts import Scripts
from storage.surfaces import Surfaces
from storage.watches import Digests, Watches
from storage.windows import Windows


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
    def key_check(self) -> KeyCheck:
        """Whether the keys are those of this database."""
        return KeyCheck(self._session, self.workspace)

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
    def windows(self) -> Windows:
        """What npm asks each session for."""
        return Windows(self._session, self.workspace)

    @cached_property
    def scripts(self) -> Scripts:
        """Calls that people run in their own terminal."""
        return Scripts(self._session, self.workspace)

    @cached_property
    def surfaces(self) -> Surfaces:
        """Our messages in Slack."""
        return Surfaces(self._session, self.workspace)

    @cached_property
    def lanes(self) -> Lanes:
        """Leases and attempts."""
        return Lanes(self._session, self.workspace)

    @cached_property
    def packages(self) -> Packages:
        """Packages that are known, and their evidence."""
        return Packages(self._session, self.workspace)

    @cached_property
    def catalogue(self) -> Catalogue:
        """How complete the list of packages is."""
        return Catalogue(self._session, self.workspace)

    @cached_property
    def watches(self) -> Watches:
        """Who is told of which packages, and when."""
        return Watches(self._session, self.workspace)

    @cached_property
    def digests(self) -> Digests:
        """What was told."""
        return Digests(self._session, self.workspace)

    @cached_property
    def scans(self) -> Scans:
        """Coverage that people asked for."""
        return Scans(self._session, self.workspace)

    @cached_property
    def alarms(self) -> Alarms:
        """Versions that did not come the usual way."""
        return Alarms(self._session, self.workspace)

    @cached_property
    def arrivals(self) -> Arrivals:
        """First versions through what was set up here."""
        return Arrivals(self._session, self.workspace)

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

    def when_committed(self, act: Callable[[], None]) -> None:
        """Do something once this transaction is committed, and never when it is not. It must not touch the database."""
        event.listen(self._session, "after_commit", lambda _session: act(), once=True)

    def flush(self) -> None:
        """Send what was changed, so that ids and compare-and-set failures are known now."""
        self._session.flush()
