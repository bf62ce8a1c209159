"""Views to draw: an ordinary request, changed where a test needs it."""

from datetime import UTC, datetime
from typing import Any

from bot.domain.evidence import Evidence, EvidenceKind
from bot.domain.lifecycle import Phase, State, WaitFor
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
REPLACE = Replace(package=UI, configuration_id=ID, old=OLD, publisher=RELEASE, permissions=BOTH)
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


OVERLAPPING = REPLACE.model_copy(
    update={"old": Configuration(id=ID, type="github", claims=RELEASE.to_claims(), permissions=("createPackage",))}
)
OPEN = {
    "ready": an_approved_step(State.READY),
    "npm is down": an_approved_step(State.READY, trouble="npm cannot be reached", next_try_at=FINISHED),
    "calling": an_approved_step(State.CALLING),
    "cancel wanted": an_approved_step(State.CALLING, cancel_wanted=True),
    "unknown": an_approved_step(State.UNKNOWN, maybe_acted=True),
    "confirmation": a_waiting_step(WaitFor.CONFIRMATION),
    "login": a_waiting_step(WaitFor.LOGIN),
    "away": a_waiting_step(WaitFor.CONFIRMATION, executor_away=True),
    "account": a_waiting_step(WaitFor.ACCOUNT, executor="", executor_npm_user=""),
    "second half": an_approved_step(State.HALF_REPLACED, REPLACE, phase=Phase.SECOND),
    "second half, overlapping": an_approved_step(State.HALF_REPLACED, OVERLAPPING, phase=Phase.SECOND),
    "account unknown": an_approved_step(State.CALLING, executor_npm_user="", decisions=()),
    "restoring": an_approved_step(State.HALF_REPLACED, REPLACE, phase=Phase.RESTORE),
}
"""Open steps, by where they are."""
ENDED = {
    State.APPLIED: an_ended_step(
        State.APPLIED,
        configuration_id=ID,
        configuration_permissions=("createPackage", "createStagedPackage"),
        publish_before=FINISHED.replace(day=25),
    ),
    State.ALREADY_IN_PLACE: an_ended_step(State.ALREADY_IN_PLACE, configuration_id=ID),
    State.ALREADY_GONE: an_ended_step(State.ALREADY_GONE, REVOKE),
    State.RESTORED: an_ended_step(
        State.RESTORED,
        REPLACE,
        npm_message="no such workflow",
        publish_before=FINISHED.replace(day=25),
        configuration_id="0d7a3b1e-4a51-4a40-9d6c-5b0f8f1f2a3b",
    ),
    State.CONFLICT: an_ended_step(State.CONFLICT, npm_message="a trusted publisher that overlaps exists"),
    State.REFUSED: an_ended_step(State.REFUSED, npm_message="permissions is required"),
    State.REJECTED: a_step(
        state=State.REJECTED,
        decisions=(DecisionView(slack_user=OLGA, approved=False, reason="wrong file", at=APPROVED),),
        finished_at=APPROVED,
    ),
    State.CANCELLED: a_step(state=State.CANCELLED, finished_at=APPROVED),
    State.EXPIRED: a_step(state=State.EXPIRED, finished_at=FINISHED),
    State.UNRESOLVED: an_ended_step(State.UNRESOLVED, maybe_acted=True),
    State.LEFT_HALF: an_ended_step(State.LEFT_HALF, REPLACE, npm_message="no such workflow", phase=Phase.SECOND),
}
"""Steps that have ended, by their end."""
