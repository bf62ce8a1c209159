"""Slack's rules for Block Kit, as strict as Slack: limits, required and unknown properties, ids.

The rules are data, made of small checks; each check yields Slack's own kind of sentence about a value and its place.
Only what the bot uses is described, and the page can draw: any other block or element is refused as unsupported.

Source of the limits: docs.slack.dev/reference/block-kit and the comments of Slack's own type definitions.
"""

import copy
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any, TypeAlias

from bot.sandbox.slack_state import JsonObject

Check: TypeAlias = Callable[[Any, str], Iterator[str]]

INTERACTIVE = (
    "button",
    "overflow",
    "static_select",
    "multi_static_select",
    "checkboxes",
    "radio_buttons",
    "plain_text_input",
    "file_input",
)
"""Elements that have an action_id."""
VIEW_BYTES = 250_000


def check_message_blocks(blocks: object) -> list[str]:
    """List what Slack would not take of a message's blocks; empty: all right."""
    return list(chain(_MESSAGE_BLOCKS(blocks, "/blocks"), _find_doubles(blocks, "/blocks")))


def check_view(view: object) -> list[str]:
    """List what Slack would not take of a modal; empty: all right."""
    problems = list(_VIEW(view, "/view"))
    if problems or not isinstance(view, dict):
        return problems
    has_input = any(block["type"] == "input" for block in view["blocks"])
    if has_input and "submit" not in view:
        problems.append(_say("missing required field: submit", "/view"))
    return [*problems, *_find_doubles(view["blocks"], "/view/blocks")]


def check_home(view: object) -> list[str]:
    """List what Slack would not take of App Home; empty: all right."""
    problems = list(_HOME(view, "/view"))
    return problems or list(_find_doubles(view["blocks"] if isinstance(view, dict) else [], "/view/blocks"))


def is_too_large(view: object) -> bool:
    """Tell whether a modal is over 250 kB."""
    return len(json.dumps(view)) > VIEW_BYTES


def count_characters(value: object) -> int:
    """Count the characters of all texts in blocks."""
    if isinstance(value, list):
        return sum(map(count_characters, value))
    if isinstance(value, dict):
        own = value.get("text")
        return (len(own) if isinstance(own, str) else 0) + sum(map(count_characters, value.values()))
    return 0


def options_of(element: Mapping[str, Any]) -> list[JsonObject]:
    """List what can be chosen in an element, in groups or not."""
    groups = element.get("option_groups") or ()
    return [*(element.get("options") or ()), *(option for group in groups for option in group["options"])]


def with_ids(blocks: list[JsonObject]) -> list[JsonObject]:
    """Copy the blocks and give those an id that have none, as Slack does when it stores them."""
    named = copy.deepcopy(blocks)
    for block in named:
        block.setdefault("block_id", secrets.token_urlsafe(4))
        for element in elements_of(block):
            if element.get("type") in INTERACTIVE:
                element.setdefault("action_id", secrets.token_urlsafe(4))
    return named


def elements_of(block: Mapping[str, Any]) -> list[JsonObject]:
    """List a block's elements, wherever this kind of block keeps them."""
    alone = (block.get("accessory"), block.get("element"))
    return [*(block.get("elements") or []), *(element for element in alone if element)]


def _say(what: str, at: str) -> str:
    return f"[ERROR] {what} [json-pointer:{at}]"


