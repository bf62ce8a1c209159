"""Links of npm's that people were given."""

from collections.abc import Collection
from datetime import datetime

from storage.account_models import HandoffRow
from storage.repository import Repository


class Handoffs(Repository):
    """The open ones are polled; each ends in one of `bot.domain.overview.HandoffState`."""

    def add(self, handoff: HandoffRow) -> HandoffRow:
        """Store a handoff."""
        return self._add(handoff)

    def load(self, handoff_id: int) -> HandoffRow | None:
        """Load by row id."""
        return self._get(HandoffRow, handoff_id)

    def find_token(self, token: str) -> HandoffRow | None:
        """Find by the value that its buttons carry."""
        return self._find(HandoffRow, token=token)

    def find_open(self, slack_user: str, *, login: bool | None = None) -> HandoffRow | None:
        """Find the open link of a person."""
        if login is None:
            return self._find(HandoffRow, slack_user=slack_user, state="open")
        return self._find(HandoffRow, slack_user=slack_user, state="open", login=login)

    def list_open(self) -> list[HandoffRow]:
        """List the open ones, the next to poll first."""
        return sorted(self._list(HandoffRow, state="open"), key=lambda row: row.next_poll_at)

    def list_open_of(self, slack_user: str) -> list[HandoffRow]:
        """List the open ones of a person."""
        return [row for row in self.list_open() if row.slack_user == slack_user]

    def list_of_step(self, step_id: int) -> list[HandoffRow]:
        """List those of a step, newest first."""
        query = self._select(HandoffRow).where(HandoffRow.step_id == step_id)
        return self._all(query.order_by(HandoffRow.id.desc()))

    def list_of_steps(self, step_ids: Collection[int]) -> list[HandoffRow]:
        """List those of many steps, newest first."""
        wanted = set(step_ids)
        if len(wanted) == 1:
            return self.list_of_step(next(iter(wanted)))
        # links are few beside steps: who has many steps to confirm has one link at a time
        query = self._select(HandoffRow).where(HandoffRow.step_id.is_not(None)).order_by(HandoffRow.id.desc())
        return [row for row in self._all(query) if row.step_id in wanted]

    def find_last_done(self, slack_user: str) -> HandoffRow | None:
        """Find the confirmation of a person that came last: it opened the window that may be open."""
        query = self._select(HandoffRow).where(HandoffRow.slack_user == slack_user, HandoffRow.login.is_(False))
        return self._one(query.where(HandoffRow.state == "done").order_by(HandoffRow.id.desc()))

    def list_unused(self, slack_user: str, *, since: datetime) -> list[HandoffRow]:
        """List the links to confirm that a person was given since a moment, and whose use we were not told of."""
        query = self._select(HandoffRow).where(HandoffRow.slack_user == slack_user, HandoffRow.login.is_(False))
        return self._all(query.where(HandoffRow.created_at >= since, HandoffRow.state.not_in(["open", "done"])))

    def list_due(self, now: datetime) -> list[HandoffRow]:
        """List those to poll by a moment."""
        return [row for row in self.list_open() if row.next_poll_at <= now]
