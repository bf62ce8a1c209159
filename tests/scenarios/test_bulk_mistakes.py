"""What is written wrongly into the form for many packages, told in the words of the form."""

import json

import pytest

from bot.notifications import MOST_FILE_BYTES
from bot.sandbox.cast import REQUESTER
from bot.sandbox.world import Actor, World

pytestmark = pytest.mark.anyio


async def pastes(who: Actor, lines: str, **fields: str) -> str:
    """Paste lines into the form and send it; tell what the form shows then."""
    await who.says("bulk")
    assert await who.submits(lines=lines, **fields) == {}
    return who.reads_form()


async def hands_in(who: Actor, name: str, content: bytes) -> str:
    await who.says("bulk")
    assert await who.submits(upload=[who.uploads(name, content)], file="release.yml") == {}
    return who.reads_form()


async def test_names_without_a_workflow_file_are_one_mistake_and_not_one_each(world: World) -> None:
    rita = world.person(REQUESTER)
    shown = await pastes(rita, "\n".join(f"@acme/kit-{number}" for number in range(39)))
    assert "No workflow file is named for 39 of these." in shown
    assert "in the form, under Workflow file, or in a column file" in shown
    assert shown.count("workflow file is named") == 1
    assert "option" not in shown
    shown = await pastes(rita, "@acme/one")
    assert "Line 1, file*: No workflow file is named." in shown
    shown = await pastes(rita, "@acme/one\nnpm trust github @acme/two --file release.yml")
    assert "1 package can go on; something is wrong in 1 line." in shown
    assert "Line 1, file*: No workflow file is named." in shown


async def test_what_a_shell_that_traces_has_shown_is_read(world: World) -> None:
    rita = world.person(REQUESTER)
    traced = (
        "+ npm trust github @acme/one --file release.yml\n+ sleep 2\n++ date\n+ npm trust github @acme/two --file a.yml"
    )
    shown = await pastes(rita, traced)
    assert "✅ *What you pasted*: 2 packages can go on." in shown
    assert "Passed over, since it asks for no change: sleep (1), date (1)." in shown
    assert "3 packages can go on" in await pastes(rita, "+ @acme/one\n- sleepy\n+ sleepless", file="release.yml")


async def test_a_file_is_told_of_as_one(world: World) -> None:
    rita = world.person(REQUESTER)
    shown = await hands_in(rita, "all.csv", b"x" * (MOST_FILE_BYTES + 1))
    assert "❌ *Your file*: nothing in it can go on." in shown
    assert "This file is too large." in shown
    shown = await hands_in(rita, "all.json", json.dumps([{"package": "@acme/one"}, {"pakage": "@acme/two"}]).encode())
    assert "Item 2*: This object names no package. Came: `pakage`. Did you mean `package`?" in shown
