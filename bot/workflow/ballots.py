"""Deciding by part: a view with this person's steps in groups, and what they sent counts for exactly that."""

import logging
from collections import Counter

from bot.domain.approval import Action, approvals_missing
from bot.domain.ballots import Ballot, Counted, Item, make_ballot, shown_of
from bot.domain.deliveries import ClickDelivery, SubmissionDelivery
from bot.domain.lifecycle import State
from bot.domain.shares import LEAST_SHARE
from bot.domain.windows import Method
from bot.messages import ballots, decisions
from bot.messages.ballots import APPROVE, REJECT, BallotOrigin
from bot.messages.change_set import fits_dialog
from bot.messages.message import Message, View
from bot.messages.notices import render_form_too_late
from bot.notifications import SlackRefused
from bot.services import Services
from bot.workflow import review, review_more, transitions
from bot.workflow.answering import answer
from bot.workflow.lane import OPERATION
from bot.workflow.owners import check_owners
from bot.workflow.review import Desk, at_desk
from bot.workflow.windows import asking_of
from storage.group_models import BallotRow
from storage.models import ChangeSetRow, StepRow
from storage.store import Store

_MANY = 100
"""From so many packages on it takes seconds to ask npm about their owners: who approves is told that it is going on."""
_WISHES = {APPROVE: Action.APPROVE, REJECT: Action.REJECT}
_LOG = logging.getLogger(__name__)


async def approve(services: Services, delivery: ClickDelivery) -> None:
    """[Approve] of one step, after its dialog; [Approve…], of several or of a long one, opens this person's part."""
    if await _is_several(services, delivery.value) or await _is_long(services, delivery.value):
        await _open(services, delivery, APPROVE)
    else:
        await review.approve(services, delivery)


async def reject(services: Services, delivery: ClickDelivery) -> None:
    """[Reject…]: the reason of one, or which of several, and why."""
    if await _is_several(services, delivery.value):
        await _open(services, delivery, REJECT)
    else:
        await review_more.open_reject_form(services, delivery)


async def _is_several(services: Services, offer: str) -> bool:
    def look(store: Store) -> bool:
        found = store.change_sets.find_offer(offer)
        return found is not None and sum(store.change_sets.tally(found.change_set_id).values()) > 1

    return await services.database.run(look)


async def _is_long(services: Services, offer: str) -> bool:
    """Tell whether the only step of a request says more than a dialog can show."""

    def look(store: Store) -> bool:
        found = store.change_sets.find_offer(offer)
        steps = store.change_sets.load_steps(found.change_set_id) if found else []
        return len(steps) == 1 and not fits_dialog(OPERATION.validate_json(steps[0].operation))

    return await services.database.run(look)


async def _open(services: Services, delivery: ClickDelivery, kind: str) -> None:
    """Show what is stored: npm is asked when the view is sent, since Slack waits three seconds for it to open."""
    opened: list[View] = []

    def show(desk: Desk) -> Message | None:
        steps = _find_own(desk, kind)
        if isinstance(steps, Message):
            return steps
        ballot = make_ballot([_item_of(step) for step in steps], only_flagged=kind == REJECT)
        row = desk.store.ballots.add(desk.change_set.id, desk.person.id, kind, ballot, desk.now)
        opened[:] = [_draw(desk.store, row, ballot, channel=delivery.channel)]  # a transaction may be done again
        return None

    if await at_desk(services, delivery, delivery.value, show, of_several=True):
        return
    try:
        await services.notifier.open_view(delivery.trigger_id, opened[0])
    except SlackRefused as refusal:
        _LOG.warning("Slack did not open a view: %s", refusal)
        await answer(services, delivery, render_form_too_late())


def _find_own(desk: Desk, kind: str) -> list[StepRow] | Message:
    """Find the steps in review that this person may decide on and has not; or say why there are none."""
    in_review = [step for step in desk.steps if step.state == State.IN_REVIEW.value]
    allowed, denied = desk.sort_out(_WISHES[kind], in_review)
    if not allowed and denied:
        return desk.deny(_WISHES[kind], *denied)
    if kind == REJECT:
        return allowed or decisions.render_decided_already(desk.number, desk.change_set.requester)
    if not allowed:
        return review.nothing_to_approve(desk)
    return desk.undecided(allowed) or review.already_approved(desk, allowed[0])


