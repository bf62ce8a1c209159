"""What messages show: values that the workflow loads from committed state and `bot.messages` draws.

Texts in here may come from outside (package names, reasons, npm's words): only `bot.messages` knows how to show them.
"""

from datetime import datetime
from enum import StrEnum

from bot.domain.evidence import Evidence
from bot.domain.lifecycle import Phase, State, WaitFor
from bot.domain.operations import Operation
from bot.domain.publishers import Configuration
from bot.domain.values import Frozen
from bot.domain.windows import Asking, Seen


class Maintainer(Frozen):
    """Somebody whom npm names as a maintainer of a package."""

    npm_user: str
    slack_user: str = ""
    """Empty while no proven link exists."""


class DecisionView(Frozen):
    """A decision that counts or counted."""

    slack_user: str
    npm_user: str = ""
    approved: bool
    reason: str = ""
    at: datetime
    void: bool = False
    """Withdrawn, or made void by a difference."""


class StepView(Frozen):
    """One step as people see it."""

    operation: Operation
    state: State
    phase: Phase = Phase.FIRST
    waits_for: WaitFor = WaitFor.NOTHING
    maybe_acted: bool = False
    cancel_wanted: bool = False
    evidence: Evidence
    """What public data showed when it was staged."""
    configuration_read_at: datetime | None = None
    """When the configurations were last read through an account; None: not read."""
    last_read: tuple[Configuration, ...] | None = None
    """What stood then, with what was changed here since; while it is reviewed. As with `existing`."""
    maintainers: tuple[Maintainer, ...]
    reviewers: tuple[str, ...]
    """Slack ids of who may approve now, never the requester."""
    owners_are_collaborators: bool = False
    """`maintainers` are who may write, teams counted; else those of the public data."""
    reviewers_gone: tuple[str, ...] = ()
    """Slack ids of who would review and is no active full member any more."""
    reviewers_are_admins: bool = False
    """The only maintainer is the requester: the admins review."""
    approvals_missing: int
    decisions: tuple[DecisionView, ...] = ()
    executor: str = ""
    """Slack id of whose npm account is used."""
    executor_npm_user: str = ""
    executor_away: bool = False
    """The link was not used in time; nothing is minted until "I'm ready"."""
    repository_inferred: bool = False
    warnings: tuple[str, ...] = ()
    """Sentences from staging, for example that the package names another repository."""
    unchecked: str = ""
    """Why its workflow could not be looked at, a sentence: no warning, and told quietly."""
    difference: str = ""
    """Why it went back to review."""
    approved_before: Configuration | None = None
    """What it was to take away when it was approved, and npm shows something else since. As with `existing`."""
    needs_look: bool = False
    """The configuration behind an id or a selector has not been read: nobody can approve yet."""
    npm_message: str = ""
    """npm's own words of the last refusal."""
    trouble: str = ""
    """Why it waits although nobody must do anything: `npm could not be reached`."""
    trouble_since: datetime | None = None
    next_try_at: datetime | None = None
    configuration_id: str = ""
    """npm's id of what was created."""
    configuration_permissions: tuple[str, ...] = ()
    existing: tuple[Configuration, ...] = ()
    """Of a conflict, or of a selector: what stands there. Only for people who may see configurations."""
    position: int = 0
    """Among the steps of its change set; with the offer it is the value of buttons for this step alone."""
    by_hand: str = ""
    """Slack id of whose its last call was to make, in their own terminal; empty where it was made here."""
    held: bool = False
    """Nothing is sent, though it is approved, before somebody presses [Run now]."""
    finished_at: datetime | None = None
    publish_before: datetime | None = None
    """When npm drops a configuration through which nothing was published."""
    package_url: str = ""
    """The package's page on npm's website."""


class ChangeSetView(Frozen):
    """A change set as its message shows it."""

    number: int
    requester: str
    reason: str
    created_at: datetime
    deadline: datetime
    offer: str
    """The opaque value of its buttons: stands for exactly this content."""
    steps: tuple[StepView, ...]
    permissions_stated: bool = True
    paused: bool = False
    stopped: str = ""
    """Markup: who stopped everything, and why; empty: nothing is frozen."""
    cancelled_by: str = ""
    disowned_by: str = ""
    """Who said of a link of npm's for it that it was not theirs."""
    """Slack id of who cancelled it."""
    channel: str


class HandoffState(StrEnum):
    """How a link of npm's ended, or that it has not."""

    OPEN = "open"
    DONE = "done"
    LATER = "later"
    EXPIRED = "expired"
    NOT_ME = "not_me"
    SCRIPT = "script"
    """The calls became lines for the person's own terminal."""
    RENEWED = "renewed"
    """"I'm ready" was pressed: a new link follows."""
    LOST = "lost"
    """The one-time password went unused: the step was stopped, or the process died."""


class HandoffView(Frozen):
    """A DM with a link of npm's."""

    id: str
    """The opaque value of its buttons."""
    login: bool
    """A login; else a confirmation with the second factor."""
    state: HandoffState
    url: str = ""
    """npm's own link; empty unless open."""
    host: str
    expires_at: datetime
    npm_user: str = ""
    """As whom; empty for a first login."""
    what: str
    """What it is for, plain: `acme/ui → release.yml may publish @acme/ui`, `read the configurations of @acme/ui`."""
    change_set: int | None = None
    requester: str = ""
    decided_at: datetime | None = None
    calls: int = 1
    """How many calls wait for this person: with several, ticking npm's five-minute box helps."""
    left: int = 0
    """How many of them belong to this change set."""
    done: int = 0
    """How many steps of this change set have ended with this person's account."""
    confirmations: int = 1
    """About how often they will have to confirm for all of the calls, where npm's box spares them the others."""
    asking: Asking = Asking.UNKNOWN
    """Whether npm asks this session for each such call, as far as that was seen."""
    scriptable: int = 0
    """How many of the calls are offered as lines for the person's own terminal."""
    looks: bool = False
    """npm's list is to tell what became of a call that was not answered."""
    outcome: str = ""
    """What came of a login, or why there is no link to send; a sentence."""
    waits: tuple[str, ...] = ()
    """What a login is waited for, plain: `C-1 (acme/ui → release.yml may publish @acme/ui)`."""


class LinkState(StrEnum):
    """Whether an account link may be used."""

    PENDING = "pending"
    LINKED = "linked"
    CLOSED = "closed"


class LinkView(Frozen):
    """Which Slack person is which npm user, and how that is known."""

    id: str
    """The opaque value of its buttons."""
    slack_user: str
    npm_user: str
    state: LinkState
    proof: str = ""
    """`npm's verified e-mail is the one in Slack`, `confirmed by <@U…>` is told by `confirmed_by`."""
    confirmed_by: str = ""
    npm_email: str = ""
    """Shown to admins only."""
    slack_email: str = ""
    slack_name: str = ""
    session_until: datetime | None = None
    windows: tuple[Seen, ...] = ()
    """What npm asked this session for, method by method."""

    @property
    def is_linked(self) -> bool:
        """It is proven, and may be used."""
        return self.state is LinkState.LINKED


class PackageListing(Frozen):
    """What `list` shows of one package."""

    package: str
    evidence: Evidence
    maintainers: tuple[Maintainer, ...] = ()
    configurations: tuple[Configuration, ...] | None = None
    """None when they were not read."""
    read_at: datetime | None = None
    problem: str = ""
    """Why they were not read, or why there is nothing to show."""
    pending: tuple[int, ...] = ()
    """Numbers of the open change sets that touch it."""
