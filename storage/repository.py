"""What every repository shares."""

import secrets
from collections.abc import Sequence
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Select, bindparam, select
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from storage.base import Base

Row = TypeVar("Row", bound=Base)

AT_ONCE = 100
"""How many rows are written together."""


def new_token() -> str:
    """Make an opaque value that nobody can guess: 128 random bits."""
    return secrets.token_urlsafe(16)


class Repository:
    """Rows of one workspace."""

    def __init__(self, session: Session, workspace: str) -> None:
        self._session = session
        self._workspace = workspace
        self._kept: list[Base] = []
        """What was found by id: SQLAlchemy knows a row only as long as somebody holds it."""

    def _select(self, model: type[Row]) -> Select[Row]:
        return _select_of(model, self._workspace)

    def _add(self, row: Row) -> Row:
        self._session.add(row)
        self._session.flush()
        return row

    def _add_all(self, rows: Sequence[Row]) -> None:
        """Store many rows, some at a time: what SQLAlchemy needs for it is several times what they hold."""
        for start in range(0, len(rows), AT_ONCE):
            self._session.add_all(rows[start : start + AT_ONCE])
            self._session.flush()

    def _one(self, query: Select[Row]) -> Row | None:
        return self._session.scalars(query.limit(1)).first()

    def _all(self, query: Select[Row]) -> list[Row]:
        return list(self._session.scalars(query))

    def _get(self, model: type[Row], row_id: int) -> Row | None:
        """Find by row id; a row that this transaction has loaded already is not asked for again."""
        row = self._session.get(model, row_id)
        if row is None or row.workspace != self._workspace:
            return None
        self._kept.append(row)
        return row

    def _get_one(self, model: type[Row], row_id: int) -> Row:
        """Find by row id what must be there.

        Raises:
            NoResultFound: It is not.
        """
        if (row := self._get(model, row_id)) is None:
            raise NoResultFound(f"no {model.__name__} has the id {row_id}")
        return row

    def _find(self, model: type[Row], **columns: Any) -> Row | None:  # noqa: ANN401 -- the values of the columns
        """Find a row whose columns have these values, by a statement that is written once."""
        return self._session.scalars(_first_of(model, *columns), {"workspace": self._workspace, **columns}).first()

    def _list(self, model: type[Row], **columns: Any) -> list[Row]:  # noqa: ANN401 -- as above
        """List all such rows, oldest first."""
        return list(self._session.scalars(_all_of(model, *columns), {"workspace": self._workspace, **columns}))


@cache
def _select_of(model: type[Base], workspace: str) -> Select[Any]:
    """Begin a query: most of them do so, and SQLAlchemy takes longer to write one than SQLite to answer it."""
    return select(model).where(model.workspace == workspace)


@cache
def _first_of(model: type[Base], *columns: str) -> Select[Any]:
    return _where_equal(model, *columns).limit(1)


@cache
def _all_of(model: type[Base], *columns: str) -> Select[Any]:
    return _where_equal(model, *columns).order_by(model.id)


def _where_equal(model: type[Base], *columns: str) -> Select[Any]:
    """Write a statement whose parameters are named as the columns are."""
    named = ("workspace", *columns)
    return select(model).where(*(getattr(model, name) == bindparam(name) for name in named))
