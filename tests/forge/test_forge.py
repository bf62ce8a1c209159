"""The client of the forges over a real socket, against a simulated GitHub and GitLab."""

import asyncio
from datetime import timedelta

import pytest

from bot.domain.preflight import Look, Place
from bot.forge.client import LOOK_SECONDS
from bot.sandbox.forge_files import GITLAB_GOOD, GOOD
from tests.forge.conftest import GITHUB, GITLAB, Gate, Outlook, make_forge

pytestmark = pytest.mark.anyio


async def look(outlook: Outlook, place: Place = GITHUB) -> Look:
    return (await outlook.forge.look(place))[0]


async def test_a_file_that_is_there_takes_one_question_and_counts_for_an_hour(outlook: Outlook) -> None:
    seen, until = await outlook.forge.look(GITHUB)
    assert seen.found
    assert seen.document["jobs"]["publish"]["permissions"] == {"contents": "read", "id-token": "write"}
    assert seen.document["on"] == {"release": {"types": ["published"]}}
    assert until == outlook.clock.now() + timedelta(hours=1)
    assert outlook.simulated.questions == ["/github/repos/acme/ui/contents/.github/workflows/release.yml"]
    assert outlook.simulated.tokens == [""]

    seen = await look(outlook, GITLAB)
    assert seen.document["publish"]["id_tokens"] == {"NPM_ID_TOKEN": {"aud": "npm:registry.example.com"}}
    assert outlook.simulated.questions[1:] == [
        "/gitlab/api/v4/projects/acme%2Fweb%2Fui/repository/files/.gitlab-ci.yml/raw"
    ]


async def test_a_file_that_is_not_there_tells_those_that_are(outlook: Outlook) -> None:
    outlook.simulated.describe("acme/ui", {"Release.yml": GOOD, "ci.yaml": GOOD, "README.md": "no workflow"})
    outlook.simulated.describe("acme/web/ui", {".gitlab-ci.yaml": GITLAB_GOOD, ".npmrc": ""})
    assert await look(outlook) == Look(names=("Release.yml", "ci.yaml"))
    assert (await look(outlook, GITLAB)).names == (".gitlab-ci.yaml",)
    outlook.simulated.describe("acme/ui", {})
    assert await look(outlook) == Look(known_as="acme/ui")  # it has no workflows at all


async def test_capitals_and_a_repository_that_moved_are_told_as_the_forge_writes_them(outlook: Outlook) -> None:
    outlook.simulated.describe("Acme/UI", {"release.yml": GOOD})
    assert (await look(outlook)).known_as == "Acme/UI"
    outlook.simulated.describe("acme/ui", {}, moved_to="acme/design-system")
    outlook.simulated.describe("acme/web/ui", {}, moved_to="acme/web/kit")
    assert (await look(outlook)).known_as == "acme/design-system"
    assert (await look(outlook, GITLAB)).known_as == "acme/web/kit"
    outlook.simulated.describe("acme/design-system", {"other.yml": GOOD})
    moved = await look(outlook)
    assert (moved.found, moved.known_as, moved.names) == (False, "acme/design-system", ("other.yml",))


async def test_what_is_private_was_not_checked_and_a_token_goes_to_its_own_forge(outlook: Outlook) -> None:
    outlook.simulated.describe("acme/ui", {"release.yml": GOOD}, private=True)
    outlook.simulated.describe("acme/web/ui", {".gitlab-ci.yml": GITLAB_GOOD}, private=True)
    assert (await look(outlook)).unchecked == (
        "GitHub shows no such repository: it is private, or not there"
        " (a token in NPMTRUST_GITHUB_TOKEN lets me see more)"
    )
    assert "GitLab shows no such project: it is private" in (await look(outlook, GITLAB)).unchecked
    forge = outlook.with_tokens()
    await forge.look(GITHUB)
    assert outlook.simulated.tokens[-1] == "Bearer a-token-of-ours"
    seen, _ = await forge.look(GITLAB)
    assert outlook.simulated.tokens[-1] == "a-token-of-ours"
    assert seen.unchecked == "GitLab shows no such project: it is private, or not there"

    outlook.simulated.switches.redirect_to = "http://127.0.0.1:1"
    asked = len(outlook.simulated.tokens)
    seen, _ = await forge.look(GITHUB)
    assert seen.unchecked == "GitHub led to another address"
    assert len(outlook.simulated.tokens) == asked + 1  # and nobody else was asked
    outlook.simulated.switches.redirect_to = outlook.simulated.settings["NPMTRUST_GITHUB_API_URL"].removesuffix(
        "/github/"
    )
    assert (await forge.look(GITHUB))[0].unchecked == "GitHub led from address to address"
    await forge.close()


async def test_a_forge_that_wants_no_more_questions_is_left_alone_until_it_says(outlook: Outlook) -> None:
    outlook.simulated.switches.rate_limited = True
    seen, until = await outlook.forge.look(GITHUB)
    assert seen.unchecked == (
        "GitHub lets me ask no more for now (a token in NPMTRUST_GITHUB_TOKEN lets me ask more often)"
    )
    assert until == outlook.clock.now() + timedelta(minutes=10)
    outlook.simulated.switches.rate_limited = False
    assert (await look(outlook, GITHUB.model_copy(update={"repository": "acme/core"}))).unchecked == seen.unchecked
    assert len(outlook.simulated.questions) == 1
    assert (await look(outlook, GITLAB)).found
    outlook.clock.moment = until
    assert (await look(outlook)).found


