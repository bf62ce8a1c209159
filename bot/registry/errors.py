"""What can go wrong between us and the npm registry.

    RegistryError                 bot.errors
    ├── RegistryUnavailable       not now: try again later, not before `retry_after` where it is given
    │   └── RegistryNotReached    the same, and surely nothing was sent
    └── RegistryMisbehaved        an answer that nobody can use: trying again does not help by itself

The text of each is the end of a sentence: "npm did not answer in time". Errors of httpx become one of these in
`translated` and nowhere else.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import httpx

from bot.errors import RegistryError


class RegistryUnavailable(RegistryError):
    """npm cannot be used now. Unless it is a `RegistryNotReached`, npm may have got the request and acted on it."""

    def __init__(self, why: str, retry_after: float | None = None) -> None:
        super().__init__(why)
        self.retry_after = retry_after
        """Seconds, when npm says so."""


class RegistryNotReached(RegistryUnavailable):
    """Not one byte of the request was sent."""


class RegistryMisbehaved(RegistryError):
    """npm's answer is none that npm gives to such a request."""


FOREIGN_ERRORS: Final[Mapping[type[Exception], tuple[type[RegistryError], str]]] = {
    # Before the request was sent. An error belongs here only if that is certain: npm is then called again unasked.
    httpx.InvalidURL: (RegistryNotReached, "the address of the call is not valid"),
    httpx.UnsupportedProtocol: (RegistryNotReached, "the registry's address is neither http nor https"),
    httpx.PoolTimeout: (RegistryNotReached, "too many calls to npm were under way"),
    httpx.ConnectTimeout: (RegistryNotReached, "npm did not take the connection in time"),
    httpx.ConnectError: (RegistryNotReached, "npm could not be reached"),
    httpx.ProxyError: (RegistryNotReached, "the proxy did not let us through to npm"),
    # From the first byte on.
    httpx.WriteTimeout: (RegistryUnavailable, "npm did not take the request in time"),
    httpx.ReadTimeout: (RegistryUnavailable, "npm did not answer in time"),
    httpx.WriteError: (RegistryUnavailable, "the connection was cut while sending"),
    httpx.ReadError: (RegistryUnavailable, "the connection was cut after sending"),
    httpx.CloseError: (RegistryUnavailable, "the connection was cut after sending"),
    httpx.RemoteProtocolError: (RegistryUnavailable, "the connection was cut after sending, or the answer was no HTTP"),
    httpx.LocalProtocolError: (RegistryUnavailable, "the request broke the rules of HTTP"),
    httpx.DecodingError: (RegistryMisbehaved, "npm's answer could not be unpacked"),
    # We ask httpx for neither of these.
    httpx.TooManyRedirects: (RegistryMisbehaved, "npm answered with redirects"),
    httpx.HTTPStatusError: (RegistryMisbehaved, "npm answered with an error"),
    # The deadline of the call, and what httpx lets through: TLS errors while reading, for example.
    TimeoutError: (RegistryUnavailable, "npm did not answer within the deadline"),
    OSError: (RegistryUnavailable, "the connection broke"),
    # What a later httpx may add: the worst is assumed, and a test asks for a line of its own.
    httpx.HTTPError: (RegistryUnavailable, "the call failed in a way that we do not know"),
}
"""What each foreign error means, and how it is told; the nearest class counts."""


@contextmanager
def translated() -> Iterator[None]:
    """Turn the errors of httpx and of the network into ours."""
    try:
        yield
    except tuple(FOREIGN_ERRORS) as err:
        error, why = next(FOREIGN_ERRORS[kind] for kind in type(err).__mro__ if kind in FOREIGN_ERRORS)
        raise error(why) from err
