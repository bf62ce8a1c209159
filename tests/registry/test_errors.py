import asyncio
import ssl
from collections.abc import Iterator

import httpx
import pytest

from bot.errors import RegistryError
from bot.registry.errors import FOREIGN_ERRORS, RegistryMisbehaved, RegistryNotReached, RegistryUnavailable, translated

OURS_TO_AVOID = {httpx.CookieConflict, httpx.StreamError, *httpx.StreamError.__subclasses__()}
"""Nothing on the wire leads to these; they tell of a fault in our own code and must not be hidden."""


def all_subclasses(kind: type[Exception]) -> Iterator[type[Exception]]:
    for subclass in kind.__subclasses__():
        yield subclass
        yield from all_subclasses(subclass)


def test_every_error_that_httpx_raises_is_mapped() -> None:
    leaves = {kind for kind in all_subclasses(httpx.HTTPError) if not kind.__subclasses__()} | {httpx.InvalidURL}
    assert leaves - set(FOREIGN_ERRORS) == set()


def test_every_error_that_httpx_exports_is_mapped_or_left_alone_on_purpose() -> None:
    exported = {kind for kind in vars(httpx).values() if isinstance(kind, type) and issubclass(kind, Exception)}
    leaves = {kind for kind in exported if not kind.__subclasses__()}
    assert leaves - set(FOREIGN_ERRORS) - OURS_TO_AVOID == set()


@pytest.mark.parametrize("foreign", FOREIGN_ERRORS)
def test_a_foreign_error_becomes_ours(foreign: type[Exception]) -> None:
    err = foreign.__new__(foreign, "secret detail")
    with pytest.raises(RegistryError) as caught, translated():
        raise err
    assert (type(caught.value), str(caught.value)) == FOREIGN_ERRORS[foreign]
    assert caught.value.__cause__ is err


def test_only_what_surely_happened_before_sending_counts_as_not_reached() -> None:
    not_reached = {kind for kind, (error, _) in FOREIGN_ERRORS.items() if issubclass(error, RegistryNotReached)}
    assert not_reached == {
        httpx.InvalidURL,
        httpx.UnsupportedProtocol,
        httpx.PoolTimeout,
        httpx.ConnectTimeout,
        httpx.ConnectError,
        httpx.ProxyError,
    }


def test_an_unknown_error_counts_as_sent() -> None:
    class NewError(httpx.TransportError):
        pass

    try:
        with pytest.raises(RegistryUnavailable) as caught, translated():
            raise NewError("new")
        assert not isinstance(caught.value, RegistryNotReached)
    finally:
        del NewError


@pytest.mark.parametrize("err", [ssl.SSLError("bad record"), ConnectionResetError(), BrokenPipeError()])
def test_an_error_that_httpx_lets_through_counts_as_sent(err: OSError) -> None:
    with pytest.raises(RegistryUnavailable, match="the connection broke"), translated():
        raise err


@pytest.mark.parametrize("err", [ValueError(), KeyError(), httpx.StreamConsumed(), asyncio.CancelledError()])
def test_what_is_no_accident_of_the_network_passes(err: BaseException) -> None:
    with pytest.raises(type(err)), translated():
        raise err


def test_an_error_of_ours_passes() -> None:
    with pytest.raises(RegistryMisbehaved, match="as it is"), translated():
        raise RegistryMisbehaved("as it is")
