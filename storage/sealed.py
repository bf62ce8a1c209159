"""Which columns are sealed, and for whom each value is: the one list, for who seals, who opens and who rotates keys."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from storage.account_models import HandoffRow, LinkRow
from storage.base import Base
from storage.key_check import MARK_ABOUT, KeyCheckRow
from storage.models import InboxRow


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed column."""

    model: type[Base]
    column: str
    about: Callable[[Any], str]
    """Tells of a row whose its value is."""


def about_session(link: LinkRow) -> str:
    """The session of a link: of this row, this person and this npm user."""
    return f"account_links:{link.workspace}:{link.id}:{link.slack_user}:{link.npm_user}:session"


def about_auth_url(handoff: HandoffRow) -> str:
    """The link that a person opens."""
    return f"handoffs:{handoff.workspace}:{handoff.token}:{handoff.slack_user}:auth"


def about_done_url(handoff: HandoffRow) -> str:
    """The address that tells whether they did."""
    return f"handoffs:{handoff.workspace}:{handoff.token}:{handoff.slack_user}:done"


def about_delivery(row: InboxRow) -> str:
    """What Slack delivered."""
    return delivery_about(row.workspace, row.delivery_key, row.person)


def delivery_about(workspace: str, delivery_key: str, person: str) -> str:
    """The same, before there is a row."""
    return f"inbox:{workspace}:{delivery_key}:{person}"


SEALED = (
    Sealed(LinkRow, "sealed_session", about_session),
    Sealed(HandoffRow, "sealed_auth_url", about_auth_url),
    Sealed(HandoffRow, "sealed_done_url", about_done_url),
    Sealed(InboxRow, "sealed_payload", about_delivery),
    Sealed(KeyCheckRow, "sealed", lambda _row: MARK_ABOUT),
)
"""Every one of them."""
