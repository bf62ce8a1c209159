import json

import pytest
from pydantic import SecretStr

from bot.clock import Clock
from bot.domain.outcome import Invalid, SessionDead
from bot.domain.publishers import Permission, Publisher
from bot.domain.publishers.circleci import CircleCI
from bot.domain.publishers.github import GitHub
from bot.domain.publishers.gitlab import GitLab
from bot.errors import StartupError
from bot.registry import RegistryClient, RegistryMisbehaved
from tests.registry.recorder import Answer, Recorder, Seen, answer_html, answer_json

pytestmark = pytest.mark.anyio

SESSION = SecretStr("npm_session")
OTP = SecretStr("otp-from-web")
ORG, PROJECT = "550e8400-e29b-41d4-a716-446655440000", "7c9e6679-7425-40de-944b-e07fc1f90ae7"
PIPELINE, CONTEXT = "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "123e4567-e89b-12d3-a456-426614174000"

COMMON = {"user-agent": "npmtrust/1.2.3", "npm-auth-type": "web", "accept": "*/*", "accept-encoding": "gzip,deflate"}
BEARER = {"authorization": "Bearer npm_session"}


def headers_of(seen: Seen) -> dict[str, str]:
    return {name: value for name, value in seen.headers.items() if name not in {"host", "connection"}}


# What npm 11.19.1 was seen to send, byte for byte.
BODIES = [
    (
        GitHub(repository="owner/repo", file="publish.yml"),
        (Permission.PUBLISH,),
        (
            '[{"type":"github","claims":{"repository":"owner/repo","workflow_ref":{"file":"publish.yml"}},'
            '"permissions":["createPackage"]}]'
        ),
    ),
    (
        GitHub(repository="owner/repo", file="publish.yaml", environment="production"),
        (Permission.PUBLISH, Permission.STAGE),
        (
            '[{"type":"github","claims":{"repository":"owner/repo","workflow_ref":{"file":"publish.yaml"},'
            '"environment":"production"},"permissions":["createPackage","createStagedPackage"]}]'
        ),
    ),
    (
        GitLab(project="group/sub/repo", file=".gitlab-ci.yml", environment="production"),
        (Permission.PUBLISH,),
        (
            '[{"type":"gitlab","claims":{"project_path":"group/sub/repo","ci_config_ref_uri":{"file":".gitlab-ci.yml"},'
            '"environment":"production"},"permissions":["createPackage"]}]'
        ),
    ),
    (
        CircleCI(
            org_id=ORG,
            project_id=PROJECT,
            pipeline_definition_id=PIPELINE,
            vcs_origin="github.com/owner/repo",
            context_ids=(CONTEXT,),
        ),
        (Permission.PUBLISH,),
        (
            f'[{{"type":"circleci","claims":{{"oidc.circleci.com/org-id":"{ORG}","oidc.circleci.com/project-id":"{PROJECT}",'
            f'"oidc.circleci.com/pipeline-definition-id":"{PIPELINE}",'
            f'"oidc.circleci.com/vcs-origin":"github.com/owner/repo","oidc.circleci.com/context-ids":["{CONTEXT}"]}},'
            '"permissions":["createPackage"]}]'
        ),
    ),
    # JSON.stringify writes what is not ASCII as it is.
    (
        GitHub(repository="owner/repo", file="veröffentlichen.yml", environment="\u2028 🚀"),
        (Permission.STAGE,),
        (
            '[{"type":"github","claims":{"repository":"owner/repo","workflow_ref":{"file":"veröffentlichen.yml"},'
            '"environment":"\u2028 🚀"},"permissions":["createStagedPackage"]}]'
        ),
    ),
]


@pytest.mark.parametrize(("publisher", "permissions", "body"), BODIES)
async def test_a_create_is_sent_byte_for_byte_as_npm_sends_it(
    registry: RegistryClient, recorder: Recorder, publisher: Publisher, permissions: tuple[Permission, ...], body: str
) -> None:
    await registry.create_configuration(SESSION, "@scope/pkg", publisher, permissions, deadline=10)
    (seen,) = recorder.seen
    assert (seen.method, seen.path, seen.body) == ("POST", "/-/package/@scope%2fpkg/trust", body.encode())
    assert headers_of(seen) == COMMON | BEARER | {
        "npm-command": "trust",
        "content-type": "application/json",
        "content-length": str(len(body.encode())),
    }


@pytest.mark.parametrize(
    ("package", "path"),
    [
        ("pkg", "pkg"),
        ("@scope/pkg", "@scope%2fpkg"),
        ("@scope/PKG", "@scope%2fPKG"),
        # Old names may hold what npm would not take for a new one.
        ("it's~(an)*old!name", "it's~(an)*old!name"),
        ("@s.c_o-p~e/..", "@s.c_o-p~e%2f.."),
    ],
)
async def test_a_list_asks_for_the_package_as_npm_writes_it(
    registry: RegistryClient, recorder: Recorder, package: str, path: str
) -> None:
    await registry.list_configurations(SESSION, package)
    (seen,) = recorder.seen
    assert (seen.method, seen.path, seen.body) == ("GET", f"/-/package/{path}/trust", b"")
    assert headers_of(seen) == COMMON | BEARER | {"npm-command": "trust"}


