import asyncio
from http import HTTPStatus
from typing import get_args

import pytest
from multidict import CIMultiDict
from pydantic import SecretStr

from bot.clock import Clock
from bot.domain.answer_events import EVENT_OF_LIST, EVENT_OF_WRITE
from bot.domain.outcome import (
    Accepted,
    AccountRefused,
    Challenged,
    Invalid,
    Listed,
    Missing,
    NotSent,
    Overlapping,
    ReadAnswer,
    SessionDead,
    TooFast,
    Unclear,
    WriteAnswer,
)
from bot.domain.publishers import Configuration, Permission
from bot.domain.publishers.github import GitHub
from bot.registry import RegistryClient
from bot.registry.answers import ANSWERS
from bot.registry.client import TRUST_LIMIT
from bot.registry.meanings import Seen
from bot.registry.transport import MAX_IN_FLIGHT, Reply
from bot.registry.urls import Address, LinkRules
from bot.sandbox.ports import HeldPort
from tests.registry.recorder import Answer, Recorder, answer_html, answer_json

pytestmark = pytest.mark.anyio

SESSION = SecretStr("npm_session")
PUBLISHER = GitHub(repository="acme/ui", file="release.yml")
CALLS = ("list", "create", "revoke")

ENTRY = {
    "id": "eebc175d-4720-4fc8-a31a-6491ca36fb47",
    "type": "github",
    "claims": {"repository": "acme/ui", "workflow_ref": {"file": "release.yml"}},
    "permissions": ["createPackage", "createStagedPackage"],
}
OTHER = {"id": "2", "type": "buildkite", "claims": {"organization_slug": "acme"}, "permissions": ["distTag"], "new": 1}
FOUND = Configuration.model_validate(ENTRY)
FOUND_OTHER = Configuration(
    id="2", type="buildkite", claims={"organization_slug": "acme"}, permissions=("distTag",), other={"new": 1}
)

PAGE = "www.npmjs.com"
AUTH_URL = "https://www.npmjs.com/auth/cli/550e8400"
LARGE = b'[{"id":"1","type":"github","claims":{"padding":"' + b"x" * 10_000_000 + b'"}}]'

GRANULAR = (
    "npm takes no granular access token for trust, whether it bypasses 2FA or not: only the session of a web login. "
    "Log in again."
)
WRONG_ADDRESS = "npm does not take this token from the address that we call from: it is limited to other addresses."
NO_LINK = "npm asks for a second factor but gave no link to confirm with"


async def make_call(registry: RegistryClient, call: str, deadline: float = 10) -> ReadAnswer | WriteAnswer:
    match call:
        case "list":
            return await registry.list_configurations(SESSION, "@acme/ui", deadline=deadline)
        case "create":
            permissions = (Permission.PUBLISH,)
            return await registry.create_configuration(SESSION, "@acme/ui", PUBLISHER, permissions, deadline=deadline)
        case _:
            return await registry.revoke_configuration(SESSION, "@acme/ui", "id-1", deadline=deadline)


