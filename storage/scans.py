"""The coverage that people asked for."""

from collections.abc import Iterable

from storage.coverage_models import ScanRow
from storage.repository import Repository

OPEN_SCANS = ("listing", "reading")


class Scans(Repository):
    """One row for each `coverage`, from its command to its file."""

    def add(self, scan: ScanRow) -> ScanRow:
        """Store a wish."""
        return self._add(scan)

    def load(self, scan_id: int) -> ScanRow | None:
        """Load by row id."""
        return self._one(self._select(ScanRow).where(ScanRow.id == scan_id))

    def find_delivery(self, inbox_id: int) -> ScanRow | None:
        """Find what a delivery has asked for already."""
        return self._one(self._select(ScanRow).where(ScanRow.inbox_id == inbox_id))

    def list_open(self, states: Iterable[str] = OPEN_SCANS) -> list[ScanRow]:
        """List those that have not ended, oldest first."""
        return self._all(self._select(ScanRow).where(ScanRow.state.in_(list(states))).order_by(ScanRow.id))

    def list_files_wanted(self) -> list[ScanRow]:
        """List those whose file is to be sent, oldest first."""
        return self._all(self._select(ScanRow).where(ScanRow.csv_state == "wanted").order_by(ScanRow.id))
