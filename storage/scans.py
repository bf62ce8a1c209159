"""The coverage that people asked for."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, select

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
        return self._get(ScanRow, scan_id)

    def find_delivery(self, inbox_id: int) -> ScanRow | None:
        """Find what a delivery has asked for already."""
        return self._find(ScanRow, inbox_id=inbox_id)

    def list_open(self, states: Iterable[str] = OPEN_SCANS) -> list[ScanRow]:
        """List those that have not ended, oldest first."""
        values = {"workspace": self._workspace, "states": list(states)}
        return list(self._session.scalars(_in_states(), values))

    def list_files_wanted(self) -> list[ScanRow]:
        """List those whose file is to be sent, oldest first."""
        return self._list(ScanRow, csv_state="wanted")


@cache
def _in_states() -> Select[Any]:
    """Find those of a `workspace` that are in one of some `states`, oldest first."""
    mine = ScanRow.workspace == bindparam("workspace")
    return select(ScanRow).where(mine, ScanRow.state.in_(bindparam("states", expanding=True))).order_by(ScanRow.id)
