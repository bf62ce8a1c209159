"""Slack's Web API, as far as the bot uses it.

    bot.errors.SlackError
    ├── SlackUnavailable      no answer, or none that can be read: try again later
    ├── SlackThrottled        too fast: try again after `retry_after` seconds
    └── SlackRefused          Slack said no, in the word `code`: the same again does not help

`map_error` is the one place where errors of slack_sdk and aiohttp become these. Nothing in here repeats a call by
itself: a post that is repeated after a lost answer stands in the channel twice.
"""

import logging
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

import aiohttp
from pydantic import SecretStr
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from yarl import URL

from bot.clock import read_http_date
from bot.errors import SlackError
from bot.messages.message import Message, View

TIMEOUT_SECONDS = 10
FOREIGN_ERRORS = (SlackClientError, aiohttp.ClientError, OSError, LookupError, TypeError, AttributeError, ValueError)
"""What slack_sdk and aiohttp raise; the last four are what an answer of an unexpected shape ends in."""

_LOG = logging.getLogger(__name__)
_SLACK_HOST = "slack.com"
_RESPONSE_HOST = "hooks.slack.com"
_UPLOAD_HOST = "files.slack.com"
_UPLOAD_SECONDS = 60
_TRANSIENT = frozenset({"fatal_error", "internal_error", "request_timeout", "service_unavailable", "team_added_to_org"})
_UNPOSTABLE = frozenset({"channel_not_found", "not_in_channel", "is_archived"})
_DEFAULT_WAIT = 30.0
_HEARTBEAT_SECONDS = 10.0
"""A connection of Socket Mode that does not answer a ping within half of this is dead."""
_CLOSE_SECONDS = 1.0
"""Slack need not answer the farewell."""
_PAGE = 200


class SlackUnavailable(SlackError):
    """Slack did not answer, or with something that is no answer."""


class SlackThrottled(SlackError):
    """Slack asks for a pause of `retry_after` seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"Slack asks to wait {retry_after:g} s")
        self.retry_after = retry_after


class SlackRefused(SlackError):
    """Slack understood and said no: `code` is its word for it, such as `channel_not_found`."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code} ({detail})" if detail else code)
        self.code = code


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


