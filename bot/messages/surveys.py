"""npm's own lists of many packages: one message in the reader's DM, from the first read to what differs."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.domain.survey import Change, SurveyedPackage, SurveyState, SurveySum, SurveyView
from bot.messages._blocks import actions, answer, button, confirmation, context, message, section
from bot.messages._coverage import bar, catalogue_line, selection_words
from bot.messages._text import bold, count, names, safe, typed, when
from bot.messages._words import COMMAND, configuration_words, package_words
from bot.messages.ids import Action
from bot.messages.message import Block, Message

_ENTRY_LETTERS = 1200
_MOST_PROVIDERS = 6
_READY = "I'm ready"


def render_survey(view: SurveyView) -> Message:
    """Draw npm's lists of many packages while they are read, and what they showed."""
    return _reading(view) if view.state is SurveyState.READING else _read(view)


def render_survey_begun(selection: str, packages: int) -> Message:
    """It was asked for."""
    return answer(
        f"🔎 I read npm's own lists of {_what(selection, packages)} with your npm account, one after the other.",
        "A message in our DM shows how far it is. What was approved, and what somebody sits and waits for, goes first.",
    )


def render_survey_running(selection: str, packages: int) -> Message:
    """The very same is read already."""
    return answer(f"I am at it already: {_what(selection, packages)}. The message in our DM shows how far it is.")


def render_survey_needs_link(selection: str, packages: int) -> Message:
    """Nobody's account is there to read with, and there are too many packages to show the evidence of each."""
    look = f" For public evidence: {typed(f'{COMMAND} coverage {selection}', 200)}." if selection else ""
    text = f"npm shows its own lists of {_what(selection, packages)} only to an account that may change them.{look}"
    return message(text, section(text), actions(button("Link my npm account", Action.LINK_ACCOUNT)))


def render_nothing_to_read(selection: str, left_out: int) -> Message:
    """Nothing matches, or nothing of it is the reader's."""
    if left_out:
        return answer(
            f"{count(left_out, 'package')} match {selection_words(selection)}, and your npm account may change none.",
            "npm shows these lists only to who may. "
            f"For public evidence: {typed(f'{COMMAND} coverage {selection}', 200)}.",
        )
    return answer(
        f"I know of no package that {selection_words(selection)} means, from npm's search or your organisation's list.",
        f"Capitals count. To name one: `{COMMAND} list @acme/ui`.",
    )


def render_survey_stopped(done: int, total: int) -> Message:
    """Its person pressed [Stop]."""
    return answer(
        f"⏹ Stopped after {done} of {count(total, 'package')}. What was read stays in the message and its file."
    )


def render_survey_over() -> Message:
    """There is nothing to stop or to go on with."""
    return answer("That reading is over: its message shows what there is.")


def render_survey_page(value: str, page: Sequence[SurveyedPackage], *, after: int, total: int, size: int) -> Message:
    """Show some packages of a survey."""
    title = f"Packages {after + 1} to {after + len(page)} of {total}"
    return message(
        title, section(bold(title)), *map(_entry, page), _turning(value, after=after, total=total, size=size)
    )


def survey_file_name(selection: str, now: datetime, *, as_json: bool) -> str:
    """Name the file: letters that every system takes."""
    plain = "".join(char if char.isascii() and char.isalnum() else "-" for char in selection.replace("*", "all"))
    name = "-".join(part for part in plain.split("-") if part)[:60] or "packages"
    return f"npm-trust-{name}-{now:%Y-%m-%d}.{'json' if as_json else 'csv'}"


def survey_file_title(selection: str) -> str:
    """Give the file its title; plain text."""
    return f"npm's own lists of {package_words(selection) or 'the packages'}"


def _what(selection: str, packages: int) -> str:
    of = f" of {selection_words(selection)}" if selection else ""
    return f"{count(packages, 'package')}{of}"


def _reading(view: SurveyView) -> Message:
    over = view.done + view.failed
    title = f"npm's own lists of {_what(view.selection, view.total)}"
    lines = [
        f"🔎 {bold(title)}",
        f"`{bar(over, view.total)}` {over} of {view.total}",
        _speed_line(view),
        view.stopped,
        *_waiting_lines(view),
        *_problem_lines(view),
    ]
    return message(
        f"{title}: {over} read",
        section(*lines),
        actions(
            button(_READY, Action.SURVEY_READY, view.value, style="primary") if view.waits_for_press else None,
            button("Stop", Action.SURVEY_STOP, view.value, confirm=_stop_dialog(view)),
        ),
        context(_foot(view), f"as npm user {safe(view.npm_user, 60)} · until {when(view.deadline)} at most"),
    )


def _speed_line(view: SurveyView) -> str:
    if view.speed is None:
        return ""
    left = f" · about {count(view.minutes_left, 'minute')} left" if view.minutes_left else ""
    return f"{view.speed:.0f} a minute{left}"


