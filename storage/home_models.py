"""The tables of App Home, of drift, and of the history of coverage."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base


class HomeRow(Base):
    """Somebody who has opened App Home, and what it shows them."""

    __tablename__ = "homes"
    __table_args__ = (UniqueConstraint("workspace", "slack_user"), Index("homes_fresh", "workspace", "opened_at"))

    slack_user: Mapped[str]
    opened_at: Mapped[datetime]
    """When they opened it last, or pressed something there."""
    denial: Mapped[str] = mapped_column(default="")
    """`bot.domain.approval.Denial`: why they get nothing to see; empty: they do."""
    shown: Mapped[str] = mapped_column(default="")
    """SHA-256 of what stands there; empty: nothing does."""
    seen_event: Mapped[int] = mapped_column(default=0)
    """Up to which event of the record it was drawn."""
    next_look_at: Mapped[datetime]
    """Before this moment it is not drawn again, whatever happens."""
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class DriftRow(Base):
    """Something about a configuration that npmtrust did not do; told once."""

    __tablename__ = "drifts"
    __table_args__ = (
        UniqueConstraint("workspace", "package", "kind", "configuration_id"),
        Index("drifts_open", "workspace", "over_at", "acknowledged_at"),
    )

    package: Mapped[str]
    kind: Mapped[str]
    """`bot.domain.drift.DriftKind`"""
    configuration_id: Mapped[str]
    data: Mapped[str]
    """JSON of `bot.domain.drift.DriftData`."""
    found_at: Mapped[datetime]
    over_at: Mapped[datetime | None]
    """When npm's list showed that it is not so any more."""
    acknowledged_by: Mapped[str] = mapped_column(default="")
    acknowledged_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class DriftMarkRow(Base):
    """With which list of a package the next one is compared."""

    __tablename__ = "drift_marks"
    __table_args__ = (UniqueConstraint("workspace", "package"),)

    package: Mapped[str]
    checked_at: Mapped[datetime]
    """When the list was read that was looked at last."""
    configurations: Mapped[str] = mapped_column(default="")
    """JSON of the last list that could be relied on; empty: there was none."""
    read_at: Mapped[datetime | None]
    """When that one was read."""
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class CoveragePointRow(Base):
    """Where the packages of a selection stood in a week: the last look of that week."""

    __tablename__ = "coverage_points"
    __table_args__ = (UniqueConstraint("workspace", "selection", "week"),)

    selection: Mapped[str]
    """`Selection.text`; empty: all that is known."""
    week: Mapped[str]
    """Its Monday in UTC: `2026-11-23`."""
    trusted: Mapped[int]
    counted: Mapped[int]
    """Those that count in the percentage."""
    noted_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class PictureRow(Base):
    """The picture of a digest: uploaded once, whatever becomes of the messages that show it."""

    __tablename__ = "pictures"
    __table_args__ = (UniqueConstraint("digest_id"), Index("pictures_due", "workspace", "next_try_at"))

    digest_id: Mapped[int] = mapped_column(ForeignKey("digests.id"))
    state: Mapped[str]
    """wanted, uploaded, ready or failed."""
    file_id: Mapped[str] = mapped_column(default="")
    """Slack's, once it was uploaded."""
    tries: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    next_try_at: Mapped[datetime | None]
    """None: there is nothing more to do. While somebody is at it: when others may take it."""
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
