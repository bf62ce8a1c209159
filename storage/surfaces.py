"""Our messages in Slack: what each shows, and whether it is behind what is committed."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    Update,
    and_,
    bindparam,
    case,
    collate,
    func,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.orm import Session

from storage.models import SurfaceRow
from storage.repository import Repository

_AFTER_COLON = chr(ord(":") + 1)
_IN_ONE = 10
"""How many keys one statement marks."""
_MARKED = ("wanted", "behind", "next_try_at", "failures")
"""What changes when a message is marked as behind."""

CLAIM = timedelta(seconds=15)
"""How long a message is one process's to send; after it somebody else may (the first one has died)."""


class Surfaces(Repository):
    """One row for each message; the sender brings them up to date."""

    def __init__(self, session: Session, workspace: str) -> None:
        super().__init__(session, workspace)
        self._touched: set[str] = set()
        """Keys of what this transaction changes; see `mark_touched`."""
        self._touched_about: dict[str, set[str]] = {}
        """The same of one kind: what they are about."""
        self._touched_at: datetime | None = None

    def want(self, key: str, *, channel: str, now: datetime, urgent: bool = False) -> SurfaceRow:
        """Make a message, or mark it as behind when it is there."""
        row = self.find(key)
        if row is not None:
            self._mark(_with_ids(), {"ids": [row.id]}, now)
            self._session.refresh(row, _MARKED)
            return row
        return self._add(
            SurfaceRow(workspace=self._workspace, key=key, channel=channel, urgent=urgent, next_try_at=now)
        )

    def adopt(self, key: str, *, channel: str, ts: str, now: datetime) -> None:
        """Make a message that stands in Slack already one of ours, under a key that goes on with its ts."""
        if self._find(SurfaceRow, posted_in=channel, ts=ts) is None:
            row = self.want(f"{key}:{ts}", channel=channel, now=now)
            row.posted_in, row.ts = channel, ts

    def forget(self, row: SurfaceRow) -> None:
        """A copy is gone; there is another."""
        self._session.delete(row)

    def pause(self, until: datetime) -> None:
        """Send nothing before a moment."""
        for row in self._all(self._select(SurfaceRow).where(SurfaceRow.behind.is_(True))):
            row.next_try_at = max(row.next_try_at, until)

    def touch(self, prefix: str, now: datetime) -> None:
        """Have a message, and those whose key goes on after a colon, marked as behind."""
        self.touch_all([prefix], now)

    def touch_all(self, prefixes: Sequence[str], now: datetime) -> None:
        """Have several messages, and those whose key goes on after a colon, marked as behind."""
        self._touched.update(prefixes)
        self._touched_at = now

    def touch_about(self, kind: str, references: Collection[str], now: datetime) -> None:
        """Have messages of one kind, `asked:7:…`, that are about one of many things marked as behind."""
        self._touched_about.setdefault(kind, set()).update(references)
        self._touched_at = now

    def mark_touched(self) -> None:
        """Mark what was touched, once and as the last thing of a transaction.

        A message that another process sends for the first time while a long transaction goes on shows what was before;
        marked earlier, it would be missed. And who notes that a message was sent would wait for the end of all of it.
        """
        if (now := self._touched_at) is None:
            return
        keys = sorted(self._touched)
        for start in range(0, len(keys), _IN_ONE):
            some = keys[start : start + _IN_ONE]
            values: dict[str, object] = {"of_workspace": self._workspace}
            for number, key in enumerate(some):
                values |= {f"key{number}": key, f"from{number}": f"{key}:", f"to{number}": f"{key}{_AFTER_COLON}"}
            self._mark(_going_on(len(some), self._session.get_bind().dialect.name), values, now)
        for kind, references in self._touched_about.items():
            found = self._select(SurfaceRow).where(SurfaceRow.key.startswith(f"{kind}:", autoescape=True))
            ids = [row.id for row in self._all(found) if row.key.split(":")[1] in references]
            if ids:
                self._mark(_with_ids(), {"ids": ids}, now)
        self._touched.clear()
        self._touched_about.clear()
        self._touched_at = None

    def find(self, key: str) -> SurfaceRow | None:
        """Find one by its key."""
        return self._find(SurfaceRow, key=key)

    def load(self, surface_id: int) -> SurfaceRow | None:
        """Load by row id."""
        return self._get(SurfaceRow, surface_id)

    def claim_next(self, now: datetime) -> SurfaceRow | None:
        """Take the next message to bring up to date: links that people wait for go first."""
        row = self._session.scalars(_next_behind(), {"workspace": self._workspace, "now": now}).first()
        if row is not None:
            row.claim, row.claimed_until = row.claim + 1, now + CLAIM
        return row

    def load_claimed(self, surface_id: int, claim: int) -> SurfaceRow | None:
        """Load what was sent, and give it back; None when the claim ran out and somebody else has taken it since."""
        row: SurfaceRow | None = self._session.scalar(_locked(), {"workspace": self._workspace, "id": surface_id})
        if row is None or row.claim != claim:
            return None
        row.claimed_until = None
        return row

    def release_all(self, now: datetime) -> None:
        """End every claim: only for who knows that no other process lives."""
        statement = update(SurfaceRow).where(SurfaceRow.claimed_until > now)
        self._session.execute(statement.values(claimed_until=None))

    def next_due(self) -> datetime | None:
        """Tell when there is something to send next."""
        moment: datetime | None = self._session.scalar(_next_due(), {"workspace": self._workspace})
        return moment

    def _mark(self, statement: Update, values: Mapping[str, object], now: datetime) -> None:
        """Mark messages in one statement: what was read before could have been sent, or marked by others, meanwhile."""
        self._session.execute(statement, {**values, "now": now})
        for row in self._session.identity_map.values():
            if isinstance(row, SurfaceRow):
                self._session.expire(row, _MARKED)