# What npm answers -> what it means to a list, to a create and to a revoke.
BY_CALL = [
    # 2xx
    (answer_json([ENTRY]), Listed((FOUND,)), Accepted((FOUND,)), Accepted()),
    (answer_json(ENTRY, 201), Listed((FOUND,)), Accepted((FOUND,)), Accepted()),
    (answer_json([OTHER, ENTRY], 201), Listed((FOUND_OTHER, FOUND)), Accepted((FOUND_OTHER, FOUND)), Accepted()),
    (answer_json([]), Listed(()), Accepted(()), Accepted()),
    (
        Answer(204),
        Unclear("npm answered 204 with an empty body"),
        Unclear("npm answered 204 with an empty body"),
        Accepted(),
    ),
    (
        Answer(200, b"\r\n"),
        Unclear("npm answered 200 with an empty body"),
        Unclear("npm answered 200 with an empty body"),
        Accepted(),
    ),
    # 404: the package, or only the id
    (
        answer_json({"error": "Not Found"}, 404),
        AccountRefused(404, "Not Found"),
        AccountRefused(404, "Not Found"),
        Missing("Not Found"),
    ),
    # what a list cannot be told
    (
        answer_json({"message": "permissions is required", "error": "Bad Request"}, 400),
        Unclear("npm answered 400 Bad Request: permissions is required"),
        Invalid(400, "permissions is required"),
        Invalid(400, "permissions is required"),
    ),
    (
        answer_json({"error": "no such claim"}, 422),
        Unclear(f"npm answered 422 {HTTPStatus(422).phrase}: no such claim"),
        Invalid(422, "no such claim"),
        Invalid(422, "no such claim"),
    ),
    (
        answer_json({"message": "could also match"}, 409),
        Unclear("npm answered 409 Conflict: could also match"),
        Overlapping("could also match"),
        Overlapping("could also match"),
    ),
]


@pytest.mark.parametrize(("answer", "listed", "written"), [(answer, listed, rest) for answer, listed, *rest in BY_CALL])
async def test_an_answer_means_what_its_call_makes_of_it(
    registry: RegistryClient, recorder: Recorder, answer: Answer, listed: ReadAnswer, written: list[WriteAnswer]
) -> None:
    recorder.will_answer(answer)
    assert [await make_call(registry, call) for call in CALLS] == [listed, *written]


