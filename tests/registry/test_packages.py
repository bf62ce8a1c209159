import base64
import gzip
import json

import pytest
from pydantic import SecretStr

from bot.domain.evidence import EvidenceKind
from bot.domain.outcome import AccountRefused, SessionDead
from bot.domain.provenance import Provenance
from bot.registry import (
    Found,
    NotFound,
    NotModified,
    RegistryClient,
    RegistryMisbehaved,
    RegistryUnavailable,
    SearchPage,
)
from tests.registry.recorder import Answer, Recorder, answer_html, answer_json

pytestmark = pytest.mark.anyio

SESSION = SecretStr("npm_session")
COMMON = {"user-agent": "npmtrust/1.2.3", "npm-auth-type": "web", "accept-encoding": "gzip,deflate"}
PACKUMENT = {"name": "pkg", "versions": {"1.0.0": {"_npmUser": {"name": "otto-npm"}}}, "dist-tags": {"latest": "1.0.0"}}


def headers_of(recorder: Recorder) -> dict[str, str]:
    (seen,) = recorder.seen
    return {name: value for name, value in seen.headers.items() if name not in {"host", "connection"}}


async def test_a_packument_is_asked_for_in_full_and_without_a_session(
    registry: RegistryClient, recorder: Recorder
) -> None:
    recorder.will_answer(answer_json(PACKUMENT | {"name": "@scope/pkg"}))
    found = await registry.read_package("@scope/pkg")
    assert isinstance(found, Found)
    assert (found.facts.name, found.facts.evidence.by, found.etag) == ("@scope/pkg", "otto-npm", "")
    assert recorder.seen[0].path == "/@scope%2fpkg"
    assert headers_of(recorder) == COMMON | {"npm-command": "view", "accept": "application/json"}


async def test_a_packument_can_be_read_as_an_account_sees_it(registry: RegistryClient, recorder: Recorder) -> None:
    recorder.will_answer(answer_json(PACKUMENT))
    assert isinstance(await registry.read_package_as(SESSION, "pkg"), Found)
    assert headers_of(recorder)["authorization"] == "Bearer npm_session"


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        # a dead session is told as such, and not as a registry that misbehaves
        (answer_json({}, 401), SessionDead("401 Unauthorized")),
        (answer_json({"message": "Token expired"}, 401, www_authenticate="Bearer"), SessionDead("Token expired")),
        (answer_json({"message": "Account suspended"}, 401), AccountRefused(401, "Account suspended")),
        (answer_json({"message": "Not for you", "error": "x"}, 403), AccountRefused(403, "Not for you")),
        (answer_html(403), AccountRefused(403, "403 Forbidden")),
    ],
)
async def test_an_account_may_not_be_shown_a_package(
    registry: RegistryClient, recorder: Recorder, answer: Answer, meaning: object
) -> None:
    recorder.will_answer(answer)
    assert await registry.read_package_as(SESSION, "pkg") == meaning


@pytest.mark.parametrize(
    ("whoami", "meaning"),
    [
        (answer_json({"username": "otto-npm"}), NotFound(404, "Not Found")),
        (answer_json({}, 401), SessionDead("Not Found")),
        (answer_json({}, 401, www_authenticate="ipaddress"), NotFound(404, "Not Found")),
        (answer_html(403), NotFound(404, "Not Found")),
    ],
)
async def test_a_package_that_is_not_there_may_be_hidden_from_a_session_that_is_over(
    registry: RegistryClient, recorder: Recorder, whoami: Answer, meaning: object
) -> None:
    recorder.will_answer(answer_json({"error": "Not Found"}, 404), whoami)
    assert await registry.read_package_as(SESSION, "pkg") == meaning
    assert [seen.path for seen in recorder.seen] == ["/pkg", "/-/whoami"]


async def test_a_second_factor_is_not_asked_for_to_read_a_package(registry: RegistryClient, recorder: Recorder) -> None:
    recorder.will_answer(answer_json({}, 401, www_authenticate="OTP"))
    with pytest.raises(RegistryMisbehaved, match="second factor where it never did"):
        await registry.read_package_as(SESSION, "pkg")


