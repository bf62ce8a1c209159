"""The tables of npm's own lists: what was last read of each package, and the reading of many at once."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base


class ReadingRow(Base):
    """The newest of npm's own lists of a package that was read through anybody's account."""

    __tablename__ = "configurations_read"
    __table_args__ = (UniqueConstraint("workspace", "package"),)

    package: Mapped[str]
    configurations: Mapped[str] = mapped_column(default="")
    """JSON; empty while no list was read. What was made or revoked here since the read is in it already."""
    read_at: Mapped[datetime | None]
    npm_user: Mapped[str] = mapped_column(default="")
    """Through whose account."""
    changed_at: Mapped[datetime | None]
    """Since when npm's lists need not lag any more behind the last call that changed something, or may have."""
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class SurveyRow(Base):
    """A `list` of many packages, through one person's account. Its packages are in `reads`."""

    __tablename__ = "surveys"
    __table_args__ = (
        UniqueConstraint("workspace", "token"),
        UniqueConstraint("workspace", "inbox_id"),
        Index("surveys_of_person", "workspace", "person", "state"),
        Index("surveys_files", "workspace", "csv_state"),
    )

    token: Mapped[str]
    """The value of its buttons."""
    inbox_id: Mapped[int]
    """The delivery that asked for it: a delivery asks once, also after a crash."""
    person: Mapped[str]
    """Slack id."""
    npm_user: Mapped[str]
    selection: Mapped[str]
    """`Selection.text`; empty where each package was named."""
    as_json: Mapped[bool] = mapped_column(default=False, server_default=false())
    """The file is JSON; else CSV."""
    state: Mapped[str]
    """`bot.domain.survey.SurveyState`."""
    total: Mapped[int]
    done: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    """Those that could not be read."""
    left_out: Mapped[int] = mapped_column(default=0)
    """Packages that match and that the person's account may not change."""
    note: Mapped[str] = mapped_column(default="")
    """JSON of `bot.domain.digest.CatalogueNote`: how complete the list of names was."""
    created_at: Mapped[datetime]
    deadline: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    csv_state: Mapped[str] = mapped_column(default="")
    """Of its file: wanted, sent, failed; empty before the end."""
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
