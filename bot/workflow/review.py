"""Deciding: approve, reject, cancel. Every press is answered, also one that does not count."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain import step_events
from bot.domain.approval import (
    Action,
    Denial,
    Directory,
    Person,
    StepFacts,
    approvals_missing,
    executors_of,
    reviewers_of,
)
from bot.domain.deliveries import ClickDelivery, CommandDelivery, Delivery, SubmissionDelivery
from bot.domain.events import AuditKind
from bot.domain.lifecycle import OPEN_STATES, State
from bot.domain.windows import Method
from bot.messages import decisions
from bot.messages.decisions import Next
from bot.messages.denials import Denied, render_changed, render_denial
from bot.messages.listings import render_no_such_change_set
from bot.messages.message import Message
from bot.notifications import SlackThrottled, SlackUnavailable
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.answering import answer
from bot.workflow.authorise import authorise, load_directory, load_person, load_step_facts
from bot.workflow.copies import adopt_copy
from bot.workflow.handoff import set_present
from bot.workflow.lane import live_session
from bot.workflow.owners import check_owners
from bot.workflow.presence import ask_to_come
from bot.workflow.windows import asking_of
from storage.models import ChangeSetRow, DecisionRow, StepRow
from storage.store import Store

_DONE = frozenset({State.APPLIED, State.RESTORED, State.LEFT_HALF, State.UNRESOLVED})
"""The ends in which something changed at npm, or may have."""


_STOP_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Desk:
    """A change set that somebody pressed a button of, with what is needed to decide."""

    services: Services
    store: Store
    person: Person
    change_set: ChangeSetRow
    steps: list[StepRow]
    directory: Directory
    now: datetime = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "now", self.services.clock.now())

    @property
    def number(self) -> int:
        """The short id, for people."""
        return self.change_set.number

    def facts(self, step: StepRow) -> StepFacts:
        """Read what the rules look at."""
        return load_step_facts(self.services, self.store, self.change_set, step)

    def deny(self, action: Action, denial: Denial, step: StepRow) -> Message:
        """Refuse, in the record and to the person."""
        reviewers = reviewers_of(self.facts(step), self.directory)
        self.store.audit.add(
            AuditKind.DENIED,
            actor=self.person.id,
            at=self.now,
            change_set_id=self.change_set.id,
            step_id=step.id,
            action=action,
            why=denial,
        )
        transitions.touch(self.store, self.change_set.id, self.now)
        denied = Denied(
            wish=action,
            number=self.number,
            requester=self.change_set.requester,
            reviewers=reviewers.people,
            unlinked=reviewers.unlinked,
        )
        return render_denial(denial, denied)


async def at_desk(
    services: Services,
    delivery: Delivery,
    offer: str,
    decide: Callable[[Desk], Message | None],
    *,
    channel: str = "",
    only_stops: bool = False,
) -> bool:
    """Find what a button stood for, decide in one transaction, then answer.

    What only stops something does not wait long for Slack to tell who the person is now: it must not come too late.

    Returns:
        False when there was nothing to answer.
    """
    person = await _load_stopper(services, delivery.user) if only_stops else await load_person(services, delivery.user)

    def work(store: Store) -> Message | None:
        found = store.change_sets.find_offer(offer)
        if found is None:
            return decisions.render_never_issued()
        change_set = store.change_sets.load(found.change_set_id)
        adopt_copy(services, store, f"change_set:{change_set.id}", delivery)
        steps = store.change_sets.load_steps(change_set.id)
        desk = Desk(services, store, person, change_set, steps, load_directory(services, store))
        for step in steps:
            transitions.expire(store, change_set, step, desk.now)
        if not any(step.lifecycle.state in OPEN_STATES for step in steps):
            transitions.touch(store, change_set.id, desk.now)
            return decisions.render_finished(change_set.number, State(steps[-1].state), steps[-1].finished_at)
        if change_set.offer != offer:
            transitions.touch(store, change_set.id, desk.now)
            return render_changed(change_set.number)
        return decide(desk)

    message = await services.database.run(work)
    services.bell.ring("lane", "surfaces", "handoffs")
    if message is not None:
        await answer(services, delivery, message, channel=channel)
    return message is not None


async def _load_stopper(services: Services, user: str) -> Person:
    """Ask Slack who somebody is, but not for long: whoever stops something needs no more than to be who they are."""
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            return await load_person(services, user)
    except (SlackUnavailable, SlackThrottled, TimeoutError):
        return Person(id=user)


async def approve(services: Services, delivery: ClickDelivery) -> None:
    """[Approve]: this person's approval of every step that they review, bound to its fingerprint."""
    await check_owners(services, delivery.value, delivery.user)
    await at_desk(services, delivery, delivery.value, _approve)


def _approve(desk: Desk) -> Message:
    in_review = [step for step in desk.steps if step.state == State.IN_REVIEW.value]
    allowed = []
    denied: tuple[Denial, StepRow] | None = None
    for step in in_review:
        denial = authorise(Action.APPROVE, desk.person, desk.facts(step), desk.directory)
        if denial is None:
            allowed.append(step)
        else:
            denied = denied or (denial, step)
    if not allowed:
        return desk.deny(Action.APPROVE, *denied) if denied else _nothing_to_approve(desk)
    fresh = [step for step in allowed if desk.store.decisions.find_of(step.id, desk.person.id) is None]
    if not fresh:
        return _already_approved(desk, allowed[0])
    for step in fresh:
        _decide(desk, step, approved=True)
    _mark_present(desk)
    approved = [step for step in fresh if count_approval(desk, step)]
    if not approved:
        return decisions.render_approval_counted(desk.number, missing=approvals_missing_of(desk, fresh[0]))
    executor = approved[0].executor
    mine = [step for step in approved if step.executor == desk.person.id]
    method = Method((mine or approved)[0].lifecycle.call.value)
    return decisions.render_approved(
        desk.number,
        what_next(desk, approved[0]),
        executor=executor,
        calls=len(mine),
        asking=asking_of(desk.store, desk.store.links.find_linked(desk.person.id), method),
    )