def _item_of(step: StepRow) -> Item:
    facts = transitions.facts_of(step)
    return Item(
        step_id=step.id,
        operation=OPERATION.validate_json(step.operation),
        fingerprint=step.fingerprint,
        warnings=facts.warnings,
        difference=facts.difference,
    )


def _draw(store: Store, row: BallotRow, ballot: Ballot, *, channel: str, page: int = 0, reason: str = "") -> View:
    change_set = store.change_sets.load(row.change_set_id)
    origin = BallotOrigin(ballot=row.token, kind=row.kind, channel=channel, page=page)
    return ballots.ballot_view(
        ballot,
        origin,
        number=change_set.number,
        requester=change_set.requester,
        why=change_set.reason,
        reason=reason,
    )


async def turn(services: Services, delivery: ClickDelivery) -> None:
    """[Next page], [Packages] and the way back: what was ticked on the page that is left stays so."""
    origin = BallotOrigin.model_validate_json(delivery.metadata) if delivery.metadata else None

    def work(store: Store) -> View | None:
        row = store.ballots.find(origin.ballot, delivery.user) if origin else None
        if row is None or origin is None or row.used_at is not None:
            return None
        ballot = Ballot.model_validate_json(row.content).with_ticks(ballots.read_ticks(delivery.values))
        row.content = ballot.model_dump_json()
        row.reason = delivery.values.get("reason", row.reason)
        return _turn(store, row, ballot, origin, delivery)

    view = await services.database.run(work)
    if view is None:
        await answer(services, delivery, decisions.render_never_issued())
        return
    try:
        await services.notifier.update_view(delivery.view_id, view)
    except SlackRefused as refusal:
        _LOG.info("A view was closed meanwhile: %s", refusal)


