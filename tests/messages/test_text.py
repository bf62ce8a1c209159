import re
import time
import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages._text import (
    ago,
    bold,
    clean,
    clean_lines,
    count,
    cut,
    day,
    fit,
    is_direct,
    mention,
    mention_channel,
    mentions,
    names,
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
    ("\u3164\u115f\u2800", ""),
    ("a\u034f\u17b4\u180b\ufe00\ufe0e\U000e0041\U000e0100b", "ab"),
    ("⚠\ufe0f", "⚠\ufe0f"),
    # marks piled up until they cover the lines around; a few are letters of some languages
    ("e\u0301\u0323", "e\u0301\u0323"),
    ("\u0301" * 6, "\u0301" * 4),
    ("e" + "\u0301" * 90 + "x", "e" + "\u0301" * 4 + "x"),
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


def test_a_text_is_cut_at_its_limit_and_not_before() -> None:
    assert (cut("abc", 3), cut("abcd", 3), cut("ab  cd", 4), cut(" abcd", 4)) == ("abc", "ab…", "ab…", " ab…")
    assert (fit("abc", 3), fit("abcd", 3), fit("ab *cd*", 5), fit(" abcd", 4)) == ("abc", "ab…", "ab…", " ab…")
    assert fit("abX cd", 5) == "abX…"
    assert (len(safe("x" * 400)), len(typed("x" * 400))) == (300, 302)
    assert [shorten("\ud800abcdef", 4) for shorten in (cut, fit)] == ["ab…", "ab…"]  # half a character is no accident


def test_the_fallback_of_a_moment_is_in_utc_wherever_the_bot_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert "|Mon 14:00 UTC>" in when(ASKED)
        assert day(datetime(2026, 11, 23, 20, tzinfo=UTC)).endswith("|23 Nov 2026>")
    finally:
        monkeypatch.undo()
        time.tzset()


def test_small_words_around_what_came() -> None:
    assert [count(number, "step") for number in (0, 1, 2)] == ["0 steps", "1 step", "2 steps"]
    assert [count(number, "thing does", "things do") for number in (1, 3)] == ["1 thing does", "3 things do"]
    assert names(["<a>", "b", "c" * 101], limit=2) == "&lt;a&gt;, b and 1 more"
    assert names("abcdef") == "a, b, c, d, e and 1 more"
    assert (names(["c" * 101]), names([], 1), names(["a", "b"], 2)) == ("c" * 99 + "…", "", "a, b")
    assert mentions(["U0RITA", "<!here>"]) == "<@U0RITA>, &lt;!here&gt;"
    assert (bold("x"), is_direct("D1"), is_direct("C1D")) == ("*x*", True, False)