def _waiting_lines(view: SurveyView) -> Iterator[str]:
    if view.stopped:
        return
    if view.waits_for_link:
        yield "✋ Waits for you at npm: the link is in this DM."
    elif view.waits_for_press:
        yield f"✋ Waits for you: press {bold(_READY)} when you are at your computer, and npm may ask you to confirm."
    if view.asks_each:
        left = view.total - view.done - view.failed
        yield f"⚠️ npm asks this session for each read: {count(left, 'link')} to come. {bold('Stop')} ends it any time."


def _stop_dialog(view: SurveyView) -> Block:
    left = view.total - view.done - view.failed
    text = f"{count(left, 'package')} will not be read. What was read stays, in this message and in its file."
    return confirmation("Stop reading?", text, yes="Stop it", no="Read on")


def _foot(view: SurveyView) -> str:
    known = catalogue_line(view.catalogue, None) if view.catalogue else ""
    left_out = f"{view.left_out} that your npm account may not change are left out" if view.left_out else ""
    return " · ".join(filter(None, [known, left_out]))


def _problem_lines(view: SurveyView) -> list[str]:
    return [f"⚠️ {count(number, 'package')} not read: {safe(why, 300)}" for why, number in view.problems]


def _read(view: SurveyView) -> Message:
    what = _what(view.selection, view.total)
    title = f"npm's own lists of {what}" if view.state is SurveyState.DONE else f"Stopped: npm's own lists of {what}"
    summed = view.sum or SurveySum()
    mark = "✅" if view.state is SurveyState.DONE else "⏹"
    file = "JSON" if view.as_json else "CSV"
    note = f"Slack did not take the {file} file; the bot may lack the scope files:write." if view.file_failed else ""
    at = f"read {when(view.finished_at)} " if view.finished_at else ""
    told = note or (f"All configurations: the {file} file in this thread." if view.done else "")
    return message(
        title,
        section(f"{mark} {bold(title)}", *_sum_lines(summed), *_problem_lines(view)),
        *[section(*lines) for lines in [_difference_lines(summed)] if lines],
        *(_entry(each) for each in view.page),
        _turning(view.value, after=0, total=view.total, size=len(view.page)),
        context(_foot(view), f"{at}as npm user {safe(view.npm_user, 60)} · yours alone to see. {told}"),
    )


def _sum_lines(summed: SurveySum) -> list[str]:
    several = f", {summed.several} of them more than one" if summed.several else ""
    providers = [f"{safe(name, 60)} {number}" for name, number in list(summed.providers.items())[:_MOST_PROVIDERS]]
    return [
        f"{summed.trusted} with a trusted publisher{several} · {summed.untrusted} without · {summed.unread} not read",
        f"Configurations: {', '.join(providers)}" if providers else "",
    ]


def _difference_lines(summed: SurveySum) -> list[str]:
    changes = [f"• {safe(package_words(name), 214)}: {_change(change)}" for name, change in summed.changes.items()]
    more = summed.changed - len(changes)
    differ = bold(f"{count(summed.changed, 'package differs', 'packages differ')} from when I last read them")
    return [
        f"🔁 {differ}" if summed.changed else "",
        *changes,
        f"… and {more} more: see the file." if more > 0 else "",
        _named("⚠️ Published through a trusted publisher that does not stand any more:", summed.gone, summed.gone_total),
        _named("💤 Set up, and the newest version did not come through it:", summed.unused, summed.unused_total),
    ]


def _change(change: Change) -> str:
    told = (("appeared", change.appeared), ("is gone", change.vanished), ("was altered", change.altered))
    words = (
        f"{safe(configuration_words(found), 160)} {what}"
        for what, configurations in told
        for found in configurations[:2]
    )
    left_out = sum(max(0, len(configurations) - 2) for _, configurations in told)
    return "; ".join([*words, *([f"and {left_out} more"] if left_out else [])])


def _named(what: str, packages: Sequence[str], total: int) -> str:
    if not packages:
        return ""
    more = f" and {total - len(packages)} more" if total > len(packages) else ""
    return f"{what} {names(packages, len(packages))}{more}"


def _entry(each: SurveyedPackage) -> Block:
    return section(bold(safe(package_words(each.package), 214)), *_entry_lines(each), limit=_ENTRY_LETTERS)


def _entry_lines(each: SurveyedPackage) -> list[str]:
    if each.configurations is None:
        return [f"⚠️ Not read: {safe(each.problem, 300)}"]
    if not each.configurations:
        return ["No trusted publisher."]
    return [f"• {safe(configuration_words(found), 300)}" for found in each.configurations[:10]]


def _turning(value: str, *, after: int, total: int, size: int) -> Block | None:
    return actions(
        button("Previous page", Action.SURVEY_BACK, f"{value}:{max(0, after - size)}") if after else None,
        button("Next page", Action.SURVEY_PAGE, f"{value}:{after + size}") if size and after + size < total else None,
    )
