"""What a person reads in a message: its texts, dates in UTC, buttons as `[Label]`, lines to copy after `| `."""

import re
from typing import Any

from bot.messages.message import Block, Message, View

_TOKEN = re.compile(r"<([^<>]*)>")
_OURS = re.compile(r"(`[^`]*`)|(?<![A-Za-z0-9])\*|\*(?![A-Za-z0-9])")


def read(shown: Message | View | None) -> str:
    """Read a message or a form, a block a line."""
    assert shown is not None
    return "\n".join(_read_block(block) for block in shown.blocks)


def read_notification(message: Message) -> str:
    """Read what a notification shows."""
    return decode(message.text)


def texts_of(value: object) -> list[dict[str, Any]]:
    """Find every text object, however deep."""
    if isinstance(value, list | tuple):
        return [text for item in value for text in texts_of(item)]
    if not isinstance(value, dict):
        return []
    here = [value] if value.get("type") in {"mrkdwn", "plain_text"} else []
    return here + [text for item in value.values() for text in texts_of(item)]


def actions_of(message: Message) -> dict[str, Block]:
    """Find every button by its action_id."""
    rows = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    return {element["action_id"]: element for row in rows for element in row}


def decode(markup: str) -> str:
    """Decode Slack's markup."""
    shown = _TOKEN.sub(lambda token: _read_token(token[1]), _OURS.sub(lambda found: found[1] or "", markup))
    return shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _read_token(inside: str) -> str:
    target, _, label = inside.partition("|")
    return label or target


def _read_text(text: dict[str, Any]) -> str:
    return decode(text["text"]) if text["type"] == "mrkdwn" else str(text["text"])


def _read_block(block: Block) -> str:
    match block["type"]:
        case "section":
            return _read_text(block["text"])
        case "context":
            return " ".join(f"({_read_text(element)})" for element in block["elements"])
        case "actions":
            return " ".join(f"[{element['text']['text']}]" for element in block["elements"])
        case "rich_text":
            return "\n".join(f"| {line}" for line in block["elements"][0]["elements"][0]["text"].split("\n"))
        case "input":
            return _read_input(block)
        case kind:
            raise AssertionError(f"nobody can read a {kind}")


def _read_input(block: Block) -> str:
    element, optional = block["element"], "?" if block["optional"] else ""
    if element["type"] == "checkboxes":
        chosen = [option["value"] for option in element["initial_options"]]
        content = " ".join(
            f"[{'x' if each['value'] in chosen else ' '}] {each['text']['text']}" for each in element["options"]
        )
    else:
        content = repr(element.get("initial_value", ""))
    hint = f" ({block['hint']['text']})" if "hint" in block else ""
    return f"{block['label']['text']}{optional}: {content}{hint}"
