"""Who can be called for now: whose account has a live session, and who is there for what npm may ask them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import SecretStr

from bot.domain.overview import LinkState
from bot.services import Services
from bot.workflow.presence import is_present
from storage.account_models import LinkRow
from storage.heads import Head
from storage.sealed import about_session
from storage.store import Store
from storage.vault import WrongKey

WINDOW = timedelta(minutes=5)
"""For how long npm may not ask a session again."""


@dataclass(frozen=True, slots=True)
class Place:
    """A person's place in the line."""

    head: Head
    link: LinkRow | None
    can_be_called: bool
    """They have a session, and are there for what npm may ask, with no link open."""
    is_expected: bool
    """They have a session, but are not there and were not asked to come yet."""
    asked_again: bool
    """The window that their last confirmation may have opened is over."""

    @property
    def confirmed(self) -> float:
        """When they last confirmed, in seconds since 1970; 0: never."""
        since = self.link.confirmed_at if self.link else None
        return since.timestamp() if since else 0.0


def list_places(services: Services, store: Store, now: datetime) -> list[Place]:
    """Tell of everybody for whom something is to be called whether it can be, now."""
    links = {link.slack_user: link for link in store.links.list_linked()}
    has_link_open = {handoff.slack_user for handoff in store.handoffs.list_open()}
    places = []
    for head in store.line.heads(now):
        if not head.steps and head.read is None:
            continue
        link = links.get(head.person)
        has_session = link is not None and is_live(link, now)
        confirmed = services.pocket.purpose_of(head.person) is not None
        is_free = link is not None and head.person not in has_link_open
        is_there = link is not None and is_present(link, now)
        since = link.confirmed_at if link else None
        places.append(
            Place(
                head=head,
                link=link,
                can_be_called=has_session and (confirmed or (is_free and is_there)),
                is_expected=has_session and not confirmed and is_free and not is_there,
                asked_again=since is None or now - since >= WINDOW,
            )
        )
    return places


def is_live(link: LinkRow, now: datetime) -> bool:
    """Tell whether a linked account has a session that has not run out."""
    is_over = link.session_until is not None and link.session_until <= now
    return link.state == LinkState.LINKED and bool(link.sealed_session) and not is_over


def live_session(services: Services, link: LinkRow | None) -> SecretStr | None:
    """Unseal a session that has not run out."""
    if link is None or not is_live(link, services.clock.now()):
        return None
    try:
        return services.vault.unseal(link.sealed_session, about_session(link))
    except WrongKey:
        return None  # sealed with a key that was taken away: the person logs in anew
