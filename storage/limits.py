"""How much one person and one channel have wanted lately: counted by what is stored, for any number of processes."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select

from storage.account_models import HandoffRow
from storage.inbox import REFUSED
from storage.models import ChangeSetRow, InboxRow, StepRow
from storage.repository import Repository


class Limits(Repository):
    """Looks back over a span of time. What seems to come from the future, since a clock was wrong, does not count."""

    def find_delivery(
        self, kinds: Collection[str], nth: int, *, since: datetime, now: datetime, person: str = "", channel: str = ""
    ) -> datetime | None:
        """Tell when the nth newest delivery came that was taken; None when there are fewer."""
        query = select(InboxRow.received_at).where(
            InboxRow.workspace == self._workspace,
            InboxRow.person == person if person else InboxRow.channel == channel,
            InboxRow.received_at > since,
            InboxRow.received_at <= now,
            InboxRow.kind.in_(kinds),
            InboxRow.state != REFUSED,
        )
        return self._session.scalar(query.order_by(InboxRow.received_at.desc()).offset(nth - 1).limit(1))

    def find_link(self, person: str, nth: int, *, login: bool, since: datetime, now: datetime) -> datetime | None:
        """Tell when the nth newest link of a person was made, to log in or to confirm; None when there are fewer."""
        query = select(HandoffRow.created_at).where(
            HandoffRow.workspace == self._workspace,
            HandoffRow.slack_user == person,
            HandoffRow.created_at > since,
            HandoffRow.created_at <= now,
            HandoffRow.login.is_(login),
        )
        return self._session.scalar(query.order_by(HandoffRow.created_at.desc()).offset(nth - 1).limit(1))

    def list_asked(
        self, *, since: datetime, now: datetime, requester: str = "", channel: str = ""
    ) -> list[tuple[datetime, int]]:
        """List when somebody, or somebody in a channel, asked for how many packages, oldest first."""
        query = (
            select(ChangeSetRow.created_at, func.count())
            .join(StepRow, StepRow.change_set_id == ChangeSetRow.id)
            .where(
                ChangeSetRow.workspace == self._workspace,
                ChangeSetRow.requester == requester if requester else ChangeSetRow.channel == channel,
                ChangeSetRow.created_at > since,
                ChangeSetRow.created_at <= now,
            )
            .group_by(ChangeSetRow.id, ChangeSetRow.created_at)
        )
        return [(at, steps) for at, steps in self._session.execute(query.order_by(ChangeSetRow.created_at))]
