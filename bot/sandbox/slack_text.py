"""What a person reads in a message, as plain text: for tests, and for nothing that Slack would do."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.sandbox.slack_blocks import elements_of, options_of
from bot.sandbox.slack_state import Workspace

_MARKED = re.compile(r"<([^<>]*)>")
_TYPED = re.compile(
    r"""(?P<marked><(?:[@\#!][^<>]+|[a-z]+:[^<>]+)>|&(?:amp|lt|gt);)
    |(?P<address>https?://[^\s<>"']+)
    |(?<![\w/@\#.-])(?P<kind>[@\#])(?P<name>[\w.-]+)(?![\w/.-])
    |[&<>]""",
    re.VERBOSE,
)


def render_text(text: str, blocks: list[dict[str, Any]], names: Mapping[str, str]) -> str:
    """Render a message or modal, one block a line, buttons as `[Label]`; `names` gives what each id stands for."""
    if not blocks:
        return decode(text, names)
    return "\n".join(line for block in blocks if (line := " ".join(_parts_of(block, names))))


def decode(mrkdwn: str, names: Mapping[str, str]) -> str:
    """Turn Slack's escaped text into what is shown; stars and backticks stay."""
    shown = _MARKED.sub(lambda match: _decode_marked(match[1], names), mrkdwn)
    return shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def escape(text: str) -> str:
    """Write what a person typed as Slack stores it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def escape_command(text: str, workspace: Workspace) -> str:
    """Write what a person typed after a command as Slack sends it to an app that asked for escaping.

    People, channels and addresses come marked, the names of private channels left out. What is marked already, as the
    client does it with a name picked from its list, stays.
    """
    people = {person.name: person.id for person in workspace.people.values()}
    channels = {channel.name: channel for channel in workspace.channels.values() if channel.kind == "channel"}

    def mark(found: re.Match[str]) -> str:
        kind, name = found["kind"], found["name"]
        if kind == "@" and name in people:
            return f"<@{people[name]}|{name}>"
        if kind == "#" and name in channels:
            channel = channels[name]
            return f"<#{channel.id}|{'' if channel.is_private else name}>"
        return f"<{found['address']}>" if found["address"] else escape(found[0])

    return _TYPED.sub(lambda found: found[0] if found["marked"] else mark(found), text)


def _decode_marked(inside: str, names: Mapping[str, str]) -> str:
    """Decode `<…>`: a mention, a channel, a date, a group, or a link."""
    target, _, label = inside.partition("|")
    if target.startswith("@"):
        return f"@{names.get(target[1:], label or target[1:])}"
    if target.startswith("#"):
        return f"#{names.get(target[1:], label or target[1:])}"
    if target.startswith("!date^"):
        return label
    if target.startswith("!"):
        return label or f"@{target[1:]}"
    return label or target


def _parts_of(block: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[str]:
    """Yield the texts of one block in reading order."""
    texts = [block.get("label"), block.get("text"), *(block.get("fields") or [])]
    yield from (_shown(text, names) for text in texts if text)
    for element in elements_of(block):
        if element["type"] in ("mrkdwn", "plain_text"):
            yield _shown(element, names)
        elif element["type"].startswith("rich_text"):
            yield "".join(part["text"] for part in element["elements"])
        else:
            yield from _label_of(element)
    if block.get("hint"):
        yield _shown(block["hint"], names)


def _label_of(element: Mapping[str, Any]) -> Iterator[str]:
    """Name an element by what stands on it: a button's text, the choices, what is filled in."""
    if element["type"] == "button":
        yield f"[{element['text']['text']}]"
    elif options := options_of(element):
        yield from (f"[{option['text']['text']}]" for option in options)
    elif element["type"] == "image":
        yield f"[{element['alt_text']}]"
    else:
        yield f"[{element.get('initial_value', '')}]"


def _shown(text: Mapping[str, Any], names: Mapping[str, str]) -> str:
    return decode(text["text"], names) if text["type"] == "mrkdwn" else str(text["text"])
