"""Policy: who may ask for what, and who decides on it, by package. `policy_file` reads it, `policy_checks` applies it.

Without a policy file npm's maintainers review and one of them suffices (`NO_POLICY`). With one, what no rule allows is
refused: no matching rule, no reviewer, no quorum and no repository mean no.
"""

import hashlib
from collections.abc import Mapping
from datetime import time, timedelta
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from bot.domain.patterns import PackagePattern, Selection
from bot.domain.publishers import Permission, Provider
from bot.domain.values import Frozen

MAINTAINERS = "maintainers"
"""Among reviewers and requesters: the people who are proven to be npm users that own the package."""
EVERYBODY = "*"


class Unstated(StrEnum):
    """What a request means that names no permission."""

    PUBLISH = "publish"
    STAGE = "stage"
    BOTH = "both"
    REFUSE = "refuse"
    """It has to name one."""


PERMISSION_NAMES: Mapping[str, Permission] = {"publish": Permission.PUBLISH, "stage": Permission.STAGE}
"""As a policy writes npm's permissions."""

UNSTATED: Mapping[Unstated, tuple[Permission, ...]] = {
    Unstated.PUBLISH: (Permission.PUBLISH,),
    Unstated.STAGE: (Permission.STAGE,),
    Unstated.BOTH: (Permission.PUBLISH, Permission.STAGE),
    Unstated.REFUSE: (),
}

_USER = r"[UW][A-Z0-9]{2,}"
_GROUP = r"S[A-Z0-9]{2,}"
_CHANNEL = r"[CG][A-Z0-9]{2,}"

_SLACK = f"^{_USER}$"
_REVIEWER = rf"^(!?{_USER}|!?{_GROUP}|{MAINTAINERS})$"
_REQUESTER = rf"^(!?{_USER}|!?{_GROUP}|{MAINTAINERS}|\*)$"
_PLACE = f"^({_USER}|{_GROUP}|{_CHANNEL})$"
_GLOB = r"^!?[^\s!]+$"
_CHANNEL_OR_NONE = f"^({_CHANNEL})?$"

EXPECTED: Mapping[str, str] = {
    _SLACK: "the Slack id of a person such as U0123ABCD",
    _REVIEWER: "`maintainers`, a Slack id such as U0123ABCD, or a user group such as S0123ABCD",
    _REQUESTER: "`*`, `maintainers`, a Slack id such as U0123ABCD, or a user group such as S0123ABCD",
    _PLACE: "the Slack id of a person (U…), a user group (S…) or a channel (C…)",
    _GLOB: "a name or a pattern with `*`, and nothing blank in it",
    _CHANNEL_OR_NONE: "the id of a channel such as C0123ABCD",
}
"""What to write, by the form that it has to have."""

Slack = Annotated[str, Field(pattern=_SLACK)]
Reviewer = Annotated[str, Field(pattern=_REVIEWER)]
Requester = Annotated[str, Field(pattern=_REQUESTER)]
Place = Annotated[str, Field(pattern=_PLACE)]
Glob = Annotated[str, Field(pattern=_GLOB, max_length=300)]
Hours = Annotated[float, Field(gt=0, le=24 * 60)]
PermissionName = Literal["publish", "stage"]


