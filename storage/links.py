"""Account links: one npm user belongs to one Slack person, and the other way round."""

from datetime import datetime

from sqlalchemy import exists

from bot.domain.lifecycle import OPEN_STATES, State
from storage.account_models import LinkRow
from storage.models import ReadRow, StepRow
from storage.reads import OPEN
from storage.repository import Repository
from storage.surveys import QUEUED


class Links(Repository):
    """Who is who."""

    def add(self, link: LinkRow) -> LinkRow:
        """Store a link."""
        return self._add(link)

    def find_of(self, slack_user: str) -> LinkRow | None:
        """Find the pending or linked account of a person."""
        return self._one(self._select(LinkRow).where(LinkRow.slack_user == slack_user, LinkRow.state != "closed"))

    def find_linked(self, slack_user: str) -> LinkRow | None:
        """Find the proven account of a person."""
        return self._one(self._select(LinkRow).where(LinkRow.slack_user == slack_user, LinkRow.state == "linked"))

    def find_npm_user(self, npm_user: str) -> LinkRow | None:
        """Find the person whom an npm user is proven to be."""
        return self._one(self._select(LinkRow).where(LinkRow.npm_user == npm_user, LinkRow.state == "linked"))

    def find_token(self, token: str) -> LinkRow | None:
        """Find by the value that its buttons carry."""
        return self._one(self._select(LinkRow).where(LinkRow.token == token))

    def load(self, link_id: int) -> LinkRow | None:
        """Load by row id."""
        return self._one(self._select(LinkRow).where(LinkRow.id == link_id))

    def list_linked(self) -> list[LinkRow]:
        """List every proven link."""
        return self._all(self._select(LinkRow).where(LinkRow.state == "linked").order_by(LinkRow.id))

    def list_idle(self, now: datetime) -> list[LinkRow]:
        """List the links with a session for which nothing waits, and whose person did something some minutes ago."""
        steps = exists().where(
            StepRow.workspace == self._workspace,
            StepRow.executor == LinkRow.slack_user,
            StepRow.state.in_([state.value for state in OPEN_STATES - {State.IN_REVIEW}]),
        )
        reads = exists().where(
            ReadRow.workspace == self._workspace,
            ReadRow.slack_user == LinkRow.slack_user,
            ReadRow.state.in_([*OPEN, QUEUED]),
        )
        live = self._select(LinkRow).where(LinkRow.state == "linked", LinkRow.sealed_session != "")
        return self._all(live.where(LinkRow.present_until <= now, ~steps, ~reads).order_by(LinkRow.id))

    def list_pending(self) -> list[LinkRow]:
        """List the links that wait for a proof."""
        return self._all(self._select(LinkRow).where(LinkRow.state == "pending").order_by(LinkRow.id))
