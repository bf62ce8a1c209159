"""What Slack sends, read once at the door: only what we use, without what must not be stored.

Slack adds fields whenever it likes, so unknown ones are ignored; of what we use, each must be as documented
(https://docs.slack.dev/reference/interaction-payloads).
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter

from bot.domain.command_parser import strip_secrets
from bot.domain.deliveries import ClickDelivery, CommandDelivery, Delivery, HomeDelivery, SubmissionDelivery

INCOMING = "incoming"
"""Where a listener finds what came, in Bolt's context."""

HOME_OPENED = "app_home_opened"
"""The one event that we subscribe to."""

_LONGEST_TRIGGER = 100


def _check_text(text: str) -> str:
    """Refuse half a character (a UnicodeError is a ValueError), and drop NUL, which PostgreSQL does not store."""
    text.encode()
    return text.replace("\0", "")


_Text = Annotated[str, AfterValidator(_check_text)]


@dataclass(frozen=True, slots=True)
class Incoming:
    """Something to store."""

    delivery: Delivery
    key: str
    """The same when Slack sends the same again."""
    team: str
    secret_fields: tuple[str, ...] = ()
    """The fields of a form that a secret was taken out of."""


class _Read(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Id(_Read):
    id: _Text
    team_id: _Text = ""


class _Command(_Read):
    command: _Text
    text: _Text = ""
    user_id: _Text
    channel_id: _Text
    team_id: _Text
    response_url: _Text = ""
    trigger_id: _Text = ""


class _Choice(_Read):
    value: _Text


class _File(_Read):
    """What somebody put into a form. What Slack says of it beside its id may be out of date: it is asked again."""

    id: _Text


class _Element(_Read):
    """A button that was pressed, or what stands in a field of a form."""

    action_id: _Text = ""
    value: _Text | None = None
    selected_option: _Choice | None = None
    selected_options: tuple[_Choice, ...] = ()
    files: tuple[_File, ...] = ()

    @property
    def content(self) -> str:
        """What it holds as one text; several choices, and ids of files, joined by spaces."""
        if self.selected_option:
            return self.selected_option.value
        several = [choice.value for choice in self.selected_options] or [file.id for file in self.files]
        return self.value or " ".join(several)


class _Pressed(_Element):
    """What was pressed; it always has a name."""

    action_id: Annotated[_Text, Field(min_length=1)]


class _Container(_Read):
    message_ts: _Text = ""
    channel_id: _Text = ""
    view_id: _Text = ""


class _Interaction(_Read):
    user: _Id
    team: _Id | None = None
    trigger_id: _Text = ""

    @property
    def workspace(self) -> str:
        """The team's id; an app of a whole organisation gets it with the person only."""
        return self.team.id if self.team else self.user.team_id


class _State(_Read):
    values: dict[_Text, dict[str, _Element]] = Field(default_factory=dict)


class _View(_Read):
    id: _Text = ""
    type: _Text = "modal"
    callback_id: _Text
    private_metadata: _Text = ""
    state: _State = _State()


class _Clicks(_Interaction):
    type: Literal["block_actions"]
    actions: tuple[_Pressed, ...] = Field(min_length=1)
    channel: _Id | None = None
    container: _Container = _Container()
    response_url: _Text = ""
    view: _View | None = None


class _HomeOpened(_Read):
    """Of a person (https://docs.slack.dev/reference/events/app_home_opened)."""

    user: Annotated[_Text, Field(min_length=1)]
    tab: _Text = "home"
    view: dict[str, Any] | None = None
    """What stands there already."""


class _Event(_Read):
    team_id: _Text
    event_id: Annotated[_Text, Field(min_length=1, max_length=100)]
    event: _HomeOpened


class _Submission(_Interaction):
    type: Literal["view_submission"]
    view: _View


_INTERACTION: TypeAdapter[_Clicks | _Submission] = TypeAdapter(
    Annotated[_Clicks | _Submission, Field(discriminator="type")]
)


def parse_incoming(body: Mapping[str, Any]) -> Incoming | None:
    """Turn a payload into what is stored; None for what Slack sends and we keep nothing of.

    Raises:
        ValueError: A command, a click or a form is not as Slack documents it.
    """
    if "command" in body:
        return _read_command(_Command.model_validate(body), body)
    if body.get("type") == "event_callback":
        return _read_event(body)
    if body.get("type") not in {"block_actions", "view_submission"}:
        return None
    match _INTERACTION.validate_python(body):
        case _Clicks() as clicks:
            return _read_clicks(clicks, body)
        case _Submission() as submission:
            return _read_submission(submission, body)


def _read_command(command: _Command, body: Mapping[str, Any]) -> Incoming:
    text, secret_removed = strip_secrets(command.text)
    delivery = CommandDelivery(
        user=command.user_id,
        channel=command.channel_id,
        text=text,
        secret_removed=secret_removed,
        response_url=command.response_url,
        trigger_id=command.trigger_id,
    )
    return Incoming(delivery, _key("command", command.trigger_id, body), command.team_id)


def _read_event(body: Mapping[str, Any]) -> Incoming | None:
    event = body.get("event")
    if not isinstance(event, dict) or event.get("type") != HOME_OPENED:
        return None
    opened = _Event.model_validate(body)
    if opened.event.tab != "home":
        return None
    delivery = HomeDelivery(user=opened.event.user, is_new=opened.event.view is None)
    return Incoming(delivery, f"event:{opened.event_id}", opened.team_id)


def _read_clicks(clicks: _Clicks, body: Mapping[str, Any]) -> Incoming:
    pressed = clicks.actions[0]
    delivery = ClickDelivery(
        user=clicks.user.id,
        channel=clicks.channel.id if clicks.channel else clicks.container.channel_id,
        action=pressed.action_id,
        value=pressed.content,
        message_ts=clicks.container.message_ts,
        view_id=clicks.container.view_id,
        metadata=clicks.view.private_metadata if clicks.view else "",
        values=_read_fields(clicks.view.state)[0] if clicks.view else {},
        in_home=clicks.view is not None and clicks.view.type == "home",
        response_url=clicks.response_url,
        trigger_id=clicks.trigger_id,
    )
    return Incoming(delivery, _key("click", clicks.trigger_id, body), clicks.workspace)


def _read_submission(submission: _Submission, body: Mapping[str, Any]) -> Incoming:
    values, secret_fields = _read_fields(submission.view.state)
    delivery = SubmissionDelivery(
        user=submission.user.id,
        callback=submission.view.callback_id,
        metadata=submission.view.private_metadata,
        values=values,
        view_id=submission.view.id,
        trigger_id=submission.trigger_id,
    )
    key = _key("submission", submission.trigger_id, body)
    return Incoming(delivery, key, submission.workspace, tuple(secret_fields))


def _read_fields(state: _State) -> tuple[dict[str, str], list[str]]:
    """Read what stands in a view's fields, and in which of them a secret stood, which is left out."""
    values: dict[str, str] = {}
    secret_fields: list[str] = []
    for field, elements in state.values.items():
        values[field], secret_removed = strip_secrets(" ".join(element.content for element in elements.values()))
        if secret_removed:
            secret_fields.append(field)
    return values, secret_fields


def _key(kind: str, trigger_id: str, body: Mapping[str, Any]) -> str:
    if 0 < len(trigger_id) <= _LONGEST_TRIGGER:
        return f"{kind}:{trigger_id}"
    return f"{kind}:{hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()}"
