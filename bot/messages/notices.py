"""What the bot says of itself: that it is at work, or that something went wrong."""

from bot.messages._blocks import answer
from bot.messages._text import bold, count, is_direct, mention_channel, names, safe
from bot.messages._words import COMMAND
from bot.messages.message import Message


def render_looking(packages: list[str]) -> Message:
    """A line was taken, and npm is asked first."""
    return answer(f"🔎 Looking at {names(packages, 3)} on npm…" if packages else "🔎 Looking at npm…")


def render_staged(number: int, channel: str, *, packages: int = 1) -> Message:
    """It was asked for, and stands in the channel."""
    what = "" if packages == 1 else f" for {count(packages, 'package')}"
    where = "the message here" if is_direct(channel) else mention_channel(channel)
    return answer(
        f"✅ Asked as C-{number}{what}: see {where}.",
        f"`{COMMAND} cancel C-{number}` takes it back.",
    )


def render_no_reviewer_yet(number: int, unlinked: list[str], channel: str) -> Message:
    """It was asked for, and nobody can approve it yet."""
    how = f"type `{COMMAND} login`" if is_direct(channel) else "press “I maintain this: link my npm account”"
    return answer(
        f"C-{number} waits for a maintainer to link an npm account: {names(unlinked)}.",
        f"Do you know them? Ask them to {how}.",
    )


def render_read_refused(package: str, why: str) -> Message:
    """An account may not read the list of a package."""
    return answer(
        f"npm did not let your account read the configurations of {safe(package, 214)}: {safe(why, 400)}",
        "Only its maintainers can read them.",
    )


def render_read_failed(package: str, why: str) -> Message:
    """A read was not answered."""
    return answer(
        f"I could not read the configurations of {safe(package, 214)}: {safe(why, 400)}.",
        "Nothing was changed. Try again in a few minutes.",
    )


def render_postponed(why: str) -> Message:
    """Npm cannot be asked now: the request waits."""
    return answer(
        f"⏳ I cannot use npm now: {safe(why, 300)}. Your request is kept, and I try again for 25 minutes.",
        "You need not send it again; the answer follows here.",
    )


def render_given_up(why: str) -> Message:
    """What was typed or pressed could not be done for so long that it is dropped."""
    return answer(
        f"❌ {bold('Not done.')} I tried for 25 minutes or more, and this was in the way: {safe(why, 300)}.",
        "Nothing was asked for, and nothing changed. Please type or press it again.",
    )


def render_form_too_late() -> Message:
    """Slack opens a form for three seconds after the press, and they were over."""
    return answer("Slack gave me no time to open the form. Please press or type it again.")


def render_already_logged_in(npm_user: str) -> Message:
    """The button to link an account, pressed by who is linked and logged in."""
    return answer(f"You are linked to npm user {safe(npm_user, 60)} and logged in: press Approve where you review.")


def render_session_over() -> Message:
    """What somebody owns was asked for, and only their account could tell."""
    return answer(
        "Your npm session is over, so I cannot ask npm what you own.",
        f"`{COMMAND} login`, then again; or name the packages.",
    )


def render_reading(packages: int) -> Message:
    """The configurations were asked for, through the person's account."""
    what = "the package" if packages == 1 else count(packages, "package")
    return answer(f"🔎 I read npm's own list of {what} with your npm account. The answer comes by DM.")


def render_private_elsewhere(number: int) -> Message:
    """A change set of a private package, asked for where its name must not be seen."""
    return answer(
        f"C-{number} is about a private package. Ask in its channel, or link an npm account that maintains it."
    )
