"""What people do in the local Slack: type, press, fill in, close. Each act tells the bot what Slack would tell it."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.clock import Clock
from bot.sandbox import cast
from bot.sandbox.slack_delivery import Courier, Delivered
from bot.sandbox.slack_events import Events
from bot.sandbox.slack_files import FILE_BYTES, Files
from bot.sandbox.slack_methods import BOT, STACK_LIMIT, SlackApiError, read_content, read_view
from bot.sandbox.slack_payloads import (
    Act,
    NotPossibleError,
    Press,
    Typed,
    check_inputs,
    click_form,
    command_form,
    find_action,
    in_message,
    in_view,
    read_inputs,
    submission_form,
)
from bot.sandbox.slack_state import SLACKBOT, Channel, Content, JsonObject, ModalView, Person, Tickets, Workspace
from bot.sandbox.slack_text import escape, escape_command

COMMAND = "/npmtrust"
COMMANDS = (
    {
        "command": COMMAND,
        "usage_hint": "github PACKAGE --repo OWNER/NAME --file release.yml | list | pending | login | help",
        "description": "Manage npm's trusted publishers together",
    },
)
TROUBLE = "We had some trouble connecting. Try again?"


@dataclass(frozen=True, slots=True)
class Submitted:
    """How submitting a form went."""

    ok: bool
    errors: Mapping[str, str] = field(default_factory=dict)
    """By block_id: from Slack's own checks, or from the bot."""
    error: str = ""
    """What went wrong with the form as a whole."""


