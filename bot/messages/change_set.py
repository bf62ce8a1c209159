"""The message of a change set: what everybody in the channel sees, from the request to the outcome."""

from collections import Counter
from collections.abc import Iterator
from typing import assert_never

from bot.domain.lifecycle import OPEN_STATES, Phase, State, WaitFor
from bot.domain.operations import Create, Operation, Replace, Revoke
from bot.domain.overview import ChangeSetView, StepView
from bot.domain.publishers import CircleCI, Publisher
from bot.domain.sums import SumView
from bot.messages._blocks import (
    MOST_IN_DIALOG,
    actions,
    button,
    code,
    confirmation,
    context,
    link_button,
    message,
    section,
)
from bot.messages._command_lines import line_again, way_out_of
from bot.messages._outcome import can_replace, outcome_lines, record_line
from bot.messages._step import approvals_of, headline, may_words, others_of, progress_lines, unlinked_of, wanted_lines
from bot.messages._text import bold, clean, count, cut, is_direct, mention, mention_channel, safe, when, without_bold
from bot.messages._words import narrowing_words, removed_words, request_words
from bot.messages.ids import Action
from bot.messages.message import Block, Message
from bot.messages.sums import render_sum, sum_line

_MOST_STEPS = 20
_MOST_REPLACE_BUTTONS = 12
"""Beyond them there would be no room for the buttons of the whole; `replace` can be typed."""
_STEP_LETTERS = 900
"""Of one among several steps: Slack refuses messages that are too long as a whole."""
_DONE = frozenset({State.APPLIED, State.ALREADY_IN_PLACE, State.ALREADY_GONE})


def render_change_set(view: ChangeSetView | SumView) -> Message:
    """Draw a change set for its channel. Configurations that were read are not in it: `render_details` has them."""
    if isinstance(view, SumView):
        return render_sum(view)
    head = _single(view, view.steps[0]) if len(view.steps) == 1 else _several(view)
    return message(notification_of(view), *head, _buttons(view), *_way_out(view))


def render_review_request(view: ChangeSetView | SumView) -> Message:
    """Ask a reviewer who is not in the channel, by DM."""
    elsewhere = f"You are not in {mention_channel(view.channel)}"
    where = "It was asked for in a DM with me" if is_direct(view.channel) else elsewhere
    why = section(f"👋 Your review is asked for. {where}, so here is what stands there.")
    drawn = render_change_set(view)
    return message(f"Your review is asked for: {drawn.text}", why, *drawn.blocks)


def render_elsewhere(view: ChangeSetView | SumView) -> Message:
    """Show a change set by DM, to those whom it concerns, while its channel takes no message."""
    why = section(f"I cannot post in {mention_channel(view.channel)} any more, so here is what should stand there.")
    drawn = render_change_set(view)
    return message(drawn.text, why, *drawn.blocks)


def render_outcome_note(view: ChangeSetView | SumView) -> Message:
    """Tell who asked how it ended: the channel's message changes without a sound."""
    drawn = render_change_set(view)
    return message(drawn.text, section(f"Your request C-{view.number} has ended."), *drawn.blocks)


def notification_of(view: ChangeSetView | SumView) -> str:
    """Say in one line what a notification shows."""
    if isinstance(view, SumView):
        return sum_line(view)
    if len(view.steps) != 1:
        return (
            f"C-{view.number}: {mention(view.requester)} asks for {count(len(view.steps), 'change')} · {_tally(view)}"
        )
    step = view.steps[0]
    told = progress_lines(step) if is_open(step) else outcome_lines(view, step)
    asked = f"{mention(view.requester)} asks: {safe(request_words(step.operation), 400)}"
    line = asked if step.state is State.IN_REVIEW else told[0]
    return f"C-{view.number}: {line}"


def is_open(step: StepView) -> bool:
    """Tell whether something can still become of it."""
    return step.state in OPEN_STATES


def _single(view: ChangeSetView, step: StepView) -> list[Block]:
    if not is_open(step):
        return [section(*outcome_lines(view, step)), context(f"{record_line(view, step)} · C-{view.number}")]
    return [
        section(headline(view, step), *wanted_lines(view, step), _why(view)),
        section(*progress_lines(step), *_stops(view)),
        context(f"until {when(view.deadline)} · C-{view.number}"),
    ]


def _several(view: ChangeSetView) -> list[Block]:
    asks = bold(f"{mention(view.requester)} asks for {count(len(view.steps), 'change')}")
    left_out = len(view.steps) - _MOST_STEPS
    more = [context(f"… and {count(left_out, 'more change', 'more changes')}")] if left_out > 0 else []
    foot = f"until {when(view.deadline)} · C-{view.number}" if any(map(is_open, view.steps)) else f"C-{view.number}"
    return [
        section(asks, _tally(view), _why(view), *_stops(view)),
        *(block for step in view.steps[:_MOST_STEPS] for block in _step_blocks(view, step)),
        *more,
        context(foot),
    ]


