"""The messages of coverages, as they are drawn from what is committed."""

from collections.abc import Mapping

from bot.domain.coverage import measure
from bot.domain.coverage_views import MOST_DETAILED, CoverageView, ScanState
from bot.domain.patterns import Selection
from bot.messages.coverage import render_coverage, render_nothing_known
from bot.messages.message import Message
from bot.services import Services
from bot.workflow.catalogue import note_catalogue
from bot.workflow.coverage import ScanContent, selection_of_scan
from bot.workflow.coverage_records import load_records
from storage.coverage_models import ScanRow
from storage.store import Store

_CSV_NOTES: Mapping[str, str] = {"failed": "Slack did not take the CSV file; the bot may lack the scope files:write."}


def draw_coverage(services: Services, store: Store, reference: str) -> Message | None:
    """Draw the message of a coverage."""
    scan = store.scans.load(int(reference.partition(":")[0]))
    if scan is None:
        return None
    if scan.state == ScanState.FAILED:
        return render_nothing_known(scan.selection)
    return render_coverage(coverage_view(services, store, scan))


def coverage_view(services: Services, store: Store, scan: ScanRow) -> CoverageView:
    """Load a coverage as its message shows it."""
    now = services.clock.now()
    selection, state = selection_of_scan(scan), ScanState(scan.state)
    if state is not ScanState.DONE:
        return _progress_view(services, store, scan, selection)
    records = load_records(store, selection)
    shown = tuple(record for record in records if not record.account_only)
    measured = measure(records, now)
    return CoverageView(
        selection=scan.selection,
        asked_by=scan.asked_by,
        state=state,
        now=now,
        value=str(scan.id),
        note=scan.note,
        total=scan.total,
        read=scan.total,
        coverage=measured,
        records=shown if len(shown) <= MOST_DETAILED else (),
        people={link.npm_user: link.slack_user for link in store.links.list_linked()},
        catalogue=note_catalogue(store, selection, records),
        as_of=measured.oldest_read_at,
        csv_note=_CSV_NOTES.get(scan.csv_state, ""),
        invite_channel=_content(scan).invite_channel,
    )


def _progress_view(services: Services, store: Store, scan: ScanRow, selection: Selection | None) -> CoverageView:
    is_reading = scan.state == ScanState.READING
    left = store.packages.count_urgent(selection) if is_reading else 0
    return CoverageView(
        selection=scan.selection,
        asked_by=scan.asked_by,
        state=ScanState(scan.state),
        now=services.clock.now(),
        note=scan.note,
        read=max(0, scan.total - left) if is_reading else 0,
        total=scan.total if is_reading else 0,
        invite_channel=_content(scan).invite_channel,
    )


def _content(scan: ScanRow) -> ScanContent:
    return ScanContent.model_validate_json(scan.content or "{}")
