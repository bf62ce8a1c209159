import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tests.sandbox.slack_world import GENERAL, OTTO, RANDOM, RITA, World, actions, button, field_of, modal, open_world

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with open_world() as opened:
        yield opened


async def call(world: World, path: str, **body: object) -> dict[str, Any]:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{world.slack.url}/sandbox/{path}", json=body) as answer,
    ):
        assert answer.status == 200
        return dict(await answer.json())


async def look(world: World, person: str = RITA) -> dict[str, Any]:
    async with aiohttp.ClientSession() as session:
        answer = await session.get(f"{world.slack.url}/sandbox/state", params={"as": person})
        return dict(await answer.json())


async def next_snapshot(stream: aiohttp.ClientResponse) -> dict[str, Any]:
    line = await stream.content.readline()
    assert line.startswith(b"data: ")
    assert await stream.content.readline() == b"\n"
    return dict(json.loads(line.removeprefix(b"data: ")))


async def test_the_page_comes_with_its_types_and_no_foreign_source_is_allowed(world: World) -> None:
    async with aiohttp.ClientSession(world.slack.url) as session:
        for path, content_type in [
            ("/", "text/html"),
            ("/page/main.js", "text/javascript"),
            ("/page/style.css", "text/css"),
        ]:
            answer = await session.get(path)
            assert (answer.status, answer.content_type, answer.charset) == (200, content_type, "utf-8")
            assert answer.headers["Content-Security-Policy"] == (
                "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'"
            )
            assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        "/page/none.js",
        "/page/..%2fslack.py",
        "/page/%2e%2e%2fcast.py",
        "/page/",
        "/etc",
        "/page/..%2f..%2fpage%2fmain.js",
    ],
)
async def test_nothing_else_is_served(world: World, path: str) -> None:
    async with aiohttp.ClientSession() as session:
        assert (await session.get(world.slack.url + path)).status == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": ""},
        {"Host": "127.0.0.1:x"},
        {"Host": "a b"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
    ],
)
async def test_other_sites_cannot_act(world: World, headers: dict[str, str]) -> None:
    async with aiohttp.ClientSession(headers=headers) as session:
        for path in ("/", "/sandbox/state?as=U0RITA", "/api/auth.test"):
            assert (await session.get(world.slack.url + path)).status in (400, 403)
        answer = await session.post(
            f"{world.slack.url}/sandbox/message", json={"as": RITA, "channel": GENERAL, "text": "x"}
        )
        assert answer.status in (400, 403)
    assert world.slack.messages(GENERAL, RITA) == []


async def test_the_page_itself_may_act(world: World) -> None:
    async with aiohttp.ClientSession(headers={"Origin": world.slack.url}) as session:
        body = {"as": RITA, "channel": GENERAL, "text": "x"}
        assert (await session.post(f"{world.slack.url}/sandbox/message", json=body)).status == 200


async def test_the_state_has_the_persons_own_channels_and_all_people(world: World) -> None:
    state = await look(world)
    assert [(c["id"], c["kind"], c["with"]) for c in state["channels"]] == [
        (GENERAL, "channel", ""),
        ("C0RELEASES", "channel", ""),
        (RANDOM, "channel", ""),
        (world.slack.dm(RITA), "dm", "U0NPMTRUST"),
    ]
    assert [(p["id"], p["is_bot"]) for p in state["people"]] == [
        (RITA, False),
        (OTTO, False),
        ("U0OLGA", False),
        ("U0SAM", False),
        ("U0NPMTRUST", True),
    ]
    assert (state["me"], state["view"], state["commands"][0]["command"]) == (RITA, None, "/npmtrust")


@pytest.mark.parametrize("path", ["state", "events"])
async def test_nobody_else_can_look(world: World, path: str) -> None:
    async with aiohttp.ClientSession() as session:
        for person in ("", "U0NOBODY", "U0NPMTRUST"):
            assert (await session.get(f"{world.slack.url}/sandbox/{path}", params={"as": person})).status == 404


async def test_unread_counts_what_others_wrote_since_the_last_look(world: World) -> None:
    async def unread(person: str) -> int:
        return int((await look(world, person))["channels"][0]["unread"])

    assert await call(world, "message", **{"as": RITA}, channel=GENERAL, text="a <b>") == {"ok": True}
    await world.api.chat_postEphemeral(channel=GENERAL, user=OTTO, text="psst")
    assert (await unread(RITA), await unread(OTTO)) == (0, 2)
    await call(world, "read", **{"as": OTTO}, channel=GENERAL)
    assert await unread(OTTO) == 0
    (message,) = (await look(world))["messages"][GENERAL]
    assert (message["user"], message["username"], message["text"], message["ephemeral"]) == (
        RITA,
        "rita",
        "a &lt;b&gt;",
        False,
    )


