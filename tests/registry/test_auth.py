import pytest
from pydantic import SecretStr

from bot.registry import (
    Done,
    Gone,
    Identity,
    LoginStarted,
    PollAnswer,
    PollFailed,
    RegistryClient,
    RegistryMisbehaved,
    RegistryUnavailable,
    Waiting,
)
from tests.registry.recorder import Answer, Recorder, answer_html, answer_json
from tests.registry.test_client import BEARER, COMMON, headers_of

pytestmark = pytest.mark.anyio

SESSION = SecretStr("npm_session")
LOGIN_URL = "https://www.npmjs.com/login/cli/1"
CUT = "the connection was cut after sending, or the answer was no HTTP"


async def test_a_login_starts_as_npm_starts_it(registry: RegistryClient, recorder: Recorder) -> None:
    done_url = f"{recorder.url}/-/v1/done?authId=1"
    recorder.will_answer(answer_json({"loginUrl": LOGIN_URL, "doneUrl": done_url}))
    assert await registry.start_login() == LoginStarted(SecretStr(LOGIN_URL), SecretStr(done_url))
    (seen,) = recorder.seen
    assert (seen.method, seen.path, seen.body) == ("POST", "/-/v1/login", b"{}")
    assert headers_of(seen) == COMMON | {
        "npm-command": "login",
        "content-type": "application/json",
        "content-length": "2",
    }


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (answer_json({}, 404), "offers no web login: it answered 404 Not Found"),
        (answer_json({}), "offers no web login: it answered 200 OK"),
        (answer_html(), "offers no web login: it answered 200 OK"),
        (Answer(302, headers={"location": LOGIN_URL}), "offers no web login: it answered 302 Found"),
        (answer_json({"loginUrl": "https://evil.example", "doneUrl": "x"}), "leads to evil.example"),
        (answer_json({"loginUrl": LOGIN_URL, "doneUrl": "https://evil.example/done"}), "another server"),
        (answer_json({"loginUrl": LOGIN_URL, "doneUrl": "http://127.0.0.1/done"}), "another server"),
    ],
)
async def test_a_login_that_may_not_be_handed_on_is_an_error(
    registry: RegistryClient, recorder: Recorder, answer: Answer, words: str
) -> None:
    recorder.will_answer(answer)
    with pytest.raises(RegistryMisbehaved, match=words):
        await registry.start_login()


async def test_a_login_can_fail_for_now(registry: RegistryClient, recorder: Recorder) -> None:
    recorder.will_answer(answer_html(503))
    with pytest.raises(RegistryUnavailable, match="npm answered 503 Service Unavailable"):
        await registry.start_login()


async def test_a_poll_carries_the_session_that_was_challenged(registry: RegistryClient, recorder: Recorder) -> None:
    await registry.poll(SecretStr(f"{recorder.url}/-/v1/done?authId=1"), SESSION)
    await registry.poll(SecretStr(f"{recorder.url}/-/v1/done?authId=1"))
    challenged, login = recorder.seen
    assert (challenged.method, challenged.path) == ("GET", "/-/v1/done?authId=1")
    assert headers_of(challenged) == COMMON | BEARER | {"npm-command": "trust"}
    assert headers_of(login) == COMMON | {"npm-command": "login"}


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        # not yet; never faster than once a second
        (answer_json({}, 202), Waiting(1)),
        (answer_json({}, 202, retry_after="0"), Waiting(1)),
        (answer_json({}, 202, retry_after="-3"), Waiting(1)),
        (answer_json({}, 202, retry_after="5"), Waiting(5)),
        (answer_json({}, 202, retry_after="86400"), Waiting(60)),
        (answer_html(202, retry_after="soon"), Waiting(1)),
        (answer_html(429, retry_after="30"), Waiting(30)),
        # confirmed
        (answer_json({"token": "npm_token", "more": 1}), Done(SecretStr("npm_token"))),
        # a token that is none, or could do harm in a header
        (answer_json({}), PollFailed("npm answered 200 without a token", transient=False)),
        (answer_json({"token": ""}), PollFailed("npm answered 200 without a token", transient=False)),
        (answer_json({"token": None}), PollFailed("npm answered 200 without a token", transient=False)),
        (answer_json({"token": ["a"]}), PollFailed("npm answered 200 without a token", transient=False)),
        (answer_json({"token": "a\r\nx: y"}), PollFailed("npm answered 200 without a token", transient=False)),
        (answer_json({"token": "a\n"}), PollFailed("npm answered 200 without a token", transient=False)),
        (answer_json({"token": "ä"}), PollFailed("npm answered 200 without a token", transient=False)),
        (answer_json({"token": "a" * 5000}), PollFailed("npm answered 200 without a token", transient=False)),
        (answer_json({"token": "a" * 100_000}), PollFailed("npm answered 200 without a token", transient=False)),
        (answer_html(), PollFailed("npm answered 200 without a token", transient=False)),
        (Answer(body=b'{"token":"a'), PollFailed("npm answered 200 without a token", transient=False)),
        # over
        (answer_json({"message": "not found"}, 404), Gone()),
        # anything else
        (answer_json({"token": "npm_token"}, 201), PollFailed("npm answered 201 Created", transient=False)),
        (answer_json({}, 401), PollFailed("npm answered 401 Unauthorized", transient=False)),
        (
            Answer(302, headers={"location": "https://evil.example/"}),
            PollFailed("npm answered 302 Found", transient=False),
        ),
        (answer_html(502), PollFailed("npm answered 502 Bad Gateway", transient=True)),
        (answer_json({}, 408), PollFailed("npm answered 408 Request Timeout", transient=True)),
        (Answer(cut_after=-1), PollFailed(CUT, transient=True)),
        (Answer(body=b'{"token":"npm_token"}', cut_after=5), PollFailed(CUT, transient=True)),
    ],
)
async def test_a_poll_understands_every_answer(
    registry: RegistryClient, recorder: Recorder, answer: Answer, meaning: PollAnswer
) -> None:
    recorder.will_answer(answer)
    assert await registry.poll(SecretStr(f"{recorder.url}/-/v1/done?authId=1"), SESSION) == meaning
    assert len(recorder.seen) == 1


