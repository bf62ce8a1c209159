"""The bot behind its own HTTP server, without workers: what it stores stays in the inbox, to be looked at."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
from cryptography.fernet import Fernet
from pydantic import TypeAdapter

from bot.app import App
from bot.clock import Clock
from bot.domain.deliveries import Delivery
from bot.sandbox.cast import TEAM_ID
from bot.sandbox.slack import LocalSlack
from bot.settings import Settings
from storage.sealed import about_delivery
from storage.store import Store

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
APP_TOKEN = "xapp-token"
FORM = "application/x-www-form-urlencoded"
_DELIVERY: TypeAdapter[Delivery] = TypeAdapter(Delivery)


class OwnClock(Clock):
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 4, 14, 5, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


@dataclass(frozen=True)
class Answered:
    status: int
    text: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever was answered
        return json.loads(self.text)


@dataclass
class Door:
    app: App
    slack: LocalSlack
    clock: OwnClock
    http: aiohttp.ClientSession

    async def post(
        self, body: bytes, *, content_type: str = FORM, headers: Mapping[str, str] | None = None
    ) -> Answered:
        """Send a body, signed as Slack does it, but for the headers that are given."""
        sent = {"Content-Type": content_type, **self.sign(body), **(headers or {})}
        return await self.send(body, sent)

    async def send(self, body: bytes, headers: Mapping[str, str]) -> Answered:
        url = f"http://127.0.0.1:{self.app.port}/slack/events"
        async with self.http.post(url, data=body, headers=headers) as answer:
            return Answered(answer.status, await answer.text())

    def sign(self, body: bytes, *, age: float = 0, secret: str = SECRET) -> dict[str, str]:
        stamp = str(int((self.clock.now() - timedelta(seconds=age)).timestamp()))
        digest = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}

    async def command(self, text: str, **changed: str) -> Answered:
        return await self.post(urlencode(command(text) | changed).encode())

    async def get(self, path: str) -> Answered:
        async with self.http.get(f"http://127.0.0.1:{self.app.port}{path}") as answer:
            return Answered(answer.status, await answer.text())

    async def interact(self, payload: object) -> Answered:
        return await self.post(urlencode({"payload": json.dumps(payload)}).encode())

    async def stored(self) -> list[Delivery]:
        """Take everything out of the inbox, oldest first."""
        services = self.app.services

        def claim_all(store: Store) -> list[tuple[str, str]]:
            sealed = []
            while row := store.inbox.claim(self.clock.now()):
                sealed.append((row.sealed_payload, about_delivery(row)))
                store.inbox.finish(row.id)
            return sealed

        sealed = await services.database.run(claim_all)
        return [_DELIVERY.validate_json(services.vault.unseal(*each).get_secret_value()) for each in sealed]


def command(text: str) -> dict[str, str]:
    """Build the fields of a slash command, as Slack documents them."""
    return {
        "token": "deprecated",
        "team_id": TEAM_ID,
        "team_domain": "acme",
        "channel_id": "C0GENERAL",
        "channel_name": "general",
        "user_id": "U0RITA",
        "user_name": "rita",
        "command": "/npmtrust",
        "text": text,
        "api_app_id": "A0NPMTRUST",
        "is_enterprise_install": "false",
        "response_url": "https://hooks.slack.com/commands/T0ACME/1/x",
        "trigger_id": "13345224609.738474920.8088930838d88f008e0",
    }


def click(action_id: str, **changed: object) -> dict[str, Any]:
    """Build the payload of a press, as Slack documents it."""
    return {
        "type": "block_actions",
        "user": {"id": "U0OTTO", "username": "otto", "name": "otto", "team_id": TEAM_ID},
        "api_app_id": "A0NPMTRUST",
        "token": "deprecated",
        "container": {"type": "message", "message_ts": "1772633100.000100", "channel_id": "C0RELEASES"},
        "trigger_id": "12466734323.1395872398",
        "team": {"id": TEAM_ID, "domain": "acme"},
        "enterprise": None,
        "channel": {"id": "C0RELEASES", "name": "releases"},
        "message": {"type": "message", "ts": "1772633100.000100", "text": "…"},
        "response_url": "https://hooks.slack.com/actions/T0ACME/1/x",
        "actions": [{"action_id": action_id, "block_id": "b", "type": "button", "value": "42", "action_ts": "1.2"}],
        **changed,
    }


def submission(callback: str, values: dict[str, object], *, metadata: str = "", **changed: object) -> dict[str, Any]:
    """Build the payload of a form; a value is what its element holds."""
    state = {field: {"value": element} for field, element in values.items()}
    view = {
        "id": "V1",
        "type": "modal",
        "callback_id": callback,
        "private_metadata": metadata,
        "state": {"values": state},
    }
    return {
        "type": "view_submission",
        "team": {"id": TEAM_ID, "domain": "acme"},
        "user": {"id": "U0RITA", "name": "rita", "team_id": TEAM_ID},
        "api_app_id": "A0NPMTRUST",
        "trigger_id": "156772938.1827394",
        "view": view,
        "response_urls": [],
        **changed,
    }


def written(text: str) -> dict[str, object]:
    """Fill a text field."""
    return {"type": "plain_text_input", "value": text}


@asynccontextmanager
async def open_door(folder: Path, *, socket_mode: bool = False, refusal: str = "") -> AsyncIterator[Door]:
    """Open it; with a `refusal` Slack refuses the first connection of Socket Mode in this word."""
    clock = OwnClock()
    slack = LocalSlack(clock, signing_secret=SECRET, bot_token="xoxb-token", app_token=APP_TOKEN)
    slack.socket_mode = socket_mode
    if refusal:
        slack.fail_next("apps.connections.open", error=refusal)
    await slack.start()
    settings = Settings(
        _env_file=None,
        SLACK_BOT_TOKEN="xoxb-token",
        SLACK_APP_TOKEN=APP_TOKEN if socket_mode else None,
        SLACK_SIGNING_SECRET=None if socket_mode else SECRET,
        SLACK_API_URL=slack.api_url,
        NPMTRUST_REGISTRY_URL="http://127.0.0.1:9",
        NPMTRUST_DATABASE_URL=f"sqlite:///{folder}/npmtrust.sqlite3",
        NPMTRUST_SECRET_KEYS=Fernet.generate_key().decode(),
        NPMTRUST_HOST="127.0.0.1",
        NPMTRUST_PORT=0,
    )
    app = App(settings, clock, tick=False)
    try:
        await app.start()
        async with aiohttp.ClientSession() as http:
            yield Door(app, slack, clock, http)
    finally:
        await app.stop()
        await slack.stop()
