"""App Home: opened by somebody, and kept up to date for a while after that.

Everything that happens leaves an event in the record, so that one look at its end tells whether a Home may be behind.
It is drawn then, and published where it says something else than before.
"""

import hashlib
import json
from datetime import timedelta

from bot.domain.approval import Action
from bot.domain.deliveries import ClickDelivery, HomeDelivery
from bot.messages.home import render_home
from bot.messages.message import HomeView
from bot.services import Services
from bot.workflow.authorise import authorise, load_directory, load_person
from bot.workflow.home_content import load_home
from bot.workflow.progress import Progress
from storage.store import Store

FRESH = timedelta(days=2)
"""So long after somebody has opened it their Home follows what happens; when they open it again it is drawn anew."""

LIVELY = timedelta(minutes=15)
"""So long it is looked at often: they may have it before them."""

SOON, LATER = timedelta(seconds=5), timedelta(minutes=1)
"""How often it is drawn at most, while it is lively and after that."""

_SETTLED = timedelta(seconds=5)
"""Events of other processes are there by then, also those with a lower number."""

_APART = timedelta(seconds=0.7)
"""Slack takes about a hundred of these calls a minute (tier 4)."""

_AT_ONCE = 50


async def open_home(services: Services, delivery: HomeDelivery) -> None:
    """Draw somebody's Home now.

    Raises:
        SlackError: Slack does not say who they are.
    """
    person = await load_person(services, delivery.user)

    def keep(store: Store) -> None:
        now = services.clock.now()
        row = store.homes.open(person.id, now)
        row.denial = authorise(Action.LINK_ACCOUNT, person, None, load_directory(services, store)) or ""
        if delivery.is_new:
            row.shown = ""
        store.surfaces.want(key_of(person.id), channel=person.id, now=now)

    await services.database.run(keep)
    services.bell.ring("surfaces")


async def place(services: Services, delivery: ClickDelivery) -> ClickDelivery:
    """Give a press in App Home, which belongs to no channel, the person's DM: answers and forms go there.

    Raises:
        SlackError: Slack cannot be asked now.
    """
    if delivery.channel:
        return delivery
    return delivery.model_copy(update={"channel": await services.notifier.open_dm(delivery.user)})


async def show_soon(services: Services, user: str) -> None:
    """Somebody pressed or sent something: what has come of it is in their Home at once, where they look at it."""

    def work(store: Store) -> None:
        now = services.clock.now()
        row = store.homes.find(user)
        if row is not None and row.opened_at > now - FRESH:
            store.surfaces.want(key_of(user), channel=user, now=now)

    await services.database.run(work)


async def execute_next(services: Services) -> Progress:
    """Have those drawn that may be behind."""
    progress = await services.database.run(lambda store: _look(services, store))
    services.bell.ring("surfaces")
    return progress


def _look(services: Services, store: Store) -> Progress:
    now, newest = services.clock.now(), store.homes.newest_event()
    behind = store.homes.list_behind(newest, since=now - FRESH, limit=_AT_ONCE)
    if not behind:
        return Progress()
    settled = store.homes.newest_event(now - _SETTLED)
    due = [row for row in behind if row.next_look_at <= now]
    for number, row in enumerate(due):
        surface = store.surfaces.want(key_of(row.slack_user), channel=row.slack_user, now=now)
        surface.next_try_at = max(surface.next_try_at, now + number * _APART)
        row.seen_event = max(settled, row.seen_event)
        row.next_look_at = now + (SOON if row.opened_at > now - LIVELY else LATER)
    later = [row.next_look_at for row in behind if row.seen_event < newest]
    return Progress(at=min(later, default=None))


def key_of(user: str) -> str:
    """Name the surface of somebody's Home."""
    return f"home:{user}"


def draw_home(services: Services, store: Store, reference: str) -> HomeView | None:
    """Draw a Home; None where Slack shows the same already."""
    row = store.homes.find(reference)
    if row is None:
        return None
    view = render_home(load_home(services, store, row))
    return None if row.shown == _digest_of(view) else view


def note_shown(store: Store, user: str, view: HomeView) -> None:
    """Note what Slack shows now."""
    row = store.homes.find(user)
    if row is not None:
        row.shown = _digest_of(view)


def note_conflict(store: Store, user: str) -> None:
    """Somebody else has published since, so nobody knows what stands there."""
    row = store.homes.find(user)
    if row is not None:
        row.shown = ""


def _digest_of(view: HomeView) -> str:
    return hashlib.sha256(json.dumps(view.as_dict(), sort_keys=True).encode()).hexdigest()
