"""What one read of a package brought, beside what was known before it."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.evidence import PackageFacts
from bot.domain.provenance import Provenance
from storage.coverage_models import PackageRow


@dataclass(frozen=True, slots=True)
class Reading:
    """A package that was read just now, and that the public can see."""

    row: PackageRow
    before: PackageFacts | None
    """None: it was read for the first time."""
    after: PackageFacts
    provenance_before: Provenance | None
    """Of the version that was the newest one with provenance before."""
    provenance_after: Provenance | None
    """Of the newest version; the same as before where no version came."""
    now: datetime
