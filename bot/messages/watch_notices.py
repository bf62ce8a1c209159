"""Watches that are elsewhere than somebody thinks, and channels that take nothing of ours any more."""

from collections.abc import Sequence

from bot.domain.coverage_views import WatchView
from bot.messages._blocks import answer
from bot.messages._coverage import selection_words
from bot.messages._text import mention_channel, mentions, safe
from bot.messages._words import COMMAND
from bot.messages.message import Message

_MOST = 10


def render_watched_elsewhere(selection: str, views: Sequence[WatchView]) -> Message:
    """The same is watched in several channels, none of which is this one."""
    where = ", ".join(
        f"in {mention_channel(view.channel)} (set by {mentions([view.set_by])})" for view in views[:_MOST]
    )
    left_out = len(views) - _MOST
    more = f" and in {left_out} more channels" if left_out > 0 else ""
    return answer(
        f"{selection_words(selection)} is watched in several channels, not in this one: {where}{more}.",
        "Type the same in the channel whose watch shall end.",
    )


def render_closed_channel(channel: str, why: str) -> Message:
    """What belongs into a channel comes by DM to who set the watch; `why` is Slack's word."""
    if why in {"is_archived", "is_inactive"}:
        reason, out = "it is archived", f"Set the watch for another channel: `{COMMAND} watch` there."
    elif why in {"not_in_channel", "channel_not_found"}:
        reason, out = "I am not in it", "Type `/invite @npmtrust` there: I look again every hour."
    else:
        reason, out = f"Slack says {safe(why, 100)}", f"Set the watch for another channel: `{COMMAND} watch` there."
    return answer(f"⚠️ You get this here, since I cannot post in {mention_channel(channel)}: {reason}.", out)
