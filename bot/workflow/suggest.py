"""What [Set up] fills the form with: from the package itself, its provenance, and its siblings in one repository.

The repository is the one that the package names: an attestation tells where a version came from, which after an attack
is the wrong place, so that of a foreign repository nothing is taken.
"""

from dataclasses import dataclass

from bot.domain.commands import FormDraft
from bot.domain.evidence import PackageFacts
from bot.domain.provenance import Provenance
from bot.domain.publishers import PROVIDERS, Provider
from bot.domain.publishers.github import GitHub
from bot.domain.publishers.gitlab import GitLab
from storage.coverage_models import PackageRow
from storage.store import Store

_BY_HOST = {PROVIDERS[provider].host: provider for provider in (Provider.GITHUB, Provider.GITLAB)}


@dataclass(frozen=True, slots=True)
class _Source:
    """Where a package comes from."""

    host: str
    repository: str

    def is_of(self, provenance: Provenance | None) -> bool:
        if provenance is None or not self.repository:
            return False
        named = (provenance.repository_host, provenance.repository.lower())
        return named == (self.host, self.repository.lower())


def suggest_form(store: Store, package: str) -> FormDraft:
    """Fill in the form of the provider where a package lives; what nothing tells is left empty."""
    row = store.packages.find(package)
    own = _provenance_of(row) if row else None
    source = _source_of(row, own)
    provider = _BY_HOST.get(source.host, Provider.GITHUB)
    file, environment = _workflow_of(store, package, source, own)
    found = {PROVIDERS[provider].source_flag: source.repository, "file": file, "environment": environment}
    return FormDraft(provider=provider, package=package, fields={name: value for name, value in found.items() if value})


def _source_of(row: PackageRow | None, own: Provenance | None) -> _Source:
    facts = PackageFacts.model_validate_json(row.facts) if row and row.facts else None
    if facts is not None and facts.repository:
        # of another host we know no provider: its repository would only be wrong in the form
        is_known = facts.repository_host in _BY_HOST
        return _Source(facts.repository_host, facts.repository) if is_known else _Source("", "")
    return _Source(own.repository_host, own.repository) if own else _Source("", "")


def _workflow_of(store: Store, package: str, source: _Source, own: Provenance | None) -> tuple[str, str]:
    """Tell file and environment; provenance knows no environment, what was set up here does."""
    siblings = store.packages.list_of_repository(source.repository) if source.repository else []
    names = [package, *(row.name for row in siblings if row.name != package)]
    publishers = [made.publisher for made in store.packages.list_set_ups(names, used_too=True)]
    here = [
        publisher
        for publisher in publishers
        if isinstance(publisher, GitHub | GitLab) and publisher.source.lower() == source.repository.lower()
    ]
    if own is not None and source.is_of(own):
        return own.file, next((publisher.environment for publisher in here if publisher.file == own.file), "")
    if here:
        return here[0].file, here[0].environment
    attested = (_provenance_of(row) for row in siblings)
    return next((found.file for found in attested if found and source.is_of(found)), ""), ""


def _provenance_of(row: PackageRow) -> Provenance | None:
    return Provenance.model_validate_json(row.provenance) if row.provenance else None
