"""[Ask for N]: what is ticked in a preview becomes a change set."""

from dataclasses import dataclass

from bot.domain.batch import BatchState, Status, Why
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
    tell_changed,
    tell_over,
)
from bot.workflow.invite import invite_reviewers
from bot.workflow.lane import OPERATION
from bot.workflow.plan_step import Planned, find_same
from bot.workflow.policy_checks import channels_of, check_request, packages_elsewhere
from bot.workflow.store_request import Request, store_request
from storage.batch_models import BatchItemRow, BatchRow
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
    person, denial = await may_stage(services, delivery.user)
    packages = await services.database.run(lambda store: store.batches.list_chosen(batch.id))
    channel = next(iter(channels_of(services, packages, batch.channel)), batch.channel)
    access = await services.notifier.check_channel(channel)
    told = denial or await check_request(services, person.id, packages, channel=channel)
    if told is None and not access.postable:
        told = refusals.render_cannot_post(channel, access.why)
    if told is None:
        target = _Target(channel, is_private=access.private, otherwise=batch.channel)
        told = await services.database.run(lambda store: _stage(services, store, batch.token, revision, target))
    await _announce(services, batch.token)
    await answer(services, delivery, told)


@dataclass(frozen=True, slots=True)
class _Target:
    """Where the request is to stand."""

    channel: str
    is_private: bool
    """Private names may be seen there."""
    otherwise: str
    """Where requests stand for which the policy names no channel."""


async def _announce(services: Services, token: str) -> None:
    """Invite the reviewers of what is committed; each once, also after a crash."""
    services.bell.ring("surfaces", "lane")
    batch = await services.database.run(lambda store: store.batches.find(token))
    if batch is not None and batch.change_set_id is not None:
        await invite_reviewers(services, batch.change_set_id)


def _stage(services: Services, store: Store, token: str, revision: int, target: _Target) -> Message:
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
    left_out = _leave_out(services, store, chosen, target)
    planned = [_planned(item) for item in chosen if item.status == Status.INCLUDED.value]
    store.surfaces.touch(key_of(batch), now)
    if not planned:
        batch.revision += 1
        return render_batch_empty(left_out)
    request = Request(
        inbox_id=batch.inbox_id,
        requester=batch.person,
        reason=batch.reason,
        channel=target.channel,
        permissions_stated=_permissions_stated(batch),
        hold=batch.hold,
    )
    change_set = store_request(services, store, request, planned)
    batch.state, batch.change_set_id, batch.finished_at = BatchState.STAGED.value, change_set.id, now
    return render_batch_asked(change_set.number, change_set.channel, packages=len(planned), left_out=left_out)


def _leave_out(services: Services, store: Store, chosen: list[BatchItemRow], target: _Target) -> int:
    """Take out what somebody else has asked for since the preview, and what does not belong in the channel."""
    pending = store.batches.find_pending(item.package for item in chosen)
    elsewhere = packages_elsewhere(services, (item.package for item in chosen), target.channel, target.otherwise)
    left_out = 0
    for item in chosen:
        same = find_same(services, store, OPERATION.validate_json(item.operation), pending.get(item.package, []))
        if same is not None:
            item.status, item.why, item.detail = Status.SKIPPED.value, Why.PENDING.value, f"C-{same.number}"
        elif item.private and not target.is_private:
            item.status, item.why = Status.SKIPPED.value, Why.PRIVATE.value
        elif item.package in elsewhere:
            item.status, item.why = Status.SKIPPED.value, Why.CHANNEL.value
        left_out += item.status != Status.INCLUDED.value
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
