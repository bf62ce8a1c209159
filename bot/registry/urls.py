"""Addresses: how npm writes them into a request, and which of those that npm hands out may be used."""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import quote, urlsplit

_USABLE: Final = re.compile(r"(?i:https?)://[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
"""The characters of RFC 3986 alone: browsers, Slack and Python read such an address alike. With a backslash or a
line break in it they would not, and the host that we check would not be the host that opens."""

_LONGEST_LINK: Final = 2000
"""Characters; a button of Slack's holds 3000."""

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


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
class LinkRules:
    """Which links of npm's we hand to a person, and where we ask whether they were used."""

    registry: Address
    auth_hosts: frozenset[str]
    """`host` or `host:port`."""

    def find_problem(self, auth_url: str, done_url: str) -> str:
        """Say, as the end of a sentence, why a pair of links may not be used; empty when it may."""
        auth = parse_address(auth_url)
        if auth is None or len(auth_url) > _LONGEST_LINK:
            return "npm's link is not a plain web address"
        if auth.host not in self.auth_hosts:
            return f"npm's link leads to {auth.host}, which is none of the hosts that NPMTRUST_AUTH_HOSTS allows"
        if auth.scheme != "https" and not auth.is_loopback:
            return f"npm's link leads to {auth.host} without encryption"
        if not self.is_own(done_url):
            return "npm wants us to ask for the result at another server than the registry"
        return ""

    def is_own(self, url: str) -> bool:
        """Tell whether an address is on the registry's own origin: nowhere else does a session go."""
        return parse_address(url) == self.registry


def encode_uri_component(text: str) -> str:
    """Encode as JavaScript's function of that name does, with which npm builds its paths."""
    return quote(text, safe="!~*'()")
