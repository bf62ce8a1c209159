"""What the local Slack holds: people, channels, messages, modals, and the tickets that let the bot answer."""

import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

from bot.clock import Clock
from bot.manifest import SCOPES
from bot.sandbox import cast

JsonObject: TypeAlias = dict[str, Any]

TEAM_DOMAIN = "acme"
APP_ID = "A0NPMTRUST"
BOT_NAME = "npmtrust"
SLACKBOT = ("USLACKBOT", "Slackbot")
TRIGGER_LIFE = timedelta(seconds=3)
RESPONSE_LIFE = timedelta(minutes=30)
RESPONSES = 5
"""How often one response_url may be used."""


@dataclass(slots=True)
class Person:
    """A member of the workspace; tests may change what it says about them."""

    id: str
    name: str
    real_name: str
    title: str = ""
    email: str = ""
    npm_user: str = ""
    tz: str = "Europe/Paris"
    is_bot: bool = False
    deleted: bool = False
    is_restricted: bool = False
    """A guest of several channels."""
    is_ultra_restricted: bool = False
    """A guest of one."""
    team: str = cast.TEAM_ID
    """Another one: somebody of another workspace, in a channel that both share."""


@dataclass(slots=True)
class Channel:
    """A channel, or the bot's direct messages with one person."""

    id: str
    name: str
    members: set[str]
    kind: Literal["channel", "dm"] = "channel"
    is_private: bool = False
    is_archived: bool = False


@dataclass(frozen=True, slots=True)
class Content:
    """What a message says: text and blocks as they were sent, in Slack's escaped form."""

    text: str = ""
    blocks: tuple[JsonObject, ...] = ()
    files: tuple[JsonObject, ...] = ()
    """As messages show them: id, name, title, size in bytes."""


@dataclass(slots=True, eq=False)
class SlackMessage:
    """A message of a channel, or an ephemeral one that a single viewer sees."""

    channel: str
    ts: str
    user: str
    username: str
    text: str
    blocks: list[JsonObject]
    viewer: str = ""
    """The only person who sees it; empty: all members do."""
    edited: bool = False
    files: tuple[JsonObject, ...] = ()
    thread_ts: str = ""
    """The message that it is a reply to; empty: it stands in the channel itself."""

    @property
    def ephemeral(self) -> bool:
        """Whether only one person sees it; Slack's API cannot read or change such a message."""
        return bool(self.viewer)

    def as_slack(self) -> JsonObject:
        """Render it as the Web API and the payloads of clicks show it."""
        author = {"bot_id": cast.BOT_ID, "app_id": APP_ID} if self.user == cast.BOT_USER_ID else {}
        edited = {"edited": {"user": self.user, "ts": self.ts}} if self.edited else {}
        body = {"type": "message", "user": self.user, "ts": self.ts, "team": cast.TEAM_ID, "text": self.text}
        thread = {"thread_ts": self.thread_ts} if self.thread_ts else {}
        files = {"files": list(self.files)} if self.files else {}
        return {**body, "blocks": self.blocks, **author, **edited, **thread, **files}


@dataclass(slots=True)
class ModalView:
    """A modal that one person has open."""

    id: str
    user: str
    body: JsonObject
    """As the bot sent it, with the ids that Slack gives to blocks without one."""
    hash: str = field(default_factory=lambda: secrets.token_hex(8))
    errors: dict[str, str] = field(default_factory=dict)
    """By block_id; shown below the input."""
    below: "ModalView | None" = None
    """What this one was pushed over; it comes back when this one closes."""

    @property
    def height(self) -> int:
        """Tell how many modals lie on each other, this one on top."""
        return 1 + (self.below.height if self.below else 0)

    @property
    def root(self) -> "ModalView":
        """Find the lowest of them."""
        return self.below.root if self.below else self

    def as_slack(self, values: JsonObject | None = None) -> JsonObject:
        """Render it as the Web API and the payloads of submissions show it; `values` is the state of its inputs."""
        defaults = {"callback_id": "", "private_metadata": "", "external_id": "", "submit": None, "close": None}
        owner = {"team_id": cast.TEAM_ID, "app_id": APP_ID, "bot_id": cast.BOT_ID}
        previous = self.below.id if self.below else None
        place = {"id": self.id, "root_view_id": self.root.id, "previous_view_id": previous, "hash": self.hash}
        return {**defaults, **self.body, **owner, **place, "state": {"values": values or {}}}


