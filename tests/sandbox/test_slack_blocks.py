import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.slack_blocks import check_message_blocks, check_view, with_ids
from tests.sandbox.slack_world import actions, button, field_of, modal, plain, section

CONFIRM = {
    "title": plain("t" * 100),
    "text": plain("x" * 300),
    "confirm": plain("c" * 30),
    "deny": plain("d" * 30),
    "style": "danger",
}
OPTION = {"text": plain("o" * 75), "value": "v" * 150}


def select(**more: object) -> dict[str, Any]:
    return {"type": "static_select", "action_id": "s", "options": [OPTION], **more}


def choice(kind: str, *options: dict[str, Any], **more: object) -> dict[str, Any]:
    element = {"type": kind, "action_id": "c", "options": list(options), **more}
    return {"type": "input", "block_id": "b", "label": plain("l"), "element": element}


def numbered(count: int) -> list[dict[str, Any]]:
    return [{"text": plain(str(n)), "value": str(n)} for n in range(count)]


def context(*texts: str) -> dict[str, Any]:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text} for text in texts]}


@pytest.mark.parametrize(
    "blocks",
    [
        [{"type": "divider"}] * 50,
        [section("x" * 3000)],
        [{"type": "section", "fields": [plain("x" * 2000)] * 10}],
        [{**section("x"), "accessory": button("a", confirm=CONFIRM)}],
        [{"type": "header", "text": plain("h" * 150)}],
        [actions(*(button(str(n)) for n in range(25)))],
        [
            actions(
                button("a" * 255, text=plain("b" * 75), value="v" * 2000, url="https://" + "u" * 2992, style="primary")
            )
        ],
        [actions(select(initial_option=OPTION, placeholder=plain("p" * 150)))],
        [context(*["c"] * 10)],
        # the same action_id in another block is another button
        [actions(button("a")), actions(button("a"))],
    ],
)
def test_a_message_at_the_limits_is_taken(blocks: list[dict[str, Any]]) -> None:
    assert check_message_blocks(blocks) == []


@pytest.mark.parametrize(
    ("block", "place"),
    [
        (section(""), "/text/text"),
        (section("x" * 3001), "/text/text"),
        ({"type": "section"}, ""),
        ({"type": "section", "text": "x"}, "/text/type"),
        ({"type": "section", "text": {"type": "html", "text": "x"}}, "/text/type"),
        ({"type": "section", "fields": [plain("x")] * 11}, "/fields"),
        ({"type": "section", "fields": [plain("x" * 2001)]}, "/fields/0/text"),
        ({"type": "section", "fields": []}, "/fields"),
        ({"type": "header", "text": plain("h" * 151)}, "/text/text"),
        ({"type": "header", "text": {"type": "mrkdwn", "text": "h"}}, "/text/type"),
        ({"type": "header"}, ""),
        (actions(*(button(str(n)) for n in range(26))), "/elements"),
        (actions(), "/elements"),
        (context(*["c"] * 11), "/elements"),
        (context(""), "/elements/0/text"),
        # buttons
        (actions(button("a", text=plain("b" * 76))), "/elements/0/text/text"),
        (actions(button("a", text={"type": "mrkdwn", "text": "b"})), "/elements/0/text/type"),
        (actions(button("a", value="v" * 2001)), "/elements/0/value"),
        (actions(button("a", value=7)), "/elements/0/value"),
        (actions(button("a", url="https://" + "u" * 2993)), "/elements/0/url"),
        (actions(button("a", url="javascript:alert(1)")), "/elements/0/url"),
        (actions(button("a", style="default")), "/elements/0/style"),
        (actions(button("a" * 256)), "/elements/0/action_id"),
        (actions(button("a", disabled=True)), "/elements/0"),
        (actions(button("a"), button("a")), ""),
        # confirm dialogs
        (actions(button("a", confirm={**CONFIRM, "title": plain("t" * 101)})), "/elements/0/confirm/title/text"),
        (actions(button("a", confirm={**CONFIRM, "text": plain("t" * 301)})), "/elements/0/confirm/text/text"),
        (actions(button("a", confirm={**CONFIRM, "confirm": plain("t" * 31)})), "/elements/0/confirm/confirm/text"),
        (actions(button("a", confirm={**CONFIRM, "deny": plain("t" * 31)})), "/elements/0/confirm/deny/text"),
        (actions(button("a", confirm={"title": plain("t")})), "/elements/0/confirm"),
        # options
        (actions(select(options=numbered(101))), "/elements/0/options"),
        (actions(select(options=[{**OPTION, "text": plain("o" * 76)}])), "/elements/0/options/0/text/text"),
        (actions(select(options=[{**OPTION, "value": "v" * 151}])), "/elements/0/options/0/value"),
        (
            actions(select(options=[{**OPTION, "description": plain("d" * 76)}])),
            "/elements/0/options/0/description/text",
        ),
        (actions(select(initial_option={"text": plain("other"), "value": "other"})), "/elements/0"),
        (actions({"type": "overflow", "action_id": "o", "options": numbered(6)}), "/elements/0/options"),
        # what does not belong here
        (field_of("f"), "/type"),
        ({"type": "video"}, "/type"),
        ({"type": "divider", "text": plain("x")}, ""),
        ({"type": "divider", "block_id": "b" * 256}, "/block_id"),
        ("divider", "/type"),
        (None, "/type"),
    ],
)
def test_a_bad_block_is_refused_at_its_place(block: object, place: str) -> None:
    problems = check_message_blocks([block])
    assert any(problem.endswith(f"[json-pointer:/blocks/0{place}]") for problem in problems), problems