@pytest.mark.parametrize(
    ("status", "words", "is_left_alone"),
    [
        (500, "GitHub answered 500 Internal Server Error", True),
        (503, "GitHub answered 503 Service Unavailable", True),
        (401, "GitHub answered 401 Unauthorized", False),
        (429, "GitHub lets me ask no more for now", True),
        (403, "GitHub answered 403 Forbidden", False),
        (451, "GitHub answered 451 Unavailable For Legal Reasons", False),
    ],
)
async def test_a_no_of_the_forge_is_told_in_its_words(
    outlook: Outlook,
    status: int,
    words: str,
    is_left_alone: bool,  # noqa: FBT001
) -> None:
    outlook.simulated.switches.status = status
    assert words in (await look(outlook)).unchecked
    outlook.simulated.switches.status = 0
    assert (await look(outlook)).found is not is_left_alone
    outlook.clock.pass_by(seconds=30)
    assert (await look(outlook)).found


async def test_a_token_that_is_not_taken_is_named_by_its_setting(outlook: Outlook) -> None:
    outlook.simulated.switches.status = 401
    forge = outlook.with_tokens()
    assert (await forge.look(GITHUB))[0].unchecked == "GitHub does not take the token of NPMTRUST_GITHUB_TOKEN"
    outlook.simulated.switches.status = 0
    assert not (await forge.look(GITHUB))[0].found  # nor would it be taken for another question
    await forge.close()


async def test_a_forge_that_is_down_or_slow_does_not_keep_anybody_waiting(outlook: Outlook) -> None:
    assert LOOK_SECONDS == 3.0
    outlook.simulated.switches.slow_seconds = 2
    hasty = make_forge(outlook.simulated, outlook.clock, seconds=0.1)
    assert (await hasty.look(GITHUB))[0].unchecked == "GitHub did not answer in time"
    await outlook.simulated.stop()
    assert (await look(outlook, GITLAB)).unchecked == "GitLab could not be reached"
    await hasty.close()


async def test_many_who_want_to_see_one_file_ask_once(outlook: Outlook) -> None:
    gate = Gate(outlook.simulated)
    looks = [asyncio.create_task(outlook.forge.look(GITHUB)) for _ in range(20)]
    await gate.wait_for(1)
    looks[0].cancel()  # who asked first goes away
    gate.open()
    seen = await asyncio.gather(*looks[1:])
    assert all(each.found for each, _ in seen)
    assert len(outlook.simulated.questions) == 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("jobs: [", "it is no valid YAML in line 2"),
        ("a\tb: *", "it is no valid YAML in line 1"),
        ("- a\n- b\n", "it holds no mapping"),
        ("", "it holds no mapping"),
        ("jobs: *there", "it names an anchor that is not there"),
        ("[" * 200 + "]" * 200, "it is nested too deeply"),
        ("a: " + "{a: " * 5000 + "}" * 5000, "it is nested too deeply"),
        (
            "a: &a [x, x, x, x, x, x, x, x, x]\n"
            + "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
            "it is larger than any workflow",
        ),
        (
            "a: &a {x: 1, y: 2}\n"
            + "".join(
                f"{b}: &{b} {{{', '.join(f'k{n}: *{a}' for n in range(9))}, <<: *{a}}}\n"
                for a, b in zip("abcdefgh", "bcdefghi", strict=True)
            ),
            "it is larger than any workflow",
        ),
        ("a: b\n" * 400_000, "it is larger than any workflow"),
        ("".join(f"%TAG !a{n}! tag:a\n" for n in range(200)) + "---\na: b", "it is larger than any workflow"),
        ("a: \x00\n", "it is no valid YAML"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else None,
)
async def test_a_file_that_cannot_be_read_is_told_with_why(outlook: Outlook, text: str, why: str) -> None:
    outlook.simulated.describe("acme/ui", {"release.yml": text})
    assert why in (await look(outlook)).broken
    outlook.simulated.describe("acme/web/ui", {".gitlab-ci.yml": text})
    assert why in (await look(outlook, GITLAB)).broken


async def test_yaml_is_read_as_the_forges_read_it(outlook: Outlook) -> None:
    text = """\
base: &base
  "on": text
  runs-on: ubuntu-latest
  env: {A: one}
on: [push]
job:
  <<: *base
  env: {A: two}
  script: !reference [.setup, script]
  node: 22.10
  whole: 22
  yes: no
  nothing: ~
  empty:
  ? [a, b]
  : complex
more: [*base]
"""
    outlook.simulated.describe("acme/ui", {"release.yml": text})
    document = (await look(outlook)).document
    assert document["on"] == ["push"]
    assert document["job"] == {
        "on": "text",
        "runs-on": "ubuntu-latest",
        "env": {"A": "two"},
        "script": "!reference of another place",
        "node": "22.1",
        "whole": "22",
        "yes": "no",
        "nothing": None,
        "empty": None,
    }
    assert document["more"] == [document["base"]]
