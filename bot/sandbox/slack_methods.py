"""Slack's Web API methods that the bot uses: arguments in, answer or Slack's error out."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from bot.sandbox import cast
from bot.sandbox.slack_blocks import (
    check_home,
    check_message_blocks,
    check_view,
    count_characters,
    is_too_large,
    with_ids,
)
from bot.sandbox.slack_files import FILE_BYTES, Files, SlackFile
from bot.sandbox.slack_pictures import check_pictures, mimetype_of, show_pictures
from bot.sandbox.slack_scopes import ANY_PUBLIC
from bot.sandbox.slack_sdk_rules import refuse_by_sdk
from bot.sandbox.slack_state import (
    BOT_NAME,
    TEAM_DOMAIN,
    Channel,
    Content,
    JsonObject,
    ModalView,
    Person,
    Tickets,
    Trigger,
    Workspace,
)

Arguments: TypeAlias = Mapping[str, Any]

BOT = (cast.BOT_USER_ID, BOT_NAME)
TEXT_LIMIT = 40_000
"""Longer texts are cut off when posted."""
UPDATE_LIMIT = 4_000
"""Longer texts are refused when a message is updated."""
ONE_MESSAGE = 4_040
"""Longer texts without blocks arrive as several messages."""
BLOCKS_LIMIT = 11_000
"""All text of a message's blocks together. Slack names no number: 12,000 with a margin for each block, they say, and
11,341 characters were seen refused (https://github.com/slackapi/bolt-js/issues/2867)."""
MARKDOWN_LIMIT = 12_000
STACK_LIMIT = 3
PAGE_SIZE = 100


class SlackApiError(Exception):
    """Slack refuses; `code` is its error, `messages` say more about it."""

    def __init__(self, code: str, messages: list[str] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.messages = messages or []


@dataclass(frozen=True, slots=True)
class Methods:
    """The methods, with what they work on."""

    workspace: Workspace
    tickets: Tickets
    files: Files

    def table(self) -> Mapping[str, Callable[[Arguments], JsonObject]]:
        """Give each method by Slack's name."""
        return {
            "auth.test": self.auth_test,
            "chat.postMessage": self.post_message,
            "chat.update": self.update_message,
            "chat.postEphemeral": self.post_ephemeral,
            "conversations.open": self.open_conversation,
            "conversations.info": self.describe_channel,
            "conversations.members": self.list_members,
            "files.completeUploadExternal": self.share_file,
            "files.getUploadURLExternal": self.announce_file,
            "files.info": self.describe_file,
            "usergroups.users.list": self.list_group,
            "users.info": self.describe_person,
            "views.open": self.open_view,
            "views.publish": self.publish_view,
            "views.push": self.push_view,
            "views.update": self.update_view,
        }

    def auth_test(self, _arguments: Arguments) -> JsonObject:
        """Say who the bot is."""
        team = {"team": "Acme", "team_id": cast.TEAM_ID, "url": f"https://{TEAM_DOMAIN}.slack.com/"}
        return {**team, "user": BOT_NAME, "user_id": BOT[0], "bot_id": cast.BOT_ID, "is_enterprise_install": False}

    def post_message(self, arguments: Arguments) -> JsonObject:
        """Post to a channel, or to a person's direct messages."""
        channel = self._find_postable(arguments.get("channel"))
        thread_ts = self._find_thread(channel, arguments.get("thread_ts"))
        content = self._read_message(arguments, channel)
        parts = [content] if content.blocks else [replace(content, text=part) for part in _split(content.text)]
        first, *_ = [self.workspace.post(channel.id, BOT, part, thread_ts=thread_ts) for part in parts]
        return {"channel": channel.id, "ts": first.ts, "message": first.as_slack()}

    def update_message(self, arguments: Arguments) -> JsonObject:
        """Rewrite a message of the bot; a person's id is no channel here."""
        channel = self._find_channel(arguments.get("channel"))
        message = self.workspace.find_message(channel.id, str(arguments.get("ts")))
        if message is None:
            raise SlackApiError("message_not_found")
        if message.user != BOT[0]:
            raise SlackApiError("cant_update_message")
        if channel.is_archived:
            raise SlackApiError("is_inactive")
        window = self.workspace.edit_window
        if window is not None and self.workspace.clock.now().timestamp() - float(message.ts) > window.total_seconds():
            raise SlackApiError("edit_window_closed")
        content = self._read_message(arguments, channel)
        if len(content.text) > UPDATE_LIMIT:
            raise SlackApiError("msg_too_long")
        self.workspace.rewrite(message, content)
        return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": message.as_slack()}

    def post_ephemeral(self, arguments: Arguments) -> JsonObject:
        """Post what one member of the channel sees."""
        channel = self._find_postable(arguments.get("channel"))
        viewer = self._find_person(arguments.get("user"))
        if viewer.id not in channel.members:
            raise SlackApiError("user_not_in_channel")
        return {"message_ts": self.workspace.post(channel.id, BOT, read_content(arguments), viewer.id).ts}

    def open_conversation(self, arguments: Arguments) -> JsonObject:
        """Open the direct messages with one person."""
        person = self._find_person(arguments.get("users"))
        if person.deleted:
            raise SlackApiError("user_disabled")
        if person.is_bot:
            raise SlackApiError("cannot_dm_bot")
        return {"no_op": True, "already_open": True, "channel": {"id": self.workspace.dm(person.id)}}

    def describe_channel(self, arguments: Arguments) -> JsonObject:
        """Describe a channel that the bot may know of."""
        channel = self._find_channel(arguments.get("channel"))
        if channel.kind == "dm":
            other = next(member for member in channel.members if member != BOT[0])
            return {"channel": {"id": channel.id, "is_im": True, "is_channel": False, "user": other}}
        facts = {"is_private": channel.is_private, "is_archived": channel.is_archived, "is_im": False}
        name = {"id": channel.id, "name": channel.name, "is_channel": True}
        return {"channel": {**name, **facts, "is_member": BOT[0] in channel.members}}

    def list_members(self, arguments: Arguments) -> JsonObject:
        """List a channel's members, a page at a time."""
        members = sorted(self._find_channel(arguments.get("channel")).members)
        start, size = (_read_number(arguments, *pair) for pair in (("cursor", 0), ("limit", PAGE_SIZE)))
        rest = start + size
        cursor = str(rest) if rest < len(members) else ""
        return {"members": members[start:rest], "response_metadata": {"next_cursor": cursor}}

    def list_group(self, arguments: Arguments) -> JsonObject:
        """List who is in a user group; nobody is in one that is switched off."""
        group = self.workspace.groups.get(str(arguments.get("usergroup")))
        if group is None:
            raise SlackApiError("no_such_subteam")
        return {"users": sorted(group)}

    def describe_person(self, arguments: Arguments) -> JsonObject:
        """Describe a member of the workspace, with the e-mail."""
        person = self._find_person(arguments.get("user"))
        profile = {"real_name": person.real_name, "display_name": person.name, "email": person.email}
        guest = {"is_restricted": person.is_restricted, "is_ultra_restricted": person.is_ultra_restricted}
        flags = {"deleted": person.deleted, "is_bot": person.is_bot, "is_stranger": person.team != cast.TEAM_ID}
        names = {"id": person.id, "team_id": person.team, "name": person.name, "real_name": person.real_name}
        return {"user": {**names, **flags, **guest, "tz": person.tz, "profile": profile}}

    def announce_file(self, arguments: Arguments) -> JsonObject:
        """Tell where a file of a name and a size goes."""
        name, size = str(arguments.get("filename") or ""), _read_number(arguments, "length", 0)
        if not name or not 0 < size <= FILE_BYTES:
            raise SlackApiError("invalid_arguments", ["[ERROR] filename and length are required"])
        file = self.files.announce(name, size)
        return {"upload_url": self.files.upload_url(file), "file_id": file.id}

    def share_file(self, arguments: Arguments) -> JsonObject:
        """Complete an upload, and show the file in a channel or in the thread of a message; without one, nowhere."""
        channel = self._find_postable(arguments.get("channel_id")) if arguments.get("channel_id") else None
        thread_ts = self._find_thread(channel, arguments.get("thread_ts")) if channel else ""
        files = [self._find_upload(given) for given in _read_json(arguments.get("files"), "invalid_arguments") or ()]
        if not files:
            raise SlackApiError("invalid_arguments", ["[ERROR] files are required"])
        for file in files:
            file.completed_at = self.workspace.clock.now()
            file.channel = channel.id if channel else ""
        if channel:
            content = Content(files=tuple(file.as_slack() for file in files))
            self.workspace.post(channel.id, BOT, content, thread_ts=thread_ts)
        return {"files": [file.as_slack() for file in files]}

    def describe_file(self, arguments: Arguments) -> JsonObject:
        """Describe a file that the bot may see: its own, or one that somebody put into a form of its."""
        file = self.files.by_id.get(str(arguments.get("file")))
        if file is None or file.content is None:
            raise SlackApiError("file_not_found")
        return {"file": {**self.files.describe(file), "mimetype": mimetype_of(file, self.workspace.clock.now())}}

    def open_view(self, arguments: Arguments) -> JsonObject:
        """Open a modal for the person whose act gave the trigger id."""
        trigger = self._find_trigger(arguments)
        body = self._read_new_view(arguments)
        trigger.used = True
        return {"view": self.workspace.show_view(trigger.user, body).as_slack()}

    def push_view(self, arguments: Arguments) -> JsonObject:
        """Lay a modal over the one that the person has open; at most three lie on each other."""
        trigger = self._find_trigger(arguments)
        below = self.workspace.views.get(trigger.user)
        if below is None:
            raise SlackApiError("not_found")
        if below.height >= STACK_LIMIT:
            raise SlackApiError("push_limit_reached")
        body = self._read_new_view(arguments)
        trigger.used = True
        return {"view": self.workspace.show_view(trigger.user, body, below).as_slack()}

    def update_view(self, arguments: Arguments) -> JsonObject:
        """Give an open modal another content; a `hash` guards against doing it twice."""
        view = self._find_view(arguments)
        if arguments.get("hash") not in (None, view.hash):
            raise SlackApiError("hash_conflict")
        self.workspace.update_view(view, read_view(arguments.get("view")))
        return {"view": view.as_slack()}

    def publish_view(self, arguments: Arguments) -> JsonObject:
        """Put something into App Home of a person; a `hash` guards against undoing what was published since."""
        person = self._find_person(arguments.get("user_id"))
        given, shown = arguments.get("hash"), self.workspace.homes.get(person.id)
        view = _read_json(arguments.get("view"), "invalid_arguments")
        if problems := check_home(view):
            raise SlackApiError("invalid_arguments", problems)
        if is_too_large(view):
            raise SlackApiError("view_too_large")
        if given and (shown is None or given != shown.hash):
            raise SlackApiError("hash_conflict")
        body = {**view, "blocks": with_ids(view["blocks"])}
        return {"view": self.workspace.publish(person.id, body).as_slack()}

    def answer(self, secret: str, answer: Arguments) -> None:
        """Take what the bot posts to a response_url: ephemeral by default, or in the place of the message."""
        ticket = self.tickets.responses[secret]
        if answer.get("delete_original") and ticket.message:
            self.workspace.delete(ticket.message)
        elif answer.get("replace_original") and ticket.message:
            self.workspace.rewrite(ticket.message, read_content(answer))
        else:
            viewer = "" if answer.get("response_type") == "in_channel" else ticket.user
            self.workspace.post(ticket.channel, BOT, read_content(answer), viewer)
        ticket.left -= 1

    def _find_channel(self, channel_id: object) -> Channel:
        """Find a channel; of a private one only members know."""
        channel = self.workspace.channels.get(str(channel_id))
        if channel is None or (channel.is_private and BOT[0] not in channel.members):
            raise SlackApiError("channel_not_found")
        return channel

    def _find_postable(self, target: object) -> Channel:
        """Find where to post; the id of an active person stands for the direct messages."""
        person = self.workspace.people.get(str(target))
        if person and not person.is_bot and not person.deleted:
            target = self.workspace.dm(person.id)
        channel = self._find_channel(target)
        anywhere = ANY_PUBLIC in self.workspace.scopes and channel.kind == "channel" and not channel.is_private
        if BOT[0] not in channel.members and not anywhere:
            raise SlackApiError("not_in_channel")
        if channel.is_archived:
            raise SlackApiError("is_archived")
        return channel

    def _find_thread(self, channel: Channel, thread_ts: object) -> str:
        """Find the message to reply to. Slack puts a reply to nothing out of sight; here the mistake shows."""
        if not thread_ts:
            return ""
        message = self.workspace.find_message(channel.id, str(thread_ts))
        if message is None or message.thread_ts:
            raise SlackApiError("thread_not_found")
        return message.ts

    def _read_message(self, arguments: Arguments, channel: Channel) -> Content:
        """Read a message for a channel, whose members see its pictures then."""
        content, files = read_content(arguments), self.files.by_id
        if problems := check_pictures(content.blocks, files, self.workspace.clock.now()):
            raise SlackApiError("invalid_blocks", problems)
        show_pictures(content.blocks, files, channel.id)
        return content

    def _find_upload(self, given: object) -> SlackFile:
        """Find a file that was uploaded and is not shared yet, and give it its title."""
        wanted = given if isinstance(given, dict) else {}
        file = self.files.by_id.get(str(wanted.get("id")))
        if file is None or file.content is None or file.channel:
            raise SlackApiError("file_not_found")
        file.title = str(wanted.get("title") or file.name)
        return file

    def _find_person(self, user: object) -> Person:
        person = self.workspace.people.get(str(user))
        if person is None:
            raise SlackApiError("user_not_found")
        return person

    def _find_trigger(self, arguments: Arguments) -> Trigger:
        trigger_id = str(arguments.get("trigger_id"))
        if refusal := self.tickets.refuse_trigger(trigger_id):
            raise SlackApiError(refusal)
        return self.tickets.triggers[trigger_id]

    def _read_new_view(self, arguments: Arguments) -> JsonObject:
        """Read a modal to be opened; its external_id must be new in the workspace."""
        body = read_view(arguments.get("view"))
        name = body.get("external_id")
        if name and any(view.body.get("external_id") == name for view in self.workspace.find_views()):
            raise SlackApiError("duplicate_external_id")
        return body

    def _find_view(self, arguments: Arguments) -> ModalView:
        for view in self.workspace.find_views():
            external = view.body.get("external_id")
            if arguments.get("view_id") == view.id or (external and arguments.get("external_id") == external):
                return view
        raise SlackApiError("not_found")


def read_content(arguments: Arguments) -> Content:
    """Read text and blocks of a message. Raises SlackApiError when Slack would refuse them."""
    blocks = _read_json(arguments.get("blocks"), "invalid_blocks_format") or []
    if not isinstance(blocks, list):
        raise SlackApiError("invalid_blocks_format")
    if problems := (check_message_blocks(blocks) or refuse_by_sdk(blocks)) if blocks else []:
        raise SlackApiError("invalid_blocks", problems)
    if count_characters(blocks) > BLOCKS_LIMIT:
        raise SlackApiError("msg_blocks_too_long")
    text, markdown = (str(arguments.get(name) or "") for name in ("text", "markdown_text"))
    if markdown and (text or blocks):
        raise SlackApiError("markdown_text_conflict")
    if len(markdown) > MARKDOWN_LIMIT:
        raise SlackApiError("msg_too_long")
    text = text or markdown
    if not (text or blocks):
        raise SlackApiError("no_text")
    return Content(text[:TEXT_LIMIT], tuple(with_ids(blocks)))


def read_view(raw: object) -> JsonObject:
    """Read a modal. Raises SlackApiError when Slack would refuse it."""
    view = _read_json(raw, "invalid_arguments")
    if problems := check_view(view) or refuse_by_sdk(view):
        raise SlackApiError("invalid_arguments", problems)
    if is_too_large(view):
        raise SlackApiError("view_too_large")
    return {**view, "blocks": with_ids(view["blocks"])}


def _split(text: str) -> list[str]:
    """Cut a long text into the messages that Slack makes of it."""
    if len(text) <= ONE_MESSAGE:
        return [text]
    return [text[start : start + UPDATE_LIMIT] for start in range(0, len(text), UPDATE_LIMIT)]


def _read_number(arguments: Arguments, name: str, default: int) -> int:
    try:
        return int(arguments.get(name) or default)
    except ValueError:
        raise SlackApiError(f"invalid_{name}") from None


def _read_json(value: object, error: str) -> Any:  # noqa: ANN401 - foreign JSON, checked by the caller
    """Parse what a form carries as JSON text; what came as JSON is parsed already."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value else None
    except ValueError:
        raise SlackApiError(error) from None
