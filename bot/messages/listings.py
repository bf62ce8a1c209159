"""Overviews: what stands, what is open, what would be asked. Seen only by the person who asked."""

import json
from collections.abc import Sequence
from datetime import datetime

from bot.domain.lifecycle import State, WaitFor
from bot.domain.operations import Revoke, body_of
from bot.domain.overview import ChangeSetView, Maintainer, PackageListing, StepView
from bot.domain.sums import SumView
from bot.messages._blocks import actions, button, code, context, message, section
from bot.messages._evidence import evidence_line
from bot.messages._step import no_reviewer_words, unlinked_of, wanted_lines
from bot.messages._text import bold, count, mention, mentions, names, safe, when
from bot.messages._words import COMMAND, configuration_words, package_words, request_words
from bot.messages.change_set import is_open, notification_of, render_change_set
from bot.messages.ids import Action
from bot.messages.message import Block, Message
from bot.messages.sums import sum_line, waits_lines

_MOST = 40
_MOST_MAINTAINERS = 10
_ENTRY_LETTERS = 1200


def render_listings(listings: Sequence[PackageListing], *, offer_link: bool = False) -> Message:
    """Show the configurations and the evidence of packages; without any, say how to name one.

    `offer_link`: the reader has no account link, and could have one.
    """
    if not listings:
        text = (
            f"I know of no package of yours. Name one: `{COMMAND} list @acme/ui`, or link yourself: `{COMMAND} login`."
        )
        return message(text, section(text))
    title = package_words(listings[0].package) if len(listings) == 1 else count(len(listings), "package")
    offer = [actions(button("Link my npm account", Action.LINK_ACCOUNT))] if offer_link else []
    return message(f"Trust of {safe(title, 214)}", *map(_listing, listings[:_MOST]), *_more(len(listings)), *offer)


def render_status(views: Sequence[ChangeSetView | SumView]) -> Message:
    """Show one change set as its channel sees it, or several in a line each."""
    if len(views) == 1:
        return render_change_set(views[0])
    if not views:
        text = f"You asked for nothing yet. Try `{COMMAND} github @acme/ui --file release.yml`, or `{COMMAND} help`."
        return message(text, section(text))
    lines = [section(notification_of(view), _where(view), limit=_ENTRY_LETTERS) for view in views[:_MOST]]
    return message(f"You have {count(len(views), 'request')}", *lines, *_more(len(views)))


def render_no_such_change_set(number: int) -> Message:
    """No change set has this number here."""
    text = f"There is no C-{number} here. `{COMMAND} status` shows yours, `{COMMAND} pending` what is open."
    return message(text, section(text))


def render_pending(views: Sequence[ChangeSetView | SumView]) -> Message:
    """Show what is open, and for whom each waits."""
    waiting = [view for view in views if _is_open(view)]
    if not waiting:
        text = f"Nothing is open. To ask: `{COMMAND} github @acme/ui --file release.yml`, or `{COMMAND} help`."
        return message(text, section(text))
    title = f"{count(len(waiting), 'request')} open"
    lines = [
        section(bold(_title(view)), _paused(view), *waits_words(view), _where(view), limit=_ENTRY_LETTERS)
        for view in waiting[:_MOST]
    ]
    return message(title, section(bold(title)), *lines, *_more(len(waiting)))


def render_dry_run(view: ChangeSetView) -> Message:
    """Show what would be asked and what npm would get. Nothing was stored; the view's number means nothing."""
    title = "Dry run: nothing was asked for and nobody was told."
    blocks: list[Block] = []
    for step in view.steps[:15]:
        blocks += [
            section(bold(_sentence(step)), *wanted_lines(view, step), _reviewers_line(step), limit=_ENTRY_LETTERS),
            *_body(step),
        ]
    return message(
        title, section(bold(title)), *blocks, *_more(len(view.steps), 15), context("Leave out --dry-run to ask.")
    )


def _listing(listing: PackageListing) -> Block:
    return section(
        bold(safe(package_words(listing.package), 214)),
        *_configuration_lines(listing),
        f"Public data: {evidence_line(listing.evidence)}",
        f"Maintainers: {_maintainers(listing.maintainers)}" if listing.maintainers else "",
        f"Open: {', '.join(f'C-{number}' for number in listing.pending[:20])}" if listing.pending else "",
        limit=_ENTRY_LETTERS * 2,
    )


