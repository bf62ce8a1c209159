"""The messages of batches, as they are drawn from what is committed."""

import json
from collections.abc import Iterator

from bot.domain.batch import CALLS, CREATE, REVOKE, BatchState, BatchView, Effort, ListedGroup, PlacedRequest, Status
from bot.domain.command_line import command_line_of
from bot.domain.pacing import confirmations_for
from bot.domain.windows import Asking, Method
from bot.messages.batches import render_batch, render_looks
from bot.messages.message import Message
from bot.services import Services
from bot.workflow.batches import command_of, requests_of, value_of
from bot.workflow.catalogue import note_catalogue
from bot.workflow.lane import live_session
from bot.workflow.policy_checks import channels_of, names_channels
from bot.workflow.windows import asking_of
from storage.batch_models import BatchRow
from storage.store import Store

_MOST_GROUPS = 9
_ANSWER_SECONDS = 0.1
"""What npm takes for an answer, about."""


def draw_batch(services: Services, store: Store, reference: str) -> Message | None:
    """Draw the preview of a batch."""
    batch = store.batches.find(reference)
    return render_batch(batch_view(services, store, batch)) if batch else None


def draw_looks(_services: Services, store: Store, reference: str) -> Message | None:
    """Draw how far one person's looks at a large change set have come."""
    change_set_id, _, person = reference.partition(":")
    counted = store.reads.count_looks(int(change_set_id), person)
    total = sum(counted.values())
    left = sum(number for (state, _), number in counted.items() if state in {"ready", "calling", "waiting"})
    unclear = sum(
        number
        for (state, is_clear), number in counted.items()
        if state == "failed" or (state == "done" and not is_clear)
    )
    return render_looks(
        store.change_sets.load(int(change_set_id)).number,
        done=total - left,
        total=total,
        unclear=unclear,
        waits=any(state == "waiting" for state, _ in counted),
    )


def batch_view(services: Services, store: Store, batch: BatchRow) -> BatchView:
    """Load a batch as its message shows it."""
    command, tallies = command_of(batch), tuple(store.batches.tally(batch.id))
    selection = command.selection if command else None
    is_ready = batch.state == BatchState.READY
    return BatchView(
        value=value_of(batch),
        state=BatchState(batch.state),
        what=command_line_of(command) if command else "",
        selection=batch.selection,
        takes_all=selection is not None and selection.takes_all,
        channel=batch.channel,
        reason=batch.reason,
        hold=batch.hold,
        dry_run=command is not None and command.dry_run,
        note=batch.note,
        total=sum(tally.number for tally in tallies),
        left=sum(tally.number for tally in tallies if tally.status is Status.NEW),
        unseen=batch.unseen,
        tallies=tallies,
        groups=tuple(list_groups(store, batch, _MOST_GROUPS, by_label=True)) if is_ready else (),
        effort=estimate(services, store, store.batches.count_kinds(batch.id)) if is_ready else None,
        catalogue=note_catalogue(store, selection, store.packages.records(selection))
        if is_ready and selection
        else None,
        remarks=tuple(json.loads(batch.remarks)),
        requests=tuple(_placed(services, store, batch)),
    )


def _placed(services: Services, store: Store, batch: BatchRow) -> Iterator[PlacedRequest]:
    """Tell what stands, or will stand, in which channel."""
    for asked in requests_of(store, batch):
        packages = sum(store.change_sets.tally(asked.id).values())
        yield PlacedRequest(asked.channel, packages, asked.number)
    if batch.state == BatchState.READY and names_channels(services):
        places = channels_of(services, store.batches.list_chosen(batch.id), batch.channel)
        yield from (PlacedRequest(channel, len(packages)) for channel, packages in places.items())


def list_groups(store: Store, batch: BatchRow, limit: int, *, by_label: bool = False) -> list[ListedGroup]:
    """List what is wanted of the packages that can be ticked, the largest groups first; what reads the same as one."""
    return [ListedGroup(*group) for group in store.batches.groups(batch.id, limit, by_label=by_label)]


def estimate(services: Services, store: Store, kinds: dict[str, int]) -> Effort:
    """Tell what it will take: one lane at its pace, and about as many confirmations as npm was seen to ask for."""
    calls = sum(CALLS[kind] * number for kind, number in kinds.items())
    pace = services.options.pace.total_seconds()
    method = Method.CREATE if kinds.get(CREATE) or not kinds.get(REVOKE) else Method.REVOKE
    links = [link for link in store.links.list_linked() if live_session(services, link) is not None]
    seen = {asking_of(store, link, method) for link in links}
    each = Asking.EACH in seen and Asking.SPARES not in seen
    confirmations = calls if each else confirmations_for(calls, pace)
    return Effort(calls, calls * (pace + _ANSWER_SECONDS), confirmations, each)
