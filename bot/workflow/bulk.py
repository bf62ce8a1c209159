"""`bulk`: a file or pasted lines for many packages are read, shown with all that is wrong, and become a batch."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial

from bot.domain.bulk import Checked, Defaults, Sheet, whole_fault
from bot.domain.bulk_check import check_sheet
from bot.domain.bulk_files import read_pasted, read_upload
from bot.domain.coverage import PackageRecord
from bot.domain.deliveries import CommandDelivery, SubmissionDelivery
from bot.domain.patterns import Selection
from bot.messages.bulk import (
    file_fault,
    read_result_view,
    render_going_on,
    render_upload_gone,
    render_upload_used,
    stopped_view,
)
from bot.messages.bulk_form import BulkDraft, BulkRequest, bulk_form, read_bulk_form
from bot.messages.message import Message
from bot.messages.notices import render_form_too_late
from bot.messages.refusals import render_cannot_post
from bot.notifications import SlackRefused
from bot.services import Services
from bot.workflow.answering import answer
from bot.workflow.batches import may_stage, start_batch
from bot.workflow.bulk_views import show_result
from bot.workflow.catalogue import is_searched, learn_names, resolve_names
from bot.workflow.packages import is_configured_registry
from storage.store import Store
from storage.upload_models import UploadRow
from storage.uploads import remarks_of

_FRESH = timedelta(hours=1)
"""A pattern for which npm's search was asked within so long is not searched for again."""

_NAMELESS = "Your file"
"""Stands for the name of a file that Slack did not give."""

_LOG = logging.getLogger(__name__)


async def open_form(services: Services, delivery: CommandDelivery) -> None:
    """Open the form. Slack lets a form open for three seconds after the line was typed."""
    try:
        await services.notifier.open_view(delivery.trigger_id, bulk_form(BulkDraft(), channel=delivery.channel))
    except SlackRefused:
        await answer(services, delivery, render_form_too_late())


async def check(services: Services, delivery: SubmissionDelivery, *, inbox_id: int) -> None:
    """Read what was handed in, once, and show what was made of it: in the view, or by DM where that was closed.

    Raises:
        RegistryError: npm cannot be asked which packages a pattern means; this is to be done again.
        SlackError: Slack cannot be reached; as above.
    """
    upload = await services.database.run(lambda store: store.uploads.find_delivery(inbox_id))
    if upload is None:
        request = read_bulk_form(delivery.values, delivery.metadata)
        if isinstance(request, list):
            return  # the door has told what is wrong
        if refusal := await _refuse(services, delivery.user, request):
            await _stop(services, delivery, refusal, request.channel)
            return
        sheet, source = await _read_source(services, request)
        checked = await _check(services, delivery.user, sheet, request.draft.defaults)

        def keep(store: Store) -> UploadRow:
            if known := store.uploads.find_delivery(inbox_id):
                return known
            row = UploadRow(
                inbox_id=inbox_id,
                person=delivery.user,
                channel=request.channel,
                source=source,
                draft=_with_stated(request.draft, sheet).model_dump_json(),
                created_at=services.clock.now(),
            )
            return store.uploads.add(row, checked)

        upload = await services.database.run(keep)
    await show_result(services, upload, delivery.view_id)


async def go_on(services: Services, delivery: SubmissionDelivery, *, inbox_id: int) -> None:
    """Begin a batch of what was fine; its preview comes by DM.

    Raises:
        SlackError: Slack cannot be reached; this is to be done again.
    """
    token = read_result_view(delivery.values, delivery.metadata)
    if isinstance(token, list):
        return  # as above
    _, refusal = await may_stage(services, delivery.user)

    def work(store: Store) -> tuple[Message, str]:
        upload = store.uploads.find(token, delivery.user)
        if refusal or upload is None:
            return refusal or render_upload_gone(), ""
        if upload.used_by is None and upload.fine:
            _begin(services, store, upload, inbox_id)
        elif upload.used_by != inbox_id:
            return render_upload_used(), upload.channel
        return render_going_on(upload.fine), upload.channel

    told, channel = await services.database.run(work)
    services.bell.ring("batches", "surfaces")
    await answer(services, delivery, told, channel=channel)


