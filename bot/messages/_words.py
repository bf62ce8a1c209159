"""How we say what an operation, a configuration or evidence is.

All answers hold text from outside: pass them on to `safe` or `plain`.
"""

from collections.abc import Iterable
from typing import assert_never

from bot.domain.evidence import Evidence, EvidenceKind
from bot.domain.operations import Create, Operation, Replace, Revoke, revoked_id_of
from bot.domain.publishers import CircleCI, Configuration, Permission, Publisher, describe_claims, read_publisher
from bot.messages._text import clean, cut

COMMAND = "/npmtrust"
LONGEST_LABEL = 600
"""The longest repository and the longest file that can be asked for, and the arrow: who decides reads all of it."""
_PERMISSIONS = {Permission.PUBLISH.value: "publish", Permission.STAGE.value: "stage"}


def package_words(package: str) -> str:
    """Name a package; npm's names have up to 214 characters."""
    return cut(clean(package), 214)


def label_words(operation: Create | Replace) -> str:
    """Name the publisher that is to be trusted: `acme/ui → release.yml`."""
    return cut(clean(operation.publisher.label), LONGEST_LABEL)


def configuration_words(configuration: Configuration) -> str:
    """Name a configuration that was read, with its id. Only for people who may see configurations."""
    described = describe_claims(configuration.type, configuration.claims) or configuration.type
    publisher = read_publisher(configuration.type, configuration.claims)
    narrowing = f", {cut(narrowing_words(publisher), 100)}" if publisher else ""
    permissions = permission_words(configuration.permissions)
    other = "".join(f", {name}={value}" for name, value in configuration.other.items())
    return f"{cut(clean(described), 200)}{narrowing} ({permissions}), id {cut(clean(configuration.id), 60)}" + cut(
        clean(other), 200
    )


def permission_words(permissions: Iterable[str]) -> str:
    """List permissions: `publish, stage`. Those that we do not know are named as npm names them."""
    return ", ".join(_PERMISSIONS.get(str(permission)) or cut(clean(permission), 60) for permission in permissions)


def short_id(configuration_id: str) -> str:
    """Shorten npm's id to what people compare: `eebc175d…`."""
    return cut(clean(configuration_id), 9)


def request_words(operation: Operation) -> str:
    """Say what is asked, after `asks:`: `let acme/ui → release.yml publish @acme/ui`."""
    package = package_words(operation.package)
    match operation:
        case Create():
            verb = "publish" if Permission.PUBLISH in operation.permissions else "stage"
            return f"let {label_words(operation)} {verb} {package}"
        case Revoke():
            return f"revoke {removed_words(operation)} of {package}"
        case Replace():
            return f"replace {removed_words(operation)} of {package} with {label_words(operation)}"
        case _:
            assert_never(operation)


def done_words(operation: Operation) -> str:
    """Say what is so once it was done: `@acme/ui now trusts acme/ui → release.yml`."""
    package = package_words(operation.package)
    match operation:
        case Create():
            return f"{package} now trusts {label_words(operation)}"
        case Revoke():
            return f"{package}: {removed_words(operation)} is revoked"
        case Replace():
            return f"{package} now trusts {label_words(operation)} instead of {removed_words(operation)}"
        case _:
            assert_never(operation)


def already_words(operation: Operation) -> str:
    """Say what was so before anything was sent."""
    if isinstance(operation, Revoke):
        return f"{package_words(operation.package)}: {removed_words(operation)} was gone already"
    return f"{package_words(operation.package)} trusts {label_words(operation)} already"


def target_words(operation: Create | Replace) -> str:
    """Say all of what is to be made: `acme/ui → release.yml, Environment: any (publish, stage)`."""
    permissions = permission_words(operation.permissions)
    return f"{label_words(operation)}, {cut(narrowing_words(operation.publisher), 200)} ({permissions})"


def narrowing_words(publisher: Publisher) -> str:
    """Say to which jobs the trust is narrowed: `Environment: production`."""
    if isinstance(publisher, CircleCI):
        return f"Contexts: {', '.join(map(clean, publisher.context_ids)) or 'any'}"
    return f"Environment: {clean(publisher.environment) or 'any'}"


def evidence_words(evidence: Evidence) -> str:
    """Say what public data shows. It is evidence, and never said to be more."""
    version = f" ({cut(clean(evidence.version), 60)})" if evidence.version else ""
    by = f": {cut(clean(evidence.by), 60)} published it" if evidence.by else ""
    match evidence.kind:
        case EvidenceKind.TRUSTED:
            through = f" from {cut(clean(evidence.provider), 60)}" if evidence.provider else ""
            return f"the newest version{version} came through a trusted publisher{through}"
        case EvidenceKind.DOWNGRADED:
            return f"an older version came through a trusted publisher, the newest{version} did not{by}"
        case EvidenceKind.PROVENANCE_ONLY:
            return f"the newest version{version} has provenance, no trusted publishing seen"
        case EvidenceKind.NONE:
            return "no trusted publishing seen"
        case EvidenceKind.UNPUBLISHED:
            return "no version is published"
        case EvidenceKind.NOT_VISIBLE:
            return "this registry does not show how versions were published"
        case _:
            assert_never(evidence.kind)


def removed_words(operation: Revoke | Replace) -> str:
    """Name what goes, without what was read of it: `configuration eebc175d… for acme/old`."""
    found = revoked_id_of(operation) or operation.configuration_id
    known = f"configuration {short_id(found)}" if found else "the configuration"
    return f"{known} for {cut(clean(operation.from_repository), 140)}" if operation.from_repository else known


def needed_words(missing: int, reviewers: str, *, has_approvers: bool) -> str:
    """Say how many approvals are missing, and whose they can be."""
    if not reviewers:
        return f"{missing} more, and nobody else can approve yet"
    return f"{missing}{' more' if has_approvers else ''} of {reviewers}"