def _step_blocks(view: ChangeSetView, step: StepView) -> list[Block]:
    replacing = actions(_replace_button(view, step)) if step.position < _MOST_REPLACE_BUTTONS else None
    return [section(*_step_lines(view, step), limit=_STEP_LETTERS), *([replacing] if replacing else [])]


def _step_lines(view: ChangeSetView, step: StepView) -> list[str]:
    if is_open(step):
        return [headline(view, step), *wanted_lines(view, step), *progress_lines(step)]
    return [*outcome_lines(view, step), record_line(view, step)]


def _why(view: ChangeSetView) -> str:
    return f"Why: {safe(view.reason, 300)}" if view.reason else ""


def _stops(view: ChangeSetView) -> Iterator[str]:
    """Say why nothing goes out to npm, as long as something could."""
    if view.paused and any(map(is_open, view.steps)):
        yield "⏸ Paused: no new call starts."
    if any(step.held and step.state is State.IN_REVIEW for step in view.steps):
        yield f"⏸ Held: approvals are collected, and nothing runs before somebody presses {bold('Run now')}."
    if any(is_open(step) and step.state is not State.IN_REVIEW for step in view.steps):
        yield view.stopped


def _tally(view: ChangeSetView) -> str:
    counted = Counter(_kind(step) for step in view.steps)
    order = (
        *("done", "running", "approved", "waiting for a person", "held"),
        *("in review", "ended without change", "to look at"),
    )
    return ", ".join(f"{counted[kind]} {kind}" for kind in order if counted[kind])


def _kind(step: StepView) -> str:
    match step.state:
        case State.IN_REVIEW:
            return "in review"
        case State.READY:
            return "held" if step.held else "approved"
        case State.WAITING:
            return "waiting for a person"
        case State.UNRESOLVED | State.LEFT_HALF:
            return "to look at"
        case state if state in _DONE:
            return "done"
        case state if state in OPEN_STATES:
            return "running"
        case _:
            return "ended without change"


def _buttons(view: ChangeSetView) -> Block | None:
    offer, steps = view.offer, [step for step in view.steps if is_open(step)]
    reviewed = [step for step in steps if step.state is State.IN_REVIEW]
    approvable = [step for step in reviewed if not step.needs_look and step.reviewers]
    shown: list[Block | None] = [
        _approve_button(view, approvable) if approvable else None,
        button("Look", Action.LOOK, offer) if any(step.needs_look for step in reviewed) else None,
        button("Reject…", Action.REJECT, offer) if reviewed else None,
        button("Run with my account", Action.RUN_WITH_MY_ACCOUNT, offer) if any(map(_needs_account, steps)) else None,
        button("Withdraw my approval", Action.WITHDRAW, offer) if any(map(_can_withdraw, steps)) else None,
        button("Details", Action.DETAILS, offer),
        button("I maintain this: link my npm account", Action.LINK_ACCOUNT, offer)
        if any(map(_lacks_link, steps))
        else None,
        button("Cancel", Action.CANCEL, offer, confirm=_cancel_dialog(view)) if steps else None,
        _pause_button(view) if steps else None,
        _run_button(view) if any(step.held for step in steps) else None,
        _replace_button(view, view.steps[0]) if len(view.steps) == 1 else None,
        _revise_button(view),
        _again_button(view, view.steps[0]) if len(view.steps) == 1 else None,
        _package_button(view),
    ]
    return actions(*shown)


def decision_buttons(view: ChangeSetView) -> Block | None:
    """Offer a reviewer what to do, where the request is told in short."""
    reviewed = [step for step in view.steps if step.state is State.IN_REVIEW]
    approvable = [step for step in reviewed if not step.needs_look and step.reviewers]
    return actions(
        _approve_button(view, approvable) if approvable else None,
        button("Look", Action.LOOK, view.offer) if any(step.needs_look for step in reviewed) else None,
        button("Reject…", Action.REJECT, view.offer) if reviewed else None,
        button("Details", Action.DETAILS, view.offer),
    )


def _pause_button(view: ChangeSetView) -> Block | None:
    """Of one step [Cancel] says all; of several, what is not to begin yet can be told so."""
    if view.paused:
        return button("Resume", Action.RESUME, view.offer)
    return button("Pause", Action.PAUSE, view.offer) if len(view.steps) > 1 else None