def _string(most: int, least: int = 1) -> Check:
    def check(value: object, at: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield _say("must be a string", at)
        elif len(value) < least:
            yield _say(f"must be more than {least - 1} characters", at)
        elif len(value) > most:
            yield _say(f"must be less than {most + 1} characters", at)

    return check


def _address(value: object, at: str) -> Iterator[str]:
    yield from _string(3000)(value, at)
    if not str(value).startswith(("https://", "http://")):
        yield _say("must be a valid url", at)


def _flag(value: object, at: str) -> Iterator[str]:
    if not isinstance(value, bool):
        yield _say("must be a boolean", at)


def _number(least: int, most: int) -> Check:
    def check(value: object, at: str) -> Iterator[str]:
        if type(value) is not int or not least <= value <= most:
            yield _say(f"must be a number from {least} to {most}", at)

    return check


def _one_of(*allowed: str) -> Check:
    def check(value: object, at: str) -> Iterator[str]:
        if value not in allowed:
            yield _say(f"must be one of {', '.join(allowed)}", at)

    return check


def _many(each: Check, most: int, least: int = 1) -> Check:
    def check(value: object, at: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield _say("must be an array", at)
            return
        if len(value) < least:
            yield _say(f"no fewer than {least} items allowed", at)
        if len(value) > most:
            yield _say(f"no more than {most} items allowed", at)
        for number, item in enumerate(value):
            yield from each(item, f"{at}/{number}")

    return check


def _shape(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    known = {"type": _string(255), **required, **(optional or {})}

    def check(value: object, at: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield _say("must be an object", at)
            return
        for name in required:
            if name not in value:
                yield _say(f"missing required field: {name}", at)
        for name, item in value.items():
            if name in known:
                yield from known[name](item, f"{at}/{name}")
            else:
                yield _say(f"invalid additional property: {name}", at)

    return check


def _variant(shapes: Mapping[str, Check]) -> Check:
    def check(value: object, at: str) -> Iterator[str]:
        kind = value.get("type") if isinstance(value, dict) else None
        if isinstance(kind, str) and kind in shapes:
            yield from shapes[kind](value, at)
        else:
            yield _say(f"unsupported type: {kind}", f"{at}/type")

    return check


def _all(*checks: Check) -> Check:
    def check(value: object, at: str) -> Iterator[str]:
        for single in checks:
            yield from single(value, at)

    return check


def _plain(most: int) -> Check:
    return _variant({"plain_text": _shape({"text": _string(most)}, {"emoji": _flag})})


def _rich(most: int) -> Check:
    mrkdwn = _shape({"text": _string(most)}, {"verbatim": _flag})
    return _variant({"mrkdwn": mrkdwn, "plain_text": _shape({"text": _string(most)}, {"emoji": _flag})})


def _one_source(*names: str) -> Check:
    def check(value: object, at: str) -> Iterator[str]:
        if isinstance(value, dict) and sum(name in value for name in names) != 1:
            yield _say(f"provide exactly one of: {', '.join(names)}", at)

    return check


def _says_something(block: object, at: str) -> Iterator[str]:
    if isinstance(block, dict) and not ("text" in block or "fields" in block):
        yield _say("missing required field: text or fields", at)


def _starts_among_options(element: object, at: str) -> Iterator[str]:
    """What is chosen at the start must be one of the options, to the letter."""
    if not isinstance(element, dict):
        return
    first = element.get("initial_option")
    chosen = [first] if first is not None else element.get("initial_options") or []
    groups = [group.get("options") for group in _objects_in(element.get("option_groups"))]
    known = [option for options in (element.get("options"), *groups) for option in _objects_in(options)]
    if isinstance(chosen, list) and any(option not in known for option in chosen):
        yield _say("initial option must be one of the options", at)


_ID = _string(255)
_CONFIRM = _shape(
    {"title": _plain(100), "text": _rich(300), "confirm": _plain(30), "deny": _plain(30)},
    {"style": _one_of("primary", "danger")},
)
_BUTTON = _shape(
    {"text": _plain(75)},
    {
        "action_id": _ID,
        "value": _string(2000),
        "url": _address,
        "style": _one_of("primary", "danger"),
        "confirm": _CONFIRM,
        "accessibility_label": _string(75),
    },
)
_OPTION = _shape({"text": _rich(75), "value": _string(150)}, {"description": _rich(75)})
_PLAIN_OPTION = _shape({"text": _plain(75), "value": _string(150)}, {"description": _plain(75)})
_CHOICE = {"action_id": _ID, "confirm": _CONFIRM, "focus_on_load": _flag}
_OVERFLOW = _shape({"options": _many(_PLAIN_OPTION, 5)}, {"action_id": _ID, "confirm": _CONFIRM})
_GROUP = _shape({"label": _plain(75), "options": _many(_PLAIN_OPTION, 100)})
_FROM = {
    **_CHOICE,
    "placeholder": _plain(150),
    "options": _many(_PLAIN_OPTION, 100),
    "option_groups": _many(_GROUP, 100),
}
_LISTED = _one_source("options", "option_groups")
_SELECT = _all(_shape({}, {**_FROM, "initial_option": _PLAIN_OPTION}), _LISTED, _starts_among_options)
_SEVERAL = {"initial_options": _many(_PLAIN_OPTION, 100), "max_selected_items": _number(1, 100)}
_MULTI_SELECT = _all(_shape({}, {**_FROM, **_SEVERAL}), _LISTED, _starts_among_options)
_CHECKBOXES = _all(
    _shape({"options": _many(_OPTION, 10)}, {**_CHOICE, "initial_options": _many(_OPTION, 10)}), _starts_among_options
)
_RADIO = _all(_shape({"options": _many(_OPTION, 10)}, {**_CHOICE, "initial_option": _OPTION}), _starts_among_options)
_TEXT_INPUT = _shape(
    {},
    {
        "action_id": _ID,
        "placeholder": _plain(150),
        "initial_value": _string(3000, least=0),
        "multiline": _flag,
        "min_length": _number(0, 3000),
        "max_length": _number(1, 3000),
        "focus_on_load": _flag,
    },
)
_FILE_INPUT = _shape({}, {"action_id": _ID, "filetypes": _many(_string(20), 50), "max_files": _number(1, 10)})

_FILE = _all(_shape({}, {"id": _string(255), "url": _address}), _one_source("id", "url"))
_SOURCES = {"image_url": _address, "slack_file": _FILE}
_SOURCE = _one_source("image_url", "slack_file")
_IMAGE = _all(_shape({"alt_text": _string(2000)}, {**_SOURCES, "title": _plain(2000), "block_id": _ID}), _SOURCE)
_SMALL_IMAGE = _all(_shape({"alt_text": _string(2000)}, _SOURCES), _SOURCE)

_PRESSED = {"button": _BUTTON, "overflow": _OVERFLOW, "static_select": _SELECT}
_FILLED_IN = {
    "plain_text_input": _TEXT_INPUT,
    "static_select": _SELECT,
    "multi_static_select": _MULTI_SELECT,
    "checkboxes": _CHECKBOXES,
    "radio_buttons": _RADIO,
    "file_input": _FILE_INPUT,
}


def _noted(element: object, at: str) -> Iterator[str]:
    """Check what stands in a context block: texts and small pictures."""
    is_image = isinstance(element, dict) and element.get("type") == "image"
    return _SMALL_IMAGE(element, at) if is_image else _rich(3000)(element, at)


_SECTION = _shape(
    {},
    {
        "block_id": _ID,
        "text": _rich(3000),
        "fields": _many(_rich(2000), 10),
        "accessory": _variant({**_PRESSED, "image": _SMALL_IMAGE}),
        "expand": _flag,
    },
)
_RICH_RUN = _shape({"text": _string(12_000)}, {"style": _shape({}, {"bold": _flag, "italic": _flag, "code": _flag})})
_RICH_PART = _shape({"elements": _many(_variant({"text": _RICH_RUN}), 100)}, {"border": _number(0, 1)})
_MESSAGE_KINDS = {
    "section": _all(_SECTION, _says_something),
    "header": _shape({"text": _plain(150)}, {"block_id": _ID}),
    "divider": _shape({}, {"block_id": _ID}),
    "actions": _shape({"elements": _many(_variant(_PRESSED), 25)}, {"block_id": _ID}),
    "context": _shape({"elements": _many(_noted, 10)}, {"block_id": _ID}),
    "image": _IMAGE,
    "markdown": _shape({"text": _string(12_000)}, {"block_id": _ID}),
    "rich_text": _shape(
        {"elements": _many(_variant({"rich_text_section": _RICH_PART, "rich_text_preformatted": _RICH_PART}), 100)},
        {"block_id": _ID},
    ),
}
_INPUT = _shape(
    {"label": _plain(2000), "element": _variant(_FILLED_IN)},
    {"block_id": _ID, "hint": _plain(2000), "optional": _flag, "dispatch_action": _flag},
)
_MESSAGE_BLOCKS = _many(_variant(_MESSAGE_KINDS), 50)
_MODAL = _shape(
    {"title": _plain(24), "blocks": _many(_variant({**_MESSAGE_KINDS, "input": _INPUT}), 100)},
    {
        "submit": _plain(24),
        "close": _plain(24),
        "callback_id": _ID,
        "external_id": _ID,
        "private_metadata": _string(3000, least=0),
        "clear_on_close": _flag,
        "notify_on_close": _flag,
    },
)
_VIEW = _variant({"modal": _MODAL})
_HOME = _variant(
    {
        "home": _shape(
            {"blocks": _many(_variant({**_MESSAGE_KINDS, "input": _INPUT}), 100)},
            {"callback_id": _ID, "external_id": _ID, "private_metadata": _string(3000, least=0)},
        )
    }
)


def _find_doubles(blocks: object, at: str) -> Iterator[str]:
    """Find ids given twice: a block_id in the message, an action_id in its block."""
    known = _objects_in(blocks)
    yield from _doubles_of([block.get("block_id") for block in known], "block_id", at)
    for number, block in enumerate(known):
        elements = _objects_in(block.get("elements"))
        yield from _doubles_of([element.get("action_id") for element in elements], "action_id", f"{at}/{number}")


def _objects_in(value: object) -> list[JsonObject]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _doubles_of(ids: list[object], name: str, at: str) -> Iterator[str]:
    given = [value for value in ids if isinstance(value, str)]
    for value in sorted({value for value in given if given.count(value) > 1}):
        yield _say(f"{name} already exists: {value}", at)
