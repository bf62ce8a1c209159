"""The CSV of a coverage, sent into the thread of its message when it stands."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.coverage import csv_rows, write_csv
from bot.errors import SlackError
from bot.messages.coverage import coverage_csv_name, coverage_csv_title
from bot.notifications import SlackRefused, SlackThrottled
from bot.services import Services
from bot.workflow.coverage import key_of, selection_of_scan
from bot.workflow.coverage_surfaces import load_records
from bot.workflow.progress import Progress
from storage.coverage_models import ScanRow
from storage.lanes import LEASE
from storage.models import SurfaceRow
from storage.store import Store

LANE = "files"
"""The lease of who sends: a file that is sent twice stands there twice."""

_SOON = timedelta(seconds=1)
_LONGEST_PAUSE = timedelta(seconds=60)
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _File:
    """A file that is about to be sent."""

    scan_id: int
    channel: str
    thread: str
    name: str
    title: str
    content: bytes


async def execute_next(services: Services) -> Progress:
    """Send one file."""
    file = await services.database.run(lambda store: _take(services, store))
    if isinstance(file, Progress):
        return file
    try:
        await services.notifier.upload_file(file.channel, file.thread, file.name, file.content, title=file.title)
    except SlackRefused as err:
        _LOG.warning("Slack does not take the file %s: %s", file.name, err)
        await services.database.run(lambda store: _finish(services, store, file.scan_id, "failed"))
        services.bell.ring("surfaces")
    except SlackError as err:
        _LOG.warning("The file %s is sent later: %s", file.name, err)
        asked = timedelta(seconds=err.retry_after if isinstance(err, SlackThrottled) else 0)
        await services.database.run(lambda store: _rest(services, store, asked))
    else:
        await services.database.run(lambda store: _finish(services, store, file.scan_id, "sent"))
    return Progress(more=True)


def _take(services: Services, store: Store) -> _File | Progress:
    now = services.clock.now()
    wanted = [(scan, store.surfaces.find(key_of(scan))) for scan in store.scans.list_files_wanted()]
    if not wanted:
        return Progress()
    lease = store.lanes.find(LANE)
    if lease is not None and lease.next_call_at > now:
        return Progress(at=lease.next_call_at)
    if store.lanes.hold(LANE, holder=services.process, now=now) is None:
        return Progress(at=now + LEASE)
    for scan, surface in wanted:
        if surface is not None and surface.ts and not surface.behind:
            return _make(store, scan, surface, now)
        if surface is None or not surface.behind:  # Slack refused the message: there is no thread
            scan.csv_state = "failed"
    return Progress(at=now + _SOON)


def _make(store: Store, scan: ScanRow, surface: SurfaceRow, now: datetime) -> _File:
    text = write_csv(csv_rows(load_records(store, selection_of_scan(scan)), now))
    return _File(
        scan_id=scan.id,
        channel=surface.posted_in,
        thread=surface.ts,
        name=coverage_csv_name(scan.selection, now),
        title=coverage_csv_title(scan.selection),
        content=b"\xef\xbb\xbf" + text.encode(),  # without the mark Excel takes it for another encoding
    )


def _finish(services: Services, store: Store, scan_id: int, state: str) -> None:
    lease, scan = store.lanes.find(LANE), store.scans.load(scan_id)
    if lease is not None:
        lease.unreached = 0
    if scan is not None and scan.csv_state == "wanted":
        scan.csv_state = state
        if state == "failed":
            store.surfaces.touch(key_of(scan), services.clock.now())


def _rest(services: Services, store: Store, asked: timedelta) -> None:
    lease = store.lanes.find(LANE)
    if lease is not None:
        lease.unreached += 1
        pause = max(min(_SOON * 2 ** min(lease.unreached, 6), _LONGEST_PAUSE), asked)
        lease.next_call_at = services.clock.now() + pause