class Notifier:
    """The client of one workspace. To be made inside a running event loop, and closed."""

    def __init__(self, token: SecretStr, base_url: str) -> None:
        self._base = URL(base_url)
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        log = logging.getLogger("slack_sdk")
        log.setLevel(logging.WARNING)  # at DEBUG it logs what is sent, links of handoffs included
        self._session = aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar())
        self._client = AsyncWebClient(
            token.get_secret_value(), base_url=base_url, session=self._session, retry_handlers=[], logger=log
        )
        if self._base.scheme == "http":  # loopback: slack_sdk would go through the proxy of the environment
            self._client.proxy = None

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    async def identify(self) -> Identity:
        """Ask who the token belongs to."""
        answer = await _read(self._client.auth_test())
        with _mapped():
            return Identity(answer["team_id"], answer["user_id"], answer.get("bot_id", ""))

    async def request_socket(self, app_token: SecretStr) -> str:
        """Ask for the address of a connection of Socket Mode; it is good for one connection, and only now."""
        answer = await _read(self._client.apps_connections_open(app_token=app_token.get_secret_value()))
        with _mapped():
            url = URL(answer["url"])
            if not is_slacks_socket(url, self._base):
                raise SlackUnavailable("Slack names an address for Socket Mode that is not wss, or not its own")
            return str(url)

    async def open_socket(self, app_token: SecretStr) -> aiohttp.ClientWebSocketResponse:
        """Open a connection of Socket Mode. What comes by it carries no signature: the connection is the proof."""
        url = await self.request_socket(app_token)
        within = aiohttp.ClientWSTimeout(ws_close=_CLOSE_SECONDS)
        with _mapped():
            return await self._session.ws_connect(
                url, proxy=self._client.proxy, heartbeat=_HEARTBEAT_SECONDS, timeout=within
            )

    async def inspect_token(self) -> TokenFacts:
        """Ask who the token belongs to, what it may do, and for the time."""
        with _mapped():
            answer = await self._client.auth_test()
            identity = Identity(answer["team_id"], answer["user_id"], answer.get("bot_id", ""))
            scopes = answer.headers.get("X-OAuth-Scopes", "").split(",")
            named = frozenset(scope.strip() for scope in scopes if scope.strip())
            return TokenFacts(identity, named, read_http_date(answer.headers.get("Date", "")))

    async def post(self, channel: str, message: Message) -> Posted:
        """Post a message to a channel or a DM."""
        answer = await _read(
            self._client.chat_postMessage(
                channel=channel,
                text=message.text,
                blocks=list(message.blocks),
                unfurl_links=False,
                unfurl_media=False,
            )
        )
        with _mapped():
            return Posted(answer["channel"], answer["ts"])

    async def update(self, channel: str, ts: str, message: Message) -> None:
        """Put a message in the place of one of ours. A DM needs its own id, not the person's."""
        await _read(self._client.chat_update(channel=channel, ts=ts, text=message.text, blocks=list(message.blocks)))

    async def post_ephemeral(self, channel: str, user: str, message: Message) -> None:
        """Show a message to one person in a channel."""
        await _read(
            self._client.chat_postEphemeral(channel=channel, user=user, text=message.text, blocks=list(message.blocks))
        )

    async def open_dm(self, user: str) -> str:
        """Find the id of the DM with a person."""
        answer = await _read(self._client.conversations_open(users=user))
        with _mapped():
            return str(answer["channel"]["id"])

    async def open_view(self, trigger_id: str, view: View) -> None:
        """Open a modal; Slack takes a trigger once, and for three seconds."""
        await _read(self._client.views_open(trigger_id=trigger_id, view=view.as_dict()))

    async def respond(self, response_url: str, message: Message, *, replace_original: bool = False) -> None:
        """Answer a command or a click, shown to its person alone, or replace the message that was clicked."""
        url = self._check_address(response_url, _RESPONSE_HOST)
        body = {
            "response_type": "ephemeral",
            "replace_original": replace_original,
            "text": message.text,
            "blocks": list(message.blocks),
            "unfurl_links": False,
            "unfurl_media": False,
        }
        with _mapped():
            async with self._session.post(url, json=body, proxy=self._client.proxy, allow_redirects=False) as answer:
                _check_answer(answer.status, answer.headers.get("Retry-After"))

    async def upload_file(self, channel: str, thread_ts: str, filename: str, content: bytes, *, title: str) -> None:
        """Put a file into the thread of a message. The channel needs its own id, for a DM too.

        Nobody sees the file before the last of the three calls: where one before it fails, the same again does no harm.
        """
        announced = await _read(self._client.files_getUploadURLExternal(filename=filename, length=len(content)))
        with _mapped():
            url, file = self._check_address(announced["upload_url"], _UPLOAD_HOST), str(announced["file_id"])
            within = aiohttp.ClientTimeout(total=_UPLOAD_SECONDS)
            post = self._session.post(
                url, data=content, proxy=self._client.proxy, allow_redirects=False, timeout=within
            )
            async with post as answer:
                _check_answer(answer.status, answer.headers.get("Retry-After"))
        files: list[dict[str, str | None]] = [{"id": file, "title": title}]
        await _read(
            self._client.files_completeUploadExternal(files=files, channel_id=channel, thread_ts=thread_ts or None)
        )

    async def load_person(self, user: str) -> Person:
        """Read a person as Slack knows them now; decisions rest on it, so nothing is kept."""
        answer = await _read(self._client.users_info(user=user))
        with _mapped():
            return _person(answer["user"])

    async def check_channel(self, channel: str) -> ChannelAccess:
        """Find out whether the bot can post in a channel, and whether outsiders can read it.

        What Slack does not tell (a missing scope) is taken as postable and not private: the post will show the first,
        and nothing that is private is shown on the strength of the second.
        """
        try:
            answer = await _read(self._client.conversations_info(channel=channel))
        except SlackRefused as refusal:
            postable = refusal.code not in _UNPOSTABLE
            return ChannelAccess(postable, private=False, why="" if postable else refusal.code)
        with _mapped():
            return _access(answer["channel"])

    async def list_members(self, channel: str) -> frozenset[str]:
        """List the people in a channel."""
        members: set[str] = set()
        cursor: str | None = None
        while cursor != "":
            answer = await _read(self._client.conversations_members(channel=channel, cursor=cursor, limit=_PAGE))
            with _mapped():
                members.update(answer["members"])
                cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
        return frozenset(members)

    def _check_address(self, given: str, host: str) -> URL:
        """Refuse addresses that are not Slack's: what we say, and our network, are not for others."""
        try:
            url = URL(given)
        except ValueError:
            url = URL()
        known = (URL.build(scheme="https", host=host), self._base.origin())
        if not url.absolute or url.user or url.password or url.origin() not in known:
            _LOG.warning("An address on %r was refused: it is not Slack's %s", url.host, host)
            raise SlackRefused("foreign_address")
        return url


