"""Which workers of a world must look again, since something was written that may concern them."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

from sqlalchemy import Engine, event

from storage.base import Base

_WRITE = re.compile(r"\s*(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+\"?(\w+)", re.IGNORECASE)
_CALLS = frozenset({"lane", "handoffs"})
_READING = frozenset({"scan", "digests"})
_NOBODY: frozenset[str] = frozenset()
READERS: Mapping[str, frozenset[str]] = {
    "account_links": _CALLS | {"people"},
    "alarms": _NOBODY,
    "arrivals": _NOBODY,
    "ballots": _NOBODY,
    "batch_items": _NOBODY,
    "batches": frozenset({"batches"}),
    "attempts": frozenset({"lane"}),
    "audit_events": frozenset({"home"}),
    "audit_files": frozenset({"files"}),
    "audit_seals": _NOBODY,
    "catalogue_lists": _READING,
    "change_sets": _CALLS | {"files", "reminders"},
    "configurations_read": frozenset({"drift"}),
    "decisions": frozenset({"lane"}),
    "create_rounds": frozenset({"two_days"}),
    "digests": _NOBODY,
    "coverage_points": _NOBODY,
    "drafts": _NOBODY,
    "drift_marks": _NOBODY,
    "drifts": _NOBODY,
    "handoffs": frozenset({"handoffs"}),
    "homes": frozenset({"home"}),
    "inbox": frozenset({"inbox"}),
    "leases": _NOBODY,
    "offers": _NOBODY,
    "packages": _READING,
    "pictures": frozenset({"pictures"}),
    "policies": _NOBODY,
    "policy_loads": _NOBODY,
    "reads": _CALLS,
    "reminders": frozenset({"reminders"}),
    "scans": frozenset({"scan", "files"}),
    "scripts": _NOBODY,
    "session_windows": frozenset({"lane"}),
    "slack_groups": frozenset({"people"}),
    "slack_people": frozenset({"people"}),
    "step_groups": _NOBODY,
    "step_tallies": _NOBODY,
    "steps": _CALLS,
    "surfaces": frozenset({"surfaces", "files"}),
    "surveys": frozenset({"files"}),
    "upload_items": _NOBODY,
    "uploads": _NOBODY,
    "watches": _READING | {"history"},
    "workflow_looks": _NOBODY,
}
"""The workers that find their work in a table, where those are not all of them."""
_NEVER = frozenset({"deadlines", "clock"})
"""What only time concerns."""


_READ: ContextVar[set[str] | None] = ContextVar("tables that a worker has read", default=None)


class News:
    """Counts what is written, by table. A worker that has nothing to do is not asked again before something was."""

    def __init__(self) -> None:
        self._writes: Counter[str] = Counter()
        self._for_worker: Counter[str] = Counter()
        """The writes that concern each worker, as a sum: each is asked for after every step of a world."""
        self._for_everybody = 0
        """Writes to tables whose readers are not named."""
        self._heard: dict[tuple[int, str], int] = {}
        self._looked: dict[tuple[int, str], dict[str, int]] = {}
        """What was written before the last look of a worker to the tables that it read then."""

    def listen(self, engine: Engine) -> None:
        """Count what is written through an engine, from now on; whoever worked with another one looks again."""
        self._looked.clear()
        event.listen(engine, "before_cursor_execute", self._note)

    def concern(self, who: tuple[int, str]) -> bool:
        """Tell whether something was written, since a worker of a bot last looked, that it may look at."""
        return who[1] not in _NEVER and self._heard.get(who, 0) != self._count(who[1])

    def heard_by(self, who: tuple[int, str]) -> None:
        """Note that a worker has looked, and has nothing to do."""
        self._heard[who] = self._count(who[1])

    @contextmanager
    def looking(self, who: tuple[int, str]) -> Iterator[None]:
        """Note which tables a worker reads meanwhile."""
        before, read = dict(self._writes), set[str]()
        token = _READ.set(read)
        try:
            yield
        finally:
            _READ.reset(token)
            self._looked[who] = {table: before.get(table, 0) for table in read}

    def may_matter(self, who: tuple[int, str]) -> bool:
        """Tell whether a worker may find something else than at its last look; also where it asked no table then."""
        looked = self._looked.get(who)
        return not looked or any(self._writes[table] != count for table, count in looked.items())

    def forget_looks(self) -> None:
        """Something changed that stands in no table."""
        self._looked.clear()

    def _count(self, worker: str) -> int:
        return self._for_everybody + self._for_worker[worker]

    def _note(self, _connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if written := _WRITE.match(statement):
            table = written[1].lower()
            self._writes[table] += 1
            if (readers := READERS.get(table)) is None:
                self._for_everybody += 1
            else:
                self._for_worker.update(readers)
        if (read := _READ.get()) is not None:
            read |= _tables_in(statement)


@cache
def _tables_in(statement: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", statement.lower())) & Base.metadata.tables.keys()
