"""A mark that tells whether the keys are those of this database, before anything sealed is needed or lost."""

from sqlalchemy import UniqueConstraint, select
from sqlalchemy.orm import Mapped

from storage.base import Base
from storage.repository import Repository
from storage.vault import Vault, WrongKey

_MARK = "npmtrust"


class KeyCheckRow(Base):
    """A known text, sealed with the key of the database. There is one, and it belongs to no workspace."""

    __tablename__ = "key_checks"
    __table_args__ = (UniqueConstraint("workspace"),)

    sealed: Mapped[str]


class KeyCheck(Repository):
    """The mark of this database."""

    def opens(self, vault: Vault) -> bool | None:
        """Tell whether these keys open the mark; None where there is none yet."""
        row = self._find()
        if row is None:
            return None
        try:
            vault.unseal(row.sealed)
        except WrongKey:
            return False
        return True

    def verify(self, vault: Vault) -> None:
        """Hold the keys to the mark, and seal it anew: after a rotation the key in front opens it alone.

        Raises:
            WrongKey: None of them is the key of this database.
        """
        row = self._find()
        if row is None:
            self._add(KeyCheckRow(workspace="", sealed=vault.seal(_MARK)))
            return
        vault.unseal(row.sealed)
        row.sealed = vault.seal(_MARK)

    def _find(self) -> KeyCheckRow | None:
        return self._session.scalars(select(KeyCheckRow)).one_or_none()
