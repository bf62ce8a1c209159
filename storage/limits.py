"""How much one person and one channel have wanted lately: counted by what is stored, for any number of processes."""

from collections.abc import Collection
from datetime import datetime
from functools import cache

from sqlalchemy import CompoundSelect, bindparam, func, literal, select

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

    def count_lately(
        self, people: Collection[str], channels: Collection[str], *, since: datetime, now: datetime
    ) -> dict[tuple[str, str], int]:
        """Count all that came from people, as ("person", id), and from channels, in one look."""
        asked = {"workspace": self._workspace, "since": since, "now": now}
        found = self._session.execute(_lately(), {**asked, "people": list(people), "channels": list(channels)})
        return {(what, which): number for what, which, number in found}

    def find_link(
        self, nth: int, *, login: bool, since: datetime, now: datetime, person: str = "", channel: str = ""
    ) -> datetime | None:
        """Tell when the nth newest link was made, to log in or to confirm; None when there are fewer.

        Args:
            nth: Counted from the newest.
            login: To log in, and not to confirm.
            since: What is older does not count.
            now: What is newer does not count.
            person: Whose links.
            channel: Else those of all who asked to log in there, or confirmed what was asked for there.
        """
        query = select(HandoffRow.created_at).where(
            HandoffRow.workspace == self._workspace,
            HandoffRow.created_at > since,
            HandoffRow.created_at <= now,
            HandoffRow.login.is_(login),
        )
        if person:
            query = query.where(HandoffRow.slack_user == person)
        elif login:
            query = query.where(HandoffRow.announce_in == channel)
        else:
            query = query.join(StepRow, StepRow.id == HandoffRow.step_id)
            query = query.join(ChangeSetRow, ChangeSetRow.id == StepRow.change_set_id)
            query = query.where(ChangeSetRow.channel == channel)
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


@cache
def _lately() -> CompoundSelect[str, str, int]:
    """Count what came in a `workspace` after `since` and not after `now`, of `people` and of `channels`."""
    span = InboxRow.received_at > bindparam("since"), InboxRow.received_at <= bindparam("now")
    lately = InboxRow.workspace == bindparam("workspace"), *span
    of_people = InboxRow.person.in_(bindparam("people", expanding=True))
    of_channels = InboxRow.channel.in_(bindparam("channels", expanding=True))
    by_person = select(literal("person"), InboxRow.person, func.count()).where(*lately, of_people)
    by_channel = select(literal("channel"), InboxRow.channel, func.count()).where(*lately, of_channels)
    return by_person.group_by(InboxRow.person).union_all(by_channel.group_by(InboxRow.channel))
