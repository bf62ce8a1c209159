"""One request to the registry and what came back, before anybody reads a meaning into it."""

import asyncio
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final

import httpx
from pydantic import SecretStr
from pydantic_core import from_json

from bot.clock import read_http_date
from bot.registry.errors import RegistryMisbehaved, RegistryNotReached, translated
from bot.registry.urls import LinkRules

KIB: Final = 1024
MIB: Final = 1024 * KIB

MAX_IN_FLIGHT: Final = 8
"""httpx gets slower with more."""

_PIECE: Final = 64 * KIB
"""Bytes, unpacked, that are looked at in one go."""

_LONGEST_WAIT: Final = 3600.0
"""Seconds. A Retry-After of a year is a mistake, and nobody would notice the queue standing still."""

# httpx logs each address at INFO, and two of ours are secrets: a logout's holds the session, a poll's the challenge.
logging.getLogger("httpx").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is sent. Every field with a default has npm's own."""

    method: str = "GET"
    url: str = field(repr=False)
    command: str
    """npm's command of which such a request is a part: `trust`, `login` …"""
    session: SecretStr | None = None
    otp: SecretStr | None = None
    content: bytes | None = field(default=None, repr=False)
    """JSON."""
    accept: str = "*/*"
    etag: str = ""
    """Of what we have already: npm need not send the same again."""
    deadline: float = 30.0
    """Seconds that the whole exchange may take."""
    limit: int = 64 * KIB
    """Bytes of the answer, unpacked, that are read."""

    def headers(self) -> dict[str, str]:
        """Build the headers that npm sends, but for its user agent."""
        headers = {"npm-auth-type": "web", "npm-command": self.command, "accept": self.accept}
        headers["accept-encoding"] = "gzip,deflate"
        if self.content is not None:
            headers["content-type"] = "application/json"
        if self.etag:
            headers["if-none-match"] = self.etag
        if self.session is not None:
            headers["authorization"] = f"Bearer {self.session.get_secret_value()}"
        if self.otp is not None:
            headers["npm-otp"] = self.otp.get_secret_value()
        return headers


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it came."""

    status: int
    headers: Mapping[str, str]
    """Looked up without regard to case."""
    body: bytes = field(repr=False)
    whole: bool = True
    """False when the body was longer than the limit and the rest was not read."""

    @property
    def is_success(self) -> bool:
        """Tell whether npm did what it was asked."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def is_html(self) -> bool:
        """Tell whether it is a page for people: no answer of npm's, but of something that stands in between."""
        return (
            "html" in self.headers.get("content-type", "").lower()
            or self.body.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"<"
        )

    @property
    def status_text(self) -> str:
        """`404 Not Found`."""
        try:
            return f"{self.status} {HTTPStatus(self.status).phrase}"
        except ValueError:
            return str(self.status)

    def read_json(self) -> object:
        """Parse the body; None when it is not JSON, not whole, or JSON that Python could not encode again."""
        if not self.whole:
            return None
        try:
            document: object = from_json(self.body, allow_inf_nan=False)
        except ValueError:
            return None
        return document

    def read_date(self) -> datetime | None:
        """Tell when the registry says that it answered; None when it does not say."""
        return read_http_date(self.headers.get("date", ""))

    def read_retry_after(self, now: datetime) -> float | None:
        """Tell the seconds that npm wants us to wait, at least 1 and at most an hour; None when it does not say."""
        text = self.headers.get("retry-after", "").strip()
        if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text):
            seconds = float(text)
        else:
            moment = read_http_date(text)
            if moment is None:
                return None
            seconds = (moment - now).total_seconds()
        return min(max(seconds, 1.0), _LONGEST_WAIT)


class Transport:
    """Sends requests to one registry. Makes its httpx client at the first one."""

    def __init__(self, rules: LinkRules, *, version: str) -> None:
        self._rules = rules
        self._user_agent = f"npmtrust/{version}"
        self._client: httpx.AsyncClient | None = None

    async def exchange(self, request: Request, take: Callable[[bytes], None] | None = None) -> Reply:
        """Send one request and read the answer.

        The body of a 200 goes to `take` piece by piece where that is given, whatever its length, and is not kept.

        Raises:
            RegistryUnavailable: no answer; `RegistryNotReached` when surely nothing was sent.
            RegistryMisbehaved: the address is not the registry's, or the answer cannot be unpacked.
        """
        if not self._rules.is_own(request.url):
            raise RegistryMisbehaved("the address of the call is not the registry's")
        if request.deadline <= 0:
            raise RegistryNotReached("no time was left for the call")
        with translated():
            async with (
                asyncio.timeout(request.deadline),
                self._open().stream(
                    request.method,
                    request.url,
                    headers=request.headers(),
                    content=request.content,
                    timeout=_phases_within(request.deadline),
                ) as response,
            ):
                if take is not None and response.status_code == HTTPStatus.OK:
                    async for chunk in response.aiter_bytes():
                        await _pass_on(chunk, take)
                    return Reply(response.status_code, response.headers, b"")
                body, whole = await _read_body(response, request.limit)
                return Reply(response.status_code, response.headers, body, whole)

    async def close(self) -> None:
        """Close the connections. A later request opens new ones."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def _open(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                headers={"user-agent": self._user_agent},
                # A cookie would tie together the people whose sessions we hold; npm keeps none either.
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
                # Node's servers drop an idle connection after 5 s; a request that meets that is lost.
                limits=httpx.Limits(max_connections=MAX_IN_FLIGHT, keepalive_expiry=4),
                follow_redirects=False,
                trust_env=not self._rules.registry.is_loopback,
            )
        return self._client


def _phases_within(deadline: float) -> httpx.Timeout:
    """Let a call that cannot be sent fail while that is certain: a free place, a connection and TLS come in turn."""
    before_sending = deadline / 4
    return httpx.Timeout(connect=before_sending, pool=before_sending, write=10, read=30)


async def _pass_on(chunk: bytes, take: Callable[[bytes], None]) -> None:
    """Hand over what was unpacked at once in pieces, and let others have their turn: it can be a thousandfold."""
    for start in range(0, len(chunk), _PIECE):
        take(chunk[start : start + _PIECE])
        await asyncio.sleep(0)


async def _read_body(response: httpx.Response, limit: int) -> tuple[bytes, bool]:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > limit:
            return bytes(body[:limit]), False
    return bytes(body), True
