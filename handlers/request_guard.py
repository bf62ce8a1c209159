"""Who may talk to `/slack/events`: whoever signs with Slack's secret, now, in a form that can be read.

https://docs.slack.dev/authentication/verifying-requests-from-slack. Bolt has a check of its own; it logs bodies that it
refuses, with their response_url and token, and stumbles over timestamps and signatures that are no ASCII.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from pydantic import SecretStr

MAX_AGE_SECONDS = 300
MAX_BODY_BYTES = 256 * 1024
_MAX_FIELDS = 100


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request goes no further. The reason never quotes the request."""

    status: HTTPStatus
    reason: str


def check_signature(headers: Mapping[str, str], body: bytes, *, secret: SecretStr, now: datetime) -> Refusal | None:
    """Find out whether Slack signed this body in the last five minutes."""
    stamp = headers.get("X-Slack-Request-Timestamp", "")
    signature = headers.get("X-Slack-Signature", "")
    if not re.fullmatch("[0-9]{1,12}", stamp):
        return _forged("the timestamp is missing or no number")
    if abs(now.timestamp() - int(stamp)) > MAX_AGE_SECONDS:
        return _forged("the timestamp is more than five minutes away: an old request, or a clock that is wrong")
    digest = hmac.new(secret.get_secret_value().encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256)
    expected = f"v0={digest.hexdigest()}".encode()
    if not hmac.compare_digest(expected, signature.encode(errors="surrogateescape")):
        return _forged("the signature is missing or wrong: is SLACK_SIGNING_SECRET the one of this app?")
    return None


def read_body(content_type: str, body: bytes) -> dict[str, Any] | Refusal:
    """Decode a signed body: a form, its `payload` field where it has one, or JSON."""
    try:
        text = body.decode()
        if content_type == "application/json":
            content = json.loads(text)
        elif content_type == "application/x-www-form-urlencoded":
            form = dict(parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS))
            content = json.loads(form["payload"]) if "payload" in form else form
        else:
            return _malformed("neither a form nor JSON")
    except (ValueError, RecursionError):
        return _malformed("it cannot be decoded")
    return content if isinstance(content, dict) else _malformed("not an object")


def is_certificate_check(content_type: str, body: bytes) -> bool:
    """Recognise Slack's occasional look at our certificate, a form without a signature."""
    return content_type == "application/x-www-form-urlencoded" and b"ssl_check=1" in body.split(b"&")


def _forged(reason: str) -> Refusal:
    return Refusal(HTTPStatus.UNAUTHORIZED, reason)


def _malformed(reason: str) -> Refusal:
    return Refusal(HTTPStatus.BAD_REQUEST, reason)
