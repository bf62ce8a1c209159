"""A local Slack on loopback: the Web API that the bot calls, the page that people use, and what goes between them.

It holds its state in memory, is as strict as Slack about tokens, blocks, trigger ids and response_urls, and delivers
commands and clicks to the bot as signed posts, or by Socket Mode. Tests act through the same methods as the page's HTTP
endpoints.
"""

import asyncio
import re
from collections.abc import Callable
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.clock import Clock
from bot.sandbox.exchanges import Watcher
from bot.sandbox.ports import LOOPBACK, HeldPort
from bot.sandbox.slack_client import SlackClient
from bot.sandbox.slack_delivery import Delivered, RawDelivery
from bot.sandbox.slack_methods import Methods
from bot.sandbox.slack_page_api import PageApi, show_view
from bot.sandbox.slack_state import JsonObject, SlackMessage
from bot.sandbox.slack_text import render_text
from bot.sandbox.slack_web_api import Failure, WebApi

OWN_HOST = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]+)?")
STOP_SECONDS = 1.0
REQUEST_BYTES = 4 * 1024 * 1024


class LocalSlack(SlackClient):
    """The local Slack: what people do in it (SlackClient), and its server.

    `start` and `stop` may alternate: what was said stays, and the port too.
    """

    def __init__(self, clock: Clock, *, signing_secret: str, bot_token: str, app_token: str = "") -> None:
        super().__init__(clock, signing_secret)
        self._web_api = WebApi(Methods(self.workspace, self.tickets, self._files), bot_token, clock)
        self.sockets = self.courier.sockets
        self._web_api.open_sockets(app_token, self.sockets.issue_address)
        self._page = PageApi(self, self._files.by_id)
        self.workspace.on_change = self._page.ring
        self.people = self.workspace.people
        """By id; tests may change what is said about them."""
        self.channels = self.workspace.channels
        """By id, direct messages among them; tests may change members and flags."""
        self.deliveries = self.courier.deliveries
        """All that was sent to the bot, oldest first."""
        self.files = self._files.by_id
        """By id: all that the bot announced, with the content once it was uploaded, and what people put into forms."""
        self._port: HeldPort | None = None
        self._runner: web.AppRunner | None = None

    async def start(self, port: int = 0) -> None:
        """Listen on loopback; port 0 takes the port of the last time, or any free one."""
        app = web.Application(middlewares=[_refuse_others], client_max_size=REQUEST_BYTES)
        app.add_routes([*self._web_api.routes(), *self.sockets.routes(), *self._files.routes(), *self._page.routes()])
        if port or not self._port:
            self._port = HeldPort(port)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_SECONDS)
        await self._runner.setup()
        await web.SockSite(self._runner, self._port.open()).start()
        self.response_base = f"{self.url}/response/"
        self.sockets.base = self.url.replace("http", "ws", 1)
        self._files.base = self.url
        self.courier.open()
        self._page.open()

    async def stop(self) -> None:
        """Free the port and end the event streams."""
        await self._page.close()
        await self.courier.close()
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    @property
    def url(self) -> str:
        """Address of the page, without a slash at its end."""
        return f"http://{LOOPBACK}:{self._port.number if self._port else 0}"

    @property
    def api_url(self) -> str:
        """Base of the Web API: the value of SLACK_API_URL."""
        return f"{self.url}/api/"

    @property
    def events_url(self) -> str:
        """Where the bot takes commands and clicks; empty: nobody can be reached."""
        return self.courier.events_url

    @events_url.setter
    def events_url(self, url: str) -> None:
        self.courier.events_url = url

    @property
    def socket_mode(self) -> bool:
        """Whether commands and clicks go by the connections that the bot has opened, instead of to `events_url`."""
        return self.courier.socket_mode

    @socket_mode.setter
    def socket_mode(self, is_on: bool) -> None:
        self.courier.socket_mode = is_on

    @property
    def outage(self) -> bool:
        """Whether calls of the bot, answers to a response_url among them, have their connection closed."""
        return self.workspace.outage

    @outage.setter
    def outage(self, is_out: bool) -> None:
        self.workspace.outage = is_out
        self.changed()

    @property
    def refusal(self) -> str:
        """Why the bot token is refused, in Slack's word such as `token_revoked`; empty: it is taken."""
        return self._web_api.refusal

    @refusal.setter
    def refusal(self, code: str) -> None:
        self._web_api.refusal = code

    @property
    def scopes(self) -> frozenset[str]:
        """What the bot token may do; at first all that the manifest asks for."""
        return self._web_api.scopes

    @scopes.setter
    def scopes(self, granted: frozenset[str]) -> None:
        self.workspace.scopes = granted

    @property
    def unfurled(self) -> list[str]:
        """The messages of the bot, by their texts, whose links Slack would have fetched and shown."""
        return self._web_api.unfurled

    def listen(self, hear: Callable[[str, bytes], None]) -> None:
        """Have each call of the bot, and each answer to a response_url, told: its name, and its query and body."""
        self._web_api.on_said = hear

    @property
    def on_exchange(self) -> Watcher:
        """Told of each call of the bot, and of each answer to a response_url, stage by stage."""
        return self._web_api.on_exchange

    @on_exchange.setter
    def on_exchange(self, watch: Watcher) -> None:
        self._web_api.on_exchange = watch

    async def resend(self, raw: RawDelivery, times: int = 1) -> list[Delivered]:
        """Send a delivery again, as often as asked and all at once; `courier.sign` makes forged ones."""
        return list(await asyncio.gather(*(self.courier.send(raw) for _ in range(times))))

    def changed(self) -> None:
        """Tell the open pages that something changed that they cannot know of, as in the side panel."""
        self._page.ring()

    def fail_next(
        self, method: str, *, error: str = "internal_error", status: int = HTTPStatus.OK, retry_after: int | None = None
    ) -> None:
        """Make the next call of a method fail ("response_url" for answers to one); several form a queue.

        With `retry_after` (seconds) it is throttled: 429, `ratelimited`.
        """
        throttled = Failure("ratelimited", HTTPStatus.TOO_MANY_REQUESTS, retry_after)
        self._web_api.fail_next(method, Failure(error, status) if retry_after is None else throttled)

    def messages(self, channel: str, viewer: str) -> list[SlackMessage]:
        """List what this person sees in the channel, oldest first, ephemeral messages among it, replies not."""
        return self.workspace.messages(channel, viewer)

    def replies(self, message: SlackMessage, viewer: str) -> list[SlackMessage]:
        """List what this person sees in the thread of a message, oldest first."""
        return self.workspace.replies(message, viewer)

    def dm(self, user: str) -> str:
        """Find the channel of this person's direct messages with the bot."""
        return self.workspace.dm(user)

    def view(self, user: str) -> JsonObject | None:
        """Show the modal that this person has open, with its private_metadata and the errors shown in it."""
        view = self.workspace.views.get(user)
        return {**show_view(view), "private_metadata": view.body.get("private_metadata", "")} if view else None

    def home(self, user: str) -> JsonObject | None:
        """Show what stands in App Home of a person; None before anything was published."""
        view = self.workspace.homes.get(user)
        return {"id": view.id, "title": "Home", "blocks": view.body["blocks"]} if view else None

    def text_of(self, shown: SlackMessage | JsonObject) -> str:
        """Tell what a person reads in a message or a modal: one block a line, buttons as [Label]."""
        names = {person.id: person.name for person in self.people.values()}
        names |= {channel.id: channel.name for channel in self.workspace.channels.values()}
        if isinstance(shown, SlackMessage):
            attached = [f"📎 {file['title']} ({file['name']}, {file['size']} bytes)" for file in shown.files]
            return "\n".join(filter(None, [render_text(shown.text, shown.blocks, names), *attached]))
        return "\n".join([shown["title"], render_text("", shown["blocks"], names)])


@web.middleware
async def _refuse_others(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Take requests for loopback only, and from a browser only those of the page itself: other sites may not act."""
    host = request.headers.get("Host", "")
    origin = request.headers.get("Origin")
    if not OWN_HOST.fullmatch(host) or origin not in (None, f"http://{host}"):
        return web.json_response({"ok": False, "error": "only for this machine's own page"}, status=403)
    return await handler(request)
