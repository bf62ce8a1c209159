import json
import logging
from urllib.parse import urlencode

import pytest

from bot.domain.deliveries import CommandDelivery
from tests.handlers.door import FORM, Door, click, command

pytestmark = pytest.mark.anyio

HELP = urlencode(command("help")).encode()
JSON = "application/json"


async def test_a_signed_command_is_taken(door: Door) -> None:
    answered = await door.post(HELP)
    assert (answered.status, answered.text) == (200, "")
    (stored,) = await door.stored()
    assert isinstance(stored, CommandDelivery)


FORGED = [
    # the signature
    {"X-Slack-Signature": ""},
    {"X-Slack-Signature": "v0="},
    {"X-Slack-Signature": "v0=" + "0" * 64},
    {"X-Slack-Signature": "v1=" + "0" * 64},
    {"X-Slack-Signature": "0" * 64},
    {"X-Slack-Signature": "v0=é"},
    {"X-Slack-Signature": "x" * 8000},
    # the timestamp
    {"X-Slack-Request-Timestamp": ""},
    {"X-Slack-Request-Timestamp": "abc"},
    {"X-Slack-Request-Timestamp": "٣"},
    {"X-Slack-Request-Timestamp": "1e9"},
    {"X-Slack-Request-Timestamp": "-1"},
    {"X-Slack-Request-Timestamp": "nan"},
    {"X-Slack-Request-Timestamp": "1772633100.5"},
    {"X-Slack-Request-Timestamp": "9" * 500},
    {"X-Slack-Request-Timestamp": "0"},
]


@pytest.mark.parametrize("headers", FORGED, ids=lambda headers: str(headers)[:60])
async def test_a_forged_request_is_refused(door: Door, headers: dict[str, str]) -> None:
    assert (await door.post(HELP, headers=headers)).status == 401
    assert await door.stored() == []


async def test_a_request_without_a_signature_is_refused(door: Door) -> None:
    assert (await door.send(HELP, {"Content-Type": FORM})).status == 401


async def test_a_signature_by_another_secret_is_refused(door: Door) -> None:
    assert (await door.post(HELP, headers=door.sign(HELP, secret="other"))).status == 401


async def test_a_signature_of_another_body_is_refused(door: Door) -> None:
    assert (await door.post(HELP, headers=door.sign(HELP + b"&more=1"))).status == 401


@pytest.mark.parametrize(("age", "status"), [(299, 200), (-299, 200), (301, 401), (-301, 401), (86_400, 401)])
async def test_a_signature_holds_for_five_minutes(door: Door, age: float, status: int) -> None:
    assert (await door.post(HELP, headers=door.sign(HELP, age=age))).status == status


MALFORMED = [
    # no text, no form
    (b"\xff\xfe", FORM),
    (b"text=%ff", FORM),
    (b"command=%2Fnpmtrust", "text/plain"),
    (b"command=%2Fnpmtrust", "multipart/form-data"),
    (b"command=%2Fnpmtrust", "no/such; type"),
    (b"&".join(b"a%d=1" % number for number in range(200)), FORM),
    # no JSON, or not an object
    (b"payload=", FORM),
    (b"payload={", FORM),
    (b"payload=[]", FORM),
    (b"payload=null", FORM),
    (b"payload=5", FORM),
    (b"payload=" + b"[" * 200_000, FORM),
    (b"", JSON),
    (b"[]", JSON),
    (b"{", JSON),
    (b'"\xff"', JSON),
    (b'{"a":' + b"9" * 5000 + b"}", JSON),
    # a command that is none
    (b"command=%2Fnpmtrust", FORM),
    (urlencode(command("x") | {"user_id": ""}).encode().replace(b"user_id=&", b""), FORM),
    (json.dumps(command("x") | {"text": 5}).encode(), JSON),
    (json.dumps(command("x") | {"text": "\ud800"}).encode(), JSON),
    # a press that is none
    *(
        (urlencode({"payload": json.dumps(payload)}).encode(), FORM)
        for payload in (
            {"type": "block_actions"},
            click("approve", user=None),
            click("approve", user={}),
            click("approve", team="T0ACME"),
            click("approve", team=5),
            click("approve", enterprise=5),
            click("approve", channel="C0"),
            click("approve", container=[]),
            click("approve", response_url=5),
            click("approve", actions=[]),
            click("approve", actions={}),
            click("approve", actions=[5]),
            click("approve", actions=[{"action_id": 5}]),
            click("approve", actions=[{"action_id": "a", "value": {}}]),
            {"type": "view_submission"},
            {"type": "view_submission", "user": {"id": "U"}, "view": {}},
            {"type": "view_submission", "user": {"id": "U"}, "view": {"callback_id": "c", "state": {"values": []}}},
            {"type": "event_callback", "team": 5},
            {"type": "event_callback", "authorizations": 5},
            {"type": "x", "enterprise": 5},
        )
    ),
]


@pytest.mark.parametrize(("body", "content_type"), MALFORMED, ids=lambda part: repr(part)[:50])
async def test_a_malformed_request_is_refused_even_when_it_is_signed(
    door: Door, body: bytes, content_type: str
) -> None:
    assert (await door.post(body, content_type=content_type)).status == 400
    assert await door.stored() == []


async def test_a_broken_body_is_refused(door: Door) -> None:
    assert (await door.post(HELP, headers={"Content-Encoding": "gzip"})).status == 400


async def test_a_large_body_is_not_read_to_its_end(door: Door) -> None:
    assert (await door.post(b"text=" + b"a" * (256 * 1024))).status == 413


@pytest.mark.parametrize("body", [b"{}", b'{"type":"event_callback","event":{"type":"message"}}', b'{"type":5}'])
async def test_what_is_not_for_us_is_not_found(door: Door, body: bytes) -> None:
    assert (await door.post(body, content_type=JSON)).status == 404


async def test_slack_may_look_at_the_certificate_without_a_signature(door: Door) -> None:
    assert (await door.send(b"ssl_check=1&token=x", {"Content-Type": FORM})).status == 200
    assert (await door.send(HELP + b"&ssl_check=1", {"Content-Type": FORM})).status == 200
    assert await door.stored() == []


async def test_slack_may_verify_the_address(door: Door) -> None:
    challenge = json.dumps({"type": "url_verification", "token": "x", "challenge": "3eZbrw1aB"}).encode()
    answered = await door.post(challenge, content_type=JSON)
    assert (answered.status, answered.json) == (200, {"challenge": "3eZbrw1aB"})
    assert (await door.send(challenge, {"Content-Type": JSON})).status == 401


async def test_other_methods_and_paths_lead_nowhere(door: Door) -> None:
    base = f"http://127.0.0.1:{door.app.port}"
    async with door.http.get(f"{base}/slack/events") as answer:
        assert answer.status == 405
    async with door.http.get(f"{base}/") as answer:
        assert answer.status == 404


async def test_nothing_of_a_body_reaches_the_log(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    body = urlencode(command("swordfish") | {"token": "swordfish"}).encode()
    await door.post(body)
    await door.post(body, headers={"X-Slack-Signature": "v0=0"})
    await door.post(urlencode({"payload": '{"type":"swordfish"}'}).encode())
    await door.post(b"payload={swordfish")
    await door.interact(click("swordfish", actions="swordfish"))
    await door.interact(click("a", team={"id": "swordfish"}, response_url="swordfish"))
    assert "swordfish" not in caplog.text
