"""Many packages in one wish: what begins it, and what its person presses in the preview."""

import json
from collections.abc import Iterable
from typing import Annotated

from pydantic import Field, TypeAdapter

from bot.domain import commands
from bot.domain.approval import Action, Person
from bot.domain.batch import LOOKING_STATES, BatchState, Wanted, wanted_of
from bot.domain.commands import Change, SetUp
from bot.domain.deliveries import ClickDelivery, CommandDelivery, SubmissionDelivery
from bot.domain.patterns import Selection
from bot.messages.batches import (
    render_batch_begun,
    render_batch_changed,
    render_batch_dropped,
    render_batch_over,
    render_not_your_batch,
)
from bot.messages.decisions import render_never_issued
from bot.messages.denials import Denied, render_denial
from bot.messages.message import Message
from bot.services import Services
from bot.workflow.answering import answer
from bot.workflow.authorise import authorise, load_directory, load_person
from storage.batch_models import BatchRow
from storage.models import ChangeSetRow
from storage.store import Store

_COMMANDS: TypeAdapter[Change] = TypeAdapter(Annotated[Change, Field(discriminator="verb")])
_MIXED = "mixed"
_JSON_REMARK = "You wrote --json: of many packages there is this preview instead."


async def begin(
    services: Services,
    delivery: CommandDelivery | SubmissionDelivery,
    command: Change,
    *,
    inbox_id: int,
    channel: str,
    origin: str,
) -> None:
    """Take a line with patterns or many names; the preview comes by DM.

    Raises:
        SlackError: Slack cannot be reached, and the line is to be taken again.
    """

    def work(store: Store) -> BatchRow:
        batch = start_batch(
            services,
            store,
            inbox_id=inbox_id,
            person=delivery.user,
            channel=channel,
            reason=command.reason,
            hold=isinstance(command, SetUp) and command.hold,
            items=() if command.selection else wanted_of(command, command.packages),
            remarks=[*command.remarks, *([_JSON_REMARK] if command.as_json else [])],
            command=command,
        )
        store.flush()
        return batch

    batch = await services.database.run(work)
    services.bell.ring("batches", "surfaces")
    told = render_batch_begun(len(command.packages), batch.selection, is_direct=origin.startswith("D"))
    await answer(services, delivery, told, channel=origin)


def start_batch(  # noqa: PLR0913 -- what a wish is made of, each by its name
    services: Services,
    store: Store,
    *,
    inbox_id: int,
    person: str,
    channel: str,
    reason: str,
    hold: bool,
    items: Iterable[Wanted],
    remarks: Iterable[str] = (),
    command: Change | None = None,
) -> BatchRow:
    """Store a wish for many packages, and let its preview be made. A delivery begins one, also after a crash.

    Args:
        services: What a use case works with.
        store: Of the transaction.
        inbox_id: The delivery that asks for it.
        person: Slack id of who wants it: the preview goes to them alone.
        channel: Where the request is to stand; that the bot can post there is looked at before.
        reason: For those who decide.
        hold: Approvals are collected, and nothing runs before somebody says so.
        items: What is wanted of each package, in the order in which it is shown.
        remarks: Sentences for the person.
        command: The typed line where it was one. Its patterns are resolved in place of the items.
    """
    if known := store.batches.find_delivery(inbox_id):
        return known
    now, wanted, selection = services.clock.now(), list(items), command.selection if command else None
    batch = store.batches.add(
        BatchRow(
            workspace=store.workspace,
            inbox_id=inbox_id,
            person=person,
            channel=channel,
            reason=reason,
            hold=hold,
            kind=_kind_of(command, wanted),
            selection=selection.text if selection else "",
            command=command.model_dump_json() if command else "",
            remarks=json.dumps(list(remarks)),
            state=(BatchState.LISTING if selection else BatchState.LOOKING).value,
            created_at=now,
            next_try_at=now,
        )
    )
    store.batches.add_items(batch, wanted)
    store.surfaces.want(key_of(batch), channel=person, now=now)
    return batch


