"""Keeping up with who is a member: who has left must not stay a reviewer."""

from datetime import timedelta

from bot.domain.approval import Person, check_person
from bot.errors import SlackError
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.authorise import load_person
from bot.workflow.link_account import close_link
from bot.workflow.membership import refresh_groups
from bot.workflow.owners_again import reread
from bot.workflow.progress import Progress
from storage.store import Store

_EVERY = timedelta(hours=1)
"""How often the linked people are asked after who press nothing."""
_PAUSE = timedelta(minutes=1)
"""After Slack did not answer about somebody whom nothing waits for."""


def note_person(services: Services, store: Store, person: Person) -> None:
    """Keep what Slack says of somebody. The link of who has left is closed, so that their decisions do not count."""
    now = services.clock.now()
    store.people.note(person.id, is_member=check_person(person) is None, timezone=person.timezone, now=now)
    link = store.links.find_of(person.id)
    if link is not None and not person.active:
        close_link(services, store, link, by=transitions.NPMTRUST, now=now)


async def refresh_person(services: Services, user: str) -> bool:
    """Ask Slack who somebody is now; where it does not answer (False), what it said before grows old."""
    try:
        person = await load_person(services, user)
    except SlackError:
        await services.database.run(lambda store: store.people.note_silence(user, services.clock.now()))
        return False
    await services.database.run(lambda store: note_person(services, store, person))
    return True


async def execute_next(services: Services) -> Progress:
    """Ask after somebody for whom a call waits; else after a linked person who was not asked after for an hour."""
    user, group = await services.database.run(lambda store: store.people.next_wanted())
    if group:
        await refresh_groups(services, [group])
    elif user:
        await refresh_person(services, user)
    if user or group or await reread(services):
        services.bell.ring("lane")
        return Progress(more=True)
    before = services.clock.now() - _EVERY
    link = await services.database.run(lambda store: store.people.find_linked_before(before))
    if link is None:
        return Progress()
    answered = await refresh_person(services, link.slack_user)
    return Progress(more=True) if answered else Progress(at=services.clock.now() + _PAUSE)
