"""The guard before the front door, as functions: whatever headers and bodies come."""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from handlers.request_guard import (
    MAX_AGE_SECONDS,
    Refusal,
    check_signature,
    is_certificate_check,
    read_body,
)

NOW = datetime(2026, 11, 23, 14, tzinfo=UTC)
SECRET = SecretStr("shh")
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
HEADERS = st.text(max_size=40) | st.text(alphabet="v0=123abcdef-+.٣ \udcff", max_size=70)


def sign(body: bytes, stamp: int | str, secret: str = "shh") -> dict[str, str]:  # noqa: S107 -- of this test
    digest = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": str(stamp), "X-Slack-Signature": f"v0={digest}"}


def refusal_of(headers: dict[str, str], body: bytes) -> str:
    refused = check_signature(headers, body, secret=SECRET, now=NOW)
    assert refused is None or refused.status is HTTPStatus.UNAUTHORIZED
    return refused.reason if refused else ""


@given(st.binary(max_size=80), st.integers(-MAX_AGE_SECONDS, MAX_AGE_SECONDS), st.binary(max_size=80))
def test_nothing_but_slacks_own_signature_is_taken(body: bytes, age: int, other: bytes) -> None:
    headers = sign(body, int(NOW.timestamp()) - age)
    assert refusal_of(headers, body) == ""
    if other != body:
        assert "signature" in refusal_of(headers, other)
    assert "signature" in refusal_of(headers | {"X-Slack-Signature": headers["X-Slack-Signature"][:-1]}, body)
    assert "signature" in refusal_of(sign(body, headers["X-Slack-Request-Timestamp"], "other"), body)


@pytest.mark.parametrize(("age", "words"), [(300, ""), (-300, ""), (301, "five minutes"), (-301, "five minutes")])
def test_the_edge_of_five_minutes(age: int, words: str) -> None:
    refused = refusal_of(sign(b"x", int(NOW.timestamp()) - age), b"x")
    assert words in refused
    assert bool(refused) == bool(words)


@given(HEADERS, HEADERS, st.binary(max_size=40))
def test_whatever_stands_in_the_headers_is_refused_with_a_reason_that_quotes_nothing(
    stamp: str, signature: str, body: bytes
) -> None:
    refused = refusal_of({"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature}, body)
    assert refused.startswith(("the timestamp is missing or no number", "the timestamp is more", "the signature is"))
    assert refusal_of({}, body) == "the timestamp is missing or no number"
    stamped = {"X-Slack-Request-Timestamp": str(int(NOW.timestamp()))}
    assert refusal_of(stamped, body) == (
        "the signature is missing or wrong: is SLACK_SIGNING_SECRET the one of this app?"
    )


def test_a_signature_that_is_no_text_is_wrong_and_no_accident() -> None:
    headers = sign(b"x", int(NOW.timestamp())) | {"X-Slack-Signature": "v0=\udcff"}
    assert "signature is missing or wrong" in refusal_of(headers, b"x")


def test_a_stamp_has_at_most_twelve_digits() -> None:
    late = datetime(9999, 12, 31, tzinfo=UTC)
    stamp = int(late.timestamp())
    assert check_signature(sign(b"", stamp), b"", secret=SECRET, now=late) is None
    assert check_signature(sign(b"", f"{stamp:012}"), b"", secret=SECRET, now=late) is None
    assert check_signature(sign(b"", f"{stamp:013}"), b"", secret=SECRET, now=late) == Refusal(
        HTTPStatus.UNAUTHORIZED, "the timestamp is missing or no number"
    )


@given(st.binary(max_size=200) | st.text().map(str.encode), st.sampled_from((FORM, JSON, "text/plain", "")))
def test_whatever_a_body_holds_it_is_an_object_or_refused(body: bytes, content_type: str) -> None:
    found = read_body(content_type, body)
    if isinstance(found, Refusal):
        assert found.status is HTTPStatus.BAD_REQUEST
        assert found.reason in {"neither a form nor JSON", "it cannot be decoded", "not an object"}
    else:
        assert content_type in {FORM, JSON}
        assert isinstance(found, dict)


@given(st.dictionaries(st.text(min_size=1), st.text()))
def test_what_was_written_is_read(fields: dict[str, str]) -> None:
    clean = {name: value for name, value in fields.items() if name != "payload"}
    assert read_body(JSON, json.dumps(clean).encode()) == clean
    if len(clean) < 100:
        assert read_body(FORM, urlencode(clean).encode()) == clean
    assert read_body(FORM, urlencode({"payload": json.dumps(clean), "x": "y"}).encode()) == clean


@pytest.mark.parametrize(
    ("content_type", "body", "reason"),
    [
        ("text/plain", b"{}", "neither a form nor JSON"),
        (JSON, b"{", "it cannot be decoded"),
        (JSON, b"\xff", "it cannot be decoded"),
        (JSON, b"[]", "not an object"),
        (FORM, b"a=%ff", "it cannot be decoded"),
        (FORM, b"&".join(b"a%d=1" % number for number in range(101)), "it cannot be decoded"),
        (FORM, b"payload=" + b"[" * 100_000, "it cannot be decoded"),
    ],
)
def test_each_refusal_has_its_reason(content_type: str, body: bytes, reason: str) -> None:
    assert read_body(content_type, body) == Refusal(HTTPStatus.BAD_REQUEST, reason)


def test_a_hundred_fields_are_read_and_empty_ones_too() -> None:
    assert read_body(FORM, b"&".join(b"a%d=" % number for number in range(100))) == {f"a{n}": "" for n in range(100)}


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        (FORM, b"ssl_check=1&token=x", True),
        (FORM, b"token=x&ssl_check=1", True),
        (FORM, b"ssl_check=12", False),
        (FORM, b"text=ssl_check=1", False),
        (JSON, b"ssl_check=1", False),
        (FORM, b"", False),
    ],
)
def test_only_slacks_own_look_at_the_certificate_is_one(content_type: str, body: bytes, *, expected: bool) -> None:
    assert is_certificate_check(content_type, body) is expected
