"""Many alarms within an hour, in one message."""

from collections.abc import Sequence

from bot.domain.coverage_views import AlarmView
from bot.messages._blocks import actions, answer, button, context, message, section
from bot.messages._text import bold, count, mention, safe, when
from bot.messages.alarms import alarm_words, owners_words
from bot.messages.ids import Action
from bot.messages.message import Block, Message

_MOST = 40
_LINES = 5
"""In one block, so that none of them is cut off."""


def render_alarms_together(views: Sequence[AlarmView], value: str) -> Message:
    """List versions that came another way within an hour; `value` is that of the button for all of them."""
    left = [view for view in views if not view.acknowledged_by]
    if not left:
        title = f"{_versions(len(views))} came another way than before: all acknowledged"
        return message(title, section(f"☑️ {bold(title)}"), *_list(views))
    title = f"{_versions(len(views))} came another way than before"
    done = f", {len(views) - len(left)} of them acknowledged" if len(left) < len(views) else ""
    owners = {owner.npm_user: owner for view in left for owner in view.owners}
    return message(
        f"🚨 {title}",
        section(
            f"🚨 {bold(title)}{done}",
            "So many within an hour share this message. A stolen token or account looks like this. So does a release of"
            " many packages by hand.",
            owners_words(list(owners.values())),
        ),
        *_list([*left, *(view for view in views if view.acknowledged_by)]),
        section(
            "1. Ask who published them, outside of npm, whether they meant it.",
            "2. If nobody did: deprecate or unpublish them at npm, then end that account's sessions and tokens.",
            "3. Acknowledge them with what you found.",
        ),
        actions(button("Acknowledge all…", Action.ACKNOWLEDGE, value, style="primary")),
        context(f"seen in public data from {when(views[0].raised_at)} on"),
    )


def render_all_acknowledged(number: int, left: int) -> Message:
    """The answer to who acknowledged all that they may."""
    others = f" {left} others are not yours: their maintainers or an admin can." if left else ""
    return answer(f"{count(number, 'alarm')} acknowledged, and quiet. Everybody can read your reason.{others}")


def together_words(number: int) -> str:
    """Say what is acknowledged, plain."""
    return f"{_versions(number)} that came another way than before"


def _versions(number: int) -> str:
    return count(number, "version")


def _list(views: Sequence[AlarmView]) -> list[Block]:
    lines = [_line(view) for view in views[:_MOST]]
    left_out = len(views) - len(lines)
    lines += [f"… and {left_out} more"] if left_out > 0 else []
    return [section(*lines[start : start + _LINES]) for start in range(0, len(lines), _LINES)]


def _line(view: AlarmView) -> str:
    by = f", by npm user {safe(view.break_.by, 60)}" if view.break_.by else ""
    if view.acknowledged_by:
        return f"☑️ {safe(alarm_words(view), 300)}{by}: {mention(view.acknowledged_by)} “{safe(view.reason, 100)}”"
    return f"• {safe(alarm_words(view), 300)}{by}"
