"""Deciding: approve, reject, cancel. Every press is answered, also one that does not count."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain import step_events
from bot.domain.approval import (
    Action,
    Approval,
    Denial,
    Directory,
    Person,
    StepFacts,
    approvals_missing,
    executors_of,
    reviewers_of,
)
from bot.domain.deliveries import Answerable, ClickDelivery, SubmissionDelivery
from bot.domain.events import AuditKind
from bot.domain.lifecycle import OPEN_STATES, State
from bot.domain.windows import Method
from bot.messages import decisions
from bot.messages.decisions import Next
from bot.messages.denials import Denied, render_changed, render_denial
from bot.messages.message import Message
from bot.notifications import SlackThrottled, SlackUnavailable
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.answering import answer
from bot.workflow.authorise import (
    authorise,
    load_all_step_facts,
    load_directory,
    load_person,
    load_step_facts,
    record_futile,
)
from bot.workflow.copies import adopt_copy
from bot.workflow.handoff import set_present
from bot.workflow.lane import live_session
from bot.workflow.loud import announce_alone
from bot.workflow.members import note_person
from bot.workflow.membership import AT_A_PRESS
from bot.workflow.owners import check_owners
from bot.workflow.policy_changes import (
    compare_policies,
    recheck_waiting,
    refresh_for_offer,
    rule_of,
    stamp_policy,
)
from bot.workflow.presence import ask_to_come
from bot.workflow.sharing import load_sharers
from bot.workflow.windows import asking_of
from storage.models import ChangeSetRow, DecisionRow, StepRow
from storage.store import Store

_STOP_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Desk:
    """A change set that somebody pressed a button of, with what is needed to decide."""

    services: Services
    store: Store
    person: Person
    delivery: Answerable
    """The press."""
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

    def all_facts(self, steps: Iterable[StepRow]) -> dict[int, StepFacts]:
        """Read what the rules look at of many steps, by row id."""
        return load_all_step_facts(self.services, self.store, self.change_set, steps)

    def sort_out(self, action: Action, steps: Sequence[StepRow]) -> tuple[list[StepRow], tuple[Denial, StepRow] | None]:
        """Find the steps that this person may do something to, and why not for the first other one."""
        facts = self.all_facts(steps)
        denials = [authorise(action, self.person, facts[step.id], self.directory) for step in steps]
        pairs = list(zip(denials, steps, strict=True))
        denied = next(((denial, step) for denial, step in pairs if denial is not None), None)
        return [step for denial, step in pairs if denial is None], denied

    def own_decisions(self) -> dict[int, DecisionRow]:
        """Find this person's decisions that count, by row id of the step."""
        found = self.store.decisions.list_all_of(step.id for step in self.steps)
        own = (row for rows in found.values() for row in rows if row.slack_user == self.person.id)
        return {row.step_id: row for row in own if row.void_at is None}

    def undecided(self, steps: Iterable[StepRow]) -> list[StepRow]:
        """Leave out what this person has decided on."""
        own = self.own_decisions()
        return [step for step in steps if step.id not in own]

    def note_futile(self, why: str) -> None:
        """Keep in the record that a press came when there was nothing to decide any more; `why` is one word."""
        record_futile(self.services, self.store, self.delivery, why, self.change_set.id)

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
            rule=rule_of(self.services, step.package),
            gone=reviewers.gone,
        )
        return render_denial(denial, denied)


