"""What somebody does at the machine, beside the `npmtrust run` that may be at work on the same database."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from storage.database import TRIES, DatabaseDown
from storage.seal_keys import SealKeys
from storage.store import Store

T = TypeVar("T")


def write_beside(engine: Engine, workspaces: Iterable[str], keys: SealKeys, work: Callable[[Store], T]) -> list[T]:
    """Do something in each workspace, each in one transaction; again where somebody else was first.

    Raises:
        DatabaseDown: It cannot be done now.
    """
    return [_write(engine, workspace, keys, work) for workspace in workspaces]


def _write(engine: Engine, workspace: str, keys: SealKeys, work: Callable[[Store], T]) -> T:
    for _ in range(TRIES):
        try:
            with Session(engine, expire_on_commit=False) as session, session.begin():
                store = Store(session, workspace, keys)
                result = work(store)
                store.finish()
                return result
        except IntegrityError:
            continue
        except DBAPIError as err:
            raise DatabaseDown(str(err.orig)) from err
    raise DatabaseDown("others kept changing the same rows")