def _configuration_lines(listing: PackageListing) -> list[str]:
    problem = [f"⚠️ {safe(listing.problem, 500)}"] if listing.problem else []
    if listing.configurations is None:
        return problem or ["npm's own list was not read."]
    read = _read_words(listing.read_at)
    if not listing.configurations:
        return [*problem, f"No trusted publisher{read}."]
    shown = [f"• {safe(configuration_words(configuration), 500)}" for configuration in listing.configurations[:10]]
    return [*problem, f"{count(len(listing.configurations), 'trusted publisher')}{read}:", *shown]


def _read_words(read_at: datetime | None) -> str:
    return f" (npm's own list, read {when(read_at)})" if read_at else ""


def _maintainers(maintainers: Sequence[Maintainer]) -> str:
    shown = [
        f"{safe(each.npm_user, 60)} ({mention(each.slack_user) if each.slack_user else 'not linked'})"
        for each in maintainers[:_MOST_MAINTAINERS]
    ]
    left_out = len(maintainers) - _MOST_MAINTAINERS
    return ", ".join([*shown, f"and {left_out} more"] if left_out > 0 else shown)


def _is_open(view: ChangeSetView | SumView) -> bool:
    return view.is_open if isinstance(view, SumView) else any(map(is_open, view.steps))


def _title(view: ChangeSetView | SumView) -> str:
    if isinstance(view, SumView):
        return sum_line(view)
    if len(view.steps) != 1:
        return f"C-{view.number}: {mention(view.requester)} asks for {count(len(view.steps), 'change')}"
    return f"C-{view.number} · {mention(view.requester)} asks: {safe(request_words(view.steps[0].operation), 500)}"


def _paused(view: ChangeSetView | SumView) -> str:
    return f"⏸ Paused: `{COMMAND} resume C-{view.number}` lets it go on." if view.paused else ""


def _where(view: ChangeSetView | SumView) -> str:
    until = f" · until {when(view.deadline)}" if _is_open(view) else ""
    return f"asked {when(view.created_at)}{until}"


def waits_words(view: ChangeSetView | SumView) -> list[str]:
    """Say for whom it waits, a line each."""
    if isinstance(view, SumView):
        return waits_lines(view)
    return list(dict.fromkeys(_waits_for(step) for step in view.steps if is_open(step)))[:5]


def _waits_for(step: StepView) -> str:
    if step.trouble:
        return f"Waits, and nobody must do anything: {safe(step.trouble, 300)}"
    match step.state:
        case State.IN_REVIEW:
            return _reviewers_line(step)
        case State.WAITING if step.waits_for is WaitFor.TERMINAL:
            return f"Waits for {mention(step.executor)}, who runs it in their own terminal"
        case State.READY | State.WAITING if step.executor_away and step.waits_for is not WaitFor.ACCOUNT:
            return f"Waits for {mention(step.executor)} to press I'm ready in the DM"
        case State.WAITING if step.executor and step.waits_for is not WaitFor.ACCOUNT:
            return f"Waits for {mention(step.executor)}, at npm: the link is in their DM"
        case State.WAITING:
            return "Waits for a maintainer who runs it with their npm account"
        case _:
            return "Runs; nobody must do anything"


def _reviewers_line(step: StepView, waits: str = "Waits") -> str:
    unlinked = f" · not linked: {names(unlinked_of(step))}" if unlinked_of(step) else ""
    if not step.reviewers and step.reviewers_are_admins:
        return no_reviewer_words(step)
    if not step.reviewers:
        return f"{waits} for a maintainer who links an npm account{unlinked}"
    return f"{waits} for {step.approvals_missing} of {mentions(step.reviewers)} to approve{unlinked}"


def _sentence(step: StepView) -> str:
    return f"Would ask: {safe(request_words(step.operation), 600)}"


def _body(step: StepView) -> list[Block]:
    if isinstance(step.operation, Revoke):
        return []
    return code(json.dumps(body_of(step.operation.publisher, step.operation.permissions), indent=2))


def _more(number: int, shown: int = _MOST) -> list[Block]:
    return [context(f"… and {number - shown} more")] if number > shown else []
