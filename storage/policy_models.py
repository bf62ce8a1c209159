"""The tables behind decisions: policies that were loaded, who is who in Slack, and reminders."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base


class PolicyLoadRow(Base):
    """A policy file that was read, or could not be: each content once in a row."""

    __tablename__ = "policy_loads"

    digest: Mapped[str]
    """SHA-256 of the file's content; empty where no file is set."""
    file: Mapped[str]
    problem: Mapped[str]
    """What is wrong with it; empty: it is in force."""
    rules: Mapped[int]
    loaded_at: Mapped[datetime]


class PolicyRow(Base):
    """The rules under which decisions were made, so that a difference can be told when they change."""

    __tablename__ = "policies"
    __table_args__ = (UniqueConstraint("workspace", "fingerprint"),)

    fingerprint: Mapped[str]
    content: Mapped[str]
    """JSON of `bot.domain.policy.PackagePolicy`."""


class SlackPersonRow(Base):
    """Who somebody is, as Slack told it last."""

    __tablename__ = "slack_people"
    __table_args__ = (UniqueConstraint("workspace", "slack_user"), Index("slack_people_by_age", "tried_at"))

    slack_user: Mapped[str]
    is_member: Mapped[bool]
    """An active full member of this workspace, and no bot."""
    timezone: Mapped[str]
    read_at: Mapped[datetime | None]
    """When Slack told it; None: never."""
    tried_at: Mapped[datetime]
    """When it was asked last, also where it did not answer."""
    is_wanted: Mapped[bool]
    """A call waits for Slack to be asked again."""
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class SlackGroupRow(Base):
    """Who is in a user group, as Slack told it last."""

    __tablename__ = "slack_groups"
    __table_args__ = (UniqueConstraint("workspace", "group_id"),)

    group_id: Mapped[str]
    members: Mapped[str]
    """JSON: Slack ids."""
    problem: Mapped[str]
    """Why the last look brought nothing; empty when it did."""
    read_at: Mapped[datetime | None]
    """When Slack told it; None: never."""
    tried_at: Mapped[datetime]
    is_wanted: Mapped[bool]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class ReminderRow(Base):
    """A reminder of a change set that waits for decisions: due at a moment, sent once."""

    __tablename__ = "reminders"
    __table_args__ = (
        UniqueConstraint("workspace", "change_set_id", "round", "person"),
        Index("reminders_due", "workspace", "sent_at", "due_at"),
    )

    change_set_id: Mapped[int] = mapped_column(ForeignKey("change_sets.id"))
    round: Mapped[int]
    """Counted from 0."""
    person: Mapped[str]
    """Slack id of a reviewer; empty: the round itself, which begins those of its people."""
    due_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    """When it was sent, or found to be needed no more."""
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
