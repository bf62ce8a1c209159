"""What a person can ask for, as a closed set of values. `bot.domain.command_parser` makes them from text."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from bot.domain.mistakes import Mistake
from bot.domain.packages import PackageName
from bot.domain.patterns import Selection
from bot.domain.publishers import Permission, Provider
from bot.domain.values import Frozen

MONDAY_MORNING = "0 9 * * 1"
"""The schedule of a watch that states none."""


class FormDraft(Frozen):
    """What a form of a provider shows when it opens."""

    provider: Provider
    package: str = ""
    """Names as they were written, separated by spaces."""
    fields: dict[str, str] = Field(default_factory=dict)
    """By the name of the flag (`repo`, `file`, `environment`, `project`, `org-id` …); several values one a line."""
    permissions: tuple[Permission, ...] = ()
    reason: str = ""


class SetUp(Frozen):
    """`github`, `gitlab` or `circleci`: add one configuration to each package."""

    verb: Literal["set_up"] = "set_up"
    provider: Provider
    packages: tuple[PackageName, ...] = ()
    """Those that are named, without what is left out again."""
    selection: Selection | None = None
    """Set when there is a pattern: all that was written, the names as well."""
    fields: dict[str, tuple[str, ...]]
    """By the canonical name of the flag, checked by the provider; `repo` or `project` may be missing: inferred.

    They may hold templates: see bot.domain.templates."""
    permissions: tuple[Permission, ...]
    permissions_stated: bool
    """False when no permission flag came: it is publish then, and the request says so."""
    hold: bool = False
    """Approvals are collected now, and nothing runs before somebody presses [Run now]."""
    reason: str = ""
    dry_run: bool = False
    as_json: bool = False
    registry: str = ""
    """What `--registry` said; only the configured one may be used, and only the caller knows it."""
    remarks: tuple[str, ...] = ()
    """Sentences for the requester: `-y` was accepted, approval still stands; …"""


class RevokeTrust(Frozen):
    """`revoke`: remove one configuration of each package. Exactly one of the two selectors is given."""

    verb: Literal["revoke"] = "revoke"
    packages: tuple[PackageName, ...] = ()
    selection: Selection | None = None
    """As in `SetUp`."""
    configuration_id: str = ""
    from_repository: str = ""
    reason: str = ""
    dry_run: bool = False
    as_json: bool = False
    registry: str = ""
    remarks: tuple[str, ...] = ()


class ReplaceTrust(Frozen):
    """`replace`: put a new configuration in the place of one. Exactly one of the two selectors is given."""

    verb: Literal["replace"] = "replace"
    packages: tuple[PackageName, ...] = ()
    selection: Selection | None = None
    """As in `SetUp`."""
    configuration_id: str = ""
    from_repository: str = ""
    provider: Provider
    """Of the new one; so for the next three, as in `SetUp`."""
    fields: dict[str, tuple[str, ...]]
    permissions: tuple[Permission, ...]
    permissions_stated: bool
    reason: str = ""
    dry_run: bool = False
    as_json: bool = False
    registry: str = ""
    remarks: tuple[str, ...] = ()


Change: TypeAlias = SetUp | RevokeTrust | ReplaceTrust
"""The commands that ask for a change at npm, and become change sets."""


class ListTrust(Frozen):
    """`list`: npm's own list of each package; without a package, what the person owns."""

    verb: Literal["list"] = "list"
    packages: tuple[PackageName, ...] = ()
    selection: Selection | None = None
    """As in `SetUp`: set when there is a pattern."""
    as_json: bool = False
    registry: str = ""


class Bulk(Frozen):
    """`bulk`: the form for many packages: a file, pasted names or lines, or a scope."""

    verb: Literal["bulk"] = "bulk"


class OpenForm(Frozen):
    """A provider without arguments: its form, empty."""

    verb: Literal["form"] = "form"
    draft: FormDraft


class LogIn(Frozen):
    """`login`: link the person's npm account, or renew its session."""

    verb: Literal["login"] = "login"


class LogOut(Frozen):
    """`logout`: end the session, here and at npm, and close the link."""

    verb: Literal["logout"] = "logout"


class WhoAmI(Frozen):
    """`whoami`: the link and the session of the person."""

    verb: Literal["whoami"] = "whoami"


class Status(Frozen):
    """`status`: one change set, or those of the person when no number is given."""

    verb: Literal["status"] = "status"
    number: int | None = None


class Pending(Frozen):
    """`pending`: what waits, and for whom."""

    verb: Literal["pending"] = "pending"


