"""The HTTP face of the local Slack towards the browser: the static page, what it shows, and what people do in it."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from http import HTTPStatus
from pathlib import Path
from typing import Any, Literal, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.sandbox import cast
from bot.sandbox.slack_client import COMMAND, COMMANDS, SlackClient
from bot.sandbox.slack_files import SlackFile
from bot.sandbox.slack_payloads import NotPossibleError, Press
from bot.sandbox.slack_state import Channel, JsonObject, ModalView, SlackMessage

PAGE = Path(__file__).parent / "page"
CONTENT_TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
PNG = b"\x89PNG\r\n"
"""How a picture begins: the only kind of file that the page shows itself."""
KEEP_ALIVE_SECONDS = 15.0
PROBE_EVERY_SECONDS = 2.0
PROBE_AGAIN_SECONDS = 1.5
SNAPSHOT_GAP_SECONDS = 0.1

Switch = Literal["registry", "slack_api", "calls_ask", "too_many"]
"""What is on or off until it is thrown again: two parts of the world, and two habits of npm's."""


class Deed(StrEnum):
    """What is done to the world once."""

    CLOSE_WINDOWS = "close_windows"
    END_SESSIONS = "end_sessions"
    PUBLISH_BY_HAND = "publish_by_hand"
    FIVE_MINUTES = "5m"
    HOUR = "1h"
    DAY = "1d"
    TWO_DAYS = "2d"


_Body = TypeVar("_Body", bound="_By")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _By(_Strict):
    """Who acts; the page says it, nobody proves anything in a sandbox."""

    me: str = Field(alias="as")


class _Command(_By):
    channel: str
    text: str
    command: str = COMMAND


class _Click(_By):
    action_id: str
    channel: str = ""
    ts: str = ""
    view_id: str | None = None
    block_id: str = ""
    value: str | None = None
    values: dict[str, dict[str, str | list[str] | None]] = {}


class _Submission(_By):
    view_id: str
    values: dict[str, dict[str, str | list[str] | None]]


class _Home(_By):
    """Nothing but who opens it."""


class _Closing(_By):
    view_id: str


class _Message(_By):
    channel: str
    text: str


class _Read(_By):
    channel: str


class _World(_Strict):
    switch: Switch
    on: bool


class _Do(_Strict):
    deed: Deed


