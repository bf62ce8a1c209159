"""What every repository shares."""

import secrets
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from storage.base import Base

Row = TypeVar("Row", bound=Base)


def new_token() -> str:
    """Make an opaque value that nobody can guess: 128 random bits."""
    return secrets.token_urlsafe(16)


class Repository:
    """Rows of one workspace."""

    def __init__(self, session: Session, workspace: str) -> None:
        self._session = session
        self._workspace = workspace

    def _select(self, model: type[Row]) -> Select[Row]:
        return _select_of(model, self._workspace)

    def _add(self, row: Row) -> Row:
        self._session.add(row)
        self._session.flush()
        return row

    def _one(self, query: Select[Row]) -> Row | None:
        return self._session.scalars(query.limit(1)).first()

    def _all(self, query: Select[Row]) -> list[Row]:
        return list(self._session.scalars(query))


@cache
def _select_of(model: type[Base], workspace: str) -> Select[Any]:
    """Begin a query: most of them do so, and SQLAlchemy takes longer to write one than SQLite to answer it."""
    return select(model).where(model.workspace == workspace)