class Cancel(Frozen):
    """`cancel C-42`."""

    verb: Literal["cancel"] = "cancel"
    number: int


class Pause(Frozen):
    """`pause C-42`: nothing of it is begun any more until it is resumed."""

    verb: Literal["pause"] = "pause"
    number: int


class Resume(Frozen):
    """`resume C-42`."""

    verb: Literal["resume"] = "resume"
    number: int


class Retry(Frozen):
    """`retry C-42`: ask for what has failed in it once more."""

    verb: Literal["retry"] = "retry"
    number: int


class Freeze(Frozen):
    """`freeze`: for admins: nothing goes to npm any more."""

    verb: Literal["freeze"] = "freeze"
    reason: str = ""


class Unfreeze(Frozen):
    """`unfreeze`."""

    verb: Literal["unfreeze"] = "unfreeze"


class CheckPackage(Frozen):
    """`check PACKAGE`: whether publishing from its repository's workflow can work."""

    verb: Literal["check"] = "check"
    package: PackageName


class ShowPolicy(Frozen):
    """`policy PACKAGE`: which rule is in force for it."""

    verb: Literal["policy"] = "policy"
    package: PackageName


class ShowAudit(Frozen):
    """`audit`: what is on record, newest first, of a package, of a request, of a person, or of all."""

    verb: Literal["audit"] = "audit"
    about: str = ""
    """A package's name, `C-42`, or a Slack person as `<@U012>`; empty: all that the asker may see."""
    as_csv: bool = False
    since: str = ""
    """`2026-11-23`, or with a time; empty: from the beginning."""
    until: str = ""
    """As above; a day is included. Empty: until now."""

    @property
    def number(self) -> int | None:
        """The request that it is about."""
        return int(self.about.removeprefix("C-")) if self.about.startswith("C-") else None

    @property
    def person(self) -> str:
        """The Slack id of the person whom it is about; empty when it is about something else."""
        return self.about[2:-1] if self.about.startswith("<@") else ""

    @property
    def package(self) -> str:
        """The package that it is about; empty when it is about something else."""
        return "" if self.person or self.number is not None else self.about


class Coverage(Frozen):
    """`coverage`: which packages publish through a trusted publisher, counted."""

    verb: Literal["coverage"] = "coverage"
    selection: Selection | None = None
    """None: all that is known."""
    refresh: bool = False
    """Read again what was read a short while ago."""


class Watch(Frozen):
    """`watch`: a digest by schedule."""

    verb: Literal["watch"] = "watch"
    selection: Selection
    cron: str = MONDAY_MORNING
    """Five fields with one space between them; not yet looked at by who knows schedules."""
    timezone: str = ""
    """As it was written, such as `Europe/Paris`; empty: that of the person."""
    channel: str = ""
    """A channel's id, or its name after `#`; empty: the channel of the command."""


class Unwatch(Frozen):
    """`unwatch`: no more digests of these."""

    verb: Literal["unwatch"] = "unwatch"
    selection: Selection


class ListWatches(Frozen):
    """`watch` alone: what is watched, where and when."""

    verb: Literal["list_watches"] = "list_watches"


class ShowDigest(Frozen):
    """`digest`: what the next digest would say."""

    verb: Literal["digest"] = "digest"
    selection: Selection | None = None
    """None: each that is watched here."""


class Doctor(Frozen):
    """`doctor`: whether all is in order here."""

    verb: Literal["doctor"] = "doctor"


class Help(Frozen):
    """`help [COMMAND]`; the empty line is this as well."""

    verb: Literal["help"] = "help"
    topic: str = ""


Command: TypeAlias = Annotated[
    SetUp
    | RevokeTrust
    | ReplaceTrust
    | ListTrust
    | OpenForm
    | Coverage
    | Watch
    | Unwatch
    | ListWatches
    | ShowDigest
    | LogIn
    | LogOut
    | WhoAmI
    | Status
    | Pending
    | Cancel
    | Pause
    | Resume
    | Retry
    | Freeze
    | Unfreeze
    | Bulk
    | CheckPackage
    | ShowPolicy
    | ShowAudit
    | Doctor
    | Help,
    Field(discriminator="verb"),
]


class Misunderstood(Frozen):
    """A line that is no command, with all that is needed to mend it."""

    verb: Literal["misunderstood"] = "misunderstood"
    mistakes: tuple[Mistake, ...]
    corrected: str = ""
    """The whole line as it could be right, without `/npmtrust`; placeholders in capitals where a value is missing."""
    draft: FormDraft | None = None
    """What [Edit] fills the form with; none where the command has no form."""
