"""One step as people read it: a headline, and the lines beneath it."""

from typing import assert_never

from bot.domain.lifecycle import Phase, Plan, State, WaitFor
from bot.domain.operations import Create, Replace, Revoke, plan_of
from bot.domain.overview import ChangeSetView, DecisionView, StepView
from bot.domain.publishers import Permission
from bot.messages._text import ago, bold, mention, mentions, names, safe, when
from bot.messages._words import COMMAND, evidence_words, narrowing_words, needed_words, permission_words, request_words


def headline(view: ChangeSetView, step: StepView) -> str:
    """Say who asks for what; of several steps the change set's own headline says who."""
    asked = safe(request_words(step.operation), 1300)
    return bold(f"{mention(view.requester)} asks: {asked}" if len(view.steps) == 1 else asked)


def wanted_lines(view: ChangeSetView, step: StepView) -> list[str]:
    """Say what is wanted and what is known now."""
    return [
        *_terms_lines(view, step),
        _now_line(step),
        *(f"⚠️ {safe(warning, 500)}" for warning in step.warnings),
        safe(step.unchecked, 300),
        _difference_line(step),
    ]


def _difference_line(step: StepView) -> str:
    if not step.difference:
        return ""
    what = "⚠️" if step.needs_look else "🔁 Back in review, earlier approvals no longer count:"
    return f"{what} {safe(step.difference, 500)}"


def approvals_of(step: StepView) -> list[DecisionView]:
    """Pick the approvals that count."""
    return [decision for decision in step.decisions if decision.approved and not decision.void]


def others_of(step: StepView) -> list[str]:
    """Pick the reviewers besides whose account is used: any of them can take over."""
    return [person for person in step.reviewers if person != step.executor]


def unlinked_of(step: StepView) -> list[str]:
    """Pick the npm users among the maintainers whom nobody in this Slack has proven to be."""
    return [maintainer.npm_user for maintainer in step.maintainers if not maintainer.slack_user]


def _terms_lines(view: ChangeSetView, step: StepView) -> list[str]:
    match step.operation:
        case (
            Create(publisher=publisher, permissions=permissions) | Replace(publisher=publisher, permissions=permissions)
        ):
            may = may_words(permissions, stated=view.permissions_stated)
            lines = [f"May: {may} · {safe(narrowing_words(publisher), 1000)}"]
        case Revoke():
            return ["Nothing can publish through it afterwards. It cannot be undone, only set up anew."]
        case _:
            assert_never(step.operation)
    if step.repository_inferred:
        lines.append(f"Repository: {safe(publisher.source, 300)}, inferred from the package's own data")
    if isinstance(step.operation, Replace):
        lines.append(_order_line(step.operation))
    return lines


def may_words(permissions: tuple[Permission, ...], *, stated: bool) -> str:
    """Say what a configuration may do, as markup. npm lets every configuration stage."""
    if Permission.PUBLISH not in permissions:
        return f"{permission_words(permissions)} only: a maintainer releases each version at npm"
    assumed = "" if stated else " (assumed: none was named)"
    return f"{bold('publish directly')}, stage{assumed}"


def _order_line(operation: Replace) -> str:
    if operation.old is None:
        return "Order: told here once the old one was read."
    if plan_of(operation) is Plan.CREATE_THEN_REVOKE:
        return "Order: the new one is made first, then the old one is revoked."
    return "Order: the two overlap, so the old one is revoked first; until the new one is made, neither can publish."


def _now_line(step: StepView) -> str:
    read = (
        f"npm's own list read {ago(step.configuration_read_at)}"
        if step.configuration_read_at
        else "npm's own list not read"
    )
    return f"Now: {safe(evidence_words(step.evidence), 400)} (public data) · {read}"


def progress_lines(step: StepView) -> list[str]:
    """Say where an open step is, what comes next and who must do it."""
    lines = [_state_line(step)]
    if step.cancel_wanted:
        lines.append("⏹ Somebody cancelled: it stops if npm has not acted.")
    if step.npm_message:
        lines.append(f"⚠️ npm's answer: {safe(step.npm_message, 400)}")
    if step.trouble:
        since = f", since {when(step.trouble_since)}" if step.trouble_since else ""
        again = f"; I try again {when(step.next_try_at)}" if step.next_try_at else "; I try again soon"
        rest = "" if step.state is State.WAITING or _come_words(step) else " Nobody has to do anything."
        lines.append(f"⏳ {safe(step.trouble, 400)}{since}{again}.{rest}")
    return lines


