"""Which addresses are Slack's, one part of the address after the other; the clients' tests look at the whole."""

import logging

import pytest
from yarl import URL

from bot.slack_addresses import is_slacks_socket, read_address, read_file_address

SLACK, LOCAL, PROXY = (
    URL("https://slack.com/api/"),
    URL("http://127.0.0.1:4000/api/"),
    URL("https://proxy.example/api/"),
)
HOOKS = "hooks.slack.com"


@pytest.mark.parametrize(
    ("given", "base", "expected"),
    [
        ("https://hooks.slack.com/commands/1", SLACK, True),
        ("https://hooks.slack.com:443/commands/1", SLACK, False),  # Slack does not write it so
        ("https://slack.com/x", SLACK, True),
        ("http://127.0.0.1:4000/response/1", LOCAL, True),
        ("https://proxy.example/response/1", PROXY, True),
        ("https://hooks.slack.com/commands/1", PROXY, True),
        # another scheme, port, host
        ("http://hooks.slack.com/commands/1", SLACK, False),
        ("https://hooks.slack.com:8443/commands/1", SLACK, False),
        ("https://files.slack.com/x", SLACK, False),
        ("https://evil.example/hooks.slack.com", SLACK, False),
        ("https://hooks.slack.com.evil.example/", SLACK, False),
        ("http://127.0.0.1:4001/response/1", LOCAL, False),
        ("https://127.0.0.1:4000/response/1", LOCAL, False),
        # a name before the host, no whole address, no web address
        ("https://hooks.slack.com@evil.example/", SLACK, False),
        ("https://me@hooks.slack.com/", SLACK, False),
        ("https://me:secret@hooks.slack.com/", SLACK, False),
        ("https://:secret@hooks.slack.com/", SLACK, False),
        ("/commands/1", SLACK, False),
        ("//hooks.slack.com/commands/1", SLACK, False),
        ("ftp://hooks.slack.com/", SLACK, False),
        ("wss://hooks.slack.com/", SLACK, False),
        ("https://[", SLACK, False),
        ("", SLACK, False),
    ],
)
def test_an_answer_goes_to_slack_or_to_where_the_web_api_is(given: str, base: URL, *, expected: bool) -> None:
    assert read_address(given, base, HOOKS) == (URL(given) if expected else None)


@pytest.mark.parametrize(
    ("given", "base", "expected"),
    [
        ("https://files.slack.com/files-pri/T-F/download/a.csv", SLACK, True),
        ("https://slack.com/a", SLACK, True),
        ("https://files.slack.com:443/a", PROXY, True),
        ("https://proxy.example/a", PROXY, True),
        ("http://127.0.0.1:4000/a", LOCAL, True),
        ("http://files.slack.com/a", SLACK, False),
        ("http://files.slack.com:443/a", SLACK, False),
        ("https://files.slack.com:444/a", SLACK, False),
        ("https://evilslack.com/a", SLACK, False),
        ("https://slack.com.evil.example/a", SLACK, False),
        ("https://evil.example/a", SLACK, False),
        ("http://127.0.0.1:4001/a", LOCAL, False),
        ("https://me@files.slack.com/a", SLACK, False),
        ("nothing", SLACK, False),
    ],
)
def test_a_file_is_asked_for_at_slack_or_where_the_web_api_is(given: str, base: URL, *, expected: bool) -> None:
    assert read_file_address(given, base) == (URL(given) if expected else None)


@pytest.mark.parametrize(
    ("given", "base", "expected"),
    [
        ("wss://wss-primary.slack.com/link", SLACK, True),
        ("wss://slack.com/link", SLACK, True),
        ("wss://wss.proxy.example/link", PROXY, True),
        ("ws://127.0.0.1:4321/link", LOCAL, True),
        ("ws://wss-primary.slack.com/link", SLACK, False),
        ("wss://evilslack.com/link", SLACK, False),
        ("wss://evil.example/link", PROXY, False),
        ("wss://127.0.0.1:4321/link", LOCAL, False),
        ("ws://127.0.0.2:4321/link", LOCAL, False),
        ("wss://wss-primary.slack.com/link", LOCAL, False),
    ],
)
def test_a_connection_is_slacks_or_where_the_web_api_is(given: str, base: URL, *, expected: bool) -> None:
    assert is_slacks_socket(URL(given), base) is expected


def test_what_was_refused_is_logged_by_its_host_alone(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    read_address("https://evil.example/secret", SLACK, HOOKS)
    read_address("nothing", SLACK, HOOKS)
    read_file_address("https://evil.example/secret", SLACK)
    assert [record.getMessage() for record in caplog.records] == [
        "An address on 'evil.example' was refused: it is not Slack's hooks.slack.com",
        "An address on None was refused: it is not Slack's hooks.slack.com",
        "A file on 'evil.example' was not asked for: that is not Slack's",
    ]
