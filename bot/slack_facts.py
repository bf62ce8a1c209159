"""What Slack tells, as values, and reading it out of its answers."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the bot token belongs to."""

    team: str
    bot_user: str
    bot_id: str


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What Slack tells of the bot token, and what time it is there."""

    identity: Identity
    scopes: frozenset[str]
    now: datetime | None
    """None where the answer has no date."""


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a message stands."""

    channel: str
    ts: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in Slack."""

    id: str
    name: str
    real_name: str
    email: str
    """Empty when Slack shows none, or says that it was never confirmed."""
    timezone: str
    active: bool
    is_guest: bool
    is_bot: bool
    team: str


@dataclass(frozen=True, slots=True)
class ChannelAccess:
    """What the bot may do in a channel."""

    postable: bool
    private: bool
    """A private channel or a DM."""
    why: str
    """Slack's word where it is not postable."""


@dataclass(frozen=True, slots=True)
class SharedFile:
    """A file that somebody handed in."""

    name: str
    content: bytes = field(repr=False)


def read_person(user: dict[str, Any]) -> Person:
    """Read what users.info says."""
    profile = user.get("profile") or {}
    return Person(
        id=user["id"],
        name=user.get("name", ""),
        real_name=user.get("real_name") or profile.get("real_name", ""),
        # An address that nobody confirmed proves nothing about its person.
        email="" if user.get("is_email_confirmed") is False else profile.get("email", ""),
        timezone=user.get("tz") or "",
        active=not user.get("deleted", False),
        is_guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        is_bot=bool(user.get("is_bot")),
        team=user.get("team_id", ""),
    )


def read_access(channel: dict[str, Any]) -> ChannelAccess:
    """Read what conversations.info says."""
    if channel.get("is_im"):
        return ChannelAccess(postable=True, private=True, why="")
    private = bool(channel.get("is_private") or channel.get("is_mpim"))
    if channel.get("is_archived"):
        return ChannelAccess(postable=False, private=private, why="is_archived")
    if not channel.get("is_member"):
        return ChannelAccess(postable=False, private=private, why="not_in_channel")
    return ChannelAccess(postable=True, private=private, why="")