def test_a_message_has_at_most_50_blocks() -> None:
    assert check_message_blocks([{"type": "divider"}] * 51) == [
        "[ERROR] no more than 50 items allowed [json-pointer:/blocks]"
    ]


def test_a_block_id_is_given_once_in_a_message() -> None:
    twice = [{"type": "divider", "block_id": "b"}] * 2
    assert check_message_blocks(twice) == ["[ERROR] block_id already exists: b [json-pointer:/blocks]"]


@pytest.mark.parametrize(
    "view",
    [
        modal(
            field_of("f", max_length=3000, initial_value="x" * 3000), title=plain("t" * 24), private_metadata="m" * 3000
        ),
        modal(choice("checkboxes", *numbered(10), initial_options=numbered(2))),
        modal(choice("radio_buttons", *numbered(2), initial_option=numbered(1)[0]), notify_on_close=True),
        {"type": "modal", "title": plain("t"), "blocks": [section("x")]},
    ],
)
def test_a_modal_at_the_limits_is_taken(view: dict[str, Any]) -> None:
    assert check_view(view) == []


@pytest.mark.parametrize(
    ("view", "place"),
    [
        (modal(section("x"), title=plain("t" * 25)), "/title/text"),
        (modal(section("x"), submit=plain("t" * 25)), "/submit/text"),
        (modal(section("x"), close=plain("t" * 25)), "/close/text"),
        (modal(section("x"), private_metadata="m" * 3001), "/private_metadata"),
        (modal(section("x"), callback_id="c" * 256), "/callback_id"),
        (modal(*[section("x")] * 101), "/blocks"),
        ({"type": "modal", "title": plain("t"), "blocks": [field_of("f")]}, ""),
        (modal(section("x"), state={}), ""),
        (modal(field_of("f"), field_of("f")), "/blocks"),
        (modal(field_of("f", max_length=3001)), "/blocks/0/element/max_length"),
        (modal(field_of("f", max_length=True)), "/blocks/0/element/max_length"),
        (modal(field_of("f", multiline="yes")), "/blocks/0/element/multiline"),
        (modal(choice("checkboxes", *numbered(11))), "/blocks/0/element/options"),
        (modal(choice("checkboxes", *numbered(2), initial_options=numbered(3))), "/blocks/0/element"),
        (modal(choice("datepicker")), "/blocks/0/element/type"),
        ({"type": "home", "blocks": []}, "/type"),
        (None, "/type"),
    ],
)
def test_a_bad_modal_is_refused_at_its_place(view: object, place: str) -> None:
    problems = check_view(view)
    assert any(problem.endswith(f"[json-pointer:/view{place}]") for problem in problems), problems


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.sampled_from(["section", "actions", "button"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "text", "elements", "options", "initial_option", "x"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_whatever_comes_is_judged_without_an_accident(value: object) -> None:
    assert all(problem.startswith("[ERROR]") for problem in [*check_message_blocks(value), *check_view(value)])


def test_given_ids_stay_and_the_original_is_not_touched() -> None:
    blocks = [actions(button("a")), {"type": "divider", "block_id": "mine"}]
    before = copy.deepcopy(blocks)
    named = with_ids(blocks)
    assert blocks == before
    assert named[1] == before[1]
    assert named[0]["elements"] == before[0]["elements"]
