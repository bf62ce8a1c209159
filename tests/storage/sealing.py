"""What the tests of the record begin with."""

from datetime import timedelta

from cryptography.fernet import Fernet
from pydantic import SecretStr

from bot.domain.events import AuditKind
from storage.seal_keys import SealKeys
from storage.store import Store
from tests.storage.conftest import NOW

WORKSPACE = "T0ACME"
KEY, OTHER_KEY = (SecretStr(Fernet.generate_key().decode()) for _ in range(2))
KEYS = SealKeys([KEY])
LATER = NOW + timedelta(hours=1)
COPY = (
    "INSERT INTO audit_events (workspace, at, kind, actor, data)"
    " SELECT workspace, at, kind, actor, data FROM audit_events WHERE id = 1"
)


def write(store: Store, number: int = 1, *, first: int = 0) -> None:
    for each in range(first, first + number):
        store.audit.add(AuditKind.SNOOZED, actor="U0OTTO", at=NOW, package=f"@acme/{each}", before="a", after="b")


def seal(store: Store) -> int:
    return store.seals.seal(LATER)
