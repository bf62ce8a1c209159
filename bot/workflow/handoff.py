"""Handoffs: links of npm's are polled until their person has confirmed, put off, refused or let them run out."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import SecretStr

from bot.domain import step_events
from bot.domain.events import AuditKind
from bot.domain.lifecycle import OPEN_STATES, State, WaitFor
from bot.domain.overview import HandoffState
from bot.errors import RegistryError
from bot.registry import Done, Gone, PollAnswer, PollFailed, Waiting
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.lane import hold_lane, live_session
from bot.workflow.link_account import LoginWanted, begin_login, finish_login
from bot.workflow.progress import Progress
from bot.workflow.recording import wipe_session
from storage.models import HandoffRow, LinkRow
from storage.store import Store
from storage.vault import WrongKey

AT_ONCE = 8
"""How many links are polled at the same time."""

_AFTER_FAILURE = timedelta(seconds=2)
_MINT_AGAIN = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class _Poll:
    """A link to ask npm about."""

    handoff_id: int
    login: bool
    done_url: SecretStr
    session: SecretStr | None


async def execute_next(services: Services) -> Progress:
    """Send the login links that are waited for, and poll every link that is due."""
    wanted = await services.database.run(lambda store: _next_login(services, store))
    if wanted is not None:
        await _mint(services, wanted)
        return Progress(more=True)
    polls = await services.database.run(lambda store: _claim_polls(services, store))
    if polls:
        await asyncio.gather(*(_poll(services, poll) for poll in polls))
        return Progress(more=True)
    return Progress(at=await services.database.run(_next_due))


def _next_login(services: Services, store: Store) -> LoginWanted | None:
    """Find somebody who is present, whose session is over, and for whom something waits."""
    if hold_lane(services, store) is None:
        return None
    now = services.clock.now()
    waiting = [
        row.executor
        for row in store.change_sets.list_steps([State.WAITING], due=now)
        if transitions.is_login_wanted(row)
    ]
    waiting += [read.slack_user for read in store.reads.list_in(["waiting"], due=now)]
    for slack_user in waiting:
        link = store.links.find_linked(slack_user)
        if link is None or link.away or store.handoffs.find_open(slack_user):
            continue
        if live_session(services, link) is None:
            return LoginWanted(slack_user, link.slack_name, link.slack_email, link.npm_user)
        _go_on(store, slack_user, WaitFor.LOGIN, now)
    return None


async def _mint(services: Services, wanted: LoginWanted) -> None:
    try:
        await begin_login(services, wanted)
    except RegistryError as err:
        why = str(err)
        await services.database.run(lambda store: _mint_later(services, store, wanted.slack_user, why))


def _mint_later(services: Services, store: Store, slack_user: str, why: str) -> None:
    """Npm cannot be reached: say so where people look, and try again."""
    now = services.clock.now()
    for row in store.change_sets.list_waiting_for(slack_user):
        row.next_try_at = now + _MINT_AGAIN
        transitions.update_progress(row, trouble=f"{why[:1].upper()}{why[1:]}.")
        transitions.touch(store, row.change_set_id, now)
    for read in store.reads.list_waiting_for(slack_user):
        read.next_try_at = now + _MINT_AGAIN


def _claim_polls(services: Services, store: Store) -> list[_Poll]:
    """Take the links that are due; those whose time is over end here. Only who holds the lane polls."""
    if hold_lane(services, store) is None:
        return []
    now = services.clock.now()
    polls = []
    for handoff in store.handoffs.list_due(now)[:AT_ONCE]:
        if handoff.expires_at <= now:
            end_unused(store, handoff, HandoffState.EXPIRED, now)
            continue
        handoff.next_poll_at = now + _AFTER_FAILURE
        try:
            done_url = services.vault.unseal(handoff.sealed_done_url)
        except WrongKey:  # sealed with a key that was taken away
            end_unused(store, handoff, HandoffState.EXPIRED, now)
            continue
        session = None if handoff.login else live_session(services, store.links.find_linked(handoff.slack_user))
        polls.append(_Poll(handoff.id, handoff.login, done_url, session))
    return polls


def _next_due(store: Store) -> datetime | None:
    moments = [min(row.next_poll_at, row.expires_at) for row in store.handoffs.list_open()]
    return min(moments, default=None)


async def _poll(services: Services, poll: _Poll) -> None:
    answer = await services.registry.poll(poll.done_url, poll.session)
    if isinstance(answer, Done) and poll.login:
        await finish_login(services, poll.handoff_id, answer.token)
    else:
        await services.database.run(lambda store: _record_poll(services, store, poll.handoff_id, answer))
    services.bell.ring("lane", "surfaces")


def _record_poll(services: Services, store: Store, handoff_id: int, answer: PollAnswer) -> None:
    handoff = store.handoffs.load(handoff_id)
    if handoff is None or handoff.state != HandoffState.OPEN:
        return
    now = services.clock.now()
    match answer:
        case Waiting(retry_after=seconds):
            handoff.next_poll_at = now + timedelta(seconds=seconds)
        case PollFailed():
            handoff.next_poll_at = now + _AFTER_FAILURE
        case Gone():
            end_unused(store, handoff, HandoffState.EXPIRED, now)
        case Done(token=password):
            _confirmed(services, store, handoff, password, now)


def _confirmed(services: Services, store: Store, handoff: HandoffRow, password: SecretStr, now: datetime) -> None:
    """Hand the one-time password to the step it was for; if that was stopped meanwhile, it is lost."""
    link = store.links.find_linked(handoff.slack_user)
    waits = _is_waited_for(store, handoff)
    close(store, handoff, HandoffState.DONE if waits else HandoffState.LOST, now)
    if link is None or not waits:
        return
    link.away = False
    services.pocket.put(handoff.slack_user, password)
    _go_on(store, handoff.slack_user, WaitFor.CONFIRMATION, now)


def _is_waited_for(store: Store, handoff: HandoffRow) -> bool:
    if handoff.step_id is not None:
        return store.change_sets.load_step(handoff.step_id).state == State.WAITING.value
    return handoff.read_id is not None and store.reads.load(handoff.read_id).state == "waiting"


def _go_on(store: Store, slack_user: str, done: WaitFor, now: datetime) -> None:
    """Let everything that waited for this go back to where it was."""
    for row in store.change_sets.list_waiting_for(slack_user):
        if row.waits_for == done.value:
            transitions.update_progress(row, trouble="")
            transitions.move(store, row, step_events.PersonDone(), actor=slack_user, now=now)
    for read in store.reads.list_waiting_for(slack_user):
        read.state, read.next_try_at = "ready", now


def close(store: Store, handoff: HandoffRow, state: HandoffState, now: datetime) -> None:
    """End a handoff and forget its links."""
    handoff.state = state.value
    handoff.sealed_auth_url = handoff.sealed_done_url = ""
    store.audit.add(
        AuditKind.HANDOFF_ENDED, actor=handoff.slack_user, at=now, step_id=handoff.step_id, state=state.value
    )
    store.surfaces.touch(f"handoff:{handoff.id}", now)
    if handoff.step_id is not None:
        transitions.touch(store, store.change_sets.load_step(handoff.step_id).change_set_id, now)


def end_unused(store: Store, handoff: HandoffRow, state: HandoffState, now: datetime) -> None:
    """A link was put off or not used in time: its person is away until they press something."""
    close(store, handoff, state, now)
    link = store.links.find_linked(handoff.slack_user)
    if link is not None:
        link.away = True
        for row in store.change_sets.list_waiting_for(handoff.slack_user):
            transitions.touch(store, row.change_set_id, now)


def put_off(store: Store, handoff: HandoffRow, now: datetime) -> bool:
    """[Later, at my computer]: end the poll; False when the link is over already."""
    if handoff.state != HandoffState.OPEN:
        return False
    end_unused(store, handoff, HandoffState.LATER, now)
    return True


def resume(store: Store, handoff: HandoffRow, now: datetime) -> LoginWanted | bool:
    """[I'm ready]: let the waiting steps make a real call, which mints a new link.

    Returns:
        A login to begin where the person has no link yet; True when something goes on; False when nothing waits.
    """
    if handoff.state not in {HandoffState.LATER, HandoffState.EXPIRED}:
        return False
    link = store.links.find_linked(handoff.slack_user)
    if link is None:
        if not handoff.login:
            return False
        return LoginWanted(handoff.slack_user, handoff.slack_name, handoff.slack_email, "", handoff.announce_in)
    set_present(store, link, now)
    if handoff.login and not _anything_waits(store, handoff.slack_user):
        return LoginWanted(handoff.slack_user, link.slack_name, link.slack_email, link.npm_user, handoff.announce_in)
    return _anything_waits(store, handoff.slack_user)


def set_present(store: Store, link: LinkRow, now: datetime) -> None:
    """The person pressed something: they are here, and what waited for their confirmation may ask npm again."""
    link.away = False
    if store.handoffs.find_open(link.slack_user) is None:  # else the open link is the one to use
        _go_on(store, link.slack_user, WaitFor.CONFIRMATION, now)
    for row in store.change_sets.list_waiting_for(link.slack_user):
        row.next_try_at = now


def _anything_waits(store: Store, slack_user: str) -> bool:
    steps = store.change_sets.list_steps(OPEN_STATES - {State.IN_REVIEW})
    reads = store.reads.list_in(["ready", "calling", "waiting"])
    return any(row.executor == slack_user for row in steps) or any(read.slack_user == slack_user for read in reads)


def disown(services: Services, store: Store, handoff: HandoffRow, now: datetime) -> SecretStr | None:
    """[Not me]: stop the step, wipe the session, tell the admins.

    Returns:
        The session to end at npm, where there was one.
    """
    link = store.links.find_linked(handoff.slack_user)
    session = live_session(services, link)
    wipe_session(store, link, why="the person said that a link was not theirs", now=now)
    close(store, handoff, HandoffState.NOT_ME, now)
    for other in store.handoffs.list_open():
        if other.slack_user == handoff.slack_user:
            close(store, other, HandoffState.LOST, now)
    for row in store.change_sets.list_waiting_for(handoff.slack_user):
        if handoff.step_id is None or row.id == handoff.step_id or handoff.login:
            transitions.move(store, row, step_events.Cancelled(), actor=handoff.slack_user, now=now)
    for read in store.reads.list_waiting_for(handoff.slack_user):
        read.state, read.problem = "failed", "it was stopped"
        store.surfaces.touch(f"list:{read.batch}", now)
    store.surfaces.want(f"advice:{handoff.id}", channel=handoff.slack_user, now=now, urgent=True)
    for admin in services.options.admins:
        store.surfaces.want(f"notice:{handoff.id}:{admin}", channel=admin, now=now, urgent=True)
    return session