@pytest.mark.parametrize("url", ["https://www.npmjs.com/done", "http://localhost:1/done", "file:///etc/passwd", ""])
async def test_nobody_but_the_registry_is_polled(registry: RegistryClient, recorder: Recorder, url: str) -> None:
    answer = await registry.poll(SecretStr(url), SESSION)
    assert answer == PollFailed("the address of the call is not the registry's", transient=False)
    assert recorder.seen == []


PROFILE = {
    "name": "otto-npm",
    "email": "otto@acme.example",
    "email_verified": True,
    "tfa": {"mode": "auth-and-writes", "pending": False},
    "cidr_whitelist": None,
}
OTTO = Identity("otto-npm", "otto@acme.example", email_verified=True, two_factor=True)


async def test_an_identity_is_who_npm_says_it_is(registry: RegistryClient, recorder: Recorder) -> None:
    recorder.will_answer(answer_json({"username": "otto-npm"}), answer_json(PROFILE))
    assert await registry.load_identity(SESSION) == OTTO
    whoami, profile = recorder.seen
    assert (whoami.method, whoami.path, profile.method, profile.path) == ("GET", "/-/whoami", "GET", "/-/npm/v1/user")
    assert headers_of(whoami) == COMMON | BEARER | {"npm-command": "whoami"}
    assert headers_of(profile) == COMMON | BEARER | {"npm-command": "profile"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"tfa": None}, Identity("otto-npm", "otto@acme.example", email_verified=True, two_factor=False)),
        ({"tfa": False}, Identity("otto-npm", "otto@acme.example", email_verified=True, two_factor=False)),
        ({"tfa": {}}, Identity("otto-npm", "otto@acme.example", email_verified=True, two_factor=False)),
        (
            {"tfa": {"mode": "auth-only", "pending": True}},
            Identity("otto-npm", "otto@acme.example", email_verified=True, two_factor=False),
        ),
        ({"tfa": {"mode": "auth-only"}}, OTTO),
        # only a plain yes is a verified address
        ({"email_verified": False}, Identity("otto-npm", "otto@acme.example", email_verified=False, two_factor=True)),
        ({"email_verified": "false"}, Identity("otto-npm", "otto@acme.example", email_verified=False, two_factor=True)),
        ({"email_verified": 1}, Identity("otto-npm", "otto@acme.example", email_verified=False, two_factor=True)),
        ({"email": None}, Identity("otto-npm", "", email_verified=False, two_factor=True)),
        ({"email": ""}, Identity("otto-npm", "", email_verified=False, two_factor=True)),
    ],
)
async def test_an_identity_claims_no_more_than_npm_does(
    registry: RegistryClient, recorder: Recorder, changes: dict[str, object], expected: Identity
) -> None:
    recorder.will_answer(answer_json({"username": "otto-npm"}), answer_json(PROFILE | changes))
    assert await registry.load_identity(SESSION) == expected


@pytest.mark.parametrize(
    "answers",
    [
        [answer_json({}, 401)],
        [answer_json({}, 401, www_authenticate="Bearer")],
        [answer_json({"username": "otto-npm"}), answer_json({}, 401)],
    ],
)
async def test_a_dead_session_is_nobody(registry: RegistryClient, recorder: Recorder, answers: list[Answer]) -> None:
    recorder.will_answer(*answers)
    assert await registry.load_identity(SESSION) is None


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([answer_json({})], "npm did not say whose session it is"),
        ([answer_html()], "npm did not say whose session it is"),
        ([answer_json({}, 401, www_authenticate="ipaddress")], "limited to other addresses"),
        ([answer_json({}, 401, www_authenticate="OTP")], "asks for a second factor where it never did"),
        ([answer_json({"username": "otto-npm"}), answer_html(403)], "profile cannot be read"),
        # the e-mail of one user must never prove another one
        ([answer_json({"username": "sam-npm"}), answer_json(PROFILE)], "two different users"),
    ],
)
async def test_an_identity_that_is_not_clear_is_an_error(
    registry: RegistryClient, recorder: Recorder, answers: list[Answer], words: str
) -> None:
    recorder.will_answer(*answers)
    with pytest.raises(RegistryMisbehaved, match=words):
        await registry.load_identity(SESSION)


@pytest.mark.parametrize(
    ("answer", "ended"),
    [
        (answer_json({"ok": True}), True),
        (Answer(204), True),
        (answer_json({}, 401), True),
        (answer_json({}, 404), False),
        (answer_json({}, 403), False),
    ],
)
async def test_a_logout_ends_the_session_at_npm(
    registry: RegistryClient, recorder: Recorder, answer: Answer, *, ended: bool
) -> None:
    recorder.will_answer(answer)
    assert await registry.log_out(SecretStr("npm_a/b")) is ended
    (seen,) = recorder.seen
    assert (seen.method, seen.path, seen.body) == ("DELETE", "/-/user/token/npm_a%2Fb", b"")
    assert headers_of(seen) == COMMON | {"npm-command": "logout", "authorization": "Bearer npm_a/b"}


async def test_a_logout_that_npm_cannot_take_now_says_so(registry: RegistryClient, recorder: Recorder) -> None:
    recorder.will_answer(answer_json({}, 500))
    with pytest.raises(RegistryUnavailable):
        await registry.log_out(SESSION)
