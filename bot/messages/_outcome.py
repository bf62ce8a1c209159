"""How a step ended, what it means, and the way out."""

from collections.abc import Callable, Mapping

from bot.domain.lifecycle import Plan, State
from bot.domain.operations import Replace, Revoke, plan_of, revoked_id_of
from bot.domain.overview import ChangeSetView, StepView
from bot.messages._text import bold, mention, mentions, safe, when
from bot.messages._words import (
    already_words,
    done_words,
    label_words,
    package_words,
    permission_words,
    request_words,
    short_id,
)

_NOTHING_CHANGED = "nothing changed."


def outcome_lines(view: ChangeSetView, step: StepView) -> list[str]:
    """Draw a step that has ended; nothing for one that is open."""
    tell = _OUTCOMES.get(step.state)
    return tell(view, step) if tell else []


def _applied(_: ChangeSetView, step: StepView) -> list[str]:
    permissions = (
        f" ({safe(permission_words(step.configuration_permissions), 200)})" if step.configuration_permissions else ""
    )
    return [f"✅ {bold(safe(done_words(step.operation), 700))}{permissions}", _publish_line(step)]


def _already(_: ChangeSetView, step: StepView) -> list[str]:
    title = bold(f"{safe(already_words(step.operation), 700)}: nothing to do.")
    return [f"✅ {title}", "npm's own list says so. No call changed anything."]


def _restored(_: ChangeSetView, step: StepView) -> list[str]:
    return [
        f"↩️ {_package(step, 'the old configuration is back.')}",
        f"npm did not take the new one.{_npm_said(step)}",
        f"npm's two days count again. {_publish_line(step)}" if step.publish_before else "",
    ]


def _conflict(_: ChangeSetView, step: StepView) -> list[str]:
    return [
        f"❌ {_package(step, _NOTHING_CHANGED)}",
        f"Another configuration overlaps with {_wanted(step)}.{_npm_said(step)}",
        _conflict_way_out(step),
    ]


def _conflict_way_out(step: StepView) -> str:
    if not can_replace(step):
        return "An owner must find it in npm's list and revoke it; then ask again."
    return f"Details shows both, to who may see them; {bold('Replace it…')} asks to put the new one in its place."


def can_replace(step: StepView) -> bool:
    """Tell whether what stands in the way is known, so that its replacement can be asked for."""
    return step.state is State.CONFLICT and bool(step.existing) and not isinstance(step.operation, Revoke)


def _refused(_: ChangeSetView, step: StepView) -> list[str]:
    said = f'npm: "{safe(step.npm_message, 600)}"' if step.npm_message else "npm refused, and gave no reason."
    return [f"❌ {_package(step, _NOTHING_CHANGED)} {said}", "Mend what npm names, then ask again."]


def _rejected(_: ChangeSetView, step: StepView) -> list[str]:
    rejections = [decision for decision in step.decisions if not decision.approved and not decision.void]
    who = f" by {mention(rejections[-1].slack_user)}" if rejections else ""
    reason = safe(rejections[-1].reason, 600) if rejections else ""
    return [f"✋ {bold(f'Rejected{who}: {_asked(step)}')}", f'"{reason}"' if reason else "", "Nothing changed at npm."]


def _cancelled(view: ChangeSetView, step: StepView) -> list[str]:
    if view.disowned_by:
        return [
            f"🛑 {bold(f'Stopped: {_asked(step)}')}",
            f"{mention(view.disowned_by)} says that a link of npm's for it was not theirs. Nothing changed at npm.",
            "The admins check. Please do not ask for it again before they have.",
        ]
    who = f" by {mention(view.cancelled_by)}" if view.cancelled_by else ""
    return [f"⏹ {bold(f'Cancelled{who}: {_asked(step)}')}", "Nothing changed at npm."]


def _expired(view: ChangeSetView, step: StepView) -> list[str]:
    return [
        f"⌛ {bold(f'Expired: {_asked(step)}')}",
        f"It was not approved and begun by {when(view.deadline)}. Nothing changed at npm.",
    ]


def _unresolved(_: ChangeSetView, step: StepView) -> list[str]:
    return [
        f"⚠️ {_package(step, 'I could not find out whether npm acted.')}",
        "An owner must look: npm's list shows what stands. Ask again only for what is missing.",
    ]


def _left_half(_: ChangeSetView, step: StepView) -> list[str]:
    return [f"⚠️ {_package(step, 'left half replaced.')}{_npm_said(step)}", _half_way_out(step)]


def _half_way_out(step: StepView) -> str:
    if not isinstance(step.operation, Replace):
        return "An owner must look: npm's list shows what stands."
    old, new = safe(short_id(revoked_id_of(step.operation)), 60), safe(label_words(step.operation), 240)
    if plan_of(step.operation) is Plan.CREATE_THEN_REVOKE:
        return f"{new} is trusted, and the old configuration {old} still is too. An owner must revoke it."
    return f"The old configuration {old} is revoked, and {new} is not trusted. An owner must ask for it again."


_OUTCOMES: Mapping[State, Callable[[ChangeSetView, StepView], list[str]]] = {
    State.APPLIED: _applied,
    State.ALREADY_IN_PLACE: _already,
    State.ALREADY_GONE: _already,
    State.RESTORED: _restored,
    State.CONFLICT: _conflict,
    State.REFUSED: _refused,
    State.REJECTED: _rejected,
    State.CANCELLED: _cancelled,
    State.EXPIRED: _expired,
    State.UNRESOLVED: _unresolved,
    State.LEFT_HALF: _left_half,
}


def record_line(view: ChangeSetView, step: StepView) -> str:
    """Say who asked, who approved, whose account was used and when it ended."""
    approvers = [decision.slack_user for decision in step.decisions if decision.approved and not decision.void]
    at = f" {when(step.finished_at)}" if step.finished_at else ""
    ran = bool(step.executor) and step.state not in {State.REJECTED, State.EXPIRED, State.CANCELLED}
    who = step.by_hand or step.executor
    by = f"{mention(who)}{' in their own terminal' if step.by_hand else ''}{at}"
    if ran and approvers == [who]:
        history = [f"approved and run by {by}"]
    else:
        history = [f"approved by {mentions(approvers)}"] if approvers else []
        history += [f"run by {by}"] if ran else [f"ended{at}"] if at else []
    identity = [f"id {safe(short_id(step.configuration_id), 60)}"] if step.configuration_id else []
    return " · ".join([f"asked {mention(view.requester)}", *history, *identity])


def _publish_line(step: StepView) -> str:
    return (
        bold(f"Publish through it before {when(step.publish_before)}, or npm drops it.") if step.publish_before else ""
    )


def _package(step: StepView, what: str) -> str:
    return bold(f"{safe(package_words(step.operation.package), 214)}: {what}")


def _wanted(step: StepView) -> str:
    return "what was asked for" if isinstance(step.operation, Revoke) else safe(label_words(step.operation), 240)


def _asked(step: StepView) -> str:
    return safe(request_words(step.operation), 700)


def _npm_said(step: StepView) -> str:
    return f' npm: "{safe(step.npm_message, 600)}"' if step.npm_message else ""
