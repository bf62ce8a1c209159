"""What npm shows of one package of a batch, and what that means for asking."""

import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from bot.domain.approval import Directory, Person
from bot.domain.batch import REVOKE, Status, Wanted, Why, doubt_of
from bot.domain.evidence import PackageFacts
from bot.domain.operations import Create, Operation, Revoke, likeness_of
from bot.domain.outcome import AccountRefused, SessionDead
from bot.domain.two_days import TWO_DAYS
from bot.errors import RegistryError, StorageError
from bot.messages.wording import target_words
from bot.registry import NotFound, RegistryNotReached, RegistryUnavailable
from bot.services import Services
from bot.workflow.packages import Missing, Stopped, load_facts, words_of
from bot.workflow.plan_step import Planned, Unfit, check, find_same, plan, with_preflight
from storage.account_models import LinkRow
from storage.batch_models import BatchItemRow, BatchRow
from storage.store import Store

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Judged:
    """What becomes of one package."""

    item: BatchItemRow
    """As it was read before."""
    status: Status
    why: Why | None = None
    detail: str = ""
    planned: Planned | None = None
    """Where it can be asked for."""
    is_unseen: bool = False
    """Nobody but other accounts sees it, and nobody named it."""


@dataclass(frozen=True, slots=True)
class Outage:
    """npm could not be used for a package."""

    why: str
    """The end of a sentence."""
    retry_after: float = 0.0
    """Seconds, where npm asks for a pause."""
    is_certain: bool = False
    """npm was not reached, or has asked for a pause: no other package would fare better."""
    item: BatchItemRow | None = None

    def as_unreadable(self) -> Judged:
        """Let the package stay out: npm is there for others."""
        if self.item is None:
            raise TypeError("it is about no package")
        return Judged(self.item, Status.SKIPPED, Why.UNREADABLE, self.why)


@dataclass(frozen=True, slots=True)
class Bench:
    """What the packages of a batch are judged with, loaded once for many of them."""

    services: Services
    batch: BatchRow
    link: LinkRow | None
    """Of who wants it."""
    directory: Directory
    retired: frozenset[str]
    """Packages that somebody said are not published any more."""


async def judge(bench: Bench, item: BatchItemRow) -> Judged | Outage:
    """Read one package and say what becomes of it. Never raises: one that trips us up must not keep the others."""
    try:
        found = await load_facts(bench.services, item.package, bench.link)
        if not isinstance(found, PackageFacts):
            return _missing(item, found)
        return await _weigh(bench, item, found)
    except RegistryUnavailable as err:
        is_certain = isinstance(err, RegistryNotReached) or err.retry_after is not None
        return Outage(str(err), err.retry_after or 0.0, is_certain=is_certain, item=item)
    except StorageError as err:
        return Outage(str(err), is_certain=True, item=item)
    except RegistryError as err:
        return Judged(item, Status.SKIPPED, Why.UNREADABLE, str(err))
    except Exception as err:  # noqa: BLE001 -- see above
        error_id = secrets.token_hex(4)
        _LOG.error("Error %s: %s could not be looked at", error_id, item.package, exc_info=err)
        return Judged(item, Status.SKIPPED, Why.UNREADABLE, f"it went wrong on my side, error {error_id}")


def _missing(item: BatchItemRow, missing: Missing) -> Judged:
    if item.hidden:
        return Judged(item, Status.SKIPPED, is_unseen=True)
    match missing:
        case NotFound():
            return Judged(item, Status.SKIPPED, Why.NOT_FOUND, words_of(missing))
        case Stopped():
            return Judged(item, Status.SKIPPED, Why.NOT_YOURS, "npmtrust is frozen, so no account looks")
        case SessionDead(message=message) | AccountRefused(message=message):
            return Judged(item, Status.SKIPPED, Why.NOT_YOURS, message)
        case _:
            assert_never(missing)


async def _weigh(bench: Bench, item: BatchItemRow, found: PackageFacts) -> Judged:
    services, wanted = bench.services, Wanted.model_validate_json(item.wanted)
    planned = plan(services, wanted, found)
    if isinstance(planned, Unfit):
        return Judged(item, Status.FAULTY, planned.why, planned.detail)
    stated, person = wanted.verb == REVOKE or bool(wanted.permissions), Person(id=bench.batch.person)
    if unfit := await check(services, person, planned, found, bench.directory, permissions_stated=stated):
        return Judged(item, Status.SKIPPED, unfit.why, unfit.detail)
    planned = await with_preflight(services, planned, found)
    is_retired, now = item.package in bench.retired, services.clock.now()
    if doubt := doubt_of(wanted.verb, found, retired=is_retired, now=now):
        return Judged(item, Status.UNTICKED, doubt, planned=planned)
    if planned.faults:
        return Judged(item, Status.UNTICKED, Why.PREFLIGHT, planned.faults[0], planned)
    return Judged(item, Status.INCLUDED, planned=planned)


def record(services: Services, store: Store, batch: BatchRow, judged: Sequence[Judged]) -> None:
    """Write down what was found of some packages; what is asked for elsewhere is looked up at once for all of them."""
    pending = store.batches.find_pending(one.item.package for one in judged if one.planned)
    rows = store.batches.find_items(batch.id, [one.item.position for one in judged])
    made = _set_up_lately(services, store, judged)
    unseen = [rows[one.item.position] for one in judged if one.is_unseen and one.item.position in rows]
    for one in judged:
        row = rows.get(one.item.position)
        if row is None or row.status != Status.NEW.value or one.is_unseen:
            continue
        row.status, row.why, row.detail = one.status.value, one.why.value if one.why else "", one.detail
        if one.planned is None:
            continue
        _put(row, one.planned)
        if same := find_same(services, store, one.planned.operation, pending.get(row.package, [])):
            row.status, row.why, row.detail = Status.SKIPPED.value, Why.PENDING.value, f"C-{same.number}"
        elif row.package in made and one.status is Status.INCLUDED:
            row.status, row.why = Status.UNTICKED.value, Why.SET_UP.value
    if unseen:
        batch.unseen += len(unseen)
        store.batches.remove(unseen)


def _set_up_lately(services: Services, store: Store, judged: Sequence[Judged]) -> set[str]:
    """Find the packages that are to get a publisher and have one of ours, which public data cannot show yet."""
    names = [one.item.package for one in judged if one.planned and isinstance(one.planned.operation, Create)]
    since = services.clock.now() - TWO_DAYS
    return {made.package for made in store.packages.list_set_ups(names) if made.applied_at > since}


def _put(row: BatchItemRow, planned: Planned) -> None:
    operation = planned.operation
    row.operation, row.facts = operation.model_dump_json(), planned.facts.model_dump_json()
    row.likeness, row.private = likeness_of(operation), planned.is_private
    row.label = _label_of(operation)


def _label_of(operation: Operation) -> str:
    """Say what is wanted, without the package: a line of the preview."""
    if isinstance(operation, Create):
        return target_words(operation)
    of_repository = f"what trusts {operation.from_repository}" if operation.from_repository else ""
    if isinstance(operation, Revoke):
        return f"revoke {of_repository or f'configuration {operation.configuration_id}'}"
    return f"{target_words(operation)}, in the place of {of_repository or 'one that was named or read'}"
