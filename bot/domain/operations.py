"""What a step does to one package, and the fingerprint that binds an approval to it."""

import hashlib
import json
from collections.abc import Iterable
from typing import Annotated, Any, Literal, TypeAlias, assert_never

from pydantic import Field

from bot.domain.lifecycle import Phase, Plan
from bot.domain.packages import PackageName
from bot.domain.publishers import (
    Configuration,
    Permission,
    Publisher,
    claims_overlap,
    comes_from,
    read_publisher,
)
from bot.domain.values import Frozen


class Create(Frozen):
    """Add one configuration."""

    kind: Literal["create"] = "create"
    package: PackageName
    publisher: Publisher
    permissions: tuple[Permission, ...]


class Revoke(Frozen):
    """Remove one configuration. Until it was read, only the selector is known, and nobody can approve it."""

    kind: Literal["revoke"] = "revoke"
    package: PackageName
    configuration_id: str = ""
    from_repository: str = ""
    configuration: Configuration | None = None
    """What was read behind the selector; part of what is approved."""


class Replace(Frozen):
    """Put one configuration in the place of another. Until the old one was read, nobody can approve it."""

    kind: Literal["replace"] = "replace"
    package: PackageName
    configuration_id: str = ""
    from_repository: str = ""
    old: Configuration | None = None
    """What was read behind the selector; part of what is approved."""
    publisher: Publisher
    permissions: tuple[Permission, ...]


Operation: TypeAlias = Annotated[Create | Revoke | Replace, Field(discriminator="kind")]


def plan_of(operation: Operation) -> Plan:
    """Tell the calls of an operation and their order: a replace creates first where the two do not overlap.

    Of one whose old side was not read the order is not known, and the answer is only there to have one.
    """
    match operation:
        case Create():
            return Plan.CREATE
        case Revoke():
            return Plan.REVOKE
        case Replace(old=old, publisher=publisher):
            apart = old and not claims_overlap(old.type, old.claims, publisher.provider, publisher.to_claims())
            return Plan.CREATE_THEN_REVOKE if apart else Plan.REVOKE_THEN_CREATE
        case _:  # pragma: no cover
            assert_never(operation)


class Target(Frozen):
    """The configuration that a create call makes."""

    publisher: Publisher
    permissions: tuple[Permission, ...]


def target_of(operation: Operation, phase: Phase) -> Target | None:
    """Tell what the create call of a phase makes; None where there is none, or none that can be made.

    Raises nothing: a restore of claims that we do not know is None, and the step is left half with the way out.
    """
    match operation, phase:
        case Replace(old=old), Phase.RESTORE:
            publisher = read_publisher(old.type, old.claims) if old else None
            known = tuple(permission for permission in Permission if old and permission in old.permissions)
            return Target(publisher=publisher, permissions=known) if publisher and known else None
        case ((Create() | Replace()), _):
            return Target(publisher=operation.publisher, permissions=operation.permissions)
        case _:
            return None


def removed_by(operation: Operation) -> Configuration | None:
    """Tell the configuration that an operation removes; None where it removes none, and while it is not read."""
    match operation:
        case Revoke(configuration=configuration):
            return configuration
        case Replace(old=old):
            return old
        case Create():
            return None
        case _:  # pragma: no cover
            assert_never(operation)


def revoked_id_of(operation: Operation) -> str:
    """Tell the id that the revoke call of an operation removes; empty while it is not read."""
    removed = removed_by(operation)
    return removed.id if removed else ""


def find_selected(operation: Revoke | Replace, listed: Iterable[Configuration]) -> tuple[Configuration, ...]:
    """Find in npm's list what the selector of an operation means: an id, or a repository."""
    if operation.configuration_id:
        return tuple(found for found in listed if found.id == operation.configuration_id)
    return tuple(found for found in listed if comes_from(found, operation.from_repository))


def with_removed(operation: Revoke | Replace, found: Configuration | None) -> Revoke | Replace:
    """Fill in what stands behind the selector: it becomes part of what is approved."""
    name = "configuration" if isinstance(operation, Revoke) else "old"
    return operation.model_copy(update={name: found})


def fingerprint_of(operation: Operation, *, workspace: str, registry: str) -> str:
    """Hash all that an approval binds to, as SHA-256 of canonical JSON, in hexadecimal."""
    content = operation.model_dump(mode="json") | {
        "workspace": workspace,
        "registry": registry,
        "plan": plan_of(operation),
    }
    return _sha256(json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False))


def likeness_of(operation: Operation) -> str:
    """Hash what is asked for apart from the package, as 16 hexadecimal signs: steps that are alike have the same.

    What was read behind a selector is not in it, so that it stays as it is while the step is looked at.
    """
    wanted = operation.model_dump(mode="json", exclude={"package", "configuration", "old"})
    return _short_hash(wanted)


def group_of(operation: Operation) -> str:
    """Hash what people see of it apart from the package, as 16 hexadecimal signs.

    Each package's configuration has an id of its own: with it, no two steps that name one would be a group.
    """
    return _short_hash(
        operation.model_dump(mode="json", exclude={"package", "configuration", "old", "configuration_id"})
    )


def fingerprint_of_set(fingerprints: Iterable[str]) -> str:
    """Hash the sorted fingerprints of the steps of a change set or of a view."""
    return _sha256("\n".join(sorted(fingerprints)))


def body_of(publisher: Publisher, permissions: Iterable[Permission]) -> list[dict[str, Any]]:
    """Build what npm posts to create a configuration: an array of one (npm-trust 1.2)."""
    return [
        {
            "type": publisher.provider.value,
            "claims": publisher.to_claims(),
            "permissions": [permission.value for permission in permissions],
        }
    ]


def _short_hash(content: dict[str, Any]) -> str:
    return _sha256(json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False))[:16]


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