@pytest.mark.parametrize("etag", ['"abc"', 'W/"abc-1!"', '""'])
async def test_what_has_not_changed_is_not_sent_again(registry: RegistryClient, recorder: Recorder, etag: str) -> None:
    recorder.will_answer(answer_json(PACKUMENT, etag=etag), Answer(304))
    found = await registry.read_package("pkg")
    assert isinstance(found, Found)
    assert found.etag == etag
    assert await registry.read_package("pkg", etag=found.etag) == NotModified()
    assert recorder.seen[1].headers["if-none-match"] == etag
    assert "if-none-match" not in recorder.seen[0].headers


@pytest.mark.parametrize("etag", ["abc", '"' + "a" * 300 + '"', '"a b"', '"a", "b"', "*"])
async def test_an_etag_that_is_none_is_not_kept(registry: RegistryClient, recorder: Recorder, etag: str) -> None:
    recorder.will_answer(answer_json(PACKUMENT, etag=etag))
    found = await registry.read_package("pkg")
    assert isinstance(found, Found)
    assert found.etag == ""


async def test_a_large_packument_is_read_although_it_was_packed(registry: RegistryClient, recorder: Recorder) -> None:
    document = PACKUMENT | {"readme": "x" * 3_000_000}
    body = gzip.compress(json.dumps(document).encode())
    recorder.will_answer(Answer(body=body, headers={"content-encoding": "gzip"}))
    found = await registry.read_package("pkg")
    assert isinstance(found, Found)
    assert found.facts.evidence.kind is EvidenceKind.NONE


@pytest.mark.parametrize(
    ("answer", "status", "why"),
    [
        (answer_json({"error": "Not found"}, 404), 404, "Not found"),
        (answer_html(404), 404, "404 Not Found"),
        (answer_json({}, 410), 410, "410 Gone"),
        (answer_json({"message": "blocked\nby law"}, 451), 451, "blocked by law"),
    ],
)
async def test_a_package_that_npm_does_not_show_is_not_found_with_npms_words(
    registry: RegistryClient, recorder: Recorder, answer: Answer, status: int, why: str
) -> None:
    recorder.will_answer(answer)
    assert await registry.read_package("pkg", etag='"abc"') == NotFound(status, why)


@pytest.mark.parametrize(
    ("answer", "retry_after"),
    [
        (answer_json({}, 500), None),
        (answer_html(502), None),
        (answer_json({}, 503, retry_after="7"), 7.0),
        (answer_html(429, retry_after="1934"), 1934.0),
        (answer_html(429, retry_after="999999999"), 3600.0),
        (answer_json({}, 408), None),
        (Answer(cut_after=-1), None),
        (Answer(body=b'{"name":"pkg"}', cut_after=3), None),
    ],
)
async def test_a_registry_that_is_not_well_is_unavailable(
    registry: RegistryClient, recorder: Recorder, answer: Answer, retry_after: float | None
) -> None:
    recorder.will_answer(answer)
    with pytest.raises(RegistryUnavailable) as caught:
        await registry.read_package("pkg")
    assert caught.value.retry_after == retry_after


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (answer_html(), "npm answered 200 OK instead of a package"),
        (Answer(body=b'{"name":'), "npm answered 200 OK instead of a package"),
        (answer_json(["pkg"]), "npm answered 200 OK instead of a package"),
        (answer_json(None), "npm answered 200 OK instead of a package"),
        (Answer(), "npm answered 200 OK instead of a package"),
        (Answer(body=b"[" * 100_000), "npm answered 200 OK instead of a package"),
        (answer_json({}), "npm answered without a name instead of about pkg"),
        (answer_json({"name": "Pkg\u202e"}), "npm answered about 'Pkg' instead of about pkg"),
        (Answer(302, headers={"location": "/elsewhere"}), "npm answered 302 Found instead of a package"),
        (Answer(304), "npm answered 304 Not Modified instead of a package"),
        (answer_json({"error": "wrong token"}, 401), "npm answered 401 Unauthorized instead of a package: wrong token"),
    ],
)
async def test_a_packument_that_is_none_is_an_error(
    registry: RegistryClient, recorder: Recorder, answer: Answer, words: str
) -> None:
    recorder.will_answer(answer)
    with pytest.raises(RegistryMisbehaved, match=words):
        await registry.read_package("pkg")


