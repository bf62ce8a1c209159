"""What a policy says of one operation: everything in it that is not allowed, and where the file says so."""

import re
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from itertools import chain

from bot.domain.operations import Create, Operation, Replace, Revoke
from bot.domain.policy import EVERYBODY, PERMISSION_NAMES, UNSTATED, PackagePolicy, Unstated, bare
from bot.domain.publishers import PROVIDERS, CircleCI, Publisher
from bot.domain.reviewers import Directory, StepFacts, is_requester, reviewers_of, unknown_groups
from bot.domain.values import Frozen


class Breach(StrEnum):
    """What is wrong with a request, by the policy."""

    NO_RULE = "no_rule"
    DENIED = "denied"
    NO_REVIEWER = "no_reviewer"
    NO_QUORUM = "no_quorum"
    QUORUM_TOO_HIGH = "quorum_too_high"
    NO_REPOSITORY = "no_repository"
    REQUESTER = "requester"
    REPOSITORY = "repository"
    PROVIDER = "provider"
    WORKFLOW_FILE = "workflow_file"
    ENVIRONMENT_MISSING = "environment_missing"
    ENVIRONMENT = "environment"
    PERMISSION = "permission"
    UNSTATED = "unstated"
    GROUP_UNKNOWN = "group_unknown"
    """No fault of the policy: Slack does not tell who is in a group."""


class Violation(Frozen):
    """One thing that the policy does not allow."""

    breach: Breach
    came: str = ""
    """What was asked for: `evil/ui`."""
    allowed: tuple[str, ...] = ()
    """What the rule allows in its place."""


_DEFAULT_HOST = "github.com"


def check_policy(policy: PackagePolicy) -> list[Violation]:
    """List why nothing at all can be asked for: empty means no."""
    if policy.is_missing:
        return [Violation(breach=Breach.NO_RULE)]
    if policy.deny:
        return [Violation(breach=Breach.DENIED, came=policy.deny)]
    lacks = {Breach.NO_REVIEWER: not policy.reviewers, Breach.NO_QUORUM: not policy.quorum}
    return [Violation(breach=breach) for breach, is_lacking in lacks.items() if is_lacking]


def check_operation(operation: Operation, policy: PackagePolicy) -> list[Violation]:
    """List what of an operation the policy does not allow; what a revoke takes away may be anything."""
    found = check_policy(policy)
    if found or isinstance(operation, Revoke):
        return found
    if not policy.repositories:
        return [Violation(breach=Breach.NO_REPOSITORY)]
    return [*_check_publisher(operation.publisher, policy), *_check_permissions(operation, policy)]


def check_people(facts: StepFacts, directory: Directory) -> list[Violation]:
    """List why this person cannot ask for it, or why nobody could ever approve it."""
    policy = facts.policy
    if not is_requester(facts.requester, facts.maintainers, policy, directory):
        return [Violation(breach=Breach.REQUESTER, allowed=policy.requesters)]
    if unknown := unknown_groups(facts, directory):
        return [Violation(breach=Breach.GROUP_UNKNOWN, came=", ".join(unknown))]
    reviewers = reviewers_of(facts, directory)
    if reviewers.are_admins:
        return []  # who has no admins is told so in other words
    many = len(reviewers.people) + len(reviewers.unlinked)
    is_short = many < policy.quorum and not (facts.is_revoke and policy.revoke_alone and many)
    return [Violation(breach=Breach.QUORUM_TOO_HIGH, came=str(many))] if is_short else []


def default_permissions(operation: Operation, policy: PackagePolicy) -> Operation:
    """Give an operation that was asked for without permissions those that the policy says it means."""
    meant = UNSTATED[policy.unstated_permission]
    if isinstance(operation, Revoke) or not meant:
        return operation
    return operation.model_copy(update={"permissions": meant})


def check_unstated(operation: Operation, policy: PackagePolicy) -> list[Violation]:
    """Refuse a request that names no permission, where the policy wants one named."""
    must_state = policy.unstated_permission is Unstated.REFUSE and not isinstance(operation, Revoke)
    return [Violation(breach=Breach.UNSTATED, allowed=policy.permissions)] if must_state else []


def is_allowed(globs: Iterable[str], texts: Iterable[str]) -> bool:
    """Tell whether a list lets one of these spellings through and leaves none of them out. No entries let nothing."""
    entries, spellings = tuple(globs), tuple(texts)
    hits = [entry for entry in entries if any(_compile(bare(entry)).fullmatch(text) for text in spellings)]
    return bool(hits) and not any(entry.startswith("!") for entry in hits)


def _check_publisher(publisher: Publisher, policy: PackagePolicy) -> Iterable[Violation]:
    source = place_of(publisher)
    if publisher.provider not in policy.providers:
        yield Violation(breach=Breach.PROVIDER, came=publisher.provider, allowed=policy.providers)
    if not is_allowed(map(_with_host, policy.repositories), [source]):
        yield Violation(breach=Breach.REPOSITORY, came=source, allowed=policy.repositories)
    workflow = publisher.pipeline_definition_id if isinstance(publisher, CircleCI) else publisher.file
    if not is_allowed(policy.workflow_files, [workflow]):
        yield Violation(breach=Breach.WORKFLOW_FILE, came=workflow, allowed=policy.workflow_files)
    if policy.environment_required and not publisher.environment:
        yield Violation(breach=Breach.ENVIRONMENT_MISSING, allowed=policy.environments)
    elif publisher.environment and not is_allowed(policy.environments, [publisher.environment]):
        yield Violation(breach=Breach.ENVIRONMENT, came=publisher.environment, allowed=policy.environments)


def _check_permissions(operation: Create | Replace, policy: PackagePolicy) -> Iterable[Violation]:
    allowed = {PERMISSION_NAMES[name] for name in policy.permissions}
    names = {permission: name for name, permission in PERMISSION_NAMES.items()}
    for permission in operation.permissions:
        if permission not in allowed:
            yield Violation(breach=Breach.PERMISSION, came=names[permission], allowed=policy.permissions)


def place_of(publisher: Publisher) -> str:
    """Write the source of a publisher with its host, in lower case: `github.com/acme/ui`."""
    host = PROVIDERS[publisher.provider].host
    return (f"{host}/{publisher.source}" if host else publisher.source).lower()


def _with_host(glob: str) -> str:
    """Write a pattern of repositories with its host: where it names none it is GitHub, as in package.json."""
    negation, pattern = ("!" if glob.startswith("!") else ""), bare(glob).lower()
    first = pattern.partition("/")[0]
    if pattern == EVERYBODY:
        return f"{negation}**"
    return f"{negation}{pattern}" if "." in first else f"{negation}{_DEFAULT_HOST}/{pattern}"


@lru_cache(maxsize=1024)
def _compile(glob: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*|\*)", glob)
    meanings = {"**": ".*", "*": "[^/]*"}
    return re.compile("".join(meanings.get(part) or re.escape(part) for part in chain(parts)), re.DOTALL)
