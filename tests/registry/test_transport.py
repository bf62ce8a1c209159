import asyncio
import gzip
import logging
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.clock import Clock
from bot.domain.outcome import Listed, NotSent, Unclear
from bot.registry import RegistryClient
from bot.registry.transport import MAX_IN_FLIGHT, Reply
from tests.registry.recorder import Answer, Recorder, answer_json

pytestmark = pytest.mark.anyio

SESSION = SecretStr("npm_session")
NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


def wait_of(retry_after: str) -> float | None:
    return Reply(429, {"retry-after": retry_after}, b"").read_retry_after(NOW)


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        ("30", 30),
        (" 30 ", 30),
        ("1.5", 1.5),
        ("0", 1),
        ("-30", 1),
        ("3601", 3600),
        ("9" * 5000, 3600),
        ("Mon, 23 Nov 2026 12:01:00 GMT", 60),
        ("Mon, 23 Nov 2026 14:01:00 +0200", 60),
        ("Mon, 23 Nov 2026 12:01:00 -0000", 60),
        ("Mon, 23 Nov 2026 11:59:00 GMT", 1),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3600),
        ("Fri, 31 Dec 9999 23:59:59 -2359", 3600),
        ("", None),
        ("soon", None),
        ("1e9", None),
        ("nan", None),
        ("inf", None),
        ("٣", None),
        ("Mon, 99 Nov 2026 12:01:00 GMT", None),
        ("Mon, 23 Nov 99999 12:01:00 GMT", None),
        ("Mon, 23 Nov 2026 12:01:00 +9999999", None),
        ("0 Apr 0 0:3000000000", None),
    ],
)
def test_a_wait_is_seconds_or_a_date_and_never_absurd(retry_after: str, seconds: float | None) -> None:
    assert wait_of(retry_after) == seconds


@given(st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} \d+ \d+:\d+:\d+ [+-]?\w+"))
def test_no_wait_is_longer_than_an_hour_or_shorter_than_a_second(retry_after: str) -> None:
    seconds = wait_of(retry_after)
    assert seconds is None or 1 <= seconds <= 3600


@given(st.binary())
def test_any_body_can_be_read(body: bytes) -> None:
    reply = Reply(200, {}, body)
    assert isinstance(reply.is_html, bool)
    reply.read_json()


async def test_an_answer_that_comes_packed_is_unpacked(registry: RegistryClient, recorder: Recorder) -> None:
    recorder.will_answer(Answer(200, gzip.compress(b"[]"), {"content-encoding": "gzip"}))
    assert await registry.list_configurations(SESSION, "pkg") == Listed(())


async def test_an_answer_that_is_small_only_while_it_is_packed_is_not_read(
    registry: RegistryClient, recorder: Recorder
) -> None:
    bomb = gzip.compress(b"[" + b" " * 50_000_000 + b"]")
    recorder.will_answer(Answer(200, bomb, {"content-encoding": "gzip"}))
    answer = await registry.list_configurations(SESSION, "pkg")
    assert answer == Unclear("npm answered 200 with more than such an answer can hold")


async def test_no_cookie_ties_two_people_together(registry: RegistryClient, recorder: Recorder) -> None:
    recorder.will_answer(answer_json([], set_cookie="__cf_bm=1; Path=/"))
    await registry.list_configurations(SESSION, "pkg")
    await registry.list_configurations(SecretStr("npm_other"), "pkg")
    assert "cookie" not in recorder.seen[1].headers


async def test_a_connection_is_used_again(registry: RegistryClient, recorder: Recorder) -> None:
    recorder.will_answer(answer_json([]))
    for _ in range(3):
        await registry.list_configurations(SESSION, "pkg")
    assert len({seen.peer for seen in recorder.seen}) == 1


async def test_no_more_than_eight_calls_are_under_way(registry: RegistryClient, recorder: Recorder) -> None:
    recorder.will_answer(answer_json([]), *[Answer(200, b"[]", held=True)] * 30)
    await registry.list_configurations(SESSION, "pkg")
    calls = asyncio.gather(*[registry.list_configurations(SESSION, "pkg") for _ in range(2 * MAX_IN_FLIGHT)])
    async with recorder.arrived:
        await recorder.arrived.wait_for(lambda: recorder.held == MAX_IN_FLIGHT)
    recorder.release.set()
    assert await calls == [Listed(())] * 2 * MAX_IN_FLIGHT
    assert recorder.most_held == MAX_IN_FLIGHT


@pytest.mark.usefixtures("proxied_to_recorder")
async def test_a_proxy_of_the_environment_is_used(recorder: Recorder) -> None:
    recorder.will_answer(answer_json([]))
    client = RegistryClient("http://registry.example", auth_hosts=frozenset(), clock=Clock(), version="1.2.3")
    assert await client.list_configurations(SESSION, "@scope/pkg") == Listed(())
    await client.close()
    assert [seen.path for seen in recorder.seen] == ["http://registry.example/-/package/@scope%2fpkg/trust"]


@pytest.mark.usefixtures("proxied_to_recorder")
async def test_a_proxy_that_does_not_let_us_through_kept_the_call_from_npm(recorder: Recorder) -> None:
    recorder.will_answer(Answer(403))
    client = RegistryClient("https://registry.example", auth_hosts=frozenset(), clock=Clock(), version="1.2.3")
    answer = await client.list_configurations(SESSION, "@scope/pkg")
    await client.close()
    assert answer == NotSent("the proxy did not let us through to npm")
    assert [seen.method for seen in recorder.seen] == ["CONNECT"]
    assert "authorization" not in recorder.seen[0].headers


@pytest.mark.usefixtures("proxied_to_recorder")
async def test_a_proxy_does_not_come_between_us_and_loopback(
    recorder: Recorder, fresh_registry: RegistryClient
) -> None:
    recorder.will_answer(answer_json([]))
    assert await fresh_registry.list_configurations(SESSION, "pkg") == Listed(())
    assert recorder.seen[0].path == "/-/package/pkg/trust"


async def test_no_secret_is_logged(
    registry: RegistryClient, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    recorder.will_answer(answer_json([]))
    await registry.list_configurations(SESSION, "pkg", SecretStr("otp-from-web"))
    await registry.poll(SecretStr(f"{recorder.url}/-/v1/done?authId=secret-id"), SESSION)
    await registry.log_out(SESSION)
    assert not [word for word in ("npm_session", "otp-from-web", "secret-id") if word in caplog.text]