class PageApi:
    """Serves the page and its API."""

    def __init__(self, client: SlackClient, files: Mapping[str, SlackFile]) -> None:
        self._client = client
        self._files = files
        self._bot_up = False
        self._bells: set[asyncio.Event] = set()
        self._closing = False
        self._probing: asyncio.Task[None] | None = None

    def routes(self) -> list[web.RouteDef]:
        """List what this face serves."""
        return [
            web.get("/", self._serve_page),
            web.get("/page/{name}", self._serve_page),
            web.get("/sandbox/state", self._state),
            web.get("/sandbox/events", self._events),
            web.get("/sandbox/files/{id}/{name}", self._download),
            web.post("/sandbox/upload", self._upload),
            web.post("/sandbox/command", self._acts(_Command, self._command)),
            web.post("/sandbox/click", self._acts(_Click, self._click)),
            web.post("/sandbox/submit", self._acts(_Submission, self._submit)),
            web.post("/sandbox/home", self._acts(_Home, self._home)),
            web.post("/sandbox/close", self._acts(_Closing, self._close)),
            web.post("/sandbox/message", self._acts(_Message, self._message)),
            web.post("/sandbox/read", self._acts(_Read, self._read)),
            web.post("/sandbox/world", self._world),
            web.post("/sandbox/deed", self._do),
        ]

    def ring(self) -> None:
        """Tell every open page that something changed."""
        for bell in self._bells:
            bell.set()

    def open(self) -> None:
        """Take event streams."""
        self._closing = False

    async def close(self) -> None:
        """End the event streams and the probe of the bot."""
        self._closing = True
        self.ring()
        if self._probing:
            self._probing.cancel()
            await asyncio.gather(self._probing, return_exceptions=True)
            self._probing = None

    def snapshot(self, me: str) -> JsonObject:
        """Render all that this person sees."""
        workspace, panel = self._client.workspace, self._client.side_panel()
        channels = [channel for channel in workspace.channels.values() if me in channel.members]
        view, home = workspace.views.get(me), workspace.homes.get(me)
        registry_up = panel["up"] if "up" in panel else self._client.registry_up()
        up = {"bot": self._bot_up, "registry": registry_up, "slack_api": not workspace.outage}
        return {
            "me": me,
            "people": [_show(person, _PERSON) for person in workspace.people.values()],
            "channels": [_show_channel(c, me, workspace.unread(c.id, me)) for c in channels],
            "messages": {c.id: [self._show_message(m, me) for m in workspace.messages(c.id, me)] for c in channels},
            "view": view and show_view(view),
            "home": home and {"id": home.id, "blocks": home.body["blocks"]},
            "commands": list(COMMANDS),
            "registry": panel,
            "world": self._client.world(),
            "health": {name: "up" if is_up else "down" for name, is_up in up.items()},
        }

    def _show_message(self, message: SlackMessage, me: str) -> JsonObject:
        """Render a message with its thread."""
        replies = self._client.workspace.replies(message, me)
        return {**_show(message, _MESSAGE), "replies": [_show(reply, _MESSAGE) for reply in replies]}

    async def _download(self, request: web.Request) -> web.Response:
        """Hand a shared file to a member of its channel. Never shown in the page's own origin, whatever is in it."""
        me, file = self._viewer(request), self._files.get(request.match_info["id"])
        places = {file.channel, *file.shown_in} - {""} if file else set()
        is_seen = any(me in self._client.workspace.channels[place].members for place in places)
        if file is None or file.content is None or not is_seen:
            raise web.HTTPNotFound
        headers = {**HEADERS, "Content-Disposition": "attachment"}  # the address ends in its name
        kind = "image/png" if file.content.startswith(PNG) else "application/octet-stream"
        return web.Response(body=file.content, content_type=kind, headers=headers)

    async def _upload(self, request: web.Request) -> web.Response:
        """Take a file for a form, as raw bytes."""
        me, name = self._viewer(request), request.query.get("name", "")
        try:
            file_id = self._client.upload(me, name, await request.read())
        except NotPossibleError as why:
            return _answer({"ok": False, "error": str(why)})
        return _answer({"ok": True, "id": file_id})

    async def _serve_page(self, request: web.Request) -> web.Response:
        """Serve a file of the page's own folder; there are no folders in it."""
        file = PAGE / request.match_info.get("name", "index.html")
        content_type = CONTENT_TYPES.get(file.suffix)
        if content_type is None or file.parent != PAGE or not file.is_file():
            raise web.HTTPNotFound
        charset = None if content_type == "image/png" else "utf-8"
        return web.Response(body=file.read_bytes(), content_type=content_type, charset=charset, headers=HEADERS)

    def _viewer(self, request: web.Request) -> str:
        me = request.query.get("as", "")
        if all(me != person.slack_id for person in cast.PEOPLE):
            raise web.HTTPNotFound
        return me

    async def _state(self, request: web.Request) -> web.Response:
        return web.json_response(self.snapshot(self._viewer(request)), headers=HEADERS)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Stream snapshots: one at once, then one after changes."""
        me = self._viewer(request)
        stream = web.StreamResponse(headers={**HEADERS, "Content-Type": "text/event-stream"})
        await stream.prepare(request)
        bell = asyncio.Event()
        bell.set()
        self._bells.add(bell)
        if self._probing is None or self._probing.done():
            self._probing = asyncio.create_task(self._probe_bot())
        try:
            while not self._closing:
                await self._send_next(stream, bell, me)
        except ConnectionResetError:
            pass  # the page was closed
        finally:
            self._bells.discard(bell)
        return stream

    async def _send_next(self, stream: web.StreamResponse, bell: asyncio.Event, me: str) -> None:
        """Wait for a change and send it; without one, a comment that keeps the connection alive."""
        try:
            await asyncio.wait_for(bell.wait(), KEEP_ALIVE_SECONDS)
        except TimeoutError:
            await stream.write(b": nothing new\n\n")
            return
        bell.clear()
        await stream.write(f"data: {json.dumps(self.snapshot(me))}\n\n".encode())
        await asyncio.sleep(SNAPSHOT_GAP_SECONDS)

    async def _probe_bot(self) -> None:
        """Look whether the bot is up, as long as somebody looks at a page.

        It is down when it is so twice: right after a jump of the clock its last tick is old until the next one.
        """
        while self._bells and not self._closing:
            is_up = await self._client.courier.probe()
            if self._bot_up and not is_up:
                await asyncio.sleep(PROBE_AGAIN_SECONDS)
                is_up = await self._client.courier.probe()
            if is_up != self._bot_up:
                self._bot_up = is_up
                self.ring()
            await asyncio.sleep(PROBE_EVERY_SECONDS)

    def _acts(
        self, body: type[_Body], act: Callable[[_Body], Awaitable[JsonObject]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        """Make a request handler of what a person does; what is not possible is an answer, not an HTTP error."""

        async def handle(request: web.Request) -> web.Response:
            try:
                return _answer(await act(body.model_validate_json(await request.read())))
            except NotPossibleError as why:
                return _answer({"ok": False, "error": str(why)})
            except ValidationError as error:
                return _answer({"ok": False, "error": _name_fields(error)}, HTTPStatus.BAD_REQUEST)

        return handle

    async def _command(self, body: _Command) -> JsonObject:
        delivered = await self._client.command(body.me, body.channel, body.text, body.command)
        return _outcome(delivered.error)

    async def _click(self, body: _Click) -> JsonObject:
        place = {"channel": body.channel, "ts": body.ts, "view_id": body.view_id or "", "block_id": body.block_id}
        delivered = await self._client.press(
            Press(body.me, body.action_id, **place, value=body.value, typed=body.values)
        )
        return _outcome(delivered.error)

    async def _submit(self, body: _Submission) -> JsonObject:
        done = await self._client.submit(body.me, body.view_id, body.values)
        return {"ok": False, "errors": done.errors} if done.errors else _outcome(done.error)

    async def _home(self, body: _Home) -> JsonObject:
        return _outcome((await self._client.open_home(body.me)).error)

    async def _close(self, body: _Closing) -> JsonObject:
        await self._client.close_view(body.me, body.view_id)
        return _outcome()

    async def _message(self, body: _Message) -> JsonObject:
        self._client.write(body.me, body.channel, body.text)
        return _outcome()

    async def _read(self, body: _Read) -> JsonObject:
        self._client.read(body.me, body.channel)
        return _outcome()

    async def _world(self, request: web.Request) -> web.Response:
        """Throw a switch of the world."""
        try:
            world = _World.model_validate_json(await request.read())
        except ValidationError as error:
            return _answer({"ok": False, "error": _name_fields(error)}, HTTPStatus.BAD_REQUEST)
        if world.switch == "slack_api":
            self._client.workspace.outage = not world.on
        await self._client.on_switch(world.switch, world.on)
        self.ring()
        return _answer(_outcome())

    async def _do(self, request: web.Request) -> web.Response:
        """Do something to the world."""
        try:
            wanted = _Do.model_validate_json(await request.read())
        except ValidationError as error:
            return _answer({"ok": False, "error": _name_fields(error)}, HTTPStatus.BAD_REQUEST)
        await self._client.on_deed(wanted.deed)
        self.ring()
        return _answer(_outcome())


_PERSON = ("id", "name", "real_name", "title", "npm_user", "is_bot")
_MESSAGE = ("ts", "user", "username", "text", "blocks", "ephemeral", "edited", "files")


def show_view(view: ModalView) -> JsonObject:
    """Render a modal for the page: titles as plain strings, and the errors of its inputs."""
    body = view.body
    titles = {name: body[name]["text"] if name in body else "" for name in ("title", "submit", "close")}
    shown: Mapping[str, Any] = {"callback_id": body.get("callback_id", ""), "errors": view.errors}
    return {"id": view.id, "type": "modal", **titles, "blocks": body["blocks"], **shown}


def _show(thing: object, names: tuple[str, ...]) -> JsonObject:
    return {name: getattr(thing, name) for name in names}


def _show_channel(channel: Channel, me: str, unread: int) -> JsonObject:
    other = next(iter(channel.members - {me}), "") if channel.kind == "dm" else ""
    return {"id": channel.id, "name": channel.name, "kind": channel.kind, "with": other, "unread": unread}


def _outcome(error: str = "") -> JsonObject:
    return {"ok": False, "error": error} if error else {"ok": True}


def _answer(body: JsonObject, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    return web.json_response(body, status=status, headers=HEADERS)


def _name_fields(error: ValidationError) -> str:
    """Say what is wrong with a request, without its content."""
    return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
