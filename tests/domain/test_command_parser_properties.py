"""Text to command: what holds for any text."""

from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.command_arguments import MOST_MISTAKES, PACKAGE, PATTERN
from bot.domain.command_parser import HELP, MOST_LETTERS, NUMBER, parse_command
from bot.domain.command_secrets import MARKER
from bot.domain.commands import Misunderstood
from bot.domain.publishers import PROVIDERS

UUID = "eebc175d-4720-4fc8-a31a-6491ca36fb47"
PLACEHOLDERS = {PACKAGE, PATTERN, NUMBER, "ID", "TEXT", "URL", "CRON", "ZONE", "CHANNEL"} | {
    flag.placeholder for spec in PROVIDERS.values() for flag in spec.flags
}
WORDS = st.sampled_from(
    [
        *HELP,
        *(
            "npm",
            "trust",
            "/npmtrust",
            "npx",
            "$",
            "\n",
            "\\\n",
            '"',
            "'",
            "`",
            "=",
            ",",
            "-",
            "\u2014",
            "&lt;",
            "<",
            ">",
        ),
        *("@acme/ui", "left-pad", "@acme/*", "ui@1", "PACKAGE", "<!channel>", "<@U012|acme>/ui", UUID, "C-42", "42"),
        *(
            "--file",
            "--file=",
            "release.yml",
            ".github/workflows/a",
            "FILE.yml",
            "--repo",
            "acme/ui",
            "<https://x.y/a/b|c>",
        ),
        *(
            "--env",
            "--reason",
            "--id",
            "--from-repo",
            "--org-id",
            "--context-id",
            "--vcs-origin",
            "https://github.com/a/b",
        ),
        *(
            "with",
            "gitlab",
            "-y",
            "--yes",
            "--no-yes",
            "--json",
            "--json=no",
            "--dry-run",
            "--registry",
            "--allow-publish",
            "--help",
            "--frob",
        ),
        *(
            "--cron",
            "0 9 * * 1",
            "--tz",
            "UTC",
            "--channel",
            "<#C0123|r>",
            "--refresh",
            "!@acme/*",
            "!",
            "**",
            "PATTERN",
        ),
        *("--hold", "--csv", "<@U012ABC>", "{unscoped}.yml", "acme/{name}", "--file={scope}.yml", "..", "--id=.."),
        *("--otp", "123456", "--token=x", f"npm_{'a' * 20}", MARKER, "é", "\x00", "x" * 300),
    ]
)
STARTS = st.sampled_from(
    [
        "",
        "github ",
        "gitlab a --file a.yml ",
        "circleci a ",
        "revoke a ",
        "replace a --id 1 ",
        "list ",
        "help ",
        "cancel ",
        "watch ",
        "coverage ",
        "audit ",
        "check ",
        "freeze ",
        "github @acme/* !b ",
    ]
)
LINES = st.builds(str.__add__, STARTS, st.lists(WORDS, max_size=12).map(" ".join)) | st.text(max_size=60)


@settings(deadline=None)
@given(LINES)
def test_any_text_is_a_command_or_has_a_line_that_is_right_or_holds_placeholders(text: str) -> None:
    answer = parse_command(text)
    if not isinstance(answer, Misunderstood):
        return
    assert 0 < len(answer.mistakes) <= MOST_MISTAKES
    as_sent = answer.corrected.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if isinstance(again := parse_command(as_sent), Misunderstood):
        assert any(placeholder in answer.corrected for placeholder in PLACEHOLDERS)
        assert again.corrected == answer.corrected


@pytest.mark.parametrize(
    "unit",
    [
        "x",
        "-",
        '"',
        "'",
        '"\\"',
        "\\",
        "<",
        "<a",
        "<https://",
        "&",
        " \n",
        "--a ",
        "--otp ",
        "a,",
        "npm ",
        "\u2014",
        "= ",
        "@a/",
        "a@",
    ],
)
def test_the_worst_lines_take_no_longer_than_others(unit: str) -> None:
    for start in ("", "github a --file a.yml --reason ", 'list "'):
        began = process_time()
        parse_command((start + unit * MOST_LETTERS)[:MOST_LETTERS])
        assert process_time() - began < 1
