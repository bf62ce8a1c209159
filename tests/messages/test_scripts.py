# ruff: noqa: E501 -- what people read is not wrapped
"""Lines for the approver's own terminal."""

import re
import shlex
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot

from bot.domain.lifecycle import State
from bot.domain.operations import Create, Operation
from bot.domain.packages import PackageName
from bot.domain.publishers import GitHub
from bot.domain.script_views import ScriptStep, ScriptView
from bot.messages.message import Message
from bot.messages.scripts import render_script, script_line
from bot.sandbox.slack_blocks import check_message_blocks
from tests.messages.examples import BOTH, CREATE, REVOKE
from tests.messages.reading import read

URL = "https://registry.example/"
RAN = datetime(2026, 11, 23, 14, 9, tzinfo=UTC)


def a_create(package: str, environment: str = "") -> Create:
    publisher = GitHub(repository="acme/ui", file="release.yml", environment=environment)
    return Create(package=PackageName(package), publisher=publisher, permissions=BOTH)


def a_step(operation: Operation = CREATE, state: State = State.WAITING, *, is_given: bool = True) -> ScriptStep:
    return ScriptStep(operation=operation, change_set=42, state=state, is_given=is_given)


def a_script(*steps: ScriptStep, **changes: object) -> ScriptView:
    ordinary: dict[str, Any] = {"id": "s1", "npm_user": "otto-npm", "registry": URL}
    return ScriptView(steps=steps or (a_step(), a_step(REVOKE)), **(ordinary | changes))


def blocks_of(message: Message) -> list[str]:
    """List the blocks that are copied."""
    parts = [part for block in message.blocks if block["type"] == "rich_text" for part in block["elements"]]
    return ["".join(element["text"] for element in part["elements"]) for part in parts]


def test_the_lines_stand_in_a_block_with_what_to_know_and_what_to_press() -> None:
    assert read(render_script(a_script())) == snapshot("""\
Run in your own terminal: 2 calls
As npm user otto-npm: `npm whoami --registry=https://registry.example/` must say so.
Paste it into sh, bash or zsh with npm 11.15 or later; npm asks you there to confirm.
| {
| npm trust github @acme/ui --repo=acme/ui --file=release.yml --allow-publish --allow-stage-publish --yes --registry=https://registry.example/ && sleep 2
| npm trust revoke @acme/ui --id=eebc175d-4720-4fc8-a31a-6491ca36fb47 --registry=https://registry.example/ && sleep 2
| }
Approved: C-42. I make none of these calls while they are yours.
Then press I ran it, also if only a part of it went well: I read npm's list of each package, and what is not there goes on here, by links.
[I ran it]\
""")


def test_lines_that_are_gone_are_said_and_reads_that_ask_too() -> None:
    told = read(render_script(a_script(a_step(), a_step(REVOKE, State.CANCELLED, is_given=False), reads_ask=True)))
    assert "⚠️ 1 line is gone since: use no older copy." in told
    assert "npm trust revoke" not in told
    assert "npm asks this session for each read too, so each package that I look at needs a link." in told


def test_what_came_of_each_line_is_told() -> None:
    states = [
        State.APPLIED,
        State.ALREADY_GONE,
        State.UNKNOWN,
        State.READY,
        State.CONFLICT,
        State.REFUSED,
        State.CANCELLED,
        State.UNRESOLVED,
    ]
    steps = [a_step(state=state, is_given=False) for state in states]
    assert read(render_script(a_script(*steps, a_step(), ran_at=RAN))) == snapshot("""\
You ran 9 calls in your own terminal
npm's lists tell what came of it:
✅ npm has it · let acme/ui → release.yml publish @acme/ui · C-42
✅ npm has it · let acme/ui → release.yml publish @acme/ui · C-42
⏳ I look at npm's list · let acme/ui → release.yml publish @acme/ui · C-42
🔁 Not seen there: it goes on here, by a link · let acme/ui → release.yml publish @acme/ui · C-42
⚠️ Not there: another configuration is in its way · let acme/ui → release.yml publish @acme/ui · C-42
❌ Not there: npm refused it · let acme/ui → release.yml publish @acme/ui · C-42
⏹ Stopped, and npm does not have it · let acme/ui → release.yml publish @acme/ui · C-42
⚠️ I could not find out · let acme/ui → release.yml publish @acme/ui · C-42
⏳ I have not looked yet · let acme/ui → release.yml publish @acme/ui · C-42\
""")


def test_a_script_that_nobody_needs_to_run_says_so() -> None:
    told = read(render_script(a_script(a_step(state=State.CANCELLED, is_given=False))))
    assert "Not to be run any more: 1 call in your own terminal" in told
    assert "npm trust" not in told
    assert "[I ran it]" not in told


def test_many_long_lines_stand_in_several_blocks_that_are_each_whole() -> None:
    steps = [a_step(a_create(f"@acme/package-{number}", "e" * 250)) for number in range(20)]
    message = render_script(a_script(*steps))
    blocks = blocks_of(message)
    assert len(blocks) > 1
    assert all(block.startswith("{\nnpm trust ") and block.endswith(" && sleep 2\n}") for block in blocks)
    assert sum(block.count("npm trust ") for block in blocks) == 20
    assert not check_message_blocks(list(message.blocks))


@pytest.mark.parametrize("hidden", ["\u202e", "\u200b", "\u00ad", "\t", "\n", "\u00a0"])
def test_a_line_that_slack_would_show_otherwise_is_not_offered(hidden: str) -> None:
    assert script_line(a_create("@acme/ui", "prod"), URL)
    assert not script_line(a_create("@acme/ui", f"prod{hidden}x"), URL)


def test_a_line_that_is_too_long_for_a_block_is_not_offered() -> None:
    assert not script_line(a_create("@acme/ui", "e" * 3000), URL)


NASTY = [
    "; touch owned",
    "$(touch owned)",
    "`touch owned`",
    "'\"\\",
    "a\\",
    "}",
    "{",
    "&& #",
    "!!",
    "-n",
    "* ?",
    "é 😀",
]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(NASTY), st.text(st.characters(categories=["L", "P", "S"]))), min_size=1))
def test_a_shell_hands_npm_each_value_as_one_word(tmp_path_factory: pytest.TempPathFactory, values: list[str]) -> None:
    folder = tmp_path_factory.mktemp("shell")
    for name, body in (("npm", 'printf "%s\\0" "$@"; printf "\\0"'), ("sleep", ":")):
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)
    operations = [a_create("@acme/ui", value) for value in values]
    steps = [a_step(operation) for operation in operations if script_line(operation, URL)]
    if not steps:
        return
    for block in blocks_of(render_script(a_script(*steps))):
        got = run_in_shell(folder, block)
        lines = [line.removesuffix(" && sleep 2") for line in block.splitlines()[1:-1]]
        assert got == [shlex.split(line)[1:] for line in lines]
    assert not (folder / "owned").exists()


def run_in_shell(folder: Path, script: str) -> list[list[str]]:
    """Run it by a shell in which npm prints its words; tell them, call by call."""
    ran = subprocess.run(
        ["/bin/sh", "-c", script], cwd=folder, env={"PATH": str(folder)}, capture_output=True, check=True
    )
    return [call.split("\0") for call in re.split("\0\0", ran.stdout.decode())[:-1]]
