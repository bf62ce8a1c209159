import pytest

from bot.sandbox.slack_text import decode, escape, render_text
from tests.sandbox.slack_world import actions, button, field_of, section

NAMES = {"U0RITA": "rita"}


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("<@U0RITA> asks", "@rita asks"),
        ("<@U0GONE|gone>", "@gone"),
        ("<@U0GONE>", "@U0GONE"),
        ("<#C1|general>", "#general"),
        ("<!here>", "@here"),
        ("<!subteam^S1|@owners>", "@owners"),
        ("<!date^1772632800^{date} {time}^https://a.example|Wed 14:05>", "Wed 14:05"),
        ("<https://a.example|the page>", "the page"),
        ("<https://a.example>", "https://a.example"),
        ("*bold* `code`", "*bold* `code`"),
        # what was escaped is text and nothing else
        ("&lt;!channel&gt;", "<!channel>"),
        ("&amp;lt;", "&lt;"),
        ("a < b", "a < b"),
    ],
)
def test_markup_is_read_as_a_person_reads_it(stored: str, shown: str) -> None:
    assert decode(stored, NAMES) == shown


@pytest.mark.parametrize("typed", ["<!channel>", "a & b", "&lt;", "<@U0RITA>", "plain"])
def test_what_is_escaped_is_shown_as_typed(typed: str) -> None:
    assert decode(escape(typed), NAMES) == typed


def test_each_block_with_text_is_a_line() -> None:
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "Head <@U0RITA>"}},
        {**section("*body*"), "accessory": button("more")},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": "f1"}, {"type": "mrkdwn", "text": "f2"}]},
        {"type": "divider"},
        {
            "type": "context",
            "elements": [{"type": "mrkdwn", "text": "by <@U0RITA>"}, {"type": "mrkdwn", "text": "C-42"}],
        },
        actions(button("approve"), button("reject")),
        {**field_of("file", initial_value="ci.yml"), "hint": {"type": "plain_text", "text": "a name"}},
    ]
    assert render_text("not shown", blocks, NAMES).splitlines() == [
        "Head <@U0RITA>",
        "*body* [More]",
        "f1 f2",
        "by @rita C-42",
        "[Approve] [Reject]",
        "file [ci.yml] a name",
    ]
