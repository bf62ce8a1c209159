"""Who people in Slack are, and who is in which user group, as Slack told it last."""

import json
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, false, select

from storage.account_models import LinkRow
from storage.policy_models import SlackGroupRow, SlackPersonRow
from storage.repository import Repository


class People(Repository):
    """What Slack told, with its age."""

    def find(self, slack_user: str) -> SlackPersonRow | None:
        """Find a person."""
        return self._find(SlackPersonRow, slack_user=slack_user)

    def note(self, slack_user: str, *, is_member: bool, timezone: str, now: datetime) -> None:
        """Store what Slack told of a person."""
        row = self._person(slack_user, now)
        row.is_member, row.timezone, row.read_at = is_member, timezone, now
        row.tried_at, row.is_wanted = now, False

    def note_silence(self, slack_user: str, now: datetime) -> None:
        """Store that Slack was asked of a person and did not answer: what it told before stands, and grows old."""
        row = self._person(slack_user, now)
        row.tried_at, row.is_wanted = now, False

    def want(self, slack_user: str, now: datetime) -> None:
        """Have Slack asked of a person, since a call waits for it."""
        self._person(slack_user, now).is_wanted = True

    def want_group(self, group_id: str, now: datetime) -> None:
        """The same for a user group."""
        self._group(group_id, now).is_wanted = True

    def next_wanted(self) -> tuple[str, str]:
        """Find a person, or else a user group, that a call waits for; empty where there is none."""
        person = self._find(SlackPersonRow, is_wanted=True)
        if person is not None:
            return person.slack_user, ""
        group = self._find(SlackGroupRow, is_wanted=True)
        return "", group.group_id if group else ""

    def list_gone(self) -> frozenset[str]:
        """List who is no active full member."""
        return frozenset(self._session.scalars(_gone(), {"workspace": self._workspace}))

    def load_all(self, slack_users: Iterable[str]) -> dict[str, SlackPersonRow]:
        """Load several people; who was never read is left out."""
        rows = self._session.scalars(_named(), {"workspace": self._workspace, "people": sorted(set(slack_users))})
        return {row.slack_user: row for row in rows}

    def find_linked_before(self, moment: datetime) -> LinkRow | None:
        """Find a linked account whose person was not asked after since a moment: those never asked after first."""
        return self._session.scalars(_linked_before(), {"workspace": self._workspace, "moment": moment}).first()

    def find_group(self, group_id: str) -> SlackGroupRow | None:
        """Find a user group."""
        return self._find(SlackGroupRow, group_id=group_id)

    def list_groups(self) -> list[SlackGroupRow]:
        """List the user groups that were ever asked after."""
        return self._list(SlackGroupRow)

    def note_group(self, group_id: str, members: frozenset[str] | None, *, problem: str = "", now: datetime) -> None:
        """Store what Slack told of a user group, or (members None) why it told nothing."""
        row = self._group(group_id, now)
        row.problem, row.tried_at, row.is_wanted = problem, now, False
        if members is not None:
            row.members, row.read_at = json.dumps(sorted(members)), now

    def _person(self, slack_user: str, now: datetime) -> SlackPersonRow:
        row = self.find(slack_user)
        if row is not None:
            return row
        return self._add(
            SlackPersonRow(
                workspace=self._workspace,
                slack_user=slack_user,
                is_member=True,
                timezone="",
                tried_at=now,
                is_wanted=False,
            )
        )

    def _group(self, group_id: str, now: datetime) -> SlackGroupRow:
        row = self.find_group(group_id)
        if row is not None:
            return row
        return self._add(
            SlackGroupRow(
                workspace=self._workspace, group_id=group_id, members="[]", problem="", tried_at=now, is_wanted=False
            )
        )


def members_of(row: SlackGroupRow) -> frozenset[str]:
    """Read who was in a group when Slack told it last."""
    return frozenset(json.loads(row.members))


@cache
def _gone() -> Select[Any]:
    """Find who is no member; the parameter is `workspace`."""
    mine = SlackPersonRow.workspace == bindparam("workspace")
    return select(SlackPersonRow.slack_user).where(mine, SlackPersonRow.is_member.is_(false()))


@cache
def _named() -> Select[Any]:
    """Find some people; the parameters are `workspace` and `people`."""
    mine = SlackPersonRow.workspace == bindparam("workspace")
    return select(SlackPersonRow).where(mine, SlackPersonRow.slack_user.in_(bindparam("people", expanding=True)))


@cache
def _linked_before() -> Select[Any]:
    """Find a linked account that was not asked after since a `moment`, in a `workspace`."""
    tried_at = SlackPersonRow.tried_at
    is_theirs = (SlackPersonRow.slack_user == LinkRow.slack_user) & (SlackPersonRow.workspace == LinkRow.workspace)
    linked = select(LinkRow).outerjoin(SlackPersonRow, is_theirs).where(LinkRow.workspace == bindparam("workspace"))
    query = linked.where(LinkRow.state == "linked", tried_at.is_(None) | (tried_at < bindparam("moment")))
    return query.order_by(tried_at.is_not(None), tried_at, LinkRow.id).limit(1)
