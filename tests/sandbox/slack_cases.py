"""What is sent to the local Slack, and with which of Slack's words it is taken or refused: a line for each limit.

The first word of a case is a row of the table that the project keeps of Slack's documents.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from tests.sandbox.slack_world import GENERAL, OTTO, RANDOM, RITA, actions, button, field_of, modal, plain, section


class Case(NamedTuple):
    """One payload that Slack takes or refuses."""

    row: str
    error: str
    """Empty: it is taken."""
    method: str
    arguments: Mapping[str, Any]


def post(row: str, error: str, *blocks: object, **more: object) -> Case:
    """A message with these blocks."""
    return Case(row, error, "chat.postMessage", {"channel": GENERAL, "text": "x", "blocks": list(blocks), **more})


def form(row: str, error: str, *blocks: dict[str, Any], **more: object) -> Case:
    """A modal with these blocks."""
    return Case(row, error, "views.open", {"view": modal(*blocks, **more)})


def home(row: str, error: str, *blocks: dict[str, Any], **more: object) -> Case:
    """App Home with these blocks."""
    return Case(
        row, error, "views.publish", {"user_id": RITA, "view": {"type": "home", "blocks": list(blocks), **more}}
    )


def pick(count: int, *, text: int = 1, value: int = 1, kind: str = "static_select", **more: object) -> dict[str, Any]:
    """An input of so many options."""
    options = [{"text": plain(f"{n}".rjust(text, "o")), "value": f"{n}".rjust(value, "v")} for n in range(count)]
    element = {"type": kind, "action_id": "a", "options": options, **more}
    return {"type": "input", "block_id": "b", "label": plain("l"), "element": element}


def described(words: str) -> dict[str, Any]:
    """An input of one option with a description."""
    option = {"text": plain("t"), "value": "v", "description": plain(words)}
    element = {"type": "static_select", "action_id": "a", "options": [option]}
    return {"type": "input", "block_id": "b", "label": plain("l"), "element": element}


def image(**more: object) -> dict[str, Any]:
    return {"type": "image", "image_url": "https://acme.example/a.png", "alt_text": "a", **more}


def confirm(**lengths: int) -> dict[str, Any]:
    most = {"title": 100, "text": 300, "confirm": 30, "deny": 30} | lengths
    return actions(button("a", confirm={name: plain("x" * length) for name, length in most.items()}))


DIVIDER = {"type": "divider"}
GROUPS = [{"label": plain(str(n)), "options": [{"text": plain(str(n)), "value": str(n)}]} for n in range(101)]
GROUPED = {"type": "static_select", "action_id": "a", "option_groups": GROUPS[:100]}

CASES = [
    # blocks
    post("blocks", "", *[DIVIDER] * 50),
    post("blocks", "invalid_blocks", *[DIVIDER] * 51),
    form("blocks", "", *[DIVIDER] * 100),
    form("blocks", "invalid_arguments", *[DIVIDER] * 101),
    home("blocks", "", *[DIVIDER] * 100),
    home("blocks", "invalid_arguments", *[DIVIDER] * 101),
    # section
    post("section", "", section("x" * 3000)),
    post("section", "invalid_blocks", section("x" * 3001)),
    post("section", "invalid_blocks", section("")),
    post("section", "invalid_blocks", {"type": "section"}),
    post("section", "", {"type": "section", "fields": [plain("x")] * 10}),
    post("section", "invalid_blocks", {"type": "section", "fields": [plain("x")] * 11}),
    post("section", "invalid_blocks", {"type": "section", "fields": [plain("x" * 2001)]}),
    # header
    post("header", "", {"type": "header", "text": plain("x" * 150)}),
    post("header", "invalid_blocks", {"type": "header", "text": plain("x" * 151)}),
    post("header", "invalid_blocks", {"type": "header", "text": {"type": "mrkdwn", "text": "x"}}),
    post("header", "invalid_blocks", {"type": "header", "text": plain("")}),
    # actions / context
    post("actions / context", "", actions(*(button(str(n)) for n in range(25)))),
    post("actions / context", "invalid_blocks", actions(*(button(str(n)) for n in range(26)))),
    post("actions / context", "invalid_blocks", actions()),
    post("actions / context", "", {"type": "context", "elements": [plain("x")] * 10}),
    post("actions / context", "invalid_blocks", {"type": "context", "elements": []}),
    post("actions / context", "invalid_blocks", {"type": "context", "elements": [plain("x")] * 11}),
    # markdown block / markdown_text
    post("markdown block / markdown_text", "invalid_blocks", {"type": "markdown", "text": "x" * 12_001}),
    post("markdown block / markdown_text", "", {"type": "markdown", "text": "x" * 10_000}),
    post("markdown block / markdown_text", "markdown_text_conflict", DIVIDER, markdown_text="x"),
    Case(
        "markdown block / markdown_text",
        "msg_too_long",
        "chat.postMessage",
        {"channel": GENERAL, "markdown_text": "x" * 12_001},
    ),
    # button
    post("button", "", actions(button("a", text=plain("x" * 75), value="v" * 2000, accessibility_label="x" * 75))),
    post("button", "invalid_blocks", actions(button("a", text=plain("x" * 76)))),
    post("button", "invalid_blocks", actions(button("a", text=plain("")))),
    *(post("button", "", actions(button("a", style=style))) for style in ("primary", "danger")),
    post("button", "invalid_blocks", actions(button("a", text={"type": "mrkdwn", "text": "x"}))),
    post("button", "invalid_blocks", actions(button("a", value="v" * 2001))),
    post("button", "invalid_blocks", actions(button("a", url="https://a.b/" + "u" * 3000))),
    post("button", "invalid_blocks", actions(button("a", accessibility_label="x" * 76))),
    post("button", "invalid_blocks", actions(button("a", style="default"))),
    # ids
    post("ids", "invalid_blocks", actions(button("a" * 256))),
    post("ids", "invalid_blocks", DIVIDER | {"block_id": "b" * 256}),
    post("ids", "invalid_blocks", actions(button("a"), button("a"))),
    post("ids", "invalid_blocks", *[DIVIDER | {"block_id": "b"}] * 2),
    post("ids", "", actions(button("a")), actions(button("a"))),
    # selects
    form("selects", "", pick(100, text=75, value=150, placeholder=plain("x" * 150))),
    form("selects", "invalid_arguments", pick(101)),
    form("selects", "invalid_arguments", pick(1, text=76)),
    form("selects", "invalid_arguments", pick(1, value=151)),
    form("selects", "invalid_arguments", pick(1, placeholder=plain("x" * 151))),
    form("selects", "invalid_arguments", pick(0)),
    form("selects", "", described("d" * 75)),
    form("selects", "invalid_arguments", described("d" * 76)),
    form("selects", "", pick(10, kind="radio_buttons")),
    form("selects", "", pick(10, kind="checkboxes")),
    form("selects", "invalid_arguments", pick(11, kind="checkboxes")),
    form("selects", "invalid_arguments", pick(11, kind="radio_buttons")),
    form("selects", "", pick(100, kind="multi_static_select", max_selected_items=2)),
    post("selects", "", actions({**pick(5)["element"], "type": "overflow"})),
    post("selects", "invalid_blocks", actions({**pick(6)["element"], "type": "overflow"})),
    post("selects", "", actions(GROUPED)),
    post("selects", "invalid_blocks", actions(GROUPED | {"option_groups": GROUPS})),
    post("selects", "invalid_blocks", actions(GROUPED | pick(1)["element"])),
    # confirm
    post("confirm", "", confirm()),
    *(post("confirm", "invalid_blocks", confirm(**{name: most + 1})) for name, most in (("title", 100), ("text", 300))),
    *(post("confirm", "invalid_blocks", confirm(**{name: 31})) for name in ("confirm", "deny")),
    # input
    form("input", "", field_of("f", max_length=3000) | {"hint": plain("x" * 2000)}),
    form("input", "invalid_arguments", field_of("f", max_length=3001)),
    form("input", "invalid_arguments", field_of("f") | {"hint": plain("x" * 2001)}),
    form("input", "invalid_arguments", field_of("f") | {"label": plain("x" * 2001)}),
    post("input", "invalid_blocks", field_of("f")),
    # image
    post("image", "", image(alt_text="x" * 2000, title=plain("x" * 2000))),
    post("image", "", {"type": "context", "elements": [image(), plain("x")]}),
    post("image", "invalid_blocks", {"type": "image", "image_url": "https://acme.example/a.png"}),
    post("image", "invalid_blocks", image(alt_text="x" * 2001)),
    post("image", "invalid_blocks", image(title=plain("x" * 2001))),
    post("image", "invalid_blocks", image(image_url="https://a.b/" + "u" * 3000)),
    post("image", "invalid_blocks", image(slack_file={"id": "F1"})),
    # undocumented properties in blocks
    post("undocumented properties in blocks", "invalid_blocks", actions(button("a", disabled=True))),
    # view
    form("view", "", DIVIDER, title=plain("x" * 24), submit=plain("x" * 24), private_metadata="m" * 3000),
    *(form("view", "invalid_arguments", DIVIDER, **{name: plain("x" * 25)}) for name in ("title", "submit", "close")),
    *(form("view", "invalid_arguments", DIVIDER, **{name: "x" * 256}) for name in ("callback_id", "external_id")),
    form("view", "invalid_arguments", DIVIDER, private_metadata="m" * 3001),
    Case(
        "view",
        "invalid_arguments",
        "views.open",
        {"view": {"type": "modal", "title": plain("x"), "blocks": [field_of("f")]}},
    ),
    form("view", "view_too_large", *[section("x" * 2990)] * 90),
    # views.update / publish
    home("views.update / publish", "", DIVIDER, private_metadata="m" * 3000),
    home("views.update / publish", "invalid_arguments", DIVIDER, private_metadata="m" * 3001),
    home("views.update / publish", "view_too_large", *[section("x" * 2990)] * 90),
    Case("views.update / publish", "invalid_arguments", "views.publish", {"user_id": RITA, "view": modal(DIVIDER)}),
    Case(
        "views.update / publish",
        "user_not_found",
        "views.publish",
        {"user_id": "U0NONE", "view": {"type": "home", "blocks": [DIVIDER]}},
    ),
    # chat.postMessage
    Case("chat.postMessage", "no_text", "chat.postMessage", {"channel": GENERAL}),
    Case("chat.postMessage", "channel_not_found", "chat.postMessage", {"channel": "C0NONE", "text": "x"}),
    Case("chat.postMessage", "not_in_channel", "chat.postMessage", {"channel": RANDOM, "text": "x"}),
    Case("chat.postMessage", "invalid_blocks_format", "chat.postMessage", {"channel": GENERAL, "blocks": "[{"}),
    Case("chat.postMessage", "invalid_blocks_format", "chat.postMessage", {"channel": GENERAL, "blocks": DIVIDER}),
    post("chat.postMessage", "msg_blocks_too_long", *[section("x" * 3000)] * 4),
    Case("chat.postMessage", "", "chat.postMessage", {"channel": OTTO, "text": "x" * 40_001}),
    # chat.update
    Case("chat.update", "channel_not_found", "chat.update", {"channel": RITA, "ts": "1.1", "text": "x"}),
    Case("chat.update", "message_not_found", "chat.update", {"channel": GENERAL, "ts": "1.1", "text": "x"}),
    # chat.postEphemeral
    Case(
        "chat.postEphemeral",
        "user_not_in_channel",
        "chat.postEphemeral",
        {"channel": "D0OTTO", "user": RITA, "text": "x"},
    ),
    Case(
        "chat.postEphemeral",
        "user_not_found",
        "chat.postEphemeral",
        {"channel": GENERAL, "user": "U0NONE", "text": "x"},
    ),
    # DMs
    Case("DMs", "user_not_found", "conversations.open", {"users": "U0NONE"}),
    Case("DMs", "cannot_dm_bot", "conversations.open", {"users": "U0NPMTRUST"}),
    Case("DMs", "", "chat.postMessage", {"channel": RITA, "text": "x"}),
]
