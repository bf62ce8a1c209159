"""The HTTP face of the local Slack towards the bot: `/api/METHOD` and the response_urls."""

import asyncio
import hmac
import json
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.clock import Clock
from bot.sandbox.exchanges import Watcher, exchange, watch_nothing
from bot.sandbox.slack_limits import Pace
from bot.sandbox.slack_methods import Methods, SlackApiError
from bot.sandbox.slack_scopes import DOWNLOAD, find_needed, hide
from bot.sandbox.slack_state import JsonObject

CONNECT = "apps.connections.open"
RESPONSE_URL = "response_url"
"""The name under which `fail_next` knows answers to a response_url."""
FILE = "file"
"""The name under which it knows downloads."""
_OFF = frozenset({"false", "0"})
LOGIN_PAGE = "<!DOCTYPE html><html><title>Sign in to Acme | Slack</title></html>"


@dataclass(frozen=True, slots=True)
class Failure:
    """An answer that the next call gets in the place of the true one."""

    error: str
    status: int
    retry_after: int | None = None

    def as_response(self) -> web.Response:
        """Render it; Slack says with Retry-After when to come again."""
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        return web.json_response({"ok": False, "error": self.error}, status=self.status, headers=headers)


class WebApi:
    """Checks the token, reads forms and JSON, and answers as Slack does."""

    def __init__(self, methods: Methods, token: str, clock: Clock) -> None:
        self._methods = methods
        self._clock = clock
        self._pace = Pace(clock)
        self._table = dict(methods.table())
        self._token = token
        self._app_token = ""
        self.on_exchange: Watcher = watch_nothing
        self.on_said: Callable[[str, bytes], None] = lambda _what, _body: None
        """Told of each call and each answer to a response_url: its name, and its query and body as they came."""
        self.unfurled: list[str] = []
        """Messages that Slack would have looked for links in, to fetch and show what they lead to."""
        self.refusal = ""
        """Slack's word for why it refuses the bot token; empty: it takes it."""
        self._failures: defaultdict[str, deque[Failure]] = defaultdict(deque)

    @property
    def scopes(self) -> frozenset[str]:
        """What the bot token may do."""
        return self._methods.workspace.scopes

    def open_sockets(self, token: str, issue_address: Callable[[], str]) -> None:
        """Answer the one method that takes the app's own token instead of the bot's."""
        self._app_token = token
        self._table[CONNECT] = lambda _arguments: {"url": issue_address()}

    def routes(self) -> list[web.RouteDef]:
        """List what this face serves."""
        return [
            web.get("/api/{method}", self._watched(self.handle_call)),
            web.post("/api/{method}", self._watched(self.handle_call)),
            web.post("/response/{secret}", self._watched(self.handle_answer, RESPONSE_URL)),
            web.get("/files-pri/{id}/download/{name}", self._watched(self.handle_download, FILE)),
        ]

    def _watched(self, handle: Callable[[web.Request], Awaitable[web.Response]], what: str = "") -> Handler:
        async def handle_watched(request: web.Request) -> web.Response:
            name = what or request.match_info["method"]
            self.on_said(name, request.query_string.encode() + await request.read())
            return await exchange(request, name, self.on_exchange, lambda: self._date(handle(request)))

        return handle_watched

    async def _date(self, answering: Awaitable[web.Response]) -> web.Response:
        """Put the time of our clock on an answer, and what the token may do, as Slack does."""
        response = await answering
        response.headers["Date"] = format_datetime(self._clock.now(), usegmt=True)
        response.headers["X-OAuth-Scopes"] = ",".join(sorted(self.scopes))
        return response

    def fail_next(self, method: str, failure: Failure) -> None:
        """Answer the next call of this method with the failure; several form a queue."""
        self._failures[method].append(failure)

    async def handle_call(self, request: web.Request) -> web.Response:
        """Answer one call of a Web API method."""
        arguments = await _read_arguments(request)
        method = request.match_info["method"]
        if response := self._interfere(request, method):
            return response
        try:
            self._check_token(request, arguments, method)
            if method not in self._table:
                return web.json_response({"ok": False, "error": "unknown_method", "req_method": method})
            self._check_scope(method, arguments)
            if response := self._slow_down(method, arguments):
                return response
            if method == "chat.postMessage":
                self._note_unfurling(arguments)
            return web.json_response({"ok": True, **hide(self._table[method](arguments), self.scopes)})
        except SlackApiError as refusal:
            more = {"response_metadata": {"messages": refusal.messages}} if refusal.messages else {}
            return web.json_response({"ok": False, "error": refusal.code, **more})

    async def handle_answer(self, request: web.Request) -> web.Response:
        """Take what the bot posts to a response_url; errors are plain text, as Slack's."""
        answer = await _read_arguments(request)
        if response := self._interfere(request, RESPONSE_URL):
            return response
        secret = request.match_info["secret"]
        if refusal := self._methods.tickets.refuse_response(secret):
            return web.Response(status=HTTPStatus.NOT_FOUND, text=refusal)
        if wait := self._pace.refuse_post(secret):
            return Failure("ratelimited", HTTPStatus.TOO_MANY_REQUESTS, wait).as_response()
        self._note_unfurling(answer)
        try:
            self._methods.answer(secret, answer)
        except SlackApiError as error:
            return web.Response(status=HTTPStatus.BAD_REQUEST, text=error.code)
        return web.Response(text="ok")

    async def handle_download(self, request: web.Request) -> web.Response:
        """Hand out a file; to who may not have it, Slack's login page, with status 200."""
        if response := self._interfere(request, FILE):
            return response
        file = self._methods.files.by_id.get(request.match_info["id"])
        if not self._may_download(request) or file is None or file.content is None:
            return web.Response(text=LOGIN_PAGE, content_type="text/html")
        return web.Response(body=file.content, content_type="application/octet-stream")

    def _may_download(self, request: web.Request) -> bool:
        try:
            self._check_token(request, {}, FILE)
        except SlackApiError:
            return False
        return DOWNLOAD in self.scopes

    def _interfere(self, request: web.Request, name: str) -> web.Response | None:
        """Give the failure that was ordered; in an outage, hang up."""
        if self._methods.workspace.outage:
            if isinstance(request.transport, asyncio.Transport):
                request.transport.abort()
            return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE)  # nobody hears it
        return self._failures[name].popleft().as_response() if self._failures[name] else None

    def _note_unfurling(self, message: JsonObject) -> None:
        if any(str(message.get(switch)).lower() not in _OFF for switch in ("unfurl_links", "unfurl_media")):
            self.unfurled.append(str(message.get("text")))

    def _slow_down(self, method: str, arguments: JsonObject) -> web.Response | None:
        channel = str(arguments.get("channel", "")) if method == "chat.postMessage" else ""
        wait = self._pace.refuse_call(method, channel)
        return Failure("ratelimited", HTTPStatus.TOO_MANY_REQUESTS, wait).as_response() if wait else None

    def _check_scope(self, method: str, arguments: JsonObject) -> None:
        needed = find_needed(method, arguments, self._methods.workspace)
        if needed and needed not in self.scopes:
            raise SlackApiError("missing_scope")

    def _check_token(self, request: web.Request, arguments: JsonObject, method: str) -> None:
        scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
        given = bearer if scheme.lower() == "bearer" else str(arguments.get("token") or "")
        if not given:
            raise SlackApiError("not_authed")
        if self.refusal:
            raise SlackApiError(self.refusal)
        of_bot, of_app = (
            bool(token) and hmac.compare_digest(given.encode(), token.encode())
            for token in (self._token, self._app_token)
        )
        if not (of_bot or of_app):
            raise SlackApiError("invalid_auth")
        if of_app != (method == CONNECT):
            raise SlackApiError("not_allowed_token_type")


async def _read_arguments(request: web.Request) -> JsonObject:
    """Read the arguments from the query, a form or a JSON object; broken JSON has no arguments."""
    if request.content_type != "application/json":
        form: dict[str, Any] = dict(await request.post())
        return {**request.query, **form}
    try:
        body = json.loads(await request.read())
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
