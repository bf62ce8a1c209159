"""Answers to `pause`, `resume` and `retry`. Seen only by the person who asked."""

from bot.messages._blocks import answer
from bot.messages._text import count, mentions, names
from bot.messages._words import COMMAND
from bot.messages.message import Message


def render_paused(number: int, *, left: int, calling: int = 0) -> Message:
    """No new call of it starts."""
    under_way = " The call that is under way is finished." if calling else ""
    return answer(
        f"⏸ C-{number} is paused: no new call starts.{under_way} {count(left, 'change')} to go.",
        f"Approvals and deadlines go on. `{COMMAND} resume C-{number}` lets it go on.",
    )


def render_paused_already(number: int) -> Message:
    """It stands already."""
    return answer(f"C-{number} is paused already. `{COMMAND} resume C-{number}` lets it go on.")


def render_resumed(number: int, *, left: int) -> Message:
    """It goes on."""
    return answer(f"▶️ C-{number} goes on: {count(left, 'change')} to go. Who is needed is asked by DM.")


def render_not_paused(number: int) -> Message:
    """There is nothing to let go on."""
    return answer(f"C-{number} is not paused: its message shows what it waits for.")


def render_over(number: int, *, retry: bool = False) -> Message:
    """It has ended: there is nothing to stop."""
    again = f" `{COMMAND} retry C-{number}` asks again for what failed." if retry else ""
    return answer(f"C-{number} is finished, so there is nothing to pause or resume.{again}")


def render_retried(number: int, *, asked: int, read: int) -> Message:
    """What failed is asked for once more."""
    lines = []
    if asked:
        lines.append(
            f"🔁 {count(asked, 'change')} of C-{number} failed or ran out of time: I look at the packages."
            " A preview of what can be asked for again comes by DM."
        )
    if read:
        lines.append(
            f"🔎 Of {count(read, 'change')} it is not known how they ended: I first read npm's own lists with your npm"
            " account, and ask only for what is missing."
        )
    return answer(*lines)


def render_nothing_to_retry(number: int, *, still_open: int, rejected: int, cancelled: int) -> Message:
    """Nothing of it failed."""
    others = []
    if still_open:
        others.append(f"{count(still_open, 'change')} still open")
    if rejected:
        others.append(f"{count(rejected, 'change')} rejected: mend what its reviewers object to, and ask for it anew")
    if cancelled:
        others.append(f"{count(cancelled, 'change')} cancelled: ask anew for what is wanted after all")
    return answer(f"Nothing of C-{number} failed, so there is nothing to try again.", *(f"• {each}" for each in others))


def render_cannot_read(number: int, packages: list[str], who: list[str]) -> Message:
    """Somebody else's account has to look what there is, before anything is asked for."""
    able = (
        f"{mentions(who)} can type `{COMMAND} retry C-{number}`." if who else "First a maintainer must link an account."
    )
    return answer(
        f"Of {names(packages)} it is not known how the calls ended, and your npm account cannot read its list.",
        able,
    )


def render_retry_found(number: int, *, in_place: int, missing: int, unread: int) -> Message:
    """What npm's own lists tell."""
    lines = [f"🔎 I read npm's own lists of what C-{number} left unclear."]
    if in_place:
        lines.append(f"• {count(in_place, 'change')}: npm shows it as it was wanted, nothing to do")
    if missing:
        lines.append(f"• {count(missing, 'change')}: something is missing, which I show you next")
    if unread:
        lines.append(
            f"• {count(unread, 'change')}: the list could not be read; `{COMMAND} retry C-{number}` looks again"
        )
    return answer(*lines)
