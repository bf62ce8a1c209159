import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from bot.errors import StorageError
from storage.vault import Vault, WrongKey


def new_key() -> SecretStr:
    return SecretStr(Fernet.generate_key().decode())


OLD, NEW = new_key(), new_key()


@pytest.mark.parametrize("secret", ["npm_abc", "", "ümläut", "x" * 10_000])
def test_what_was_sealed_is_opened_again(secret: str) -> None:
    vault = Vault([OLD])
    assert vault.unseal(vault.seal(SecretStr(secret))).get_secret_value() == secret
    assert vault.unseal(vault.seal(secret)).get_secret_value() == secret


def test_what_is_sealed_does_not_show_the_secret_nor_that_two_are_the_same() -> None:
    vault = Vault([OLD])
    first, second = vault.seal("npm_abc"), vault.seal("npm_abc")
    assert "npm_abc" not in first
    assert first != second


def test_keys_rotate_the_first_seals_and_all_open() -> None:
    before = Vault([OLD]).seal("secret")
    rotated = Vault([NEW, OLD])
    assert rotated.unseal(before).get_secret_value() == "secret"
    assert Vault([NEW]).unseal(rotated.seal("secret")).get_secret_value() == "secret"


def test_what_no_key_opens_is_an_accident_of_storage() -> None:
    for sealed in ("", "nonsense", "gAAAAA", "é", Vault([OLD]).seal("secret")):
        with pytest.raises(WrongKey, match="NPMTRUST_SECRET_KEYS") as wrong:
            Vault([NEW]).unseal(sealed)
        assert isinstance(wrong.value, StorageError)


def test_a_seal_that_was_tampered_with_is_not_opened() -> None:
    vault = Vault([OLD])
    sealed = vault.seal("secret")
    changed = sealed[:-6] + ("A" if sealed[-6] != "A" else "B") + sealed[-5:]
    with pytest.raises(WrongKey):
        vault.unseal(changed)
