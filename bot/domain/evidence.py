"""What public data shows of trusted publishing (npm-trust 3). It is evidence: a configuration may lie unused.

Newest is by time. Prereleases do not count where there are other versions, and a version of another line (another major
version than the one that npm installs) is never the newest.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from itertools import takewhile
from typing import Any, NamedTuple

from bot.domain.repositories import read_repository
from bot.domain.values import Frozen


class EvidenceKind(StrEnum):
    """What the newest version shows. The values are what people read."""

    TRUSTED = "trusted"
    DOWNGRADED = "downgraded"
    """An older version came through a trusted publisher, the newest did not."""
    PROVENANCE_ONLY = "provenance only"
    """Published from CI, with a token."""
    NONE = "none"
    UNPUBLISHED = "unpublished"
    NOT_VISIBLE = "not visible here"
    """The registry drops the fields, as mirrors do."""


class Evidence(Frozen):
    """What public data shows of one package."""

    kind: EvidenceKind
    provider: str = ""
    """As npm names it: of the newest trusted version, for `trusted` and `downgraded`."""
    configuration_id: str = ""
    """npm's id of the configuration through which that version came, without `oidc:`."""
    since: datetime | None = None
    """`trusted`: the first version of the unbroken run of trusted ones; else when the newest version came."""
    version: str = ""
    """The newest version."""
    by: str = ""
    """The npm user of the newest version, or who approved it when it was staged."""


class PackageFacts(Frozen):
    """What a packument tells of a package."""

    name: str
    maintainers: tuple[str, ...] = ()
    """npm users."""
    repository: str = ""
    """`owner/repo` or `group/project`; empty when there is none that we can read."""
    repository_host: str = ""
    """`github.com`"""
    deprecated: bool = False
    """The version that npm installs is."""
    latest: str = ""
    """The version that npm installs."""
    last_publish: datetime | None = None
    evidence: Evidence
    private: bool = False
    """It was read through an account: the public cannot see it."""


class _Version(NamedTuple):
    """A version in the order in which versions came: by time, by number where times are missing."""

    published: datetime
    number: tuple[int, int, int]
    version: str
    prerelease: bool
    manifest: Mapping[str, Any]

    @property
    def user(self) -> Mapping[str, Any]:
        return _mapping(self.manifest, "_npmUser")

    @property
    def publisher(self) -> Mapping[str, Any]:
        return _mapping(self.user, "trustedPublisher")

    @property
    def has_provenance(self) -> bool:
        return bool(_mapping(_mapping(self.manifest, "dist"), "attestations").get("provenance"))

    @property
    def came(self) -> datetime | None:
        return None if self.published == _NEVER else self.published


_NEVER = datetime.min.replace(tzinfo=UTC)
_SEMVER = re.compile(r"(\d{1,16})\.(\d{1,16})\.(\d{1,16})(-)?.*", re.ASCII | re.DOTALL)


def read_packument(document: Mapping[str, Any], *, private: bool = False) -> PackageFacts:
    """Read a full packument. Parts that are missing or of another type than npm's are as if they were empty."""
    times = _mapping(document, "time")
    versions = sorted(
        _read_version(version, manifest, _time(times.get(version)))
        for version, manifest in _mapping(document, "versions").items()
        if isinstance(manifest, Mapping)
    )
    latest = _text(_mapping(document, "dist-tags"), "latest")
    installed = next((version.manifest for version in versions if version.version == latest), {})
    host, path = _repository(document) or _repository(installed) or ("", "")
    return PackageFacts(
        name=_text(document, "name"),
        maintainers=_maintainers(document.get("maintainers")),
        repository=path,
        repository_host=host,
        deprecated=bool(installed.get("deprecated")),
        latest=latest,
        last_publish=versions[-1].came if versions else None,
        evidence=_weigh(versions, latest),
        private=private,
    )


def _weigh(versions: list[_Version], latest: str) -> Evidence:
    if not versions:
        return Evidence(kind=EvidenceKind.UNPUBLISHED)
    counted = [version for version in versions if not version.prerelease] or versions
    line = _main_line(counted, latest)
    newest = line[-1]
    seen = Evidence(
        kind=EvidenceKind.NONE,
        version=newest.version,
        since=newest.came,
        by=_text(_mapping(newest.user, "approver"), "name") or _text(newest.user, "name"),
    )
    if not any(version.user for version in versions):
        return seen.model_copy(update={"kind": EvidenceKind.NOT_VISIBLE})
    if newest.publisher:
        *_, first = takewhile(lambda version: version.publisher, reversed(line))
        return _through(newest, seen, EvidenceKind.TRUSTED).model_copy(update={"since": first.came})
    if older := [version for version in counted if version.publisher and version < newest]:
        return _through(older[-1], seen, EvidenceKind.DOWNGRADED)
    return seen.model_copy(update={"kind": EvidenceKind.PROVENANCE_ONLY}) if newest.has_provenance else seen


def _main_line(versions: list[_Version], latest: str) -> list[_Version]:
    installed = [version for version in versions if version.version == latest]
    major = max(version.number[0] for version in installed or versions)
    return [version for version in versions if version.number[0] == major]


def _through(version: _Version, seen: Evidence, kind: EvidenceKind) -> Evidence:
    return seen.model_copy(
        update={
            "kind": kind,
            "provider": _text(version.publisher, "id"),
            "configuration_id": _text(version.publisher, "oidcConfigId").removeprefix("oidc:"),
        }
    )


def _read_version(version: str, manifest: Mapping[str, Any], published: datetime | None) -> _Version:
    parts = _SEMVER.fullmatch(version)
    number = (int(parts[1]), int(parts[2]), int(parts[3])) if parts else (0, 0, 0)
    return _Version(published or _NEVER, number, version, bool(parts and parts[4]), manifest)


def _maintainers(people: Any) -> tuple[str, ...]:  # noqa: ANN401 - foreign JSON
    names = [
        _text(person, "name") if isinstance(person, Mapping) else str(person).partition("<")[0].strip()
        for person in (people if isinstance(people, list) else ())
        if isinstance(person, Mapping | str)
    ]
    return tuple(dict.fromkeys(name for name in names if name))


def _repository(holder: Mapping[str, Any]) -> tuple[str, str] | None:
    return read_repository(_text(_mapping(holder, "repository"), "url") or _text(holder, "repository"))


def _mapping(holder: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = holder.get(key)
    return value if isinstance(value, Mapping) else {}


def _text(holder: Mapping[str, Any], key: str) -> str:
    value = holder.get(key)
    return value.strip() if isinstance(value, str) else ""


def _time(value: Any) -> datetime | None:  # noqa: ANN401 - foreign JSON
    if not isinstance(value, str):
        return None
    try:
        time = datetime.fromisoformat(value)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
