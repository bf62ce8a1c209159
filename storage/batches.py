"""Batches: what somebody wants for many packages, one row a package, from the line or the file to the change set."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import Select, func, insert, select, update

from bot.domain.batch import CALLS, LOOKING_STATES, MOST_EXAMPLES, BatchState, Example, Status, Tally, Wanted, Why
from bot.domain.lifecycle import OPEN_STATES
from bot.domain.operations import Operation, likeness_of
from bot.domain.packages import PackageName
from storage.batch_models import BatchItemRow, BatchRow
from storage.models import ChangeSetRow, StepRow
from storage.repository import Repository, new_token

_OPERATION: TypeAdapter[Operation] = TypeAdapter(Operation)
_Query = TypeVar("_Query", bound=Select[*tuple[Any, ...]])
_OPEN = [state.value for state in OPEN_STATES]
_IN_ONE = 500
"""How many names or rows one statement takes."""


class Pending(NamedTuple):
    """An open step that could be the same as what is wanted."""

    fingerprint: str
    likeness: str
    number: int
    """Of its change set."""


class Group(NamedTuple):
    """Packages of a batch for which the same is wanted."""

    likeness: str
    label: str
    chosen: int
    size: int


class Batches(Repository):
    """The wishes, and what was found out about each package."""

    def add(self, batch: BatchRow) -> BatchRow:
        """Store a wish under a new token."""
        batch.token = new_token()
        return self._add(batch)

    def find(self, token: str) -> BatchRow | None:
        """Find one by its token."""
        return self._find(BatchRow, token=token)

    def find_delivery(self, inbox_id: int) -> BatchRow | None:
        """Find what a delivery has begun already."""
        return self._find(BatchRow, inbox_id=inbox_id)

    def next_due(self) -> BatchRow | None:
        """Find the one that is to be gone on with first: they take turns."""
        return self._one(self._in(LOOKING_STATES).order_by(BatchRow.next_try_at, BatchRow.id))

    def list_in(self, states: Iterable[BatchState]) -> list[BatchRow]:
        """List those in some states, oldest first."""
        return self._all(self._in(states).order_by(BatchRow.id))

    def add_items(self, batch: BatchRow, wanted: Iterable[Wanted], *, hidden: frozenset[str] = frozenset()) -> int:
        """Store the packages of a batch, in their order, after those that it has; tells how many."""
        count, some = self.count(batch.id), list[dict[str, Any]]()
        for position, each in enumerate(wanted, start=count):
            some.append(self._new_item(batch.id, position, each, hidden=each.hidden or each.package in hidden))
            count += 1
            if len(some) == _IN_ONE:
                self._session.execute(insert(BatchItemRow), some)
                some.clear()
        if some:
            self._session.execute(insert(BatchItemRow), some)
        return count

    def list_new(self, batch_id: int, limit: int) -> list[BatchItemRow]:
        """List the next packages that nobody has looked at."""
        query = self._items(batch_id).where(BatchItemRow.status == Status.NEW.value)
        return self._all(query.order_by(BatchItemRow.position).limit(limit))

    def list_included(self, batch_id: int) -> list[BatchItemRow]:
        """List the packages that are ticked, in their order."""
        query = self._items(batch_id).where(BatchItemRow.status == Status.INCLUDED.value)
        return self._all(query.order_by(BatchItemRow.position))

    def list_chosen(self, batch_id: int) -> list[PackageName]:
        """List the names of the packages that are ticked, in their order."""
        columns = select(BatchItemRow.package).where(
            BatchItemRow.batch_id == batch_id, BatchItemRow.status == Status.INCLUDED.value
        )
        return [PackageName(name) for name in self._session.scalars(columns.order_by(BatchItemRow.position))]

    def list_tickable(self, batch_id: int) -> list[BatchItemRow]:
        """List the packages that could be asked for, ticked or not, in their order."""
        return self._all(self._tickable(self._items(batch_id)).order_by(BatchItemRow.position))

    def list_private(self, batch_id: int) -> list[BatchItemRow]:
        """List the packages that the public does not see and that could be staged."""
        return self._all(self._tickable(self._items(batch_id)).where(BatchItemRow.private.is_(True)))

    def find_items(self, batch_id: int, positions: Sequence[int]) -> dict[int, BatchItemRow]:
        """Find some packages by their position."""
        found = self._all(self._items(batch_id).where(BatchItemRow.position.in_(positions)))
        return {item.position: item for item in found}

    def list_twice(self, batch_id: int) -> list[BatchItemRow]:
        """List the packages that can be ticked and for which the same stands before them."""
        same = [BatchItemRow.package, BatchItemRow.likeness]
        number = func.row_number().over(partition_by=same, order_by=BatchItemRow.position).label("number")
        numbered = select(BatchItemRow.id, number).where(BatchItemRow.batch_id == batch_id).subquery()
        again = list(self._session.scalars(select(numbered.c.id).where(numbered.c.number > 1)))
        tickable = self._tickable(self._items(batch_id))
        return [
            row
            for start in range(0, len(again), _IN_ONE)
            for row in self._all(tickable.where(BatchItemRow.id.in_(again[start : start + _IN_ONE])))
        ]

    def count_kinds(self, batch_id: int) -> dict[str, int]:
        """Count the ticked packages by what is wanted of them: create, revoke or replace."""
        kind = BatchItemRow.operation
        return {
            verb: self._session.scalar(
                select(func.count(BatchItemRow.id)).where(
                    BatchItemRow.batch_id == batch_id,
                    BatchItemRow.status == Status.INCLUDED.value,
                    kind.startswith(f'{{"kind":"{verb}"'),
                )
            )
            or 0
            for verb in CALLS
        }

    def page(
        self, batch_id: int, *, text: str = "", likeness: str = "", skip: int = 0, limit: int
    ) -> list[BatchItemRow]:
        """List some of the packages that can be ticked, in their order: with `text` in the name, alike in a way."""
        query = self._narrow(self._items(batch_id), text, likeness)
        return self._all(query.order_by(BatchItemRow.position).offset(skip).limit(limit))

    def count_tickable(self, batch_id: int, *, text: str = "", likeness: str = "") -> int:
        """Count what `page` would find."""
        query = select(func.count(BatchItemRow.id)).where(BatchItemRow.batch_id == batch_id)
        return self._session.scalar(self._narrow(query, text, likeness)) or 0

    def count(self, batch_id: int) -> int:
        """Count the packages of a batch."""
        return self._session.scalar(select(func.count(BatchItemRow.id)).where(BatchItemRow.batch_id == batch_id)) or 0

    def tally(self, batch_id: int) -> list[Tally]:
        """Count the packages by status and by what speaks against them, each with the first few of them."""
        columns = (BatchItemRow.status, BatchItemRow.why)
        counted = select(*columns, func.count()).where(BatchItemRow.batch_id == batch_id).group_by(*columns)
        found = self._session.execute(counted.order_by(*columns)).all()
        return [
            Tally(Status(status), Why(why) if why else None, number, self._examples(batch_id, status, why))
            for status, why, number in found
        ]

    def groups(self, batch_id: int, limit: int, *, by_label: bool = False) -> list[Group]:
        """List what is wanted of the packages that can be ticked, the largest groups first.

        `by_label`: what reads the same is one group, though each package's own configuration is to go.
        """
        chosen = func.count().filter(BatchItemRow.status == Status.INCLUDED.value)
        columns = (func.min(BatchItemRow.likeness), func.min(BatchItemRow.label), chosen, func.count())
        query: Select[*tuple[Any, ...]] = select(*columns).where(BatchItemRow.batch_id == batch_id)
        grouped = self._tickable(query).group_by(BatchItemRow.label if by_label else BatchItemRow.likeness)
        ordered = grouped.order_by(func.count().desc(), func.min(BatchItemRow.position)).limit(limit)
        return [Group(*row) for row in self._session.execute(ordered)]

    def tick(self, batch_id: int, positions: Iterable[int], *, on: bool) -> None:
        """Tick or untick packages; those that cannot be staged stay as they are."""
        wanted = list(positions)
        for start in range(0, len(wanted), _IN_ONE):
            self._set(batch_id, BatchItemRow.position.in_(wanted[start : start + _IN_ONE]), on=on)

    def tick_all(self, batch_id: int, *, text: str = "", likeness: str = "", on: bool) -> None:
        """Tick or untick all that `page` would find."""
        found = self._narrow(select(BatchItemRow.id).where(BatchItemRow.batch_id == batch_id), text, likeness)
        self._set(batch_id, BatchItemRow.id.in_(found.scalar_subquery()), on=on)

    def forget_results(self, batch_id: int) -> None:
        """Have every package looked at again."""
        statement = update(BatchItemRow).where(BatchItemRow.batch_id == batch_id)
        self._session.execute(statement.values(status=Status.NEW.value, why="", detail=""))

    def remove(self, items: Sequence[BatchItemRow]) -> None:
        """Forget packages of which nothing may be said."""
        for item in items:
            self._session.delete(item)
        self._session.flush()

    def find_pending(self, packages: Iterable[str]) -> Mapping[str, list[Pending]]:
        """Find the open steps of some packages, in whatever request, by package."""
        found: defaultdict[str, list[Pending]] = defaultdict(list)
        for some in _cut(packages):
            query = (
                select(StepRow.package, StepRow.fingerprint, StepRow.operation, ChangeSetRow.number)
                .join(ChangeSetRow, ChangeSetRow.id == StepRow.change_set_id)
                .where(StepRow.workspace == self._workspace, StepRow.package.in_(some), StepRow.state.in_(_OPEN))
                .order_by(StepRow.id)
            )
            for package, fingerprint, operation, number in self._session.execute(query):
                likeness = likeness_of(_OPERATION.validate_json(operation))
                found[package].append(Pending(fingerprint, likeness, number))
        return found

    def _in(self, states: Iterable[BatchState]) -> Select[BatchRow]:
        return self._select(BatchRow).where(BatchRow.state.in_([state.value for state in states]))

    def _items(self, batch_id: int) -> Select[BatchItemRow]:
        return self._select(BatchItemRow).where(BatchItemRow.batch_id == batch_id)

    def _examples(self, batch_id: int, status: str, why: str) -> tuple[Example, ...]:
        """Name the first packages of each thing that is said, so that one workflow does not hide the others."""
        alike = (BatchItemRow.batch_id == batch_id, BatchItemRow.status == status, BatchItemRow.why == why)
        counted = select(BatchItemRow.detail, func.count()).where(*alike).group_by(BatchItemRow.detail)
        by_number = counted.order_by(func.count().desc(), func.min(BatchItemRow.position)).limit(MOST_EXAMPLES)
        details = self._session.execute(by_number).all()
        named = select(BatchItemRow.package).where(*alike).order_by(BatchItemRow.position)
        few = named.limit(MOST_EXAMPLES // max(1, len(details)))
        return tuple(
            Example(tuple(self._session.scalars(few.where(BatchItemRow.detail == detail))), detail, number)
            for detail, number in details
        )

    @staticmethod
    def _tickable(query: _Query) -> _Query:
        return query.where(BatchItemRow.status.in_([Status.INCLUDED.value, Status.UNTICKED.value]))

    def _narrow(self, query: _Query, text: str, likeness: str) -> _Query:
        query = self._tickable(query)
        if text:
            query = query.where(func.lower(BatchItemRow.package).contains(text.lower(), autoescape=True))
        return query.where(BatchItemRow.likeness == likeness) if likeness else query

    def _set(self, batch_id: int, condition: Any, *, on: bool) -> None:  # noqa: ANN401 -- a clause of SQLAlchemy's
        before, after = (Status.UNTICKED, Status.INCLUDED) if on else (Status.INCLUDED, Status.UNTICKED)
        statement = update(BatchItemRow).where(
            BatchItemRow.batch_id == batch_id, BatchItemRow.status == before.value, condition
        )
        self._session.execute(statement.values(status=after.value).execution_options(synchronize_session=False))

    def _new_item(self, batch_id: int, position: int, wanted: Wanted, *, hidden: bool) -> dict[str, Any]:
        return {
            "workspace": self._workspace,
            "batch_id": batch_id,
            "position": position,
            "row": wanted.row,
            "package": wanted.package,
            "wanted": wanted.model_dump_json(exclude_defaults=True),
            "status": Status.NEW.value,
            "hidden": hidden,
        }


def _cut(names: Iterable[str]) -> Iterator[list[str]]:
    wanted = list(dict.fromkeys(names))
    for start in range(0, len(wanted), _IN_ONE):
        yield wanted[start : start + _IN_ONE]
