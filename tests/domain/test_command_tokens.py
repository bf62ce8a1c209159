"""Slack's habits undone, and lines made into words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.command_tokens import Word, WrittenFlag, quote, read_flag, split_words, undo_slack, write_flag


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        # links: what the person saw
        ("<https://github.com/acme/ui|github.com/acme/ui>", "github.com/acme/ui"),
        ("<https://github.com/acme/ui>", "https://github.com/acme/ui"),
        ("<https://github.com/acme/ui|>", "https://github.com/acme/ui"),
        ("@acme/<http://chart.js|chart.js> x", "@acme/chart.js x"),
        ("<mailto:otto@acme.example|otto@acme.example>", "otto@acme.example"),
        ("<mailto:otto@acme.example>", "otto@acme.example"),
        ("<tel:123456|123456>", "123456"),
        # mentions: a scope where a slash follows, else kept
        ("<@U012|acme>/ui", "@acme/ui"),
        ("<!subteam^S012|@acme>/ui", "@acme/ui"),
        ("<@U012>/ui <@U012|otto> <!channel> <#C1|x>", "<@U012>/ui <@U012|otto> <!channel> <#C1|x>"),
        # entities, once
        ("a &amp; b &lt;!here&gt; &amp;lt; &quot;", "a & b <!here> &lt; &quot;"),
        ("&lt;https://x.example|y&gt;", "<https://x.example|y>"),
        # quotes, backticks
        ("\u201ca\u201d \u2018b\u2019 \u201ec\u201f", '"a" \'b\' "c"'),
        ("```npm trust `list` x```", "npm trust list x"),
        # spaces and what cannot be seen
        ("a\u00a0b\u200bc\ufeff\u202ed\x00e\ud800f", "a bcd e f"),
        ("a \\\n  --file b", "a    --file b"),
        ("a \\ \r\nb", "a  b"),
        ("a\nb", "a\nb"),
    ],
)
def test_slacks_habits_are_undone(text: str, plain: str) -> None:
    assert undo_slack(text) == plain


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", []),
        ("  a   b\n c ", [Word("a"), Word("b"), Word("c")]),
        ('--reason "drop old tokens" x', [Word("--reason"), Word("drop old tokens", quoted=True), Word("x")]),
        ("'a b'", [Word("a b", quoted=True)]),
        ("--reason='a b' c", [Word("--reason=a b", quoted=True), Word("c")]),
        ('\u2014reason="a b"', [Word("\u2014reason=a b", quoted=True)]),
        ('""', [Word("", quoted=True)]),
        ("--file=", [Word("--file=")]),
        # only around a whole value
        ("don't do it", [Word("don't"), Word("do"), Word("it")]),
        ("'don't do it'", [Word("don't do it", quoted=True)]),
        ('"it is "good" so"', [Word('it is "good', quoted=True), Word('so"')]),
        # backslashes
        (r'"a \"b\" \\ \c"', [Word(r'a "b" \ \c', quoted=True)]),
        (r"C:\dir", [Word(r"C:\dir")]),
    ],
)
def test_a_line_is_split_into_words(line: str, words: list[Word]) -> None:
    assert split_words(line) == (words, True)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('a "b c', [Word("a"), Word("b c", quoted=True)]),
        ('a \'b "c"', [Word("a"), Word('b "c"', quoted=True)]),
        ('--reason="b c\\"', [Word('--reason=b c"', quoted=True)]),
        ('"', [Word("", quoted=True)]),
    ],
)
def test_a_quote_that_is_not_closed_reaches_to_the_end(line: str, words: list[Word]) -> None:
    assert split_words(line) == (words, False)


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("--file", WrittenFlag("file", None)),
        ("-y", WrittenFlag("y", None)),
        ("\u2014file=a=b", WrittenFlag("file", "a=b")),
        ("\u2013\u2013org\u2013id=", WrittenFlag("org-id", "")),
        ("--reason=a\nb", WrittenFlag("reason", "a\nb")),
        # no flags
        ("file", None),
        ("-", None),
        ("\u2014", None),
        ("-1", None),
        ("--a b", None),
    ],
)
def test_a_flag_is_known_by_its_dashes(text: str, flag: WrittenFlag | None) -> None:
    assert read_flag(Word(text)) == flag


@settings(deadline=None)
@given(st.text())
def test_any_text_quoted_is_one_word_again(text: str) -> None:
    line = quote(text)
    if text != text.strip() or not text:
        assert line.startswith('"')
    assert split_words(line) == ([Word(text, quoted=line != text)], True)


@settings(deadline=None)
@given(st.text(min_size=1))
def test_any_value_written_after_a_flag_is_its_value_again(value: str) -> None:
    words, closed = split_words(write_flag("file", value))
    assert closed
    match words:
        case [flag]:
            assert read_flag(flag) == WrittenFlag("file", value)
        case [flag, word]:
            assert (flag.text, word.text) == ("--file", value)
        case _:
            pytest.fail(f"more than a flag and a value: {words}")
