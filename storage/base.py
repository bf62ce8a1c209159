"""What every table has: its own id, its workspace, and moments that know their zone."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, Index, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

WHERE = "where"
"""What an index knows about itself: of which rows it is, in SQL; none: of all."""


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, aware of UTC on both databases (SQLite keeps no zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive moment: nobody could tell which one it is."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a zone cannot be stored")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Tell it in UTC: PostgreSQL gives moments in the zone of the session."""
        del dialect
        return None if value is None else value.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:
        """Give the zone back. SQLite's text is read in one step: ten thousand packages have tens of thousands."""
        return _read_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


def _read_text(stored: str | None) -> datetime | None:
    return None if stored is None else datetime.fromisoformat(f"{stored}+00:00")


def index_some(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """Name an index of some rows, which a migration makes.

    SQLAlchemy has a word for each database here, and to say one loads all that it has for that database: a bot has one.
    """
    return Index(name, *columns, unique=unique, info={WHERE: where})


class Base(DeclarativeBase):
    """What every table has."""

    type_annotation_map = {datetime: UtcDateTime, str: Text}  # noqa: RUF012 -- SQLAlchemy's way to say it

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace: Mapped[str]
