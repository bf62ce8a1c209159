"""What somebody reads who wants too much at once: how much is taken, and when to try again."""

from datetime import datetime

from bot.messages._blocks import answer
from bot.messages._text import bold, count, when
from bot.messages.message import Message


def render_too_many_packages(
    asked: int, wanted: int, most: int, free_at: datetime | None, *, of_channel: bool
) -> Message:
    """Somebody, or all in a channel, have asked for as many packages as one day takes."""
    who = "People in this channel" if of_channel else "You"
    told = f"{who} asked for {count(asked, 'package')} within 24 hours"
    again = (
        f"So many can be asked for again {when(free_at)}; fewer may fit before."
        if free_at
        else f"Ask for at most {most:,} at once, and for the rest a day later."
    )
    return answer(f"❌ {bold('Nothing was asked for.')} {told}; with these {wanted:,} it is more than {most:,}.", again)


def render_too_many_links(most: int, free_at: datetime, *, login: bool, of_channel: bool) -> Message:
    """Somebody, or all for one channel, have had as many links of npm's as an hour takes."""
    what = count(most, "login link" if login else "link")
    if of_channel:
        why = (
            "people asked to log in from that channel" if login else "people confirm what was asked for in that channel"
        )
        return answer(
            f"❌ {bold('No new link.')} I have sent {what} of npm's within an hour with which {why}, and send no more.",
            f"Try again {when(free_at)}.",
        )
    return answer(
        f"❌ {bold('No new link.')} I have sent you {what} of npm's within an hour, and send no more.",
        f"Try again {when(free_at)}. Were these presses not yours? Tell an admin: somebody uses your Slack.",
    )
