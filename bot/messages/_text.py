"""Text from outside, made safe to show; and the few things of Slack's markup that we write ourselves.

Escaping `&`, `<` and `>` (https://docs.slack.dev/messaging/formatting-message-text) takes away mentions, links and
commands. For bold, italics and code Slack knows no escape, and an invisible space beside a sign makes formatting more
likely, not less: so a sign that could begin or end it becomes one that looks alike. Signs within a word stay, so that
`ui_kit` and `release_notes.yml` can be copied as they are. Names of emoji are broken by an invisible word joiner.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

JOINER = "\u2060"
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5\u180b\u180c\u180d\u180f")
"""Letters, signs and marks by category, blank to the eye."""
_SELECTORS = (("\ufe00", "\ufe0e"), ("\U000e0000", "\U000e0fff"))
"""Tags and variation selectors, in which a text can hide; the last of the first block makes an emoji one, and stays."""
_MOST_MARKS = 4
"""On one letter: more of them would cover the lines around it."""
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co"})
"""Control, format (bidi, zero width, tags), half a character, private use."""
_MARK = re.compile(r"(?<![A-Za-z0-9])[*_~]|[*_~](?![A-Za-z0-9])|`")
_LOOKS_LIKE = str.maketrans({"*": "\u2217", "_": "\u02cd", "~": "\u223c", "`": "\u02cb"})
_EMOJI = re.compile(r":(?=[^\s:/]+(?::|$))")
_OUR_BOLD = re.compile(r"(`[^`]*`)|(?<![A-Za-z0-9])\*|\*(?![A-Za-z0-9])")
_SLACK_USER = re.compile(r"[UW][A-Z0-9]+")
_SLACK_CHANNEL = re.compile(r"[CG][A-Z0-9]+")
_HALF_TOKEN = re.compile(r"(?:<[^<>\n]*|&[a-z]{0,3})$")


def clean(text: str) -> str:
    """Take out what cannot be seen and make one line of it."""
    return " ".join("".join(_seen(text)).split())


def clean_lines(text: str) -> str:
    """Take out what cannot be seen, but keep lines and indentation."""
    return "".join(char for char in _seen(text.expandtabs(4)) if char in " \n" or not char.isspace())


def cut(text: str, limit: int) -> str:
    """Shorten to so many UTF-16 units, which is how Slack counts; the last is then an ellipsis."""
    return text if _units(text) <= limit else _head(text, limit - 1).rstrip() + "…"


def safe(text: str, limit: int = 300) -> str:
    """Make text from outside show as itself in Slack's markup: never a mention, a link, bold, code or an emoji."""
    shown = _MARK.sub(lambda mark: mark[0].translate(_LOOKS_LIKE), cut(clean(text), limit))
    shown = _EMOJI.sub(":" + JOINER, shown)
    escaped = shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return JOINER + escaped if escaped.startswith("&gt;") else escaped


def typed(line: str, limit: int = 300) -> str:
    """Show a line that can be copied as it is, in one line of markup; it may hold text from outside."""
    shown = cut(clean(line).replace("`", "\u02cb"), limit)
    return f"`{shown.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')}`"


def fit(markup: str, limit: int) -> str:
    """Shorten markup of ours without leaving half a mention, half a date or half an entity."""
    if _units(markup) <= limit:
        return markup
    return _HALF_TOKEN.sub("", _head(markup, limit - 1)).rstrip(" \n*_~`") + "…"


def bold(markup: str) -> str:
    """Set in bold what is safe already."""
    return f"*{markup}*"


def without_bold(markup: str) -> str:
    """Take our bold away, for where it is shown as asterisks; those within code are text."""
    return _OUR_BOLD.sub(lambda found: found[1] or "", markup)


def mention(slack_user: str) -> str:
    """Name a person of this Slack; anything that is no Slack id is shown as text."""
    return f"<@{slack_user}>" if _SLACK_USER.fullmatch(slack_user) else safe(slack_user)


def mention_channel(channel: str) -> str:
    """Name a channel; anything that is no channel id is shown as text."""
    return f"<#{channel}>" if _SLACK_CHANNEL.fullmatch(channel) else safe(channel)


def is_direct(channel: str) -> bool:
    """Tell whether a channel is a DM with us, which Slack gives no name for others."""
    return channel.startswith("D")


def mentions(slack_users: Iterable[str]) -> str:
    """Name several people: `@a, @b`."""
    return ", ".join(mention(user) for user in slack_users)


def names(outside: Iterable[str], limit: int = 5) -> str:
    """List names from outside; those beyond the limit are counted."""
    listed = list(outside)
    shown = ", ".join(safe(name, 100) for name in listed[:limit])
    return f"{shown} and {len(listed) - limit} more" if len(listed) > limit else shown


def when(moment: datetime) -> str:
    """Tell a moment in the reader's own zone; where Slack cannot, in UTC with its weekday."""
    fallback = moment.astimezone(UTC).strftime("%a %H:%M UTC")
    return f"<!date^{int(moment.timestamp())}^{{date_short_pretty}} {{time}}|{fallback}>"


def day(moment: datetime) -> str:
    """Tell a day in the reader's own zone, with the year where it is long ago."""
    return f"<!date^{int(moment.timestamp())}^{{date_short}}|{_utc_day(moment)}>"


def ago(moment: datetime) -> str:
    """Tell how long ago something was when it is read; where Slack cannot, the day."""
    return f"<!date^{int(moment.timestamp())}^{{ago}}|{_utc_day(moment)}>"


def count(number: int, one: str, several: str = "") -> str:
    """Count things: `1 step`, `3 steps`."""
    return f"{number} {one if number == 1 else several or one + 's'}"


def _utc_day(moment: datetime) -> str:
    utc = moment.astimezone(UTC)
    return f"{utc.day} {utc:%b %Y}"


def _seen(text: str) -> Iterator[str]:
    """Leave out what cannot be seen, and marks that are piled up."""
    piled = 0
    for char in text:
        if _is_hidden(char):
            continue
        piled = piled + 1 if unicodedata.combining(char) else 0
        if piled <= _MOST_MARKS:
            yield char


def _is_hidden(char: str) -> bool:
    if char.isascii():
        return not (char.isprintable() or char.isspace())
    is_selector = any(first <= char <= last for first, last in _SELECTORS)
    return is_selector or char in _BLANK or (unicodedata.category(char) in _HIDDEN and not char.isspace())


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _head(text: str, limit: int) -> str:
    return text.encode("utf-16-le", "surrogatepass")[: 2 * limit].decode("utf-16-le", "ignore")
