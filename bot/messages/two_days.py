"""What is said in the two days in which npm waits for a version through a new configuration, and after them."""

from collections.abc import Sequence

from bot.domain.two_days import Stage, TwoDayView, Use, WaitingPackage, ends_of
from bot.messages._blocks import actions, answer, button, context, message, section
from bot.messages._text import bold, count, mention, safe, typed, when
from bot.messages._words import COMMAND, package_words
from bot.messages.ids import Action
from bot.messages.message import Message

_MOST_NAMED = 12
_UNSEEN = {
    Use.UNCLEAR: "Public data does not show whether a version came through it.",
    Use.UNREAD: "I have not read yet whether a version came through it.",
}
_UNSEEN_OF_MANY = {Use.UNCLEAR: " (not visible to me)", Use.UNREAD: " (not read yet)"}


def render_round(view: TwoDayView) -> Message:
    """Remind somebody, or tell that it is over; once every version has come, say that it works."""
    waiting = [package for package in view.packages if package.use is not Use.USED]
    if not waiting:
        return _done(view)
    return _over(view, waiting) if view.stage is Stage.OVER else _reminder(view, waiting)


def render_set_up_again(number: int, *, packages: int, review: int, executor: str, is_own: bool) -> Message:
    """The answer to who pressed the button.

    Args:
        number: Of the new change set.
        packages: How many packages it is about.
        review: How many of them need a new approval.
        executor: Whose account makes the calls, a Slack id; empty: nobody's yet.
        is_own: It is the account of who pressed.
    """
    lines = [f"C-{number} sets up {count(packages, 'package')} again."]
    if review:
        whose = "It needs" if review == packages else f"{review} of them need"
        lines.append(f"{whose} a new approval: the old one is too old, is not for the same, or the policy wants it so.")
    if executor:
        lines.append("Next I send you npm's link by DM." if is_own else f"It runs once {mention(executor)} is ready.")
    return answer(*lines)


def render_already_again(number: int) -> Message:
    """Somebody was first, or it was pressed twice."""
    return answer(f"C-{number} sets it up again already.")


def render_nothing_again() -> Message:
    """There is nothing left to set up."""
    return answer("There is nothing to set up again: versions came through it, it was taken away, or it is asked for.")


def _reminder(view: TwoDayView, waiting: Sequence[WaitingPackage]) -> Message:
    ends = ends_of(waiting)
    before = when(ends) if ends else "two days are over"
    what = _subject(waiting)
    title = f"Publish {what} before {before}, or npm drops the trusted publisher"
    example = typed(f"{COMMAND} check {waiting[0].package}")
    return message(
        f"⏰ {title}",
        section(f"⏰ {bold(title)}", *_lines(waiting)),
        section(
            "Start the workflow as for every release, so that a version comes from it."
            f" {example} tells whether it is as npm needs it."
        ),
        context(f"C-{view.number} · {_progress(view)}"),
    )


def _over(view: TwoDayView, waiting: Sequence[WaitingPackage]) -> Message:
    title = f"The two days are over: {_subject(waiting)}"
    seen = [package for package in waiting if package.use is Use.UNUSED]
    unseen = len(waiting) - len(seen)
    it, unseen_it = ("it" if number == 1 else "them" for number in (len(waiting), unseen))
    said = f"npm drops {it} after two days; no version came through {it}." if seen else ""
    unclear = (
        f"{'Of ' + count(unseen, 'package') + ' I' if seen else 'I'} cannot see whether a version came through"
        f" {unseen_it}. If none did, npm has dropped {unseen_it}."
        if unseen
        else ""
    )
    again = f"C-{view.again_number} sets it up again." if view.again_number else ""
    offer = "Set it up again once a release is near: then the two days begin anew." if view.value else ""
    as_of = f" · public data of {when(view.as_of)}" if view.as_of and seen else ""
    return message(
        f"⌛ {title}",
        section(f"⌛ {bold(title)}", *_lines(waiting), said, unclear, again or offer),
        actions(button("Set it up again", Action.SET_UP_AGAIN, view.value, style="primary")) if view.value else None,
        context(f"C-{view.number} · {_progress(view)}{as_of}"),
    )


def _done(view: TwoDayView) -> Message:
    title = f"It is used: {_subject(view.packages)}" if view.packages else "There is nothing to wait for any more"
    return message(f"✅ {title}", section(f"✅ {bold(title)}"), context(f"C-{view.number}"))


def _subject(packages: Sequence[WaitingPackage]) -> str:
    if len(packages) > 1:
        return count(len(packages), "package")
    [package] = packages
    return f"{safe(package_words(package.package), 214)} through {safe(package.label, 200)}"


def _lines(waiting: Sequence[WaitingPackage]) -> list[str]:
    if len(waiting) == 1:
        [only] = waiting
        return [
            "It was put back after a replacement failed, and counts as new." if only.restored else "",
            _UNSEEN.get(only.use, ""),
        ]
    named = [
        f"• {safe(package_words(package.package), 214)} through {safe(package.label, 120)}"
        + _UNSEEN_OF_MANY.get(package.use, "")
        for package in waiting[:_MOST_NAMED]
    ]
    left_out = len(waiting) - len(named)
    return [*named, f"… and {left_out} more" if left_out else ""]


def _progress(view: TwoDayView) -> str:
    used = sum(package.use is Use.USED for package in view.packages)
    if len(view.packages) == 1:
        return "no version seen through it so far" if view.stage is not Stage.OVER else "not used"
    return f"{used} of {len(view.packages)} used"
