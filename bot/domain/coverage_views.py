"""What the messages about coverage show: values that the workflow loads from committed state and `bot.messages` draws.

Dataclasses, not models: a coverage may hold thousands of records, and nothing in here is stored or comes from outside
by another way than the values that it is made of. Texts in here may come from outside all the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.domain.breaks import Break
from bot.domain.coverage import Coverage, PackageRecord
from bot.domain.digest import CatalogueNote
from bot.domain.overview import Maintainer

MOST_DETAILED = 15
"""Up to so many packages a coverage shows each of them; of more it shows the numbers and the oldest lacking ones."""


class ScanState(StrEnum):
    """How far a coverage that somebody asked for has come."""

    LISTING = "listing"
    """The packages are looked up."""
    READING = "reading"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class CoverageView:
    """A coverage that somebody asked for, as its message shows it."""

    selection: str
    """As it was asked for, `@acme/*`; empty: all that is known."""
    asked_by: str
    """Slack id."""
    state: ScanState
    now: datetime
    value: str = ""
    """The opaque value of [Refresh]; empty: no button."""
    note: str = ""
    """A sentence: why reading waits, why it failed, or what was left out; plain text."""
    read: int = 0
    """How many packages were read so far, of `total`; only while it is listing or reading."""
    total: int = 0
    coverage: Coverage | None = None
    """Once it is done."""
    records: tuple[PackageRecord, ...] = ()
    """Every package of the selection where they are at most MOST_DETAILED, else none."""
    people: Mapping[str, str] = field(default_factory=dict)
    """Slack id by npm user, of owners who are linked."""
    catalogue: CatalogueNote | None = None
    as_of: datetime | None = None
    """When the package was read whose reading is the oldest."""
    csv_note: str = ""
    """Why there is no CSV in the thread, a sentence in plain text; empty: it is there, or comes."""
    invite_channel: str = ""
    """The channel where it was asked for and the bot could not post, so that it came by DM."""


@dataclass(frozen=True, slots=True)
class AlarmView:
    """A version that came another way than the versions before it."""

    value: str
    """The opaque value of its button."""
    package: str
    break_: Break
    raised_at: datetime
    owners: tuple[Maintainer, ...] = ()
    package_url: str = ""
    """The package's page on npm's website."""
    acknowledged_by: str = ""
    acknowledged_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ArrivalView:
    """The first version that came through a configuration that was set up here."""

    package: str
    version: str
    at: datetime | None
    """When it was published, as far as npm says."""
    number: int
    """Of the change set."""
    requester: str
    executor: str
    access_url: str
    """npm's page where tokens are disallowed."""
    label: str = ""
    """The publisher, `acme/ui → release.yml`; plain text."""


@dataclass(frozen=True, slots=True)
class WatchView:
    """A watch: which digest goes where, and when."""

    selection: str
    channel: str
    cron: str
    timezone: str
    next_at: datetime | None
    set_by: str
    problem: str = ""
    """Why the last digest could not be posted; plain text."""


@dataclass(frozen=True, slots=True)
class PutAside:
    """A package that somebody took out of what lacks trust."""

    package: str
    by: str
    """Slack id."""
    value: str = ""
    """The opaque value of [Bring back]; empty: no button."""
    until: datetime | None = None
    """Snoozed until then; None: it is not published any more."""
