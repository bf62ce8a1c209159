"""The tables of what is looked at around a create: workflow files, and rounds of creates that wait for use."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base


class LookRow(Base):
    """What a forge has shown of a workflow file, and until when that counts."""

    __tablename__ = "workflow_looks"
    __table_args__ = (
        UniqueConstraint("workspace", "provider", "repository", "file"),
        Index("workflow_looks_over", "workspace", "until"),
    )

    provider: Mapped[str]
    repository: Mapped[str]
    """As it was asked for."""
    file: Mapped[str]
    until: Mapped[datetime]
    content: Mapped[str]
    """JSON of `bot.domain.preflight.Look`."""


class RoundRow(Base):
    """Creates of one change set that npm applied within a few hours: npm drops what is not used within two days.

    Which steps they are is told by the change set and the two moments, and which of them are used by the arrivals.
    """

    __tablename__ = "create_rounds"
    __table_args__ = (
        UniqueConstraint("change_set_id", "from_at"),
        Index("create_rounds_due", "workspace", "next_at"),
    )

    change_set_id: Mapped[int] = mapped_column(ForeignKey("change_sets.id"))
    from_at: Mapped[datetime]
    until_at: Mapped[datetime]
    """What was applied from the one moment on and before the other is in it."""
    began_at: Mapped[datetime]
    """When the first of them was applied: the reminders are counted from it."""
    stage: Mapped[str] = mapped_column(default="new")
    """`bot.domain.two_days.Stage`: what was told last."""
    next_at: Mapped[datetime | None]
    """When there is something to tell; None: never again."""
    again_id: Mapped[int | None]
    """The change set that sets up again what was not used."""
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