def is_slacks_socket(url: URL, base: URL) -> bool:
    """Tell whether what comes by this address may be believed: it is Slack's, such as wss://wss-primary.slack.com.

    Args:
        url: What apps.connections.open named.
        base: Where the Web API is; on loopback the connection is there and plain too.
    """
    if base.scheme == "http":
        return (url.scheme, url.host) == ("ws", base.host)
    return url.scheme == "wss" and any(f".{url.host}".endswith(f".{host}") for host in (_SLACK_HOST, base.host))


async def _read(call: Awaitable[AsyncSlackResponse]) -> dict[str, Any]:
    with _mapped():
        body = (await call).data
        if not isinstance(body, dict):
            raise TypeError("expected an object")
        return body


@contextmanager
def _mapped() -> Iterator[None]:
    try:
        yield
    except FOREIGN_ERRORS as err:
        raise map_error(err) from err


def map_error(error: Exception) -> SlackError:
    """Say in our words what slack_sdk or aiohttp raised."""
    response = getattr(error, "response", None)
    if not isinstance(response, AsyncSlackResponse):
        return SlackUnavailable(f"no readable answer ({type(error).__name__})")
    body = response.data if isinstance(response.data, dict) else {}
    code = str(body.get("error", ""))
    if response.status_code == HTTPStatus.TOO_MANY_REQUESTS or code == "ratelimited":
        return SlackThrottled(_wait(response.headers.get("Retry-After")))
    if not code or code in _TRANSIENT or response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return SlackUnavailable(f"{code or 'no readable answer'} (status {response.status_code})")
    hints = (body.get("response_metadata") or {}).get("messages") or ()
    return SlackRefused(code, "; ".join(map(str, hints)))


def _check_answer(status: int, retry_after: str | None) -> None:
    """Read the status of an answer to a response_url or an upload, which has no error word of its own."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise SlackThrottled(_wait(retry_after))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise SlackUnavailable(f"an address of Slack's answered with status {status}")
    if status != HTTPStatus.OK:
        raise SlackRefused("address_refused", f"status {status}")


def _wait(retry_after: str | None) -> float:
    try:
        return max(1.0, float(retry_after or ""))
    except ValueError:
        return _DEFAULT_WAIT


def _person(user: dict[str, Any]) -> Person:
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


def _access(channel: dict[str, Any]) -> ChannelAccess:
    if channel.get("is_im"):
        return ChannelAccess(postable=True, private=True, why="")
    private = bool(channel.get("is_private") or channel.get("is_mpim"))
    if channel.get("is_archived"):
        return ChannelAccess(postable=False, private=private, why="is_archived")
    if not channel.get("is_member"):
        return ChannelAccess(postable=False, private=private, why="not_in_channel")
    return ChannelAccess(postable=True, private=private, why="")
