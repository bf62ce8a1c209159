"""Everything a transaction can read and write, by repository."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from functools import cached_property

from sqlalchemy import event
from sqlalchemy.orm import Session

from storage.alarms import Alarms, Arrivals
from storage.audit_log import AuditLog
from storage.audit_models import AuditRow
from storage.ballots import Ballots
from storage.batches import Batches
from storage.catalogue import Catalogue
from storage.change_sets import ChangeSets
from storage.decisions import Decisions
from storage.drafts import Drafts
from storage.drifts import Drifts
from storage.figures import Figures
from storage.freezes import Freezes
from storage.handoffs import Handoffs
from storage.homes import Homes
from storage.inbox import Inbox
from storage.key_check import KeyCheck
from storage.lanes import Lanes
from storage.limits import Limits
from storage.line import Line
from storage.links import Links
from storage.looks import Looks
from storage.moments import Moments
from storage.packages import Packages
from storage.people import People
from storage.policies import Policies
from storage.readings import Readings
from storage.reads import Reads
from storage.reminders import Reminders
from storage.rounds import Rounds
from storage.scans import Scans
from storage.scripts import Scripts
from storage.seal_keys import NO_KEYS, SealKeys
from storage.seals import Seals
from storage.surfaces import Surfaces
from storage.surveys import Surveys
from storage.trends import Pictures, Trends
from storage.unsealed import Unsealed
from storage.uploads import Uploads
from storage.watches import Digests, Watches
from storage.windows import Windows


class Store:
    """The repositories of one workspace, bound to one transaction."""

    def __init__(
        self, session: Session, workspace: str, seal_keys: SealKeys = NO_KEYS, unsealed: Unsealed | None = None
    ) -> None:
        self._session = session
        self.workspace = workspace
        self._seal_keys = seal_keys
        self._unsealed = unsealed or Unsealed()

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
    def ballots(self) -> Ballots:
        """What people were shown in order to decide on many steps."""
        return Ballots(self._session, self.workspace)

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
    def readings(self) -> Readings:
        """The newest of npm's own lists of each package."""
        return Readings(self._session, self.workspace)

    @cached_property
    def surveys(self) -> Surveys:
        """Lists of many packages that people asked for."""
        return Surveys(self._session, self.workspace)

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
    def moments(self) -> Moments:
        """Due moments in all tables."""
        return Moments(self._session, self.workspace)

    @cached_property
    def lanes(self) -> Lanes:
        """Leases and attempts."""
        return Lanes(self._session, self.workspace)

    @cached_property
    def limits(self) -> Limits:
        """How much people have wanted lately."""
        return Limits(self._session, self.workspace)

    @cached_property
    def line(self) -> Line:
        """What is to be called next, and for whom."""
        return Line(self._session, self.workspace)

    @cached_property
    def freezes(self) -> Freezes:
        """Whether everything is stopped."""
        return Freezes(self._session, self.workspace)

    @cached_property
    def packages(self) -> Packages:
        """Packages that are known, and their evidence."""
        return Packages(self._session, self.workspace)

    @cached_property
    def batches(self) -> Batches:
        """What people want for many packages."""
        return Batches(self._session, self.workspace)

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
    def looks(self) -> Looks:
        """What forges have shown of workflow files."""
        return Looks(self._session, self.workspace)

    @cached_property
    def rounds(self) -> Rounds:
        """Creates that wait for their first version."""
        return Rounds(self._session, self.workspace)

    @cached_property
    def uploads(self) -> Uploads:
        """What people hand in for many packages at once."""
        return Uploads(self._session, self.workspace)

    @cached_property
    def drafts(self) -> Drafts:
        """What forms are filled with."""
        return Drafts(self._session, self.workspace)

    @cached_property
    def homes(self) -> Homes:
        """Who has opened App Home."""
        return Homes(self._session, self.workspace)

    @cached_property
    def drifts(self) -> Drifts:
        """What changed at npm without npmtrust."""
        return Drifts(self._session, self.workspace)

    @cached_property
    def trends(self) -> Trends:
        """Where selections stood, week by week."""
        return Trends(self._session, self.workspace)

    @cached_property
    def pictures(self) -> Pictures:
        """The pictures of digests."""
        return Pictures(self._session, self.workspace)

    @cached_property
    def people(self) -> People:
        """Who is who in Slack."""
        return People(self._session, self.workspace)

    @cached_property
    def policies(self) -> Policies:
        """What was in force when."""
        return Policies(self._session, self.workspace)

    @cached_property
    def reminders(self) -> Reminders:
        """Reminders of what waits for decisions."""
        return Reminders(self._session, self.workspace)

    @cached_property
    def audit(self) -> AuditLog:
        """The record."""
        return AuditLog(self._session, self.workspace, self._seal_keys)

    @cached_property
    def seals(self) -> Seals:
        """The seals over the record."""
        return Seals(self._session, self.workspace, self._seal_keys, self._unsealed)

    @cached_property
    def figures(self) -> Figures:
        """How much there is of everything."""
        return Figures(self._session, self.workspace)

    def release_all(self, now: datetime) -> None:
        """End every lease and claim: only for who knows that no other process lives."""
        self.lanes.release_all(now)
        self.inbox.release_all(now)
        self.surfaces.release_all(now)

    def list_recorded(self) -> list[AuditRow]:
        """List what this transaction puts on record; each event has its id once all was sent."""
        return self.audit.added if "audit" in self.__dict__ else []

    def when_committed(self, act: Callable[[], None]) -> None:
        """Do something once this transaction is committed, and never when it is not. It must not touch the database."""
        event.listen(self._session, "after_commit", lambda _session: act(), once=True)

    def held_back(self) -> AbstractContextManager[object]:
        """Keep what was changed from being sent by a look at something else: many rows are sent together later."""
        return self._session.no_autoflush

    def finish(self) -> None:
        """Send all that is left before the commit."""
        self.flush()
        if "surfaces" in self.__dict__:  # else nobody has asked for them: nothing was touched
            self.surfaces.mark_touched()

    def flush(self) -> None:
        """Send what was changed, so that ids and compare-and-set failures are known now."""
        self._session.flush()
