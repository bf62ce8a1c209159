"""What comes in by the door: done once however often it comes, and nothing at all when it is not Slack's."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.sandbox.cast import OWNER, REQUESTER, STRANGER
from bot.sandbox.slack_delivery import RawDelivery
from bot.sandbox.world import Actor, World

pytestmark = pytest.mark.anyio

LINE = "github @acme/ui --repo acme/ui --file release.yml --allow-publish"


async def ask(world: World) -> Actor:
    rita = world.person(REQUESTER)
    await rita.says(LINE)
    return rita


def last_of(world: World) -> RawDelivery:
    return world.slack.deliveries[-1]


def changed(raw: RawDelivery, **headers: str) -> RawDelivery:
    """Take a delivery with other headers; their names are written with underscores."""
    return RawDelivery({**raw.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}, raw.body)


def payload_of(raw: RawDelivery) -> dict[str, Any]:
    payload: dict[str, Any] = json.loads(dict(parse_qsl(raw.body.decode()))["payload"])
    return payload


def sign_payload(world: World, payload: Mapping[str, Any]) -> RawDelivery:
    return world.slack.courier.sign(urlencode({"payload": json.dumps(payload)}).encode())


def stands_in(actor: Actor) -> int:
    """Count the requests that stand in the channel."""
    return actor.reads_all().count(" asks: let ")


async def test_a_command_that_comes_fifty_times_is_done_once_also_after_a_restart(world: World) -> None:
    rita = await ask(world)
    for answered in await world.slack.resend(last_of(world), 50):
        assert (answered.status, answered.body) == (200, "")
    await world.settle()
    await world.stop_bot()
    await world.start_bot()
    await world.slack.resend(last_of(world), 5)
    await world.settle()
    assert stands_in(rita) == 1
    assert rita.reads_all().count("Asked as C-") == 1


async def test_a_command_whose_first_copies_come_all_at_once_is_done_once(world: World) -> None:
    rita = world.person(REQUESTER)
    await rita.says("help")
    form = dict(parse_qsl(last_of(world).body.decode())) | {"text": LINE, "trigger_id": "1.2.3"}
    answers = await world.slack.resend(world.slack.courier.sign(urlencode(form).encode()), 50)
    assert {answered.status for answered in answers} == {200}
    await world.settle()
    assert stands_in(rita) == 1


async def test_an_approval_that_comes_twenty_times_makes_one_call(world: World) -> None:
    otto = world.person(OWNER)
    await otto.links_account()
    await ask(world)
    await otto.clicks("Approve")
    await world.slack.resend(last_of(world), 20)
    await world.settle()
    await otto.confirms()
    await world.slack.resend(last_of(world), 10)
    await world.settle()
    assert len(world.registry.accepted_creates) == 1
    assert otto.reads_all().count("C-1 is approved") == 1


async def test_a_press_on_a_button_is_its_persons_alone(world: World) -> None:
    """Sam sends what Otto sent, with a signature that is right: only Slack can make one, but the app's secret leaks."""
    otto = world.person(OWNER)
    await otto.links_account()
    await ask(world)
    await otto.clicks("Details")
    payload = payload_of(last_of(world))
    payload["user"], payload["trigger_id"] = {"id": STRANGER.slack_id, "team_id": "T0ACME"}, "9.9.9"
    payload["actions"][0]["action_id"] = "approve"
    await world.slack.resend(sign_payload(world, payload))
    await world.settle()
    assert "Needs 1 of @otto" in otto.reads_all()


FORGED = {
    "no signature": {"X_Slack_Signature": ""},
    "another signature": {"X_Slack_Signature": "v0=" + "0" * 64},
    "another version": {"X_Slack_Signature": "v1=" + "0" * 64},
    "a signature that is no ASCII": {"X_Slack_Signature": "v0=é"},
    "no timestamp": {"X_Slack_Request_Timestamp": ""},
    "a timestamp that is no number": {"X_Slack_Request_Timestamp": "abc"},
    "a timestamp that is no integer": {"X_Slack_Request_Timestamp": "1795442400.5"},
    "a negative timestamp": {"X_Slack_Request_Timestamp": "-1795442400"},
    "another second": {"X_Slack_Request_Timestamp": "1795442401"},
}