async def at_desk(
    services: Services,
    delivery: Answerable,
    offer: str,
    decide: Callable[[Desk], Message | None],
    *,
    channel: str = "",
    only_stops: bool = False,
    of_several: bool = False,
) -> bool:
    """Find what a button stood for, decide in one transaction, then answer.

    What only stops something does not wait long for Slack to tell who the person is now: it must not come too late.
    `of_several` is what is done to many steps at once, where each is looked at: the age of the button does not matter.

    Returns:
        False when there was nothing to answer.
    """
    person = await load_stopper(services, delivery.user) if only_stops else await load_person(services, delivery.user)
    if not only_stops:
        await refresh_for_offer(services, offer)

    def work(store: Store) -> Message | None:
        if not only_stops:
            note_person(services, store, person)
        found = store.change_sets.find_offer(offer)
        if found is None:
            record_futile(services, store, delivery, "never_issued")
            return decisions.render_never_issued()
        change_set = store.change_sets.load(found.change_set_id)
        adopt_copy(services, store, f"change_set:{change_set.id}", delivery)
        steps = store.change_sets.load_steps(change_set.id)
        directory = load_directory(services, store, groups_within=None if only_stops else AT_A_PRESS)
        desk = Desk(services, store, person, delivery, change_set, steps, directory)
        transitions.expire_all(store, change_set, steps, desk.now)
        compare_policies(services, store, steps)
        recheck_waiting(services, store, change_set, steps, directory)
        is_newest = change_set.offer == offer or (of_several and len(steps) > 1)
        return _find_futile(desk, is_newest=is_newest) or decide(desk)

    message = await services.database.run(work)
    services.bell.ring("lane", "surfaces", "handoffs")
    if message is not None:
        await answer(services, delivery, message, channel=channel)
    return message is not None


def _find_futile(desk: Desk, *, is_newest: bool) -> Message | None:
    """Say, and record, that a press comes too late: all has ended, or the button stood for something else."""
    newest = desk.steps[-1]
    if not any(step.lifecycle.state in OPEN_STATES for step in desk.steps):
        why, told = "finished", decisions.render_finished(desk.number, State(newest.state), newest.finished_at)
    elif not is_newest:
        why, told = "changed", render_changed(desk.number)
    else:
        return None
    record_futile(desk.services, desk.store, desk.delivery, why, desk.change_set.id)
    transitions.touch(desk.store, desk.change_set.id, desk.now)
    return told


async def load_stopper(services: Services, user: str) -> Person:
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
    allowed, denied = desk.sort_out(Action.APPROVE, in_review)
    if not allowed:
        return desk.deny(Action.APPROVE, *denied) if denied else nothing_to_approve(desk)
    fresh = desk.undecided(allowed)
    if not fresh:
        return already_approved(desk, allowed[0])
    approved = approve_steps(desk, fresh)
    if not approved:
        return decisions.render_approval_counted(desk.number, missing=approvals_missing_of(desk, fresh[0]))
    executor = approved[0].executor
    mine = [step for step in approved if step.executor == desk.person.id]
    method = Method((mine or approved)[0].lifecycle.call.value)
    return decisions.render_approved(
        desk.number,
        what_next(desk, approved[0]),
        executor=executor,
        calls=sum(step.lifecycle.plan.calls for step in mine),
        asking=asking_of(desk.store, desk.store.links.find_linked(desk.person.id), method),
    )


def nothing_to_approve(desk: Desk) -> Message:
    """Say why there is nothing of this person's to approve."""
    own = next((decision for decision in desk.own_decisions().values() if decision.approved), None)
    if own is not None:
        return decisions.render_already_approved(desk.number, own.at)
    denial = authorise(Action.APPROVE, desk.person, desk.facts(desk.steps[0]), desk.directory)
    if denial is not None:
        return desk.deny(Action.APPROVE, denial, desk.steps[0])
    desk.note_futile("nothing_to_decide")
    transitions.touch(desk.store, desk.change_set.id, desk.now)
    return decisions.render_nothing_to_decide(desk.number)


def already_approved(desk: Desk, step: StepRow) -> Message:
    """Say that this person's approval stands."""
    decision = desk.store.decisions.find_of(step.id, desk.person.id)
    return decisions.render_already_approved(desk.number, decision.at if decision else desk.now)


def approvals_missing_of(desk: Desk, step: StepRow) -> int:
    """Tell how many more must approve a step."""
    return approvals_missing(desk.facts(step), desk.directory)


