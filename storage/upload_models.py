"""The tables of what people hand in for many packages at once, between the check and the go-ahead."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base


class UploadRow(Base):
    """A file or pasted text that was read. Only who handed it in may see it; it is kept for a day."""

    __tablename__ = "uploads"
    __table_args__ = (UniqueConstraint("workspace", "token"), UniqueConstraint("workspace", "inbox_id"))

    token: Mapped[str]
    inbox_id: Mapped[int]
    """The delivery that handed it in: it is read once, also after a crash."""
    person: Mapped[str]
    """Slack id of who handed it in."""
    channel: Mapped[str]
    """Where the request is to stand."""
    source: Mapped[str]
    """Name of the file; empty: it was pasted."""
    unit: Mapped[str]
    """`bot.domain.bulk.Unit`."""
    draft: Mapped[str]
    """JSON of `bot.messages.bulk_form.BulkDraft`: what stood in the form."""
    remarks: Mapped[str] = mapped_column(default="[]")
    """JSON: sentences on what was passed over."""
    fine: Mapped[int] = mapped_column(default=0)
    """How many packages can go on."""
    faults: Mapped[int] = mapped_column(default=0)
    faulty_rows: Mapped[int] = mapped_column(default=0)
    """How many rows have a fault; a row may have several."""
    merged: Mapped[int] = mapped_column(default=0)
    used_by: Mapped[int | None]
    """The delivery that went on with it; its rows are gone then."""
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class UploadItemRow(Base):
    """What is asked for one package, or one fault."""

    __tablename__ = "upload_items"
    __table_args__ = (Index("upload_items_in_order", "upload_id", "is_fault", "position", unique=True),)

    upload_id: Mapped[int] = mapped_column(ForeignKey("uploads.id"))
    is_fault: Mapped[bool]
    position: Mapped[int]
    content: Mapped[str]
    """JSON of `bot.domain.bulk.Fault` or of `bot.domain.batch.Wanted`."""