class SlackClient:
    """The clients of all people at once. What a client would not offer raises NotPossibleError."""

    def __init__(self, clock: Clock, signing_secret: str) -> None:
        self.workspace = Workspace(clock)
        self.tickets = Tickets(clock)
        self.courier = Courier(clock, signing_secret)
        self.events = Events(clock, self.courier)
        self._files = Files()
        self.response_base = ""
        """Address of the response_urls, but for their secret part."""
        self.side_panel: Callable[[], JsonObject] = dict
        """What the page shows of the registry, beside the channels."""
        self.registry_up: Callable[[], bool] = lambda: True
        """Asked when the side panel has no "up"."""
        self.on_switch: Callable[[Any, bool], Awaitable[None]] = _switch_nothing
        """Told of each switch that the page throws (`slack_page_api.Switch`), and whether it is on now."""
        self.on_deed: Callable[[Any], Awaitable[None]] = _do_nothing
        """Told of each `slack_page_api.Deed` that a visitor wants done."""
        self.world: Callable[[], JsonObject] = dict
        """How the world is, for the page's menu of it; empty: there is no such menu."""
        self._clock = clock

    async def command(self, user: str, channel: str, text: str, command: str = COMMAND) -> Delivered:
        """Type a slash command; what the bot answers in its ack is shown as Slack shows it."""
        person, place = self._enter(user, channel)
        if all(command != known["command"] for known in COMMANDS):
            self._whisper(place, person, f"`{escape(command)}` is not a valid command.")
            return Delivered(0, "", error="unknown_command")
        sent = escape_command(text, self.workspace)
        delivered = await self.courier.deliver(command_form(self._act(person, place), command, sent))
        error = delivered.error or self._show_ack(delivered, person, place, f"{command} {text}".strip())
        if error:
            self._whisper(place, person, f'`{command}` failed with the error "{error}"')
        return delivered

    async def click(self, user: str, channel: str, ts: str, action_id: str, *, value: str | None = None) -> Delivered:
        """Press a button of a message. With a `value` it need not be there: see `Press`."""
        return await self.press(Press(user, action_id, channel=channel, ts=ts, value=value))

    async def click_view(
        self, user: str, view_id: str, action_id: str, *, value: str | None = None, typed: Typed | None = None
    ) -> Delivered:
        """Press a button of an open modal, with what was filled in there."""
        return await self.press(Press(user, action_id, view_id=view_id, value=value, typed=typed or {}))

    async def press(self, press: Press) -> Delivered:
        """Press a button of a message or of a modal; a button with a link tells the bot too."""
        at = f"{self._clock.now().timestamp():.6f}"
        if press.view_id:
            view = self._find_view(press.user, press.view_id)
            action = find_action(view.body["blocks"], press, at)
            trigger_id = self.tickets.new_trigger(press.user)
            state = read_inputs(view.body["blocks"], press.typed, self._own_files(press.user))
            act = Act(self._find_person(press.user), trigger_id=trigger_id, source=in_view(view, state))
            return await self.courier.deliver(click_form(act, action))
        person, place = self._enter(press.user, press.channel)
        message = self.workspace.find_message(place.id, press.ts, person.id)
        if message is None or message.user != BOT[0]:
            raise NotPossibleError("no such message of the bot here")
        action = find_action(message.blocks, press, at)
        response_url = self._response_url(self.tickets.new_response(person.id, place.id, message))
        act = Act(person, place, self.tickets.new_trigger(person.id), response_url, in_message(message))
        return await self.courier.deliver(click_form(act, action))

    async def submit(self, user: str, view_id: str, values: Typed) -> Submitted:
        """Submit a form; it closes, shows errors, or becomes what the bot's ack says."""
        view = self._find_view(user, view_id)
        state = read_inputs(view.body["blocks"], values, self._own_files(user))
        if errors := check_inputs(view.body["blocks"], state):
            return self._show_errors(view, errors)
        act = Act(self._find_person(user), trigger_id=self.tickets.new_trigger(user))
        delivered = await self.courier.deliver(submission_form(act, view.as_slack(state)))
        answer = _read_object(delivered)
        match answer.get("response_action"):
            case _ if delivered.error or (delivered.body.strip() and not answer):
                return Submitted(ok=False, error=TROUBLE)
            case None | "clear" as action:
                self.workspace.drop_view(view, all_below=action == "clear")
                return Submitted(ok=True)
            case "errors":
                return self._show_errors(view, answer.get("errors") or {})
            case "update" | "push" as action:
                return self._become(view, answer.get("view"), is_pushed=action == "push")
            case _:
                return Submitted(ok=False, error=TROUBLE)

    def _own_files(self, user: str) -> dict[str, JsonObject]:
        """Describe what a person has put into forms, by id."""
        return {file.id: self._files.describe(file) for file in self._files.by_id.values() if file.owner == user}

    def upload(self, user: str, name: str, content: bytes) -> str:
        """Put a file into a form; the form is sent with its id. Slack takes no empty files."""
        if not name or not 0 < len(content) <= FILE_BYTES:
            raise NotPossibleError("a file has a name and a content")
        return self._files.keep(self._find_person(user).id, name, content).id

    async def close_view(self, user: str, view_id: str) -> None:
        """Close a modal without submitting; the bot hears of it only when its view asks for that."""
        view = self._find_view(user, view_id)
        self.workspace.drop_view(view)
        if view.body.get("notify_on_close"):
            form = submission_form(Act(self._find_person(user)), view.as_slack(), closed=True)
            await self.courier.deliver(form)

    async def open_home(self, user: str) -> Delivered:
        """Open App Home: Slack tells the app, with what stands there, and shows what it published."""
        person, home = self._find_person(user), self.workspace.homes.get(user)
        shown = {"view": home.as_slack()} if home else {}
        where = {"user": person.id, "channel": self.workspace.dm(user), "tab": "home"}
        at = f"{self._clock.now().timestamp():.6f}"
        return await self.events.tell({"type": "app_home_opened", **where, **shown, "event_ts": at})

    def write(self, user: str, channel: str, text: str) -> None:
        """Write a plain message; the bot hears nothing of it."""
        person, place = self._enter(user, channel)
        self.workspace.post(place.id, (person.id, person.name), Content(escape(text)))

    def read(self, user: str, channel: str) -> None:
        """Look at a channel: nothing in it is unread any more."""
        _, place = self._enter(user, channel)
        self.workspace.mark_read(place.id, user)

    def _enter(self, user: str, channel: str) -> tuple[Person, Channel]:
        """Find a person and a channel that the person is a member of."""
        person, place = self._find_person(user), self.workspace.channels.get(channel)
        if place is None or person.id not in place.members:
            raise NotPossibleError(f"{person.name} is not in channel {channel}")
        return person, place

    def _find_person(self, user: str) -> Person:
        person = self.workspace.people.get(user)
        if person is None or user in {cast.BOT_USER_ID, SLACKBOT[0]}:  # other bots are let act: the bot has to refuse
            raise NotPossibleError(f"nobody here is {user}")
        return person

    def _find_view(self, user: str, view_id: str) -> ModalView:
        home = self.workspace.homes.get(user)
        if home is not None and home.id == view_id:
            return home
        view = self.workspace.views.get(user)
        if view is None or view.id != view_id:
            raise NotPossibleError("this form is not open any more")
        return view

    def _act(self, person: Person, place: Channel) -> Act:
        response_url = self._response_url(self.tickets.new_response(person.id, place.id))
        return Act(person, place, self.tickets.new_trigger(person.id), response_url)

    def _response_url(self, secret: str) -> str:
        return f"{self.response_base}{secret}"

    def _whisper(self, place: Channel, person: Person, text: str) -> None:
        self.workspace.post(place.id, SLACKBOT, Content(text), person.id)

    def _show_ack(self, delivered: Delivered, person: Person, place: Channel, typed: str) -> str:
        """Show what the ack of a command says, to the person alone unless it asks for the channel.

        Returns Slack's error when the ack cannot be shown, else "".
        """
        if not delivered.body.strip():
            return ""
        answer = _read_object(delivered) if delivered.content_type == "application/json" else {"text": delivered.body}
        if not answer:
            return ""
        try:
            content = read_content(answer)
        except SlackApiError as refusal:
            return refusal.code
        in_channel = answer.get("response_type") == "in_channel"
        if in_channel:
            self.workspace.post(place.id, (person.id, person.name), Content(escape(typed)))
        self.workspace.post(place.id, BOT, content, "" if in_channel else person.id)
        return ""

    def _show_errors(self, view: ModalView, errors: Mapping[str, str]) -> Submitted:
        """Show errors below their inputs; Slack takes none for a block that is no input of the form."""
        inputs = {block["block_id"] for block in view.body["blocks"] if block["type"] == "input"}
        if not errors or set(errors) - inputs:
            return Submitted(ok=False, error=TROUBLE)
        view.errors = dict(errors)
        self.workspace.on_change()
        return Submitted(ok=False, errors=errors)

    def _become(self, view: ModalView, raw: object, *, is_pushed: bool) -> Submitted:
        try:
            body = read_view(raw)
            if is_pushed and view.height < STACK_LIMIT:
                self.workspace.show_view(view.user, body, view)
            elif not is_pushed:
                self.workspace.update_view(view, body)
            else:
                return Submitted(ok=False, error=TROUBLE)
        except SlackApiError:
            return Submitted(ok=False, error=TROUBLE)
        return Submitted(ok=True)


async def _do_nothing(_deed: object) -> None:
    """Stand for a world to which nothing can be done."""


async def _switch_nothing(_switch: str, _on: bool) -> None:  # noqa: FBT001 - the hook's signature
    """Stand for a world in which nothing can be switched."""


def _read_object(delivered: Delivered) -> JsonObject:
    """Read a JSON object from an ack; anything else reads as empty."""
    try:
        body: Any = json.loads(delivered.body)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
