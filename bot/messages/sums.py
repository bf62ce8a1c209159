"""The message of a change set of many steps: how many are where, who is waited for, and what to do at its end."""

from datetime import datetime

from bot.domain.lifecycle import State, WaitFor
from bot.domain.operations import Operation, Replace, Revoke
from bot.domain.sums import Awaited, Ended, GroupView, SumView
from bot.messages._blocks import actions, button, confirmation, context, message, section
from bot.messages._text import bold, clean, count, cut, mention, mentions, names, safe, when
from bot.messages._words import label_words, narrowing_words, needed_words, package_words, permission_words
from bot.messages.decisions import Next, next_words_of_run
from bot.messages.ids import Action
from bot.messages.message import Block, Message

_BAR = 20
_RUN_HELD = (Action.RUN_HELD, Action.RUN_HELD_2, Action.RUN_HELD_3, Action.RUN_HELD_4, Action.RUN_HELD_5)
_MOST_ENDS = 12
_MOST_SHARES = 6
_READY = "I'm ready"
_DONE = (State.APPLIED, State.ALREADY_IN_PLACE, State.ALREADY_GONE)
_HEADS = {
    State.CONFLICT: "❌ Another configuration overlaps",
    State.REFUSED: "❌ npm refused",
    State.UNRESOLVED: "⚠️ I could not find out whether npm acted; an owner must look",
    State.LEFT_HALF: "⚠️ Left half replaced; an owner must look",
    State.RESTORED: "↩️ npm did not take the new one, and the old one is back",
    State.REJECTED: "✋ Rejected",
}
_COUNTED = (
    (State.REJECTED, "rejected"),
    (State.CANCELLED, "cancelled"),
    (State.EXPIRED, "expired"),
)


def render_sum(view: SumView) -> Message:
    """Draw a change set of many steps. Each step is told in Details."""
    return message(
        sum_line(view),
        section(*_head_lines(view)),
        section(*_progress_lines(view)) if view.is_open else section(*_report_lines(view)),
        *[section(*lines) for lines in [_ended_lines(view)] if lines],
        section(*_group_lines(view)),
        _held_buttons(view),
        _buttons(view),
        context(f"until {when(view.deadline)} · C-{view.number}" if view.is_open else f"C-{view.number}"),
    )


def sum_line(view: SumView) -> str:
    """Say in one line what a notification and a list show."""
    return f"C-{view.number}: {mention(view.requester)} asks for {count(view.size, 'change')} · {_tally_words(view)}"


def waits_lines(view: SumView) -> list[str]:
    """Say for whom it waits, a line each."""
    return [*_review_lines(view), _shares_line(view), *(_awaited_line(each) for each in view.awaited[:5])]


def _head_lines(view: SumView) -> list[str]:
    asks = bold(f"{mention(view.requester)} asks for {count(view.size, 'change')}")
    return [
        asks,
        f"Why: {safe(view.reason, 300)}" if view.reason else "",
        _cancelled_line(view) if view.cancelled_by else "",
        f"🛑 {mention(view.disowned_by)} says that a link of npm's for it was not theirs." if view.disowned_by else "",
    ]


def _cancelled_line(view: SumView) -> str:
    return f"⏹ Cancelled by {mention(view.cancelled_by)}{': what runs is finished' if view.is_open else ''}."


def _progress_lines(view: SumView) -> list[str]:
    done = _BAR * view.over // view.size
    return [
        f"`{'▓' * done}{'░' * (_BAR - done)}` {view.over} of {view.size}",
        _tally_words(view),
        _speed_line(view),
        "⏸ Paused: no new call starts." if view.paused else "",
        view.stopped,
        f"⏸ {count(view.held, 'package')} held until somebody presses {bold('Run now')}." if view.held else "",
        *waits_lines(view),
        *(f"⏳ {safe(trouble, 300)}. Nobody has to do anything." for trouble in view.troubles[:3]),
    ]


def _tally_words(view: SumView) -> str:
    tally = view.tally
    done = sum(tally.get(state, 0) for state in _DONE)
    look = sum(tally.get(state, 0) for state in (State.UNRESOLVED, State.LEFT_HALF))
    waiting = tally.get(State.WAITING, 0)
    counted = (
        (done, "done"),
        (view.running - waiting, "approved"),
        (waiting, "waiting for a person"),
        (view.held_ready, "held"),
        (tally.get(State.IN_REVIEW, 0), "in review"),
        (view.over - done - look, "ended without change"),
        (look, "to look at"),
    )
    return ", ".join(f"{number} {words}" for number, words in counted if number > 0)


def _speed_line(view: SumView) -> str:
    if view.speed is None or not view.running or view.all_wait or view.paused or view.stopped:
        return ""
    left = view.minutes_left
    return f"{view.speed:.0f} a minute · about {count(left, 'minute')} left" if left else f"{view.speed:.0f} a minute"


