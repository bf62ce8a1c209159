"""What a person can ask for, as a closed set of values. `bot.domain.command_parser` makes them from text."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from bot.domain.mistakes import Mistake
from bot.domain.packages import PackageName
from bot.domain.publishers import Permission, Provider
from bot.domain.values import Frozen


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
    packages: tuple[PackageName, ...]
    fields: dict[str, tuple[str, ...]]
    """By the canonical name of the flag, checked by the provider; `repo` or `project` may be missing: inferred."""
    permissions: tuple[Permission, ...]
    permissions_stated: bool
    """False when no permission flag came: it is publish then, and the request says so."""
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
    packages: tuple[PackageName, ...]
    configuration_id: str = ""
    from_repository: str = ""
    reason: str = ""
    dry_run: bool = False
    as_json: bool = False
    registry: str = ""
    remarks: tuple[str, ...] = ()


class ListTrust(Frozen):
    """`list`: npm's own list of each package; without a package, what the person owns."""

    verb: Literal["list"] = "list"
    packages: tuple[PackageName, ...] = ()
    as_json: bool = False
    registry: str = ""


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


class Help(Frozen):
    """`help [COMMAND]`; the empty line is this as well."""

    verb: Literal["help"] = "help"
    topic: str = ""


Command: TypeAlias = Annotated[
    SetUp | RevokeTrust | ListTrust | OpenForm | LogIn | LogOut | WhoAmI | Status | Pending | Cancel | Help,
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
