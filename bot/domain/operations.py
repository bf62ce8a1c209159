"""What a step does to one package, and the fingerprint that binds an approval to it."""

import hashlib
import json
from collections.abc import Iterable
from typing import Annotated, Any, Literal, TypeAlias, assert_never

from pydantic import Field

from bot.domain.lifecycle import Phase, Plan
from bot.domain.packages import PackageName
from bot.domain.publishers import Configuration, Permission, Publisher, claims_overlap, read_publisher
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
    """Put one configuration in the place of another."""

    kind: Literal["replace"] = "replace"
    package: PackageName
    old: Configuration
    publisher: Publisher
    permissions: tuple[Permission, ...]


Operation: TypeAlias = Annotated[Create | Revoke | Replace, Field(discriminator="kind")]


def plan_of(operation: Operation) -> Plan:
    """Tell the calls of an operation and their order: a replace creates first where the two do not overlap."""
    match operation:
        case Create():
            return Plan.CREATE
        case Revoke():
            return Plan.REVOKE
        case Replace(old=old, publisher=publisher):
            overlap = claims_overlap(old.type, old.claims, publisher.provider, publisher.to_claims())
            return Plan.REVOKE_THEN_CREATE if overlap else Plan.CREATE_THEN_REVOKE
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
            publisher = read_publisher(old.type, old.claims)
            known = tuple(permission for permission in Permission if permission in old.permissions)
            return Target(publisher=publisher, permissions=known) if publisher and known else None
        case ((Create() | Replace()), _):
            return Target(publisher=operation.publisher, permissions=operation.permissions)
        case _:
            return None


def revoked_id_of(operation: Operation) -> str:
    """Tell the id that the revoke call of an operation removes; empty while it is not read."""
    match operation:
        case Revoke(configuration=configuration):
            return configuration.id if configuration else ""
        case Replace(old=old):
            return old.id
        case Create():
            return ""
        case _:  # pragma: no cover
            assert_never(operation)


def fingerprint_of(operation: Operation, *, workspace: str, registry: str) -> str:
    """Hash all that an approval binds to, as SHA-256 of canonical JSON, in hexadecimal."""
    content = operation.model_dump(mode="json") | {
        "workspace": workspace,
        "registry": registry,
        "plan": plan_of(operation),
    }
    return _sha256(json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False))


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


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