@dataclass(slots=True)
class Trigger:
    """The right to open one modal for the person who acted just now."""

    user: str
    made_at: datetime
    used: bool = False


@dataclass(slots=True)
class ResponseTicket:
    """What stands behind a response_url."""

    user: str
    channel: str
    made_at: datetime
    message: SlackMessage | None = None
    """The message whose button was pressed; None after a slash command."""
    left: int = RESPONSES


@dataclass(slots=True)
class Tickets:
    """The trigger ids and response_urls that were given out."""

    clock: Clock
    triggers: dict[str, Trigger] = field(default_factory=dict)
    responses: dict[str, ResponseTicket] = field(default_factory=dict)

    def new_trigger(self, user: str) -> str:
        """Give out a trigger id: for three seconds and one modal."""
        trigger_id = f"{len(self.triggers) + 1}.{cast.TEAM_ID}.{secrets.token_hex(16)}"
        self.triggers[trigger_id] = Trigger(user, self.clock.now())
        return trigger_id

    def new_response(self, user: str, channel: str, message: SlackMessage | None = None) -> str:
        """Give out the secret part of a response_url: for 30 minutes and five answers."""
        secret = secrets.token_urlsafe(24)
        self.responses[secret] = ResponseTicket(user, channel, self.clock.now(), message)
        return secret

    def refuse_trigger(self, trigger_id: str) -> str:
        """Tell Slack's error for this trigger id; "" when it may be used."""
        trigger = self.triggers.get(trigger_id)
        if trigger is None:
            return "invalid_trigger_id"
        if trigger.used:
            return "exchanged_trigger_id"
        return "expired_trigger_id" if self.clock.now() - trigger.made_at > TRIGGER_LIFE else ""

    def refuse_response(self, secret: str) -> str:
        """Tell why this response_url takes no answer; "" when it does."""
        ticket = self.responses.get(secret)
        if ticket is None or self.clock.now() - ticket.made_at > RESPONSE_LIFE:
            return "expired_url"
        return "" if ticket.left else "used_url"