async def test_a_forged_request_is_refused_and_changes_nothing(world: World) -> None:
    rita = world.person(REQUESTER)
    await rita.says("help")
    form = dict(parse_qsl(last_of(world).body.decode())) | {"text": LINE, "trigger_id": "1.2.3"}
    signed = world.slack.courier.sign(urlencode(form).encode())
    for how, headers in FORGED.items():
        [answered] = await world.slack.resend(changed(signed, **headers))
        assert answered.status == 401, how
    await world.settle()
    assert not stands_in(rita)


async def test_an_old_request_is_refused_also_when_its_signature_was_right(world: World) -> None:
    rita = await ask(world)
    body = last_of(world).body.replace(b"release.yml", b"other.yml")
    for minutes in (6, -6):
        old = world.slack.courier.sign(body, world.clock.now() - timedelta(minutes=minutes))
        [answered] = await world.slack.resend(old)
        assert answered.status == 401
    await world.settle()
    assert stands_in(rita) == 1


MALFORMED: dict[str, tuple[bytes, dict[str, str], int]] = {
    "a body that is no text": (b"\xff\xfe\x00", {}, 400),
    "a form with a field that is no text": (b"command=%2Fnpmtrust&text=%ff", {}, 400),
    "a payload that is no JSON": (b"payload=%7B", {}, 400),
    "a payload that is a list": (b"payload=%5B%5D", {}, 400),
    "a payload that is deep": (b"payload=" + b"%5B" * 60_000, {}, 400),
    "a payload that is too large": (b"payload=" + b"x" * 300_000, {}, 413),
    "a press of nobody": (b"payload=%7B%22type%22%3A%22block_actions%22%7D", {}, 400),
    "a command of nobody": (b"command=%2Fnpmtrust&text=help", {}, 400),
    "text instead of a form": (b"hello", {"Content_Type": "text/plain"}, 400),
    "JSON that is none": (b"{", {"Content_Type": "application/json"}, 400),
    "an event that we did not ask for": (b'{"type":"event_callback"}', {"Content_Type": "application/json"}, 404),
    "a kind of interaction that is not ours": (b"payload=%7B%22type%22%3A%22message_action%22%7D", {}, 404),
    "nothing": (b"", {}, 404),
}


async def test_a_malformed_request_is_refused_and_the_next_one_is_taken(world: World) -> None:
    for how, (body, headers, status) in MALFORMED.items():
        [answered] = await world.slack.resend(changed(world.slack.courier.sign(body), **headers))
        assert answered.status == status, how
    assert "approve" in await world.person(REQUESTER).says("help")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: f"payload={text}".encode()))
async def test_whatever_is_signed_never_breaks_the_door(world: World, body: bytes) -> None:
    [answered] = await world.slack.resend(world.slack.courier.sign(body))
    assert answered.status in {200, 400, 404}


async def test_another_workspace_is_told_so_and_nothing_is_stored(world: World) -> None:
    rita = world.person(REQUESTER)
    await rita.says("help")
    form = dict(parse_qsl(last_of(world).body.decode())) | {"text": LINE, "trigger_id": "1.2.3", "team_id": "T0OTHER"}
    [answered] = await world.slack.resend(world.slack.courier.sign(urlencode(form).encode()))
    assert answered.status == 200
    assert "I serve another workspace. Nothing was stored." in answered.body
    await world.settle()
    assert not stands_in(rita)


async def test_a_button_value_that_was_never_issued_does_nothing(world: World) -> None:
    otto = world.person(OWNER)
    await otto.links_account()
    await ask(world)
    await otto.clicks("Details")
    payload = payload_of(last_of(world))
    payload["trigger_id"] = "9.9.9"
    payload["actions"][0] |= {"action_id": "approve", "value": "1"}
    await world.slack.resend(sign_payload(world, payload))
    await world.settle()
    assert "Needs 1 of @otto" in otto.reads_all()
    assert "C-1 is approved" not in otto.reads_all()
