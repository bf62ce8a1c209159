"""[Ask for N]: what is ticked in a preview becomes a change set, or one for each channel that the policy names."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.batch import BatchState, PlacedRequest, Status, Why
from bot.domain.commands import RevokeTrust
from bot.domain.deliveries import ClickDelivery
from bot.messages import refusals
from bot.messages.batches import render_batch_asked, render_batch_empty, render_batch_old
from bot.messages.decisions import render_never_issued
from bot.messages.message import Message
from bot.services import Services
from bot.workflow.answering import answer
from bot.workflow.batch_look import PATIENCE
from bot.workflow.batches import (
    command_of,
    key_of,
    may_stage,
    read_value,
    refuse_press,
    requests_of,
    tell_changed,
    tell_over,
)
from bot.workflow.invite import invite_reviewers
from bot.workflow.lane import OPERATION
from bot.workflow.plan_step import Planned, find_same
from bot.workflow.policy_checks import channels_of, check_request
from bot.workflow.store_request import Request, store_request
from storage.batch_models import BatchItemRow, BatchRow
from storage.change_sets import delivery_beside
from storage.records import StepFacts
from storage.store import Store


async def ask(services: Services, delivery: ClickDelivery) -> None:
    """[Ask for N]: stage what is ticked, in one transaction, and tell the reviewers.

    Raises:
        SlackError: Slack does not say who presses, or what the channel is.
    """
    batch, revision = await services.database.run(lambda store: read_value(store, delivery.value))
    refusal = refuse_press(batch, delivery.user)
    if refusal is not None or batch is None:
        await answer(services, delivery, refusal or render_never_issued())
        return
    if batch.state != BatchState.READY:
        await _announce(services, batch.token)  # the same press, done again after a crash
        await answer(services, delivery, await services.database.run(lambda store: _tell_over(services, store, batch)))
        return
    person, denial = await may_stage(services, delivery.user)
    packages = await services.database.run(lambda store: store.batches.list_chosen(batch.id))
    places = channels_of(services, packages, batch.channel)
    access = {place: await services.channels.check(place) for place in places}
    told = denial or await check_request(services, person.id, places)
    if told is None and (closed := next((place for place in places if not access[place].postable), None)):
        told = refusals.render_cannot_post(closed, access[closed].why)
    if told is None:
        targets = [_Target(place, frozenset(there), access[place].private) for place, there in places.items()]
        told = await services.database.run(lambda store: _stage(services, store, batch.token, revision, targets))
    await _announce(services, batch.token)
    await answer(services, delivery, told)


def _tell_over(services: Services, store: Store, batch: BatchRow) -> Message:
    return tell_over(services, store, store.batches.find(batch.token) or batch)


@dataclass(frozen=True, slots=True)
class _Target:
    """Where a request is to stand, of several where the policy wants them apart."""

    channel: str
    packages: frozenset[str]
    """What belongs there."""
    is_private: bool
    """Private names may be seen there."""


async def _announce(services: Services, token: str) -> None:
    """Invite the reviewers of what is committed; each once, also after a crash."""
    services.bell.ring("surfaces", "lane")

    def find(store: Store) -> list[int]:
        batch = store.batches.find(token)
        return [change_set.id for change_set in requests_of(store, batch)] if batch else []

    for change_set_id in await services.database.run(find):
        await invite_reviewers(services, change_set_id)


def _stage(services: Services, store: Store, token: str, revision: int, targets: Sequence[_Target]) -> Message:
    batch, now = store.batches.find(token), services.clock.now()
    if batch is None:
        return render_never_issued()
    if batch.state == BatchState.READY and (batch.ready_at or now) + PATIENCE <= now:
        _look_again(services, store, batch)
        return render_batch_old()
    if batch.state != BatchState.READY:
        return tell_over(services, store, batch)
    if revision != batch.revision:
        return tell_changed(services, store, batch)
    chosen = store.batches.list_included(batch.id)
    left_out = _leave_out(services, store, chosen, targets)
    store.surfaces.touch(key_of(batch), now)
    asked = _ask_in_each(services, store, batch, [item for item in chosen if _is_in(item)], targets)
    if not asked:
        batch.revision += 1
        return render_batch_empty(left_out)
    batch.state, batch.finished_at = BatchState.STAGED.value, now
    return render_batch_asked(asked[0], asked[1:], left_out=left_out)


def _ask_in_each(
    services: Services, store: Store, batch: BatchRow, chosen: Sequence[BatchItemRow], targets: Sequence[_Target]
) -> list[PlacedRequest]:
    """Store a change set for each channel: what stands in one says nothing of the packages of another."""
    asked: list[PlacedRequest] = []
    for target in targets:
        planned = [_planned(item) for item in chosen if item.package in target.packages]
        if not planned:
            continue
        first = batch.change_set_id
        request = Request(
            inbox_id=batch.inbox_id if first is None else delivery_beside(first, len(asked)),
            requester=batch.person,
            reason=batch.reason,
            channel=target.channel,
            permissions_stated=_permissions_stated(batch),
            hold=batch.hold,
        )
        change_set = store_request(services, store, request, planned)
        batch.change_set_id = first or change_set.id
        asked.append(PlacedRequest(change_set.channel, len(planned), change_set.number))
    return asked


def _is_in(item: BatchItemRow) -> bool:
    return item.status == Status.INCLUDED.value


def _leave_out(services: Services, store: Store, chosen: list[BatchItemRow], targets: Sequence[_Target]) -> int:
    """Take out what somebody else has asked for since the preview, and what must not be seen where it belongs."""
    pending = store.batches.find_pending(item.package for item in chosen)
    hidden = {package for target in targets if target.is_private for package in target.packages}
    left_out = 0
    for item in chosen:
        same = find_same(services, store, OPERATION.validate_json(item.operation), pending.get(item.package, []))
        if same is not None:
            item.status, item.why, item.detail = Status.SKIPPED.value, Why.PENDING.value, f"C-{same.number}"
        elif item.private and item.package not in hidden:
            item.status, item.why = Status.SKIPPED.value, Why.PRIVATE.value
        left_out += not _is_in(item)
    return left_out


def _look_again(services: Services, store: Store, batch: BatchRow) -> None:
    """The preview is of yesterday: packages, owners and what else is asked for are others today."""
    now = services.clock.now()
    store.batches.forget_results(batch.id)
    batch.state, batch.ready_at, batch.next_try_at, batch.created_at = BatchState.LOOKING.value, None, now, now
    batch.revision += 1
    services.bell.ring("batches")
    store.surfaces.touch(key_of(batch), now)


def _permissions_stated(batch: BatchRow) -> bool:
    command = command_of(batch)
    return command is None or isinstance(command, RevokeTrust) or command.permissions_stated


def _planned(item: BatchItemRow) -> Planned:
    facts = StepFacts.model_validate_json(item.facts)
    return Planned(OPERATION.validate_json(item.operation), facts, item.private)