def _nothing_to_approve(desk: Desk) -> Message:
    own = next(
        (
            decision
            for step in desk.steps
            if (decision := desk.store.decisions.find_of(step.id, desk.person.id)) and decision.approved
        ),
        None,
    )
    if own is not None:
        return decisions.render_already_approved(desk.number, own.at)
    denial = authorise(Action.APPROVE, desk.person, desk.facts(desk.steps[0]), desk.directory)
    if denial is not None:
        return desk.deny(Action.APPROVE, denial, desk.steps[0])
    transitions.touch(desk.store, desk.change_set.id, desk.now)
    return decisions.render_nothing_to_decide(desk.number)


def _already_approved(desk: Desk, step: StepRow) -> Message:
    decision = desk.store.decisions.find_of(step.id, desk.person.id)
    return decisions.render_already_approved(desk.number, decision.at if decision else desk.now)


def approvals_missing_of(desk: Desk, step: StepRow) -> int:
    """Tell how many more must approve a step."""
    return approvals_missing(desk.facts(step), desk.directory)


def count_approval(desk: Desk, step: StepRow) -> bool:
    """Let a new approval of a step have its effect; True when its quorum is met."""
    facts = desk.facts(step)
    met = approvals_missing(facts, desk.directory) == 0
    candidates = executors_of(facts, desk.directory)
    if met:
        step.executor = candidates[0] if candidates else ""
    event = step_events.Approved(quorum_met=met, account_usable=bool(candidates))
    transitions.move(desk.store, step, event, actor=desk.person.id, now=desk.now)
    if met and step.executor == desk.change_set.requester:
        ask_executor(desk, step)
    return met


def ask_executor(desk: Desk, step: StepRow) -> None:
    """The account of somebody is used who pressed nothing just now: nothing comes unasked, so they are asked first."""
    link = desk.store.links.find_linked(step.executor)
    if link is not None:
        ask_to_come(desk.store, link, step, desk.now)


def _mark_present(desk: Desk) -> None:
    link = desk.store.links.find_linked(desk.person.id)
    if link is not None:
        set_present(desk.store, link, desk.now)


def what_next(desk: Desk, step: StepRow) -> Next:
    """Tell what follows for the person who just approved."""
    if step.executor != desk.person.id:
        return Next.OTHER_ACCOUNT
    link = desk.store.links.find_linked(desk.person.id)
    if live_session(desk.services, link) is None:
        return Next.LOG_IN
    return Next.IN_TURN if desk.store.handoffs.find_open(desk.person.id) else Next.CONFIRM


def _decide(desk: Desk, step: StepRow, *, approved: bool, reason: str = "") -> None:
    desk.store.decisions.add(
        DecisionRow(
            workspace=desk.store.workspace,
            step_id=step.id,
            slack_user=desk.person.id,
            npm_user=desk.directory.npm_users.get(desk.person.id, ""),
            approved=approved,
            reason=reason,
            fingerprint=step.fingerprint,
            at=desk.now,
        )
    )
    desk.store.audit.add(
        AuditKind.DECIDED,
        actor=desk.person.id,
        at=desk.now,
        change_set_id=desk.change_set.id,
        step_id=step.id,
        approved=approved,
        fingerprint=step.fingerprint,
    )


def decide_again(desk: Desk, step: StepRow) -> None:
    """Approve a step as "Run with my account" does, unless this person has already."""
    if desk.store.decisions.find_of(step.id, desk.person.id) is None:
        _decide(desk, step, approved=True)


async def reject(services: Services, delivery: SubmissionDelivery, offer: str, reason: str, *, channel: str) -> None:
    """The form of [Reject…]: every step that this person reviews ends, with the reason."""

    def decide(desk: Desk) -> Message:
        in_review = [step for step in desk.steps if step.state == State.IN_REVIEW.value]
        if not in_review:
            return decisions.render_decided_already(desk.number, desk.change_set.requester)
        denials = [authorise(Action.REJECT, desk.person, desk.facts(step), desk.directory) for step in in_review]
        for step, denial in zip(in_review, denials, strict=True):
            if denial is None:
                own = desk.store.decisions.find_of(step.id, desk.person.id)
                if own is not None:
                    own.void_at = desk.now
                    desk.store.flush()
                _decide(desk, step, approved=False, reason=reason)
                transitions.move(desk.store, step, step_events.Rejected(), actor=desk.person.id, now=desk.now)
        if all(denials):
            return desk.deny(Action.REJECT, next(filter(None, denials)), in_review[0])
        return decisions.render_rejected(desk.number)

    await at_desk(services, delivery, offer, decide, channel=channel, only_stops=True)


async def cancel_offer(services: Services, delivery: ClickDelivery) -> None:
    """[Cancel]."""
    await at_desk(services, delivery, delivery.value, _cancel, only_stops=True)


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
    for step in desk.steps:
        transitions.move(desk.store, step, step_events.Cancelled(), actor=desk.person.id, now=desk.now)
    still_open = [step for step in desk.steps if step.lifecycle.state in OPEN_STATES]
    if not still_open:
        is_part_done = any(State(step.state) in _DONE for step in desk.steps)
        return decisions.render_cancelled(desk.number, is_part_done=is_part_done)
    if any(step.cancel_wanted for step in still_open):
        return decisions.render_cancel_wanted(desk.number)
    return decisions.render_cannot_cancel_half(desk.number)
