"""What people may ask for in a random world, and what may fail there: as strategies of Hypothesis."""

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from bot.sandbox.cast import OWNER, SECOND_OWNER, Character
from bot.sandbox.registry_catalogue import TrustRecord
from bot.sandbox.registry_switches import Fault, When
from bot.sandbox.registry_wire import Answer

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

SURE = frozenset({400, 401, 403, 404, 409, 422, 429})
"""The statuses that say for certain that npm did nothing."""
STATUSES = range(400, 600)
CALLS = (
    *[("POST", "/trust"), ("DELETE", "/trust"), ("GET", "/trust")] * 2,
    ("POST", "/-/v1/login"),
    ("GET", "/-/v1/done"),
    ("GET", "/-/whoami"),
    ("GET", "/-/npm/v1/user"),
    ("GET", "/one"),
)
"""By method, and by what the path holds."""
BODIES = ({"message": "*no* <!here>"}, "<html>no</html>", b"", b"[{", ["no"], 42)

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


def any_failure(status: int, call: tuple[str, str], body: object, *, acts: bool) -> "Failure":
    """Make an answer with any status; where npm may act in spite of it, it does if it is told to."""
    method, path = call
    is_lost = acts and path == "/trust" and method != "GET" and status not in SURE
    when = When.AFTER_ACTING if is_lost else When.BEFORE_ACTING
    return Failure(method, Answer(status, body, note="made to fail"), when, path)


@dataclass(frozen=True)
class Failure:
    """What goes wrong with the next such call."""

    method: str
    fault: Fault | Answer
    when: When = When.BEFORE_ACTING
    path: str = "/trust"


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
    st.builds(
        any_failure, st.sampled_from(STATUSES), st.sampled_from(CALLS), st.sampled_from(BODIES), acts=st.booleans()
    ),
)
SPANS = st.sampled_from(({"seconds": 15}, {"minutes": 3}, {"minutes": 3}, {"minutes": 12}, {"hours": 3}, {"days": 1}))
