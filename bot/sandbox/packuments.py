"""Full packuments of the simulated registry, with the public evidence of trusted publishing in them.

A version that was published through a trusted publisher has `_npmUser.trustedPublisher`; one with provenance has
`dist.attestations`. The abbreviated packument has neither `_npmUser` nor `time`.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from bot.sandbox.cast import SeedPackage
from bot.sandbox.registry_attestations import predicate_type_of
from bot.sandbox.registry_catalogue import Package
from bot.sandbox.registry_state import Account
from bot.sandbox.releases import FIRST_PUBLISH, Bulk, Release, Spoil

_PROVIDERS = {
    "github": ("GitHub Actions", "npm-oidc-no-reply@github.com"),
    "gitlab": ("GitLab CI/CD", "npm-oidc-no-reply@gitlab.com"),
    "circleci": ("CircleCI", "npm-oidc-no-reply@circleci.com"),
}
"""The name and the e-mail that npm gives to a version that came through one."""
_CHUNK = 64 * 1024


def build_packument(package: Package, accounts: Mapping[str, Account], base_url: str) -> dict[str, Any]:
    """Build the full packument of a package, but for the versions that are made while it is sent."""
    seed = package.seed
    versions = {release.version: _build_version(package, release, base_url) for release in package.releases}
    times = {release.version: _isoformat(release.at) for release in package.releases}
    times |= {version: _isoformat(at) for version, at in package.removed.items()}
    packument: dict[str, Any] = {
        "_id": seed.name,
        "name": seed.name,
        "maintainers": [{"name": name, "email": accounts[name].email} for name in seed.maintainers],
        "time": {"created": _isoformat(FIRST_PUBLISH), "modified": max([*times.values(), _isoformat(FIRST_PUBLISH)])},
    }
    if not versions:
        packument["time"]["unpublished"] = {"time": _isoformat(FIRST_PUBLISH), "versions": sorted(times) or ["1.0.0"]}
        return packument
    return {
        **packument,
        "dist-tags": dict(package.tags),
        "time": {**packument["time"], **times},
        "versions": versions,
        **_repository_of(seed),
    }


def abbreviate(packument: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what the abbreviated packument does not have."""
    versions = {
        version: {key: value for key, value in manifest.items() if key in {"name", "version", "dist", "deprecated"}}
        for version, manifest in packument.get("versions", {}).items()
    }
    return {
        "name": packument["name"],
        "dist-tags": packument.get("dist-tags", {}),
        "versions": versions,
        "modified": packument["time"]["modified"],
    }


def mirror(packument: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what mirrors drop: who published, and the attestations."""
    versions = {version: _mirror_version(manifest) for version, manifest in packument.get("versions", {}).items()}
    return {**packument, "versions": versions} if versions else dict(packument)


def spoil_packument(packument: Mapping[str, Any], spoil: Spoil) -> object:
    """Take away what a spoiled packument lacks."""
    match spoil:
        case Spoil.LIST:
            return [packument]
        case Spoil.NO_TIME | Spoil.NO_VERSIONS:
            return {key: value for key, value in packument.items() if key != spoil.removeprefix("no ")}
        case Spoil.NO_USER:
            return mirror(packument)
        case _:
            return packument


def stream_packument(
    packument: Mapping[str, Any], package: Package, bulk: Bulk, base_url: str, *, is_mirror: bool
) -> Iterator[bytes]:
    """Write a packument with its bulk of old versions, piece by piece, in the order of npm's."""
    by = package.seed.maintainers[0]

    def write() -> Iterator[str]:
        yield _open({key: value for key, value in packument.items() if key not in {"versions", "time"}}, "versions")
        for release in bulk.releases(by):
            manifest = _build_version(package, release, base_url) | {"readme": "x" * bulk.padding}
            shown = _mirror_version(manifest) if is_mirror else manifest
            yield f"{json.dumps(release.version)}:{json.dumps(shown)},"
        yield json.dumps(packument["versions"])[1:] + ',"time":{'
        yield "".join(f"{json.dumps(release.version)}:{_quote(release.at)}," for release in bulk.releases(by))
        yield json.dumps(packument["time"])[1:] + "}"

    gathered = bytearray()
    for text in write():
        gathered += text.encode()
        if len(gathered) >= _CHUNK:
            yield bytes(gathered)
            gathered.clear()
    yield bytes(gathered)


def _mirror_version(manifest: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in manifest.items() if key != "_npmUser"}
    return kept | {"dist": {key: value for key, value in manifest["dist"].items() if key != "attestations"}}


def _open(head: Mapping[str, Any], key: str) -> str:
    return f'{json.dumps(head)[:-1]},"{key}":{{'


def _build_version(package: Package, release: Release, base_url: str) -> dict[str, Any]:
    seed = package.seed
    manifest: dict[str, Any] = {
        "name": seed.name,
        "version": release.version,
        "_npmUser": _build_user(release),
        "dist": {"tarball": f"{base_url}/{seed.name}/-/{seed.name.rpartition('/')[2]}-{release.version}.tgz"},
        **_repository_of(seed),
    }
    if seed.deprecated:
        manifest["deprecated"] = "No longer maintained."
    if release.source:
        escaped = seed.name.replace("/", "%2f")
        manifest["dist"]["attestations"] = {
            "url": f"{base_url}/-/npm/v1/attestations/{escaped}@{release.version}",
            "provenance": {"predicateType": predicate_type_of(release.source)},
        }
    return manifest


def _build_user(release: Release) -> dict[str, Any]:
    person = {"name": release.by, "email": f"{release.by}@elsewhere.example"}
    if not release.provider:
        return person
    name, email = _PROVIDERS[release.provider]
    publisher = {"id": release.provider, "oidcConfigId": f"oidc:{release.configuration_id}"}
    return {
        "name": name,
        "email": email,
        "trustedPublisher": publisher,
        **({"approver": person} if release.by else {}),
    }


def _repository_of(seed: SeedPackage) -> dict[str, Any]:
    if not seed.repository:
        return {}
    return {"repository": {"type": "git", "url": f"git+https://github.com/{seed.repository}.git"}}


def _quote(moment: datetime) -> str:
    return json.dumps(_isoformat(moment))


def _isoformat(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
