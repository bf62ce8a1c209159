"""Versions that came another way than the versions before them: what an attack with a stolen token looks like.

What a version is measured by is pnpm's rule (npm-trust 3): all that was published earlier, of other lines too; and a
prerelease is no measure for a version that is none.
"""

from collections import deque
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from bot.domain.values import Frozen
from bot.domain.versions import Release

MOST_KEPT = 20
"""As many publishers and breaks are kept of a package, the newest."""


class BreakKind(StrEnum):
    """What is different. The values are what people read."""

    LOST = "published without the trusted publisher"
    OTHER_CONFIGURATION = "published through another configuration"
    OTHER_REPOSITORY = "built from another repository"
    OTHER_WORKFLOW = "built by another workflow"


class Break(Frozen):
    """A version that came another way than the ones before it."""

    kind: BreakKind
    version: str
    at: datetime | None = None
    """When it was published; None where the registry does not tell."""
    by: str = ""
    """The npm user of this version."""
    before: str
    """How it was: `github 9061ef30-…`, `acme/ui`, `release.yml`. Text from outside."""
    after: str
    """How it is: as above; for `LOST` `provenance only` or `none`. Text from outside."""
    version_before: str = ""
    """The version that it is measured by; empty when that is not known."""


class SeenPublisher(Frozen):
    """A configuration through which versions came."""

    provider: str = ""
    configuration_id: str = ""
    first_version: str
    first_at: datetime | None = None
    last_version: str
    last_at: datetime | None = None


def list_publishers(releases: Iterable[Release]) -> tuple[SeenPublisher, ...]:
    """List the configurations through which versions came, the one of the newest version first."""
    seen: dict[tuple[str, str], SeenPublisher] = {}
    for release in releases:
        if not release.seen.trusted:
            continue
        known = seen.pop(release.publisher, None)
        seen[release.publisher] = SeenPublisher(
            provider=release.seen.provider,
            configuration_id=release.seen.configuration_id,
            first_version=known.first_version if known else release.version,
            first_at=known.first_at if known else release.came,
            last_version=release.version,
            last_at=release.came,
        )
    return tuple(reversed(seen.values()))[:MOST_KEPT]


def find_breaks(releases: Iterable[Release]) -> tuple[Break, ...]:
    """Find the versions that came without a trusted publisher after one had been there, or through a new one.

    Configurations are compared with all earlier ones of the same track, which is prereleases or other versions: a
    package may have several. The releases come in their order; the newest break comes first.
    """
    breaks: deque[Break] = deque(maxlen=MOST_KEPT)
    known: dict[bool, dict[tuple[str, str], Release]] = {False: {}, True: {}}
    last: dict[bool, Release] = {}
    for release in releases:
        track = known[release.prerelease]
        if not release.seen.trusted:
            measures = [one for prerelease, one in last.items() if release.prerelease >= prerelease]
            if measures:
                breaks.appendleft(_lost(release, max(measures)))
            continue
        if track and not any(_may_be_same(release.publisher, earlier) for earlier in track):
            breaks.appendleft(_other(release, last[release.prerelease]))
        track[release.publisher] = last[release.prerelease] = release
    return tuple(breaks)


def _may_be_same(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Tell whether two may be one configuration: npm has not always shown ids."""
    return one[0] == other[0] and (one[1] == other[1] or not one[1] or not other[1])


def _lost(release: Release, measure: Release) -> Break:
    return _break(BreakKind.LOST, release, measure, after="provenance only" if release.seen.provenance else "none")


def _other(release: Release, measure: Release) -> Break:
    return _break(BreakKind.OTHER_CONFIGURATION, release, measure, after=_label(release))


def _break(kind: BreakKind, release: Release, measure: Release, *, after: str) -> Break:
    return Break(
        kind=kind,
        version=release.version,
        at=release.came,
        by=release.seen.by,
        before=_label(measure),
        after=after,
        version_before=measure.version,
    )


def _label(release: Release) -> str:
    return " ".join(filter(None, release.publisher)) or "a trusted publisher"
