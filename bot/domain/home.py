"""What App Home shows one person: values that the workflow loads from committed state and `bot.messages` draws."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.approval import Denial
from bot.domain.coverage import Coverage, PackageRecord
from bot.domain.coverage_views import AlarmView
from bot.domain.drift import DriftData
from bot.domain.overview import ChangeSetView, HandoffState, LinkView
from bot.domain.sums import SumView

MOST_WAITING = 8
"""As many requests are shown that wait for a decision; the others are counted. So for what follows."""
MOST_ASKED = 8
MOST_SCOPES = 6
MOST_LACKING = 5
MOST_ALARMS = 5
MOST_LINKS = 10
MOST_PENDING = 5
MOST_FAILED = 5


@dataclass(frozen=True, slots=True)
class SentLink:
    """A link of npm's that somebody was sent; never the link itself."""

    value: str
    """The opaque value of its buttons."""
    at: datetime
    login: bool
    what: str
    """What it is for, plain; may be empty for a login."""
    change_set: int | None
    host: str
    state: HandoffState
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ReadyWait:
    """Something waits for somebody to press "I'm ready"."""

    value: str
    calls: int
    login: bool
    """npm is to be logged in at first."""


@dataclass(frozen=True, slots=True)
class ScopeCoverage:
    """How many of somebody's packages of one scope publish through a trusted publisher."""

    scope: str
    """`@acme`; empty for packages without one."""
    trusted: int
    counted: int


@dataclass(frozen=True, slots=True)
class OwnCoverage:
    """The packages that somebody maintains."""

    npm_user: str
    coverage: Coverage
    now: datetime
    scopes: tuple[ScopeCoverage, ...]
    """The largest first, at most `MOST_SCOPES`."""
    scopes_in_all: int
    lacking: tuple[tuple[PackageRecord, str], ...]
    """Those without a release for longest, each with the value of its button; at most `MOST_LACKING`."""


@dataclass(frozen=True, slots=True)
class DriftView:
    """Something about a configuration that npmtrust did not do."""

    value: str
    """The opaque value of its buttons."""
    package: str
    data: DriftData
    found_at: datetime
    maker: str = ""
    """Slack id of whose account made it, where that is known."""
    over_at: datetime | None = None
    acknowledged_by: str = ""
    acknowledged_at: datetime | None = None
    reason: str = ""
    may_see: bool = False
    """The reader can write to the package, so that what npm's list shows may be told."""
    package_url: str = ""


@dataclass(frozen=True, slots=True)
class FailedDelivery:
    """Something that somebody did in Slack and that could not be done."""

    person: str
    kind: str
    at: datetime


@dataclass(frozen=True, slots=True)
class UnshownMessage:
    """A message that Slack does not take."""

    kind: str
    channel: str
    problem: str


@dataclass(frozen=True, slots=True)
class Frozen:
    """Who stopped everything."""

    actor: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AdminPart:
    """What only admins see."""

    pending: tuple[LinkView, ...]
    pending_in_all: int
    failed: tuple[FailedDelivery, ...]
    unshown: tuple[UnshownMessage, ...]


@dataclass(frozen=True, slots=True)
class HomeContent:
    """App Home of one person."""

    denial: Denial | None = None
    """Why there is nothing for them here."""
    link: LinkView | None = None
    has_watch: bool = False
    """A package that matters to them is watched."""
    frozen: Frozen | None = None
    decide: tuple[ChangeSetView | SumView, ...] = ()
    decide_in_all: int = 0
    confirm: tuple[SentLink, ...] = ()
    """Links that are open."""
    ready: ReadyWait | None = None
    log_in: int = 0
    """How many calls wait for a login of theirs that no link was sent for."""
    asked: tuple[ChangeSetView | SumView, ...] = ()
    asked_in_all: int = 0
    own: OwnCoverage | None = None
    alarms: tuple[AlarmView | DriftView, ...] = ()
    links: tuple[SentLink, ...] = ()
    """Those of the last hour, newest first."""
    admin: AdminPart | None = None
    """None: they are none."""

    @property
    def is_new_here(self) -> bool:
        """The first-run guide is shown: they are not linked yet, or nothing of theirs is watched."""
        return self.link is None or not self.link.is_linked or not self.has_watch

    @property
    def waits(self) -> int:
        """How many things wait for this person, the links among them that an admin has to confirm."""
        of_admin = self.admin.pending_in_all if self.admin else 0
        return self.decide_in_all + len(self.confirm) + bool(self.ready) + bool(self.log_in) + of_admin
