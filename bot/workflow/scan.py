"""Reading public data: for who asked for a coverage, by night for who watches, and hourly where trust can be lost.

One process at a time reads, by a lease; what there is to do stands in the tables. When npm is away or asks for a pause,
everything rests until the lease says so.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.registry import RegistryUnavailable
from bot.services import Services
from bot.workflow import coverage
from bot.workflow.catalogue import learn_names, oldest_search
from bot.workflow.progress import Progress
from bot.workflow.read_packages import Failed, read_batch
from bot.workflow.reading_times import Watched, list_watched, look_after, next_night
from bot.workflow.record_packages import record_batch
from storage.account_models import LinkRow
from storage.coverage_models import PackageRow, ScanRow
from storage.lanes import LEASE
from storage.store import Store

LANE = "reading"
"""The lease of who reads; its next call is what everybody waits for after an outage."""

MOST_AT_ONCE = 32
"""How many packages one piece of work reads."""

CLAIM = timedelta(minutes=15)
"""After it packages are read by somebody else: the process that took them has died."""

_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 60.0
"""Seconds that everything rests when npm is away, from the first time to the sixth running and later."""


@dataclass(frozen=True, slots=True)
class _Listing:
    """The names of a selection are to be learnt."""

    due_at: datetime
    scan: ScanRow | None = None
    """Whose; else it is of a watch."""
    watched: Watched | None = None


async def execute_next(services: Services) -> Progress:
    """Learn the names of one selection, or read a batch of packages."""
    errand = await services.database.run(lambda store: _take(services, store))
    if isinstance(errand, Progress):
        return errand
    if isinstance(errand, _Listing):
        await _learn(services, errand)
    else:
        await _read(services, errand)
    return Progress(more=True)


def _take(services: Services, store: Store) -> _Listing | list[PackageRow] | Progress:
    now = services.clock.now()
    lease = store.lanes.find(LANE)
    if lease is not None and lease.holder != services.process and lease.expires_at < now:
        store.packages.take_back(now)  # who read before us is gone: nobody waits until its claims run out
        store.lanes.hold(LANE, holder=services.process, now=now)
    if coverage.advance(store, now):
        services.bell.ring("surfaces", "files")
    listing = min(_listings(store, now), key=lambda one: one.due_at, default=None)
    moments = [listing.due_at if listing else None, store.packages.next_due()]
    due = min((moment for moment in moments if moment is not None), default=None)
    if due is None or due > now:
        return Progress(at=due)
    if lease is not None and lease.next_call_at > now:
        return Progress(at=lease.next_call_at)
    if store.lanes.hold(LANE, holder=services.process, now=now) is None:
        return Progress(at=now + LEASE)
    if listing is not None and listing.due_at <= now:
        return listing
    return store.packages.claim_due(now, most=MOST_AT_ONCE, until=now + CLAIM) or Progress(at=now + LEASE)


def _listings(store: Store, now: datetime) -> Iterator[_Listing]:
    """List what names are to be learnt for: who asked goes first, then each watch, at once and every night."""
    for scan in store.scans.list_open(["listing"]):
        yield _Listing(scan.created_at, scan=scan)
    for watched in list_watched(store):
        asked_at = oldest_search(store, watched.selection)
        yield _Listing(next_night(watched.zone, asked_at) if asked_at else now, watched=watched)


async def _learn(services: Services, listing: _Listing) -> None:
    scan, watched = listing.scan, listing.watched
    selection = coverage.selection_of_scan(scan) if scan else watched.selection if watched else None
    link = await services.database.run(lambda store: _link_of(store, scan))
    try:
        if selection is not None:
            await learn_names(services, selection, link)
    except RegistryUnavailable as err:
        failed = Failed(str(err), is_away=True, retry_after=err.retry_after or 0.0)
        await services.database.run(lambda store: _rest(services, store, failed))
        services.bell.ring("surfaces")
        return
    await services.database.run(lambda store: _schedule(services, store, listing))
    services.bell.ring("surfaces", "files")


def _link_of(store: Store, scan: ScanRow | None) -> LinkRow | None:
    return store.links.find_linked(scan.asked_by) if scan else None


def _schedule(services: Services, store: Store, listing: _Listing) -> None:
    """Have read what was found."""
    now = services.clock.now()
    _go_on(store)
    if listing.scan is not None:
        coverage.begin_reading(store, listing.scan.id, now)
    elif listing.watched is not None:
        look_after(store, listing.watched, now)


async def _read(services: Services, rows: list[PackageRow]) -> None:
    batch = await read_batch(services, rows)
    outage = batch.outage
    if outage is None:
        resume_at = None
        await services.database.run(_go_on)
    else:
        resume_at = await services.database.run(lambda store: _rest(services, store, outage))
    await record_batch(services, batch, resume_at)
    services.bell.ring("surfaces")


def _rest(services: Services, store: Store, outage: Failed) -> datetime:
    """Let everything rest, longer each time running; tells until when, and tells who waits why."""
    now = services.clock.now()
    lease = store.lanes.find(LANE)
    seconds = _FIRST_PAUSE * 2.0 ** min(lease.unreached if lease else 0, 6)
    resume_at = now + timedelta(seconds=max(min(seconds, _LONGEST_PAUSE), outage.retry_after))
    if lease is not None:
        lease.unreached, lease.next_call_at = lease.unreached + 1, resume_at
    coverage.note_outage(store, outage.why, now)
    return resume_at


def _go_on(store: Store) -> None:
    lease = store.lanes.find(LANE)
    if lease is not None:
        lease.unreached = 0
