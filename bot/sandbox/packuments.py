"""Full packuments of the simulated registry, with the public evidence of trusted publishing in them.

A version that was published through a trusted publisher has `_npmUser.trustedPublisher`; one with provenance has
`dist.attestations`. The abbreviated packument has neither `_npmUser` nor `time`.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.sandbox.cast import SeedPackage
from bot.sandbox.registry_state import Account, configuration_id_of

FIRST_PUBLISH = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
BETWEEN_VERSIONS = timedelta(days=40)
VERSIONS = {
    "none": ("person", "person"),
    "trusted": ("person", "trusted publisher"),
    "downgraded": ("trusted publisher", "person"),
    "provenance only": ("provenance", "provenance"),
    "unpublished": (),
}
"""How the versions 1.0.0, 1.1.0 … of each kind of evidence were published."""


def build_packument(seed: SeedPackage, accounts: dict[str, Account], base_url: str) -> dict[str, Any]:
    """Build the full packument of a package."""
    versions = {
        f"1.{minor}.0": _build_version(seed, f"1.{minor}.0", published_by, base_url)
        for minor, published_by in enumerate(VERSIONS[seed.evidence])
    }
    times = {version: _isoformat(FIRST_PUBLISH + number * BETWEEN_VERSIONS) for number, version in enumerate(versions)}
    packument: dict[str, Any] = {
        "_id": seed.name,
        "name": seed.name,
        "maintainers": [{"name": name, "email": accounts[name].email} for name in seed.maintainers],
        "time": {"created": _isoformat(FIRST_PUBLISH), "modified": max([*times.values(), _isoformat(FIRST_PUBLISH)])},
    }
    if not versions:
        packument["time"]["unpublished"] = {"time": _isoformat(FIRST_PUBLISH), "versions": ["1.0.0"]}
        return packument
    return {
        **packument,
        "dist-tags": {"latest": next(reversed(versions))},
        "time": {**packument["time"], **times},
        "versions": versions,
        **_repository_of(seed),
    }


def abbreviate(packument: dict[str, Any]) -> dict[str, Any]:
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


def _build_version(seed: SeedPackage, version: str, published_by: str, base_url: str) -> dict[str, Any]:
    manifest: dict[str, Any] = {
        "name": seed.name,
        "version": version,
        "_npmUser": {"name": seed.maintainers[0], "email": f"{seed.maintainers[0]}@elsewhere.example"},
        "dist": {"tarball": f"{base_url}/{seed.name}/-/{seed.name.rpartition('/')[2]}-{version}.tgz"},
        **_repository_of(seed),
    }
    if seed.deprecated:
        manifest["deprecated"] = "No longer maintained."
    if published_by == "trusted publisher":
        manifest["_npmUser"] = {
            "name": "GitHub Actions",
            "email": "npm-oidc-no-reply@github.com",
            "trustedPublisher": {"id": "github", "oidcConfigId": f"oidc:{configuration_id_of(seed)}"},
        }
    if published_by in {"trusted publisher", "provenance"}:
        manifest["dist"]["attestations"] = {
            "url": f"{base_url}/-/npm/v1/attestations/{seed.name}@{version}",
            "provenance": {"predicateType": "https://slsa.dev/provenance/v1"},
        }
    return manifest


def _repository_of(seed: SeedPackage) -> dict[str, Any]:
    if not seed.repository:
        return {}
    return {"repository": {"type": "git", "url": f"git+https://github.com/{seed.repository}.git"}}


def _isoformat(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