def _run_button(view: ChangeSetView) -> Block:
    text = "What is approved and held begins. It has 72 hours from now; npm's two days follow."
    return button("Run now", Action.RUN_ALL_HELD, f"{view.offer}:", confirm=_run_dialog(view, text))


def _run_dialog(view: ChangeSetView, text: str) -> Block:
    return confirmation(f"Run C-{view.number} now?", text, yes="Run now")


def _can_withdraw(step: StepView) -> bool:
    untouched = (
        step.phase is Phase.FIRST
        and not step.maybe_acted
        and step.state in {State.IN_REVIEW, State.READY, State.WAITING}
    )
    return untouched and bool(approvals_of(step))


def _needs_account(step: StepView) -> bool:
    is_left = step.executor_away or step.waits_for is WaitFor.TERMINAL
    taken_over = is_left and bool(others_of(step))
    if step.state is State.READY:
        return taken_over
    return step.state is State.WAITING and (step.waits_for is WaitFor.ACCOUNT or not step.executor or taken_over)


def _lacks_link(step: StepView) -> bool:
    lacking = step.state is State.IN_REVIEW or (step.state is State.WAITING and step.waits_for is WaitFor.ACCOUNT)
    return lacking and bool(unlinked_of(step))


def _replace_button(view: ChangeSetView, step: StepView) -> Block | None:
    if not can_replace(step):
        return None
    return button("Replace it…", Action.REPLACE, f"{view.offer}:{step.position}")


def _revise_button(view: ChangeSetView) -> Block | None:
    """What was rejected can be asked for in another way, all of it in one form."""
    is_rejected = any(step.state is State.REJECTED for step in view.steps)
    return button("Revise…", Action.REVISE, view.offer) if is_rejected else None


def _again_button(view: ChangeSetView, step: StepView) -> Block | None:
    if not line_again(view, step):
        return None
    label = "Ask for the rest…" if step.state is State.LEFT_HALF else "Ask again…"
    return button(label, Action.ASK_AGAIN, f"{view.offer}:{step.position}")


def _package_button(view: ChangeSetView) -> Block | None:
    finished = len(view.steps) == 1 and view.steps[0].state in _DONE
    return link_button("Package on npm", Action.OPEN_PACKAGE, view.steps[0].package_url) if finished else None


def _approve_button(view: ChangeSetView, steps: list[StepView]) -> Block:
    """One step is approved by the press, after a dialog that tells it; of several a form shows each person theirs."""
    if len(view.steps) > 1:
        return button("Approve…", Action.APPROVE, view.offer, style="primary")
    if not fits_dialog(steps[0].operation):
        return button("Approve…", Action.APPROVE, view.offer, style="primary")
    text = "\n".join(_dialog_lines(steps[0].operation))
    dialog = confirmation(f"Approve C-{view.number}?", text, yes="Approve")
    return button("Approve", Action.APPROVE, view.offer, style="primary", confirm=dialog)


def fits_dialog(operation: Operation) -> bool:
    """Tell whether all that is decided on fits Slack's dialog. What does not is approved in a view: nothing is cut."""
    text = "\n".join(_dialog_lines(operation))
    return cut(text, MOST_IN_DIALOG) == text


def _dialog_lines(operation: Operation) -> list[str]:
    match operation:
        case Revoke():
            return [_sentence(request_words(operation)), "Details shows what stands behind it."]
        case Create() | Replace():
            publisher = operation.publisher
            gone = [_sentence(f"replaces {removed_words(operation)}")] if isinstance(operation, Replace) else []
            return [
                *gone,
                f"May: {without_bold(may_words(operation.permissions, stated=True))}",
                f"Package: {clean(operation.package)}",
                f"Repository: {clean(publisher.source)}",
                _source_file(publisher),
                narrowing_words(publisher),
            ]
        case _:
            assert_never(operation)


def _source_file(publisher: Publisher) -> str:
    if isinstance(publisher, CircleCI):
        return f"Pipeline: {clean(publisher.pipeline_definition_id)}"
    return f"File: {clean(publisher.file)}"


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _cancel_dialog(view: ChangeSetView) -> Block:
    text = "What npm has not done yet will not be done. What is done stays."
    return confirmation(f"Cancel C-{view.number}?", text, yes="Cancel it", no="Keep it")


def _way_out(view: ChangeSetView) -> list[Block]:
    stopped = bool(view.cancelled_by or view.disowned_by)  # on purpose: nobody is to be led into asking again
    ended = [step for step in view.steps[:_MOST_STEPS] if not (stopped and step.state is State.CANCELLED)]
    lines = list(dict.fromkeys(line for step in ended if (line := way_out_of(step))))
    if not lines or any(map(is_open, view.steps)):
        return []
    return [context("To go on, type:"), *code("\n".join(lines))]
