"""One question to a forge and its answer: only its own origin, so many bytes, so many seconds."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final

import httpx
from pydantic import SecretStr

from bot.clock import Clock
from bot.errors import NpmtrustError
from bot.web import KIB, Address, Reply, parse_address, read_body, tls_context

LIMIT: Final = 512 * KIB
"""Bytes of an answer, unpacked. A workflow file of 250 KiB is far beyond any that is written by hand."""

KEPT: Final = timedelta(hours=1)
"""For how long an answer counts, and the longest pause that a forge may ask for."""

SHORTLY: Final = timedelta(seconds=30)
"""For how long a forge is left alone that did not answer: a batch must not wait for it once a package."""

MOST_AT_ONCE: Final = 30
"""So many questions that files have chosen are under way at a time: GitHub wants no more than 100 of all kinds, and
those of people have to find room (https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api)."""

_MOST_REDIRECTS: Final = 3
_LONGEST_NUMBER: Final = 10


class ForgeAway(NpmtrustError):
    """A forge says nothing now; the text is a clause: `GitHub could not be reached`."""

    def __init__(self, why: str, until: datetime | None = None) -> None:
        super().__init__(why)
        self.until = until
        """When to ask again, where it holds for every question; None: this question alone came to nothing."""


@dataclass(frozen=True, slots=True)
class Source:
    """A forge as the settings name it."""

    title: str
    """`GitHub`"""
    url: str
    """Base address, with a slash at its end."""
    token: SecretStr | None = None
    token_setting: str = ""
    """The name of the variable that holds the token: what to set when the forge wants one."""


@dataclass(frozen=True, slots=True)
class Manners:
    """How a forge wants to be asked."""

    sent_in: str
    """The header that carries the token."""
    sent_as: str
    """`Bearer {}`"""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """An answer of a forge."""

    reply: Reply
    moved: bool
    """It came from another address on the same origin: the repository has another name now."""

    @property
    def is_there(self) -> bool:
        """Tell whether the forge shows what was asked for."""
        return self.reply.is_success


class Exchange:
    """Asks one forge. Makes its httpx client at the first question."""

    def __init__(self, source: Source, manners: Manners, clock: Clock, *, version: str) -> None:
        self.source = source
        self._manners = manners
        self._clock = clock
        self._version = version
        self._origin: Address | None = parse_address(source.url)
        self._client: httpx.AsyncClient | None = None
        self._away: ForgeAway | None = None
        self._scarce_until: datetime | None = None
        self._room = asyncio.Semaphore(MOST_AT_ONCE)

    @property
    def soon(self) -> datetime:
        """Tell when to ask again for what did not come."""
        return self._clock.now() + SHORTLY

    async def ask(self, path: str, **query: str) -> Found:
        """Ask for something; a 404 is an answer.

        Raises:
            ForgeAway: there is none.
        """
        try:
            return await self._try(path, query)
        except ForgeAway as away:
            self.note(away)
            raise

    async def ask_more(self, path: str, **query: str) -> Found:
        """Ask for something that a foreign file has chosen, as `ask` does, and keep others from being harmed by it.

        What comes to nothing here says nothing of other questions; and half of what the forge lets us ask is left to
        them: without a token GitHub answers 60 questions an hour, and one workflow can refer to 20 files.

        Raises:
            ForgeAway: there is none, or there must not be one now.
        """
        async with self._room:
            if self._scarce_until and self._clock.now() < self._scarce_until:
                words = f"{self.source.title} lets me ask little more for now{self._hint()}"
                raise ForgeAway(words, self._scarce_until)
            return await self._try(path, query)

    def note(self, away: ForgeAway) -> ForgeAway:
        """Leave the forge alone until the time that an error names, if it names one."""
        if away.until is not None:
            self._away = away
        return away

    def note_late(self) -> ForgeAway:
        """It took longer than there was time."""
        return self.note(ForgeAway(f"{self.source.title} did not answer in time", self.soon))

    async def close(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _try(self, path: str, query: Mapping[str, str]) -> Found:
        if self._away and self._away.until and self._clock.now() < self._away.until:
            raise self._away
        try:
            return await self._ask(path, query)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as err:
            raise ForgeAway(_words_of(err, self.source.title), self.soon) from err

    async def _ask(self, path: str, query: Mapping[str, str]) -> Found:
        url = str(httpx.URL(f"{self.source.url}{path}", params=query or None))
        for hop in range(_MOST_REDIRECTS):
            if self._origin is None or parse_address(url) != self._origin:
                raise ForgeAway(f"{self.source.title} led to another address")  # where the token must not go
            reply = await self._send(url)
            self._scarce_until = self._until(reply) if _is_scarce(reply) else None
            location = reply.headers.get("location", "")
            if not (HTTPStatus.MULTIPLE_CHOICES <= reply.status < HTTPStatus.BAD_REQUEST and location):
                self._check(reply)
                return Found(reply, moved=hop > 0)
            url = str(httpx.URL(url).join(location))
        raise ForgeAway(f"{self.source.title} led from address to address")

    async def _send(self, url: str) -> Reply:
        headers = {"user-agent": f"npmtrust/{self._version}", "accept-encoding": "gzip", **self._manners.headers}
        if self.source.token is not None:
            headers[self._manners.sent_in] = self._manners.sent_as.format(self.source.token.get_secret_value())
        async with self._open().stream("GET", url, headers=headers) as response:
            body, whole = await read_body(response, LIMIT)
            return Reply(response.status_code, response.headers, body, whole)

    def _check(self, reply: Reply) -> None:
        """Raise for what is no answer to the question."""
        title, setting = self.source.title, self.source.token_setting
        if reply.is_success or reply.status == HTTPStatus.NOT_FOUND:
            return
        if reply.status == HTTPStatus.UNAUTHORIZED and self.source.token is not None:
            raise ForgeAway(f"{title} does not take the token of {setting}", self.soon)
        if reply.status == HTTPStatus.TOO_MANY_REQUESTS or (
            reply.status == HTTPStatus.FORBIDDEN and _is_rate_limit(reply)
        ):
            # whatever was asked: it holds for every question
            raise self.note(ForgeAway(f"{title} lets me ask no more for now{self._hint()}", self._until(reply)))
        if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise ForgeAway(f"{title} answered {reply.status_text}", self.soon)
        raise ForgeAway(f"{title} answered {reply.status_text}")

    def _hint(self) -> str:
        return "" if self.source.token else f" (a token in {self.source.token_setting} lets me ask more often)"

    def _until(self, reply: Reply) -> datetime:
        """Tell when the forge wants to be asked again, at most in an hour."""
        now = self._clock.now()
        reset = reply.headers.get("x-ratelimit-reset", reply.headers.get("ratelimit-reset", ""))
        wait = reply.read_retry_after(now)
        if wait is not None:
            until = now + timedelta(seconds=wait)
        elif reset.isascii() and reset.isdigit() and len(reset) <= _LONGEST_NUMBER:
            until = datetime.fromtimestamp(int(reset), UTC)
        else:
            until = now + SHORTLY
        return min(max(until, now + timedelta(seconds=1)), now + KEPT)

    def _open(self) -> httpx.AsyncClient:
        if self._client is None:
            trust_env = self._origin is None or not self._origin.is_loopback
            self._client = httpx.AsyncClient(
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
                follow_redirects=False,
                trust_env=trust_env,
                verify=tls_context(trust_env=trust_env),
            )
        return self._client


def _is_rate_limit(reply: Reply) -> bool:
    # https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api: primary and secondary limits
    return reply.headers.get("x-ratelimit-remaining") == "0" or "retry-after" in reply.headers


def _is_scarce(reply: Reply) -> bool:
    """Tell whether less than half is left of what may be asked in a while: the headers of GitHub, and of GitLab."""
    for prefix in ("x-ratelimit-", "ratelimit-"):
        numbers = [reply.headers.get(f"{prefix}{name}", "") for name in ("remaining", "limit")]
        if all(number.isascii() and number.isdigit() and len(number) <= _LONGEST_NUMBER for number in numbers):
            remaining, limit = map(int, numbers)
            return remaining * 2 < limit
    return False


def _words_of(error: Exception, title: str) -> str:
    if isinstance(error, httpx.TimeoutException):
        return f"{title} did not answer in time"
    if isinstance(error, httpx.ConnectError | httpx.ProxyError):
        return f"{title} could not be reached"
    return f"the connection to {title} broke"
