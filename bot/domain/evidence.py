"""What public data shows of trusted publishing (npm-trust 3). It is evidence: a configuration may lie unused.

Newest is by time. Prereleases do not count where there are other versions, and a version of another line (another major
version than the one that npm installs) is never the newest.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from itertools import takewhile
from typing import Any

from bot.domain.breaks import Break, BreakKind, SeenPublisher, find_breaks, list_publishers
from bot.domain.repositories import read_repository
from bot.domain.values import Frozen
from bot.domain.versions import (
    Release,
    VersionSeen,
    clean_text,
    read_mapping,
    read_repository_text,
    read_text,
    read_version,
    sort_releases,
)

__all__ = [
    "Break",
    "BreakKind",
    "Evidence",
    "EvidenceKind",
    "PackageFacts",
    "SeenPublisher",
    "VersionSeen",
    "read_package",
    "read_packument",
    "read_version",
]


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
    publishers: tuple[SeenPublisher, ...] = ()
    """The configurations through which versions came, the one of the newest version first; at most 20."""
    breaks: tuple[Break, ...] = ()
    """Versions that came another way than those before them, newest first; at most 20."""
    private: bool = False
    """It was read through an account: the public cannot see it."""
    owners_are_collaborators: bool = False
    """`maintainers` are who may write, teams counted, as npm told an account; else those of the public data."""


def read_packument(document: Mapping[str, Any], *, private: bool = False) -> PackageFacts:
    """Read a full packument. Parts that are missing or of another type than npm's are as if they were empty."""
    versions = read_mapping(document, "versions")
    seen = (read_version(name, manifest) for name, manifest in versions.items() if isinstance(manifest, Mapping))
    return read_package(document, seen).model_copy(update={"private": private})


def read_package(head: Mapping[str, Any], versions: Iterable[VersionSeen]) -> PackageFacts:
    """Read a full packument that came in parts: all but its `versions`, and those one by one, in any order."""
    releases = sort_releases(versions, read_mapping(head, "time"))
    latest = read_text(read_mapping(head, "dist-tags"), "latest")
    installed = next((release.seen for release in releases if release.version == latest), None)
    text = read_repository_text(head)
    host, path = read_repository(text) or (read_repository(installed.repository) if installed else None) or ("", "")
    return PackageFacts(
        name=read_text(head, "name"),
        maintainers=_maintainers(head.get("maintainers")),
        repository=path,
        repository_host=host,
        deprecated=bool(installed and installed.deprecated),
        latest=latest,
        last_publish=releases[-1].came if releases else None,
        evidence=_weigh(releases, latest),
        publishers=list_publishers(releases),
        breaks=find_breaks(releases),
    )


def _weigh(releases: list[Release], latest: str) -> Evidence:
    if not releases:
        return Evidence(kind=EvidenceKind.UNPUBLISHED)
    counted = [release for release in releases if not release.prerelease] or releases
    line = _main_line(counted, latest)
    newest = line[-1]
    seen = Evidence(kind=EvidenceKind.NONE, version=newest.version, since=newest.came, by=newest.seen.by)
    if not any(release.seen.has_user for release in releases):
        return seen.model_copy(update={"kind": EvidenceKind.NOT_VISIBLE})
    if newest.seen.trusted:
        *_, first = takewhile(lambda release: release.seen.trusted, reversed(line))
        return _through(newest, seen, EvidenceKind.TRUSTED).model_copy(update={"since": first.came})
    if older := [release for release in counted if release.seen.trusted and release < newest]:
        return _through(older[-1], seen, EvidenceKind.DOWNGRADED)
    return seen.model_copy(update={"kind": EvidenceKind.PROVENANCE_ONLY}) if newest.seen.provenance else seen


def _main_line(releases: list[Release], latest: str) -> list[Release]:
    installed = [release for release in releases if release.version == latest]
    major = max(release.number[0] for release in installed or releases)
    return [release for release in releases if release.number[0] == major]


def _through(release: Release, seen: Evidence, kind: EvidenceKind) -> Evidence:
    provider, configuration_id = release.publisher
    return seen.model_copy(update={"kind": kind, "provider": provider, "configuration_id": configuration_id})


def _maintainers(people: Any) -> tuple[str, ...]:  # noqa: ANN401 - foreign JSON
    names = [
        read_text(person, "name") if isinstance(person, Mapping) else clean_text(str(person).partition("<")[0])
        for person in (people if isinstance(people, list) else ())
        if isinstance(person, Mapping | str)
    ]
    return tuple(dict.fromkeys(name for name in names if name))
