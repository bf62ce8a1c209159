"""What the stand-in gives a CI a token for: a job whose claims a configuration takes. npm's own client is elsewhere."""

from typing import Any

import pytest

from bot.sandbox.registry_oidc import write_id_token
from tests.sandbox.registry_world import RegistryWorld

pytestmark = pytest.mark.anyio

ORG, CONTEXT = "550e8400-e29b-41d4-a716-446655440000", "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
GITLAB = {"project_path": "acme/ui", "ci_config_ref_uri": {"file": ".gitlab-ci.yml"}}
GITLAB_JOB = {
    "iss": "https://gitlab.com",
    "project_path": "acme/ui",
    "ci_config_ref_uri": "gitlab.com/acme/ui//.gitlab-ci.yml@refs/heads/main",
}
CIRCLECI = {"oidc.circleci.com/org-id": ORG, "oidc.circleci.com/context-ids": [CONTEXT]}
CIRCLECI_JOB = {
    "iss": f"https://oidc.circleci.com/org/{ORG}",
    "oidc.circleci.com/org-id": ORG,
    "oidc.circleci.com/context-ids": ["other", CONTEXT],
}


@pytest.mark.parametrize(
    ("type_", "claims", "job", "status"),
    [
        ("gitlab", GITLAB, GITLAB_JOB, 201),
        ("gitlab", GITLAB, GITLAB_JOB | {"project_path": "acme/fork"}, 404),
        ("gitlab", GITLAB | {"environment": "npm"}, GITLAB_JOB, 404),
        ("circleci", CIRCLECI, CIRCLECI_JOB, 201),
        ("circleci", CIRCLECI, CIRCLECI_JOB | {"oidc.circleci.com/context-ids": []}, 404),
        ("github", CIRCLECI, CIRCLECI_JOB, 404),
        ("gitlab", GITLAB, GITLAB_JOB | {"iss": "https://gitlab.example"}, 401),
        ("gitlab", GITLAB, GITLAB_JOB | {"aud": "npm:elsewhere"}, 401),
    ],
)
async def test_a_token_is_given_for_the_claims_of_a_configuration(
    world: RegistryWorld, type_: str, claims: dict[str, Any], job: dict[str, Any], status: int
) -> None:
    world.registry.add_configuration("@acme/ui", type_, claims)
    token = write_id_token({"aud": "npm:127.0.0.1"} | job)
    path = "/-/npm/v1/oidc/token/exchange/package/@acme%2fui"
    answer = await world.call("POST", path, token=token, json={})
    assert (answer.status, "token" in answer.json) == (status, status == 201)
    world.clock.advance(hours=48)  # nothing was published through it
    assert (await world.call("POST", path, token=token, json={})).status == (401 if status == 401 else 404)
    assert (await world.call("POST", path, token="x.y.z", json={})).status == 401
