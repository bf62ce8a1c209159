"""Calls that people were given as lines for their own terminal."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base
from storage.repository import Repository, new_token


class ScriptRow(Base):
    """Steps whose calls one person was given."""

    __tablename__ = "scripts"
    __table_args__ = (UniqueConstraint("workspace", "token"),)

    token: Mapped[str]
    """The value of its button."""
    slack_user: Mapped[str]
    npm_user: Mapped[str]
    step_ids: Mapped[str]
    """Row ids of the steps in the order of the lines, with spaces between."""
    lag_seconds: Mapped[int]
    """How long npm's lists may lag behind what the person ran, as it was set when they were given."""
    given_at: Mapped[datetime]
    ran_at: Mapped[datetime | None]
    """When the person said that they ran it."""
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def steps(self) -> tuple[int, ...]:
        """The row ids of the steps."""
        return tuple(map(int, self.step_ids.split()))


class Scripts(Repository):
    """Who was given what to run."""

    def add(
        self, slack_user: str, npm_user: str, steps: Sequence[int], *, lag_seconds: int, now: datetime
    ) -> ScriptRow:
        """Store that somebody is given the calls of some steps."""
        return self._add(
            ScriptRow(
                workspace=self._workspace,
                token=new_token(),
                slack_user=slack_user,
                npm_user=npm_user,
                step_ids=" ".join(map(str, steps)),
                lag_seconds=lag_seconds,
                given_at=now,
                ran_at=None,
            )
        )

    def load(self, script_id: int) -> ScriptRow | None:
        """Load by row id."""
        return self._get(ScriptRow, script_id)

    def find_token(self, token: str) -> ScriptRow | None:
        """Find by the value that its button carries."""
        return self._find(ScriptRow, token=token)
