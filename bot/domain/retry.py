"""Asking once more for what failed: which ends are failures, and what of an operation is missing in npm's list."""

from collections.abc import Iterable
from typing import assert_never

from bot.domain.batch import CREATE, REPLACE, REVOKE, Wanted
from bot.domain.lifecycle import State
from bot.domain.operations import Create, Operation, Replace, Revoke, removed_by
from bot.domain.publishers import Configuration, fields_of, find_configuration

FAILED = (State.REFUSED, State.CONFLICT, State.EXPIRED, State.RESTORED)
"""npm has nothing of it, for certain: it can be asked for again as it was.

What was rejected or cancelled did not fail: people did not want it.
"""

UNCLEAR = (State.UNRESOLVED, State.LEFT_HALF)
"""npm may have some of it: its list is read first, and only what is missing is asked for."""


def missing_of(operation: Operation, listed: Iterable[Configuration]) -> Operation | None:
    """Tell what of an operation is still to be done; None when npm's list shows all of it."""
    standing = tuple(listed)
    removed = removed_by(operation)
    is_there = removed is not None and any(found.id == removed.id for found in standing)
    match operation:
        case Create(publisher=publisher, permissions=permissions):
            return None if find_configuration(standing, publisher, permissions) else operation
        case Revoke():
            return operation if is_there else None
        case Replace(publisher=publisher, permissions=permissions):
            if find_configuration(standing, publisher, permissions):
                return _revoke(operation, removed) if removed is not None and is_there else None
            return operation if is_there else _create(operation)
        case _:  # pragma: no cover
            assert_never(operation)


def _revoke(operation: Replace, removed: Configuration) -> Revoke:
    return Revoke(package=operation.package, configuration_id=removed.id)


def _create(operation: Replace) -> Create:
    return Create(package=operation.package, publisher=operation.publisher, permissions=operation.permissions)


def wanted_again(operation: Operation) -> Wanted:
    """Say what an operation asks for, so that it can be asked for again."""
    match operation:
        case Revoke(package=package):
            return Wanted(package=package, verb=REVOKE, **_selector(operation))
        case Create(package=package, publisher=publisher, permissions=permissions):
            return Wanted(
                package=package,
                verb=CREATE,
                provider=publisher.provider,
                fields=fields_of(publisher),
                permissions=permissions,
            )
        case Replace(package=package, publisher=publisher, permissions=permissions):
            return Wanted(
                package=package,
                verb=REPLACE,
                provider=publisher.provider,
                fields=fields_of(publisher),
                permissions=permissions,
                **_selector(operation),
            )
        case _:  # pragma: no cover
            assert_never(operation)


def _selector(operation: Revoke | Replace) -> dict[str, str]:
    """One of the two; the id that was found is the surest."""
    removed = removed_by(operation)
    if found := operation.configuration_id or (removed.id if removed else ""):
        return {"configuration_id": found}
    return {"from_repository": operation.from_repository}
