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
from typing import Any

import aiohttp
from pydantic import SecretStr
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from yarl import URL

from bot.clock import read_http_date
from bot.counts import SLACK_CALLS
from bot.messages.message import HomeView, Message, View
from bot.points import AtPoint, Point
from bot.slack_addresses import is_slacks_socket, read_address, read_file_address
from bot.slack_errors import (
    FOREIGN_ERRORS,
    SlackRefused,
    SlackThrottled,
    SlackUnavailable,
    check_answer,
    map_error,
)
from bot.slack_facts import (
    ChannelAccess,
    Identity,
    Person,
    Posted,
    SharedFile,
    TokenFacts,
    read_access,
    read_person,
)

__all__ = [
    "FOREIGN_ERRORS",
    "MOST_FILE_BYTES",
    "TIMEOUT_SECONDS",
    "ChannelAccess",
    "Identity",
    "Notifier",
    "Person",
    "Posted",
    "SharedFile",
    "SlackRefused",
    "SlackThrottled",
    "SlackUnavailable",
    "TokenFacts",
    "map_error",
]

TIMEOUT_SECONDS = 10
MOST_FILE_BYTES = 1_000_000
"""No more is read of a file that somebody hands in."""

_RESPONSE_HOST = "hooks.slack.com"
_UPLOAD_HOST = "files.slack.com"
_UPLOAD_SECONDS = 60
_FETCH = aiohttp.ClientTimeout(total=30)
_LOCKED_OUT = frozenset({"account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked"})
_UNPOSTABLE = frozenset({"channel_not_found", "not_in_channel", "is_archived"})
_HEARTBEAT_SECONDS = 10.0
"""A connection of Socket Mode that does not answer a ping within half of this is dead."""
_CLOSE_SECONDS = 1.0
"""Slack need not answer the farewell."""
_PAGE = 200
_LOG = logging.getLogger(__name__)


