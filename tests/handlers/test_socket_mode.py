"""Socket Mode over real WebSockets. What is behind the door is the same as over HTTP, and is tested there."""

import asyncio
import json
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from bot.domain.deliveries import ClickDelivery, CommandDelivery
from bot.errors import StartupError
from bot.messages.forms import reject_form
from bot.notifications import SlackUnavailable
from bot.sandbox.slack_sockets import MOST_CONNECTIONS, Connection
from handlers.request_guard import MAX_BODY_BYTES
from handlers.socket_mode import CONNECTIONS
from tests.handlers.door import APP_TOKEN, Door, click, command, open_door, submission, written
from tests.patience import PATIENCE

pytestmark = pytest.mark.anyio

REJECT = reject_form("offer-1", channel="C0GENERAL", what="@acme/ui")


@pytest.fixture(autouse=True)
async def patience() -> AsyncIterator[None]:
    async with asyncio.timeout(PATIENCE):
        yield


@pytest.fixture
async def door(migrated: Path) -> AsyncIterator[Door]:
    async with open_door(migrated, socket_mode=True) as opened:
        await all_open(opened)
        yield opened


async def all_open(door: Door, *gone: Connection) -> None:
    """Wait until as many connections are open as there shall be, and none of those."""
    sockets = door.slack.sockets
    await sockets.wait_for(lambda: len(sockets.connections) == CONNECTIONS and not {*gone} & {*sockets.connections})


async def sends(door: Door, text: str, *, within: float = 3) -> Any:  # noqa: ANN401 - whatever the ack holds
    """Let somebody type a command that nobody has typed before."""
    return await door.slack.sockets.deliver(command(text) | {"trigger_id": f"1.2.{text}"}, within)


async def texts(door: Door) -> list[str]:
    return [stored.text for stored in await door.stored() if isinstance(stored, CommandDelivery)]


async def one_is_being_answered() -> None:
    """Wait until an envelope has been read. Only the tasks of the bot tell; there is no event to wait for."""
    while not any("_answer" in repr(task.get_coro()) for task in asyncio.all_tasks()):  # noqa: ASYNC110
        await asyncio.sleep(0)


async def why_not_ready(door: Door) -> str:
    answered = await door.get("/readyz")
    return str(answered.json["failed"].get("connection", ""))


@asynccontextmanager
async def slow_database(door: Door) -> AsyncIterator[None]:
    """Let nothing be stored meanwhile."""
    goes_on = threading.Event()
    waiting = asyncio.create_task(door.app.services.database.call(lambda _engine: goes_on.wait()))
    await asyncio.sleep(0)
    try:
        yield
    finally:
        goes_on.set()
        await waiting


async def test_a_command_is_stored_and_acknowledged(door: Door) -> None:
    assert await sends(door, "github @acme/ui") == {}
    [ack] = door.slack.sockets.acks
    assert set(ack) == {"envelope_id"}
    assert await texts(door) == ["github @acme/ui"]


async def test_a_press_is_stored_and_acknowledged(door: Door) -> None:
    assert await door.slack.sockets.deliver({"payload": json.dumps(click("approve"))}, 3) == {}
    [stored] = await door.stored()
    assert isinstance(stored, ClickDelivery)
    assert stored.action == "approve"


async def test_mistakes_in_a_form_come_with_its_ack(door: Door) -> None:
    form = submission("reject", {"reason": written(" ")}, metadata=REJECT.private_metadata)
    answer = await door.slack.sockets.deliver({"payload": json.dumps(form)}, 3)
    assert answer is not None
    assert (answer["response_action"], set(answer["errors"])) == ("errors", {"reason"})
    assert await door.stored() == []


async def test_payloads_come_by_any_of_the_connections(door: Door) -> None:
    await asyncio.gather(*(sends(door, f"status C-{number}") for number in range(8)))
    assert [len(connection.envelopes) for connection in door.slack.sockets.connections] == [4, 4]
    assert sorted(await texts(door)) == [f"status C-{number}" for number in range(8)]


