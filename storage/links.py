"""Account links: one npm user belongs to one Slack person, and the other way round."""

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, exists, select
from sqlalchemy.orm import Session

from bot.domain.lifecycle import OPEN_STATES, State
from storage.account_models import LinkRow
from storage.models import ReadRow, StepRow
from storage.reads import OPEN
from storage.repository import Repository
from storage.surveys import QUEUED

_CURRENT = ("linked", "pending")


class Links(Repository):
    """Who is who."""

    def __init__(self, session: Session, workspace: str) -> None:
        super().__init__(session, workspace)
        self._current: list[LinkRow] | None = None
        """What this transaction has looked up: who is to be called is looked for in it, and who decides."""

    def add(self, link: LinkRow) -> LinkRow:
        """Store a link."""
        self._current = None
        return self._add(link)

    def find_of(self, slack_user: str) -> LinkRow | None:
        """Find the pending or linked account of a person."""
        return self._one(self._select(LinkRow).where(LinkRow.slack_user == slack_user, LinkRow.state != "closed"))

    def find_linked(self, slack_user: str) -> LinkRow | None:
        """Find the proven account of a person."""
        return self._find(LinkRow, slack_user=slack_user, state="linked")

    def find_npm_user(self, npm_user: str) -> LinkRow | None:
        """Find the person whom an npm user is proven to be."""
        return self._find(LinkRow, npm_user=npm_user, state="linked")

    def find_token(self, token: str) -> LinkRow | None:
        """Find by the value that its buttons carry."""
        return self._find(LinkRow, token=token)

    def load(self, link_id: int) -> LinkRow | None:
        """Load by row id."""
        return self._get(LinkRow, link_id)

    def list_linked(self) -> list[LinkRow]:
        """List every proven link."""
        return [link for link in self.list_current() if link.state == "linked"]

    def list_current(self) -> list[LinkRow]:
        """List every link that is proven, or waits for a proof."""
        if self._current is None:
            self._current = list(self._session.scalars(_current(), {"workspace": self._workspace}))
        return [link for link in self._current if link.state in _CURRENT]

    def list_idle(self, now: datetime) -> list[LinkRow]:
        """List the links with a session for which nothing waits, and whose person did something some minutes ago."""
        return list(self._session.scalars(_idle(), {"workspace": self._workspace, "now": now}))

    def list_pending(self) -> list[LinkRow]:
        """List the links that wait for a proof."""
        return [link for link in self.list_current() if link.state == "pending"]


@cache
def _current() -> Select[Any]:
    """Find the links that were not closed; the parameter is `workspace`."""
    mine = LinkRow.workspace == bindparam("workspace")
    return select(LinkRow).where(mine, LinkRow.state.in_(_CURRENT)).order_by(LinkRow.id)


@cache
def _idle() -> Select[Any]:
    """Find the links with a session that nothing needs; the parameters are `workspace` and `now`."""
    workspace: BindParameter[str] = bindparam("workspace")
    steps = exists().where(
        StepRow.workspace == workspace,
        StepRow.executor == LinkRow.slack_user,
        StepRow.state.in_([state.value for state in OPEN_STATES - {State.IN_REVIEW}]),
    )
    reads = exists().where(
        ReadRow.workspace == workspace,
        ReadRow.slack_user == LinkRow.slack_user,
        ReadRow.state.in_([*OPEN, QUEUED]),
    )
    live = LinkRow.workspace == workspace, LinkRow.state == "linked", LinkRow.sealed_session != ""
    return select(LinkRow).where(*live, LinkRow.present_until <= bindparam("now"), ~steps, ~reads).order_by(LinkRow.id)
