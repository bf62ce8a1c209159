"""The questions that are asked of any configuration."""

from typing import Any

import pytest

from bot.domain.publishers import (
    Configuration,
    GitHub,
    Permission,
    claims_overlap,
    comes_from,
    describe_claims,
    find_configuration,
    find_overlapping,
    permissions_match,
    repository_of,
    same_claims,
    same_configuration,
)

UI = {"repository": "acme/ui", "workflow_ref": {"file": "release.yml"}}
WEB = {"project_path": "acme/ui", "ci_config_ref_uri": {"file": "release.yml"}}
CIRCLE = {
    "oidc.circleci.com/org-id": "o",
    "oidc.circleci.com/project-id": "p",
    "oidc.circleci.com/pipeline-definition-id": "d-1",
    "oidc.circleci.com/vcs-origin": "github.com/acme/ui",
}
CONTEXTS = "oidc.circleci.com/context-ids"


@pytest.mark.parametrize(
    ("type_a", "a", "type_b", "b", "same", "overlap"),
    [
        ("github", UI, "github", UI, True, True),
        ("github", UI, "github", UI | {"environment": None}, True, True),
        ("github", UI, "github", UI | {"repository_id": "1"}, True, True),
        ("github", UI, "github", UI | {"environment": "prod"}, False, True),
        ("github", UI | {"environment": "test"}, "github", UI | {"environment": "prod"}, False, False),
        ("github", UI, "github", UI | {"repository": "Acme/ui"}, False, False),
        ("github", UI, "github", UI | {"workflow_ref": {"file": "ci.yml"}}, False, False),
        ("github", UI, "github", {}, False, False),
        ("github", UI, "gitlab", WEB, False, False),
        ("gitlab", WEB, "gitlab", WEB, True, True),
        ("gitlab", WEB, "gitlab", WEB | {"environment": "x"}, False, True),
        ("circleci", CIRCLE | {CONTEXTS: ["a", "b"]}, "circleci", CIRCLE | {CONTEXTS: ["b", "a"]}, True, True),
        # a job may hold both contexts
        ("circleci", CIRCLE | {CONTEXTS: ["a"]}, "circleci", CIRCLE | {CONTEXTS: ["b"]}, False, True),
        ("circleci", CIRCLE, "circleci", CIRCLE | {CONTEXTS: ["b"]}, False, True),
        ("circleci", CIRCLE, "circleci", CIRCLE | {"oidc.circleci.com/org-id": "x"}, False, False),
        # providers that we do not know
        ("buildkite", {"pipeline_slug": "x"}, "buildkite", {"pipeline_slug": "x"}, True, True),
        ("buildkite", {"pipeline_slug": "x"}, "buildkite", {"pipeline_slug": "y"}, False, False),
        ("buildkite", {}, "other", {}, False, False),
    ],
)
def test_claims_are_compared_as_npm_does(
    *, type_a: str, a: dict[str, Any], type_b: str, b: dict[str, Any], same: bool, overlap: bool
) -> None:
    assert same_claims(type_a, a, type_b, b) is same_claims(type_b, b, type_a, a) is same
    assert claims_overlap(type_a, a, type_b, b) is claims_overlap(type_b, b, type_a, a) is overlap


PUBLISH, STAGE = Permission.PUBLISH, Permission.STAGE


@pytest.mark.parametrize(
    ("wanted", "found", "match"),
    [
        ([PUBLISH], ["createPackage"], True),
        ([PUBLISH], ["createStagedPackage", "createPackage"], True),
        ([PUBLISH, STAGE], ["createPackage", "createStagedPackage"], True),
        ([STAGE], ["createStagedPackage"], True),
        ([STAGE], ["createPackage", "createStagedPackage"], False),
        ([PUBLISH], ["createStagedPackage"], False),
        ([PUBLISH, STAGE], ["createPackage"], False),
        ([PUBLISH], ["createPackage", "distTag"], False),
        ([PUBLISH], [], False),
        ([], [], False),
        ([], ["createStagedPackage"], False),
    ],
)
def test_only_an_implied_permission_to_stage_makes_no_difference(
    *, wanted: list[Permission], found: list[str], match: bool
) -> None:
    assert permissions_match(wanted, found) is match


def configuration(identifier: str, claims: dict[str, Any], *permissions: str) -> Configuration:
    return Configuration(id=identifier, type="github", claims=claims, permissions=permissions)


def test_the_identical_configuration_is_found_among_overlapping_ones() -> None:
    wider = configuration("wider", UI, "createStagedPackage")
    narrower = configuration("narrower", UI | {"environment": "prod"}, "createPackage")
    identical = configuration("identical", UI, "createPackage", "createStagedPackage")
    other = configuration("other", UI | {"repository": "acme/other"}, "createPackage")
    publisher = GitHub(repository="acme/ui", file="release.yml")
    assert find_configuration([other, wider, narrower, identical], publisher, [PUBLISH]) == identical
    assert find_overlapping([other, identical, wider, narrower], publisher, [PUBLISH]) == wider
    assert find_configuration([other, wider, narrower], publisher, [PUBLISH]) is None
    assert find_overlapping([other, identical], publisher, [PUBLISH]) is None


@pytest.mark.parametrize(
    ("type_", "claims", "repository", "text"),
    [
        ("github", UI, "acme/ui", "acme/ui → release.yml"),
        ("gitlab", WEB, "acme/ui", "acme/ui → release.yml"),
        ("circleci", CIRCLE, "github.com/acme/ui", "github.com/acme/ui → pipeline d…"),
        ("github", {"repository": "acme/ui"}, "acme/ui", "github: repository=acme/ui"),
        ("github", {"repository": 7}, "", "github: repository=7"),
        ("buildkite", {"a": "b", "c": "d"}, "", "buildkite: a=b, c=d"),
        ("buildkite", {}, "", "buildkite: no claims"),
    ],
)
def test_any_configuration_can_be_described(type_: str, claims: dict[str, Any], repository: str, text: str) -> None:
    found = Configuration(id="x", type=type_, claims=claims)
    assert repository_of(found) == repository
    assert describe_claims(type_, claims) == text
    assert comes_from(found, "acme/ui") is bool(repository)
    assert not comes_from(found, "")


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({}, True),
        ({"permissions": ("b", "a")}, True),
        ({"other": {"lastUsed": "today"}}, True),
        ({"id": "2"}, False),
        ({"type": "gitlab"}, False),
        ({"claims": UI | {"environment": "prod"}}, False),
        # what we do not know may narrow or widen who can publish
        ({"claims": UI | {"branch": "main"}}, False),
        ({"permissions": ("a",)}, False),
        ({"permissions": ("a", "b", Permission.STAGE.value)}, False),
    ],
)
def test_what_was_approved_is_told_from_what_is_not(*, changes: dict[str, Any], same: bool) -> None:
    approved = configuration("1", UI, "a", "b")
    assert same_configuration(approved, approved.model_copy(update=changes)) is same


def test_fields_that_we_do_not_know_are_kept_and_none_are_not_written() -> None:
    known = configuration("1", UI, "a")
    assert set(known.model_dump()) == {"id", "type", "claims", "permissions"}
    strange = known.model_copy(update={"other": {"lastUsed": None}})
    assert strange.model_dump()["other"] == {"lastUsed": None}
    for each in (known, strange):
        assert Configuration.model_validate_json(each.model_dump_json()) == each