async def test_an_envelope_that_comes_by_several_connections_is_done_once(door: Door) -> None:
    door.slack.sockets.copies = 6
    assert await sends(door, "help") == {}
    await door.slack.sockets.wait_for(lambda: len(door.slack.sockets.acks) == 6)
    assert await texts(door) == ["help"]


async def test_nothing_is_promised_while_the_database_is_down(door: Door) -> None:
    await door.app.services.database.call(lambda engine: engine.raw_connection().execute("DROP TABLE inbox"))
    answer = await sends(door, "help")
    assert answer["text"] == "Nothing was stored: my database does not answer. Please try again in a minute."
    press = click("approve", response_url=f"{door.slack.url}/response/unknown")
    assert await door.slack.sockets.deliver({"payload": json.dumps(press)}, 3) == {}
    assert "payload" not in door.slack.sockets.acks[-1]


async def test_another_workspace_is_told_so(door: Door) -> None:
    answer = await door.slack.sockets.deliver(command("help") | {"team_id": "T0OTHER"}, 3)
    assert answer is not None
    assert answer["text"] == "I serve another workspace. Nothing was stored."


FRAMES: list[str | bytes] = [
    "",
    "{",
    "[]",
    "null",
    '"hello"',
    b"\x00",
    '{"type": "hello"}',
    '{"type": "interactive", "envelope_id": "1", "payload": []}',
    '{"type": "interactive", "envelope_id": "2"}',
    '{"type": "events_api", "envelope_id": "3", "payload": {"type": "event_callback"}}',
    '{"type": "slash_commands", "envelope_id": "4", "payload": {"command": "/npmtrust"}}',
    '{"type": "slash_commands", "payload": {"command": "/npmtrust"}}',
    '{"type": "slash_commands", "envelope_id": "5", "payload": ' + "[" * 50_000 + "]" * 50_000 + "}",
    # larger than what is taken over HTTP
    json.dumps({"type": "slash_commands", "envelope_id": "6", "payload": command("x" * MAX_BODY_BYTES)}),
]


async def test_what_is_not_as_documented_is_left_without_an_ack_and_harms_nothing(door: Door) -> None:
    for connection in door.slack.sockets.connections:
        for frame in FRAMES:
            await (connection.socket.send_str(frame) if isinstance(frame, str) else connection.socket.send_bytes(frame))
    assert await sends(door, "help") == {}
    assert await sends(door, "pending") == {}
    assert len(door.slack.sockets.acks) == 2
    assert sorted(await texts(door)) == ["help", "pending"]


async def test_what_nobody_acknowledges_has_failed_for_who_sent_it(door: Door) -> None:
    with pytest.raises(TimeoutError):
        await door.slack.sockets.deliver({"payload": '{"type": "message_action"}'}, 0.2)


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
async def test_a_connection_that_slack_is_about_to_close_is_replaced_first(door: Door, reason: str) -> None:
    sockets = door.slack.sockets
    old = await sockets.disconnect(reason)
    await sockets.wait_for(lambda: len(sockets.connections) == 2 * CONNECTIONS)
    for number in range(4):
        assert await sends(door, f"status C-{number}") == {}
    assert all(connection.envelopes for connection in sockets.connections)
    for connection in old:
        await connection.socket.close()
    assert await sends(door, "help") == {}
    assert len(sockets.connections) == CONNECTIONS
    assert len(await texts(door)) == 5


async def test_a_broken_connection_is_replaced(door: Door) -> None:
    first, second = door.slack.sockets.connections
    first.drop()
    await all_open(door, first)
    await second.socket.close()
    await all_open(door, first, second)
    assert await sends(door, "help") == {}


async def test_a_bot_that_was_cut_off_says_so_and_comes_back_by_itself(door: Door) -> None:
    sockets = door.slack.sockets
    assert await why_not_ready(door) == ""
    door.slack.outage = True
    for connection in tuple(sockets.connections):
        connection.drop()
    await sockets.wait_for(lambda: not sockets.connections)
    assert (await door.slack.command("U0RITA", "C0GENERAL", "help")).error == "dispatch_failed"
    while "no readable answer" not in await why_not_ready(door):
        pass
    door.slack.outage = False
    await all_open(door)
    assert await why_not_ready(door) == ""
    assert (await door.slack.command("U0RITA", "C0GENERAL", "help")).error == ""


