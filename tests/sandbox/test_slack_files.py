"""Files and threads, judged by Slack's own SDK, which uploads as it does to Slack."""

import re
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError

from tests.sandbox.slack_world import GENERAL, OTTO, RANDOM, RITA, World, open_world

pytestmark = pytest.mark.anyio

CSV = b"package,evidence\n'@acme/ui,trusted\n"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with open_world() as opened:
        yield opened


async def post(world: World, text: str = "Coverage", **more: Any) -> str:  # noqa: ANN401 - arguments of the SDK
    return str((await world.api.chat_postMessage(channel=GENERAL, text=text, **more))["ts"])


async def state(world: World, person: str) -> list[dict[str, Any]]:
    async with aiohttp.ClientSession() as session:
        answer = await session.get(f"{world.slack.url}/sandbox/state", params={"as": person})
        return list((await answer.json())["messages"][GENERAL])


async def test_slacks_own_sdk_uploads_into_a_thread_and_people_download_it(world: World) -> None:
    parent = await post(world)
    await world.api.files_upload_v2(
        filename="coverage ü.csv", content=CSV, title="All", channel=GENERAL, thread_ts=parent
    )
    (message,) = world.slack.messages(GENERAL, RITA)
    (reply,) = world.slack.replies(message, RITA)
    assert world.slack.text_of(reply) == "📎 All (coverage ü.csv, 35 bytes)"
    assert (reply.as_slack()["thread_ts"], reply.as_slack()["files"][0]["title"]) == (parent, "All")
    (shown,) = await state(world, RITA)
    (file,) = shown["replies"][0]["files"]
    async with aiohttp.ClientSession(world.slack.url) as session:
        path = f"/sandbox/files/{file['id']}/{file['name']}"
        answer = await session.get(path, params={"as": OTTO})
        assert (answer.status, await answer.read()) == (200, CSV)
        assert (answer.headers["Content-Disposition"], answer.content_type) == (
            "attachment",
            "application/octet-stream",
        )
        world.slack.channels[GENERAL].members.discard(OTTO)
        for who in ("U0NOBODY", "", OTTO):
            assert (await session.get(path, params={"as": who})).status == 404
        assert (await session.get("/sandbox/files/F1/x", params={"as": RITA})).status == 404


async def test_a_reply_stands_below_its_message_and_makes_no_channel_unread(world: World) -> None:
    parent = await post(world)
    world.slack.read(RITA, GENERAL)
    await post(world, "more", thread_ts=parent)
    assert world.texts(GENERAL, RITA) == ["Coverage"]
    assert world.slack.workspace.unread(GENERAL, RITA) == 0
    (shown,) = await state(world, RITA)
    assert [reply["text"] for reply in shown["replies"]] == ["more"]


async def test_a_reply_to_nothing_or_to_a_reply_is_refused(world: World) -> None:
    reply = await post(world, "more", thread_ts=await post(world))
    for nowhere in ("1.000001", reply):
        with pytest.raises(SlackApiError, match="thread_not_found"):
            await post(world, "lost", thread_ts=nowhere)


async def test_a_file_goes_where_the_bot_may_post_and_once(world: World) -> None:
    file = await _upload(world)
    for channel, error in [(RANDOM, "not_in_channel"), ("C0NOWHERE", "channel_not_found")]:
        with pytest.raises(SlackApiError, match=error):
            await world.api.files_completeUploadExternal(files=[{"id": file}], channel_id=channel)
    await world.api.files_completeUploadExternal(files=[{"id": file}], channel_id=GENERAL)
    assert world.texts(GENERAL, RITA) == ["📎 a.csv (a.csv, 3 bytes)"]
    for given in ([{"id": file}], [{"id": "F1"}], ["F1"]):
        with pytest.raises(SlackApiError, match="file_not_found"):
            await world.api.api_call("files.completeUploadExternal", json={"files": given, "channel_id": GENERAL})
    with pytest.raises(SlackApiError, match="invalid_arguments"):
        await world.api.files_completeUploadExternal(files=[], channel_id=GENERAL)


@pytest.mark.parametrize(("filename", "length"), [("", 3), ("a.csv", 0), ("a.csv", 10**9)])
async def test_a_file_without_name_or_size_is_refused(world: World, filename: str, length: int) -> None:
    with pytest.raises(SlackApiError, match="invalid_arguments"):
        await world.api.files_getUploadURLExternal(filename=filename, length=length)


async def test_an_upload_is_what_was_announced_and_its_address_is_a_secret(world: World) -> None:
    announced = await world.api.files_getUploadURLExternal(filename="a.csv", length=3)
    url = announced["upload_url"]
    async with aiohttp.ClientSession() as session:
        said = [
            (await session.post(to, data=body)).status
            for to, body in [
                (re.sub(r"[^/]+$", "guess", url), b"abc"),
                (url, b"abcd"),
                (url, b"ab"),
                (url, b"abc"),
                (url, b"abc"),
            ]
        ]
    assert said == [404, 400, 400, 200, 400]
    assert world.slack.files[announced["file_id"]].content == b"abc"


async def _upload(world: World) -> str:
    announced = await world.api.files_getUploadURLExternal(filename="a.csv", length=3)
    async with aiohttp.ClientSession() as session:
        assert (await session.post(announced["upload_url"], data=b"abc")).status == 200
    return str(announced["file_id"])
