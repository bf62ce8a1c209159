"""What came from Slack, as values: the payload without what must not be stored."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, TypeAdapter

from bot.domain.values import Frozen


class CommandDelivery(Frozen):
    """Somebody typed `/npmtrust …`."""

    kind: Literal["command"] = "command"
    user: str
    channel: str
    text: str
    """As typed, with one-time passwords and tokens taken out."""
    secret_removed: bool = False
    """Something was taken out: the line is answered with what to do instead, and not followed."""
    response_url: str = ""
    trigger_id: str = ""


class ClickDelivery(Frozen):
    """Somebody pressed a button."""

    kind: Literal["click"] = "click"
    user: str
    channel: str
    action: str
    """The action_id: one of `bot.messages.ids`."""
    value: str
    message_ts: str = ""
    """Of the message that holds the button; empty in a view."""
    view_id: str = ""
    """Of the view that holds the button; so for the next two."""
    metadata: str = ""
    values: dict[str, str] = Field(default_factory=dict)
    """What stands in the view's fields, by block_id; several choices joined by spaces."""
    in_home: bool = False
    """The view is App Home, which belongs to no channel."""
    response_url: str = ""
    trigger_id: str = ""


class SubmissionDelivery(Frozen):
    """Somebody submitted a form whose fields were found right."""

    kind: Literal["submission"] = "submission"
    user: str
    callback: str
    """The callback_id: one of `bot.messages.ids`."""
    metadata: str
    values: dict[str, str]
    """By block_id; several choices, and ids of files, joined by spaces."""
    view_id: str = ""
    trigger_id: str = ""


class HomeDelivery(Frozen):
    """Somebody opened App Home. There is nobody to answer: what they see is brought up to date."""

    kind: Literal["home"] = "home"
    user: str
    is_new: bool = True
    """Slack shows nothing of ours there yet."""


Answerable: TypeAlias = CommandDelivery | ClickDelivery | SubmissionDelivery
"""What somebody waits for an answer to."""

Delivery: TypeAlias = Annotated[Answerable | HomeDelivery, Field(discriminator="kind")]

DELIVERY: TypeAdapter[Delivery] = TypeAdapter(Delivery)
"""How one is written down and read."""