class Workspace:
    """One workspace in memory. Every change calls `on_change`."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.on_change: Callable[[], None] = lambda: None
        self.people = _make_people()
        self.channels = _make_channels(self.people.values())
        self.groups: dict[str, set[str]] = {}
        """The people in each user group, by the group's id."""
        self.homes: dict[str, ModalView] = {}
        """What the app has published in App Home of each person, by the person's id."""
        self.views: dict[str, ModalView] = {}
        """The open modal of each person, by the person's id."""
        self.outage = False
        """Whether the Web API hangs up on every call."""
        self.scopes = frozenset(SCOPES)
        """What the bot token may do: as if the app had been made from the manifest."""
        self.edit_window: timedelta | None = None
        """How long the workspace lets a message be changed; None: for ever."""
        self._messages: dict[str, list[SlackMessage]] = {channel: [] for channel in self.channels}
        self._read: dict[tuple[str, str], str] = {}
        self._last_microsecond = 0

    def dm(self, user: str) -> str:
        """Find the channel of this person's direct messages with the bot."""
        return next(c.id for c in self.channels.values() if c.kind == "dm" and user in c.members)

    def post(
        self, channel: str, author: tuple[str, str], content: Content, viewer: str = "", *, thread_ts: str = ""
    ) -> SlackMessage:
        """Add a message by `author` (id and name); with a `viewer` it is ephemeral, with a `thread_ts` a reply."""
        message = SlackMessage(channel, self._next_ts(), *author, content.text, list(content.blocks), viewer)
        message.files, message.thread_ts = content.files, thread_ts
        self._messages[channel].append(message)
        self.on_change()
        return message

    def rewrite(self, message: SlackMessage, content: Content) -> None:
        """Replace text and blocks; Slack marks only messages without blocks as edited."""
        message.text, message.blocks = content.text, list(content.blocks)
        message.edited = not content.blocks
        self.on_change()

    def delete(self, message: SlackMessage) -> None:
        """Take the message away; what is gone already stays gone."""
        kept = [m for m in self._messages[message.channel] if m is not message]
        self._messages[message.channel] = kept
        self.on_change()

    def messages(self, channel: str, viewer: str) -> list[SlackMessage]:
        """List what this person sees in the channel itself, oldest first."""
        return [m for m in self._messages[channel] if m.viewer in ("", viewer) and not m.thread_ts]

    def replies(self, message: SlackMessage, viewer: str) -> list[SlackMessage]:
        """List what this person sees in the thread of a message, oldest first."""
        return [m for m in self._messages[message.channel] if m.viewer in ("", viewer) and m.thread_ts == message.ts]

    def find_message(self, channel: str, ts: str, viewer: str = "") -> SlackMessage | None:
        """Find a message or a reply that the viewer sees; without a viewer no ephemeral one."""
        return next((m for m in self._messages[channel] if m.viewer in ("", viewer) and m.ts == ts), None)

    def mark_read(self, channel: str, user: str) -> None:
        """Note that the person saw everything that is in the channel now."""
        seen = self.messages(channel, user)
        if seen and self._read.get((channel, user)) != seen[-1].ts:
            self._read[channel, user] = seen[-1].ts
            self.on_change()

    def unread(self, channel: str, user: str) -> int:
        """Count the messages of others since the person last looked."""
        since = self._read.get((channel, user), "")
        return sum(m.ts > since and m.user != user for m in self.messages(channel, user))

    def show_view(self, user: str, body: JsonObject, below: ModalView | None = None) -> ModalView:
        """Open a modal for this person, over another one or in the place of what is open already."""
        view = self.views[user] = ModalView(f"V{secrets.token_hex(5).upper()}", user, body, below=below)
        self.on_change()
        return view

    def publish(self, user: str, body: JsonObject) -> ModalView:
        """Put this into App Home of a person, in the place of what stands there: the view keeps its id."""
        view = self.homes.get(user)
        if view is None:
            view = self.homes[user] = ModalView(f"V{secrets.token_hex(5).upper()}", user, body)
        else:
            view.body, view.hash = body, secrets.token_hex(8)
        self.on_change()
        return view

    def find_views(self) -> Iterator[ModalView]:
        """Find every modal that is open, those below others too."""
        for view in self.views.values():
            found: ModalView | None = view
            while found:
                yield found
                found = found.below

    def update_view(self, view: ModalView, body: JsonObject) -> None:
        """Give an open modal another content."""
        view.body, view.hash, view.errors = body, secrets.token_hex(8), {}
        self.on_change()

    def drop_view(self, view: ModalView, *, all_below: bool = False) -> None:
        """Close this modal, unless another has taken its place; what lies below comes back, or closes too."""
        if self.views.get(view.user) is not view:
            return
        if view.below and not all_below:
            self.views[view.user] = view.below
        else:
            del self.views[view.user]
        self.on_change()

    def _next_ts(self) -> str:
        """Make an id from the time that no message of the workspace has yet, as Slack does."""
        now = int(self.clock.now().timestamp() * 1_000_000)
        self._last_microsecond = max(now, self._last_microsecond + 1)
        return f"{self._last_microsecond // 1_000_000}.{self._last_microsecond % 1_000_000:06}"


def _make_people() -> dict[str, Person]:
    people = [Person(c.slack_id, c.name, c.real_name, c.title, c.email, c.npm_user) for c in cast.PEOPLE]
    people.append(Person(cast.BOT_USER_ID, BOT_NAME, BOT_NAME, is_bot=True))
    return {person.id: person for person in people}


def _make_channels(people: Iterable[Person]) -> dict[str, Channel]:
    humans = {person.id for person in people if not person.is_bot}
    open_to_bot = [Channel(*names, humans | {cast.BOT_USER_ID}) for names in (cast.GENERAL, cast.RELEASES)]
    direct = [Channel(f"D0{user[2:]}", BOT_NAME, {user, cast.BOT_USER_ID}, "dm") for user in sorted(humans)]
    channels = [*open_to_bot, Channel(*cast.RANDOM, set(humans)), *direct]
    return {channel.id: channel for channel in channels}
