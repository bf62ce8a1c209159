import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages._text import (
    ago,
    clean,
    clean_lines,
    cut,
    day,
    fit,
    mention,
    mention_channel,
    safe,
    typed,
    when,
    without_bold,
)
from tests.messages.examples import ASKED

HOSTILE = st.text(alphabet=st.sampled_from("ab1*_~`<>&:@!#|/-. \n\t\u202e\u200b\u2060\u00e9\U0001f600"), max_size=60)
ANY = st.one_of(st.text(), HOSTILE)

SHOWN = (
    # ordinary names stay as they are, to be copied
    ("ui_kit", "ui_kit"),
    ("release_notes.yml", "release_notes.yml"),
    ("@acme/a*b~c", "@acme/a*b~c"),
    ("acme/ui → release.yml", "acme/ui → release.yml"),
    # what Slack would take for its own
    ("<!channel>", "&lt;!channel&gt;"),
    ("<@U0RITA> & <https://x|y>", "&lt;@U0RITA&gt; &amp; &lt;https://x|y&gt;"),
    ("> quoted", "\u2060&gt; quoted"),
    (":tada:", ":\u2060tada:"),
    ("a:tada:", "a:\u2060tada:"),
    (":tada", ":\u2060tada"),
    # formatting
    ("*bold*", "\u2217bold\u2217"),
    ("__init__.yml", "\u02cd\u02cdinit\u02cd\u02cd.yml"),
    ("~gone~", "\u223cgone\u223c"),
    ("a`b`c", "a\u02cbb\u02cbc"),
    ("é*b*é", "é\u2217b\u2217é"),
    # what cannot be seen, or turns the line around
    ("a\u202eb\u200bc\ufeffd\u2066e", "abcde"),
    ("one\r\ntwo\tthree\x00\x1b[1m", "one two three[1m"),
    ("\u3164\u115f", ""),
    ("  a   b  ", "a b"),
    ("\ud800x", "x"),
)


@pytest.mark.parametrize(("outside", "shown"), SHOWN)
def test_text_from_outside_shows_as_itself(outside: str, shown: str) -> None:
    assert safe(outside) == shown


@given(ANY)
def test_nothing_in_safe_text_can_be_markup(outside: str) -> None:
    shown = safe(outside)
    assert not re.search(r"[<>`\n]", shown)
    assert not re.search(r"&(?!amp;|lt;|gt;)", shown)
    assert not re.search(r"(?<![A-Za-z0-9])[*_~]|[*_~](?![A-Za-z0-9])", shown)
    assert not re.search(r":[^\s:/\u2060][^\s:/]*(:|$)", shown)
    assert not shown.startswith("&gt;")
    assert all(unicodedata.category(char) not in {"Cc", "Cs"} for char in shown)


@given(st.text(alphabet="abcxyz0189-./@ →", max_size=80))
def test_plain_words_are_not_touched(words: str) -> None:
    assert safe(words) == " ".join(words.split())


@given(ANY, st.integers(1, 40))
def test_cut_text_is_never_longer_than_asked(text: str, limit: int) -> None:
    short = cut(clean(text), limit)
    assert len(short.encode("utf-16-le")) // 2 <= limit
    assert short == clean(text) or short.endswith("…")


@given(ANY, st.integers(2, 200))
def test_cut_markup_leaves_no_half_of_a_token(outside: str, limit: int) -> None:
    markup = f"*{mention('U0RITA')}* {safe(outside)} {when(ASKED)} {safe(outside)}"
    short = fit(markup, limit)
    assert len(short.encode("utf-16-le")) // 2 <= limit
    assert "<" not in re.sub(r"<[^<>]*>", "", short)
    assert not re.search(r"&(?!amp;|lt;|gt;)", short)


def test_lines_are_kept_where_a_line_is_to_be_copied() -> None:
    assert clean_lines("a\n\tb\u202e\r c\x00") == "a\n    b c"


def test_only_ids_of_slack_become_mentions() -> None:
    assert [mention(user) for user in ("U0RITA", "W012", "U0rita", "!channel", "U1>x", "")] == [
        "<@U0RITA>",
        "<@W012>",
        "U0rita",
        "!channel",
        "U1&gt;x",
        "",
    ]
    assert (mention_channel("C0GENERAL"), mention_channel("#general|x")) == ("<#C0GENERAL>", "#general|x")


def test_a_moment_is_shown_in_the_zone_of_the_reader() -> None:
    assert when(ASKED) == "<!date^1795442400^{date_short_pretty} {time}|Mon 14:00 UTC>"


def test_a_day_is_told_in_the_zone_of_the_reader_or_in_utc() -> None:
    assert day(ASKED) == "<!date^1795442400^{date_short}|23 Nov 2026>"
    assert ago(ASKED) == "<!date^1795442400^{ago}|23 Nov 2026>"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("/npmtrust watch @acme/* !@acme/old-*", "`/npmtrust watch @acme/* !@acme/old-*`"),
        ("a`b<!channel>&", "`a\u02cbb&lt;!channel&gt;&amp;`"),
        ("a\nb", "`a b`"),
    ],
)
def test_a_line_to_type_can_be_copied_and_is_nothing_but_text(line: str, shown: str) -> None:
    assert typed(line) == shown


def test_code_keeps_its_asterisks_in_a_notification() -> None:
    assert without_bold("*Done:* `@acme/*` and `*`") == "Done: `@acme/*` and `*`"


def test_a_notification_shows_no_asterisks_of_ours() -> None:
    assert without_bold(f"*{safe('@acme/a*b *c*')}* done") == "@acme/a*b \u2217c\u2217 done"