def _state_line(step: StepView) -> str:
    match step.state:
        case State.IN_REVIEW:
            return _review_line(step)
        case State.READY:
            return f"{_approved_by(step)}. {_ready_words(step)}"
        case State.CALLING:
            return f"⏳ Asking npm now{_account_words(step)}."
        case State.UNKNOWN if step.by_hand:
            return f"⏳ {mention(step.by_hand)} had this call for their own terminal: I look what came of it."
        case State.UNKNOWN:
            return f"⏳ npm did not say whether it acted. I look before I say or send anything.{_come_words(step)}"
        case State.HALF_REPLACED:
            return f"⏳ {_half_words(step)}{_come_words(step)}"
        case State.WAITING:
            return _waiting_line(step)
        case _:
            return ""


def _review_line(step: StepView) -> str:
    parts = [_needs_words(step)]
    approved = approvals_of(step)
    if approved:
        parts.insert(0, _approved_by(step))
    if unlinked_of(step):
        parts.append(f"not linked: {names(unlinked_of(step))}")
    if step.owners_are_collaborators:
        parts.append("owners: npm's access list, teams counted")
    if step.reviewers_gone:
        parts.append(f"no active members any more: {mentions(step.reviewers_gone)}")
    return " · ".join(parts)


def _needs_words(step: StepView) -> str:
    approvers = {approval.slack_user for approval in approvals_of(step)}
    reviewers = mentions(person for person in step.reviewers if person not in approvers)
    if not step.reviewers:
        return no_reviewer_words(step)
    if step.needs_look:
        return f"{_look_words(step)}: {reviewers}"
    if step.reviewers_are_admins:
        reviewers = f"the admins {reviewers}, since the only maintainer is who asks" if reviewers else ""
    return f"Needs {needed_words(step.approvals_missing, reviewers, has_approvers=bool(approvers))}"


def _look_words(step: StepView) -> str:
    if step.difference:
        return f"Nobody can approve this as it is; a reviewer can press {bold('Look')} again"
    return f"First a reviewer must press {bold('Look')}, since what stands behind this has not been read"


def no_reviewer_words(step: StepView) -> str:
    """Say what is missing before anybody can approve."""
    if step.reviewers_are_admins:
        return "Nobody can approve: the only maintainer is who asks, and no other admin is set (`NPMTRUST_ADMINS`)"
    return "Nobody can approve yet: first a maintainer must link an npm account"


def _approved_by(step: StepView) -> str:
    approvals = approvals_of(step)
    return (
        "Approved by " + ", ".join(f"{mention(given.slack_user)} {when(given.at)}" for given in approvals)
        if approvals
        else "Approved"
    )


def _ready_words(step: StepView) -> str:
    if step.held:
        return f"⏸ Held until somebody presses {bold('Run now')}."
    if not (step.executor and step.executor_away):
        return "Next: the call to npm, in its turn."
    who = mention(step.executor)
    return f"✋ Waits for {who} to press *I'm ready* in their DM: the call runs with their npm account."


def _come_words(step: StepView) -> str:
    """Say that it cannot go on without a person, who was asked by DM."""
    is_left = step.executor and step.executor_away
    return f" ✋ Waits for {mention(step.executor)} to press *I'm ready* in their DM." if is_left else ""


def _account_words(step: StepView) -> str:
    if not step.executor_npm_user:
        return ""
    return f", as npm user {safe(step.executor_npm_user, 60)}"


def _half_words(step: StepView) -> str:
    if step.phase is Phase.RESTORE:
        return "The old one is revoked, but npm did not take the new one: I put the old one back."
    if isinstance(step.operation, Replace) and plan_of(step.operation) is Plan.REVOKE_THEN_CREATE:
        return "Half done: the old one is revoked; next I make the new one."
    return "Half done: the new one stands; next I revoke the old one."


def _waiting_line(step: StepView) -> str:
    if step.waits_for is WaitFor.ACCOUNT or not step.executor:
        return (
            f"✋ Waits for an account: nobody who approved can make this call at npm. "
            f"Whoever maintains the package can press {bold('Run with my account')}."
        )
    if step.waits_for is WaitFor.TERMINAL:
        return f"✋ Waits for {mention(step.executor)}, who runs it in their own terminal{_account_words(step)}."
    verb = "log in" if step.waits_for is WaitFor.LOGIN else "confirm"
    who = mention(step.executor)
    if not step.executor_away:
        coming = step.trouble and step.waits_for is WaitFor.LOGIN
        where = "the link follows by DM" if coming else "the link is in their DM"
        return f"✋ Waits for {who} to {verb} at npm{_account_words(step)}: {where}."
    take_over = f", {mentions(others_of(step))} can press *Run with my account*" if others_of(step) else ""
    return (
        f"✋ Waits for {who} to {verb} at npm{_account_words(step)}; the link is over. "
        f"{who} can press *I'm ready* in the DM, or type `{COMMAND} login`{take_over}."
    )
