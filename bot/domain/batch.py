"""Many packages in one wish: what is wanted of each, what speaks against it, and what it will take."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, NamedTuple

from pydantic import Field

from bot.domain.commands import Change, ReplaceTrust, RevokeTrust
from bot.domain.digest import CatalogueNote
from bot.domain.evidence import EvidenceKind, PackageFacts
from bot.domain.packages import PackageName
from bot.domain.publishers import Permission, Provider
from bot.domain.values import Frozen

MOST_ITEMS = 10_000
"""As many packages one batch takes; npm's search shows no more for one text."""

MOST_EXAMPLES = 5
"""As many packages are named of those that are alike."""

QUIET = timedelta(days=365)
"""A package without a release for so long is likely not published any more."""

CREATE, REVOKE, REPLACE = "create", "revoke", "replace"


class BatchState(StrEnum):
    """How far a batch has come."""

    LISTING = "listing"
    """It is found out which packages the patterns mean."""
    LOOKING = "looking"
    """The packages are read."""
    READY = "ready"
    """The preview is shown, and it is for its person to say."""
    STAGED = "staged"
    DROPPED = "dropped"
    FAILED = "failed"
    """Nothing can be asked for; the note says why."""


LOOKING_STATES = (BatchState.LISTING, BatchState.LOOKING)


class Status(StrEnum):
    """What becomes of one package of a batch."""

    NEW = "new"
    """Nobody has looked at it."""
    INCLUDED = "included"
    UNTICKED = "unticked"
    """It can be asked for, and is not as long as nobody ticks it."""
    SKIPPED = "skipped"
    """It cannot be asked for, or has no need of it."""
    FAULTY = "faulty"
    """What was written cannot be done for it: the writer can mend that."""


class Why(StrEnum):
    """What speaks against asking for a package. The values are what people read, after how many they are."""

    TRUSTED = "published through a trusted publisher already (public data)"
    SET_UP = "set up here within two days, not used yet"
    RETIRED = "said not to be published any more"
    DEPRECATED = "deprecated"
    QUIET = "without a release for a year"
    PREFLIGHT = "with a workflow that cannot publish"
    PENDING = "asked for already"
    TWICE = "named twice in this batch"
    NO_REVIEWER = "with nobody who could approve"
    NO_MAINTAINERS = "without maintainers at npm"
    NOT_FOUND = "not found at npm"
    NOT_YOURS = "not shown to your account by npm"
    PRIVATE = "private, where everybody reads the channel"
    POLICY = "not allowed by the policy"
    NO_REPOSITORY = "without a repository that fits"
    MISFIT = "for which what is written makes no publisher"
    UNREADABLE = "that could not be read"


class Wanted(Frozen):
    """What is wanted of one package."""

    package: PackageName
    verb: Literal["create", "revoke", "replace"] = "create"
    provider: Provider | None = None
    """Of what is to be trusted; None for a revoke."""
    fields: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """By the canonical name of the flag; they may hold templates. Without the repository it is the package's own."""
    permissions: tuple[Permission, ...] = ()
    """Empty: not stated, so that it is publish, or what the policy says."""
    configuration_id: str = ""
    from_repository: str = ""
    """Of what goes; one of the two is given for a revoke and a replace."""
    row: int = 0
    """Of the file that it came from; 0: of none."""
    hidden: bool = False
    """Nobody named it: it came from the catalogue, where only accounts see it."""


def wanted_of(command: Change, packages: Iterable[PackageName]) -> list[Wanted]:
    """Say of each package what a command wants."""
    if isinstance(command, RevokeTrust):
        shared = Wanted(
            package=PackageName(""),
            verb=REVOKE,
            configuration_id=command.configuration_id,
            from_repository=command.from_repository,
        )
    else:
        shared = Wanted(
            package=PackageName(""),
            provider=command.provider,
            fields=command.fields,
            permissions=command.permissions if command.permissions_stated else (),
        )
    if isinstance(command, ReplaceTrust):
        shared = shared.model_copy(
            update={
                "verb": REPLACE,
                "configuration_id": command.configuration_id,
                "from_repository": command.from_repository,
            }
        )
    return [shared.model_copy(update={"package": package}) for package in packages]


def doubt_of(verb: str, facts: PackageFacts, *, retired: bool, now: datetime) -> Why | None:
    """Tell why a package is better left out as long as nobody says otherwise; None when nothing speaks against it.

    What is to go may go everywhere. A new publisher is of use only where versions are still published.
    """
    if verb != CREATE:
        return None
    if facts.evidence.kind is EvidenceKind.TRUSTED:
        return Why.TRUSTED
    if retired:
        return Why.RETIRED
    if facts.deprecated:
        return Why.DEPRECATED
    is_quiet = facts.last_publish is not None and now - facts.last_publish > QUIET
    return Why.QUIET if is_quiet else None


class Example(NamedTuple):
    """Packages of which the same is to be said."""

    packages: tuple[str, ...]
    """The first of them."""
    detail: str = ""
    """What more there is to say of them."""
    number: int = 1
    """How many they are."""


class Tally(NamedTuple):
    """How many packages of a batch are alike in what becomes of them, and the first few."""

    status: Status
    why: Why | None
    number: int
    examples: tuple[Example, ...] = ()
    """What is said of most of them first."""


class Effort(NamedTuple):
    """What it will take once it is approved."""

    calls: int
    """To npm; reads among them where something is looked at first."""
    seconds: float
    confirmations: int
    each_call: bool = False
    """npm was seen to ask for every call of such a session."""


CALLS = {CREATE: 1, REVOKE: 2, REPLACE: 4}
"""How many calls one package takes: a create goes out blind; others are read first, a replace once more before it."""


class PlacedRequest(NamedTuple):
    """What is asked for in one channel, or will be."""

    channel: str
    packages: int
    number: int = 0
    """Of its change set; 0: not asked for yet."""


@dataclass(frozen=True, slots=True)
class ListedGroup:
    """Packages for which the same is wanted."""

    likeness: str
    label: str
    chosen: int
    size: int


@dataclass(frozen=True, slots=True)
class BatchView:
    """A batch as its message shows it. Texts in here may come from outside."""

    value: str
    """Of its buttons: opaque."""
    state: BatchState
    what: str
    """What is wanted, without the package: `let GitHub Actions publish`."""
    selection: str = ""
    """The patterns; empty: each package was named."""
    takes_all: bool = False
    channel: str = ""
    reason: str = ""
    hold: bool = False
    dry_run: bool = False
    note: str = ""
    """Why it does not go on, or what came of it."""
    total: int = 0
    left: int = 0
    """How many are still to be looked at."""
    unseen: int = 0
    tallies: tuple[Tally, ...] = ()
    groups: tuple[ListedGroup, ...] = ()
    effort: Effort | None = None
    catalogue: CatalogueNote | None = None
    remarks: tuple[str, ...] = ()
    requests: tuple[PlacedRequest, ...] = ()
    """What it became; before that what it will become, where the policy wants it in several channels."""

    def count(self, *statuses: Status) -> int:
        """Count the packages with one of some statuses."""
        return sum(tally.number for tally in self.tallies if tally.status in statuses)
