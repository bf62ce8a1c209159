"""Which addresses are Slack's: what we say, our token and our network are not for others."""

import logging

from yarl import URL

_LOG = logging.getLogger(__name__)
_SLACK_HOST = "slack.com"


def is_slacks_socket(url: URL, base: URL) -> bool:
    """Tell whether what comes by this address may be believed: it is Slack's, such as wss://wss-primary.slack.com.

    Args:
        url: What apps.connections.open named.
        base: Where the Web API is; on loopback the connection is there and plain too.
    """
    if base.scheme == "http":
        return (url.scheme, url.host) == ("ws", base.host)
    return url.scheme == "wss" and any(f".{url.host}".endswith(f".{host}") for host in (_SLACK_HOST, base.host))


def read_address(given: str, base: URL, host: str) -> URL | None:
    """Read the address of a response_url or an upload; None where it is not Slack's.

    Args:
        given: What came.
        base: Where the Web API is.
        host: Slack's own for this; `base` may stand for it.
    """
    known = (URL.build(scheme="https", host=host), base.origin())
    url = _read_plain(given)
    if url is None or url.origin() not in known:
        _LOG.warning("An address on %r was refused: it is not Slack's %s", url and url.host, host)
        return None
    return url


def read_file_address(given: str, base: URL) -> URL | None:
    """Read the address of a file, which is asked with our token: any host of Slack's, or where the Web API is."""
    url = _read_plain(given)
    if url is None:
        return None
    is_slacks = url.scheme == "https" and url.port == 443 and f".{url.host}".endswith(f".{_SLACK_HOST}")  # noqa: PLR2004
    if not is_slacks and url.origin() != base.origin():
        _LOG.warning("A file on %r was not asked for: that is not Slack's", url.host)
        return None
    return url


def _read_plain(given: str) -> URL | None:
    """Read an address that is whole, and names no user: a name before the host is there to mislead."""
    try:
        url = URL(given)
        is_plain = url.absolute and url.scheme in {"https", "http"} and not (url.user or url.password)
    except ValueError:
        return None
    return url if is_plain else None
