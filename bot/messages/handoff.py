"""The DM with a link of npm's: what it is for, as whom, until when, and the ways to say no."""

from typing import assert_never

from bot.domain.overview import HandoffState, HandoffView
from bot.domain.windows import Asking
from bot.messages._blocks import actions, button, confirmation, context, link_button, message, section
from bot.messages._text import bold, count, mention, safe, when
from bot.messages.ids import Action
from bot.messages.message import Message

_MOST_WAITS = 3
_LOOKS = "I could not see whether npm did it: this lets me look at npm's list, before I say or send anything."


def render_handoff(view: HandoffView) -> Message:
    """Draw a link that is open, or what became of it."""
    match view.state:
        case HandoffState.OPEN:
            return _open(view)
        case HandoffState.DONE:
            return _ended(view, "✅", "Logged in at npm" if view.login else "Confirmed at npm", _done_line(view))
        case HandoffState.LATER:
            return _resting(
                view,
                "⏸",
                "Waits for you",
                safe(view.outcome, 600) or "Other requests go on meanwhile.",
                "When you are at your computer, press the button: I get a new link then.",
            )
        case HandoffState.EXPIRED:
            return _resting(
                view,
                "⌛",
                "Not logged in" if view.login else "Not confirmed",
                f"The link ran out or was refused, or its answer got lost, {_unused_words(view)}.",
                "Press the button when you have a minute: I get a new link then.",
            )
        case HandoffState.NOT_ME:
            return _ended(
                view,
                "🛑",
                "Stopped: this was not you",
                "This call was not made, and the admins are told. The message below says more.",
            )
        case HandoffState.SCRIPT:
            return _ended(view, "⌨️", "In your own terminal", "The lines to run there are below in this DM.")
        case HandoffState.RENEWED:
            return _ended(view, "🔁", "You are ready", "A new link of npm's follows below, if npm still asks for one.")
        case HandoffState.LOST:
            return _ended(
                view,
                "⚠️",
                "Not needed any more",
                "The request was stopped, or goes on without this link. If you are needed again, you get a new one.",
            )
        case _:
            assert_never(view.state)


def _unused_words(view: HandoffView) -> str:
    return "so I do not know yet whether npm did this" if view.looks else "and nothing happened at npm"


def _open(view: HandoffView) -> Message:
    title = f"{'Log in' if view.login else 'Confirm'} at npm{_for(view)}{_more(view)}"
    link = link_button(f"Open {view.host}", Action.OPEN_NPM, view.url, style="primary")
    script = button("Run them in my terminal", Action.HANDOFF_SCRIPT, view.id) if view.scriptable else None
    buttons = actions(link, button("Later, at my computer", Action.HANDOFF_LATER, view.id), script, _not_me(view))
    lines = _login_lines(view) if view.login else _confirmation_lines(view)
    small = (
        f"The link leads to {safe(view.host, 100)} · ends {when(view.expires_at)} · any device · I never ask for a code"
    )
    return message(title, section(bold(title), *lines), context(small), buttons)


def _login_lines(view: HandoffView) -> list[str]:
    account = f" as {safe(view.npm_user, 60)}" if view.npm_user else ", with the account that maintains your packages"
    return [
        f"For this it waits: {_waits(view.waits)}." if view.waits else "",
        f"Log in{account}. npm then gives me a session of two hours: I keep it encrypted, for at most those two hours.",
        "I use it only for what you approve, and to read what you ask me to read.",
        "My Home tab lists every link that I send you: a link that is not there is not from me.",
    ]


def _waits(waits: tuple[str, ...]) -> str:
    left_out = f", and {len(waits) - _MOST_WAITS} more" if len(waits) > _MOST_WAITS else ""
    return ", ".join(safe(each, 300) for each in waits[:_MOST_WAITS]) + left_out


def _confirmation_lines(view: HandoffView) -> list[str]:
    account = f", as npm user {safe(view.npm_user, 60)}" if view.npm_user else ""
    calls = _calls_words(view)
    return [
        _approved_line(view),
        _LOOKS if view.looks else "",
        f"{calls}{account}. {_tick_words(view)}",
        _script_words(view),
    ]


def _calls_words(view: HandoffView) -> str:
    """Say what remains: `212 of 700 left, about 2 confirmations`."""
    if view.calls == 1:
        return "One call"
    calls = count(view.calls, "call")
    if view.asking is Asking.EACH:
        return f"{calls} remain, this one included"
    others = view.calls - view.left
    if view.done and view.left:
        more = f" and {count(others, 'other call')}" if others else ""
        return f"{view.left} of {view.left + view.done} left{more}, about {count(view.confirmations, 'confirmation')}"
    return f"{calls}, about {count(view.confirmations, 'confirmation')}" if view.confirmations > 1 else calls


