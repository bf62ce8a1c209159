"""[Run now]: steps that are held until release day are let go, all or a group of them, with their own deadline."""

from datetime import timedelta

from bot.domain.approval import Action, executors_of
from bot.domain.deliveries import ClickDelivery
from bot.domain.events import AuditKind
from bot.domain.lifecycle import OPEN_STATES, State
from bot.messages.message import Message
from bot.messages.sums import render_nothing_held, render_run_now
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.buttons import read_row_id
from bot.workflow.handoff import set_present
from bot.workflow.review import Desk, at_desk, what_next
from bot.workflow.sharing import load_sharers
from storage.models import StepRow

RUN_LIFE = timedelta(hours=72)
"""How long steps that were let go have, until their call has begun."""


async def run_now(services: Services, delivery: ClickDelivery) -> None:
    """[Run now], for requester, approvers and admins."""
    offer, _, place = delivery.value.partition(":")
    group = read_row_id(place)
    await at_desk(services, delivery, offer, lambda desk: _run(desk, group), of_several=True)


def _run(desk: Desk, group: int | None) -> Message:
    held = [step for step in desk.steps if step.held and step.lifecycle.state in OPEN_STATES]
    if group is not None:
        rows = desk.store.change_sets.groups.list_of(desk.change_set.id, after=group, limit=1)
        held = [step for step in held if rows and step.likeness == rows[0].likeness]
    if not held:
        transitions.touch(desk.store, desk.change_set.id, desk.now)
        return render_nothing_held(desk.number)
    allowed, denied = desk.sort_out(Action.RESUME, held)
    if not allowed and denied:
        return desk.deny(Action.RESUME, *denied)
    _let_go(desk, allowed)
    waiting = sum(step.state == State.IN_REVIEW.value for step in allowed)
    ready = [step for step in allowed if step.lifecycle.state in {State.READY, State.WAITING} and step.executor]
    mine = [step for step in ready if step.executor == desk.person.id]
    then = what_next(desk, (mine or ready)[0]) if ready else None
    return render_run_now(desk.number, len(allowed), desk.now + RUN_LIFE, waiting=waiting, then=then)


def _let_go(desk: Desk, held: list[StepRow]) -> None:
    link = desk.store.links.find_linked(desk.person.id)
    if link is not None:
        set_present(desk.store, link, desk.now)  # they pressed something: what npm may ask them can come
    _deal_anew(desk, [step for step in held if step.state == State.READY.value])
    for step in held:
        step.held, step.deadline, step.next_try_at = False, desk.now + RUN_LIFE, desk.now
        desk.store.audit.add(
            AuditKind.LET_RUN,
            actor=desk.person.id,
            at=desk.now,
            change_set_id=desk.change_set.id,
            step_id=step.id,
            fingerprint=step.fingerprint,
        )
    transitions.touch(desk.store, desk.change_set.id, desk.now)


def _deal_anew(desk: Desk, steps: list[StepRow]) -> None:
    """Whoever approved long ago is hardly there now: who presses is, and goes first where they approved."""
    facts = desk.all_facts(steps)
    sharers = load_sharers(desk.store, desk.change_set.id, desk.now)
    people = {step.id: executors_of(facts[step.id], desk.directory) for step in steps}
    first = desk.person.id
    sharers.without(steps).deal_to_present(
        (step, tuple(sorted(people[step.id], key=lambda person: person != first))) for step in steps
    )
