"""Patterns of package names."""

import re
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.mistakes import Mistake
from bot.domain.patterns import (
    MOST_PATTERNS,
    PackagePattern,
    Selection,
    parse_pattern,
    parse_selection,
    select,
    selection_of,
)


@pytest.mark.parametrize(
    ("selection", "matching", "others"),
    [
        ("@acme/*", ["@acme/ui", "@acme/x.y"], ["@acme2/ui", "acme", "@ACME/ui", "@acme/a/b", "x@acme/ui"]),
        ("@acme/*-ui", ["@acme/web-ui", "@acme/-ui"], ["@acme/web-ui2", "@acme/ui"]),
        ("*", ["left-pad", "@acme/ui"], [""]),
        ("acme-*", ["acme-ui", "acme-"], ["@acme-x/ui", "acme-x/ui"]),
        ("@*/ui", ["@acme/ui", "@b/ui"], ["ui"]),
        ("@*/*", ["@acme/ui"], ["ui"]),
        ("@acme-*/c*t*s", ["@acme-x/cats", "@acme-/ctattss"], ["@acme-x/cat", "@acme-x/scats"]),
        # a star is the only sign that means something
        ("a.b", ["a.b"], ["axb"]),
        ("JSON*", ["JSONStream"], ["jsonstream"]),
        # left out again, wherever it stands
        ("!@acme/old-* @acme/*", ["@acme/ui"], ["@acme/old-ui"]),
        ("@acme/* left-pad !@acme/ui", ["@acme/core", "left-pad"], ["@acme/ui", "right-pad"]),
        ("left-pad !left-pad", [], ["left-pad"]),
    ],
)
def test_a_selection_takes_what_matches_and_is_not_left_out(
    selection: str, matching: list[str], others: list[str]
) -> None:
    chosen = selection_of(selection)
    assert [name for name in matching + others if chosen.matches(name)] == matching


def test_no_patterns_select_nothing() -> None:
    assert not Selection(patterns=()).matches("left-pad")


@pytest.mark.parametrize(
    ("selection", "names", "scopes", "scoped", "search_texts"),
    [
        ("@acme/*", (), ("acme",), True, ("scope:acme",)),
        ("@acme/ui-* @acme/* !@b/x", (), ("acme",), True, ("scope:acme",)),
        ("@acme/* left-pad", ("left-pad",), ("acme",), False, ("scope:acme",)),
        ("@acme/ui @b/x !@b/x", ("@acme/ui",), ("acme", "b"), True, ()),
        ("acme-* *-loader", (), (), False, ("loader", "acme")),
        ("@acme-*/ui", (), (), False, ("acme",)),
        ("*", (), (), False, ()),
    ],
)
def test_a_selection_tells_where_to_look(
    *, selection: str, names: tuple[str, ...], scopes: tuple[str, ...], scoped: bool, search_texts: tuple[str, ...]
) -> None:
    chosen = selection_of(selection)
    assert (chosen.names, chosen.scopes, chosen.is_scoped, chosen.search_texts) == (names, scopes, scoped, search_texts)


def test_a_selection_has_one_way_of_writing() -> None:
    found = parse_selection(["!@b/*", "left-pad", "@acme/**", "!@acme/old", "@acme/*"])
    assert isinstance(found, Selection)
    assert found.text == "@acme/* left-pad !@acme/old !@b/*"


@pytest.mark.parametrize(
    ("text", "what", "suggestion"),
    [
        ("", "Package name must be specified.", ""),
        ("@acme", "This is a scope, not its packages.", "@acme/*"),
        ("@acme/", "This is a scope, not its packages.", "@acme/*"),
        ("!@acme", "This is a scope, not its packages.", "!@acme/*"),
        ("@é", "This is a scope, not its packages.", ""),
        ("acme/*", "No package has a name like this.", "@acme/*"),
        ("acme/ui", "npm has no packages with such a name.", "@acme/ui"),
        ("@acme/*@1.2.3", "Trust is given for a package, not for one version of it.", "@acme/*"),
        ("@acme/ui@1.2.3", "Trust is given for a package, not for one version of it.", "@acme/ui"),
        ("!@acme/ui@latest", "Trust is given for a package, not for one version of it.", "!@acme/ui"),
        ("https://www.npmjs.com/package/@acme/ui", "This is the address of a package, not its name.", "@acme/ui"),
        ("<!channel>", "This holds a mention of Slack's.", ""),
        ("<!channel>*", "No package has a name like this.", ""),
        ("!*", "This leaves out every package.", ""),
        ("!", "Package name must be specified.", ""),
        ("!!a", "No package has a name like this.", ""),
        ("@a/b/*", "No package has a name like this.", ""),
        ("node_modules", "npm has no packages with such a name.", ""),
        ("acme ui*", "No package has a name like this.", ""),
    ],
)
def test_what_is_no_pattern_says_what_is_near(text: str, what: str, suggestion: str) -> None:
    mistake = parse_pattern(text)
    assert isinstance(mistake, Mistake)
    assert mistake.what.startswith(what)
    assert (mistake.got, mistake.suggestion) == (text, suggestion)
    assert parse_selection(["a", text]) == [mistake]


@pytest.mark.parametrize(
    ("texts", "what"),
    [
        ([], "No packages were named."),
        (["!a*", "!b"], "This says only what to leave out."),
        ([f"p{number}" for number in range(MOST_PATTERNS + 1)], "These are too many patterns."),
    ],
)
def test_patterns_that_are_wrong_together(texts: list[str], what: str) -> None:
    found = parse_selection(texts)
    assert isinstance(found, list)
    assert [mistake.what for mistake in found] == [what]
    with pytest.raises(ValueError, match=re.escape(what)):
        selection_of(" ".join(texts))


TEXTS = st.text("ab*/@!.-", max_size=10) | st.text(max_size=10)


@given(TEXTS)
def test_what_was_read_or_is_suggested_is_read_again(text: str) -> None:
    found = parse_pattern(text)
    again = found.suggestion if isinstance(found, Mistake) else str(found)
    if again:
        assert str(parse_pattern(again)) == again
    if isinstance(found, PackagePattern):
        chosen = select([found, PackagePattern(text="*")])
        assert selection_of(chosen.text) == chosen


@given(st.text("ab*/", min_size=1, max_size=8).filter(lambda text: set(text) != {"*"}), st.text("ab/", max_size=10))
def test_a_star_is_any_run_without_a_slash(glob: str, name: str) -> None:
    meant = re.fullmatch(re.escape(glob).replace(r"\*", "[^/]*"), name) is not None
    assert PackagePattern(text=glob).matches(name) is meant


def test_no_pattern_takes_long() -> None:
    pattern = PackagePattern(text="@acme/" + "a*" * 1000 + "b")
    began = process_time()
    assert not pattern.matches("@acme/" + "a" * 3000)
    assert process_time() - began < 1


@pytest.mark.parametrize(("text", "is_all"), [("*", True), ("* !@acme/*", True), ("@acme/*", False), ("a", False)])
def test_a_star_alone_takes_everything(text: str, *, is_all: bool) -> None:
    assert selection_of(text).takes_all is is_all
