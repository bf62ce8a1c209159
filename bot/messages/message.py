"""What is sent to Slack, as values."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Block: TypeAlias = dict[str, Any]
"""A block of Block Kit, as Slack's JSON has it."""

MOST_BLOCKS = 50
"""Slack's limit for one message."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message. Its content stays out of logs, since a handoff holds a link of npm's."""

    text: str = field(repr=False)
    """What a notification shows; Slack's markup, escaped."""
    blocks: tuple[Block, ...] = field(repr=False)


def join(messages: Sequence[Message]) -> Message:
    """Put several messages into one; the first is what a notification shows."""
    return Message(messages[0].text, tuple(block for message in messages for block in message.blocks)[:MOST_BLOCKS])


@dataclass(frozen=True, slots=True)
class View:
    """A modal."""

    callback_id: str
    title: str
    submit: str
    """Empty: there is nothing to send."""
    blocks: tuple[Block, ...] = field(repr=False)
    private_metadata: str = field(default="", repr=False)
    close: str = "Cancel"

    def as_dict(self) -> dict[str, Any]:
        """Build the JSON of views.open."""
        return {
            "type": "modal",
            "callback_id": self.callback_id,
            "title": _plain_text(self.title),
            "close": _plain_text(self.close),
            "private_metadata": self.private_metadata,
            "blocks": list(self.blocks),
        } | ({"submit": _plain_text(self.submit)} if self.submit else {})


@dataclass(frozen=True, slots=True)
class HomeView:
    """App Home, as one person sees it."""

    blocks: tuple[Block, ...] = field(repr=False)

    def as_dict(self) -> dict[str, Any]:
        """Build the JSON of views.publish."""
        return {"type": "home", "callback_id": "home", "blocks": list(self.blocks)}


def _plain_text(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}
