"""A mark that tells whether the keys are those of this database, before anything sealed is needed or lost."""

from sqlalchemy import UniqueConstraint, select
from sqlalchemy.orm import Mapped

from storage.base import Base
from storage.repository import Repository
from storage.vault import Vault, WrongKey, WrongPlace

_MARK = "npmtrust"
MARK_ABOUT = "key_checks"


class KeyCheckRow(Base):
    """A known text, sealed with the key of the database. There is one, and it belongs to no workspace."""

    __tablename__ = "key_checks"
    __table_args__ = (UniqueConstraint("workspace"),)

    sealed: Mapped[str]


class KeyCheck(Repository):
    """The mark of this database."""

    def opens(self, vault: Vault) -> bool | None:
        """Tell whether these keys open the mark; None where there is none yet."""
        row = self._find_mark()
        if row is None:
            return None
        try:
            self._open(row, vault)
        except WrongKey:
            return False
        return True

    def verify(self, vault: Vault) -> None:
        """Hold the keys to the mark, and seal it anew: after a rotation the key in front opens it alone.

        Raises:
            WrongKey: None of them is the key of this database.
        """
        row = self._find_mark()
        if row is None:
            self._add(KeyCheckRow(workspace="", sealed=vault.seal(_MARK, MARK_ABOUT)))
            return
        self._open(row, vault)
        row.sealed = vault.seal(_MARK, MARK_ABOUT)

    def _open(self, row: KeyCheckRow, vault: Vault) -> None:
        try:
            vault.unseal(row.sealed, MARK_ABOUT)
        except WrongPlace:  # of an older version, or another value: the key is ours, and there is nothing secret in it
            return

    def _find_mark(self) -> KeyCheckRow | None:
        return self._session.scalars(select(KeyCheckRow)).one_or_none()
