"""The tables of coverage: what public data shows of each package, who watches what, and what was told."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, index_some


class PackageRow(Base):
    """A package that is known, and what the last read of its public data showed."""

    __tablename__ = "packages"
    __table_args__ = (
        UniqueConstraint("workspace", "name"),
        Index("packages_due", "workspace", "next_read_at"),
        Index("packages_by_scope", "workspace", "scope"),
    )

    name: Mapped[str]
    scope: Mapped[str] = mapped_column(default="")
    """`acme`, without the at-sign; empty where the name has none."""
    source: Mapped[str]
    """How it became known: search, organisation, request, list or named."""
    added_at: Mapped[datetime]
    visibility: Mapped[str] = mapped_column(default="unknown")
    """unknown, public, `account only` or missing."""
    etag: Mapped[str] = mapped_column(default="")

    kind: Mapped[str] = mapped_column(default="")
    """`bot.domain.evidence.EvidenceKind`; empty until it was read."""
    provider: Mapped[str] = mapped_column(default="")
    configuration_id: Mapped[str] = mapped_column(default="")
    since: Mapped[datetime | None]
    newest_version: Mapped[str] = mapped_column(default="")
    by: Mapped[str] = mapped_column(default="")
    maintainers: Mapped[str] = mapped_column(default="")
    """npm users, separated by spaces."""
    repository: Mapped[str] = mapped_column(default="")
    last_publish: Mapped[datetime | None]
    deprecated: Mapped[bool] = mapped_column(default=False)
    lacking_since: Mapped[datetime | None]

    read_at: Mapped[datetime | None]
    """When the registry last answered, be it that nothing has changed."""
    next_read_at: Mapped[datetime | None]
    """None: not scheduled. Of a claimed row: when the claim ends."""
    urgent: Mapped[bool] = mapped_column(default=False)
    """Somebody waits for it."""
    failures: Mapped[int] = mapped_column(default=0)
    """How many reads running came to nothing."""
    problem: Mapped[str] = mapped_column(default="")
    """Why the last read came to nothing, as people read it."""

    snoozed_until: Mapped[datetime | None]
    snoozed_by: Mapped[str] = mapped_column(default="")
    retired_by: Mapped[str] = mapped_column(default="")
    """Who said that it is not published any more; empty: nobody."""
    retired_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    # The last columns of a row, whatever their length: SQLite reads over what stands before a column.
    provenance: Mapped[str] = mapped_column(default="", sort_order=1)
    """JSON of `bot.domain.provenance.Provenance`, of the newest version that has one; empty when none was read."""
    facts: Mapped[str] = mapped_column(default="", sort_order=1)
    """JSON of `bot.domain.evidence.PackageFacts`; empty until it was read. Columns above repeat what is counted."""
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class CatalogueListRow(Base):
    """What one list said last of the packages of an owner: how complete the catalogue is."""

    __tablename__ = "catalogue_lists"
    __table_args__ = (UniqueConstraint("workspace", "owner", "source"),)

    owner: Mapped[str]
    """A scope without the at-sign, a user, or the text that was searched."""
    source: Mapped[str]
    """search or organisation."""
    total: Mapped[int]
    by: Mapped[str]
    """The Slack id of whose account showed it; empty for a search."""
    at: Mapped[datetime]


class WatchRow(Base):
    """A wish to be told of some packages in a channel, by a schedule."""

    __tablename__ = "watches"
    __table_args__ = (
        index_some("watches_live", "workspace", "selection", "channel", unique=True, where="ended_at IS NULL"),
        Index("watches_due", "workspace", "next_digest_at"),
    )

    selection: Mapped[str]
    """`Selection.text`: `@acme/* !@acme/old-*`."""
    channel: Mapped[str]
    cron: Mapped[str]
    """Five fields."""
    timezone: Mapped[str]
    """`Europe/Paris`"""
    set_by: Mapped[str]
    created_at: Mapped[datetime]
    next_digest_at: Mapped[datetime]
    last_digest_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    problem: Mapped[str] = mapped_column(default="")
    """Why the last digest could not be shown."""
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class DigestRow(Base):
    """What a digest said: one for each time that one was due, however many processes run."""

    __tablename__ = "digests"
    __table_args__ = (UniqueConstraint("watch_id", "due_at"),)

    watch_id: Mapped[int] = mapped_column(ForeignKey("watches.id"))
    due_at: Mapped[datetime]
    content: Mapped[str]
    """JSON of `bot.domain.digest.DigestContent`."""


class ScanRow(Base):
    """A `coverage` that somebody asked for."""

    __tablename__ = "scans"
    __table_args__ = (UniqueConstraint("workspace", "inbox_id"), Index("scans_open", "workspace", "state"))

    inbox_id: Mapped[int]
    """The delivery that asked for it: a delivery asks once, also after a crash."""
    selection: Mapped[str]
    """`Selection.text`; empty: all that is known."""
    channel: Mapped[str]
    asked_by: Mapped[str]
    refresh: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(default="listing")
    """listing, reading, done or failed."""
    note: Mapped[str] = mapped_column(default="")
    """What there is to say of it, as people read it."""
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    total: Mapped[int] = mapped_column(default=0)
    """How many packages it found."""
    csv_state: Mapped[str] = mapped_column(default="")
    """Empty, wanted, sent or failed."""
    content: Mapped[str] = mapped_column(default="")
    """JSON of what its message shows when it is done."""
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class AlarmRow(Base):
    """A version that did not come the way in which those before it came; raised once."""

    __tablename__ = "alarms"
    __table_args__ = (
        UniqueConstraint("workspace", "package", "kind", "package_version"),
        Index("alarms_open", "workspace", "acknowledged_at"),
    )

    package: Mapped[str]
    kind: Mapped[str]
    """`bot.domain.evidence.BreakKind`"""
    package_version: Mapped[str]
    data: Mapped[str]
    """JSON: the break, and who owned the package then."""
    raised_at: Mapped[datetime]
    acknowledged_by: Mapped[str] = mapped_column(default="")
    acknowledged_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class ArrivalRow(Base):
    """The first version that came through a configuration that was set up here."""

    __tablename__ = "arrivals"
    __table_args__ = (UniqueConstraint("step_id"),)

    step_id: Mapped[int] = mapped_column(ForeignKey("steps.id"))
    package: Mapped[str]
    package_version: Mapped[str]
    published_at: Mapped[datetime | None]
    noted_at: Mapped[datetime]
