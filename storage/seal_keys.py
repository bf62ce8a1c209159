"""Keys of the record: derived from NPMTRUST_SECRET_KEYS, so that no database holds them.

Each key has an id, which stands in front of what it signed. The first of NPMTRUST_SECRET_KEYS signs, all verify.
"""

import hashlib
import hmac
import json
import secrets
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

_KEY_INFO = b"npmtrust: key of the record"
_ID_INFO = b"npmtrust: id of the key of the record"


class SealKeys:
    """Signs with the first key and verifies with any; without a key it signs nothing."""

    def __init__(self, keys: Sequence[SecretStr] = ()) -> None:
        roots = [urlsafe_b64decode(key.get_secret_value()) for key in keys]
        self._keys = {_derive(root, _ID_INFO, 4).hex(): _derive(root, _KEY_INFO, 32) for root in roots}
        self.front = next(iter(self._keys), "")
        """The id of the key that signs."""

    def sign(self, content: bytes) -> str:
        """Sign as `KEY-ID.HMAC`; empty without a key."""
        return f"{self.front}.{self._mac(self.front, content)}" if self.front else ""

    def verify(self, content: bytes, signature: str) -> bool | None:
        """Tell whether a signature is ours; None when its key is not among these, so that nobody can tell."""
        key_id, _, mac = signature.partition(".")
        if key_id not in self._keys:
            return None
        return hmac.compare_digest(self._mac(key_id, content).encode(), mac.encode())

    def _mac(self, key_id: str, content: bytes) -> str:
        return hmac.new(self._keys[key_id], content, hashlib.sha256).hexdigest()


NO_KEYS = SealKeys()


class Event(Protocol):
    """The columns of an event."""

    id: Any
    workspace: Any
    at: Any
    kind: Any
    actor: Any
    change_set_id: Any
    step_id: Any
    package: Any
    subject: Any
    delivery_id: Any
    data: Any
    mark: Any


def mark_event(event: Event, keys: SealKeys) -> str | None:
    """Mark an event as written by who has the key, without looking at any other: writers do not wait for each other.

    The mark begins with a random number, so that no two are the same and a copy of a row shows.
    """
    nonce = secrets.token_hex(8)
    signature = keys.sign(_content_of(event, nonce))
    return f"{nonce}.{signature}" if signature else None


def verify_mark(event: Event, keys: SealKeys) -> bool | None:
    """Tell whether an event is as somebody with the key wrote it; None when its key is not among these."""
    nonce, _, signature = (event.mark or "").partition(".")
    return keys.verify(_content_of(event, nonce), signature) if signature else False


def digest_of(before: str, number: int, sealed_at: datetime, event: Event) -> str:
    """Hash an event with what was sealed before it; `before` is empty for the first."""
    content = [before, number, _text_of(sealed_at), event.id, event.mark or "", _fields_of(event)]
    return hashlib.sha256(_canonical(content)).hexdigest()


def _content_of(event: Event, nonce: str) -> bytes:
    return b"event\n" + _canonical([nonce, *_fields_of(event)])


def _fields_of(event: Event) -> list[object]:
    return [
        event.workspace,
        _text_of(event.at),
        event.kind,
        event.actor,
        event.change_set_id,
        event.step_id,
        event.package,
        event.subject,
        event.delivery_id,
        event.data,
    ]


def _text_of(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _canonical(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=True, separators=(",", ":")).encode()


def _derive(root: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length=length, salt=None, info=info).derive(root)
