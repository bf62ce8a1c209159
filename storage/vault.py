"""Secrets at rest: Fernet (AES-128-CBC with HMAC-SHA-256), with keys that can be rotated."""

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr

from bot.errors import StorageError


class WrongKey(StorageError):
    """None of the keys opens what is stored."""


class Vault:
    """Seals with the first key and opens with any."""

    def __init__(self, keys: Sequence[SecretStr]) -> None:
        self._fernet = MultiFernet([Fernet(key.get_secret_value()) for key in keys])

    def seal(self, secret: SecretStr | str) -> str:
        """Encrypt for the database."""
        text = secret.get_secret_value() if isinstance(secret, SecretStr) else secret
        return self._fernet.encrypt(text.encode()).decode()

    def unseal(self, sealed: str) -> SecretStr:
        """Decrypt what the database holds.

        Raises:
            WrongKey: none of NPMTRUST_SECRET_KEYS sealed it.
        """
        try:
            return SecretStr(self._fernet.decrypt(sealed.encode()).decode())
        except InvalidToken as err:
            raise WrongKey("none of NPMTRUST_SECRET_KEYS opens what the database holds") from err
