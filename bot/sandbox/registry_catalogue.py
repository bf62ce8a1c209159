"""The packages of the simulated registry: their versions, and every trust configuration that they ever had."""

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from bot.clock import Clock
from bot.sandbox.cast import SeedPackage
from bot.sandbox.registry_switches import Expired, Switches
from bot.sandbox.releases import Bulk, Release, Source, Spoil, seed_releases

FIRST_PUBLISH_WITHIN = timedelta(days=2)
"""After that a configuration that nothing was published through has expired."""


@dataclass(slots=True)
class TrustRecord:
    """A trust configuration, with its times so that lists can lag."""

    id: str
    type: str
    claims: Mapping[str, Any]
    permissions: tuple[str, ...]
    created_at: datetime
    revoked_at: datetime | None = None
    is_used: bool = False
    """Something was published through it."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Fields that nobody has heard of yet."""

    def stands_at(self, moment: datetime) -> bool:
        """Tell whether it existed at that time."""
        return self.created_at <= moment and (self.revoked_at is None or self.revoked_at > moment)

    def is_expired(self, moment: datetime) -> bool:
        """Tell whether its time for a first publish is over."""
        return not self.is_used and moment >= self.created_at + FIRST_PUBLISH_WITHIN

    def as_json(self) -> dict[str, Any]:
        """Show it as npm does: to stage is allowed by every configuration, so it is always listed."""
        implied = () if "createStagedPackage" in self.permissions else ("createStagedPackage",)
        return {
            "id": self.id,
            "type": self.type,
            "claims": dict(self.claims),
            "permissions": [*self.permissions, *implied],
            **self.extra,
        }


@dataclass(slots=True)
class Package:
    """A package, its versions, and every trust configuration that it ever had."""

    seed: SeedPackage
    records: list[TrustRecord] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)
    """In the order in which they came; none: it was unpublished."""
    tags: dict[str, str] = field(default_factory=dict)
    """`latest` and other dist-tags to versions."""
    removed: dict[str, datetime] = field(default_factory=dict)
    """Versions that were unpublished, which npm's `time` goes on to name."""
    bulk: Bulk | None = None
    spoil: Spoil = Spoil.NOTHING
    access: dict[str, bool] = field(default_factory=dict)
    """What `npm access set mfa=…` has set: `publish_requires_tfa`, `automation_token_overrides_tfa`."""
    revision: int = 0
    """Of its packument; no two that differ have the same."""


@dataclass(frozen=True, slots=True)
class AcceptedCreate:
    """A create that npm acted on."""

    package: str
    fingerprint: str
    """SHA-256 of the canonical JSON of provider, claims and permissions as they were posted."""
    npm_user: str
    at: datetime


