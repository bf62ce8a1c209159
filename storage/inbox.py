"""Deliveries from Slack: committed before the ack, claimed by compare-and-set, emptied when done."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, literal_column, or_, select
from sqlalchemy.orm import aliased

from storage.models import InboxRow
from storage.repository import Repository

REFUSED = "refused"
"""Of a delivery that came when its person had wanted too much: it is known when it comes again, and never done."""

CLAIM = timedelta(seconds=60)
"""How long a claim holds; after it somebody else may do the work (the first one has died)."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A delivery that is to be kept."""

    key: str
    """The same when Slack sends the same again."""
    kind: str
    person: str
    channel: str
    sealed_payload: str
    after: timedelta
    """It is done after this."""
    ends: float
    """By the event loop's clock: so long who delivered it waits."""


class Inbox(Repository):
    """The queue of what Slack sent."""

    def find_known(self, keys: Collection[str]) -> dict[str, bool]:
        """Find deliveries that are here already, and whether each was refused."""
        found = self._session.execute(_with_keys(), {"workspace": self._workspace, "keys": list(keys)})
        return {key: state == REFUSED for key, state in found}

    def put(self, letter: Letter, now: datetime, *, is_refused: bool = False) -> InboxRow:
        """Keep what is not here yet; one that is refused is never done."""
        row = InboxRow(
            workspace=self._workspace,
            delivery_key=letter.key,
            kind=letter.kind,
            person=letter.person,
            channel=letter.channel,
            sealed_payload="" if is_refused else letter.sealed_payload,
            received_at=now,
            state=REFUSED if is_refused else "new",
            next_try_at=now + letter.after,
        )
        self._session.add(row)
        return row

    def claim(self, now: datetime) -> InboxRow | None:
        """Take the oldest delivery that is due, or whose claim has ended.

        While one of a person is being done, or has not been tried yet, a later one of theirs waits: a withdrawal must
        not overtake the approval. One that was put off is not waited for.
        """
        row = self._session.scalars(_next_due(), {"workspace": self._workspace, "now": now}).first()
        if row is not None:
            row.state, row.next_try_at, row.tries = "claimed", now + CLAIM, row.tries + 1
        return row

    def release_all(self, now: datetime) -> None:
        """End every claim: only for who knows that no other process lives."""
        for row in self._all(self._select(InboxRow).where(is_open(InboxRow), InboxRow.state == "claimed")):
            row.next_try_at = min(row.next_try_at, now)

    def next_due(self, now: datetime) -> datetime | None:
        """Tell when there is something to do next, beside what waits for something earlier of the same person."""
        moment: datetime | None = self._session.scalar(_next_moment(), {"workspace": self._workspace, "now": now})
        return moment

    def load(self, row_id: int) -> InboxRow | None:
        """Load one."""
        return self._get(InboxRow, row_id)

    def finish(self, row_id: int, *, failed: bool = False) -> None:
        """Close a delivery and forget what it said."""
        row = self.load(row_id)
        if row is not None:
            row.state, row.sealed_payload = ("failed" if failed else "done"), ""

    def postpone(self, row_id: int, until: datetime) -> None:
        """Do it again later."""
        row = self.load(row_id)
        if row is not None:
            row.state, row.next_try_at = "new", until


@cache
def _next_due() -> Select[Any]:
    """Find the oldest delivery that may be done; the parameters are `workspace` and `now`."""
    due = select(InboxRow).where(*_in_turn(), InboxRow.next_try_at <= bindparam("now"))
    ordered = due.order_by(InboxRow.next_try_at, InboxRow.id).limit(1)
    return ordered.with_for_update(of=InboxRow, skip_locked=True)


@cache
def _next_moment() -> Select[Any]:
    """Tell when the next one may be done; the parameters are the same."""
    return select(InboxRow.next_try_at).where(*_in_turn()).order_by(InboxRow.next_try_at, InboxRow.id).limit(1)


def _in_turn() -> tuple[ColumnElement[bool], ...]:
    """Choose what is not done, but for what waits for something earlier of its person."""
    mine = InboxRow.workspace == bindparam("workspace"), is_open(InboxRow)
    earlier = aliased(InboxRow)
    # One row at most, and not EXISTS, which PostgreSQL would make a join of with all that is open.
    in_its_way = select(earlier.id).where(
        earlier.workspace == bindparam("workspace"),
        earlier.person == InboxRow.person,
        earlier.id < InboxRow.id,
        is_open(earlier),
        or_(and_(earlier.state == "claimed", earlier.next_try_at > bindparam("now")), earlier.tries == 0),
    )
    return *mine, in_its_way.limit(1).scalar_subquery().is_(None)


def is_open(row: type[InboxRow]) -> ColumnElement[bool]:
    """Say it in the words of the indexes of open deliveries: with parameters, a planner does not see that they fit."""
    return row.state.in_([literal_column("'new'"), literal_column("'claimed'")])


def is_failed(row: type[InboxRow]) -> ColumnElement[bool]:
    """The same of what was given up."""
    return row.state == literal_column("'failed'")


@cache
def _with_keys() -> Select[str, str]:
    """Find the states of those in a `workspace` that have one of some `keys`."""
    mine = InboxRow.workspace == bindparam("workspace")
    query = select(InboxRow.delivery_key, InboxRow.state)
    return query.where(mine, InboxRow.delivery_key.in_(bindparam("keys", expanding=True)))
