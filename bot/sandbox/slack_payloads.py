"""The payloads that Slack posts to an app, in the shape of Slack's own, and the state of a modal's inputs."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from bot.sandbox import cast
from bot.sandbox.slack_blocks import elements_of, options_of
from bot.sandbox.slack_state import APP_ID, TEAM_DOMAIN, Channel, JsonObject, ModalView, Person, SlackMessage

Typed: TypeAlias = Mapping[str, Mapping[str, str | list[str] | None]]
"""What a person filled in, by block_id and action_id: text, the value of an option, several of them, ids of files."""

VERIFICATION_TOKEN = "replaced-by-signatures"  # noqa: S105 - Slack still sends the field; nothing trusts it
_CONTENTS = ("value", "selected_option", "selected_options", "files")
"""Where the state of an input has what was filled in."""
LISTS = ("checkboxes", "multi_static_select")
"""Inputs of which several options can be chosen."""
REQUIRED = "Please complete this required field."
_APP = {"api_app_id": APP_ID, "token": VERIFICATION_TOKEN}
_ENTERPRISE = {"enterprise": None, "is_enterprise_install": False}
_TEAM = {"id": cast.TEAM_ID, "domain": TEAM_DOMAIN}


class NotPossibleError(LookupError):
    """A person wants what Slack's client would not let them do: press a button that is not there, and the like."""


@dataclass(frozen=True, slots=True)
class Press:
    """A button pressed, or an option chosen, in a message (`channel` and `ts`) or in a modal (`view_id`)."""

    user: str
    action_id: str
    channel: str = ""
    ts: str = ""
    view_id: str = ""
    block_id: str = ""
    """Empty: the first element with this action_id."""
    value: str | None = None
    """None: the value of the button. Else this one is sent, whether it was ever there or not."""
    typed: Typed = field(default_factory=dict)
    """What stands in the inputs of the modal, where somebody has touched them."""


@dataclass(frozen=True, slots=True)
class Act:
    """Who acts and where, with the tickets that the bot gets for it."""

    person: Person
    channel: Channel | None = None
    trigger_id: str = ""
    response_url: str = ""
    source: JsonObject = field(default_factory=dict)
    """What the payload of a click says about where the button stands."""

    @property
    def user(self) -> JsonObject:
        """Name the person as interaction payloads do."""
        names = {"id": self.person.id, "username": self.person.name, "name": self.person.name}
        return {**names, "team_id": self.person.team}


def command_form(act: Act, command: str, text: str) -> dict[str, str]:
    """Make the form of a slash command."""
    where = {"channel_id": act.channel.id, "channel_name": _public_name(act.channel)} if act.channel else {}
    return {
        **_APP,
        "team_id": act.person.team,
        "team_domain": TEAM_DOMAIN,
        **where,
        "user_id": act.person.id,
        "user_name": act.person.name,
        "command": command,
        "text": text,
        "is_enterprise_install": "false",
        "response_url": act.response_url,
        "trigger_id": act.trigger_id,
    }


def click_form(act: Act, action: JsonObject) -> dict[str, str]:
    """Make the form of a click on a block."""
    about = {"type": "block_actions", "user": act.user, **_APP, "team": _TEAM, **_ENTERPRISE}
    where = {"channel": {"id": act.channel.id, "name": _public_name(act.channel)}} if act.channel else {}
    answer = {"response_url": act.response_url} if act.response_url else {}
    return _form({**about, "trigger_id": act.trigger_id, **where, **answer, **act.source, "actions": [action]})


def submission_form(act: Act, view: JsonObject, *, closed: bool = False) -> dict[str, str]:
    """Make the form of a submitted modal, or of one that was closed."""
    kind = {"type": "view_closed", "is_cleared": False} if closed else {"type": "view_submission"}
    tickets = {} if closed else {"trigger_id": act.trigger_id, "response_urls": []}
    return _form({**kind, "team": _TEAM, "user": act.user, **_APP, **tickets, "view": view, **_ENTERPRISE})


def in_message(message: SlackMessage) -> JsonObject:
    """Say that a button stands in this message; the content of an ephemeral one is never sent."""
    place = {"type": "message", "message_ts": message.ts, "channel_id": message.channel}
    container = {**place, "is_ephemeral": message.ephemeral}
    if message.ephemeral:
        return {"container": container, "state": {"values": {}}}
    return {"container": container, "message": message.as_slack(), "state": {"values": {}}}


def in_view(view: ModalView, values: JsonObject | None = None) -> JsonObject:
    """Say that a button stands in this modal; `values` is the state of its inputs."""
    return {"container": {"type": "view", "view_id": view.id}, "view": view.as_slack(values)}