def fingerprint_of(type_: str, claims: Mapping[str, Any], permissions: Sequence[str]) -> str:
    """Hash what a create asks for."""
    content = json.dumps([type_, claims, sorted(permissions)], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(content.encode()).hexdigest()


class Catalogue:
    """The packages, and what happens to them."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.switches = Switches()
        self.packages: dict[str, Package] = {}
        self.accepted_creates: list[AcceptedCreate] = []
        self._revisions = 0

    def add_package(self, seed: SeedPackage) -> None:
        """Publish a package. What trusted publishing has published has its configuration."""
        releases = seed_releases(seed, configuration_id_of(seed))
        package = self.packages[seed.name] = Package(seed, releases=releases)
        if releases:
            package.tags["latest"] = releases[-1].version
        self.touch(package)
        if seed.evidence in {"trusted", "downgraded"}:
            claims = {"repository": seed.repository, "workflow_ref": {"file": "release.yml"}}
            record = self.add_configuration(seed.name, "github", claims, ("createPackage",))
            record.id = configuration_id_of(seed)
            record.created_at -= timedelta(days=30)
            record.is_used = True
            package.records = [record]

    def publish(self, name: str, release: Release, *, through: str, provenance: Source | bool | None, tag: str) -> None:
        """Publish a version by hand, or through a configuration that the package has or had.

        Raises:
            LookupError: no package or no configuration is known by that name, or the configuration has expired.
            ValueError: there is such a version.
        """
        package = self.packages[name]
        if any(release.version == other.version for other in package.releases):
            raise ValueError(f"{name} has a version {release.version}")
        if through:
            record = next((record for record in package.records if record.id == through), None)
            if record is None:
                raise LookupError(f"{name} has no configuration {through}")
            if record.is_expired(release.at):
                raise LookupError(f"{name} has no configuration {through} any more: it was not used in time")
            record.is_used = True
            release = replace(release, provider=record.type, configuration_id=through)
        else:
            release = replace(release, by=release.by or package.seed.maintainers[0])
        package.releases.append(replace(release, source=_source_of(package, release, provenance=provenance)))
        package.tags[tag] = release.version
        self.touch(package)

    def unpublish(self, name: str, version: str = "") -> None:
        """Take back one version, or all of them; the package goes on to exist without."""
        package = self.packages[name]
        gone = [release for release in package.releases if version in {"", release.version}]
        package.removed |= {release.version: release.at for release in gone}
        package.releases = [release for release in package.releases if release not in gone]
        package.bulk = package.bulk if version else None
        kept = {tag: of for tag, of in package.tags.items() if of not in package.removed}
        package.tags = {"latest": package.releases[-1].version, **kept} if package.releases else {}
        self.touch(package)

    def touch(self, package: Package) -> None:
        """Note that the packument is another one now."""
        self._revisions += 1
        package.revision = self._revisions

    def add_configuration(
        self,
        package: str,
        type_: str,
        claims: Mapping[str, Any],
        permissions: Sequence[str],
        extra: Mapping[str, Any] | None = None,
    ) -> TrustRecord:
        """Make a configuration, as npm does for a create and as somebody else does behind our back."""
        record = TrustRecord(str(uuid.uuid4()), type_, claims, tuple(permissions), self.clock.now(), extra=extra or {})
        self.packages[package].records.append(record)
        return record

    def remove_configuration(self, package: str, configuration_id: str) -> bool:
        """Revoke a configuration; no when none has that id."""
        for record in self.standing(package):
            if record.id == configuration_id:
                record.revoked_at = self.clock.now()
                return True
        return False

    def standing(self, package: str, *, lagging: bool = False) -> list[TrustRecord]:
        """List the configurations that stand, or those that npm's lists show so far; oldest first."""
        now = self.clock.now()
        moment = now - timedelta(seconds=self.switches.lag_seconds if lagging else 0)
        return [
            record
            for record in self.packages[package].records
            if record.stands_at(moment) and not (self.switches.expired is Expired.GONE and record.is_expired(now))
        ]

    def list_configurations(self, package: str, *, lagging: bool = False) -> list[dict[str, Any]]:
        """List what stands as npm shows it."""
        return [record.as_json() for record in self.standing(package, lagging=lagging)]


def configuration_id_of(seed: SeedPackage) -> str:
    """Name the configuration that a package was published through: the same in the packument and in the list."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"npm:{seed.name}"))


def _source_of(package: Package, release: Release, *, provenance: Source | bool | None) -> Source | None:
    """Tell from where a version was built: as was stated, else as the trust configuration or the package say."""
    if isinstance(provenance, Source):
        return provenance
    usual = release.provider in {"github", "gitlab"} and not package.seed.private
    if not (usual if provenance is None else provenance):
        return None
    claims = next((record.claims for record in package.records if record.id == release.configuration_id), {})
    if release.provider == "gitlab":
        return Source(claims["project_path"], claims["ci_config_ref_uri"]["file"], host="gitlab.com")
    if release.provider == "github":
        return Source(claims["repository"], claims["workflow_ref"]["file"])
    return Source(package.seed.repository)
