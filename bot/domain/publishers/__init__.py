"""Who may publish a package: one file for each provider, and the questions that are asked of any configuration."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Annotated, TypeAlias, assert_never

from pydantic import Field

from bot.domain.flags import Fields
from bot.domain.publishers import circleci, github, gitlab
from bot.domain.publishers._core import Claims, Configuration, Permission, Provider, ProviderSpec
from bot.domain.publishers.circleci import CircleCI
from bot.domain.publishers.github import GitHub
from bot.domain.publishers.gitlab import GitLab
from bot.domain.repositories import without_host

__all__ = [
    "PROVIDERS",
    "CircleCI",
    "Claims",
    "Configuration",
    "GitHub",
    "GitLab",
    "Permission",
    "Provider",
    "ProviderSpec",
    "Publisher",
    "claims_overlap",
    "comes_from",
    "describe_claims",
    "fields_of",
    "find_configuration",
    "find_overlapping",
    "permissions_match",
    "read_publisher",
    "repository_of",
    "same_claims",
    "same_configuration",
]

Publisher: TypeAlias = Annotated[GitHub | GitLab | CircleCI, Field(discriminator="provider")]

PROVIDERS: Mapping[Provider, ProviderSpec[GitHub | GitLab | CircleCI]] = MappingProxyType(
    {Provider.GITHUB: github.SPEC, Provider.GITLAB: gitlab.SPEC, Provider.CIRCLECI: circleci.SPEC}
)


def same_claims(type_a: str, claims_a: Claims, type_b: str, claims_b: Claims) -> bool:
    """Tell whether both mean the same publisher. Claims that we do not know of a known provider are not looked at."""
    if type_a != type_b:
        return False
    a, b = read_publisher(type_a, claims_a), read_publisher(type_b, claims_b)
    if a is None or b is None:
        return dict(claims_a) == dict(claims_b)
    if isinstance(a, CircleCI) and isinstance(b, CircleCI):
        return _without_contexts(a) == _without_contexts(b) and set(a.context_ids) == set(b.context_ids)
    return a == b


def claims_overlap(type_a: str, claims_a: Claims, type_b: str, claims_b: Claims) -> bool:
    """Tell whether one token could match both: npm refuses the second with 409 then (npm-trust 1.5)."""
    if type_a != type_b:
        return False
    a, b = read_publisher(type_a, claims_a), read_publisher(type_b, claims_b)
    if a is None or b is None:
        return dict(claims_a) == dict(claims_b)
    if a.environment and b.environment and a.environment != b.environment:
        return False
    return _without_narrowing(a) == _without_narrowing(b)


def same_configuration(approved: Configuration, found: Configuration) -> bool:
    """Tell whether npm still shows what was approved: the id, the claims and the permissions."""
    return ((approved.id, approved.type, approved.claims) == (found.id, found.type, found.claims)) and set(
        approved.permissions
    ) == set(found.permissions)


def permissions_match(wanted: Iterable[str], found: Iterable[str]) -> bool:
    """Tell whether what npm shows is what was asked for: npm may add the permission to stage by itself."""
    asked, shown = set(wanted), set(found)
    return bool(asked) and shown in (asked, asked | {Permission.STAGE})


def find_configuration(
    configurations: Iterable[Configuration], publisher: Publisher, permissions: Iterable[str]
) -> Configuration | None:
    """Find the identical configuration, by claims and permissions."""
    wanted, claims = tuple(permissions), publisher.to_claims()
    for found in configurations:
        if same_claims(found.type, found.claims, publisher.provider, claims) and permissions_match(
            wanted, found.permissions
        ):
            return found
    return None


def find_overlapping(
    configurations: Iterable[Configuration], publisher: Publisher, permissions: Iterable[str]
) -> Configuration | None:
    """Find one that a token could also match and that is not identical: the same claims with other permissions too."""
    wanted, claims = tuple(permissions), publisher.to_claims()
    for found in configurations:
        if claims_overlap(found.type, found.claims, publisher.provider, claims) and not find_configuration(
            [found], publisher, wanted
        ):
            return found
    return None


def repository_of(configuration: Configuration) -> str:
    """Tell the repository, project path or vcs origin that is trusted; empty when it cannot be told."""
    spec = _spec(configuration.type)
    source = configuration.claims.get(spec.source_claim) if spec else None
    return source if isinstance(source, str) else ""


def comes_from(configuration: Configuration, repository: str) -> bool:
    """Tell whether a configuration trusts this repository, `owner/repo`, wherever it is hosted."""
    source = repository_of(configuration)
    return bool(source) and repository in (source, without_host(source))


def fields_of(publisher: Publisher) -> dict[str, tuple[str, ...]]:
    """Write a publisher as the flags that make it."""
    match publisher:
        case GitHub():
            fields: Fields = {"repo": (publisher.repository,), "file": (publisher.file,)}
        case GitLab():
            fields = {"project": (publisher.source,), "file": (publisher.file,)}
        case CircleCI():
            fields = {
                "org-id": (publisher.org_id,),
                "project-id": (publisher.project_id,),
                "pipeline-definition-id": (publisher.pipeline_definition_id,),
                "vcs-origin": (publisher.vcs_origin,),
                "context-id": publisher.context_ids,
            }
        case _:  # pragma: no cover
            assert_never(publisher)
    environment = {"environment": (publisher.environment,)} if publisher.environment else {}
    return {name: values for name, values in {**fields, **environment}.items() if values}


def describe_claims(type_: str, claims: Claims) -> str:
    """Write claims in plain words: `acme/ui → release.yml`; those that we cannot read as they are."""
    if publisher := read_publisher(type_, claims):
        return publisher.label
    return f"{type_}: " + (", ".join(f"{name}={value}" for name, value in claims.items()) or "no claims")


def _spec(type_: str) -> ProviderSpec[GitHub | GitLab | CircleCI] | None:
    return PROVIDERS.get(Provider(type_)) if type_ in set(Provider) else None


def read_publisher(type_: str, claims: Claims) -> GitHub | GitLab | CircleCI | None:
    """Read npm's claims; None where provider or claims are not as we know them."""
    spec = _spec(type_)
    return spec.read(claims) if spec else None


def _without_contexts(publisher: CircleCI) -> CircleCI:
    return publisher.model_copy(update={"context_ids": ()})


def _without_narrowing(publisher: GitHub | GitLab | CircleCI) -> GitHub | GitLab | CircleCI:
    """Leave out what cannot keep two apart: a job may hold the contexts of both."""
    if isinstance(publisher, CircleCI):
        return _without_contexts(publisher)
    return publisher.model_copy(update={"environment": ""})
