"""The tables that sum up a change set: its steps that are alike, and how many of them are where."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base

WHOLE = ""
"""The likeness of the counts of a whole change set."""


class StepGroupRow(Base):
    """Steps of a change set that ask for the same for different packages."""

    __tablename__ = "step_groups"
    __table_args__ = (UniqueConstraint("change_set_id", "likeness"), UniqueConstraint("change_set_id", "position"))

    change_set_id: Mapped[int] = mapped_column(ForeignKey("change_sets.id"))
    likeness: Mapped[str]
    position: Mapped[int]
    """Among the groups of its change set, by the first step of each."""
    sample: Mapped[str]
    """JSON of the operation of its first step, as it was asked for."""
    size: Mapped[int]
    warned: Mapped[int] = mapped_column(default=0)
    """How many of them had a warning when they were staged."""


class TallyRow(Base):
    """How many steps of a group, or with no likeness of a whole change set, are in one state."""

    __tablename__ = "step_tallies"
    __table_args__ = (UniqueConstraint("change_set_id", "likeness", "state"),)

    change_set_id: Mapped[int] = mapped_column(ForeignKey("change_sets.id"))
    likeness: Mapped[str]
    state: Mapped[str]
    steps: Mapped[int]


class BallotRow(Base):
    """What one person was shown in order to decide on it: it can be decided on once, and exactly that."""

    __tablename__ = "ballots"
    __table_args__ = (UniqueConstraint("workspace", "token"),)

    token: Mapped[str]
    change_set_id: Mapped[int] = mapped_column(ForeignKey("change_sets.id"))
    person: Mapped[str]
    """Slack id."""
    kind: Mapped[str]
    """approve or reject."""
    content: Mapped[str]
    """JSON of `bot.domain.ballots.Ballot`: the groups that were shown, and which of them are ticked."""
    fingerprint: Mapped[str]
    """The hash of the sorted fingerprints of all steps that were shown."""
    reason: Mapped[str] = mapped_column(default="")
    """Of a rejection, as far as it was written."""
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
