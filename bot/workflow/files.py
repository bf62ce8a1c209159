"""Files, sent into the thread of a message when it stands: of a coverage, the record, a change set, npm's lists."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from bot.domain.coverage import csv_rows, write_csv
from bot.errors import SlackError
from bot.messages.coverage import coverage_csv_name, coverage_csv_title
from bot.messages.sums import results_csv_name, results_csv_title
from bot.messages.surveys import survey_file_name, survey_file_title
from bot.notifications import SlackRefused, SlackThrottled
from bot.services import Services
from bot.workflow import record
from bot.workflow.coverage import key_of, selection_of_scan
from bot.workflow.coverage_records import load_records
from bot.workflow.progress import Progress
from bot.workflow.results import write_results
from bot.workflow.survey_progress import key_of as survey_key_of
from bot.workflow.survey_surfaces import write_survey
from storage.audit_models import AuditFileRow
from storage.coverage_models import ScanRow
from storage.models import ChangeSetRow, SurfaceRow
from storage.store import Store
from storage.survey_models import SurveyRow

LANE = "files"
"""The lease of who sends: a file that is sent twice stands there twice."""

LIFE = timedelta(seconds=90)
"""Of that lease: longer than Slack may take for a file."""

_MARK = b"\xef\xbb\xbf"
"""Without it Excel takes a CSV for another encoding."""

_SOON = timedelta(seconds=1)
_LONGEST_PAUSE = timedelta(seconds=60)
_LOG = logging.getLogger(__name__)


_Row: TypeAlias = ScanRow | ChangeSetRow | AuditFileRow | SurveyRow
"""What there can be a file of."""


@dataclass(frozen=True, slots=True)
class _File:
    """A file that is about to be sent."""

    of: "_Wanted"
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
        await services.database.run(lambda store: _finish(services, store, file.of, "failed"))
        services.bell.ring("surfaces")
    except SlackError as err:
        _LOG.warning("The file %s is sent later: %s", file.name, err)
        asked = timedelta(seconds=err.retry_after if isinstance(err, SlackThrottled) else 0)
        await services.database.run(lambda store: _rest(services, store, asked))
    else:
        await services.database.run(lambda store: _finish(services, store, file.of, "sent"))
    return Progress(more=True)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a file is wanted of."""

    row: _Row
    key: str
    """Of the message into whose thread it goes."""


def _list_wanted(store: Store) -> list[_Wanted]:
    scans = [_Wanted(scan, key_of(scan)) for scan in store.scans.list_files_wanted()]
    of_record = [_Wanted(file, record.key_of(file)) for file in store.audit.list_files_wanted()]
    results = [_Wanted(row, f"change_set:{row.id}") for row in store.change_sets.list_files_wanted()]
    surveys = [_Wanted(row, survey_key_of(row)) for row in store.surveys.list_files_wanted()]
    return [*scans, *of_record, *results, *surveys]


def _take(services: Services, store: Store) -> _File | Progress:
    now = services.clock.now()
    found = [(wanted, store.surfaces.find(wanted.key)) for wanted in _list_wanted(store)]
    if not found:
        return Progress()
    lease = store.lanes.find(LANE)
    if lease is not None and lease.next_call_at > now:
        return Progress(at=lease.next_call_at)
    if store.lanes.hold(LANE, holder=services.process, now=now, life=LIFE) is None:
        return Progress(at=now + LIFE)
    for wanted, surface in found:
        if surface is not None and surface.ts and not surface.behind:
            return _make(store, wanted, surface, now)
        if surface is None or not surface.behind:  # Slack refused the message: there is no thread
            wanted.row.csv_state = "failed"
    return Progress(at=now + _SOON)


def _make(store: Store, wanted: _Wanted, surface: SurfaceRow, now: datetime) -> _File:
    row = wanted.row
    if isinstance(row, ChangeSetRow):
        name, title = results_csv_name(row.number, now), results_csv_title(row.number)
        content = write_results(store, row)
    elif isinstance(row, SurveyRow):
        name, title = survey_file_name(row.selection, now, as_json=row.as_json), survey_file_title(row.selection)
        content = write_survey(store, row)
    elif isinstance(row, AuditFileRow):
        name, text = record.write_record(store, row, now)
        title, content = name, _MARK + text.encode()
    else:
        name, title = coverage_csv_name(row.selection, now), coverage_csv_title(row.selection)
        text = write_csv(csv_rows(load_records(store, selection_of_scan(row)), now))
        content = _MARK + text.encode()
    return _File(of=wanted, channel=surface.posted_in, thread=surface.ts, name=name, title=title, content=content)


def _finish(services: Services, store: Store, wanted: _Wanted, state: str) -> None:
    lease = store.lanes.find(LANE)
    if lease is not None:
        lease.unreached = 0
    row = _load(store, wanted.row)
    if row is not None and row.csv_state == "wanted":
        row.csv_state = state
        if state == "failed":
            store.surfaces.touch(wanted.key, services.clock.now())


def _load(store: Store, row: _Row) -> _Row | None:
    match row:
        case ScanRow():
            return store.scans.load(row.id)
        case AuditFileRow():
            return store.audit.load_file(row.id)
        case SurveyRow():
            return store.surveys.load(row.id)
        case ChangeSetRow():
            return store.change_sets.load(row.id)


def _rest(services: Services, store: Store, asked: timedelta) -> None:
    lease = store.lanes.find(LANE)
    if lease is not None:
        lease.unreached += 1
        pause = max(min(_SOON * 2 ** min(lease.unreached, 6), _LONGEST_PAUSE), asked)
        lease.next_call_at = services.clock.now() + pause
