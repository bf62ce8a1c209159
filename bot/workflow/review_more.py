"""What reviewers can do besides approving: give the reason of a rejection, withdraw, look, lend their account."""

from bot.domain import step_events
from bot.domain.approval import Action, Denial, approvals_missing, executors_of
from bot.domain.deliveries import ClickDelivery
from bot.domain.events import AuditKind
from bot.domain.lifecycle import State
from bot.messages import decisions
from bot.messages.forms import reject_form
from bot.messages.message import Message
from bot.messages.notices import render_form_too_late
from bot.messages.wording import request_words
from bot.notifications import SlackRefused
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.answering import answer
from bot.workflow.authorise import authorise
from bot.workflow.handoff import set_present
from bot.workflow.lane import OPERATION
from bot.workflow.look import add_look
from bot.workflow.review import Desk, ask_executor, at_desk, decide_again, what_next
from storage.models import StepRow


async def open_reject_form(services: Services, delivery: ClickDelivery) -> None:
    """[Reject…]: ask why. Who may not reject is told so at once."""
    rejected: list[str] = []

    def decide(desk: Desk) -> Message | None:
        in_review = _in(desk, State.IN_REVIEW)
        if not in_review:
            return decisions.render_decided_already(desk.number, desk.change_set.requester)
        denials = [authorise(Action.REJECT, desk.person, desk.facts(step), desk.directory) for step in in_review]
        if all(denials):
            return desk.deny(Action.REJECT, next(filter(None, denials)), in_review[0])
        rejected.clear()  # a transaction may be done again
        rejected.extend(request_words(OPERATION.validate_json(step.operation)) for step in in_review)
        return None

    if await at_desk(services, delivery, delivery.value, decide):
        return
    form = reject_form(delivery.value, channel=delivery.channel, what=", ".join(rejected))
    try:
        await services.notifier.open_view(delivery.trigger_id, form)
    except SlackRefused:
        await answer(services, delivery, render_form_too_late())


async def withdraw(services: Services, delivery: ClickDelivery) -> None:
    """[Withdraw]: take the own approval back, until the call starts."""
    await at_desk(services, delivery, delivery.value, _withdraw, only_stops=True)


def _withdraw(desk: Desk) -> Message:
    own = [
        (step, decision) for step in desk.steps if (decision := desk.store.decisions.find_of(step.id, desk.person.id))
    ]
    if not any(decision.approved for _, decision in own):
        return desk.deny(Action.WITHDRAW, Denial.NOT_YOURS, desk.steps[0])
    withdrawn = False
    for step, decision in own:
        before = step.lifecycle
        if not (before.untouched and before.state in {State.IN_REVIEW, State.READY, State.WAITING}):
            continue
        decision.void_at = desk.now
        desk.store.flush()
        met = approvals_missing(desk.facts(step), desk.directory) == 0
        transitions.move(desk.store, step, step_events.Withdrawn(quorum_met=met), actor=desk.person.id, now=desk.now)
        if met and step.executor == desk.person.id:
            _hand_on(desk, step)
        desk.store.audit.add(
            AuditKind.WITHDRAWN,
            actor=desk.person.id,
            at=desk.now,
            change_set_id=desk.change_set.id,
            step_id=step.id,
            fingerprint=step.fingerprint,
        )
        withdrawn = True
    if not withdrawn:
        return decisions.render_too_late(desk.number)
    still = all(approvals_missing(desk.facts(step), desk.directory) == 0 for step, _ in own)
    return decisions.render_withdrawn(desk.number, others_approve=still)


def _hand_on(desk: Desk, step: StepRow) -> None:
    """The executor withdrew, and others have approved as well: it runs with the account of one of them."""
    step.executor = next(iter(executors_of(desk.facts(step), desk.directory)), "")
    ask_executor(desk, step)
    transitions.move(desk.store, step, step_events.PersonDone(), actor=desk.person.id, now=desk.now)


async def run_with_my_account(services: Services, delivery: ClickDelivery) -> None:
    """[Run with my account]: another reviewer approves and lends their account, so that nobody absent is waited for."""
    await at_desk(services, delivery, delivery.value, _run_with_my_account)


def _run_with_my_account(desk: Desk) -> Message:
    waiting = [*_in(desk, State.WAITING), *(step for step in _in(desk, State.READY) if _is_executor_away(desk, step))]
    if not waiting:
        transitions.touch(desk.store, desk.change_set.id, desk.now)
        return decisions.render_nothing_to_decide(desk.number)
    for step in waiting:
        denial = authorise(Action.RUN_WITH_MY_ACCOUNT, desk.person, desk.facts(step), desk.directory)
        if denial is not None:
            return desk.deny(Action.RUN_WITH_MY_ACCOUNT, denial, step)
    link = desk.store.links.find_linked(desk.person.id)
    if link is not None:
        set_present(desk.store, link, desk.now)
    for step in waiting:
        decide_again(desk, step)
        step.executor = desk.person.id
        transitions.update_progress(step, tried=(), npm_message="", trouble="", refused_passwords=0)
        transitions.move(desk.store, step, step_events.PersonDone(), actor=desk.person.id, now=desk.now)
    return decisions.render_taken_over(desk.number, what_next(desk, waiting[0]))


def _is_executor_away(desk: Desk, step: StepRow) -> bool:
    link = desk.store.links.find_linked(step.executor)
    return link is None or link.away


async def look(services: Services, delivery: ClickDelivery) -> None:
    """[Look]: read through the own account what stands behind an id."""

    def decide(desk: Desk) -> Message:
        blind = [step for step in _in(desk, State.IN_REVIEW) if transitions.facts_of(step).needs_look]
        if not blind:
            transitions.touch(desk.store, desk.change_set.id, desk.now)
            return decisions.render_nothing_to_decide(desk.number)
        for step in blind:
            denial = authorise(Action.LOOK, desk.person, desk.facts(step), desk.directory)
            if denial is not None:
                return desk.deny(Action.LOOK, denial, step)
        for step in blind:
            add_look(desk.store, step, desk.person.id, desk.now)
        link = desk.store.links.find_linked(desk.person.id)
        if link is not None:
            set_present(desk.store, link, desk.now)
        return decisions.render_looking(desk.number)

    await at_desk(services, delivery, delivery.value, decide)


def _in(desk: Desk, state: State) -> list[StepRow]:
    return [step for step in desk.steps if step.state == state.value]
