"""Socket Mode: Slack's payloads by WebSockets that we open, so that nothing of ours need be reachable from outside.

https://docs.slack.dev/apis/events-api/using-socket-mode. Slack sends each payload by any one of the connections, and
without a signature: that the connection was opened with the app token is the proof. It is answered, with Slack's
envelope_id, by the connection that it came by. Slack closes each connection every few hours, and says so first.

The connections are kept here, and not by slack_sdk.socket_mode.aiohttp: that client closes a connection before it opens
the next one, tries an address again and again that is good for one use, and has been found in states from which it
never came back (issues 1110, 1446 and 1922 of slackapi/python-slack-sdk).
"""

import asyncio
import json
import logging
from collections.abc import Coroutine
from http import HTTPStatus
from typing import Any

import aiohttp
from aiohttp import ClientWebSocketResponse, WSMsgType
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from bot import log
from bot.errors import SlackError
from bot.services import Services
from handlers.front_door import FrontDoor
from handlers.request_guard import MAX_BODY_BYTES

CONNECTIONS = 2
"""While Slack closes one the other is there; it allows ten."""
HELLO_SECONDS = 10.0
LINGER_SECONDS = 30.0
"""Slack sends by a connection for about ten seconds after it has asked for another one."""
ACK_SECONDS = 3.0
"""Later nobody waits for an ack any more."""
STEADY_SECONDS = 60.0
"""A connection that lived for so long is replaced at once; others ever more slowly."""
PAUSES = (0.0, 0.1, 0.5, 2.0, 5.0, 15.0, 30.0)

_LOG = logging.getLogger(__name__)