def _turn(store: Store, row: BallotRow, ballot: Ballot, origin: BallotOrigin, delivery: ClickDelivery) -> View:
    place, page = (_read_number(part) for part in f"{delivery.value}:0".split(":")[:2])
    is_group = delivery.action in {"ballot_look", "ballot_more"} and place < len(ballot.groups)
    if not is_group:
        wanted = place // ballots.PAGE if delivery.action == "ballot_back" else place
        pages = -(-len(ballot.groups) // ballots.PAGE)
        return _draw(store, row, ballot, channel=origin.channel, page=min(wanted, pages - 1), reason=row.reason)
    group = ballot.groups[place]
    wanted_ids = set(group.step_ids)
    names = [step.package for step in store.change_sets.load_steps(row.change_set_id) if step.id in wanted_ids]
    number = store.change_sets.load(row.change_set_id).number
    return ballots.group_view(group, names, origin, number=number, place=place, page=page)


async def decide(
    services: Services,
    delivery: SubmissionDelivery,
    origin: BallotOrigin,
    ticks: dict[int, bool],
    reason: str,
    *,
    inbox_id: int,
) -> None:
    """The view was sent: count it for exactly what was shown, or for nothing where that has changed."""

    def look(store: Store) -> tuple[ChangeSetRow | None, frozenset[str], bool]:
        row = store.ballots.find(origin.ballot, delivery.user)
        if row is None:
            return None, frozenset(), False
        change_set, letter = store.change_sets.load(row.change_set_id), store.inbox.load(inbox_id)
        packages = _packages_to_decide(store, row, ticks)
        is_news = len(packages) >= _MANY and (letter is None or letter.tries == 1)  # else it has been said
        return change_set, packages, is_news

    change_set, packages, is_news = await services.database.run(look)
    if change_set is None:
        await answer(services, delivery, decisions.render_never_issued(), channel=origin.channel)
        return
    if origin.kind == APPROVE and packages:
        if is_news:
            asking = ballots.render_asking_owners(change_set.number, len(packages))
            await answer(services, delivery, asking, channel=origin.channel)
        await check_owners(services, change_set.offer, delivery.user, only=packages)
    await at_desk(
        services,
        delivery,
        change_set.offer,
        lambda desk: _decide(desk, origin, ticks, reason),
        channel=origin.channel,
        only_stops=origin.kind == REJECT,
        of_several=True,
    )


def _packages_to_decide(store: Store, row: BallotRow, ticks: dict[int, bool]) -> frozenset[str]:
    """List the packages that are ticked and not decided; none where this was sent before."""
    if row.used_at is not None:
        return frozenset()
    ballot = Ballot.model_validate_json(row.content).with_ticks(ticks)
    ticked = {step_id for group in ballot.groups if group.ticked for step_id in group.step_ids}
    steps = store.change_sets.load_steps(row.change_set_id)
    return frozenset(step.package for step in steps if step.id in ticked and step.state == State.IN_REVIEW.value)


def _decide(desk: Desk, origin: BallotOrigin, ticks: dict[int, bool], reason: str) -> Message:
    row = desk.store.ballots.find(origin.ballot, desk.person.id)
    if row is None:
        return decisions.render_never_issued()
    ballot = Ballot.model_validate_json(row.content).with_ticks(ticks)
    if not ballot.ticked:
        return ballots.render_nothing_ticked(desk.number, desk.change_set.offer, origin.kind)
    if row.used_at is not None:
        return ballots.render_ballot_used(desk.number)
    steps = {step.id: step for step in desk.steps}
    ticked = [group for group in ballot.groups if group.ticked]
    changed = [
        steps[step_id]
        for group in ticked
        if shown_of(_item_of(steps[step_id]) for step_id in group.step_ids) != group.shown
        for step_id in group.step_ids
    ]
    if changed:
        return _tell_changed(desk, origin.kind, changed)
    wanted = [steps[step_id] for group in ticked for step_id in group.step_ids]
    return _count(desk, row, wanted, left=ballot.size - ballot.ticked, reason=reason)


def _count(desk: Desk, row: BallotRow, wanted: list[StepRow], *, left: int, reason: str) -> Message:
    """Let a decision on exactly what was shown have its effect, once."""
    in_review = [step for step in wanted if step.state == State.IN_REVIEW.value]
    allowed, denied = desk.sort_out(_WISHES[row.kind], in_review)
    if denied:
        return desk.deny(_WISHES[row.kind], *denied)
    allowed = allowed if row.kind == REJECT else desk.undecided(allowed)
    if not allowed:
        return ballots.render_decided_meanwhile(desk.number)
    if not desk.store.ballots.use(row, desk.now):
        return ballots.render_ballot_used(desk.number)
    counted = Counted(decided=len(allowed), meanwhile=len(wanted) - len(allowed), left=left)
    if row.kind == REJECT:
        review.reject_steps(desk, allowed, reason)
        return ballots.render_rejections_counted(desk.number, counted)
    return _approve(desk, allowed, counted)


def _tell_changed(desk: Desk, kind: str, changed: list[StepRow]) -> Message:
    transitions.touch(desk.store, desk.change_set.id, desk.now)
    differences = dict.fromkeys(transitions.facts_of(step).difference for step in changed)
    return ballots.render_ballot_changed(
        desk.number, desk.change_set.offer, kind, [each for each in differences if each], len(changed)
    )


def _approve(desk: Desk, steps: list[StepRow], counted: Counted) -> Message:
    approved = review.approve_steps(desk, steps)
    pending = [step for step in steps if step.state == State.IN_REVIEW.value]
    facts = desk.all_facts(pending)
    missing = max((approvals_missing(facts[step.id], desk.directory) for step in pending), default=0)
    counted = counted.model_copy(update={"missing": missing, "states": Counter(State(step.state) for step in approved)})
    if not approved:
        can_run = desk.store.links.find_linked(desk.person.id) is not None and not any(step.held for step in steps)
        is_shared = can_run and len(steps) >= 2 * LEAST_SHARE
        return decisions.render_approval_counted(desk.number, missing=missing, packages=len(steps), is_shared=is_shared)
    mine = [step for step in approved if step.executor == desk.person.id]
    others = Counter(step.executor for step in approved if step.executor not in {"", desk.person.id})
    counted = counted.model_copy(update={"own": len(mine), "others": tuple(others.most_common())})
    first = (mine or approved)[0]
    link = desk.store.links.find_linked(desk.person.id)
    return ballots.render_approvals_counted(
        desk.number,
        counted,
        review.what_next(desk, first),
        executor=first.executor,
        calls=sum(step.lifecycle.plan.calls for step in mine),
        asking=asking_of(desk.store, link, Method(first.lifecycle.call.value)),
    )


def _read_number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 0  # noqa: PLR2004 -- no place