# What means the same to every call. The status text stands in where npm gives no reason.
ALIKE: list[tuple[Answer, ReadAnswer | WriteAnswer]] = [
    # 401: the header comes first, as in npm's client
    (answer_json({}, 401, www_authenticate="ipaddress"), AccountRefused(401, WRONG_ADDRESS)),
    (answer_json({}, 401, www_authenticate="Bearer, IPAddress"), AccountRefused(401, WRONG_ADDRESS)),
    (answer_json({}, 401, www_authenticate="OTP"), Challenged(None, None, NO_LINK)),
    (answer_json({"authUrl": 1, "doneUrl": []}, 401, www_authenticate="otp"), Challenged(None, None, NO_LINK)),
    (answer_json("You must provide a one-time pass.", 401), Challenged(None, None, NO_LINK)),
    (Answer(401, b"one-time password please"), Challenged(None, None, NO_LINK)),
    (answer_html(401, www_authenticate="OTP"), Challenged(None, None, NO_LINK)),
    (answer_json({"message": "Token invalid"}, 401, www_authenticate="Bearer"), SessionDead("Token invalid")),
    (answer_json({}, 401, www_authenticate='Basic realm="otp"'), SessionDead("401 Unauthorized")),
    # 401 without a header
    (answer_json({"error": "npm tokens that bypass 2FA are being restricted"}, 401), AccountRefused(401, GRANULAR)),
    (
        answer_json({"message": "Tokens that bypass two-factor …"}, 401, www_authenticate="Bearer"),
        AccountRefused(401, GRANULAR),
    ),
    (answer_json({"message": "Session expired", "error": "x"}, 401), SessionDead("Session expired")),
    (answer_json({"error": "You must be logged in."}, 401), SessionDead("You must be logged in.")),
    (answer_json({}, 401), SessionDead("401 Unauthorized")),
    (Answer(401), SessionDead("401 Unauthorized")),
    (answer_json({"message": "The account is suspended"}, 401), AccountRefused(401, "The account is suspended")),
    (answer_html(401), AccountRefused(401, "401 Unauthorized")),
    # 403
    (answer_json({"message": "No write permission"}, 403), AccountRefused(403, "No write permission")),
    (answer_json({"message": {"a": 1}, "error": "no"}, 403), AccountRefused(403, "no")),
    (answer_json({"message": " ", "error": "no"}, 403), AccountRefused(403, "no")),
    (answer_json({"message": "a\x00b\u202ec\n d"}, 403), AccountRefused(403, "a b c d")),
    (answer_json({"message": "x" * 5000}, 403), AccountRefused(403, "x" * 500)),
    (answer_json([1], 403), AccountRefused(403, "403 Forbidden")),
    (answer_html(403), AccountRefused(403, "403 Forbidden")),
    (Answer(403, b"{}", {"npm-notice": "*no* <!here>"}), AccountRefused(403, "*no* <!here>")),
    (Answer(403, b'{"error": "no"}', {"npm-notice": "tokens change"}), AccountRefused(403, "no")),
    (Answer(403, b'{"message":"\\ud800"}'), AccountRefused(403, "403 Forbidden")),
    (Answer(403, LARGE), AccountRefused(403, "403 Forbidden")),
    # 429
    (answer_json({}, 429), TooFast(None)),
    (answer_json({"message": "so *many*"}, 429), TooFast(None, "so *many*")),
    (answer_html(429, retry_after="1934"), TooFast(1934.0)),
    (answer_json({}, 429, retry_after="0"), TooFast(1.0)),
    (answer_json({}, 429, retry_after="999999999999"), TooFast(3600.0)),
    (answer_json({}, 429, retry_after="soon"), TooFast(None)),
    (answer_json({}, 429, retry_after="Fri, 31 Dec 2100 23:59:59 GMT"), TooFast(3600.0)),
    (answer_html(429, retry_after="Mon, 01 Jan 2024 00:00:00 GMT"), TooFast(1.0)),
    # no answer of npm's
    (answer_html(), Unclear("npm answered 200 with a web page")),
    (Answer(200, b"\xef\xbb\xbf <html>"), Unclear("npm answered 200 with a web page")),
    (Answer(200, b"[]", {"content-type": "Text/HTML; charset=utf-8"}), Unclear("npm answered 200 with a web page")),
    (Answer(200, LARGE), Unclear("npm answered 200 with more than such an answer can hold")),
    (answer_html(502), Unclear("npm answered 502 Bad Gateway")),
    (answer_json({"error": "boom"}, 500), Unclear("npm answered 500 Internal Server Error: boom")),
    (answer_json({}, 503, retry_after="1"), Unclear("npm answered 503 Service Unavailable")),
    (answer_json({}, 408), Unclear("npm answered 408 Request Timeout")),
    (answer_json({}, 413), Unclear(f"npm answered 413 {HTTPStatus(413).phrase}")),
    (answer_json({}, 599), Unclear("npm answered 599")),
    *(
        (Answer(status, headers={"location": "/x"}), Unclear(f"npm answered {status}, a redirect, and we follow none"))
        for status in (301, 302, 303, 307, 308)
    ),
    (Answer(304), Unclear("npm answered 304, a redirect, and we follow none")),
    # the connection
    (Answer(cut_after=-1), Unclear("the connection was cut after sending, or the answer was no HTTP")),
    (
        Answer(200, b'[{"id":"1"}]', cut_after=0),
        Unclear("the connection was cut after sending, or the answer was no HTTP"),
    ),
    (
        Answer(200, b'[{"id":"1"}]', cut_after=3),
        Unclear("the connection was cut after sending, or the answer was no HTTP"),
    ),
    (Answer(200, b"[]", {"content-encoding": "gzip"}), Unclear("npm's answer could not be unpacked")),
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(("answer", "meaning"), ALIKE)
async def test_an_answer_means_the_same_to_every_call(
    registry: RegistryClient, recorder: Recorder, call: str, answer: Answer, meaning: ReadAnswer | WriteAnswer
) -> None:
    recorder.will_answer(answer)
    assert await make_call(registry, call) == meaning
    assert len(recorder.seen) == 1, "nothing is sent twice, and no redirect is followed"


# A 2xx that a list or a create cannot read; a revoke needs no body.
UNREADABLE = [
    b'[{"id":"1"',
    b"null",
    b"7",
    b'"ok"',
    b"{}",
    b'[{"type":"github"}]',
    b'[{"id":""}]',
    b'[{"id":null}]',
    b'[{"id":"1","claims":[]}]',
    b'[{"id":"1","permissions":"createPackage"}]',
    b'[{"id":"1","permissions":[{}]}]',
    b'[{"id":"1"},null]',
    b'[{"id":"1","claims":{"a":NaN}}]',
    b'[{"id":"1","claims":{"a":"\\ud800"}}]',
    b'[{"id":"\xff"}]',
    b"[" * 100_000,
]


@pytest.mark.parametrize("body", UNREADABLE, ids=lambda body: body[:40].decode(errors="replace"))
async def test_a_success_that_cannot_be_read_is_no_proof(
    registry: RegistryClient, recorder: Recorder, body: bytes
) -> None:
    recorder.will_answer(Answer(201, body))
    unclear = Unclear("npm answered 201 with a body that we cannot read")
    assert [await make_call(registry, call) for call in CALLS] == [unclear, unclear, Accepted()]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("headers", [{"www-authenticate": "OTP"}, {"www-authenticate": "Bearer"}, {}])
async def test_a_pair_of_links_is_a_challenge_whatever_the_header_says(
    registry: RegistryClient, recorder: Recorder, call: str, headers: dict[str, str]
) -> None:
    done_url = f"{recorder.url}/-/v1/done?authId=550e8400"
    recorder.will_answer(answer_json({"authUrl": AUTH_URL, "doneUrl": done_url}, 401, **headers))
    assert await make_call(registry, call) == Challenged(SecretStr(AUTH_URL), SecretStr(done_url))


async def test_a_link_that_may_not_be_used_is_not_handed_on(registry: RegistryClient, recorder: Recorder) -> None:
    recorder.will_answer(answer_json({"authUrl": "https://evil.example/", "doneUrl": f"{recorder.url}/done"}, 401))
    answer = await make_call(registry, "create")
    assert answer == Challenged(
        None, None, "npm's link leads to evil.example, which is none of the hosts that NPMTRUST_AUTH_HOSTS allows"
    )


async def test_a_result_that_waits_at_another_server_is_not_asked_for(
    registry: RegistryClient, recorder: Recorder
) -> None:
    recorder.will_answer(answer_json({"authUrl": AUTH_URL, "doneUrl": "https://www.npmjs.com/done"}, 401))
    answer = await make_call(registry, "list")
    assert answer == Challenged(None, None, "npm wants us to ask for the result at another server than the registry")


@pytest.mark.parametrize("call", CALLS)
async def test_a_registry_that_takes_no_connection_got_nothing(closed_port: HeldPort, call: str) -> None:
    url = f"http://127.0.0.1:{closed_port.number}"
    client = RegistryClient(url, auth_hosts=frozenset(), clock=Clock(), version="1.2.3")
    assert await make_call(client, call) == NotSent("npm could not be reached")
    await client.close()


@pytest.mark.parametrize("call", CALLS)
async def test_a_registry_that_fails_the_tls_handshake_got_nothing(recorder: Recorder, call: str) -> None:
    url = recorder.url.replace("http:", "https:")
    client = RegistryClient(url, auth_hosts=frozenset(), clock=Clock(), version="1.2.3")
    assert await make_call(client, call) == NotSent("npm could not be reached")
    assert recorder.seen == []
    await client.close()


@pytest.mark.parametrize("call", CALLS)
async def test_a_call_without_time_left_is_not_begun(registry: RegistryClient, recorder: Recorder, call: str) -> None:
    assert await make_call(registry, call, deadline=0) == NotSent("no time was left for the call")
    assert recorder.seen == []


@pytest.mark.parametrize("call", CALLS)
async def test_a_call_that_is_not_answered_within_its_deadline_is_unclear(
    registry: RegistryClient, recorder: Recorder, call: str
) -> None:
    recorder.will_answer(Answer(held=True))
    assert await make_call(registry, call, deadline=0.05) == Unclear("npm did not answer within the deadline")
    recorder.release.set()


@pytest.mark.parametrize("call", CALLS)
async def test_an_answer_that_does_not_end_within_the_deadline_is_unclear(
    registry: RegistryClient, recorder: Recorder, call: str
) -> None:
    recorder.will_answer(Answer(200, b'[{"id":"1"}]', held_after=5))
    assert await make_call(registry, call, deadline=0.05) == Unclear("npm did not answer within the deadline")
    recorder.release.set()


@pytest.mark.parametrize("call", CALLS)
async def test_a_connection_that_does_not_come_about_within_the_deadline_sent_nothing(call: str) -> None:
    async def say_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await stop.wait()
        writer.close()

    stop = asyncio.Event()
    server = await asyncio.start_server(say_nothing, "127.0.0.1")
    port = server.sockets[0].getsockname()[1]
    client = RegistryClient(f"https://127.0.0.1:{port}", auth_hosts=frozenset(), clock=Clock(), version="1.2.3")
    answer = await make_call(client, call, deadline=0.2)  # TLS never comes about
    stop.set()
    await client.close()
    server.close()
    assert answer == NotSent("npm did not take the connection in time")


async def test_a_call_that_found_no_free_connection_within_its_deadline_was_not_sent(
    registry: RegistryClient, recorder: Recorder
) -> None:
    recorder.will_answer(Answer(200, b"[]", held=True))
    others = asyncio.gather(*[make_call(registry, "list") for _ in range(MAX_IN_FLIGHT)])
    async with recorder.arrived:
        await recorder.arrived.wait_for(lambda: recorder.held == MAX_IN_FLIGHT)
    answer = await make_call(registry, "create", deadline=0.2)
    recorder.release.set()
    await others
    assert answer == NotSent("too many calls to npm were under way")
    assert {seen.method for seen in recorder.seen} == {"GET"}


# npm's reasons, as others have met them (npm-trust 1.3, 1.5, 1.6).
REASONS = [
    (400, "permissions is required and must contain at least one valid route"),
    (400, '"[0].permissions[0]" must be one of [createPackage, createStagedPackage]'),
    (400, '"value" must be an array'),
    (400, '"[0].claims.workflow_ref.file" is not allowed to be empty'),
    (422, "Error verifying sigstore provenance bundle"),
]


@pytest.mark.parametrize(("status", "reason"), REASONS)
async def test_npms_reason_is_told_although_its_own_client_does_not_tell_it(
    registry: RegistryClient, recorder: Recorder, status: int, reason: str
) -> None:
    recorder.will_answer(answer_json({"message": reason, "error": HTTPStatus(status).phrase}, status))
    assert await make_call(registry, "create") == Invalid(status, reason)


# The table


def test_every_kind_of_answer_has_its_event() -> None:
    assert set(EVENT_OF_WRITE) == set(get_args(WriteAnswer))
    assert set(EVENT_OF_LIST) == set(get_args(ReadAnswer))


async def test_every_row_of_the_table_is_met_by_an_answer_above() -> None:
    given = [*(answer for answer, *_ in BY_CALL), *(answer for answer, _ in ALIKE)]
    links = {"authUrl": AUTH_URL, "doneUrl": "http://127.0.0.1:4873/-/v1/done"}
    replies = [
        Reply(each.status, CIMultiDict(each.headers), each.body[:TRUST_LIMIT], len(each.body) <= TRUST_LIMIT)
        for each in [*given, answer_json(links, 401)]
    ]
    rules = LinkRules(Address("http", "127.0.0.1:4873", is_loopback=True), frozenset())
    fits = {next(row.answer for row in ANSWERS if row.fits(Seen(each, rules, Clock().now()))) for each in replies}
    assert fits == {row.answer for row in ANSWERS}
