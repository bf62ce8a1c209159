"""What was handed in, looked at by its person: page by page, as CSV, or once more in the form."""

from bot.domain.bulk import Unit
from bot.domain.deliveries import ClickDelivery
from bot.messages.bulk import (
    FAULTS_ON_A_PAGE,
    UploadView,
    faults_csv,
    faults_csv_name,
    render_faults_not_sent,
    render_upload_checked,
    render_upload_gone,
    render_upload_used,
    result_view,
)
from bot.messages.bulk_form import BulkDraft, bulk_form
from bot.messages.message import Message, View
from bot.messages.notices import render_form_too_late
from bot.notifications import SlackRefused
from bot.services import Services
from bot.workflow.answering import answer
from storage.store import Store
from storage.upload_models import UploadRow
from storage.uploads import remarks_of

_CLOSED = "not_found"
"""Slack's word for a view that is not open any more."""


async def show_result(services: Services, upload: UploadRow, view_id: str) -> None:
    """Show it in the view that waits for it, or by DM where that was closed meanwhile.

    Raises:
        SlackError: Slack cannot be reached.
    """
    shown = await services.database.run(lambda store: load_view(store, upload))
    try:
        await services.notifier.update_view(view_id, result_view(shown))
    except SlackRefused as refusal:
        if refusal.code != _CLOSED:
            raise
        await services.notifier.post(await services.notifier.open_dm(upload.person), render_upload_checked(shown))


async def show(services: Services, delivery: ClickDelivery) -> None:
    """[Look at it] of the DM: open the result. Slack lets a view open for three seconds after the press."""
    found = await _load(services, delivery, delivery.value)
    if isinstance(found, Message):
        await answer(services, delivery, found)
        return
    try:
        await services.notifier.open_view(delivery.trigger_id, result_view(found))
    except SlackRefused:
        await answer(services, delivery, render_form_too_late())


async def turn(services: Services, delivery: ClickDelivery) -> None:
    """[Next] and [Back]: another page of faults."""
    token, _, place = delivery.value.partition(" ")
    after = int(place) if place.isascii() and place.isdecimal() and len(place) < 6 else 0  # noqa: PLR2004 -- no place
    found = await _load(services, delivery, token, after=after)
    await _put(services, delivery, found if isinstance(found, Message) else result_view(found))


async def again(services: Services, delivery: ClickDelivery) -> None:
    """[Change what I wrote]: the form with what stood in it. A file has to be chosen anew."""

    def work(store: Store) -> View | Message:
        upload = store.uploads.find(delivery.value, delivery.user)
        if upload is None:
            return render_upload_gone()
        return bulk_form(BulkDraft.model_validate_json(upload.draft), channel=upload.channel)

    await _put(services, delivery, await services.database.run(work))


async def send_faults(services: Services, delivery: ClickDelivery) -> None:
    """[All of them as CSV]: a file by DM, since the faults are for their person alone."""

    def work(store: Store) -> bytes | None:
        upload = store.uploads.find(delivery.value, delivery.user)
        if upload is None or upload.used_by is not None:
            return None
        return faults_csv(Unit(upload.unit), store.uploads.page_faults(upload))

    content = await services.database.run(work)
    if content is None:
        await answer(services, delivery, render_upload_gone())
        return
    name = faults_csv_name(services.clock.now())
    try:
        channel = await services.notifier.open_dm(delivery.user)
        await services.notifier.upload_file(channel, "", name, content, title="What is wrong, row by row")
    except SlackRefused as refusal:
        await answer(services, delivery, render_faults_not_sent(refusal.code))


def load_view(store: Store, upload: UploadRow, *, after: int = 0) -> UploadView:
    """Load what the result shows."""
    return UploadView(
        token=upload.token,
        source=upload.source,
        unit=Unit(upload.unit),
        fine=upload.fine,
        faults=upload.faults,
        faulty_rows=upload.faulty_rows,
        merged=upload.merged,
        shown=store.uploads.page_faults(upload, after=after, limit=FAULTS_ON_A_PAGE),
        after=after,
        remarks=remarks_of(upload),
        hold=BulkDraft.model_validate_json(upload.draft).defaults.hold,
    )


async def _load(services: Services, delivery: ClickDelivery, token: str, *, after: int = 0) -> UploadView | Message:
    """Load somebody's own; what is not there for them is told."""

    def work(store: Store) -> UploadView | Message:
        upload = store.uploads.find(token, delivery.user)
        if upload is None:
            return render_upload_gone()
        return load_view(store, upload, after=after) if upload.used_by is None else render_upload_used()

    return await services.database.run(work)


async def _put(services: Services, delivery: ClickDelivery, shown: View | Message) -> None:
    """Put a view in the place of the one that was pressed in; what is no view is said by DM."""
    if isinstance(shown, Message):
        await answer(services, delivery, shown)
        return
    try:
        await services.notifier.update_view(delivery.view_id, shown)
    except SlackRefused as refusal:
        if refusal.code != _CLOSED:
            raise
