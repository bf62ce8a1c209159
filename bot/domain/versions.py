"""Versions of a package, in small: what of a manifest shows how a version was published (npm-trust 3)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True)
class VersionSeen:
    """One version, without the rest of its manifest: there may be thousands of them."""

    version: str
    published: datetime | None = None
    """None in what `read_version` reads: times stand in the packument's `time`."""
    by: str = ""
    """The npm user; who approved it when it was staged."""
    trusted: bool = False
    """It came through a trusted publisher."""
    provider: str = ""
    """As npm names it, such as `github`."""
    configuration_id: str = ""
    """npm's id of the configuration through which it came, without `oidc:`."""
    provenance: bool = False
    """There is an attestation of how it was built."""
    has_user: bool = False
    """The registry shows who published it."""
    deprecated: bool = False
    repository: str = ""
    """As package.json has it: an address in any form."""


class Release(NamedTuple):
    """A version in the order in which versions came: by time, by number where times are missing."""

    published: datetime
    number: tuple[int, int, int]
    version: str
    prerelease: bool
    seen: VersionSeen

    @property
    def came(self) -> datetime | None:
        """When, where the registry tells."""
        return None if self.published == _NEVER else self.published

    @property
    def publisher(self) -> tuple[str, str]:
        """The provider and the id of the configuration."""
        return self.seen.provider, self.seen.configuration_id


_NEVER = datetime.min.replace(tzinfo=UTC)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_SEMVER = re.compile(r"(\d{1,16})\.(\d{1,16})\.(\d{1,16})(-)?.*", re.ASCII | re.DOTALL)


def read_version(version: str, manifest: Mapping[str, Any]) -> VersionSeen:
    """Read a manifest of a full packument. Parts that are missing or of another type than npm's are as if empty."""
    user = read_mapping(manifest, "_npmUser")
    publisher = read_mapping(user, "trustedPublisher")
    return VersionSeen(
        version=clean_text(version),
        by=read_text(read_mapping(user, "approver"), "name") or read_text(user, "name"),
        trusted=bool(publisher),
        provider=read_text(publisher, "id"),
        configuration_id=read_text(publisher, "oidcConfigId").removeprefix("oidc:"),
        provenance=bool(read_mapping(read_mapping(manifest, "dist"), "attestations").get("provenance")),
        has_user=bool(user),
        deprecated=bool(manifest.get("deprecated")),
        repository=read_repository_text(manifest),
    )


def sort_releases(versions: Iterable[VersionSeen], times: Mapping[str, Any]) -> list[Release]:
    """Bring versions into the order in which they came; `times` is the packument's `time`."""
    return sorted(_place(seen, times) for seen in {seen.version: seen for seen in versions}.values())


def _place(seen: VersionSeen, times: Mapping[str, Any]) -> Release:
    parts = _SEMVER.fullmatch(seen.version)
    number = (int(parts[1]), int(parts[2]), int(parts[3])) if parts else (0, 0, 0)
    published = seen.published or _read_time(times.get(seen.version)) or _NEVER
    return Release(published, number, seen.version, bool(parts and parts[4]), seen)


def read_repository_text(holder: Mapping[str, Any]) -> str:
    """Read the `repository` of a manifest or a packument: an address in any form, or nothing."""
    return read_text(read_mapping(holder, "repository"), "url") or read_text(holder, "repository")


def read_mapping(holder: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Read an object of foreign JSON; empty when there is none."""
    value = holder.get(key)
    return value if isinstance(value, Mapping) else {}


def read_text(holder: Mapping[str, Any], key: str) -> str:
    """Read a text of foreign JSON; empty when there is none."""
    value = holder.get(key)
    return clean_text(value) if isinstance(value, str) else ""


def clean_text(text: str) -> str:
    """Take out what JSON may hold and no database can: NUL, and halves of surrogate pairs."""
    return _UNSTORABLE.sub("", text).strip()


def _read_time(value: Any) -> datetime | None:  # noqa: ANN401 - foreign JSON
    if not isinstance(value, str):
        return None
    try:
        time = datetime.fromisoformat(value)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
