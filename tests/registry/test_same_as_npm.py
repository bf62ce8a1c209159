"""The bot's requests against those of the npm that is installed here: for each command the same, to the byte."""

import shlex
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings

from tests.registry.both_ways import PASSWORD, Refused, Sent, Waiting, both_ways
from tests.registry.npm_differences import CIRCLECI, CONTEXT, GITHUB, OTHERWISE, STRICTER, Otherwise, Stricter
from tests.registry.npm_words import Asked, asked_by_both, asked_nastily

pytestmark = pytest.mark.xdist_group("npm")

ALWAYS_THE_SAME = settings(derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Waiting]:
    with both_ways(tmp_path_factory.mktemp("npm")) as started:
        yield started


@settings(ALWAYS_THE_SAME, max_examples=60)
@given(asked=asked_by_both())
def test_the_bot_sends_what_npm_sends(clients: Waiting, asked: Asked) -> None:
    clients.check_same(asked)


@settings(ALWAYS_THE_SAME, max_examples=80)
@given(asked=asked_nastily())
def test_whatever_is_asked_each_difference_has_its_reason(clients: Waiting, asked: Asked) -> None:
    clients.check_explained(asked)


@pytest.mark.parametrize("row", STRICTER, ids=lambda row: row.words[:60])
def test_the_bot_refuses_what_npm_sends_without_a_word(clients: Waiting, row: Stricter) -> None:
    words = shlex.split(row.words)
    assert not isinstance(clients.npm(words), Refused)
    refused = clients.bot(words)
    assert isinstance(refused, Refused)
    assert refused.why.startswith(row.says)


@pytest.mark.parametrize("row", OTHERWISE, ids=lambda row: row.words[:60])
def test_the_bot_understands_more_than_npm(clients: Waiting, row: Otherwise) -> None:
    words = shlex.split(row.words)
    sent = clients.bot(words)
    assert not isinstance(sent, Refused)
    assert sent != clients.npm(words)
    if row.path:
        assert [request.path for request in sent] == [row.path]
    else:
        assert sent == send_one_by_one(clients, row.like)


def send_one_by_one(clients: Waiting, lines: tuple[str, ...]) -> tuple[Sent, ...]:
    answers = [clients.npm(shlex.split(line)) for line in lines]
    return tuple(sent for answer in answers if not isinstance(answer, Refused) for sent in answer)


@pytest.mark.parametrize(("configuration_id", "path"), [(".", "/-/package/ui/trust/"), ("..", "/-/package/ui/")])
def test_an_id_that_would_lead_elsewhere_is_not_sent(clients: Waiting, configuration_id: str, path: str) -> None:
    words = ("revoke", "ui", "--id", configuration_id)
    by_npm = clients.npm(words)
    assert not isinstance(by_npm, Refused)
    assert [(request.method, request.path) for request in by_npm] == [("DELETE", path)]
    assert isinstance(clients.bot(words), Refused)


@pytest.mark.parametrize(
    "line",
    [
        f"{GITHUB} --repo acme/ui",
        "github ui --file r.yml --repo acme/ui --env 'a \U0001f680 \"b\" é' --allow-stage-publish --json",
        f"{CIRCLECI} --vcs-origin github.com/a/b --context-id {CONTEXT}",
        "revoke @acme/UI --id 'a/b:c@d é'",
        # Refused by npm itself.
        "github ui --file r.yml --repo acme/ui",
    ],
)
def test_npm_in_one_process_does_what_the_command_line_does(clients: Waiting, line: str) -> None:
    words, ways, run = ["trust", *shlex.split(line)], clients.ways, clients.loop.run
    ways.expect(challenged=False)
    together = run(ways.npm.run(words))
    seen = ways.what_was_sent(user_agent=True)
    ways.expect(challenged=False)
    alone = run(ways.npm.run_alone(words))
    assert alone.failed == together.failed == (not seen)
    # The command line adds where its log is.
    assert set(together.told.splitlines()) <= set(alone.told.splitlines())
    assert ways.what_was_sent(user_agent=True) == seen


def test_npm_in_one_process_confirms_as_in_a_terminal(clients: Waiting) -> None:
    words, ways = ["trust", "list", "@acme/ui"], clients.ways
    ways.expect(challenged=True)
    assert not clients.loop.run(ways.npm.run(words, in_terminal=True)).failed
    together = ways.what_was_sent(user_agent=True)
    ways.expect(challenged=True)
    assert not clients.loop.run(ways.npm.run_in_terminal(words)).failed
    assert ways.what_was_sent(user_agent=True) == together
    assert [sent.headers.get("npm-otp") for sent in together] == [None, None, PASSWORD]