@pytest.mark.parametrize(
    ("configuration_id", "path"),
    [
        ("eebc175d-4720-4fc8-a31a-6491ca36fb47", "eebc175d-4720-4fc8-a31a-6491ca36fb47"),
        ("test-id/with:special@chars", "test-id%2Fwith%3Aspecial%40chars"),
        ("A-Za.z0-9_!~*'()", "A-Za.z0-9_!~*'()"),
        ("a b?c#d%2fe&f=g+h;i,j$k", "a%20b%3Fc%23d%252fe%26f%3Dg%2Bh%3Bi%2Cj%24k"),
        ("../../other", "..%2F..%2Fother"),
        ("é\u2028\x00\r\n", "%C3%A9%E2%80%A8%00%0D%0A"),
        ("a" * 1000, "a" * 1000),
    ],
)
async def test_a_revoke_encodes_the_id_as_npm_does(
    registry: RegistryClient, recorder: Recorder, configuration_id: str, path: str
) -> None:
    await registry.revoke_configuration(SESSION, "@scope/pkg", configuration_id, deadline=10)
    (seen,) = recorder.seen
    assert (seen.method, seen.path, seen.body) == ("DELETE", f"/-/package/@scope%2fpkg/trust/{path}", b"")
    assert headers_of(seen) == COMMON | BEARER | {"npm-command": "trust"}


@pytest.mark.parametrize("configuration_id", ["", ".", ".."])
async def test_an_id_that_would_name_something_else_in_a_path_is_never_sent(
    registry: RegistryClient, recorder: Recorder, configuration_id: str
) -> None:
    answer = await registry.revoke_configuration(SESSION, "pkg", configuration_id, deadline=10)
    assert isinstance(answer, Invalid)
    assert recorder.seen == []


async def test_the_one_time_password_goes_with_the_one_call_it_is_given_to(
    registry: RegistryClient, recorder: Recorder
) -> None:
    publisher = GitHub(repository="owner/repo", file="publish.yml")
    await registry.list_configurations(SESSION, "pkg", OTP)
    await registry.create_configuration(SESSION, "pkg", publisher, (Permission.PUBLISH,), OTP, deadline=10)
    await registry.revoke_configuration(SESSION, "pkg", "id", OTP, deadline=10)
    await registry.list_configurations(SESSION, "pkg")
    assert [seen.headers.get("npm-otp") for seen in recorder.seen] == ["otp-from-web"] * 3 + [None]


async def test_the_packages_of_a_user_are_looked_for_among_organisations_first(
    registry: RegistryClient, recorder: Recorder
) -> None:
    recorder.will_answer(answer_json({}, 404), answer_json({"@acme/ui": "write", "@acme/old": "read"}))
    assert await registry.list_packages_of(SESSION, "otto npm") == {"@acme/ui": "write", "@acme/old": "read"}
    assert [seen.path for seen in recorder.seen] == ["/-/org/otto%20npm/package", "/-/user/otto%20npm/package"]
    assert all(headers_of(seen) == COMMON | BEARER | {"npm-command": "access"} for seen in recorder.seen)


@pytest.mark.parametrize(
    "answer",
    [answer_json({}, 403), answer_json({}, 404), answer_json({}, 401, www_authenticate="ipaddress")],
)
async def test_npm_may_not_tell_the_packages_of_a_user(
    registry: RegistryClient, recorder: Recorder, answer: Answer
) -> None:
    recorder.will_answer(answer)
    assert await registry.list_packages_of(SESSION, "otto-npm") is None


async def test_a_dead_session_is_told_when_packages_are_asked_for(registry: RegistryClient, recorder: Recorder) -> None:
    recorder.will_answer(answer_json({"message": "Session expired"}, 401))
    assert await registry.list_packages_of(SESSION, "otto-npm") == SessionDead("Session expired")


@pytest.mark.parametrize("answer", [answer_html(), answer_json([]), answer_json({"a": {}}), answer_json({}, 400)])
async def test_packages_that_cannot_be_read_are_an_error(
    registry: RegistryClient, recorder: Recorder, answer: Answer
) -> None:
    recorder.will_answer(answer)
    with pytest.raises(RegistryMisbehaved):
        await registry.list_packages_of(SESSION, "otto-npm")


async def test_a_registry_may_live_below_a_path(recorder: Recorder) -> None:
    client = RegistryClient(f"{recorder.url}/npm/", auth_hosts=frozenset(), clock=Clock(), version="1.2.3")
    await client.list_configurations(SESSION, "@scope/pkg")
    await client.close()
    assert recorder.seen[0].path == "/npm/-/package/@scope%2fpkg/trust"


async def test_a_closed_client_opens_again_when_it_is_used(recorder: Recorder) -> None:
    client = RegistryClient(recorder.url, auth_hosts=frozenset(), clock=Clock(), version="1.2.3")
    await client.close()
    await client.list_configurations(SESSION, "pkg")
    await client.close()
    await client.list_configurations(SESSION, "pkg")
    await client.close()
    assert len(recorder.seen) == 2


@pytest.mark.parametrize(
    "url", ["", "registry.example", "ftp://registry.example", "https://me:secret@registry.example"]
)
def test_a_registry_needs_a_plain_web_address(url: str) -> None:
    with pytest.raises(StartupError):
        RegistryClient(url, auth_hosts=frozenset(), clock=Clock(), version="1.2.3")


def test_the_bodies_above_are_json() -> None:
    assert all(json.loads(body) for _, _, body in BODIES)
