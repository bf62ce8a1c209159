"""Sealing everything anew with the first key, while `npmtrust run` is at work.

Only the sealed column of a row is written, and only where it still holds what was read: no claim is broken, and what
somebody wrote meanwhile stays (who wrote it sealed it with the first key).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, func, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import InstrumentedAttribute, Session

from storage.database import DatabaseDown
from storage.key_check import KeyCheckRow
from storage.sealed import SEALED, Sealed
from storage.vault import Vault, WrongKey

_CHUNK = 200


@dataclass(slots=True)
class Rotation:
    """What a pass over all sealed values did."""

    total: int = 0
    sealed_anew: int = 0
    unopened: dict[str, int] = field(default_factory=dict)
    """Values that no key opens, by column: nobody can use them."""
    left: dict[str, int] = field(default_factory=dict)
    """Values that still rest on another key than the first, by column."""


def is_started_with(engine: Engine, vault: Vault) -> bool:
    """Tell whether a process has started with the first key: from then on what that key sealed can be opened there."""
    with Session(engine) as session, session.begin():
        marks = session.scalars(select(KeyCheckRow.sealed)).all()
    return all(map(vault.is_current, marks))


def rotate(engine: Engine, vault: Vault, tell: Callable[[str, int, int], None]) -> Rotation:
    """Seal every value anew that rests on another key than the first.

    Args:
        engine: Where.
        vault: With the keys.
        tell: Is called with the name of a column, how many of its values were looked at, and how many there are.

    Raises:
        DatabaseDown: It cannot be done now; what was done stays, and the rest can follow.
    """
    rotation = Rotation()
    try:
        for sealed in SEALED:
            _rotate_column(engine, vault, sealed, rotation, tell)
        for sealed in SEALED:
            _count_left(engine, vault, sealed, rotation)
    except DBAPIError as err:
        raise DatabaseDown(str(err.orig)) from err
    return rotation


def _rotate_column(
    engine: Engine, vault: Vault, sealed: Sealed, rotation: Rotation, tell: Callable[[str, int, int], None]
) -> None:
    name, column = _name_of(sealed), _column_of(sealed)
    with Session(engine) as session, session.begin():
        total = session.scalar(select(func.count()).select_from(sealed.model).where(column != "")) or 0
    rotation.total += total
    after, looked = 0, 0
    while ids := _next_ids(engine, sealed, after):
        with Session(engine) as session, session.begin():
            for row in session.scalars(select(sealed.model).where(sealed.model.id.in_(ids), column != "")):
                rotation.sealed_anew += _rotate_row(session, vault, sealed, row, rotation)
        after, looked = ids[-1], looked + len(ids)
        tell(name, min(looked, total), total)


def _rotate_row(session: Session, vault: Vault, sealed: Sealed, row: Any, rotation: Rotation) -> int:  # noqa: ANN401
    old, about = getattr(row, sealed.column), sealed.about(row)
    if vault.is_current(old):
        return 0
    try:
        anew = vault.seal(vault.unseal(old, about), about)
    except WrongKey:
        name = _name_of(sealed)
        rotation.unopened[name] = rotation.unopened.get(name, 0) + 1
        return 0
    statement = update(sealed.model).where(sealed.model.id == row.id, _column_of(sealed) == old)
    changed = session.execute(statement.values({sealed.column: anew}), execution_options={"synchronize_session": False})
    return int(getattr(changed, "rowcount", 0))


def _count_left(engine: Engine, vault: Vault, sealed: Sealed, rotation: Rotation) -> None:
    after, left = 0, 0
    while ids := _next_ids(engine, sealed, after):
        with Session(engine) as session, session.begin():
            values = session.scalars(select(_column_of(sealed)).where(sealed.model.id.in_(ids)))
            left += sum(bool(value) and not vault.is_current(value) for value in values)
        after = ids[-1]
    if left:
        rotation.left[_name_of(sealed)] = left


def _next_ids(engine: Engine, sealed: Sealed, after: int) -> list[int]:
    query = select(sealed.model.id).where(sealed.model.id > after, _column_of(sealed) != "")
    with Session(engine) as session, session.begin():
        return list(session.scalars(query.order_by(sealed.model.id).limit(_CHUNK)))


def _column_of(sealed: Sealed) -> InstrumentedAttribute[str]:
    column: InstrumentedAttribute[str] = getattr(sealed.model, sealed.column)
    return column


def _name_of(sealed: Sealed) -> str:
    return f"{sealed.model.__tablename__}.{sealed.column}"