@cache
def _going_on(count: int, dialect: str) -> Update:
    """Mark so many keys, `key0` and on, and what goes on after them: between `from0` and `to0`, byte by byte.

    A range can be looked up in the index, which the database's LIKE is not.
    """
    key = SurfaceRow.key if dialect == "sqlite" else collate(SurfaceRow.key, "C")
    mine = SurfaceRow.workspace == bindparam("of_workspace")
    exact = (and_(mine, SurfaceRow.key == bindparam(f"key{number}")) for number in range(count))
    ranges = (and_(mine, key >= bindparam(f"from{number}"), key < bindparam(f"to{number}")) for number in range(count))
    return _marking(or_(*exact, *ranges))


@cache
def _with_ids() -> Update:
    """Mark those with some `ids`."""
    return _marking(SurfaceRow.id.in_(bindparam("ids", expanding=True)))


def _marking(which: ColumnElement[bool]) -> Update:
    """Mark some as behind at the moment `now`. No parameter may be named as a column is: it would be written there."""
    now: BindParameter[datetime] = bindparam("now", type_=SurfaceRow.next_try_at.type)
    waits = or_(SurfaceRow.behind.is_(true()), SurfaceRow.next_try_at > now)
    marked = {
        "wanted": SurfaceRow.wanted + 1,
        "failures": case((SurfaceRow.behind.is_(true()), SurfaceRow.failures), else_=0),
        "next_try_at": case((waits, SurfaceRow.next_try_at), else_=now),
        "behind": True,
    }
    return update(SurfaceRow).where(which).values(marked).execution_options(synchronize_session=False)


@cache
def _next_behind() -> Select[Any]:
    """Find what goes first of what is behind and due; the parameters are `workspace` and `now`."""
    now: BindParameter[datetime] = bindparam("now")
    is_free = or_(SurfaceRow.claimed_until.is_(None), SurfaceRow.claimed_until <= now)
    behind = SurfaceRow.workspace == bindparam("workspace"), SurfaceRow.behind.is_(true())
    query = select(SurfaceRow).where(*behind, SurfaceRow.next_try_at <= now, is_free)
    ordered = query.order_by(SurfaceRow.urgent.desc(), SurfaceRow.next_try_at, SurfaceRow.id)
    return ordered.limit(1).with_for_update(skip_locked=True)


@cache
def _next_due() -> Select[Any]:
    """Tell when something that is behind is due, or its claim ends; the parameter is `workspace`."""
    is_claimed = SurfaceRow.claimed_until > SurfaceRow.next_try_at
    due = case((is_claimed, SurfaceRow.claimed_until), else_=SurfaceRow.next_try_at)
    behind = SurfaceRow.workspace == bindparam("workspace"), SurfaceRow.behind.is_(true())
    return select(func.min(due)).where(*behind)


@cache
def _locked() -> Select[Any]:
    """Find one by `id` in a `workspace`, and let nobody else change it."""
    mine = SurfaceRow.workspace == bindparam("workspace")
    return select(SurfaceRow).where(mine, SurfaceRow.id == bindparam("id")).with_for_update()