def _review_lines(view: SumView) -> list[str]:
    number = view.tally.get(State.IN_REVIEW, 0)
    if not number:
        return []
    unlinked = f" · not linked: {names(view.unlinked)}" if view.unlinked else ""
    if not view.reviewers:
        return [f"{count(number, 'package')}: nobody can approve yet{unlinked}"]
    look = f"A reviewer must first press {bold('Look')}." if view.needs_look else ""
    verb = "needs" if number == 1 else "each needs"
    asked = mentions([person for person in view.reviewers if person not in view.approved_by][:10])
    if view.has_more_reviewers:
        asked = f"{asked}, and the maintainers of the others" if asked else "the maintainers of the others"
    needed = needed_words(view.approvals_missing, asked, has_approvers=bool(view.approved_by))
    return [f"{count(number, 'package')} in review: {verb} {needed}{unlinked}", look]


def _shares_line(view: SumView) -> str:
    """Say with whose accounts it runs, where several share the work."""
    if len(view.shares) < 2:  # noqa: PLR2004 -- one shares with nobody
        return ""
    named = ", ".join(f"{safe(each.npm_user, 60)} {each.steps}" for each in view.shares[:_MOST_SHARES])
    others = sum(each.steps for each in view.shares[_MOST_SHARES:])
    return f"👥 Shared, packages to go by npm user: {named}{f', others {others}' if others else ''}."


def _awaited_line(awaited: Awaited) -> str:
    what = count(awaited.steps, "package")
    who = f"{'waits' if awaited.steps == 1 else 'wait'} for {mention(awaited.person)}"
    said = f' npm: "{safe(awaited.words, 300)}"' if awaited.words else ""
    if awaited.waits_for is WaitFor.ACCOUNT or not awaited.person:
        return (
            f"✋ {what}: nobody who approved can make the call at npm. "
            f"Whoever maintains them can press {bold('Run with my account')}.{said}"
        )
    if awaited.waits_for is WaitFor.TERMINAL:
        return f"✋ {what} {who}, who runs {'it' if awaited.steps == 1 else 'them'} in their own terminal."
    verb = "log in" if awaited.waits_for is WaitFor.LOGIN else "confirm"
    where = f"press {bold(_READY)} in their DM" if awaited.away else f"{verb} at npm"
    return f"✋ {what} {who} to {where}."


def _group_lines(view: SumView) -> list[str]:
    left_out = view.groups_in_all - len(view.groups)
    more = [f"… and {count(left_out, 'more group')}: see Details."] if left_out > 0 else []
    return [*map(_group_line, view.groups), *more]


def _group_line(group: GroupView) -> str:
    warned = f" · ⚠️ {group.warned} with a warning" if group.warned else ""
    done = sum(group.tally.get(state, 0) for state in _DONE)
    state = f" · {done} done" if done else ""
    held = f" · {group.held} held" if group.held else ""
    return f"• {safe(_group_words(group.operation), 200)}: {count(group.size, 'package')}{state}{held}{warned}"


def _group_words(operation: Operation) -> str:
    if isinstance(operation, Revoke):
        source = cut(clean(operation.from_repository), 140)
        return f"revoke the configuration for {source}" if source else "revoke a configuration"
    verb = "replace with " if isinstance(operation, Replace) else ""
    wanted = f"{verb}{label_words(operation)} · {narrowing_words(operation.publisher)}"
    return f"{wanted} · {permission_words(operation.permissions)}"


def _report_lines(view: SumView) -> list[str]:
    tally = view.tally
    applied = tally.get(State.APPLIED, 0)
    already = tally.get(State.ALREADY_IN_PLACE, 0) + tally.get(State.ALREADY_GONE, 0)
    until = view.publish_before
    before = f" {bold(f'Publish through them before {when(until)}, or npm drops them.')}" if until else ""
    rest = [f"{number} {words}" for state, words in _COUNTED if (number := tally.get(state, 0))]
    return [
        bold(f"Finished{f' {when(view.ended_at)}' if view.ended_at else ''}"),
        f"✅ {count(applied, 'package')} applied.{before}" if applied else "",
        f"✅ {count(already, 'package was', 'packages were')} so already: nothing to do." if already else "",
        f"✋ {', '.join(rest)}: nothing changed at npm." if rest else "",
    ]


def _ended_lines(view: SumView) -> list[str]:
    left_out = len(view.ended) - _MOST_ENDS
    more = [f"… and {count(left_out, 'more reason')}: see the file of results."] if left_out > 0 else []
    return [*map(_ended_line, view.ended[:_MOST_ENDS]), *more]


def _ended_line(ended: Ended) -> str:
    said = f': "{safe(ended.words, 200)}"' if ended.words else ""
    named = ", ".join(safe(package_words(name), 60) for name in ended.packages)
    more = f" and {ended.steps - len(ended.packages)} more" if ended.steps > len(ended.packages) else ""
    by = f" by {mention(ended.by)}" if ended.by else ""
    return f"{_HEADS[ended.state]}{by}{said} · {count(ended.steps, 'package')}: {named}{more}"


