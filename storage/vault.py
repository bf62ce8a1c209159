"""Secrets at rest: Fernet (AES-128-CBC with HMAC-SHA-256), with keys that can be rotated.

What is sealed says inside whose it is, so that a value that somebody copied to another row opens nothing there.
"""

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr

from bot.errors import StorageError

_BEGINS = "\x01"
_ENDS = "\x02"
"""Around whose it is; neither stands in a token, an address or JSON."""

_LEGACY_SECONDS = 2 * 60 * 60
"""How long what an older version sealed, without saying whose it is, may be opened: nothing lives longer than the
sessions. Fernet tells the age, and nobody can change it who has not the key."""


class WrongKey(StorageError):
    """None of the keys opens what is stored."""


class WrongPlace(WrongKey):
    """It was sealed for another row."""


class Vault:
    """Seals with the first key and opens with any."""

    def __init__(self, keys: Sequence[SecretStr]) -> None:
        self._single = [Fernet(key.get_secret_value()) for key in keys]
        self._fernet = MultiFernet(self._single)

    def seal(self, secret: SecretStr | str, about: str) -> str:
        """Encrypt for the database.

        Args:
            secret: What nobody may read there.
            about: Whose it is: the row and its owner, as `storage.sealed` names them.
        """
        text = secret.get_secret_value() if isinstance(secret, SecretStr) else secret
        return self._fernet.encrypt(f"{_BEGINS}{about}{_ENDS}{text}".encode()).decode()

    def unseal(self, sealed: str, about: str) -> SecretStr:
        """Decrypt what the database holds.

        Raises:
            WrongKey: none of NPMTRUST_SECRET_KEYS sealed it, or it was sealed for another row.
        """
        text = self._open(sealed)
        if not text.startswith(_BEGINS):
            return self._open_legacy(sealed)
        whose, _, secret = text.removeprefix(_BEGINS).partition(_ENDS)
        if whose != about:
            raise WrongPlace("what the database holds was sealed for another row, and is not used")
        return SecretStr(secret)

    def is_current(self, sealed: str) -> bool:
        """Tell whether the first key sealed it, and it says whose it is."""
        try:
            return self._single[0].decrypt(sealed.encode()).startswith(_BEGINS.encode())
        except InvalidToken:
            return False

    def _open_legacy(self, sealed: str) -> SecretStr:
        try:
            return SecretStr(self._fernet.decrypt(sealed.encode(), ttl=_LEGACY_SECONDS).decode())
        except InvalidToken as err:
            raise WrongPlace("what the database holds does not say for which row it was sealed") from err

    def _open(self, sealed: str) -> str:
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as err:
            raise WrongKey("none of NPMTRUST_SECRET_KEYS opens what the database holds") from err