async def test_a_story_through_the_pages_endpoints(world: World) -> None:
    me: dict[str, object] = {"as": RITA}
    assert await call(world, "command", **me, channel=GENERAL, command="/npmtrust", text="github") == {"ok": True}
    trigger = world.bot.heard[-1]["trigger_id"]
    await world.api.views_open(trigger_id=trigger, view=modal(field_of("file"), callback_id="operation"))
    view = (await look(world))["view"]
    assert (view["title"], view["submit"], view["close"], view["errors"]) == ("Form", "Send", "", {})
    form = {**me, "view_id": view["id"]}
    refused = await call(world, "submit", **form, values={"file": {"typed": None}})
    assert refused == {"ok": False, "errors": {"file": "Please complete this required field."}}
    assert (await look(world))["view"]["errors"] == refused["errors"]
    world.bot.answer = lambda _payload: web.Response(status=500)
    assert (await call(world, "submit", **form, values={"file": {"typed": "a.yml"}}))["error"].startswith("We had")
    world.bot.answer = lambda _payload: web.Response()
    assert await call(world, "submit", **form, values={"file": {"typed": "a.yml"}}) == {"ok": True}
    assert await call(world, "close", **form) == {"ok": False, "error": "this form is not open any more"}
    ts = (await world.api.chat_postMessage(channel=GENERAL, text="x", blocks=[actions(button("a", value="1"))]))["ts"]
    press = {**me, "channel": GENERAL, "ts": ts, "action_id": "a", "block_id": ""}
    assert await call(world, "click", **press, value="1") == {"ok": True}
    assert world.bot.heard[-1]["actions"][0]["value"] == "1"


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"{}", b'{"as": 7}', b'{"as": "U0RITA", "more": 1}'])
async def test_malformed_requests_are_answered_400(world: World, body: bytes) -> None:
    async with aiohttp.ClientSession(world.slack.url) as session:
        for path in ("command", "click", "submit", "close", "message", "read", "world"):
            answer = await session.post(f"/sandbox/{path}", data=body)
            assert (answer.status, (await answer.json())["ok"]) == (400, False)


async def test_the_stream_sends_the_state_at_once_and_after_changes(world: World) -> None:
    events = f"{world.slack.url}/sandbox/events"
    async with aiohttp.ClientSession() as session, session.get(events, params={"as": RITA}) as stream:
        assert stream.content_type == "text/event-stream"
        snapshot = await next_snapshot(stream)
        while snapshot["health"]["bot"] == "down":
            snapshot = await next_snapshot(stream)
        for number in range(5):
            world.slack.write(OTTO, GENERAL, str(number))
        snapshot = await next_snapshot(stream)
        assert [m["text"] for m in snapshot["messages"][GENERAL]] == ["0", "1", "2", "3", "4"]


async def test_a_stop_ends_the_streams(world: World) -> None:
    events = f"{world.slack.url}/sandbox/events"
    async with aiohttp.ClientSession() as session, session.get(events, params={"as": RITA}) as stream:
        await next_snapshot(stream)
        await world.slack.stop()
        await stream.read()


async def test_the_switches_of_the_world_are_thrown_and_told(world: World) -> None:
    thrown: list[tuple[str, bool]] = []

    async def note(switch: str, on: bool) -> None:  # noqa: FBT001 - the hook's signature
        thrown.append((switch, on))

    world.slack.on_switch = note
    world.slack.side_panel = lambda: {"packages": []}
    world.slack.registry_up = lambda: not thrown
    assert (await look(world))["health"] == {"bot": "down", "registry": "up", "slack_api": "up"}
    assert await call(world, "world", switch="registry", on=False) == {"ok": True}
    assert await call(world, "world", switch="slack_api", on=False) == {"ok": True}
    assert (await look(world))["health"] == {"bot": "down", "registry": "down", "slack_api": "down"}
    assert (world.slack.outage, thrown) == (True, [("registry", False), ("slack_api", False)])
    world.slack.side_panel = lambda: {"up": True}
    await call(world, "world", switch="slack_api", on=True)
    assert (await look(world))["health"] == {"bot": "down", "registry": "up", "slack_api": "up"}
