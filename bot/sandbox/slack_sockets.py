"""Socket Mode of the local Slack: the connections that the app has opened, and the envelopes that go through them.

https://docs.slack.dev/apis/events-api/using-socket-mode: an address is good for one connection and for a short time;
each payload goes by any one of the connections; an ack names the envelope that it is for.
"""

import asyncio
import json
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import aiohttp
from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from bot.sandbox.slack_state import APP_ID, JsonObject

MOST_CONNECTIONS = 10
CLOSE_SECONDS = 1.0
_OBJECT: TypeAdapter[JsonObject] = TypeAdapter(JsonObject)


@dataclass(eq=False, slots=True)
class Connection:
    """One WebSocket of the app."""

    socket: web.WebSocketResponse
    transport: asyncio.Transport | None
    envelopes: list[JsonObject] = field(default_factory=list)
    """What went out by it."""

    def drop(self) -> None:
        """Cut it, without a farewell."""
        if self.transport:
            self.transport.abort()


class Sockets:
    """All connections of the app."""

    def __init__(self) -> None:
        self.base = ""
        """Address of the connections, but for the ticket."""
        self.connections: list[Connection] = []
        self.acks: list[JsonObject] = []
        """All that came, oldest first."""
        self.copies = 1
        """How often each envelope is sent, by one connection after the other."""
        self.says_hello = True
        self._changed = asyncio.Event()
        self._tickets: set[str] = set()
        self._waiting: dict[str, asyncio.Future[JsonObject]] = {}
        self._turn = 0

    def routes(self) -> list[web.RouteDef]:
        """List what this face serves."""
        return [web.get("/link/", self.handle)]

    def issue_address(self) -> str:
        """Give out the address of one connection."""
        ticket = secrets.token_urlsafe(16)
        self._tickets.add(ticket)
        return f"{self.base}/link/?ticket={ticket}&app_id={APP_ID}"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve a connection until it ends."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.json_response({"ok": False, "error": "invalid_ticket"}, status=HTTPStatus.NOT_FOUND)
        self._tickets.remove(ticket)
        socket = web.WebSocketResponse(timeout=CLOSE_SECONDS)
        await socket.prepare(request)
        transport = request.transport
        connection = Connection(socket, transport if isinstance(transport, asyncio.Transport) else None)
        if len(self.connections) >= MOST_CONNECTIONS:
            await socket.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            await socket.close()
            return socket
        self.connections.append(connection)
        try:
            await self._serve(connection)
        finally:
            self.connections.remove(connection)
            self._ring()
        return socket

    async def deliver(self, form: Mapping[str, str], within: float) -> JsonObject | None:
        """Send what a form says as an envelope, and wait for its ack; None when there is no connection.

        Raises TimeoutError when none comes in time.
        """
        interactive = "payload" in form
        payload: JsonObject = json.loads(form["payload"]) if interactive else dict(form)
        envelope = {
            "type": "interactive" if interactive else "slash_commands",
            "accepts_response_payload": not interactive or payload["type"] == "view_submission",
            "payload": payload,
        }
        return await self._deliver(envelope, within)

    async def deliver_event(self, body: Mapping[str, object], within: float) -> JsonObject | None:
        """Send an event, in the same way."""
        event = {"type": "events_api", "accepts_response_payload": False, "payload": dict(body)}
        return await self._deliver({**event, "retry_attempt": 0, "retry_reason": ""}, within)

    async def _deliver(self, content: JsonObject, within: float) -> JsonObject | None:
        if not self.connections:
            return None
        envelope_id = secrets.token_hex(16)
        envelope = {"envelope_id": envelope_id, **content}
        ack = self._waiting[envelope_id] = asyncio.get_running_loop().create_future()
        try:
            for _ in range(self.copies):
                await self._send(envelope)
            async with asyncio.timeout(within):
                answer = await ack
        finally:
            del self._waiting[envelope_id]
        return answer if envelope["accepts_response_payload"] else {}

    async def disconnect(self, reason: str = "refresh_requested", *, most: int = MOST_CONNECTIONS) -> list[Connection]:
        """Ask the app to open other connections in the place of the oldest ones; tell which. They stay open."""
        leaving = self.connections[:most]
        for connection in leaving:
            await connection.socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {}})
        return leaving

    async def wait_for(self, condition: Callable[[], bool]) -> None:
        """Wait until something holds that depends on the connections and on the acks."""
        while not condition():
            self._changed.clear()
            await self._changed.wait()

    async def close(self) -> None:
        """End every connection."""
        for connection in tuple(self.connections):
            await connection.socket.close()

    async def _serve(self, connection: Connection) -> None:
        if self.says_hello:
            await connection.socket.send_json(
                {"type": "hello", "num_connections": len(self.connections), "connection_info": {"app_id": APP_ID}}
            )
        self._ring()
        async for message in connection.socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                self._take(message.data)

    def _take(self, text: str) -> None:
        """Take an ack; what is none is kept beside them, for who looks."""
        try:
            ack = _OBJECT.validate_json(text)
        except ValidationError:
            ack = {"unreadable": text}
        self.acks.append(ack)
        self._ring()
        waiting = self._waiting.get(str(ack.get("envelope_id")))
        payload: Any = ack.get("payload") or {}
        if waiting and not waiting.done():
            waiting.set_result(payload if isinstance(payload, dict) else {})

    async def _send(self, envelope: JsonObject) -> None:
        """Send by the next connection in turn."""
        if self.connections:
            self._turn += 1
            connection = self.connections[self._turn % len(self.connections)]
            connection.envelopes.append(envelope)
            with suppress(ConnectionError):  # it has just broken: nobody will acknowledge
                await connection.socket.send_json(envelope)

    def _ring(self) -> None:
        self._changed.set()
