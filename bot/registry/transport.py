"""One request to the registry and what came back, before anybody reads a meaning into it."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final

import httpx
from pydantic import SecretStr

from bot.points import AtPoint, Point
from bot.registry.errors import RegistryMisbehaved, RegistryNotReached, translated
from bot.registry.urls import LinkRules
from bot.web import KIB, MIB, Reply, phases_within, read_body, tls_context

__all__ = ["KIB", "MAX_IN_FLIGHT", "MIB", "Reply", "Request", "Transport"]

MAX_IN_FLIGHT: Final = 8
"""httpx gets slower with more."""

_PIECE: Final = 64 * KIB
"""Bytes, unpacked, that are looked at in one go."""


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


class Transport:
    """Sends requests to one registry. Makes its httpx client at the first one."""

    def __init__(self, rules: LinkRules, *, version: str) -> None:
        self._rules = rules
        self._user_agent = f"npmtrust/{version}"
        self._client: httpx.AsyncClient | None = None
        self.at_point: AtPoint | None = None
        """Is told that a request is about to be sent, or was just answered."""

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
        with translated(), self._passed(request):
            async with (
                asyncio.timeout(request.deadline),
                self._open().stream(
                    request.method,
                    request.url,
                    headers=request.headers(),
                    content=request.content,
                    timeout=phases_within(request.deadline),
                ) as response,
            ):
                if take is not None and response.status_code == HTTPStatus.OK:
                    async for chunk in response.aiter_bytes():
                        await _pass_on(chunk, take)
                    return Reply(response.status_code, response.headers, b"")
                body, whole = await read_body(response, request.limit)
                return Reply(response.status_code, response.headers, body, whole)

    @contextmanager
    def _passed(self, request: Request) -> Iterator[None]:
        if self.at_point is None:
            yield
            return
        name = f"npm, {request.method} {request.command}"
        self.at_point(f"{Point.BEFORE_CALL}: {name}")
        yield
        self.at_point(f"{Point.AFTER_CALL}: {name}")

    async def close(self) -> None:
        """Close the connections. A later request opens new ones."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def _open(self) -> httpx.AsyncClient:
        if self._client is None:
            trust_env = not self._rules.registry.is_loopback
            self._client = httpx.AsyncClient(
                headers={"user-agent": self._user_agent},
                # A cookie would tie together the people whose sessions we hold; npm keeps none either.
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
                # Node's servers drop an idle connection after 5 s; a request that meets that is lost.
                limits=httpx.Limits(max_connections=MAX_IN_FLIGHT, keepalive_expiry=4),
                follow_redirects=False,
                trust_env=trust_env,
                verify=tls_context(trust_env=trust_env),
            )
        return self._client


async def _pass_on(chunk: bytes, take: Callable[[bytes], None]) -> None:
    """Hand over what was unpacked at once in pieces, and let others have their turn: it can be a thousandfold."""
    for start in range(0, len(chunk), _PIECE):
        take(chunk[start : start + _PIECE])
        await asyncio.sleep(0)
