"""[Cancel] and `cancel C-42`: who asked, and the admins, take back what has not begun."""

from bot.domain import step_events
from bot.domain.approval import Action
from bot.domain.deliveries import ClickDelivery, CommandDelivery
from bot.domain.events import AuditKind
from bot.domain.lifecycle import OPEN_STATES, State
from bot.messages import decisions
from bot.messages.listings import render_no_such_change_set
from bot.messages.message import Message
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.answering import answer
from bot.workflow.authorise import authorise
from bot.workflow.review import Desk, at_desk
from storage.store import Store

_DONE = frozenset({State.APPLIED, State.RESTORED, State.LEFT_HALF, State.UNRESOLVED})
"""The ends in which something changed at npm, or may have."""


async def cancel_offer(services: Services, delivery: ClickDelivery) -> None:
    """[Cancel]."""
    await at_desk(services, delivery, delivery.value, _cancel, only_stops=True, of_several=True)


async def cancel_number(services: Services, delivery: CommandDelivery, number: int) -> None:
    """`cancel C-42`."""

    def find(store: Store) -> str:
        row = store.change_sets.find_number(number)
        return row.offer if row else ""

    offer = await services.database.run(find)
    if offer:
        await at_desk(services, delivery, offer, _cancel, only_stops=True)
    else:
        await answer(services, delivery, render_no_such_change_set(number))


def _cancel(desk: Desk) -> Message:
    denial = authorise(Action.CANCEL, desk.person, desk.facts(desk.steps[0]), desk.directory)
    if denial is not None:
        return desk.deny(Action.CANCEL, denial, desk.steps[0])
    desk.store.audit.add(AuditKind.CANCEL_WANTED, actor=desk.person.id, at=desk.now, change_set_id=desk.change_set.id)
    transitions.move_all(desk.store, desk.steps, step_events.Cancelled(), actor=desk.person.id, now=desk.now)
    still_open = [step for step in desk.steps if step.lifecycle.state in OPEN_STATES]
    if not still_open:
        is_part_done = any(State(step.state) in _DONE for step in desk.steps)
        return decisions.render_cancelled(desk.number, is_part_done=is_part_done)
    if any(step.cancel_wanted for step in still_open):
        return decisions.render_cancel_wanted(desk.number)
    return decisions.render_cannot_cancel_half(desk.number)
