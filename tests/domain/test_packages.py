"""Names of packages."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.mistakes import Mistake
from bot.domain.packages import escape_package, parse_package, scope_of


@pytest.mark.parametrize(
    "name",
    [
        "left-pad",
        "@acme/ui",
        # allowed for packages that are there already
        "@acme/Legacy",
        "JSONStream",
        "http",
        "a" * 215,
        "it's~(old)",
        "so!what",
        # odd, but npm takes them
        "@_acme/-ui",
        "@acme/_ui",
        "1",
    ],
)
def test_a_name_that_npm_takes_is_kept_as_it_is(name: str) -> None:
    assert parse_package(name) == name


@pytest.mark.parametrize(
    ("text", "what", "suggestion"),
    [
        ("", "Package name must be specified.", ""),
        # patterns
        ("@acme/*", "No pattern can stand here: name each package.", ""),
        ("!@acme/old", "No pattern can stand here: name each package.", ""),
        ("*", "No pattern can stand here: name each package.", ""),
        # versions
        ("@acme/ui@1.2.3", "Trust is given for a package, not for one version of it.", "@acme/ui"),
        ("ui@latest", "Trust is given for a package, not for one version of it.", "ui"),
        ("ui@", "Trust is given for a package, not for one version of it.", "ui"),
        ("..@1", "Trust is given for a package, not for one version of it.", ""),
        # Slack's mentions
        ("<!channel>", "This holds a mention of Slack's.", ""),
        ("<@U012>/ui", "This holds a mention of Slack's.", ""),
        ("@acme/<!here>", "This holds a mention of Slack's.", ""),
        # addresses
        ("https://www.npmjs.com/package/@acme/ui", "This is the address of a package", "@acme/ui"),
        ("npmjs.com/package/ui/v/1.0.0?activeTab=code", "This is the address of a package", "ui"),
        # no names
        ("acme/ui", "npm has no packages with such a name.", "@acme/ui"),
        ("acme/.ui", "npm has no packages with such a name.", ""),
        ("@acme/.ui", "npm has no packages with such a name.", ""),
        ("@acme/", "npm has no packages with such a name.", ""),
        ("@/ui", "npm has no packages with such a name.", ""),
        ("@acme/ui/x", "npm has no packages with such a name.", ""),
        (".ui", "npm has no packages with such a name.", ""),
        ("_ui", "npm has no packages with such a name.", ""),
        ("-ui", "npm has no packages with such a name.", ""),
        ("a b", "npm has no packages with such a name.", ""),
        ("ui\n", "npm has no packages with such a name.", ""),
        ("ünï", "npm has no packages with such a name.", ""),
        ("a%2fb", "npm has no packages with such a name.", ""),
        ("../etc/passwd", "npm has no packages with such a name.", ""),
        ("Node_Modules", "npm has no packages with such a name.", ""),
        ("favicon.ico", "npm has no packages with such a name.", ""),
    ],
)
def test_what_is_no_name_is_refused_with_the_nearest_name(text: str, what: str, suggestion: str) -> None:
    mistake = parse_package(text)
    assert isinstance(mistake, Mistake)
    assert mistake.what.startswith(what)
    assert (mistake.got, mistake.suggestion, mistake.field) == (text, suggestion, "package")


@settings(deadline=None)
@given(st.text())
def test_any_text_is_a_name_or_a_mistake_and_a_suggestion_is_a_name(text: str) -> None:
    parsed = parse_package(text)
    if isinstance(parsed, Mistake):
        assert not parsed.suggestion or parse_package(parsed.suggestion) == parsed.suggestion
    else:
        assert parsed == text


@pytest.mark.parametrize(
    ("name", "escaped", "scope"), [("@acme/Ui", "@acme%2fUi", "@acme"), ("left-pad", "left-pad", "")]
)
def test_a_name_is_escaped_as_npm_does(name: str, escaped: str, scope: str) -> None:
    assert escape_package(name) == escaped
    assert scope_of(name) == scope
