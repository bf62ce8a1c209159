import asyncio
import gzip
import logging
import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.clock import Clock
from bot.domain.outcome import Listed, NotSent, Unclear
from bot.registry import RegistryClient
from bot.registry.transport import KIB, MAX_IN_FLIGHT, Reply, Request, Transport
from bot.registry.urls import LinkRules, parse_address
from bot.web import tls_context
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


@pytest.mark.parametrize(
    ("date", "moment"),
    [
        ("Mon, 23 Nov 2026 12:00:00 GMT", NOW),
        ("Mon, 23 Nov 2026 12:00:00 -0000", NOW),
        ("", None),
        ("yesterday", None),
        ("Mon, 23 Nov 99999 12:00:00 GMT", None),
    ],
)
def test_the_time_of_an_answer_is_read_where_it_has_one(date: str, moment: datetime | None) -> None:
    assert Reply(200, {"date": date}, b"").read_date() == moment


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


async def test_what_is_unpacked_at_once_is_looked_at_in_pieces_between_which_others_have_their_turn(
    recorder: Recorder,
) -> None:
    recorder.will_answer(Answer(200, gzip.compress(b"x" * 5_000_000), {"content-encoding": "gzip"}))
    address = parse_address(recorder.url)
    assert address is not None
    transport = Transport(LinkRules(address, frozenset()), version="1.2.3")
    pieces: list[int] = []
    turns: list[int] = []

    async def take_turns() -> None:
        while True:
            turns.append(len(pieces))
            await asyncio.sleep(0)

    other = asyncio.create_task(take_turns())
    await transport.exchange(Request(url=recorder.url, command="view"), lambda piece: pieces.append(len(piece)))
    other.cancel()
    await transport.close()
    assert sum(pieces) == 5_000_000
    assert max(pieces) <= 64 * KIB
    assert len(set(turns)) >= len(pieces)


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


@pytest.mark.parametrize("is_known", [True, False], ids=["its CA is named", "nobody vouches for it"])
async def test_a_ca_bundle_of_the_environment_is_used(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_known: bool,
) -> None:
    """A company's proxy that opens TLS signs with a CA of its own."""
    bundle = write_certificate(tmp_path, "registry.example")
    tunnel = await open_tunnel(bundle)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{tunnel.sockets[0].getsockname()[1]}")
    if is_known:
        monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    tls_context.cache_clear()  # as at the start of a process
    client = RegistryClient("https://registry.example", auth_hosts=frozenset(), clock=Clock(), version="1.2.3")
    answer = await client.list_configurations(SESSION, "pkg")
    await client.close()
    tls_context.cache_clear()
    tunnel.close()
    await tunnel.wait_closed()
    assert answer == (Listed(()) if is_known else NotSent("npm could not be reached"))


def write_certificate(folder: Path, host: str) -> Path:
    """Write a certificate that vouches for itself, with its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    since, until = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, since, until)
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    made = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    path = folder / "bundle.pem"
    path.write_bytes(made + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


async def open_tunnel(bundle: Path) -> asyncio.Server:
    """Listen as a proxy that takes what comes through its tunnel for itself, and answers with an empty list."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(bundle)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            await writer.start_tls(context)
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n[]")
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass  # who does not trust us goes away
        finally:
            writer.close()

    return await asyncio.start_server(handle, "127.0.0.1")


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