def _tick_words(view: HandoffView) -> str:
    if view.calls == 1:
        return 'No need to tick "do not ask".'
    tick = 'Tick npm\'s "do not ask again for 5 minutes"'
    match view.asking:
        case Asking.UNKNOWN:
            return f"{tick}: it may spare you the other confirmations."
        case Asking.SPARES:
            return f"{tick}: in this session npm did not ask for the next call then."
        case Asking.EACH:
            rest = "otherwise each call needs a link of its own"
            return f"npm asked again soon after your last confirmation. {tick} if you did not; {rest}."
        case _:
            assert_never(view.asking)


def _script_words(view: HandoffView) -> str:
    if not view.scriptable:
        return ""
    return (
        f"Or run {view.scriptable} of them in your own terminal, by lines that I write: there npm may ask less often, "
        "since its calls and your browser have one address."
    )


def _approved_line(view: HandoffView) -> str:
    if view.change_set is None:
        return ""
    if view.decided_at is None:
        return f"C-{view.change_set} is approved by others, and only your npm account can write to the package."
    requester = f" for {mention(view.requester)}" if view.requester else ""
    return f"You approved C-{view.change_set}{requester} {when(view.decided_at)}."


def _done_line(view: HandoffView) -> str:
    if view.login:
        return safe(view.outcome, 600) or "You need not do anything more."
    where = f"C-{view.change_set} shows the outcome." if view.change_set is not None else "The answer follows here."
    if view.calls > 1:
        how_far = f"C-{view.change_set} shows how far it is." if view.change_set is not None else where
        return f"Thank you. {how_far} If npm asks again, a new link comes here."
    return f"Thank you, that was all. {where}"


def _ended(view: HandoffView, sign: str, what: str, line: str) -> Message:
    title = f"{what}{_for(view)}"
    return message(f"{sign} {title}", section(f"{sign} {bold(title)}", line))


def _resting(view: HandoffView, sign: str, what: str, *lines: str) -> Message:
    title = f"{what}{_for(view)}"
    ready = button("I'm ready", Action.HANDOFF_READY, view.id, style="primary")
    return message(f"{sign} {title}", section(f"{sign} {bold(title)}", " ".join(lines)), actions(ready, _not_me(view)))


def _not_me(view: HandoffView) -> dict[str, object]:
    sure = confirmation(
        "Was this not you?",
        "I stop what the link is for, end your npm session and tell the admins. To only put it off, press Later.",
        yes="It was not me",
        no="It was me",
    )
    return button("Not me", Action.HANDOFF_NOT_ME, view.id, style="danger", confirm=sure)


def _for(view: HandoffView) -> str:
    return f": {safe(view.what, 700)}" if view.what else ""


def _more(view: HandoffView) -> str:
    """Say that the confirmation is for others of the request too, where npm may spare them."""
    alone = view.login or view.looks or view.asking is Asking.EACH
    return f", and {view.left - 1} more" if view.left > 1 and not alone else ""


def render_asked_to_run(*, number: int, what: str, value: str, own: bool, packages: int = 1) -> Message:
    """Ask somebody to be there, whose account calls run with though they pressed nothing just now.

    Args:
        number: Of the change set.
        what: The first that is asked for, plain.
        value: Of the button.
        own: The only maintainer, whose own request others approved; else an approver, whose press was a while ago.
        packages: How many wait for this account, with the first.
    """
    title = f"Approved: {safe(what, 700)}{f', and {packages - 1} more' if packages > 1 else ''}"
    why = (
        f"C-{number} is approved by others, and only your npm account can write to the package, so it runs with yours."
        if own
        else f"C-{number}, which you approved, runs with your npm account, and it is time for the call."
    )
    how = "Press the button when you are at your computer: npm then asks you to confirm, by a link that I send here."
    ready = button("I'm ready", Action.HANDOFF_READY, value, style="primary")
    return message(title, section(bold(title), why, how), actions(ready))


def render_asked_over(*, number: int, what: str) -> Message:
    """They are ready, or nobody waits for them any more."""
    title = f"Approved: {safe(what, 700)}"
    return message(title, section(bold(title), f"Nothing to press here any more; C-{number} shows where it is."))
