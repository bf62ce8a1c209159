"""Reminders of what waits for a decision: by DM, in the channel, and to whom it is passed on."""

from collections.abc import Iterable

from bot.domain.lifecycle import State
from bot.domain.overview import ChangeSetView, StepView
from bot.domain.sums import SumView
from bot.messages._blocks import message, section
from bot.messages._text import mentions, names, when
from bot.messages.change_set import render_change_set
from bot.messages.message import Message

_MOST = 20
"""People who are named."""


def render_reminder(view: ChangeSetView | SumView, *, to_person: bool, is_last: bool) -> Message:
    """Remind of a change set, and name those who are not waited for."""
    drawn = render_change_set(view)
    is_waiting = bool(view.tally.get(State.IN_REVIEW)) if isinstance(view, SumView) else bool(_in_review(view))
    if not is_waiting:
        return message(drawn.text, section(f"C-{view.number} waits for no decision any more."), *drawn.blocks)
    whom = "you" if to_person and not is_last else "a decision"
    head = f"⏰ C-{view.number} has waited for {whom} since {when(view.created_at)}; it expires {when(view.deadline)}."
    names_of = _sum_people(view) if isinstance(view, SumView) else _people(view)
    return message(f"C-{view.number} waits for a decision", section(head, *names_of), *drawn.blocks)


def _in_review(view: ChangeSetView) -> list[StepView]:
    return [step for step in view.steps if step.state is State.IN_REVIEW]


def _people(view: ChangeSetView) -> list[str]:
    steps = _in_review(view)
    undecided = dict.fromkeys(
        person
        for step in steps
        for person in step.reviewers
        if person not in {decision.slack_user for decision in step.decisions if not decision.void}
    )
    gone = dict.fromkeys(person for step in steps for person in step.reviewers_gone)
    unlinked = dict.fromkeys(owner.npm_user for step in steps for owner in step.maintainers if not owner.slack_user)
    return [_waited_for(undecided), *_not_waited_for(gone, unlinked)]


def _sum_people(view: SumView) -> list[str]:
    return [_waited_for(view.reviewers), *_not_waited_for((), view.unlinked)]


def _waited_for(people: Iterable[str]) -> str:
    named = mentions(list(people)[:_MOST])
    return f"Not decided yet: {named}" if named else "Nobody can decide on it now."


def _not_waited_for(gone: Iterable[str], unlinked: Iterable[str]) -> list[str]:
    away, missing = mentions(gone), names(unlinked)
    return [
        f"Not waited for, no active members any more: {away}" if away else "",
        f"Not waited for, not linked: {missing}" if missing else "",
    ]
