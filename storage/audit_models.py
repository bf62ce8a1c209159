"""The tables of the record: what happened, the seals over it, and the files of it that people asked for."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base


class AuditRow(Base):
    """Something that happened; never changed, never removed."""

    __tablename__ = "audit_events"
    __table_args__ = (
        Index("audit_by_change_set", "workspace", "change_set_id"),
        Index("audit_by_package", "workspace", "package"),
        Index("audit_by_actor", "workspace", "actor"),
        Index("audit_by_subject", "workspace", "subject"),
        Index("audit_marks", "workspace", "mark", unique=True),
    )

    at: Mapped[datetime]
    kind: Mapped[str]
    actor: Mapped[str]
    """A Slack id, `npmtrust`, or `operator NAME` for who typed at the machine."""
    change_set_id: Mapped[int | None]
    step_id: Mapped[int | None]
    package: Mapped[str | None]
    subject: Mapped[str | None]
    """The Slack id of the person whom it concerns, where that is not the actor."""
    delivery_id: Mapped[int | None]
    """Row of the inbox: the command, click or form that caused it."""
    data: Mapped[str]
    """JSON."""
    mark: Mapped[str | None]
    """What only who has the key can write (`storage.seal_keys`). None: from before there were marks."""


class SealRow(Base):
    """The seal of one event: it holds the event and every seal before it."""

    __tablename__ = "audit_seals"
    __table_args__ = (
        UniqueConstraint("workspace", "number"),
        UniqueConstraint("workspace", "event_id"),
        Index("audit_seals_age", "workspace", "sealed_at"),
    )

    number: Mapped[int]
    """From 1, without a gap, in the order of sealing."""
    event_id: Mapped[int]
    """No foreign key: whoever removes the event must not be kept from it, but found out."""
    sealed_at: Mapped[datetime]
    digest: Mapped[str]
    """SHA-256 over the digest of the seal before it and this event, in hex."""
    signature: Mapped[str]
    """HMAC over the digest."""


class AuditFileRow(Base):
    """A file of the record that somebody asked for, from the command until it was sent."""

    __tablename__ = "audit_files"
    __table_args__ = (UniqueConstraint("workspace", "inbox_id"), Index("audit_files_open", "workspace", "csv_state"))

    inbox_id: Mapped[int]
    """The delivery that asked for it: a delivery asks once, also after a crash."""
    person: Mapped[str]
    scope: Mapped[str]
    """JSON of `bot.domain.record.Scope`."""
    csv_state: Mapped[str] = mapped_column(default="wanted")
    """wanted, sent or failed."""
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
