"""Addresses: how npm writes them into a request, and which of those that npm hands out may be used."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from bot.web import Address, parse_address

__all__ = ["Address", "LinkRules", "encode_uri_component", "parse_address"]

_LONGEST_LINK: Final = 2000
"""Characters; a button of Slack's holds 3000."""


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
