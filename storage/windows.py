"""What npm asked one session for, method by method."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint, delete
from sqlalchemy.orm import Mapped, Session, mapped_column

from bot.domain.windows import Method, Seen
from storage.base import Base
from storage.repository import Repository


class SessionWindowRow(Base):
    """What was seen of one method in the session that an account link has now."""

    __tablename__ = "session_windows"
    __table_args__ = (UniqueConstraint("link_id", "method"),)

    link_id: Mapped[int] = mapped_column(ForeignKey("account_links.id"))
    method: Mapped[str]
    """`bot.domain.windows.Method`."""
    confirmed_at: Mapped[datetime | None]
    passed_at: Mapped[datetime | None]
    asked_at: Mapped[datetime | None]


class Windows(Repository):
    """What is learned belongs to a session, and is forgotten with it."""

    def __init__(self, session: Session, workspace: str) -> None:
        super().__init__(session, workspace)
        self._rows: dict[tuple[int, Method], SessionWindowRow | None] = {}
        """What this transaction has looked up."""

    def find(self, link_id: int, method: Method) -> Seen:
        """Tell what was seen of a method; nothing yet is a value too."""
        row = self._row(link_id, method)
        return _seen(row) if row else Seen(method=method)

    def list_of(self, link_id: int) -> tuple[Seen, ...]:
        """Tell what was seen, in the order of the methods."""
        query = self._select(SessionWindowRow).where(SessionWindowRow.link_id == link_id)
        found = {row.method: _seen(row) for row in self._all(query)}
        return tuple(found.get(method, Seen(method=method)) for method in Method)

    def save(self, link_id: int, seen: Seen) -> None:
        """Store what was seen of a method."""
        row = self._row(link_id, seen.method)
        if row is None:
            row = self._rows[link_id, seen.method] = self._add(
                SessionWindowRow(
                    workspace=self._workspace,
                    link_id=link_id,
                    method=seen.method.value,
                    confirmed_at=None,
                    passed_at=None,
                    asked_at=None,
                )
            )
        row.confirmed_at, row.passed_at, row.asked_at = seen.confirmed_at, seen.passed_at, seen.asked_at

    def forget(self, link_id: int) -> None:
        """Begin anew, with another session."""
        self._rows.clear()
        mine = (SessionWindowRow.workspace == self._workspace, SessionWindowRow.link_id == link_id)
        self._session.execute(delete(SessionWindowRow).where(*mine))

    def _row(self, link_id: int, method: Method) -> SessionWindowRow | None:
        if (link_id, method) not in self._rows:
            self._rows[link_id, method] = self._find(SessionWindowRow, link_id=link_id, method=method.value)
        return self._rows[link_id, method]


def _seen(row: SessionWindowRow) -> Seen:
    return Seen(
        method=Method(row.method), confirmed_at=row.confirmed_at, passed_at=row.passed_at, asked_at=row.asked_at
    )
