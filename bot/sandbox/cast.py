"""The people, channels and packages of the sandbox. Nobody in here exists."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Character:
    """Somebody in the local Slack, with an npm account or without one."""

    slack_id: str
    name: str
    """Slack's handle."""
    real_name: str
    title: str
    email: str
    npm_user: str = ""
    npm_email: str = ""
    """npm's verified e-mail; the same as Slack's where the link is to be proven by it."""


REQUESTER = Character("U0RITA", "rita", "Rita", "requester", "rita@acme.example", "rita-npm", "rita@acme.example")
OWNER = Character(
    "U0OTTO", "otto", "Otto", "owner of @acme/ui, admin", "otto@acme.example", "otto-npm", "otto@acme.example"
)
SECOND_OWNER = Character(
    "U0OLGA", "olga", "Olga", "owner of @acme/ui, admin", "olga@acme.example", "olga-npm", "olga@elsewhere.example"
)
STRANGER = Character("U0SAM", "sam", "Sam", "stranger", "sam@acme.example", "sam-npm", "sam@acme.example")
PEOPLE = (REQUESTER, OWNER, SECOND_OWNER, STRANGER)
ADMINS = (OWNER, SECOND_OWNER)

TEAM_ID = "T0ACME"
BOT_USER_ID = "U0NPMTRUST"
BOT_ID = "B0NPMTRUST"
GENERAL = ("C0GENERAL", "general")
RELEASES = ("C0RELEASES", "releases")
"""The bot is a member of both; #random is a channel that it was not invited to."""
RANDOM = ("C0RANDOM", "random")


@dataclass(frozen=True, slots=True)
class SeedPackage:
    """A package of the simulated registry."""

    name: str
    maintainers: tuple[str, ...]
    repository: str = ""
    evidence: str = "none"
    """none, trusted, downgraded, provenance only or unpublished."""
    private: bool = False
    deprecated: bool = False


PACKAGES = (
    SeedPackage("@acme/ui", ("otto-npm", "olga-npm", "ana-npm"), "acme/ui"),
    SeedPackage("@acme/core", ("otto-npm",), "acme/core", evidence="trusted"),
    SeedPackage("@acme/tokens", ("otto-npm", "olga-npm"), "acme/design", evidence="downgraded"),
    SeedPackage("@acme/icons", ("olga-npm",), "acme/design", evidence="provenance only"),
    SeedPackage("@acme/Legacy", ("otto-npm", "olga-npm"), "acme/legacy", deprecated=True),
    SeedPackage("@acme/secret", ("otto-npm",), "acme/secret", private=True),
    SeedPackage("rita-tools", ("rita-npm",), "rita/tools"),
    SeedPackage("left-behind", ("nobody-npm",), ""),
)