async def test_a_pause_that_slack_asks_for_is_kept(door: Door) -> None:
    door.slack.fail_next("apps.connections.open", retry_after=1)
    [first, _] = door.slack.sockets.connections
    began = asyncio.get_running_loop().time()
    first.drop()
    await all_open(door, first)
    assert asyncio.get_running_loop().time() - began >= 1


async def test_a_connection_without_a_hello_does_not_count(door: Door) -> None:
    sockets = door.slack.sockets
    sockets.says_hello = False
    for connection in tuple(sockets.connections):
        await connection.socket.close()
    await all_open(door)
    assert await why_not_ready(door)
    sockets.says_hello = True
    for connection in tuple(sockets.connections):
        connection.drop()
    while await why_not_ready(door):
        pass


async def test_a_connection_that_is_refused_in_its_first_frame_says_why(door: Door) -> None:
    sockets = door.slack.sockets
    async with aiohttp.ClientSession() as http:
        others = [await http.ws_connect(sockets.issue_address()) for _ in range(MOST_CONNECTIONS - CONNECTIONS)]
        await sockets.disconnect()
        while "no hello in it (too_many_websockets)" not in await why_not_ready(door):
            pass
        for socket in others:
            await socket.close()


async def test_the_reason_of_a_farewell_is_told_only_if_it_is_a_word(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "handlers")
    old = await door.slack.sockets.disconnect("warning\n12:00:00 INFO    a line", most=1)
    old[0].drop()
    await all_open(door, *old)
    assert "Slack is replacing the connection (no reason)" in caplog.text
    assert "a line" not in caplog.text


async def test_socket_mode_that_was_switched_off_is_told_with_the_way_out(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR, "handlers")
    [old] = await door.slack.sockets.disconnect("link_disabled", most=1)
    old.drop()
    await all_open(door, old)
    assert "Socket Mode is switched off in the settings of the Slack app: switch it on" in caplog.text


async def test_an_ack_whose_connection_has_gone_takes_another_one(door: Door) -> None:
    sockets = door.slack.sockets
    async with slow_database(door):
        sending = asyncio.create_task(sends(door, "help"))
        await one_is_being_answered()
        by = [each for each in sockets.connections if each.envelopes]
        by[0].drop()
        await all_open(door, *by)
    assert await sending == {}


async def test_what_is_being_stored_at_the_end_is_still_acknowledged(door: Door) -> None:
    async with slow_database(door):
        sending = asyncio.create_task(sends(door, "help"))
        await one_is_being_answered()
        ending = asyncio.create_task(door.app.stop())
    assert await sending == {}
    await ending
    assert door.slack.sockets.connections == []
    assert (await door.slack.command("U0RITA", "C0GENERAL", "help")).error == "dispatch_failed"


async def test_only_health_is_served_over_http(door: Door) -> None:
    assert (await door.command("help")).status == 404
    assert (await door.get("/healthz")).status == 200
    assert (await door.get("/startupz")).status == 200


async def test_an_address_that_is_not_slacks_is_not_connected_to(door: Door) -> None:
    for base in ("ws://192.0.2.1", "http://127.0.0.1", "file:///", ""):
        door.slack.sockets.base = base
        with pytest.raises(SlackUnavailable, match="is not wss"):
            await door.app.services.notifier.request_socket(SecretStr(APP_TOKEN))


async def test_a_token_that_opens_no_connection_ends_the_start(tmp_path_factory: pytest.TempPathFactory) -> None:
    for refusal in ("invalid_auth", "not_allowed_token_type", "missing_scope"):
        with pytest.raises(StartupError, match=f"Slack refuses SLACK_APP_TOKEN: {refusal}; make an app-level token"):
            async with open_door(tmp_path_factory.mktemp("door"), socket_mode=True, refusal=refusal):
                raise AssertionError(refusal)
