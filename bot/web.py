"""What every client of ours shares: addresses, answers as they came, and how much of one is read."""

import logging
import re
import ssl
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from http import HTTPStatus
from importlib.util import find_spec
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

import httpx
from pydantic_core import from_json

from bot.clock import read_http_date

KIB: Final = 1024
MIB: Final = 1024 * KIB

_LONGEST_WAIT: Final = 3600.0
"""Seconds. A Retry-After of a year is a mistake, and nobody would notice the queue standing still."""

_USABLE: Final = re.compile(r"(?i:https?)://[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
"""The characters of RFC 3986 alone: browsers, Slack and Python read such an address alike. With a backslash or a
line break in it they would not, and the host that we check would not be the host that opens."""

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


# httpx logs each address at INFO, and two of ours are secrets: a logout's holds the session, a poll's the challenge.
logging.getLogger("httpx").setLevel(logging.WARNING)


# httpcore looks for sniffio, which it can do without, some twenty times a request: a search that finds nothing goes
# through every folder each time, a third of what a request costs. This is how Python is told that it is not there.
if find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment]


@cache
def tls_context(*, trust_env: bool) -> ssl.SSLContext:
    """Make what certificates are checked with, once: to read all roots takes as long as a dozen requests.

    Args:
        trust_env: Whether `SSL_CERT_FILE` and `SSL_CERT_DIR` name other roots.
    """
    return httpx.create_ssl_context(trust_env=trust_env)


@dataclass(frozen=True, slots=True)
class Address:
    """Where an address leads, normalised."""

    scheme: str
    """`http` or `https`."""
    host: str
    """`www.npmjs.com`, or with a port that is not the scheme's own, `127.0.0.1:4873`."""
    is_loopback: bool


def parse_address(url: str) -> Address | None:
    """Take an address apart; None when it is none, holds user information, or readers could differ on it."""
    if not _USABLE.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        name, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not name or "@" in parts.netloc:
        return None
    host = f"[{name}]" if ":" in name else name
    if port not in {None, _DEFAULT_PORTS[parts.scheme]}:
        host = f"{host}:{port}"
    return Address(parts.scheme, host, _is_loopback(name))


def _is_loopback(name: str) -> bool:
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


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
        """Tell the seconds that npm wants us to wait, at least 1 and at most an hour; None when it does not say.

        A date is one of npm's clock, which may be far from ours: it counts from the `Date` of the same answer.
        """
        text = self.headers.get("retry-after", "").strip()
        if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text):
            seconds = float(text)
        else:
            moment = read_http_date(text)
            if moment is None:
                return None
            seconds = (moment - (self.read_date() or now)).total_seconds()
        return min(max(seconds, 1.0), _LONGEST_WAIT)


def phases_within(deadline: float) -> httpx.Timeout:
    """Let a call that cannot be sent fail while that is certain: a free place, a connection and TLS come in turn."""
    before_sending = deadline / 4
    return httpx.Timeout(connect=before_sending, pool=before_sending, write=10, read=30)


async def read_body(response: httpx.Response, limit: int) -> tuple[bytes, bool]:
    """Read at most so many bytes, unpacked; tells whether that was all."""
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > limit:
            return bytes(body[:limit]), False
    return bytes(body), True
