"""What goes from the local Slack to the bot, as signed posts or by Socket Mode, and how the bot answered."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from urllib.parse import parse_qsl, urlencode, urljoin

import aiohttp

from bot.clock import Clock
from bot.sandbox.slack_sockets import Sockets

ACK_SECONDS = 3.0
PROBE_SECONDS = 1.0
TIMEOUT = "operation_timeout"
UNREACHABLE = "dispatch_failed"


@dataclass(frozen=True, slots=True)
class RawDelivery:
    """A post to the bot, byte by byte: it can be sent again, late, or changed."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Delivered:
    """How the bot answered a delivery."""

    status: int
    """Of HTTP; 0 without an answer."""
    body: str
    content_type: str = ""
    error: str = ""
    """Slack's name for what went wrong; empty after a 200 in time."""
    stops_retries: bool = False
    """The bot said that it does not want to hear the same again."""


class Courier:
    """Signs and sends deliveries, and keeps a copy of each."""

    def __init__(self, clock: Clock, signing_secret: str) -> None:
        self.events_url = ""
        self.ack_seconds = ACK_SECONDS
        self.deliveries: list[RawDelivery] = []
        self.sockets = Sockets()
        self.socket_mode = False
        self._clock = clock
        self._secret = signing_secret.encode()
        self._session: aiohttp.ClientSession | None = None

    def open(self) -> None:
        """Get ready to send; needs a running event loop."""
        self._session = aiohttp.ClientSession(auto_decompress=False)

    async def close(self) -> None:
        """Hang up."""
        await self.sockets.close()
        if self._session:
            await self._session.close()
            self._session = None

    def sign(self, body: bytes, at: datetime | None = None) -> RawDelivery:
        """Sign a body as Slack does (v0), for now or for another time."""
        stamp = str(int((at or self._clock.now()).timestamp()))
        digest = hmac.new(self._secret, f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "Accept": "application/json,*/*",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={digest}",
        }
        return RawDelivery(headers, body)

    async def deliver(self, form: Mapping[str, str]) -> Delivered:
        """Sign a form, keep it, send it."""
        raw = self.sign(urlencode(form).encode())
        self.deliveries.append(raw)
        return await self.send(raw)

    async def send(self, raw: RawDelivery) -> Delivered:
        """Send one delivery and wait for its ack, at most three seconds. Socket Mode needs no signature."""
        if self.socket_mode:
            return await self._send_by_socket(raw)
        if not (self._session and self.events_url):
            return Delivered(0, "", error=UNREACHABLE)
        wait = aiohttp.ClientTimeout(total=self.ack_seconds)
        try:
            async with self._session.post(
                self.events_url, data=raw.body, headers=raw.headers, timeout=wait, allow_redirects=False
            ) as answer:
                text = (await answer.read()).decode(errors="replace")
                error, stops = _name_error(answer.status), answer.headers.get("X-Slack-No-Retry") == "1"
                return Delivered(answer.status, text, answer.content_type, error, stops)
        except TimeoutError:
            return Delivered(0, "", error=TIMEOUT)
        except aiohttp.ClientError:
            return Delivered(0, "", error=UNREACHABLE)

    async def _send_by_socket(self, raw: RawDelivery) -> Delivered:
        form = dict(parse_qsl(raw.body.decode(), keep_blank_values=True))
        try:
            answer = await self.sockets.deliver(form, self.ack_seconds)
        except TimeoutError:
            return Delivered(0, "", error=TIMEOUT)
        if answer is None:
            return Delivered(0, "", error=UNREACHABLE)
        return Delivered(HTTPStatus.OK, json.dumps(answer) if answer else "", "application/json")

    async def send_event(self, body: Mapping[str, object]) -> Delivered:
        """Send an event by Socket Mode."""
        try:
            answer = await self.sockets.deliver_event(body, self.ack_seconds)
        except TimeoutError:
            return Delivered(0, "", error=TIMEOUT)
        return Delivered(0, "", error=UNREACHABLE) if answer is None else Delivered(HTTPStatus.OK, "")

    async def check_tls(self) -> Delivered:
        """Post what Slack posts now and then to see that the address and its certificate are good."""
        return await self.send(self.sign(urlencode({"ssl_check": "1", "token": "replaced-by-signatures"}).encode()))

    async def probe(self) -> bool:
        """Tell whether the bot says that it takes commands; in Socket Mode, by having a connection open."""
        if self.socket_mode:
            return bool(self.sockets.connections)
        if not (self._session and self.events_url):
            return False
        wait = aiohttp.ClientTimeout(total=PROBE_SECONDS)
        try:
            async with self._session.get(urljoin(self.events_url, "/readyz"), timeout=wait) as answer:
                return answer.status == HTTPStatus.OK
        except (TimeoutError, aiohttp.ClientError):
            return False


def _name_error(status: int) -> str:
    """Name a bad answer as Slack does in what it shows to the person who typed."""
    if status == HTTPStatus.OK:
        return ""
    return "http_service_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "http_client_error"
