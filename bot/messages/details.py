"""All that is known of a change set, for one person who asked."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bot.domain.evidence import EvidenceKind
from bot.domain.lifecycle import State
from bot.domain.operations import Create, Replace, Revoke, body_of, find_selected, removed_by
from bot.domain.overview import ChangeSetView, DecisionView, Maintainer, StepView
from bot.messages._blocks import actions, button, code, context, message, plain_section, section
from bot.messages._outcome import outcome_lines, record_line
from bot.messages._step import progress_lines, wanted_lines
from bot.messages._text import ago, bold, count, mention, mentions, safe, when
from bot.messages._words import configuration_words, request_words, short_id, target_words
from bot.messages.change_set import is_open
from bot.messages.ids import Action
from bot.messages.message import Block, Message

_MOST_STEPS = 20
_STEP_LETTERS = 2400
_HIDDEN = "What was read at npm is shown to people whose linked npm account can write to the package."
_EXPLAINED: Mapping[EvidenceKind, str] = {
    EvidenceKind.TRUSTED: "Evidence, not proof: a configuration can also stand unused.",
    EvidenceKind.DOWNGRADED: "Somebody may have published by hand, or the configuration may be gone.",
    EvidenceKind.PROVENANCE_ONLY: "It came from CI, probably with a token.",
    EvidenceKind.NONE: "A configuration can stand all the same: public data shows only what was published through one.",
    EvidenceKind.UNPUBLISHED: "Without a version, public data shows nothing.",
    EvidenceKind.NOT_VISIBLE: "Mirrors drop these fields; npm's own registry has them.",
}


def render_details(view: ChangeSetView, *, may_see_configurations: bool) -> Message:
    """Draw everything that an approval binds to, who decided what and when, and what public data means."""
    title = f"C-{view.number}: everything I know"
    asked = f"Asked by {mention(view.requester)} {when(view.created_at)} · until {when(view.deadline)}"
    blocks = [block for step in view.steps[:_MOST_STEPS] for block in step_blocks(view, step, may_see_configurations)]
    return message(
        title,
        section(bold(title), asked, "Why:" if view.reason else "Why: not said"),
        plain_section(view.reason) if view.reason else None,
        *blocks,
        _left_out(view),
        context(
            "An approval counts for exactly this content. Whatever of it changes, earlier approvals no longer count."
        ),
    )


def _left_out(view: ChangeSetView) -> Block | None:
    left_out = len(view.steps) - _MOST_STEPS
    return context(f"… and {count(left_out, 'more change', 'more changes')}") if left_out > 0 else None


def step_blocks(
    view: ChangeSetView,
    step: StepView,
    may_see: bool,  # noqa: FBT001
    *,
    letters: int = _STEP_LETTERS,
) -> list[Block | None]:
    """Draw one step; `may_see`: what was read at npm too."""
    lines = [
        bold(safe(request_words(step.operation), 700)),
        *wanted_lines(view, step),
        _EXPLAINED[step.evidence.kind],
        f"npm's maintainers: {_maintainers(step.maintainers)}",
        f"May approve: {mentions(step.reviewers) or 'nobody yet'}",
        *map(_decision_line, step.decisions),
        *(progress_lines(step) if is_open(step) else [*outcome_lines(view, step), record_line(view, step)]),
        f"npm's full id: {safe(step.configuration_id, 60)}" if step.configuration_id else "",
        *_existing_lines(step, may_see),
    ]
    content = json.dumps(_content(step, may_see), indent=2, ensure_ascii=False)
    return [section(*lines, limit=letters), *(_choices(view, step) if may_see else []), *code(content)]


def _existing_lines(step: StepView, may_see: bool) -> Iterator[str]:  # noqa: FBT001
    if not may_see:
        if removed_by(step.operation) or step.approved_before or step.existing or step.last_read:
            yield _HIDDEN
        return
    if step.last_read is not None:
        at = f" {ago(step.configuration_read_at)}" if step.configuration_read_at else ""
        yield f"Stood at npm when it was last read{at}: {'' if step.last_read else 'no trusted publisher'}"
        yield from (f"• {safe(configuration_words(found), 200)}" for found in step.last_read[:10])
    if step.approved_before:
        yield f"What was approved to go: {safe(configuration_words(step.approved_before), 500)}"
    if configuration := removed_by(step.operation):
        yield f"What is revoked: {safe(configuration_words(configuration), 500)}"
    for existing in step.existing:
        yield f"Stands already: {safe(configuration_words(existing), 500)}"
    if isinstance(step.operation, Replace) or (step.existing and isinstance(step.operation, Create)):
        yield f"What is asked for: {safe(target_words(step.operation), 500)}"


def _choices(view: ChangeSetView, step: StepView) -> list[Block | None]:
    """Offer each of several configurations that a selector means; the press is a reviewer's, not an approval."""
    if step.state is not State.IN_REVIEW or not step.needs_look or isinstance(step.operation, Create):
        return []
    matches = find_selected(step.operation, step.existing)
    return [
        actions(button(f"Choose {short_id(found.id)}", Action.CHOOSE, f"{view.offer}:{step.position}:{number}"))
        for number, found in enumerate(matches[1:] and matches)
    ]


def _content(step: StepView, may_see: bool) -> dict[str, Any]:  # noqa: FBT001
    """Build what npm gets, in npm's own words."""
    operation = step.operation
    wanted: dict[str, Any] = {"package": operation.package}
    if not isinstance(operation, Revoke):
        wanted["create"] = body_of(operation.publisher, operation.permissions)
    configuration = removed_by(operation)
    if not isinstance(operation, Create):
        selector = {"id": operation.configuration_id, "from-repo": operation.from_repository}
        wanted |= {"selector": given} if (given := {name: value for name, value in selector.items() if value}) else {}
    if configuration:
        wanted["revoke"] = configuration.model_dump() if may_see else {"id": configuration.id}
    return wanted


def _maintainers(maintainers: tuple[Maintainer, ...]) -> str:
    return (
        ", ".join(
            f"{safe(each.npm_user, 60)} ({mention(each.slack_user) if each.slack_user else 'not linked'})"
            for each in maintainers[:30]
        )
        or "npm names none"
    )


def _decision_line(decision: DecisionView) -> str:
    verb = "approved" if decision.approved else "rejected"
    account = f" as npm user {safe(decision.npm_user, 60)}" if decision.npm_user else ""
    reason = f': "{safe(decision.reason, 600)}"' if decision.reason else ""
    void = " (no longer counts)" if decision.void else ""
    return f"{mention(decision.slack_user)} {verb}{account} {when(decision.at)}{void}{reason}"
