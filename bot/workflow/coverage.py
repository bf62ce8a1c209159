"""`coverage`: how many packages publish through a trusted publisher, from public data alone."""

from datetime import datetime, timedelta

from bot.domain import commands
from bot.domain.approval import Action
from bot.domain.coverage_views import ScanState
from bot.domain.deliveries import ClickDelivery, CommandDelivery
from bot.domain.patterns import Selection, selection_of
from bot.domain.values import Frozen
from bot.messages.coverage import render_coverage_asked
from bot.messages.decisions import render_never_issued
from bot.messages.denials import Denied, render_denial
from bot.messages.message import Message
from bot.services import Services
from bot.workflow.answering import answer
from bot.workflow.authorise import authorise, load_directory, load_person
from bot.workflow.buttons import read_row_id
from bot.workflow.coverage_records import load_records
from bot.workflow.history import note
from storage.coverage_models import ScanRow
from storage.store import Store

FRESH = timedelta(hours=1)
"""What was read within so long is not read again, unless it is asked for."""

PATIENCE = timedelta(hours=24)
"""So long a coverage waits for npm; then it tells what it has."""

_BETWEEN_SHOWN = timedelta(seconds=3)
"""How often Slack wants a message changed of something that runs long, at most."""


class ScanContent(Frozen):
    """What a scan keeps beside its columns."""

    invite_channel: str = ""
    """Where it was asked for, and the bot could not post."""


async def cover(services: Services, delivery: CommandDelivery, command: commands.Coverage, *, inbox_id: int) -> None:
    """Begin to read; the message shows how far it is, and then the result.

    Raises:
        SlackError: Slack cannot be asked now.
    """
    selection = command.selection.text if command.selection else ""
    known = await services.database.run(lambda store: store.scans.find_delivery(inbox_id))
    if known is None:
        person = await load_person(services, delivery.user)
        directory = await services.database.run(lambda store: load_directory(services, store))
        if denial := authorise(Action.COVER, person, None, directory):
            await answer(services, delivery, render_denial(denial, Denied(wish=Action.COVER)))
            return
        access = await services.channels.check(delivery.channel)
        is_channel = not delivery.channel.startswith("D")
        content = ScanContent(invite_channel="" if access.postable or not is_channel else delivery.channel)
        known = await services.database.run(
            lambda store: store.scans.add(
                ScanRow(
                    workspace=store.workspace,
                    inbox_id=inbox_id,
                    selection=selection,
                    channel=delivery.channel if access.postable else delivery.user,
                    asked_by=delivery.user,
                    refresh=command.refresh,
                    created_at=services.clock.now(),
                    content=content.model_dump_json(),
                )
            )
        )
        services.bell.ring("scan")
    await answer(services, delivery, render_coverage_asked(selection, known.channel, refresh=command.refresh))


async def refresh(services: Services, delivery: ClickDelivery) -> None:
    """[Refresh]: read everything again, and bring the same message up to date."""
    person = await load_person(services, delivery.user)

    def work(store: Store) -> Message | None:
        now = services.clock.now()
        if denial := authorise(Action.COVER, person, None, load_directory(services, store)):
            return render_denial(denial, Denied(wish=Action.COVER))
        scan = _find_scan(store, delivery)
        if scan is None:
            return render_never_issued()
        if scan.state in {ScanState.DONE, ScanState.FAILED}:
            scan.state, scan.refresh, scan.asked_by = ScanState.LISTING.value, True, delivery.user
            scan.created_at, scan.finished_at, scan.note, scan.csv_state = now, None, "", ""
        store.surfaces.touch(key_of(scan), now)
        return None

    refusal = await services.database.run(work)
    services.bell.ring("scan", "surfaces")
    if refusal is not None:
        await answer(services, delivery, refusal)


def _find_scan(store: Store, delivery: ClickDelivery) -> ScanRow | None:
    """Find the coverage of a button, in the channel where its message stands."""
    scan_id = read_row_id(delivery.value)
    scan = None if scan_id is None else store.scans.load(scan_id)
    surface = store.surfaces.find(key_of(scan)) if scan else None
    return scan if surface is not None and surface.posted_in == delivery.channel else None


def selection_of_scan(scan: ScanRow) -> Selection | None:
    """Tell which packages a coverage is of; None: all that is known."""
    return selection_of(scan.selection) if scan.selection else None


def begin_reading(store: Store, scan_id: int, now: datetime) -> None:
    """The names are known: have read what is not fresh, and show it where it was asked for."""
    scan = store.scans.load(scan_id)
    if scan is None or scan.state != ScanState.LISTING:
        return
    selection = selection_of_scan(scan)
    names = store.packages.list_names(selection)
    scan.total, scan.note = len(names), ""
    stale = names if scan.refresh else store.packages.list_stale(selection, now - FRESH)
    store.packages.schedule(stale, now, urgent=True)
    scan.state = (ScanState.READING if names else ScanState.FAILED).value
    # What can be a slip of the pen is told to who wrote it alone.
    store.surfaces.want(key_of(scan), channel=scan.channel if names else scan.asked_by, now=now)
    store.flush()


def advance(store: Store, now: datetime) -> bool:
    """End each coverage whose packages were all read, and show how far the others are; tells whether any moved."""
    moved = False
    for scan in store.scans.list_open([ScanState.READING.value]):
        surface = store.surfaces.find(key_of(scan))
        if not store.packages.count_urgent(selection_of_scan(scan)) or scan.created_at + PATIENCE <= now:
            scan.state, scan.finished_at = ScanState.DONE.value, now
            scan.csv_state = "wanted"
            note(store, scan.selection, load_records(store, selection_of_scan(scan)), now)
        elif surface is None or surface.behind or surface.next_try_at + _BETWEEN_SHOWN > now:
            continue
        store.surfaces.touch(key_of(scan), now)
        moved = True
    return moved


def show_again(store: Store, names: list[str], now: datetime) -> None:
    """Packages that could not be read were read after all: bring what was told of them lately up to date."""
    for scan in store.scans.list_open([ScanState.DONE.value]):
        selection = selection_of_scan(scan)
        is_late = scan.finished_at is not None and scan.finished_at + PATIENCE > now
        if is_late and (selection is None or any(map(selection.matches, names))):
            store.surfaces.touch(key_of(scan), now)


def note_outage(store: Store, why: str, now: datetime) -> None:
    """Tell who waits that npm is away. It goes on by itself."""
    for scan in store.scans.list_open():
        note = f"I cannot read now: {why}. I go on by myself."
        if scan.note != note:
            scan.note = note
            store.surfaces.want(key_of(scan), channel=scan.channel, now=now)


def key_of(scan: ScanRow) -> str:
    """Name the message of a coverage."""
    return f"coverage:{scan.id}"
