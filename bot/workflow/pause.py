"""`pause` and `resume`: no new call of a change set starts, until somebody lets it go on.

What has begun is finished: a call under way, a call that was not answered, a replace in its second half.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from bot.domain import step_events
from bot.domain.approval import Action, Denial, Person
from bot.domain.deliveries import ClickDelivery, CommandDelivery
from bot.domain.events import AuditKind
from bot.domain.lifecycle import OPEN_STATES, State, WaitFor
from bot.domain.overview import HandoffState
from bot.domain.retry import FAILED, UNCLEAR
from bot.messages import decisions
from bot.messages.denials import Denied, render_denial
from bot.messages.listings import render_no_such_change_set
from bot.messages.message import Message
from bot.messages.pausing import render_not_paused, render_over, render_paused, render_paused_already, render_resumed
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.answering import answer
from bot.workflow.authorise import authorise, load_all_step_facts, load_directory
from bot.workflow.handoff import set_present
from bot.workflow.recording import close_handoff
from bot.workflow.review import load_stopper
from storage.models import ChangeSetRow
from storage.store import Store

_PAGE = 200
"""Steps whose reviewers are looked at at a time, to find one that the person reviews."""


async def pause_number(services: Services, delivery: CommandDelivery, number: int) -> None:
    """`pause C-42`."""
    await _at(services, delivery, lambda store: store.change_sets.find_number(number), _pause, number)


async def resume_number(services: Services, delivery: CommandDelivery, number: int) -> None:
    """`resume C-42`."""
    await _at(services, delivery, lambda store: store.change_sets.find_number(number), _resume, number)


async def pause_offer(services: Services, delivery: ClickDelivery) -> None:
    """[Pause]."""
    await _at(services, delivery, lambda store: _find_offered(store, delivery.value), _pause)


async def resume_offer(services: Services, delivery: ClickDelivery) -> None:
    """[Resume]."""
    await _at(services, delivery, lambda store: _find_offered(store, delivery.value), _resume)


def _find_offered(store: Store, value: str) -> ChangeSetRow | None:
    """Find the change set of a button, of any age: what is paused is the set, whatever its content."""
    offer = store.change_sets.find_offer(value)
    return store.change_sets.load(offer.change_set_id) if offer else None


async def _at(
    services: Services,
    delivery: CommandDelivery | ClickDelivery,
    find: Callable[[Store], ChangeSetRow | None],
    act: Callable[[Services, Store, Person, ChangeSetRow], Message],
    number: int = 0,
) -> None:
    person = await load_stopper(services, delivery.user)

    def work(store: Store) -> Message:
        row = find(store)
        if row is None:
            return render_no_such_change_set(number) if number else decisions.render_never_issued()
        return act(services, store, person, row)

    message = await services.database.run(work)
    services.bell.ring("lane", "handoffs", "surfaces")
    await answer(services, delivery, message)


def deny(services: Services, store: Store, action: Action, person: Person, change_set: ChangeSetRow) -> Message | None:
    """Refuse who neither asked nor reviews a step nor is an admin, in the record and to the person."""
    denial = check(services, store, action, person, change_set)
    if denial is None:
        return None
    now = services.clock.now()
    store.audit.add(AuditKind.DENIED, actor=person.id, at=now, change_set_id=change_set.id, action=action, why=denial)
    transitions.touch(store, change_set.id, now)
    return render_denial(denial, Denied(wish=action, number=change_set.number, requester=change_set.requester))


def check(services: Services, store: Store, action: Action, person: Person, change_set: ChangeSetRow) -> Denial | None:
    """Tell why somebody may not do something to a change set; one step of which they may do it to suffices."""
    directory = load_directory(services, store)
    first: Denial | None = None
    position = 0
    while steps := store.change_sets.page_steps(change_set.id, after=position, limit=_PAGE):
        facts = load_all_step_facts(services, store, change_set, steps)
        for step in steps:
            denial = authorise(action, person, facts[step.id], directory)
            if denial is None:
                return None
            first = first or denial
        position = steps[-1].position + 1
    return first


def _over(change_set: ChangeSetRow, tally: Mapping[State, int]) -> Message:
    return render_over(change_set.number, retry=any(tally.get(state) for state in (*FAILED, *UNCLEAR)))


def _pause(services: Services, store: Store, person: Person, change_set: ChangeSetRow) -> Message:
    if refused := deny(services, store, Action.PAUSE, person, change_set):
        return refused
    tally, now = store.change_sets.tally(change_set.id), services.clock.now()
    left = sum(number for state, number in tally.items() if state in OPEN_STATES)
    if not left:
        return _over(change_set, tally)
    if change_set.paused:
        return render_paused_already(change_set.number)
    store.line.set_paused(change_set, paused=True)
    store.audit.add(AuditKind.PAUSED, actor=person.id, at=now, change_set_id=change_set.id)
    _stop_waiting(store, change_set, person.id, now)
    transitions.touch(store, change_set.id, now)
    return render_paused(change_set.number, left=left, calling=tally.get(State.CALLING, 0))


def _stop_waiting(store: Store, change_set: ChangeSetRow, actor: str, now: datetime) -> None:
    """Nobody is waited for: a link that was sent for it is not to be used, and others may need the person's login."""
    for row in store.line.list_waiting_in(change_set.id, (WaitFor.LOGIN, WaitFor.CONFIRMATION)):
        if not row.lifecycle.untouched or row.lifecycle.back is not State.READY:
            continue
        for handoff in store.handoffs.list_of_step(row.id):
            if handoff.state in {HandoffState.OPEN, HandoffState.LATER, HandoffState.EXPIRED}:
                close_handoff(store, handoff, HandoffState.LOST, now)
        transitions.move(store, row, step_events.PersonDone(), actor=actor, now=now)


def _resume(services: Services, store: Store, person: Person, change_set: ChangeSetRow) -> Message:
    if refused := deny(services, store, Action.RESUME, person, change_set):
        return refused
    now, tally = services.clock.now(), store.change_sets.tally(change_set.id)
    left = sum(number for state, number in tally.items() if state in OPEN_STATES)
    if not left:
        return _over(change_set, tally)
    if not change_set.paused:
        return render_not_paused(change_set.number)
    store.line.set_paused(change_set, paused=False)
    store.audit.add(AuditKind.RESUMED, actor=person.id, at=now, change_set_id=change_set.id)
    link = store.links.find_linked(person.id)
    if link is not None:
        set_present(store, link, now)  # they pressed something: what npm may ask them can come
    transitions.touch(store, change_set.id, now)
    return render_resumed(change_set.number, left=left)