def _held_buttons(view: SumView) -> Block | None:
    """Let each repository group run on its own, and all of them."""
    held = [group for group in view.groups if group.held][: len(_RUN_HELD)]
    each = [
        button(
            f"Run now: {cut(clean(_group_words(group.operation)), 50)}",
            _RUN_HELD[place],
            f"{view.offer}:{group.position}",
            confirm=_run_dialog(view, group.held),
        )
        for place, group in enumerate(held)
    ]
    everything = button(
        f"Run all {view.held} now", Action.RUN_ALL_HELD, f"{view.offer}:", confirm=_run_dialog(view, view.held)
    )
    return actions(*each, everything) if view.held and len(held) != 1 else actions(*each)


def _run_dialog(view: SumView, number: int) -> Block:
    text = (
        f"{count(number, 'package')}, as far as they are approved. They have 72 hours from now; npm's two days follow."
    )
    return confirmation(f"Run C-{view.number} now?", text, yes="Run now")


def _buttons(view: SumView) -> Block | None:
    offer, tally = view.offer, view.tally
    reviewed = tally.get(State.IN_REVIEW, 0)
    waiting = any(tally.get(state) for state in (State.READY, State.WAITING))
    is_free = sum(tally.get(state, 0) for state in (State.READY, State.WAITING)) > view.held_ready
    conflicts = any(each.state is State.CONFLICT for each in view.ended)
    pause = button("Resume", Action.RESUME, offer) if view.paused else button("Pause", Action.PAUSE, offer)
    failed = any(tally.get(state) for state in _RETRIED)
    return actions(
        button("Approve…", Action.APPROVE, offer, style="primary") if reviewed and view.reviewers else None,
        button("Look", Action.LOOK, offer) if reviewed and view.needs_look else None,
        button("Reject…", Action.REJECT, offer) if reviewed else None,
        button("Run with my account", Action.RUN_WITH_MY_ACCOUNT, offer) if is_free else None,
        button("Withdraw my approval", Action.WITHDRAW, offer) if waiting or view.has_approvals else None,
        button("Retry what failed", Action.RETRY, offer, style="primary") if failed and not view.is_open else None,
        button("Replace what overlaps…", Action.REPLACE_ALL, offer) if conflicts and not view.is_open else None,
        button("Revise what was rejected…", Action.REVISE, offer) if tally.get(State.REJECTED) else None,
        button("Details", Action.DETAILS, offer),
        button("Results as CSV", Action.EXPORT, offer) if view.can_export else None,
        button("I maintain this: link my npm account", Action.LINK_ACCOUNT, offer)
        if reviewed and view.unlinked
        else None,
        pause if view.is_open else None,
        button("Cancel", Action.CANCEL, offer, confirm=_cancel_dialog(view)) if view.is_open else None,
    )


def decision_buttons_of_sum(view: SumView) -> Block | None:
    """Offer a reviewer what to do, where the request is told in short."""
    return actions(
        button("Approve…", Action.APPROVE, view.offer, style="primary"),
        button("Look", Action.LOOK, view.offer) if view.needs_look else None,
        button("Reject…", Action.REJECT, view.offer),
        button("Details", Action.DETAILS, view.offer),
    )


_RETRIED = (State.REFUSED, State.EXPIRED, State.UNRESOLVED, State.LEFT_HALF, State.RESTORED)


def _cancel_dialog(view: SumView) -> Block:
    text = f"What npm has not done yet will not be done: {count(view.left, 'package')}. What is done stays."
    return confirmation(f"Cancel C-{view.number}?", text, yes="Cancel it", no="Keep it")


def render_run_now(number: int, packages: int, until: datetime, *, waiting: int, then: Next | None = None) -> Message:
    """Somebody let held steps run; `then` is what follows for them, where something can run at once."""
    whose = "It still needs" if packages == 1 else f"{waiting} of them still {'needs' if waiting == 1 else 'need'}"
    more = f" {whose} an approval." if waiting else ""
    are, have = ("is", "it has") if packages == 1 else ("are", "they have")
    let_go = f"{count(packages, 'package')} of C-{number} {are} not held any more"
    text = f"▶️ {let_go}: {have} until {when(until)}.{more}"
    return message(text, section(text, next_words_of_run(then) if then else ""))


def render_nothing_held(number: int) -> Message:
    """Nothing of it is held, or nothing of that group."""
    text = f"Nothing of that is held in C-{number} any more. Its message shows where it is."
    return message(text, section(text))


def render_export_coming(number: int) -> Message:
    """The file of results was asked for."""
    text = f"The results of C-{number} come as a file into the thread of its message."
    return message(text, section(text))


def replacing_words(packages: int) -> str:
    """Say what a replacement of all that overlaps asks for, plain."""
    return f"Put what was asked for in the place of what overlaps with it, for {count(packages, 'package')}."


def render_replacing(number: int, packages: int) -> Message:
    """The replacements of what stood in the way are put together."""
    text = f"I look at the {count(packages, 'package')} of C-{number}: the preview comes by DM, to ask from."
    return message(text, section(text))


def results_csv_name(number: int, now: datetime) -> str:
    """Name the file of results."""
    return f"C-{number}-{now:%Y-%m-%d-%H%M}.csv"


def results_csv_title(number: int) -> str:
    """Say what is in the file of results."""
    return f"Results of C-{number}"
