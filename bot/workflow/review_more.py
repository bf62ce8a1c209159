"""What reviewers can do besides approving: give the reason of a rejection, withdraw, look, lend their account."""

from collections.abc import Mapping

from bot.domain import step_events
from bot.domain.approval import Action, Denial, StepFacts, approvals_missing, executors_of
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
from bot.workflow.look import add_looks
from bot.workflow.review import Desk, ask_executor, at_desk, decide_all, what_next
from bot.workflow.sharing import best_of
from storage.models import StepRow


async def open_reject_form(services: Services, delivery: ClickDelivery) -> None:
    """[Reject…]: ask why. Who may not reject is told so at once."""
    rejected: list[str] = []

    def decide(desk: Desk) -> Message | None:
        in_review = _in(desk, State.IN_REVIEW)
        if not in_review:
            desk.note_futile("decided")
            return decisions.render_decided_already(desk.number, desk.change_set.requester)
        allowed, denied = desk.sort_out(Action.REJECT, in_review)
        if not allowed and denied:
            return desk.deny(Action.REJECT, *denied)
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
    await at_desk(services, delivery, delivery.value, _withdraw, only_stops=True, of_several=True)


def _withdraw(desk: Desk) -> Message:
    given = {step_id for step_id, decision in desk.own_decisions().items() if decision.approved}
    own = [step for step in desk.steps if step.id in given]
    if not own:
        return desk.deny(Action.WITHDRAW, Denial.NOT_YOURS, desk.steps[0])
    waiting = [step for step in own if _can_withdraw(step)]
    if not waiting:
        return decisions.render_too_late(desk.number)
    desk.store.decisions.void_all([step.id for step in waiting], desk.now, by=desk.person.id)
    facts = desk.all_facts(own)
    still = {step.id for step in own if approvals_missing(facts[step.id], desk.directory) == 0}
    for met in (False, True):
        rows = [step for step in waiting if (step.id in still) is met]
        event = step_events.Withdrawn(quorum_met=met)
        transitions.move_all(desk.store, rows, event, actor=desk.person.id, now=desk.now)
    _hand_on(desk, [step for step in waiting if step.id in still and step.executor == desk.person.id], facts)
    for step in waiting:
        desk.store.audit.add(
            AuditKind.WITHDRAWN,
            actor=desk.person.id,
            at=desk.now,
            change_set_id=desk.change_set.id,
            step_id=step.id,
            fingerprint=step.fingerprint,
        )
    return decisions.render_withdrawn(desk.number, others_approve=len(still) == len(own))


def _can_withdraw(step: StepRow) -> bool:
    before = step.lifecycle
    return before.untouched and before.state in {State.IN_REVIEW, State.READY, State.WAITING}


def _hand_on(desk: Desk, steps: list[StepRow], facts: Mapping[int, StepFacts]) -> None:
    """The executor withdrew, and others have approved as well: it runs with the account of one of them."""
    asked: set[str] = set()
    best: dict[tuple[str, ...], str] = {}
    for step in steps:
        candidates = tuple(executors_of(facts[step.id], desk.directory))
        if candidates not in best:
            best[candidates] = best_of(desk.store, candidates, desk.now)
        step.executor = best[candidates]
        if step.executor not in asked and _is_away(desk, step.executor):
            ask_executor(desk, step)
        asked.add(step.executor)
    transitions.move_all(desk.store, steps, step_events.PersonDone(), actor=desk.person.id, now=desk.now)


async def run_with_my_account(services: Services, delivery: ClickDelivery) -> None:
    """[Run with my account]: another reviewer approves and lends their account, so that nobody absent is waited for."""
    await at_desk(services, delivery, delivery.value, _run_with_my_account, of_several=True)


def _run_with_my_account(desk: Desk) -> Message:
    waiting = _left_to_others(desk)
    if not waiting:
        desk.note_futile("nothing_to_decide")
        transitions.touch(desk.store, desk.change_set.id, desk.now)
        return decisions.render_nothing_to_decide(desk.number)
    allowed, denied = desk.sort_out(Action.RUN_WITH_MY_ACCOUNT, waiting)
    if not allowed and denied:
        return desk.deny(Action.RUN_WITH_MY_ACCOUNT, *denied)
    link = desk.store.links.find_linked(desk.person.id)
    if link is not None:
        set_present(desk.store, link, desk.now)
    decide_all(desk, desk.undecided(allowed), approved=True)  # to lend an account is to approve
    for step in allowed:
        step.executor = desk.person.id
        transitions.update_progress(step, tried=(), npm_message="", trouble="", refused_passwords=0)
    transitions.move_all(desk.store, allowed, step_events.PersonDone(), actor=desk.person.id, now=desk.now)
    transitions.touch(desk.store, desk.change_set.id, desk.now)
    return decisions.render_taken_over(desk.number, what_next(desk, allowed[0]), packages=len(allowed))


def _left_to_others(desk: Desk) -> list[StepRow]:
    """Find what somebody else can make: all that nobody is there for; else, of several steps, a share of the others'.

    That is the later half of what somebody else's account is to be used for: who has a link of npm's keeps its step.
    """
    ready = [step for step in _in(desk, State.READY) if step.executor != desk.person.id and step.lifecycle.untouched]
    waiting = _in(desk, State.WAITING)
    asked_for = [*waiting, *_in(desk, State.READY)]
    away = {executor for executor in {step.executor for step in asked_for} if _is_away(desk, executor)}
    left = [step for step in asked_for if step.executor in away]
    return left or ready[len(ready) // 2 :] or waiting if len(desk.steps) > 1 else left or waiting


def _is_away(desk: Desk, executor: str) -> bool:
    link = desk.store.links.find_linked(executor)
    return link is None or link.away


async def look(services: Services, delivery: ClickDelivery) -> None:
    """[Look]: read through the own account what stands behind an id."""

    def decide(desk: Desk) -> Message:
        blind = [step for step in _in(desk, State.IN_REVIEW) if transitions.facts_of(step).needs_look]
        if not blind:
            desk.note_futile("nothing_to_decide")
            transitions.touch(desk.store, desk.change_set.id, desk.now)
            return decisions.render_nothing_to_decide(desk.number)
        for step in blind:
            denial = authorise(Action.LOOK, desk.person, desk.facts(step), desk.directory)
            if denial is not None:
                return desk.deny(Action.LOOK, denial, step)
        add_looks(desk.services, desk.store, blind, desk.person.id, desk.now)
        link = desk.store.links.find_linked(desk.person.id)
        if link is not None:
            set_present(desk.store, link, desk.now)
        return decisions.render_looking(desk.number)

    await at_desk(services, delivery, delivery.value, decide)


def _in(desk: Desk, state: State) -> list[StepRow]:
    return [step for step in desk.steps if step.state == state.value]
