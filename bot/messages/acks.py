"""What is answered at the door when something could not be taken. Without markup, since below a field none is shown."""

from bot.domain.mistakes import Mistake
from bot.messages._blocks import answer
from bot.messages._text import count
from bot.messages.message import Message


def not_stored() -> Message:
    """The database is down: nothing is promised."""
    return answer("Nothing was stored: my database does not answer. Please try again in a minute.")


def perhaps_stored() -> Message:
    """The database went away in the middle of a commit: neither is promised."""
    return answer(
        "I cannot tell whether this was stored: my database went away in the middle of it."
        " If I say nothing more of it within some minutes, please try again."
    )


def broken(error_id: str) -> Message:
    """An accident, with the number under which it stands in the log."""
    return answer(
        f"This went wrong on my side, error {error_id}. Please try again; whoever runs me finds it in my log."
    )


def too_many(most: int, seconds: int, *, of_channel: bool) -> Message:
    """Somebody, or all in a channel, sent more than a minute takes."""
    whose = "all in one channel" if of_channel else "one person"
    return answer(
        f"This was not taken: I take {most} a minute from {whose}, so that nobody waits for somebody else."
        f" Try again in {count(seconds, 'second')}."
    )


def foreign_workspace() -> Message:
    """The request comes from another workspace than the token's."""
    return answer("I serve another workspace. Nothing was stored.")


def secret_in_form() -> str:
    """Below the field of a form that held a token or a one-time password; plain text."""
    return "This looks like a token or a one-time password. Take it out: I never need one, and nothing was stored."


def mistake(found: Mistake) -> str:
    """Below the field of a form that cannot be understood; plain text."""
    hint = f" Did you mean {found.suggestion}?" if found.suggestion else f" Expected: {found.expected}."
    return found.what + hint
