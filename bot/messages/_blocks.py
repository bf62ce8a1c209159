"""Builders of the blocks that we use, each within Slack's limits (https://docs.slack.dev/reference/block-kit)."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from bot.messages._text import clean, clean_lines, cut, fit, without_bold
from bot.messages.ids import Action
from bot.messages.message import Block, Message

_SECTION = 3000
_URL = 3000
MOST_IN_DIALOG = 300
"""Characters of the text of Slack's dialog before a press counts."""
_SPOKEN = 75
_NOTHING = "-"
"""Slack refuses empty text."""
_CONTEXT = 2000
_BLOCKS = 50
_NOTIFICATION = 1000
_CODE_CHUNK = 2900
_CODE_BLOCKS = 10


def message(text: str, *blocks: Block | None) -> Message:
    """Build a message; None among the blocks is left out. What is too much for Slack is left out and said."""
    given = [block for block in blocks if block]
    if len(given) > _BLOCKS:
        left_out = len(given) - _BLOCKS + 1
        given = [*given[: _BLOCKS - 1], context(f"… and {left_out} more parts that Slack has no room for")]
    return Message(fit(without_bold(text), _NOTIFICATION), tuple(given))


def answer(*lines: str) -> Message:
    """Build a message of text alone; its first line is what a notification shows."""
    return message(lines[0], section(*lines))


def section(*lines: str, limit: int = _SECTION) -> Block:
    """Show lines of markup; empty ones are left out."""
    return {"type": "section", "text": _markup(lines, min(limit, _SECTION))}


def beside(block: Block, control: Block | None) -> Block:
    """Put a control to the right of a section."""
    return block | {"accessory": control} if control else block


def header(text: str) -> Block:
    """Show a title; plain."""
    return {"type": "header", "text": plain(text, 150)}


def picture_of_file(file_id: str, words: str) -> Block:
    """Show a picture that was uploaded, with what it tells for who cannot see it."""
    return {"type": "image", "slack_file": {"id": file_id}, "alt_text": cut(clean(words), 2000) or _NOTHING}


def context(*lines: str) -> Block:
    """Show small print."""
    return {"type": "context", "elements": [_markup(lines, _CONTEXT)]}


def plain_section(text: str) -> Block:
    """Show text from outside at its full length, uninterpreted."""
    return {"type": "section", "text": plain(text, _SECTION)}


def actions(*buttons: Block | None) -> Block | None:
    """Put buttons in a row; no row where there is none."""
    elements = [element for element in buttons if element]
    return {"type": "actions", "elements": elements} if elements else None


def button(label: str, action: Action, value: str = "", *, style: str = "", confirm: Block | None = None) -> Block:
    """Build a button. Its value is opaque: what may be done is decided when it is pressed."""
    built: Block = {"type": "button", "action_id": action.value, "text": plain(label, 75)}
    if value:
        built["value"] = value
    if style:
        built["style"] = style
    if confirm:
        built["confirm"] = confirm
    return built


def about(control: Block, what: str) -> Block:
    """Name to a screen reader what a button is about, where several with one label stand below each other."""
    return control | {"accessibility_label": cut(clean(f"{control['text']['text']} {what}"), _SPOKEN)}


def link_button(label: str, action: Action, url: str, *, style: str = "") -> Block | None:
    """Build a button that leads out; none for an address that is no web address."""
    try:
        usable = urlsplit(url).scheme in {"https", "http"} and len(url) <= _URL and bool(urlsplit(url).netloc)
    except ValueError:
        usable = False
    return button(label, action, style=style) | {"url": url} if usable else None


def confirmation(title: str, text: str, *, yes: str, no: str = "Not yet") -> Block:
    """Build the dialog that Slack shows before a press counts. All of it is plain text."""
    return {
        "title": plain(title, 100),
        "text": plain_lines(text, MOST_IN_DIALOG),
        "confirm": plain(yes, 30),
        "deny": plain(no, 30),
    }


def code(text: str) -> list[Block]:
    """Show text as it is, to be copied: nothing in it is interpreted."""
    shown = clean_lines(text) or _NOTHING
    chunks = [shown[start : start + _CODE_CHUNK] for start in range(0, len(shown), _CODE_CHUNK)]
    blocks = [_preformatted(chunk) for chunk in chunks[:_CODE_BLOCKS]]
    left_out = sum(len(chunk) for chunk in chunks[_CODE_BLOCKS:])
    return [*blocks, context(f"… and {left_out} characters more")] if left_out else blocks


def plain(text: str, limit: int) -> dict[str, Any]:
    """Build a plain_text object of one line."""
    return {"type": "plain_text", "text": cut(clean(text), limit) or _NOTHING, "emoji": False}


def plain_lines(text: str, limit: int) -> dict[str, Any]:
    """Build a plain_text object that keeps its lines."""
    return {"type": "plain_text", "text": cut(clean_lines(text), limit).strip() or _NOTHING, "emoji": False}


def _markup(lines: Iterable[str], limit: int) -> Block:
    # verbatim: Slack makes no links and no mentions of its own out of what looks like one
    text = "\n".join(line for line in lines if line)
    return {"type": "mrkdwn", "text": fit(text, limit) or _NOTHING, "verbatim": True}


def _preformatted(text: str) -> Block:
    inner = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [inner]}