def _begin(services: Services, store: Store, upload: UploadRow, inbox_id: int) -> None:
    defaults = BulkDraft.model_validate_json(upload.draft).defaults
    start_batch(
        services,
        store,
        inbox_id=inbox_id,
        person=upload.person,
        channel=services.options.channel or upload.channel,
        reason=defaults.reason,
        hold=defaults.hold,
        items=store.uploads.list_wanted(upload),
        remarks=remarks_of(upload),
    )
    store.uploads.use(upload, inbox_id)


async def _refuse(services: Services, user: str, request: BulkRequest) -> Message | None:
    """Say why this person cannot ask for anything, or not there."""
    _, refusal = await may_stage(services, user)
    if refusal:
        return refusal
    target = services.options.channel or request.channel
    access = await services.channels.check(target)
    return None if access.postable else render_cannot_post(target, access.why)


async def _stop(services: Services, delivery: SubmissionDelivery, why: Message, channel: str) -> None:
    """Show in the view why it ends here; where it was closed, in the channel."""
    try:
        await services.notifier.update_view(delivery.view_id, stopped_view(why))
    except SlackRefused:
        await answer(services, delivery, why, channel=channel)


async def _check(services: Services, user: str, sheet: Sheet, defaults: Defaults) -> Checked:
    """Find out what is asked for each package."""
    names, hidden = await _resolve(services, user, sheet)
    checked = await asyncio.to_thread(
        check_sheet,
        sheet,
        defaults,
        names_of=lambda selection: names[selection],
        is_our_registry=lambda registry: is_configured_registry(services, registry),
        hidden=hidden,
    )
    _LOG.info("What %s handed in has %d packages and %d faults", user, len(checked.wanted), len(checked.faults))
    return checked


def _with_stated(draft: BulkDraft, sheet: Sheet) -> BulkDraft:
    """Commands may say why, and that all is to be held; the form comes first."""
    given = draft.defaults
    stated = {"reason": given.reason or sheet.reason, "hold": given.hold or sheet.hold}
    return draft.model_copy(update={"defaults": given.model_copy(update=stated)})


async def _read_source(services: Services, request: BulkRequest) -> tuple[Sheet, str]:
    """Read the file, whose name is told as well, or the lines. It takes up to a second, and goes on beside the rest."""
    if not request.file:
        return await asyncio.to_thread(read_pasted, request.draft.lines), ""
    try:
        file = await services.notifier.download_file(request.file)
    except SlackRefused as refusal:
        return Sheet(faults=(whole_fault(*file_fault(refusal.code)),)), _NAMELESS
    return await asyncio.to_thread(read_upload, file.name, file.content), file.name


async def _resolve(
    services: Services, user: str, sheet: Sheet
) -> tuple[Mapping[Selection, Sequence[str]], frozenset[str]]:
    """Find the packages of each pattern, and which of them only accounts see: those are told of to nobody here."""
    names: dict[Selection, Sequence[str]] = {}
    since, hidden = services.clock.now() - _FRESH, frozenset[str]()
    link = await services.database.run(lambda store: store.links.find_linked(user))
    for selection in dict.fromkeys(wish.selection for wish in sheet.wishes if wish.selection):
        is_known = await services.database.run(partial(is_searched, selection=selection, since=since))
        if link is not None or not is_known:  # an account can tell of more than the search that somebody made
            await learn_names(services, selection, link)
        records = await services.database.run(partial(_list_records, selection=selection))
        names[selection], unseen = resolve_names(selection, records)
        hidden |= unseen
    return names, hidden


def _list_records(store: Store, selection: Selection) -> list[PackageRecord]:
    return store.packages.records(selection)
