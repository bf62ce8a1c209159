"""What sums up a change set: groups of steps that are alike, and how many steps are in which state.

Reading them takes the same work for two steps and for ten thousand.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Insert, Select, bindparam, func, select

from bot.domain.lifecycle import OPEN_STATES, State
from bot.domain.operations import Operation, group_of
from storage.group_models import WHOLE, StepGroupRow, TallyRow
from storage.models import StepRow
from storage.records import StepFacts
from storage.repository import Repository

_OPERATION: TypeAdapter[Operation] = TypeAdapter(Operation)


class Groups(Repository):
    """Kept by who stores and who moves steps."""

    def add(self, steps: Sequence[StepRow]) -> None:
        """Sum up the steps of a new change set. Each of them learns its likeness."""
        found: dict[str, list[StepRow]] = {}
        for step in steps:
            step.likeness = step.likeness or group_of(_OPERATION.validate_json(step.operation))
            found.setdefault(step.likeness, []).append(step)
        groups = [(likeness, alike, _count_warned(alike)) for likeness, alike in found.items()]
        groups.sort(key=lambda group: (not group[2], -len(group[1])))  # a message shows the first few of them
        self._session.add_all(
            StepGroupRow(
                workspace=self._workspace,
                change_set_id=alike[0].change_set_id,
                likeness=likeness,
                position=position,
                sample=alike[0].operation,
                size=len(alike),
                warned=warned,
            )
            for position, (likeness, alike, warned) in enumerate(groups)
        )
        counted = Counter((step.change_set_id, step.likeness, step.state) for step in steps)
        counted.update(Counter((step.change_set_id, WHOLE, step.state) for step in steps))
        self._session.add_all(
            TallyRow(workspace=self._workspace, change_set_id=of, likeness=likeness, state=state, steps=number)
            for (of, likeness, state), number in counted.items()
        )
        self._session.flush()

    def count_moves(self, moves: Mapping[tuple[int, str, str, str], int]) -> None:
        """Count steps that have moved.

        Args:
            moves: How many, by change set, likeness, the state before and the state after.
        """
        changes: Counter[tuple[int, str, str]] = Counter()
        for (change_set_id, likeness, before, after), number in moves.items():
            for counted in (likeness, WHOLE):
                changes[change_set_id, counted, before] -= number
                changes[change_set_id, counted, after] += number
        # in one order, so that two transactions that wait for each other's rows cannot come about
        rows = [
            {"workspace": self._workspace, "change_set_id": of, "likeness": likeness, "state": state, "steps": number}
            for (of, likeness, state), number in sorted(changes.items())
            if number
        ]
        if rows:
            self._session.execute(_counting(self._session.get_bind().dialect.name), rows)

    def tally(self, change_set_id: int) -> dict[State, int]:
        """Tell how many steps of a change set are in which state; states of none are left out."""
        return self.tallies(change_set_id, [WHOLE]).get(WHOLE, {})

    def tallies(self, change_set_id: int, likenesses: Iterable[str]) -> dict[str, dict[State, int]]:
        """Tell the same of groups, by likeness."""
        found: dict[str, dict[State, int]] = {}
        values = {"change_set_id": change_set_id, "likenesses": list(likenesses)}
        for likeness, state, steps in self._session.execute(_counts(), values):
            found.setdefault(likeness, {})[State(state)] = steps
        return found

    def is_open(self, change_set_id: int) -> bool:
        """Tell whether a step of a change set has not ended."""
        return not OPEN_STATES.isdisjoint(self.tally(change_set_id))

    def list_of(self, change_set_id: int, *, limit: int = 50, after: int = 0) -> list[StepGroupRow]:
        """List the groups of a change set in their order, from a position on."""
        query = self._select(StepGroupRow).where(
            StepGroupRow.change_set_id == change_set_id, StepGroupRow.position >= after
        )
        return self._all(query.order_by(StepGroupRow.position).limit(limit))

    def count(self, change_set_id: int) -> int:
        """Count the groups of a change set."""
        last = select(func.max(StepGroupRow.position)).where(StepGroupRow.change_set_id == change_set_id)
        highest = self._session.scalar(last)
        return 0 if highest is None else highest + 1


def _count_warned(steps: Iterable[StepRow]) -> int:
    return sum(bool(StepFacts.model_validate_json(step.facts).warnings) for step in steps)


@cache
def _counts() -> Select[str, str, int]:
    """Read the counts of some `likenesses` of a change set."""
    query = select(TallyRow.likeness, TallyRow.state, TallyRow.steps)
    asked = TallyRow.change_set_id == bindparam("change_set_id"), TallyRow.steps > 0
    return query.where(*asked, TallyRow.likeness.in_(bindparam("likenesses", expanding=True)))


@cache
def _counting(dialect: str) -> Insert:
    """Add to counts, or begin them."""
    insert: Any = import_module(f"sqlalchemy.dialects.{dialect}").insert(TallyRow)  # and nothing of the other database
    counting: Insert = insert.on_conflict_do_update(
        index_elements=[TallyRow.change_set_id, TallyRow.likeness, TallyRow.state],
        set_={"steps": TallyRow.steps + insert.excluded.steps},
    )
    return counting