class _Frame(BaseModel):
    """What Slack sends: `hello`, `disconnect` with its reason, or an envelope, which has an id."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    type: str
    envelope_id: str = ""
    payload: dict[str, Any] = Field(default_factory=dict)
    accepts_response_payload: bool = False
    reason: str = ""

    @property
    def why(self) -> str:
        """The reason, where it is a word."""
        return self.reason if self.reason.isidentifier() else "no reason"


class SocketMode:
    """Brings in what comes by connections that Slack has opened to our app token."""

    def __init__(self, services: Services, app_token: SecretStr, door: FrontDoor) -> None:
        self._services = services
        self._token = app_token
        self._door = door
        self._open: set[ClientWebSocketResponse] = set()
        self._keepers: list[asyncio.Task[None]] = []
        self._lingering: set[asyncio.Task[None]] = set()
        self._answering: set[asyncio.Task[None]] = set()
        self.trouble = ""
        """Why there is no connection, as far as is known."""

    @property
    def is_open(self) -> bool:
        """Whether anything can come in."""
        return bool(self._open)

    async def start(self) -> None:
        """Open a connection; the others follow by themselves, and all are replaced when they end.

        Raises:
            SlackError: Slack does not open one.
        """
        first = await self._connect()
        self._keepers = [asyncio.create_task(self._keep(first))]
        self._keepers += [asyncio.create_task(self._keep(None)) for _ in range(CONNECTIONS - 1)]

    async def stop(self) -> None:
        """Take nothing any more, finish what is being answered, say goodbye."""
        reading = [*self._keepers, *self._lingering]
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)
        if self._answering:
            await asyncio.wait(self._answering, timeout=ACK_SECONDS)
        await asyncio.gather(*(socket.close() for socket in self._open))
        self._open.clear()

    async def _keep(self, socket: ClientWebSocketResponse | None) -> None:
        """Hold one connection open: in the place of one that ends comes another."""
        clock, tries = self._services.clock, 0
        while True:
            asked = 0.0
            try:
                socket = socket or await self._connect()
            except SlackError as err:
                self.trouble, asked = str(err), err.retry_after
                _LOG.warning("Slack opens no connection: %s", err)
            else:
                since = clock.monotonic()
                await self._listen(socket)
                socket = None
                tries = 0 if clock.monotonic() - since >= STEADY_SECONDS else tries
            await asyncio.sleep(max(asked, PAUSES[min(tries, len(PAUSES) - 1)]))
            tries += 1

    async def _connect(self) -> ClientWebSocketResponse:
        socket = await self._services.notifier.open_socket(self._token)
        try:
            async with asyncio.timeout(HELLO_SECONDS):
                first = await _next(socket)
        except TimeoutError:
            first = None
        if first is None or first.type != "hello":
            await socket.close()
            why = f" ({first.why})" if first and first.type == "disconnect" else ""
            raise SlackError(f"Slack opened a connection, and said no hello in it{why}")
        self._open.add(socket)
        _LOG.info("Connected to Slack by Socket Mode (%d of %d)", len(self._open), CONNECTIONS)
        return socket

    async def _listen(self, socket: ClientWebSocketResponse) -> None:
        """Take what comes by a connection, until it ends or Slack asks for another one in its place."""
        while frame := await _next(socket):
            if frame.type == "disconnect":
                self._open.discard(socket)
                self._note_farewell(frame.why)
                _start(self._linger(socket), self._lingering)
                return
            self._take(socket, frame)
        self._open.discard(socket)
        self.trouble = f"Slack has closed the connection (code {socket.close_code})"
        _LOG.warning("A connection of Socket Mode broke (code %s)", socket.close_code)

    def _note_farewell(self, reason: str) -> None:
        if reason == "link_disabled":
            self.trouble = "Socket Mode is switched off in the settings of the Slack app: switch it on"
            _LOG.error("%s", self.trouble)
        else:
            self.trouble = f"Slack is replacing the connection ({reason})"
            _LOG.info("%s", self.trouble)

    async def _linger(self, socket: ClientWebSocketResponse) -> None:
        """Take what still comes by a connection that Slack is about to close."""
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                while frame := await _next(socket):
                    self._take(socket, frame)
        except TimeoutError:
            _LOG.info("Slack did not close a connection that it has replaced")
        finally:
            await socket.close()

    def _take(self, socket: ClientWebSocketResponse, frame: _Frame) -> None:
        if frame.envelope_id:
            _start(self._answer(socket, frame), self._answering)

    async def _answer(self, socket: ClientWebSocketResponse, envelope: _Frame) -> None:
        """Store what an envelope holds, then acknowledge it. Without an ack Slack tells the person that it failed."""
        with log.scope():
            response = await self._door.dispatch(envelope.payload)
            if response.status != HTTPStatus.OK:
                _LOG.warning("An envelope (%s) was not taken: status %d", envelope.type, response.status)
                return
            ack: dict[str, object] = {"envelope_id": envelope.envelope_id}
            if response.body and envelope.accepts_response_payload:
                ack["payload"] = json.loads(response.body)
            await self._send(socket, json.dumps(ack))

    async def _send(self, socket: ClientWebSocketResponse, ack: str) -> None:
        """Send an ack by the connection that it belongs to; where that is gone, by another one."""
        for way in (socket, *self._open):
            try:
                await way.send_str(ack)
            except (aiohttp.ClientError, ConnectionError):
                continue
            return
        _LOG.warning("An ack could not be sent: there is no connection any more")


async def _next(socket: ClientWebSocketResponse) -> _Frame | None:
    """Wait for something that can be read; None when the connection has ended."""
    async for message in socket:
        if message.type is WSMsgType.TEXT and len(message.data) > MAX_BODY_BYTES:
            _LOG.warning("What came by a connection is too large, and was not taken")
        elif message.type is WSMsgType.TEXT:
            try:
                return _Frame.model_validate_json(message.data)
            except ValidationError:
                _LOG.warning("What came by a connection is not as documented, and was not taken")
    return None


def _start(work: Coroutine[Any, Any, None], running: set[asyncio.Task[None]]) -> None:
    """Run something beside the rest; what it trips over is logged."""

    def end(task: asyncio.Task[None]) -> None:
        running.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _LOG.error("Socket Mode: something went wrong with one envelope or connection", exc_info=error)

    task = asyncio.create_task(work)
    running.add(task)
    task.add_done_callback(end)
