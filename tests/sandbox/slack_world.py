"""A local Slack with a bot that only listens, for the tests of the local Slack itself."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import Clock as SdkClock
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import Clock
from bot.sandbox.slack import LocalSlack

SECRET = "signing-secret"
TOKEN = "xoxb-token"
RITA, OTTO, GENERAL, RANDOM = "U0RITA", "U0OTTO", "C0GENERAL", "C0RANDOM"


class OwnClock(Clock):
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 4, 14, 5, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class SharedClock(SdkClock):
    """The same time, as the SDK's verifier wants it."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def now(self) -> float:
        return self.clock.now().timestamp()


@dataclass
class ListeningBot:
    """Verifies signatures with Slack's own SDK, keeps what came, and answers what the test says."""

    verifier: SignatureVerifier
    heard: list[dict[str, Any]] = field(default_factory=list)
    answer: Callable[[dict[str, Any]], web.Response] = lambda _payload: web.Response()
    delay: float = 0.0
    ready: int = 200

    async def events(self, request: web.Request) -> web.Response:
        raw = await request.read()
        if not self.verifier.is_valid_request(raw, dict(request.headers)):
            return web.Response(status=401)
        form = dict(parse_qsl(raw.decode(), keep_blank_values=True))
        payload = json.loads(form["payload"]) if "payload" in form else form
        self.heard.append(payload)
        await asyncio.sleep(self.delay)
        return self.answer(payload)

    async def readyz(self, _request: web.Request) -> web.Response:
        return web.Response(status=self.ready)

    async def start(self) -> tuple[web.AppRunner, str]:
        app = web.Application()
        app.add_routes([web.post("/slack/events", self.events), web.get("/readyz", self.readyz)])
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return runner, f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"


@dataclass
class World:
    slack: LocalSlack
    bot: ListeningBot
    api: AsyncWebClient
    clock: OwnClock

    def texts(self, channel: str, viewer: str) -> list[str]:
        return [self.slack.text_of(message) for message in self.slack.messages(channel, viewer)]


@asynccontextmanager
async def open_world() -> AsyncIterator[World]:
    clock = OwnClock()
    slack = LocalSlack(clock, signing_secret=SECRET, bot_token=TOKEN)
    bot = ListeningBot(SignatureVerifier(SECRET, SharedClock(clock)))
    await slack.start()
    runner, slack.events_url = await bot.start()
    try:
        yield World(slack, bot, AsyncWebClient(TOKEN, base_url=slack.api_url), clock)
    finally:
        await slack.stop()
        await runner.cleanup()


async def call(world: World, method: str, **arguments: object) -> str:
    """Call a method; tell Slack's error, or nothing."""
    try:
        await world.api.api_call(method, json=arguments)
    except SlackApiError as refused:
        return str(refused.response["error"])
    return ""


async def press(world: World) -> str:
    """Let Rita do something; tell the trigger id that the bot gets for it."""
    await world.slack.command(RITA, GENERAL, "help")
    return str(world.bot.heard[-1]["trigger_id"])


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(action_id: str, **more: object) -> dict[str, Any]:
    return {"type": "button", "action_id": action_id, "text": plain(action_id.title()), **more}


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def field_of(block_id: str, **more: object) -> dict[str, Any]:
    element = {"type": "plain_text_input", "action_id": "typed", **more}
    return {"type": "input", "block_id": block_id, "label": plain(block_id), "element": element}


def modal(*blocks: dict[str, Any], **more: object) -> dict[str, Any]:
    return {"type": "modal", "title": plain("Form"), "submit": plain("Send"), "blocks": list(blocks), **more}