def approve_steps(desk: Desk, steps: Sequence[StepRow]) -> list[StepRow]:
    """Let this person approve steps; those whose quorum is met, with who executes them.

    Who completed the quorum is present, so that their account is used where it can write. Of many steps, others who
    approved them and are there too get their share.
    """
    _mark_present(desk)
    before = desk.all_facts(steps)
    sharers = load_sharers(desk.store, desk.change_set.id, desk.now)
    decide_all(desk, steps, approved=True)  # and looked at no more before it is stored: a thousand take one flush
    facts = {step.id: _with_approval(desk, before[step.id], step) for step in steps}
    alike: dict[step_events.Approved, list[StepRow]] = {}
    candidates = {step.id: executors_of(facts[step.id], desk.directory) for step in steps}
    for step in steps:
        met = approvals_missing(facts[step.id], desk.directory) == 0
        event = step_events.Approved(quorum_met=met, account_usable=bool(candidates[step.id]))
        alike.setdefault(event, []).append(step)
    sharers.deal((row, candidates[row.id]) for event, rows in alike.items() if event.quorum_met for row in rows)
    for event, rows in alike.items():
        transitions.move_all(desk.store, rows, event, actor=desk.person.id, now=desk.now)
    approved = [step for event, rows in alike.items() if event.quorum_met for step in rows]
    announce_alone(desk.services, desk.store, approved, facts, desk.now)
    absent = {desk.change_set.requester} - {desk.person.id}
    asked = next((step for step in approved if step.executor in absent), None)
    if asked is not None:
        ask_executor(desk, asked)
    return approved


def _with_approval(desk: Desk, facts: StepFacts, step: StepRow) -> StepFacts:
    """Add this person's approval to what the rules look at."""
    own = Approval(desk.person.id, step.fingerprint, desk.directory.npm_users.get(desk.person.id, ""))
    return facts.model_copy(update={"approvals": (*facts.approvals, own), "decided_under": step.policy})


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
    if step.held:
        return Next.HELD
    if step.paused:
        return Next.PAUSED
    if step.executor != desk.person.id:
        return Next.OTHER_ACCOUNT
    link = desk.store.links.find_linked(desk.person.id)
    if live_session(desk.services, link) is None:
        return Next.LOG_IN
    return Next.IN_TURN if desk.store.handoffs.find_open(desk.person.id) else Next.CONFIRM


def decide_all(desk: Desk, steps: Iterable[StepRow], *, approved: bool, reason: str = "") -> None:
    """Keep this person's decision on steps, each by its fingerprint."""
    decided = list(steps)
    with desk.store.held_back():
        stamp_policy(desk.services, desk.store, decided)
    desk.store.decisions.add_all(
        [
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
            for step in decided
        ]
    )
    for step in decided:
        desk.store.audit.add(
            AuditKind.DECIDED,
            actor=desk.person.id,
            at=desk.now,
            change_set_id=desk.change_set.id,
            step_id=step.id,
            approved=approved,
            fingerprint=step.fingerprint,
        )


def reject_steps(desk: Desk, steps: Sequence[StepRow], reason: str) -> list[StepRow]:
    """Let this person reject steps; an approval of theirs counts no more."""
    desk.store.decisions.void_all([step.id for step in steps], desk.now, by=desk.person.id)
    decide_all(desk, steps, approved=False, reason=reason)
    return transitions.move_all(desk.store, steps, step_events.Rejected(), actor=desk.person.id, now=desk.now)


async def reject(services: Services, delivery: SubmissionDelivery, offer: str, reason: str, *, channel: str) -> None:
    """The form of [Reject…]: every step that this person reviews ends, with the reason."""

    def decide(desk: Desk) -> Message:
        in_review = [step for step in desk.steps if step.state == State.IN_REVIEW.value]
        if not in_review:
            desk.note_futile("decided")
            return decisions.render_decided_already(desk.number, desk.change_set.requester)
        allowed, denied = desk.sort_out(Action.REJECT, in_review)
        if not allowed and denied:
            return desk.deny(Action.REJECT, *denied)
        reject_steps(desk, allowed, reason)
        return decisions.render_rejected(desk.number)

    await at_desk(services, delivery, offer, decide, channel=channel, only_stops=True)
