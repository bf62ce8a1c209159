"""Files in forms: people choose them, the bot is told their ids, and downloads them with its token."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError

from bot.sandbox.slack_blocks import check_message_blocks, check_view
from bot.sandbox.slack_payloads import REQUIRED, NotPossibleError
from tests.sandbox.slack_world import GENERAL, OTTO, RITA, TOKEN, World, modal, open_world, plain

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with open_world() as opened:
        yield opened


def field(**more: object) -> dict[str, Any]:
    element = {"type": "file_input", "action_id": "file", **more}
    return {"type": "input", "block_id": "upload", "label": plain("A file"), "element": element}


FORM = modal(field(filetypes=["csv"], max_files=1), callback_id="bulk")


async def open_form(world: World) -> str:
    await world.slack.command(RITA, GENERAL, "bulk")
    opened = await world.api.views_open(trigger_id=world.bot.heard.pop()["trigger_id"], view=FORM)
    return str(opened["view"]["id"])


def test_a_file_input_stands_in_forms_alone_and_within_slacks_limits() -> None:
    assert check_view(FORM) == []
    assert "no more than 50 items" in str(check_view(modal(field(filetypes=["csv"] * 51))))
    assert "a number from 1 to 10" in str(check_view(modal(field(max_files=11))))
    assert "unsupported type" in str(check_message_blocks([{"type": "actions", "elements": [{"type": "file_input"}]}]))


async def test_a_form_is_sent_with_the_files_that_its_person_chose(world: World) -> None:
    form, file = await open_form(world), world.slack.upload(RITA, "a b.csv", b"package\n")
    assert (await world.slack.submit(RITA, form, {})).errors == {"upload": REQUIRED}
    both = {"upload": {"file": [file, world.slack.upload(RITA, "b.csv", b"x")]}}
    assert (await world.slack.submit(RITA, form, both)).errors == {"upload": "Those are too many files."}
    foreign = {"upload": {"file": [world.slack.upload(OTTO, "o.csv", b"x")]}}
    with pytest.raises(NotPossibleError, match="no file"):
        await world.slack.submit(RITA, form, foreign)
    with pytest.raises(NotPossibleError, match="a name and a content"):
        world.slack.upload(RITA, "empty.csv", b"")
    assert (await world.slack.submit(RITA, form, {"upload": {"file": [file]}})).ok
    state = world.bot.heard[-1]["view"]["state"]["values"]["upload"]["file"]
    assert state["type"] == "file_input"
    (sent,) = state["files"]
    assert (sent["id"], sent["name"], sent["size"], sent["user"], sent["filetype"]) == (file, "a b.csv", 8, RITA, "csv")


async def test_only_the_bots_token_with_its_scope_gets_the_content(world: World) -> None:
    file = world.slack.upload(RITA, "a b.csv", b"package\n")
    described = (await world.api.files_info(file=file))["file"]
    for token, scopes, content in (
        (TOKEN, {"files:read"}, b"package\n"),
        (TOKEN, {"files:write"}, b"Sign in"),
        ("xoxb-wrong", {"files:read"}, b"Sign in"),
        ("", {"files:read"}, b"Sign in"),
    ):
        world.slack.scopes = frozenset(scopes)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with aiohttp.ClientSession() as http:
            answer = await http.get(described["url_private_download"], headers=headers)
            assert answer.status == 200
            assert content in await answer.read()
    world.slack.scopes = frozenset()
    with pytest.raises(SlackApiError, match="missing_scope"):
        await world.api.files_info(file=file)


async def test_the_page_takes_a_file_for_its_person(world: World) -> None:
    async with aiohttp.ClientSession(world.slack.url) as http:
        answer = await http.post("/sandbox/upload", params={"as": RITA, "name": "ü.csv"}, data=b"package\n")
        file = (await answer.json())["id"]
        assert (await (await http.post("/sandbox/upload", params={"as": RITA, "name": ""}, data=b"x")).json())[
            "ok"
        ] is False
        assert (await http.post("/sandbox/upload", params={"as": "U0NOBODY", "name": "a"}, data=b"x")).status == 404
    kept = world.slack.files[file]
    assert (kept.owner, kept.name, kept.content) == (RITA, "ü.csv", b"package\n")
