"""One-time passwords and tokens never stay in a line."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.command_secrets import MARKER, is_secret, strip_secrets

TOKEN = "npm_" + "a1B2" * 9
UUID = "eebc175d-4720-4fc8-a31a-6491ca36fb47"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        # one-time passwords
        ("github a --otp 123456 --json", f"github a --otp {MARKER} --json"),
        ("github a --otp=123456", f"github a --otp={MARKER}"),
        ("github a \u2014otp 123 456 b", f"github a \u2014otp {MARKER} b"),
        ("a -otp '123 456' b", f"a -otp {MARKER} b"),
        ("a --otp \u201c123 456\u201d b", f"a --otp {MARKER} b"),
        ("a --otp `123 456` b", f"a --otp {MARKER} b"),
        ('a --otp "123 456', f"a --otp {MARKER}"),
        ("a --otp\u00a0123456", f"a --otp\u00a0{MARKER}"),
        ("a --o\u200btp 123456", f"a --otp {MARKER}"),
        ("a --OTP = 123456", f"a --OTP = {MARKER}"),
        (f"a --otp {'0f' * 32}", f"a --otp {MARKER}"),
        ("npm_config_otp=123456 npm trust list a", f"npm_config_otp={MARKER} npm trust list a"),
        # tokens by their looks
        (f"list a {TOKEN}", f"list a {MARKER}"),
        (f'--reason "{TOKEN}, ours"', f'--reason "{MARKER}, ours"'),
        ("xoxb-123456789-abc xapp-1-A1-abcdef", f"{MARKER} {MARKER}"),
        (f"ghp_{'a' * 36} github_pat_{'b' * 22} glpat-{'c' * 20}", f"{MARKER} {MARKER} {MARKER}"),
        # tokens by where they stand
        (f"//registry.example/:_authToken={UUID}", f"//registry.example/:_authToken={MARKER}"),
        ("_auth=dXNlcjpwYXNz _password = x", f"_auth={MARKER} _password = {MARKER}"),
        (f"NPM_TOKEN={UUID}", f"NPM_TOKEN={MARKER}"),
        (
            f"--token {UUID} --auth-token=x --_authToken=y",
            f"--token {MARKER} --auth-token={MARKER} --_authToken={MARKER}",
        ),
        (f"Authorization: Bearer {UUID}", f"Authorization: {MARKER}"),
    ],
)
def test_secrets_are_taken_out(text: str, left: str) -> None:
    assert strip_secrets(text) == (left, True)
    assert strip_secrets(left) == (left, False)


@pytest.mark.parametrize(
    "text",
    [
        f"revoke @acme/ui --id {UUID}",
        "github @acme/tokens --file token.yml --repo acme/otp",
        'github a --reason "drop the tokens: the bearer of bad news"',
        "list npm_short otp",
        "a --otp",
        "a --otp --json",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert strip_secrets(text) == (text, False)


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([TOKEN, "--otp", "=", " ", "123", "bearer ", '"', "\u200b", "token=", "x"])).map("".join)
)
def test_what_was_stripped_once_holds_nothing_more(text: str) -> None:
    stripped, _ = strip_secrets(text)
    assert TOKEN not in stripped
    assert strip_secrets(stripped) == (stripped, False)


@pytest.mark.parametrize("word", [MARKER, f"--otp={MARKER}", "--otp", "\u2014otp=1", "--authToken", f"x:{MARKER}"])
def test_what_is_left_of_a_secret_is_known(word: str) -> None:
    assert is_secret(word)


@pytest.mark.parametrize("word", ["otp", "--otps", "--file=--otp", "token"])
def test_other_words_are_no_secrets(word: str) -> None:
    assert not is_secret(word)