class Terms(Frozen):
    """What holds for some packages. In each list an entry with `!` beats every entry without, wherever it stands."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    deny: str = ""
    """Why nothing may be asked for these packages. A rule that denies beats every other, wherever it stands."""
    reviewers: tuple[Reviewer, ...] = ()
    """Who may approve: `maintainers` (at npm, linked), Slack people (`U…`) and user groups (`S…`). None: refused."""
    quorum: int = Field(0, ge=0, le=20)
    """How many distinct people must approve. 0: refused."""
    requesters: tuple[Requester, ...] = (EVERYBODY,)
    """Who may ask: `*` (every full member), `maintainers`, people and user groups. None: nobody."""
    self_approval: bool = False
    """Whether a reviewer may approve their own request."""
    repositories: tuple[Glob, ...] = ()
    """Which may publish: `acme/*` is at GitHub, `gitlab.com/acme/**` names its host; `*` stands for anything but `/`,
    `**` for anything. None: refused."""
    providers: tuple[Provider, ...] = tuple(Provider)
    """Whose CI may publish."""
    workflow_files: tuple[Glob, ...] = (EVERYBODY,)
    """File names of workflows, such as `release.yml`; of CircleCI the id of the pipeline definition."""
    environment_required: bool = False
    """Whether a publisher must name an environment. CircleCI has none, so it is refused then."""
    environments: tuple[Glob, ...] = (EVERYBODY,)
    """Which environments it may name."""
    permissions: tuple[PermissionName, ...] = ("publish", "stage")
    """What a publisher may be allowed."""
    unstated_permission: Unstated = Unstated.PUBLISH
    """What a request means that names none: `publish` (npm's own), `stage`, `both`, or `refuse`: it has to name one."""
    channel: str = Field("", pattern=_CHANNEL_OR_NONE)
    """Where requests go; empty: `NPMTRUST_CHANNEL`, else the channel of the command."""
    expires_after_hours: Hours = 72
    """How long a request waits for its approval and its confirmation."""
    remind_after_hours: tuple[Hours, ...] = Field((4, 24, 48), max_length=10)
    """When who has not decided is reminded: by DM, then in the channel, at last the escalation. None: never."""
    escalate_to: tuple[Place, ...] = Field((), max_length=10)
    """Who is told at the last reminder: people, user groups or channels."""
    share_window: bool = True
    """Whether a change set may use the minutes in which npm does not ask somebody again because of another one."""
    revoke_alone: bool = False
    """Whether one linked maintainer may approve a revoke alone, also their own; admins and `escalate_to` are told."""
    renew: bool = False
    """Whether the executor alone may set up anew, for 30 days, what npm dropped since nothing was published with it."""


class Rule(Terms):
    """One `[[rule]]` of the file."""

    packages: tuple[str, ...] = Field(min_length=1, max_length=20)
    """Names and patterns: `@acme/*`, `!@acme/old-*`. The last rule that matches a package decides, and it alone."""


class PackagePolicy(Terms):
    """The rule in force for one package."""

    line: int = 0
    """Where it stands in the file; 0 where no rule is about the package, and without a file."""
    packages: tuple[str, ...] = ()
    """Its patterns."""
    is_missing: bool = False
    """There is a policy file, and no rule of it is about the package."""

    @cached_property
    def fingerprint(self) -> str:
        """Hash what a decision rests on, as 16 hexadecimal digits: a decision made under another does not count."""
        content = self.model_dump_json(include=set(DECISIVE))
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    @property
    def life(self) -> timedelta:
        """How long a request waits."""
        return timedelta(hours=self.expires_after_hours)

    @property
    def groups(self) -> frozenset[str]:
        """The user groups of Slack that decisions rest on."""
        return frozenset(name for entry in (*self.reviewers, *self.requesters) if (name := bare(entry))[0] == "S")

    @property
    def named_groups(self) -> frozenset[str]:
        """These, and those that are only told of something."""
        return self.groups | {place for place in self.escalate_to if place.startswith("S")}


DECISIVE = frozenset(
    {
        "deny",
        "is_missing",
        "reviewers",
        "quorum",
        "self_approval",
        "repositories",
        "providers",
        "workflow_files",
        "environment_required",
        "environments",
        "permissions",
        "revoke_alone",
    }
)
"""What a decision rests on. Channels, reminders, expiry and who may ask do not make a decision another."""

NO_POLICY = PackagePolicy(reviewers=(MAINTAINERS,), quorum=1, repositories=(EVERYBODY,))
"""Where no policy file is set."""


class Limits(Frozen):
    """What one requester may have; nothing: no limit."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    open_change_sets: int | None = Field(None, ge=1)
    """How many of their change sets may be open at once."""
    packages_a_day: int | None = Field(None, ge=1)
    """For how many packages they may ask within 24 hours."""


class WorkingHours(Frozen):
    """When people are reminded, in the time zone that Slack knows of them."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    begin: time = time(9)
    """`"09:00"`"""
    end: time = time(17)
    """`"17:00"`"""
    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = ("mon", "tue", "wed", "thu", "fri")
    """Working days; none: every day."""

    @model_validator(mode="after")
    def _in_order(self) -> "WorkingHours":
        if self.begin >= self.end:
            raise ValueError("they end before they begin")
        return self


class Policy(Frozen):
    """All rules, and who is who. Without `file` nothing is set, and `NO_POLICY` holds for each package."""

    file: str = ""
    """Its name, for people."""
    rules: tuple[PackagePolicy, ...] = ()
    """In the order of the file."""
    people: Mapping[str, str] = {}
    """npm user by Slack id: proof of an account link."""
    admins: frozenset[str] = frozenset()
    """Slack ids, beside NPMTRUST_ADMINS."""
    limits: Limits = Limits()
    working_hours: WorkingHours = WorkingHours()

    def policy_of(self, package: str) -> PackagePolicy:
        """Find the rule in force: one that denies, else the last that matches, else one that allows nothing."""
        if not self.file:
            return NO_POLICY
        found = [rule for rule in self.rules if selection_of(rule.packages).matches(package)]
        denying = [rule for rule in found if rule.deny]
        return (denying or found or [_NO_RULE])[-1]

    def is_person(self, slack_user: str, npm_user: str) -> bool:
        """Tell whether the policy says that these two are the same."""
        return self.people.get(slack_user) == npm_user


NO_FILE = Policy()
_NO_RULE = PackagePolicy(is_missing=True)


def bare(entry: str) -> str:
    """Take the `!` off an entry of a list."""
    return entry.removeprefix("!")


@lru_cache(maxsize=256)
def selection_of(texts: tuple[str, ...]) -> Selection:
    """Make the selection of patterns that were checked when the file was read."""
    return Selection(patterns=tuple(PackagePattern(text=bare(text), negated=text.startswith("!")) for text in texts))