async def test_a_search_is_sent_as_npm_sends_it(registry: RegistryClient, recorder: Recorder) -> None:
    recorder.will_answer(answer_json({"objects": [{"package": {"name": "@acme/ui"}}], "total": 31}))
    assert await registry.search("scope:acme @é", size=2, offset=4) == SearchPage(("@acme/ui",), 31)
    weights = "quality=0.65&popularity=0.98&maintenance=0.5"
    assert recorder.seen[0].path == f"/-/v1/search?text=scope%3Aacme%20%40%C3%A9&size=2&from=4&{weights}"
    assert headers_of(recorder) == COMMON | {"npm-command": "search", "accept": "*/*"}


async def test_what_a_search_finds_is_read_with_tolerance(registry: RegistryClient, recorder: Recorder) -> None:
    hits = [{"package": {"name": "a", "x": 1}}, {"package": {"name": ""}}, {"package": {}}, {}, 7, None]
    recorder.will_answer(answer_json({"objects": [*hits, {"package": {"name": "b"}}]}))
    assert await registry.search("x") == SearchPage(("a", "b"), 2)


@pytest.mark.parametrize(
    "answer", [answer_html(), answer_json([]), answer_json({}), answer_json({"objects": {}}), answer_json({}, 400)]
)
async def test_a_search_that_cannot_be_read_is_an_error(
    registry: RegistryClient, recorder: Recorder, answer: Answer
) -> None:
    recorder.will_answer(answer)
    with pytest.raises(RegistryMisbehaved, match="instead of a list of packages"):
        await registry.search("x")


def attestations(repository: str) -> dict[str, object]:
    workflow = {"repository": repository, "path": ".github/workflows/release.yml", "ref": "refs/heads/main"}
    statement = {"predicate": {"buildDefinition": {"externalParameters": {"workflow": workflow}}}}
    payload = base64.b64encode(json.dumps(statement).encode()).decode()
    bundle = {"dsseEnvelope": {"payload": payload}}
    return {"attestations": [{"predicateType": "https://slsa.dev/provenance/v1", "bundle": bundle}]}


async def test_provenance_is_read_where_npm_keeps_it(registry: RegistryClient, recorder: Recorder) -> None:
    recorder.will_answer(answer_json(attestations("https://github.com/acme/ui")))
    assert await registry.load_provenance("@acme/ui", "1.0.0-β/1") == Provenance(
        repository_host="github.com", repository="acme/ui", file="release.yml", ref="refs/heads/main"
    )
    assert recorder.seen[0].path == "/-/npm/v1/attestations/@acme%2fui@1.0.0-%CE%B2%2F1"
    assert headers_of(recorder) == COMMON | {"npm-command": "view", "accept": "*/*"}


@pytest.mark.parametrize("answer", [answer_json({}, 404), answer_json({}), answer_json(attestations("nowhere"))])
async def test_a_version_may_have_no_provenance(registry: RegistryClient, recorder: Recorder, answer: Answer) -> None:
    recorder.will_answer(answer)
    assert await registry.load_provenance("pkg", "1.0.0") is None


@pytest.mark.parametrize("answer", [answer_html(), answer_json([]), answer_json({}, 401)])
async def test_attestations_that_cannot_be_read_are_an_error(
    registry: RegistryClient, recorder: Recorder, answer: Answer
) -> None:
    recorder.will_answer(answer)
    with pytest.raises(RegistryMisbehaved, match="instead of attestations"):
        await registry.load_provenance("pkg", "1.0.0")