def _kind_of(command: Change | None, wanted: Iterable[Wanted]) -> str:
    """Tell what is wanted of all the packages, where it is one thing."""
    verbs = {command_verb(command)} if command else {each.verb for each in wanted}
    return verbs.pop() if len(verbs) == 1 else _MIXED


def command_verb(command: Change) -> str:
    """Tell what a command wants of each package."""
    return {commands.SetUp: "create", commands.RevokeTrust: "revoke", commands.ReplaceTrust: "replace"}[type(command)]


def key_of(batch: BatchRow) -> str:
    """Name the preview of a batch."""
    return f"batch:{batch.token}"


def value_of(batch: BatchRow) -> str:
    """Tell the value of the preview's buttons: of what is ticked now, and of no earlier preview."""
    return f"{batch.token}:{batch.revision}"


def selection_of_batch(batch: BatchRow) -> Selection | None:
    """Tell the patterns of a batch; None where each package was named."""
    command = command_of(batch)
    return command.selection if command else None


def command_of(batch: BatchRow) -> Change | None:
    """Tell the line that a batch came from; None where it came by a form."""
    return _COMMANDS.validate_json(batch.command) if batch.command else None


async def drop(services: Services, delivery: ClickDelivery) -> None:
    """[Drop]: nothing is asked for."""

    def work(store: Store) -> Message:
        batch, _ = read_value(store, delivery.value)
        if (refusal := refuse_press(batch, delivery.user)) or batch is None:
            return refusal or render_never_issued()
        if batch.state not in {BatchState.READY, *LOOKING_STATES}:
            return tell_over(services, store, batch)
        batch.state, batch.finished_at = BatchState.DROPPED.value, services.clock.now()
        store.surfaces.touch(key_of(batch), services.clock.now())
        return render_batch_dropped()

    told = await services.database.run(work)
    services.bell.ring("surfaces")
    await answer(services, delivery, told)


def read_value(store: Store, value: str) -> tuple[BatchRow | None, int]:
    """Find the batch of a button, and which of its previews it was under."""
    token, _, revision = value.partition(":")
    is_number = revision.isascii() and revision.isdecimal() and len(revision) < 10  # noqa: PLR2004 -- no revision
    return store.batches.find(token), int(revision) if is_number else 0


def refuse_press(batch: BatchRow | None, person: str) -> Message | None:
    """Say why a press on a preview does not count: it is none of ours, or somebody else's."""
    if batch is None:
        return render_never_issued()
    return None if batch.person == person else render_not_your_batch()


def tell_over(services: Services, store: Store, batch: BatchRow) -> Message:
    """Say what became of a batch that somebody still presses buttons of, and bring its message up to date."""
    store.surfaces.touch(key_of(batch), services.clock.now())
    return render_batch_over(BatchState(batch.state), numbers=[each.number for each in requests_of(store, batch)])


def requests_of(store: Store, batch: BatchRow) -> list[ChangeSetRow]:
    """List what a batch became: one change set for each channel."""
    if batch.change_set_id is None:
        return []
    return [store.change_sets.load(batch.change_set_id), *store.change_sets.list_beside(batch.change_set_id)]


def tell_changed(services: Services, store: Store, batch: BatchRow) -> Message:
    """Say that a button stood under an earlier preview, and bring the message up to date."""
    store.surfaces.touch(key_of(batch), services.clock.now())
    return render_batch_changed()


async def may_stage(services: Services, user: str) -> tuple[Person, Message | None]:
    """Ask who presses, and whether they may ask for anything.

    Raises:
        SlackError: Slack does not say.
    """
    person = await load_person(services, user)
    directory = await services.database.run(lambda store: load_directory(services, store))
    denial = authorise(Action.STAGE, person, None, directory)
    return person, render_denial(denial, Denied(wish=Action.STAGE)) if denial else None
