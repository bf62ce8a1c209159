"""How complete the catalogue is: what each list of an owner's packages said last."""

from collections.abc import Iterable
from datetime import datetime

from storage.coverage_models import CatalogueListRow
from storage.repository import Repository


class Catalogue(Repository):
    """One row for each owner and source; the names themselves are in `packages`."""

    def note(self, owner: str, source: str, *, total: int, at: datetime, by: str = "") -> CatalogueListRow:
        """Keep what a list said, in the place of what it said before."""
        row = self.find(owner, source)
        if row is None:
            return self._add(
                CatalogueListRow(workspace=self._workspace, owner=owner, source=source, total=total, by=by, at=at)
            )
        row.total, row.by, row.at = total, by, at
        return row

    def find(self, owner: str, source: str) -> CatalogueListRow | None:
        """Find what one list said last."""
        query = self._select(CatalogueListRow).where(CatalogueListRow.owner == owner)
        return self._one(query.where(CatalogueListRow.source == source))

    def list_of(self, owners: Iterable[str]) -> list[CatalogueListRow]:
        """List what was said of some owners, oldest first."""
        query = self._select(CatalogueListRow).where(CatalogueListRow.owner.in_(list(owners)))
        return self._all(query.order_by(CatalogueListRow.at, CatalogueListRow.id))

    def list_all(self) -> list[CatalogueListRow]:
        """List what was said of every owner, oldest first."""
        return self._all(self._select(CatalogueListRow).order_by(CatalogueListRow.at, CatalogueListRow.id))
