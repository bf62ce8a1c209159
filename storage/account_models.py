"""The tables of npm accounts: whose they are, and the links of npm's that their people were given."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, validates

from storage.base import Base, index_some


class LinkRow(Base):
    """Which Slack person is which npm user, and that account's session."""

    __tablename__ = "account_links"
    __table_args__ = (
        index_some("account_links_person", "workspace", "slack_user", unique=True, where="state != 'closed'"),
        index_some("account_links_npm_user", "workspace", "npm_user", unique=True, where="state = 'linked'"),
        UniqueConstraint("workspace", "token"),
    )

    token: Mapped[str]
    slack_user: Mapped[str]
    slack_name: Mapped[str]
    slack_email: Mapped[str]
    npm_user: Mapped[str]
    npm_email: Mapped[str]
    state: Mapped[str]
    """pending, linked or closed."""
    proof: Mapped[str] = mapped_column(default="")
    confirmed_by: Mapped[str] = mapped_column(default="")
    announce_in: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    sealed_session: Mapped[str] = mapped_column(default="")
    session_until: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    """When the second factor was last given: a window may be open since then."""
    present_until: Mapped[datetime | None]
    """Until when they are taken to be there, since their last press, login, confirmation or call."""
    away: Mapped[bool] = mapped_column(default=False)
    """A link of npm's went unused: nothing is minted until the person presses something."""
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @validates("npm_user", "slack_user")
    def _named(self, key: str, value: str) -> str:
        if not value:
            raise ValueError(f"an account link needs a {key}")
        return value


class HandoffRow(Base):
    """A link of npm's, given to one person by DM."""

    __tablename__ = "handoffs"
    __table_args__ = (
        UniqueConstraint("workspace", "token"),
        Index("handoffs_due", "workspace", "state"),
        Index("handoffs_of_person", "workspace", "slack_user", "created_at"),
    )

    token: Mapped[str]
    login: Mapped[bool]
    slack_user: Mapped[str]
    slack_name: Mapped[str] = mapped_column(default="")
    slack_email: Mapped[str] = mapped_column(default="")
    npm_user: Mapped[str]
    step_id: Mapped[int | None] = mapped_column(ForeignKey("steps.id"))
    read_id: Mapped[int | None] = mapped_column(ForeignKey("reads.id"))
    announce_in: Mapped[str] = mapped_column(default="")
    host: Mapped[str]
    sealed_auth_url: Mapped[str]
    sealed_done_url: Mapped[str]
    state: Mapped[str]
    looks: Mapped[bool] = mapped_column(default=False)
    """npm's list is to tell what became of the step's last call."""
    outcome: Mapped[str] = mapped_column(default="")
    """What came of a login, or why there is no link to send; a sentence."""
    refusal: Mapped[str] = mapped_column(default="")
    """Why a login made no link: `bot.messages.links.LinkRefusal`."""
    refused_npm_user: Mapped[str] = mapped_column(default="")
    ended_session: Mapped[bool] = mapped_column(default=False)
    """[Not me] found a session to end."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    next_poll_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
