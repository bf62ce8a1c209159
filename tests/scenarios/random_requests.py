"""What people may ask for in a random world, and what may fail there: as strategies of Hypothesis."""

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from bot.sandbox.cast import OWNER, SECOND_OWNER, Character
from bot.sandbox.registry_catalogue import TrustRecord
from bot.sandbox.registry_switches import Fault, When

PACKAGES = ("one", "two", "three")
OWNERS = (OWNER, SECOND_OWNER)

# What may come instead of an answer. None of it lies: what says that npm did nothing comes when it did nothing, and an
# answer that says that it acted comes when it did.
BEFORE = (
    Fault.DEAD_SESSION,
    Fault.FORBIDDEN,
    Fault.NOT_FOUND,
    Fault.TOO_MANY,
    Fault.SERVER_ERROR,
    Fault.UNAVAILABLE,
    Fault.HTML,
    Fault.HALF_BODY,
    Fault.CUT,
)
BEFORE_A_WRITE = (*BEFORE, Fault.BAD_REQUEST, Fault.BAD_REQUEST, Fault.CONFLICT)
AFTER = (Fault.SERVER_ERROR, Fault.BAD_GATEWAY, Fault.REDIRECT, Fault.HTML, Fault.HALF_BODY, Fault.CUT)

OLD_CLAIMS = {"repository": "acme/old", "workflow_ref": {"file": "release.yml"}}


@dataclass(frozen=True)
class Wanted:
    """A configuration that somebody wants; there are few, so that they meet each other."""

    repository: str
    environment: str
    permissions: tuple[str, ...]

    @property
    def claims(self) -> dict[str, Any]:
        place = {"environment": self.environment} if self.environment else {}
        return {"repository": self.repository, "workflow_ref": {"file": "release.yml"}} | place

    @property
    def flags(self) -> str:
        environment = f" --env {self.environment}" if self.environment else ""
        allow = {"createPackage": " --allow-publish", "createStagedPackage": " --allow-stage-publish"}
        allowed = "".join(allow[permission] for permission in self.permissions)
        return f"--repo {self.repository} --file release.yml{environment}{allowed}"


@dataclass(frozen=True)
class Request:
    """What somebody asks for, and who looks at it."""

    verb: str
    packages: tuple[str, ...]
    which: int
    """Of the configurations that the first package ever had, from the newest."""
    wanted: Wanted
    by: Character
    approver: Character

    def line(self, chosen: TrustRecord) -> str:
        names = " ".join(self.packages)
        match self.verb:
            case "create":
                return f"github {names} {self.wanted.flags}"
            case "revoke":
                return f"revoke {self.packages[0]} --id {chosen.id}"
            case "replace":
                return f"replace {self.packages[0]} --id {chosen.id} with github {self.wanted.flags}"
            case _:
                return f"replace {names} --from-repo acme/old with github {self.wanted.flags}"


@dataclass(frozen=True)
class Failure:
    """What goes wrong with the next such call."""

    method: str
    fault: Fault
    when: When = When.BEFORE_ACTING


PEOPLE = st.sampled_from(OWNERS)
NUMBERS = st.integers(0, 9)
WANTED = st.builds(
    Wanted,
    st.sampled_from(("acme/new", "acme/old")),
    st.sampled_from(("", "npm")),
    st.sampled_from((("createPackage",), ("createStagedPackage",))),
)
REQUESTS = st.builds(
    Request,
    verb=st.sampled_from(("create", "create", "revoke", "replace", "replace by repository")),
    packages=st.sampled_from((PACKAGES[:1], PACKAGES, PACKAGES, PACKAGES[1:2])),
    which=NUMBERS,
    wanted=WANTED,
    by=PEOPLE,
    approver=PEOPLE,
)
WRITES = st.sampled_from(("POST", "DELETE"))
FAILURES = st.one_of(
    st.builds(Failure, WRITES, st.sampled_from(AFTER), st.just(When.AFTER_ACTING)),
    st.builds(Failure, WRITES, st.sampled_from(BEFORE_A_WRITE)),
    st.builds(Failure, st.just("GET"), st.sampled_from(BEFORE)),
)
SPANS = st.sampled_from(({"seconds": 15}, {"minutes": 3}, {"minutes": 3}, {"minutes": 12}, {"hours": 3}, {"days": 1}))
