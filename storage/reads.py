"""Lists that people asked for, one row a package."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, exists, func, select

from storage.models import ReadRow, StepRow, SurfaceRow
from storage.repository import Repository

OPEN = ("ready", "calling", "waiting")
_IN_ONE = 500


class Reads(Repository):
    """The queue of lists."""

    def add(self, read: ReadRow) -> ReadRow:
        """Store a wish to read."""
        return self._add(read)

    def add_all(self, reads: Iterable[ReadRow]) -> None:
        """Store many wishes to read."""
        self._add_all(list(reads))

    def list_open_looks(self, step_ids: Sequence[int], slack_user: str) -> set[int]:
        """List the steps, of some, that this person's account is about to look at."""
        found: set[int] = set()
        for start in range(0, len(step_ids), _IN_ONE):
            looks = select(ReadRow.step_id).where(
                ReadRow.step_id.in_(step_ids[start : start + _IN_ONE]),
                ReadRow.slack_user == slack_user,
                ReadRow.state.in_(OPEN),
            )
            found.update(step_id for step_id in self._session.scalars(looks) if step_id is not None)
        return found

    def is_looking(self, change_set_id: int) -> bool:
        """Tell whether anybody's account is still to look at a step of a change set."""
        looks = self._select(ReadRow).where(ReadRow.state.in_(OPEN))
        query = looks.join(StepRow, StepRow.id == ReadRow.step_id).where(StepRow.change_set_id == change_set_id)
        return self._one(query) is not None

    def count_looks(self, change_set_id: int, slack_user: str) -> Mapping[tuple[str, bool], int]:
        """Count one person's looks at a change set, by state and by whether they found what was meant."""
        is_clear = ReadRow.problem == ""
        query = (
            select(ReadRow.state, is_clear, func.count())
            .join(StepRow, StepRow.id == ReadRow.step_id)
            .where(StepRow.change_set_id == change_set_id, ReadRow.slack_user == slack_user)
            .group_by(ReadRow.state, is_clear)
        )
        return {(state, bool(clear)): number for state, clear, number in self._session.execute(query)}

    def load(self, read_id: int) -> ReadRow:
        """Load one that must be there."""
        return self._get_one(ReadRow, read_id)

    def list_batch(self, batch: str) -> list[ReadRow]:
        """List what one request asked for, in its order."""
        return self._list(ReadRow, batch=batch)

    def list_in(self, states: Iterable[str], *, due: datetime | None = None) -> list[ReadRow]:
        """List those in some states, oldest first."""
        query = self._select(ReadRow).where(ReadRow.state.in_(list(states)))
        if due is not None:
            query = query.where(ReadRow.next_try_at <= due)
        return self._all(query.order_by(ReadRow.id))

    def list_overdue(self, now: datetime, limit: int = 200) -> list[ReadRow]:
        """List some that were not read in time."""
        values = {"workspace": self._workspace, "now": now, "limit": limit}
        return list(self._session.scalars(_overdue(), values))

    def list_unsettled(self, since: datetime) -> list[ReadRow]:
        """List one read of each `retry` begun since then that has given up reading, and of which nobody was told."""
        found = self._session.scalars(_unsettled(), {"workspace": self._workspace, "since": since})
        return list({read.batch: read for read in found}.values())

    def list_waiting_for(self, slack_user: str) -> list[ReadRow]:
        """List those that wait for a person."""
        return self._list(ReadRow, state="waiting", slack_user=slack_user)


@cache
def _overdue() -> Select[Any]:
    """Find at most a `limit` of those in a `workspace` whose deadline is over `now`."""
    mine = ReadRow.workspace == bindparam("workspace"), ReadRow.state.in_(["ready", "waiting"])
    late = select(ReadRow).where(*mine, ReadRow.deadline <= bindparam("now"))
    return late.order_by(ReadRow.id).limit(bindparam("limit"))


@cache
def _unsettled() -> Select[Any]:
    """Find what failed of every `retry` in a `workspace` begun `since` a moment that was not told of."""
    workspace: BindParameter[str] = bindparam("workspace")
    is_told = exists().where(SurfaceRow.workspace == workspace, SurfaceRow.key == "retried:" + ReadRow.batch)
    failed = ReadRow.workspace == workspace, ReadRow.state == "failed", ReadRow.batch.startswith("retry:")
    return select(ReadRow).where(*failed, ReadRow.created_at >= bindparam("since"), ~is_told)