class Notifier:
    """The client of one workspace. To be made inside a running event loop, and closed."""

    def __init__(self, token: SecretStr, base_url: str) -> None:
        self._base = URL(base_url)
        self._token = token
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        log = logging.getLogger("slack_sdk")
        log.setLevel(logging.WARNING)  # at DEBUG it logs what is sent, links of handoffs included
        self.locked_out = ""
        """Slack's word for it while it refuses the bot token that it had accepted: all calls wait then."""
        self.at_point: AtPoint | None = None
        """Is told that a call is about to be sent, or was just answered."""
        self._session = aiohttp.ClientSession(
            timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(), trace_configs=[self._trace()]
        )
        self._client = AsyncWebClient(
            token.get_secret_value(), base_url=base_url, session=self._session, retry_handlers=[], logger=log
        )
        if self._base.scheme == "http":  # loopback: slack_sdk would go through the proxy of the environment
            self._client.proxy = None

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    async def _read(self, call: Awaitable[AsyncSlackResponse]) -> dict[str, Any]:
        """Read an answer. A token that is revoked is like a Slack that is away: somebody will put that right."""
        try:
            body = await _read(call)
        except SlackRefused as err:
            if err.code not in _LOCKED_OUT:
                raise
            if not self.locked_out:
                _LOG.error("Slack refuses SLACK_BOT_TOKEN: %s; nothing is sent until that is put right", err.code)
            self.locked_out = err.code
            raise SlackUnavailable(f"Slack refuses the bot token: {err.code}") from err
        if self.locked_out:
            _LOG.info("Slack takes SLACK_BOT_TOKEN again")
            self.locked_out = ""
        return body

    def _trace(self) -> aiohttp.TraceConfig:
        """Tell who listens of each call; addresses that are secrets have no name."""
        trace = aiohttp.TraceConfig()

        def name_of(url: URL) -> str:
            return f"Slack, {url.name if str(url).startswith(str(self._base)) else 'a response_url or an upload'}"

        async def before(_session: object, _context: object, params: aiohttp.TraceRequestStartParams) -> None:
            if self.at_point is not None:
                self.at_point(f"{Point.BEFORE_CALL}: {name_of(params.url)}")

        async def after(_session: object, _context: object, params: aiohttp.TraceRequestEndParams) -> None:
            if self.at_point is not None:
                self.at_point(f"{Point.AFTER_CALL}: {name_of(params.url)}")

        trace.on_request_start.append(before)
        trace.on_request_end.append(after)
        return trace

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
        answer = await self._read(
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
        await self._read(
            self._client.chat_update(channel=channel, ts=ts, text=message.text, blocks=list(message.blocks))
        )

    async def post_ephemeral(self, channel: str, user: str, message: Message) -> None:
        """Show a message to one person in a channel."""
        await self._read(
            self._client.chat_postEphemeral(channel=channel, user=user, text=message.text, blocks=list(message.blocks))
        )

    async def open_dm(self, user: str) -> str:
        """Find the id of the DM with a person."""
        answer = await self._read(self._client.conversations_open(users=user))
        with _mapped():
            return str(answer["channel"]["id"])

    async def open_view(self, trigger_id: str, view: View) -> None:
        """Open a modal; Slack takes a trigger once, and for three seconds."""
        await self._read(self._client.views_open(trigger_id=trigger_id, view=view.as_dict()))

    async def update_view(self, view_id: str, view: View) -> None:
        """Give an open modal another content. What was closed meanwhile is refused as `not_found`."""
        await self._read(self._client.views_update(view_id=view_id, view=view.as_dict()))

    async def publish_view(self, user: str, view: HomeView, shown: str = "") -> tuple[str, str]:
        """Show App Home to a person.

        Args:
            user: Whom.
            view: What.
            shown: The hash of what stands there, as far as we know: where it is another, Slack refuses with
                `hash_conflict`, since somebody has published since. Empty: whatever stands there.

        Returns:
            The id of the view, and the hash of what stands there now.
        """
        answer = await self._read(self._client.views_publish(user_id=user, view=view.as_dict(), hash=shown or None))
        with _mapped():
            return str(answer["view"]["id"]), str(answer["view"]["hash"])

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
                check_answer(answer.status, answer.headers.get("Retry-After"))

    async def upload_file(self, channel: str, thread_ts: str, filename: str, content: bytes, *, title: str) -> None:
        """Put a file into the thread of a message. The channel needs its own id, for a DM too.

        Nobody sees the file before the last of the three calls: where one before it fails, the same again does no harm.
        """
        file = await self._send_content(filename, content)
        files: list[dict[str, str | None]] = [{"id": file, "title": title}]
        await self._read(
            self._client.files_completeUploadExternal(files=files, channel_id=channel, thread_ts=thread_ts or None)
        )

    async def upload_picture(self, filename: str, content: bytes, *, title: str) -> str:
        """Upload a picture for image blocks: it is shared nowhere, and only we can show it. Tells the file's id."""
        file = await self._send_content(filename, content)
        files: list[dict[str, str | None]] = [{"id": file, "title": title}]
        await self._read(self._client.files_completeUploadExternal(files=files))
        return file

    async def is_picture_ready(self, file_id: str) -> bool:
        """Tell whether Slack has looked at a picture: before that it refuses blocks that show it."""
        answered = await self._read(self._client.files_info(file=file_id))
        with _mapped():
            return str(answered["file"].get("mimetype") or "").startswith("image/")

    async def _send_content(self, filename: str, content: bytes) -> str:
        """Hand over the content of a file that nobody sees before it is shared; tell its id."""
        announced = await self._read(self._client.files_getUploadURLExternal(filename=filename, length=len(content)))
        with _mapped():
            url, file = self._check_address(announced["upload_url"], _UPLOAD_HOST), str(announced["file_id"])
            within = aiohttp.ClientTimeout(total=_UPLOAD_SECONDS)
            post = self._session.post(
                url, data=content, proxy=self._client.proxy, allow_redirects=False, timeout=within
            )
            async with post as answer:
                check_answer(answer.status, answer.headers.get("Retry-After"))
        return file

    async def download_file(self, file_id: str) -> SharedFile:
        """Fetch a file that somebody put into a form.

        Our token goes to Slack's hosts alone, and never on to where one of them would send us. Without the scope
        files:read Slack answers with its login page, as if all were well (`login_page`).
        """
        answered = await self._read(self._client.files_info(file=file_id))
        with _mapped():
            facts: dict[str, Any] = dict(answered["file"])
        url = read_file_address(str(facts.get("url_private_download") or facts.get("url_private")), self._base)
        if url is None:
            raise SlackRefused("foreign_address")
        headers, content = {"Authorization": f"Bearer {self._token.get_secret_value()}"}, bytearray()
        get = self._session.get(url, headers=headers, proxy=self._client.proxy, allow_redirects=False, timeout=_FETCH)
        with _mapped():
            async with get as answer:
                check_answer(answer.status, answer.headers.get("Retry-After"))
                if answer.content_type == "text/html":
                    raise SlackRefused("login_page")
                while len(content) <= MOST_FILE_BYTES and (chunk := await answer.content.readany()):
                    content += chunk
        if len(content) > MOST_FILE_BYTES:
            raise SlackRefused("file_too_large")
        return SharedFile(str(facts.get("name") or ""), bytes(content))

    async def load_person(self, user: str) -> Person:
        """Read a person as Slack knows them now; decisions rest on it, so nothing is kept."""
        answer = await self._read(self._client.users_info(user=user))
        with _mapped():
            return read_person(answer["user"])

    async def list_group(self, group: str) -> frozenset[str]:
        """List the people in a user group as Slack knows them now."""
        answer = await self._read(self._client.usergroups_users_list(usergroup=group))
        with _mapped():
            return frozenset(map(str, answer["users"]))

    async def check_channel(self, channel: str) -> ChannelAccess:
        """Find out whether the bot can post in a channel, and whether outsiders can read it.

        What Slack does not tell (a missing scope) is taken as postable and not private: the post will show the first,
        and nothing that is private is shown on the strength of the second.
        """
        try:
            answer = await self._read(self._client.conversations_info(channel=channel))
        except SlackRefused as refusal:
            postable = refusal.code not in _UNPOSTABLE
            return ChannelAccess(postable, private=False, why="" if postable else refusal.code)
        with _mapped():
            return read_access(answer["channel"])

    async def list_members(self, channel: str) -> frozenset[str]:
        """List the people in a channel."""
        members: set[str] = set()
        cursor: str | None = None
        while cursor != "":
            answer = await self._read(self._client.conversations_members(channel=channel, cursor=cursor, limit=_PAGE))
            with _mapped():
                members.update(answer["members"])
                cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
        return frozenset(members)

    def _check_address(self, given: str, host: str) -> URL:
        """Refuse addresses that are not Slack's: what we say, and our network, are not for others."""
        url = read_address(given, self._base, host)
        if url is None:
            raise SlackRefused("foreign_address")
        return url


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
        mapped = map_error(err)
        SLACK_CALLS[type(mapped).__name__] += 1
        raise mapped from err
    SLACK_CALLS["ok"] += 1
