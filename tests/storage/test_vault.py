import time

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from bot.errors import StorageError
from storage.base import Base
from storage.sealed import SEALED
from storage.vault import Vault, WrongKey, WrongPlace


def new_key() -> SecretStr:
    return SecretStr(Fernet.generate_key().decode())


OLD, NEW = new_key(), new_key()


@pytest.mark.parametrize("secret", ["npm_abc", "", "ümläut", "x" * 10_000])
def test_what_was_sealed_is_opened_again(secret: str) -> None:
    vault = Vault([OLD])
    assert vault.unseal(vault.seal(SecretStr(secret), "links:1"), "links:1").get_secret_value() == secret
    assert vault.unseal(vault.seal(secret, "links:1"), "links:1").get_secret_value() == secret


def test_what_is_sealed_does_not_show_the_secret_nor_that_two_are_the_same() -> None:
    vault = Vault([OLD])
    first, second = vault.seal("npm_abc", "links:1"), vault.seal("npm_abc", "links:1")
    assert "npm_abc" not in first
    assert first != second


def test_keys_rotate_the_first_seals_and_all_open() -> None:
    before = Vault([OLD]).seal("secret", "links:1")
    rotated = Vault([NEW, OLD])
    after = rotated.seal("secret", "links:1")
    assert rotated.unseal(before, "links:1").get_secret_value() == "secret"
    assert Vault([NEW]).unseal(after, "links:1").get_secret_value() == "secret"
    assert (rotated.is_current(before), rotated.is_current(after)) == (False, True)


def test_what_no_key_opens_is_an_accident_of_storage() -> None:
    for sealed in ("", "nonsense", "gAAAAA", "é", Vault([OLD]).seal("secret", "links:1")):
        with pytest.raises(WrongKey, match="NPMTRUST_SECRET_KEYS") as wrong:
            Vault([NEW]).unseal(sealed, "links:1")
        assert isinstance(wrong.value, StorageError)


def test_what_was_copied_to_another_row_is_refused_whatever_it_holds() -> None:
    vault = Vault([OLD])
    for secret in ("secret", "\x02links:2\x02secret"):
        with pytest.raises(WrongPlace, match="for another row"):
            vault.unseal(vault.seal(secret, "links:1"), "links:2")


def test_what_an_older_version_sealed_is_opened_as_long_as_a_session_lives() -> None:
    key, now = Fernet(OLD.get_secret_value()), int(time.time())
    vault = Vault([NEW, OLD])
    young, old = (key.encrypt_at_time(b"secret", now - age).decode() for age in (3600, 3 * 3600))
    assert vault.unseal(young, "links:1").get_secret_value() == "secret"
    assert not vault.is_current(young)
    with pytest.raises(WrongPlace, match="does not say for which row"):
        vault.unseal(old, "links:1")


def test_every_sealed_column_is_known_to_who_rotates_the_keys() -> None:
    listed = {(each.model.__tablename__, each.column) for each in SEALED}
    columns = [(table, column) for table, row in Base.metadata.tables.items() for column in row.c.keys()]  # noqa: SIM118
    assert listed == {
        (table, column) for table, column in columns if column.startswith("sealed") and column != "sealed_at"
    }


def test_a_seal_that_was_tampered_with_is_not_opened() -> None:
    vault = Vault([OLD])
    sealed = vault.seal("secret", "links:1")
    changed = sealed[:-6] + ("A" if sealed[-6] != "A" else "B") + sealed[-5:]
    with pytest.raises(WrongKey):
        vault.unseal(changed, "links:1")
