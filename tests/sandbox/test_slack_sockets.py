"""Socket Mode of the local Slack, with the client of Slack's own SDK at the other end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import Clock
from bot.sandbox.slack import LocalSlack
from bot.sandbox.slack_sockets import MOST_CONNECTIONS
from tests.patience import PATIENCE
from tests.sandbox.slack_world import GENERAL, RITA, TOKEN

pytestmark = pytest.mark.anyio

APP_TOKEN = "xapp-token"


@pytest.fixture
async def slack() -> AsyncIterator[LocalSlack]:
    slack = LocalSlack(Clock(), signing_secret="secret", bot_token=TOKEN, app_token=APP_TOKEN)
    slack.socket_mode = True
    await slack.start()
    async with asyncio.timeout(PATIENCE):
        yield slack
    await slack.stop()


def api(slack: LocalSlack) -> AsyncWebClient:
    return AsyncWebClient(TOKEN, base_url=slack.api_url)


@asynccontextmanager
async def client_of(slack: LocalSlack, answer: dict[str, str] | None) -> AsyncIterator[list[SocketModeRequest]]:
    """Connect; what comes is kept, and acknowledged with the answer; None: with nothing at all."""
    heard: list[SocketModeRequest] = []
    client = SocketModeClient(APP_TOKEN, web_client=api(slack), ping_interval=0.5)

    async def listen(_client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        heard.append(request)
        if answer is not None:
            await client.send_socket_mode_response(SocketModeResponse(request.envelope_id, answer))

    client.socket_mode_request_listeners.append(listen)
    await client.connect()  # type: ignore[no-untyped-call]
    try:
        yield heard
    finally:
        await client.close()  # type: ignore[no-untyped-call]


async def test_the_client_of_slacks_sdk_hears_a_command_and_answers_it(slack: LocalSlack) -> None:
    async with client_of(slack, {"text": "I look."}) as heard:
        delivered = await slack.command(RITA, GENERAL, "list")
    assert (delivered.status, delivered.error) == (200, "")
    [request] = heard
    assert (request.type, request.accepts_response_payload) == ("slash_commands", True)
    assert (request.payload["command"], request.payload["text"]) == ("/npmtrust", "list")
    assert [slack.text_of(message) for message in slack.messages(GENERAL, RITA)] == ["I look."]


async def test_what_is_not_acknowledged_in_time_has_failed(slack: LocalSlack) -> None:
    slack.courier.ack_seconds = 0.1
    async with client_of(slack, None) as heard:
        delivered = await slack.command(RITA, GENERAL, "list")
    assert (len(heard), delivered.error) == (1, "operation_timeout")
    assert (await slack.command(RITA, GENERAL, "list")).error == "dispatch_failed"


async def test_each_token_is_good_for_its_own_methods(slack: LocalSlack) -> None:
    for token, error in ((TOKEN, "not_allowed_token_type"), ("xapp-other", "invalid_auth")):
        with pytest.raises(SlackApiError, match=error):
            await api(slack).apps_connections_open(app_token=token)
    with pytest.raises(SlackApiError, match="not_allowed_token_type"):
        await api(slack).auth_test(token=APP_TOKEN)


async def test_an_address_is_good_for_one_connection(slack: LocalSlack) -> None:
    url = (await api(slack).apps_connections_open(app_token=APP_TOKEN))["url"]
    async with aiohttp.ClientSession() as http:
        async with http.ws_connect(url) as socket:
            assert (await socket.receive_json())["type"] == "hello"
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await http.ws_connect(url)


async def test_an_app_has_ten_connections_at_the_most(slack: LocalSlack) -> None:
    async with aiohttp.ClientSession() as http:
        sockets = []
        for _ in range(MOST_CONNECTIONS + 1):
            url = (await api(slack).apps_connections_open(app_token=APP_TOKEN))["url"]
            sockets.append(await http.ws_connect(url))
        frames = [await socket.receive_json() for socket in sockets]
        assert [frame["type"] for frame in frames] == ["hello"] * MOST_CONNECTIONS + ["disconnect"]
        assert frames[-1]["reason"] == "too_many_websockets"
        await asyncio.gather(*(socket.close() for socket in sockets))


async def test_an_event_goes_by_a_connection_and_is_not_told_again(slack: LocalSlack) -> None:
    slack.courier.ack_seconds = 0.05
    assert (await slack.events.tell({"type": "app_home_opened"})).error == "dispatch_failed"
    async with aiohttp.ClientSession() as session, session.ws_connect(slack.sockets.issue_address()) as socket:
        assert (await socket.receive_json())["type"] == "hello"
        assert (await slack.events.tell({"type": "app_home_opened"})).error == "operation_timeout"
        envelope = await socket.receive_json()
        assert (envelope["type"], envelope["payload"]["event"]["type"]) == ("events_api", "app_home_opened")
        slack.courier.ack_seconds = 3
        telling = asyncio.create_task(slack.events.tell({"type": "app_home_opened"}))
        await socket.send_json({"envelope_id": (await socket.receive_json())["envelope_id"]})
        assert (await telling).error == ""
    assert slack.events.waiting == []
