"""Reading the public data of packages: politely, a few at once, each only when it has changed."""

import asyncio
import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from bot.domain.evidence import EvidenceKind, PackageFacts
from bot.domain.provenance import Provenance
from bot.errors import RegistryError
from bot.registry import (
    Found,
    NotFound,
    NotModified,
    RegistryMisbehaved,
    RegistryNotReached,
    RegistryUnavailable,
)
from bot.services import Services
from bot.workflow.catalogue import rest_between_reads
from storage.coverage_models import PackageRow

AT_ONCE = 4
"""How many packages are read at the same time."""

FAILED_RUNNING = 3
"""After so many failures running nothing more of a batch is asked for: npm is away, and not one package spoilt."""

_ATTESTED = frozenset({EvidenceKind.TRUSTED, EvidenceKind.PROVENANCE_ONLY})
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Failed:
    """No answer that can be used."""

    why: str
    """The end of a sentence: "npm did not answer in time"."""
    is_away: bool = False
    """npm could not be used; else this package cannot be read."""
    is_certain: bool = False
    """npm was not reached, or has asked for a pause: no other package would fare better."""
    retry_after: float = 0.0
    """Seconds, where npm asks for a pause."""


@dataclass(frozen=True, slots=True)
class Read:
    """What came of one package of a batch."""

    row: PackageRow
    """As it was claimed."""
    answer: "Answer"
    provenance: Provenance | None = None
    """Of the newest version, where it is new and has one."""


Answer: TypeAlias = Found | NotModified | NotFound | Failed


@dataclass(frozen=True, slots=True)
class Batch:
    """What came of a batch."""

    reads: tuple[Read, ...]
    unread: tuple[PackageRow, ...] = ()
    """Those that were not asked for, since npm is away."""

    @property
    def outage(self) -> Failed | None:
        """Why nothing can be read now; None when something can. One package that fails alone is no outage."""
        failures = [read.answer for read in self.reads if isinstance(read.answer, Failed) and read.answer.is_away]
        certain = [failure for failure in failures if failure.is_certain]
        if certain:
            return max(certain, key=lambda failure: failure.retry_after)
        is_all = self.unread or len(failures) == len(self.reads) > 1
        return failures[-1] if failures and is_all else None


async def read_batch(services: Services, rows: Sequence[PackageRow]) -> Batch:
    """Read packages; of one that fails it is told why, and when npm is away the rest is left alone."""
    reads: list[Read] = []
    free = asyncio.Semaphore(AT_ONCE)

    async def read(row: PackageRow) -> None:
        try:
            reads.append(await _read(services, row))
        finally:
            free.release()

    begun = 0
    async with asyncio.TaskGroup() as group:
        for row in rows:
            await free.acquire()
            if _is_away(reads):
                break
            group.create_task(read(row))
            begun += 1
            await rest_between_reads(services)
    return Batch(tuple(reads), tuple(rows[begun:]))


def _is_away(reads: Sequence[Read]) -> bool:
    failures = [read.answer for read in reads[-FAILED_RUNNING:] if isinstance(read.answer, Failed)]
    if any(failure.is_certain for failure in failures):
        return True
    return len(failures) == FAILED_RUNNING and all(failure.is_away for failure in failures)


async def _read(services: Services, row: PackageRow) -> Read:
    try:
        answer = await services.registry.read_package(row.name, etag=row.etag)
        provenance = await _read_provenance(services, row, answer.facts) if isinstance(answer, Found) else None
    except RegistryUnavailable as err:
        is_certain = isinstance(err, RegistryNotReached) or err.retry_after is not None
        return Read(row, Failed(str(err), is_away=True, is_certain=is_certain, retry_after=err.retry_after or 0.0))
    except RegistryError as err:
        return Read(row, Failed(str(err)))
    except Exception as err:  # noqa: BLE001 -- one package that trips us up must not keep the others from being read
        error_id = secrets.token_hex(4)
        _LOG.error("Error %s: %s could not be read", error_id, row.name, exc_info=err)
        return Read(row, Failed(f"it went wrong on my side, error {error_id}"))
    return Read(row, answer, provenance)


async def _read_provenance(services: Services, row: PackageRow, facts: PackageFacts) -> Provenance | None:
    """Read from where the newest version came, when it is new: versions never change."""
    version = facts.evidence.version
    if version == row.newest_version or facts.evidence.kind not in _ATTESTED:
        return None
    try:
        return await services.registry.load_provenance(row.name, version)
    except RegistryMisbehaved as err:  # not every registry has attestations
        _LOG.info("The provenance of %s %s cannot be read: %s", row.name, version, err)
        return None