def find_action(blocks: list[JsonObject], press: Press, at: str) -> JsonObject:
    """Find what was pressed and make the payload's action of it, at the time `at` (Slack's ts)."""
    for block in blocks:
        if press.block_id in ("", block["block_id"]):
            for element in elements_of(block):
                if element.get("action_id") == press.action_id and press.value in (None, *_values_of(element)):
                    return _action(element, block["block_id"], press.value, at)
    if press.value is None:
        raise NotPossibleError(f"no button {press.action_id} here")
    # Somebody's client may still draw an older version of the message, and anybody may forge a value.
    button = {"type": "button", "action_id": press.action_id, "value": press.value, "text": _plain("")}
    return _action(button, press.block_id, press.value, at)


def read_inputs(blocks: list[JsonObject], typed: Typed, files: Mapping[str, JsonObject]) -> JsonObject:
    """Make the state of a modal's inputs; what was not touched has its initial value.

    Args:
        blocks: Of the modal.
        typed: What was filled in.
        files: What this person has put into forms, by id.
    """
    inputs = {block["block_id"]: block["element"] for block in blocks if block["type"] == "input"}
    if unknown := sorted(set(typed) - set(inputs)):
        raise NotPossibleError(f"no input {', '.join(unknown)} in this form")
    return {
        block_id: {element["action_id"]: _input_state(element, typed.get(block_id, {}), files)}
        for block_id, element in inputs.items()
    }


def check_inputs(blocks: list[JsonObject], values: JsonObject) -> dict[str, str]:
    """Find what Slack's client itself would not let through, by block_id."""
    errors = {}
    for block in blocks:
        if block["type"] == "input":
            element = block["element"]
            state = values[block["block_id"]][element["action_id"]]
            given = next((state[name] for name in _CONTENTS if state.get(name)), None)
            if not given and not block.get("optional"):
                errors[block["block_id"]] = REQUIRED
            elif element["type"] == "plain_text_input" and len(given or "") > element.get("max_length", 3000):
                errors[block["block_id"]] = "That is too long."
            elif element["type"] == "multi_static_select" and len(given or ()) > element.get("max_selected_items", 100):
                errors[block["block_id"]] = "Those are too many."
            elif element["type"] == "file_input" and len(given or ()) > element.get("max_files", 10):
                errors[block["block_id"]] = "Those are too many files."
    return errors


def _input_state(
    element: JsonObject, typed: Mapping[str, str | list[str] | None], files: Mapping[str, JsonObject]
) -> JsonObject:
    kind, touched = element["type"], element["action_id"] in typed
    given = typed.get(element["action_id"])
    if kind == "plain_text_input":
        return {"type": kind, "value": (given if touched else element.get("initial_value")) or None}
    names = [given] if isinstance(given, str) else given or []
    if kind == "file_input":
        if unknown := sorted(set(names) - set(files)):
            raise NotPossibleError(f"no file {', '.join(unknown)} of this person")
        return {"type": kind, "files": [files[name] for name in names]}
    if kind in LISTS:
        chosen = [_find_option(element, name) for name in names] if touched else element.get("initial_options", [])
        return {"type": kind, "selected_options": chosen}
    option = _find_option(element, str(given)) if given else None
    return {"type": kind, "selected_option": option if touched else element.get("initial_option")}


def _action(element: JsonObject, block_id: str, value: str | None, at: str) -> JsonObject:
    ids = {"action_id": element["action_id"], "block_id": block_id, "type": element["type"], "action_ts": at}
    if element["type"] == "button":
        sent = value if value is not None else element.get("value")
        return {**ids, "text": element["text"], **({} if sent is None else {"value": sent})}
    return {**ids, "selected_option": _find_option(element, str(value))}


def _values_of(element: JsonObject) -> Iterator[str | None]:
    yield element.get("value")
    yield from (option["value"] for option in options_of(element))


def _find_option(element: JsonObject, value: str) -> dict[str, Any]:
    for option in options_of(element):
        if option["value"] == value:
            return dict(option)
    raise NotPossibleError(f"no option {value} in {element['action_id']}")


def _public_name(channel: Channel) -> str:
    """Name a channel as payloads do, which hide the names of private ones."""
    if channel.kind == "dm":
        return "directmessage"
    return "privategroup" if channel.is_private else channel.name


def _plain(text: str) -> JsonObject:
    return {"type": "plain_text", "text": text, "emoji": True}


def _form(payload: JsonObject) -> dict[str, str]:
    return {"payload": json.dumps(payload)}
