"""Which workers of a world must look again, since something was written that may concern them."""

import re
from collections import defaultdict
from collections.abc import Mapping

from sqlalchemy import Engine, event

_WRITE = re.compile(r"\s*(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+\"?(\w+)", re.IGNORECASE)
_READERS: Mapping[str, frozenset[str]] = {
    "audit_events": frozenset(),
    "leases": frozenset(),
    "surfaces": frozenset({"surfaces", "files"}),
}
"""The workers that look at a table, where those are not all of them."""
_NEVER = frozenset({"deadlines"})
"""What only time concerns."""


class News:
    """Counts what is written, by table. A worker that has nothing to do is not asked again before something was."""

    def __init__(self) -> None:
        self._writes: defaultdict[str, int] = defaultdict(int)
        self._heard: dict[str, int] = {}

    def listen(self, engine: Engine) -> None:
        """Count what is written through an engine."""
        event.listen(engine, "before_cursor_execute", self._note)

    def concern(self, worker: str) -> bool:
        """Tell whether something was written, since a worker last looked, that it may look at."""
        return worker not in _NEVER and self._heard.get(worker, 0) != self._count(worker)

    def heard_by(self, worker: str) -> None:
        """Note that a worker has looked, and has nothing to do."""
        self._heard[worker] = self._count(worker)

    def _count(self, worker: str) -> int:
        everybody = frozenset({worker})
        return sum(count for table, count in self._writes.items() if worker in _READERS.get(table, everybody))

    def _note(self, _connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if written := _WRITE.match(statement):
            self._writes[written[1].lower()] += 1
