"""Recording what reading brought: the evidence of each package, and when it is read again."""

import logging
import secrets
from datetime import datetime
from http import HTTPStatus

from pydantic import ValidationError

from bot.domain.coverage import LACKING
from bot.domain.evidence import EvidenceKind, PackageFacts
from bot.domain.provenance import Provenance
from bot.errors import StorageError
from bot.registry import Found, NotFound, NotModified
from bot.services import Services
from bot.workflow import alarms, arrivals, coverage, drift, owners_again
from bot.workflow.read_packages import Batch, Failed, Read
from bot.workflow.reading_times import HOURLY, Interest, load_interest, pause_after_failures
from bot.workflow.readings import Reading
from storage.coverage_models import PackageRow
from storage.packages import ACCOUNT_ONLY, MISSING
from storage.store import Store

WAITED_FOR = 3
"""So often who waits for a package waits for another try, when npm does not answer for it alone."""

MOST_TRIES = 14
"""A package that nobody watches is tried so often, over half a day, and then no more until somebody asks for it."""

_LACKING_KINDS = frozenset(kind for kind in EvidenceKind if kind.value in LACKING)
_LISTED = frozenset({"organisation", "request", "list"})
"""Where a name comes from that exists although the public does not see it."""
_LOG = logging.getLogger(__name__)


async def record_batch(services: Services, batch: Batch, resume_at: datetime | None) -> None:
    """Record a batch in one transaction; where one package trips it up, each in its own.

    Args:
        services: What there is to work with.
        batch: What reading brought.
        resume_at: When reading goes on after an outage; None: there is none.

    Raises:
        StorageError: The database cannot be used; the claims run out, and the packages are read again.
    """
    try:
        await services.database.run(lambda store: _record_all(services, store, batch, resume_at))
    except StorageError:
        raise
    except Exception:  # noqa: BLE001 -- one package that trips us up must not keep the others from being recorded
        _LOG.exception("A batch could not be recorded at once")
        for read in batch.reads:
            await _record_alone(services, read, resume_at)
        await _record_alone(services, Batch((), batch.unread), resume_at)


async def _record_alone(services: Services, part: Read | Batch, resume_at: datetime | None) -> None:
    batch = part if isinstance(part, Batch) else Batch((part,))
    try:
        await services.database.run(lambda store: _record_all(services, store, batch, resume_at))
    except StorageError:
        raise
    except Exception as err:  # noqa: BLE001 -- as above; it is told as what became of this package
        error_id = secrets.token_hex(4)
        _LOG.error("Error %s: what was read could not be recorded", error_id, exc_info=err)
        failed = Failed(f"it went wrong on my side, error {error_id}")
        failures = Batch(tuple(Read(read.row, failed) for read in batch.reads))
        await services.database.run(lambda store: _record_all(services, store, failures, resume_at))


def _record_all(services: Services, store: Store, batch: Batch, resume_at: datetime | None) -> None:
    now = services.clock.now()
    interest = load_interest(store, [read.row.name for read in batch.reads], now)
    back: list[str] = []
    for read in batch.reads:
        row = store.packages.find(read.row.name)
        if row is not None:
            back.extend([row.name] if row.failures and not isinstance(read.answer, Failed) else [])
            _record(services, store, row, read, interest, now, resume_at)
    if back:
        coverage.show_again(store, back, now)
    for unread in batch.unread:
        row = store.packages.find(unread.name)
        if row is not None:
            row.next_read_at = resume_at or now
    store.flush()


def _record(
    services: Services,
    store: Store,
    row: PackageRow,
    read: Read,
    interest: Interest,
    now: datetime,
    resume_at: datetime | None,
) -> None:
    if isinstance(read.answer, Failed):
        _note_failure(row, read.answer, interest, now, resume_at)
        return
    row.read_at, row.failures, row.problem, row.urgent = now, 0, "", False
    match read.answer:
        case Found(facts=facts, etag=etag):
            reading = _note_facts(row, facts, read.provenance, now)
            row.etag = etag
            alarms.note_read(services, store, reading)
            drift.note_read(services, store, reading)
            arrivals.note_read(services, store, reading)
            owners_again.note_read(services, store, reading)
        case NotFound(status=status, why=why):
            _note_absence(row, "" if status == HTTPStatus.NOT_FOUND else why)
        case NotModified():
            pass
    row.next_read_at = interest.next_read(row, now)


def _note_facts(row: PackageRow, facts: PackageFacts, provenance: Provenance | None, now: datetime) -> Reading:
    before, provenance_before = _facts_of(row), provenance_of(row)
    provenance_after = provenance or provenance_before
    evidence = facts.evidence
    row.visibility = "public"
    row.facts = facts.model_dump_json()
    row.provenance = provenance_after.model_dump_json() if provenance_after else ""
    row.kind = evidence.kind.value
    row.provider, row.configuration_id = evidence.provider, evidence.configuration_id
    row.since, row.newest_version, row.by = evidence.since, evidence.version, evidence.by
    row.maintainers = " ".join(facts.maintainers)
    row.repository, row.deprecated = facts.repository, facts.deprecated
    row.last_publish = facts.last_publish
    row.lacking_since = (row.lacking_since or now) if evidence.kind in _LACKING_KINDS else None
    return Reading(row, before, facts, provenance_before, provenance_after, now)


def _note_absence(row: PackageRow, why: str) -> None:
    """The public does not see it: what was seen before is kept, for the day on which it is back."""
    is_listed = row.visibility == ACCOUNT_ONLY and row.source in _LISTED
    row.visibility = ACCOUNT_ONLY if is_listed else MISSING
    row.etag, row.problem, row.lacking_since = "", why, None
    if row.source == "search" and not row.kind:
        row.kind = EvidenceKind.UNPUBLISHED.value  # the search knows it, so it was there


def _note_failure(
    row: PackageRow, failure: Failed, interest: Interest, now: datetime, resume_at: datetime | None
) -> None:
    row.failures += 1
    row.problem = failure.why
    if failure.is_away and resume_at is not None and row.urgent:
        row.next_read_at = resume_at  # somebody waits for it
        return
    row.urgent = row.urgent and failure.is_away and row.failures <= WAITED_FOR
    pause = pause_after_failures(row.failures)
    if failure.is_away:  # it will be back for all at once: what was missed meanwhile is not left for hours then
        pause = min(pause, HOURLY)
    row.next_read_at = max(now + pause, resume_at or now)
    if row.failures > MOST_TRIES and interest.next_read(row, now) is None:
        row.next_read_at = None


def _facts_of(row: PackageRow) -> PackageFacts | None:
    try:
        return PackageFacts.model_validate_json(row.facts) if row.facts else None
    except ValidationError:
        _LOG.warning("What was known of %s cannot be read any more", row.name)
        return None


def provenance_of(row: PackageRow) -> Provenance | None:
    """Read from where the newest version came that has told it."""
    try:
        return Provenance.model_validate_json(row.provenance) if row.provenance else None
    except ValidationError:
        _LOG.warning("The provenance that was known of %s cannot be read any more", row.name)
        return None
