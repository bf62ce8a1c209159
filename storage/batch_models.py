"""The tables of batches: what somebody wants for many packages, before it is staged."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base


class BatchRow(Base):
    """A wish for many packages: they are looked at, shown to who wants it, and staged when they say so."""

    __tablename__ = "batches"
    __table_args__ = (
        UniqueConstraint("workspace", "token"),
        UniqueConstraint("workspace", "inbox_id"),
        Index("batches_due", "workspace", "state", "next_try_at"),
    )

    token: Mapped[str]
    """In the key of its message and the values of its buttons; nobody can guess it."""
    inbox_id: Mapped[int]
    """The delivery that asked for it: a delivery begins one batch and stages once, also after a crash."""
    person: Mapped[str]
    """Slack id of who wants it; the preview comes to them alone."""
    channel: Mapped[str]
    """Where the request is to stand."""
    reason: Mapped[str]
    hold: Mapped[bool]
    kind: Mapped[str]
    """What is wanted: create, revoke or replace; mixed where a file says several."""
    selection: Mapped[str] = mapped_column(default="")
    """`Selection.text`, where patterns tell the packages; empty: each was named."""
    command: Mapped[str] = mapped_column(default="")
    """JSON of the typed command; empty for what came by a form."""
    remarks: Mapped[str] = mapped_column(default="[]")
    """JSON: sentences for who wants it."""
    state: Mapped[str]
    """`bot.domain.batch.BatchState`."""
    revision: Mapped[int] = mapped_column(default=1)
    """Counts what was ticked and unticked: a press belongs to the preview that it was under."""
    note: Mapped[str] = mapped_column(default="")
    """Why it does not go on, as people read it."""
    unseen: Mapped[int] = mapped_column(default=0)
    """How many names were left out that only other accounts see."""
    failures: Mapped[int] = mapped_column(default=0)
    """How many tries running came to nothing, since npm is away."""
    created_at: Mapped[datetime]
    next_try_at: Mapped[datetime]
    ready_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    change_set_id: Mapped[int | None] = mapped_column(ForeignKey("change_sets.id"))
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class BatchItemRow(Base):
    """One package of a batch."""

    __tablename__ = "batch_items"
    __table_args__ = (
        UniqueConstraint("batch_id", "position"),
        Index("batch_items_by_status", "batch_id", "status", "position"),
    )

    batch_id: Mapped[int] = mapped_column(ForeignKey("batches.id"))
    position: Mapped[int]
    row: Mapped[int]
    """Of the file that it came from; 0: of none."""
    package: Mapped[str]
    wanted: Mapped[str]
    """JSON of `bot.domain.batch.Wanted`."""
    status: Mapped[str]
    """`bot.domain.batch.Status`."""
    why: Mapped[str] = mapped_column(default="")
    """`bot.domain.batch.Why`; empty: nothing speaks against it."""
    detail: Mapped[str] = mapped_column(default="")
    """What more there is to say of it, as text."""
    hidden: Mapped[bool] = mapped_column(default=False)
    """It came from the catalogue, where only accounts see it: it is named to nobody before the own account shows it."""
    likeness: Mapped[str] = mapped_column(default="")
    """As that of a step: the same for packages for which the same is wanted."""
    label: Mapped[str] = mapped_column(default="")
    """What is wanted, for people: `acme/ui → release.yml`."""
    private: Mapped[bool] = mapped_column(default=False)
    operation: Mapped[str] = mapped_column(default="")
    """JSON of `bot.domain.operations.Operation`; empty until it was looked at, and where none can be made."""
    facts: Mapped[str] = mapped_column(default="")
    """JSON of `storage.records.StepFacts`; as above."""
