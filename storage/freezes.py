"""Freezes: while one stands, nothing goes out to npm through anybody's account."""

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, index_some
from storage.repository import Repository


class FreezeRow(Base):
    """Who stopped everything, why, and who let it go on."""

    __tablename__ = "freezes"
    __table_args__ = (index_some("freezes_once", "workspace", unique=True, where="ended_at IS NULL"),)

    actor: Mapped[str]
    reason: Mapped[str]
    """As it was written; may be empty."""
    at: Mapped[datetime]
    ended_by: Mapped[str] = mapped_column(default="")
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class Freezes(Repository):
    """One stands at a time."""

    def current(self) -> FreezeRow | None:
        """Find the one that stands."""
        return self._session.scalars(_standing(), {"workspace": self._workspace}).first()

    def load(self, freeze_id: int) -> FreezeRow | None:
        """Load by row id."""
        return self._get(FreezeRow, freeze_id)

    def add(self, actor: str, reason: str, now: datetime) -> FreezeRow:
        """Store that somebody stops everything."""
        return self._add(FreezeRow(workspace=self._workspace, actor=actor, reason=reason, at=now, ended_at=None))


@cache
def _standing() -> Select[Any]:
    """Find the freeze that has not ended; the parameter is `workspace`."""
    return select(FreezeRow).where(FreezeRow.workspace == bindparam("workspace"), FreezeRow.ended_at.is_(None))
