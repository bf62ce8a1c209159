"""Handoffs: links of npm's are polled until their person has confirmed, put off, refused or let them run out."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import SecretStr

from bot.domain import step_events
from bot.domain.events import AuditKind
from bot.domain.lifecycle import State, WaitFor
from bot.domain.overview import HandoffState
from bot.errors import RegistryError
from bot.registry import Done, Gone, PollAnswer, PollFailed, Waiting
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.lane import hold_lane, live_session
from bot.workflow.leases import lane_of, lane_of_link
from bot.workflow.link_account import LoginWanted, begin_login, finish_login
from bot.workflow.presence import is_present, let_rest, mark_present, show_presence
from bot.workflow.progress import Progress
from bot.workflow.reads_end import give_up_reads
from bot.workflow.recording import close_handoff, wipe_session
from bot.workflow.sharing import take_over
from storage.account_models import HandoffRow, LinkRow
from storage.sealed import about_done_url
from storage.store import Store
from storage.vault import WrongKey

AT_ONCE = 8
"""How many links are polled at the same time."""

_AFTER_FAILURE = timedelta(seconds=2)
_OUTAGE = timedelta(minutes=30)
"""For how long after its end a link is asked about while npm cannot be reached: it may have been used in time."""
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
    errand = await services.database.run(lambda store: _take(services, store))
    if isinstance(errand, Progress):
        return errand
    if isinstance(errand, LoginWanted):
        await _mint(services, errand)
    else:
        await asyncio.gather(*(_poll(services, poll) for poll in errand))
    return Progress(more=True)


def _take(services: Services, store: Store) -> LoginWanted | list[_Poll] | Progress:
    """Choose what to do; only who holds a lane sends and polls what belongs to it, and nobody while a freeze stands."""
    if store.freezes.current() is not None:
        return Progress()
    return _next_login(services, store) or _claim_polls(services, store) or Progress(at=_next_due(store))


def _next_login(services: Services, store: Store) -> LoginWanted | None:
    """Find somebody who is present, whose session is over, and for whom something waits."""
    now = services.clock.now()
    for slack_user in store.line.list_awaiting_login(now):
        link = store.links.find_linked(slack_user)
        if link is None or link.away or store.handoffs.find_open(slack_user):
            continue
        if not is_present(link, now):
            let_rest(store, link, now)
            continue
        if hold_lane(services, store, lane_of_link(services, link)) is None:
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
    for row in store.line.list_waiting(slack_user, WaitFor.LOGIN):
        row.next_try_at = now + _MINT_AGAIN
        transitions.set_trouble(row, why, now)
        transitions.touch(store, row.change_set_id, now)
    for read in store.reads.list_waiting_for(slack_user):
        read.next_try_at = now + _MINT_AGAIN


def _claim_polls(services: Services, store: Store) -> list[_Poll]:
    """Take the links that are due."""
    now = services.clock.now()
    polls = []
    for handoff in store.handoffs.list_due(now)[:AT_ONCE]:
        # who polls gets the one-time password, and must be who makes the call
        if hold_lane(services, store, lane_of(services, "" if handoff.login else handoff.npm_user)) is None:
            continue
        handoff.next_poll_at = now + _AFTER_FAILURE
        try:
            done_url = services.vault.unseal(handoff.sealed_done_url, about_done_url(handoff))
        except WrongKey:  # sealed with a key that was taken away
            end_unused(services, store, handoff, HandoffState.EXPIRED, now)
            continue
        session = None if handoff.login else live_session(services, store.links.find_linked(handoff.slack_user))
        polls.append(_Poll(handoff.id, handoff.login, done_url, session))
    return polls


def _next_due(store: Store) -> datetime | None:
    return min((row.next_poll_at for row in store.handoffs.list_open()), default=None)


async def _poll(services: Services, poll: _Poll) -> None:
    answer = await services.registry.poll(poll.done_url, poll.session)
    if isinstance(answer, Done) and poll.login:
        await finish_login(services, poll.handoff_id, answer.token)
    else:
        await services.database.run(lambda store: _record_poll(services, store, poll.handoff_id, answer))
    if not isinstance(answer, Waiting):
        services.bell.ring("lane", "surfaces")


def _record_poll(services: Services, store: Store, handoff_id: int, answer: PollAnswer) -> None:
    """Record what npm says; only it knows whether the person has confirmed, so while it is down nothing has ended."""
    handoff = store.handoffs.load(handoff_id)
    if handoff is None or handoff.state != HandoffState.OPEN:
        return
    now = services.clock.now()
    _tell_trouble(store, handoff, answer.why if isinstance(answer, PollFailed) else "", now)
    match answer:
        case Waiting(retry_after=seconds) if now < handoff.expires_at:
            handoff.next_poll_at = min(now + timedelta(seconds=seconds), handoff.expires_at)
        case PollFailed(transient=transient) if now < handoff.expires_at + (_OUTAGE if transient else timedelta()):
            handoff.next_poll_at = now + _AFTER_FAILURE
        case Done(token=password):
            _confirmed(services, store, handoff, password, now)
        case Waiting() | PollFailed() | Gone():
            end_unused(services, store, handoff, HandoffState.EXPIRED, now)


def _tell_trouble(store: Store, handoff: HandoffRow, why: str, now: datetime) -> None:
    """Show, where people look, that npm does not say whether they confirmed; and show no more that it did not."""
    step = store.change_sets.load_step(handoff.step_id) if handoff.step_id is not None else None
    if step is None or bool(transitions.progress_of(step).trouble) is bool(why):
        return
    if why:
        transitions.set_trouble(step, why, now)
    else:
        transitions.update_progress(step, trouble="")
    transitions.touch(store, step.change_set_id, now)


def _confirmed(services: Services, store: Store, handoff: HandoffRow, password: SecretStr, now: datetime) -> None:
    """Hand the one-time password to the step it was for; if that was stopped meanwhile, it is lost."""
    link = store.links.find_linked(handoff.slack_user)
    waits = _is_waited_for(store, handoff)
    close_handoff(store, handoff, HandoffState.DONE if waits else HandoffState.LOST, now)
    if link is None or not waits:
        return
    mark_present(link, now)
    services.pocket.put(handoff.slack_user, password, (handoff.step_id, handoff.read_id))
    if handoff.step_id is not None:
        store.people.want(handoff.slack_user, now)  # whoever has left since they approved can still use npm's link
    _go_on(store, handoff.slack_user, WaitFor.CONFIRMATION, now)


def _is_waited_for(store: Store, handoff: HandoffRow) -> bool:
    if handoff.step_id is not None:
        return store.change_sets.load_step(handoff.step_id).state == State.WAITING.value
    return handoff.read_id is not None and store.reads.load(handoff.read_id).state == "waiting"


def _go_on(store: Store, slack_user: str, done: WaitFor, now: datetime) -> None:
    """Let everything that waited for this go back to where it was."""
    for row in store.line.list_waiting(slack_user, done):
        transitions.update_progress(row, trouble="")
        transitions.move(store, row, step_events.PersonDone(), actor=slack_user, now=now)
    for read in store.reads.list_waiting_for(slack_user):
        read.state, read.next_try_at = "ready", now


def end_unused(services: Services, store: Store, handoff: HandoffRow, state: HandoffState, now: datetime) -> None:
    """A link was put off or not used in time: its person is away until they press something. Others may take over."""
    close_handoff(store, handoff, state, now)
    link = store.links.find_linked(handoff.slack_user)
    if link is not None:
        link.away = True
        show_presence(store, link, now)
        take_over(services, store)


def put_off(services: Services, store: Store, handoff: HandoffRow, now: datetime) -> bool:
    """[Later, at my computer]: end the poll; False when the link is over already."""
    if handoff.state != HandoffState.OPEN:
        return False
    end_unused(services, store, handoff, HandoffState.LATER, now)
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
    if handoff.login and not store.line.is_anything_for(handoff.slack_user):
        return LoginWanted(handoff.slack_user, link.slack_name, link.slack_email, link.npm_user, handoff.announce_in)
    return store.line.is_anything_for(handoff.slack_user)


def set_present(store: Store, link: LinkRow, now: datetime) -> None:
    """The person pressed something: they are here, and what waited for their confirmation may ask npm again."""
    mark_present(link, now)
    show_presence(store, link, now)
    if store.handoffs.find_open(link.slack_user) is None:  # else the open link is the one to use
        _go_on(store, link.slack_user, WaitFor.CONFIRMATION, now)
    for row in store.line.list_waiting(link.slack_user, WaitFor.LOGIN):
        row.next_try_at = now


def disown(services: Services, store: Store, handoff: HandoffRow, now: datetime) -> SecretStr | None:
    """[Not me]: stop the step, wipe the session, tell the admins.

    Returns:
        The session to end at npm, where there was one.
    """
    services.pocket.take(handoff.slack_user)
    link = store.links.find_linked(handoff.slack_user)
    session = live_session(services, link)
    wipe_session(store, link, why="the person said that a link was not theirs", now=now)
    if link is not None:
        link.away = True  # no login link is sent to whoever may sit at their Slack
    close_handoff(store, handoff, HandoffState.NOT_ME, now)
    for other in store.handoffs.list_open_of(handoff.slack_user):
        close_handoff(store, other, HandoffState.LOST, now)
    stopped = store.change_sets.list_waiting_for(handoff.slack_user) if handoff.login else []
    if handoff.step_id is not None:
        stopped = [store.change_sets.load_step(handoff.step_id)]
    for row in stopped:
        store.audit.add(AuditKind.DISOWNED, actor=handoff.slack_user, at=now, change_set_id=row.change_set_id)
        transitions.move(store, row, step_events.Cancelled(), actor=handoff.slack_user, now=now)
    handoff.ended_session = session is not None
    give_up_reads(services, store, handoff.slack_user, "it was stopped", now)
    store.surfaces.want(f"advice:{handoff.id}", channel=handoff.slack_user, now=now, urgent=True)
    for admin in services.admins - {handoff.slack_user} or services.admins:
        store.surfaces.want(f"notice:{handoff.id}:{admin}", channel=admin, now=now, urgent=True)
    return session
