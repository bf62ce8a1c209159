"""Views to draw: an ordinary request, changed where a test needs it."""

from datetime import UTC, datetime
from typing import Any

from bot.domain.evidence import Evidence, EvidenceKind
from bot.domain.lifecycle import State, WaitFor
from bot.domain.operations import Create, Operation, Replace, Revoke
from bot.domain.overview import ChangeSetView, DecisionView, Maintainer, StepView
from bot.domain.packages import PackageName
from bot.domain.publishers import Configuration, GitHub, Permission

RITA, OTTO, OLGA = "U0RITA", "U0OTTO", "U0OLGA"
ASKED = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
APPROVED = datetime(2026, 11, 23, 14, 3, tzinfo=UTC)
FINISHED = datetime(2026, 11, 23, 14, 6, tzinfo=UTC)
DEADLINE = datetime(2026, 11, 26, 14, 5, tzinfo=UTC)
ID = "eebc175d-4720-4fc8-a31a-6491ca36fb47"
UI = PackageName("@acme/ui")
BOTH = (Permission.PUBLISH, Permission.STAGE)
RELEASE = GitHub(repository="acme/ui", file="release.yml")
CREATE = Create(package=UI, publisher=RELEASE, permissions=BOTH)
OLD = Configuration(
    id=ID,
    type="github",
    claims={"repository": "acme/old", "workflow_ref": {"file": "ci.yml"}},
    permissions=("createPackage",),
)
REVOKE = Revoke(package=UI, configuration_id=ID, configuration=OLD)
REPLACE = Replace(package=UI, old=OLD, publisher=RELEASE, permissions=BOTH)
APPROVAL = DecisionView(slack_user=OTTO, npm_user="otto-npm", approved=True, at=APPROVED)
NO_EVIDENCE = Evidence(kind=EvidenceKind.NONE)
MAINTAINERS = (
    Maintainer(npm_user="otto-npm", slack_user=OTTO),
    Maintainer(npm_user="olga-npm", slack_user=OLGA),
    Maintainer(npm_user="ana-npm"),
)


def a_step(operation: Operation = CREATE, **changes: object) -> StepView:
    """Make a step in review."""
    ordinary: dict[str, Any] = {
        "state": State.IN_REVIEW,
        "evidence": NO_EVIDENCE,
        "maintainers": MAINTAINERS,
        "reviewers": (OTTO, OLGA),
        "approvals_missing": 1,
    }
    return StepView(operation=operation, **(ordinary | changes))


def an_approved_step(state: State, operation: Operation = CREATE, **changes: object) -> StepView:
    """Make a step that Otto approved and runs."""
    ran = {"executor": OTTO, "executor_npm_user": "otto-npm", "decisions": (APPROVAL,), "approvals_missing": 0}
    return a_step(operation, state=state, **(ran | changes))


def an_ended_step(state: State, operation: Operation = CREATE, **changes: object) -> StepView:
    """Make a step that has ended."""
    ended = {"finished_at": FINISHED, "package_url": "https://www.npmjs.com/package/@acme/ui"}
    return an_approved_step(state, operation, **(ended | changes))


def a_waiting_step(waits_for: WaitFor, **changes: object) -> StepView:
    """Make a step that waits for a person."""
    return an_approved_step(State.WAITING, CREATE, waits_for=waits_for, **changes)


def a_view(*steps: StepView, **changes: object) -> ChangeSetView:
    """Make the change set C-42."""
    ordinary: dict[str, Any] = {
        "number": 42,
        "requester": RITA,
        "reason": "drop tokens",
        "created_at": ASKED,
        "deadline": DEADLINE,
        "offer": "offer-1",
        "channel": "C0GENERAL",
    }
    return ChangeSetView(steps=steps or (a_step(),), **(ordinary | changes))
