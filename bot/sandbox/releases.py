"""The versions of a package of the simulated registry: who published each, and how."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from bot.sandbox.cast import SeedPackage

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


@dataclass(frozen=True, slots=True)
class Source:
    """From where a version was built, as its provenance tells."""

    repository: str
    """`acme/ui`"""
    file: str = "release.yml"
    ref: str = "refs/heads/main"
    host: str = "github.com"
    """`github.com` or `gitlab.com`: each has a shape of its own."""


@dataclass(frozen=True, slots=True)
class Release:
    """A version that was published."""

    version: str
    at: datetime
    by: str = ""
    """The npm user who published it, or who approved it when it came through a trusted publisher by way of a stage."""
    provider: str = ""
    """`github`, when it came through a trusted publisher."""
    configuration_id: str = ""
    source: Source | None = None
    """None: it has no provenance."""


@dataclass(frozen=True, slots=True)
class Bulk:
    """Old versions by hand that are made while a packument is sent, and never kept."""

    versions: int
    padding: int
    """Bytes of text in each, beside what every version has."""

    def releases(self, by: str) -> Iterator[Release]:
        """Make them, oldest first: 0.0.0, 0.0.1 …, one a minute, all before the first ordinary version."""
        for number in range(self.versions):
            at = FIRST_PUBLISH - timedelta(minutes=self.versions - number)
            yield Release(f"0.{number // 100}.{number % 100}", at, by=by)


class Spoil(StrEnum):
    """What is wrong with the packument of a package."""

    NOTHING = ""
    MISSING = "404"
    BLOCKED = "451"
    HTML = "html"
    HALF = "half a body"
    LIST = "a list"
    NO_TIME = "no time"
    NO_VERSIONS = "no versions"
    NO_USER = "no _npmUser"


def seed_releases(seed: SeedPackage, configuration_id: str) -> list[Release]:
    """Make the versions that a package of the cast begins with."""
    source, person = Source(seed.repository), seed.maintainers[0]
    kinds = {
        "person": Release("", FIRST_PUBLISH, by=person),
        "trusted publisher": Release(
            "", FIRST_PUBLISH, provider="github", configuration_id=configuration_id, source=source
        ),
        "provenance": Release("", FIRST_PUBLISH, by=person, source=source),
    }
    return [
        replace(kinds[published_by], version=f"1.{minor}.0", at=FIRST_PUBLISH + minor * BETWEEN_VERSIONS)
        for minor, published_by in enumerate(VERSIONS[seed.evidence])
    ]
