"""What each provider takes, refuses and sends."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from bot.domain.mistakes import Mistake
from bot.domain.publishers import PROVIDERS, CircleCI, GitHub, GitLab, Provider, Publisher, fields_of

ORG = "550e8400-e29b-41d4-a716-446655440000"
PROJECT = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
PIPELINE = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
CONTEXT = "123e4567-e89b-12d3-a456-426614174000"
Fields = dict[str, tuple[str, ...]]
GITHUB: Fields = {"repo": ("acme/ui",), "file": ("release.yml",)}
GITLAB: Fields = {"project": ("acme/web/ui",), "file": (".gitlab-ci.yml",)}
CIRCLECI: Fields = {
    "org-id": (ORG,),
    "project-id": (PROJECT,),
    "pipeline-definition-id": (PIPELINE,),
    "vcs-origin": ("github.com/acme/ui",),
}
CIRCLECI_CLAIMS = {
    "oidc.circleci.com/org-id": ORG,
    "oidc.circleci.com/project-id": PROJECT,
    "oidc.circleci.com/pipeline-definition-id": PIPELINE,
    "oidc.circleci.com/vcs-origin": "github.com/acme/ui",
}


@pytest.mark.parametrize(
    ("provider", "fields", "claims", "label"),
    [
        (
            Provider.GITHUB,
            GITHUB,
            {"repository": "acme/ui", "workflow_ref": {"file": "release.yml"}},
            "acme/ui → release.yml",
        ),
        (
            Provider.GITHUB,
            {"repo": ("https://github.com/acme/ui.git",), "file": (" a.yaml ",), "environment": ("prod",)},
            {"repository": "acme/ui", "workflow_ref": {"file": "a.yaml"}, "environment": "prod"},
            "acme/ui → a.yaml",
        ),
        (
            Provider.GITLAB,
            GITLAB,
            {"project_path": "acme/web/ui", "ci_config_ref_uri": {"file": ".gitlab-ci.yml"}},
            "acme/web/ui → .gitlab-ci.yml",
        ),
        (
            Provider.GITLAB,
            GITLAB | {"environment": ("review/x y",)},
            {
                "project_path": "acme/web/ui",
                "ci_config_ref_uri": {"file": ".gitlab-ci.yml"},
                "environment": "review/x y",
            },
            "acme/web/ui → .gitlab-ci.yml",
        ),
        (Provider.CIRCLECI, CIRCLECI, CIRCLECI_CLAIMS, "github.com/acme/ui → pipeline 6ba7b810…"),
        (
            Provider.CIRCLECI,
            CIRCLECI | {"org-id": (ORG.upper(),), "context-id": (CONTEXT, CONTEXT.upper())},
            CIRCLECI_CLAIMS | {"oidc.circleci.com/context-ids": [CONTEXT]},
            "github.com/acme/ui → pipeline 6ba7b810…",
        ),
    ],
)
def test_fields_become_npms_claims_in_npms_order(
    provider: Provider, fields: Fields, claims: dict[str, Any], label: str
) -> None:
    publisher = PROVIDERS[provider].build(fields)
    assert not isinstance(publisher, Mistake)
    assert list(publisher.to_claims().items()) == list(claims.items())
    assert publisher.label == label
    assert PROVIDERS[provider].read(publisher.to_claims()) == publisher


@pytest.mark.parametrize(
    "publisher",
    [
        GitHub(repository="acme/ui", file="release.yml", environment="prod"),
        GitLab(project="acme/ui", file="ci.yml"),
        CircleCI(org_id=ORG, project_id=PROJECT, pipeline_definition_id=PIPELINE, vcs_origin="github.com/acme/ui"),
    ],
)
def test_a_publisher_survives_json_and_the_flags_that_make_it(publisher: Publisher) -> None:
    adapter: TypeAdapter[Publisher] = TypeAdapter(Publisher)
    assert adapter.validate_json(adapter.dump_json(publisher)) == publisher
    assert PROVIDERS[publisher.provider].build(fields_of(publisher)) == publisher


@pytest.mark.parametrize(
    ("provider", "fields", "what", "suggestion", "field"),
    [
        # github: the file
        (Provider.GITHUB, {"file": ()}, "GitHub Actions Workflow must be specified with the file option.", "", "file"),
        (
            Provider.GITHUB,
            {"file": (".github/workflows/ci.yml",)},
            "GitHub Actions workflow must be just a file not a path.",
            "ci.yml",
            "file",
        ),
        (Provider.GITHUB, {"file": ("a\\b.yml",)}, "GitHub Actions workflow must be just a file not", "b.yml", "file"),
        (
            Provider.GITHUB,
            {"file": ("x/",)},
            "GitHub Actions workflow must be just a file not a path.",
            "x.yml",
            "file",
        ),
        (Provider.GITHUB, {"file": ("/",)}, "GitHub Actions workflow must be just a file not a path.", "", "file"),
        (Provider.GITHUB, {"file": ("w.txt",)}, "GitHub Actions Workflow must end in .yml or .yaml.", "w.yml", "file"),
        (Provider.GITHUB, {"file": ("release",)}, "GitHub Actions Workflow must end in", "release.yml", "file"),
        (Provider.GITHUB, {"file": ("CI.YML",)}, "GitHub Actions Workflow must end in", "CI.yml", "file"),
        (Provider.GITHUB, {"file": ("a.yml@main",)}, "GitHub Actions Workflow must end in", "a.yml", "file"),
        (Provider.GITHUB, {"file": (".yml",)}, "GitHub Actions Workflow must be a file name", "", "file"),
        (Provider.GITHUB, {"file": ("a b.yml",)}, "GitHub Actions Workflow must be a file name", "", "file"),
        (
            Provider.GITHUB,
            {"file": ("rel\x07ea\u202ese.yml",)},
            "GitHub Actions Workflow must be a file name without characters that do not show.",
            "release.yml",
            "file",
        ),
        (Provider.GITHUB, {"file": ("a" * 252 + ".yml",)}, "GitHub Actions Workflow must be a file name", "", "file"),
        (Provider.GITHUB, {"file": ("a.yml", "b.yml")}, "--file was given more than once.", "", "file"),
        (Provider.GITHUB, {"file": ("FILE.yml",)}, "FILE.yml stands for a value", "", "file"),
        # github: the repository
        *(
            (
                Provider.GITHUB,
                {"repo": (repository,)},
                "GitHub repository must be specified in the format owner/repository.",
                "",
                "repo",
            )
            for repository in (
                "invalid",
                "/b",
                "a/",
                "/",
                "a/b/c",
                "a b/c",
                "a.b/c",
                "acme/..",
                "acme/ui\n/x",
                "a" * 40 + "/ui",
                "https://gitlab.com/acme/ui",
            )
        ),
        # environments
        (Provider.GITHUB, {"environment": ("a\x00b",)}, "This cannot be the name of an environment", "", "environment"),
        (Provider.GITHUB, {"environment": ("e" * 256,)}, "This cannot be the name of an", "", "environment"),
        # gitlab
        (Provider.GITLAB, {"file": ()}, "GitLab CI/CD Pipeline must be specified with the file option.", "", "file"),
        (Provider.GITLAB, {"file": (".gitlab/ci.yml",)}, "GitLab CI/CD pipeline file must be just a", "ci.yml", "file"),
        (Provider.GITLAB, {"file": ("ci",)}, "GitLab CI/CD Pipeline must end in .yml or .yaml.", "ci.yml", "file"),
        *(
            (
                Provider.GITLAB,
                {"project": (project,)},
                "GitLab project must be specified in the format group/project or group/subgroup/project.",
                "",
                "project",
            )
            for project in ("invalid", "a//b", "a/", "/b", "-a/b", "a/b c", "a/" + "b" * 255)
        ),
        # circleci
        *(
            (Provider.CIRCLECI, {name: ()}, f"{name} is required.", "", name)
            for name in ("org-id", "project-id", "pipeline-definition-id", "vcs-origin")
        ),
        *(
            (Provider.CIRCLECI, {name: ("not-a-uuid",)}, f"{name} must be a valid UUID.", "", name)
            for name in ("org-id", "project-id", "pipeline-definition-id", "context-id")
        ),
        *(
            (
                Provider.CIRCLECI,
                {"vcs-origin": (origin,)},
                "vcs-origin must be in format 'provider/owner/repo'.",
                "",
                "vcs-origin",
            )
            for origin in ("invalid-format", "a/b", "a//b", "github.com/acme/u i", "g/o/" + "r" * 255)
        ),
        (
            Provider.CIRCLECI,
            {"vcs-origin": ("https://github.com/acme/ui.git",)},
            "vcs-origin must not include a scheme",
            "github.com/acme/ui",
            "vcs-origin",
        ),
        (
            Provider.CIRCLECI,
            {"vcs-origin": ("https://github.com",)},
            "vcs-origin must not include a scheme",
            "",
            "vcs-origin",
        ),
    ],
)
def test_a_bad_field_is_refused_in_npms_words_with_the_nearest_right_value(
    provider: Provider, fields: Fields, what: str, suggestion: str, field: str
) -> None:
    good = {Provider.GITHUB: GITHUB, Provider.GITLAB: GITLAB, Provider.CIRCLECI: CIRCLECI}
    spec = PROVIDERS[provider]
    (mistake,) = spec.check(good[provider] | fields)
    assert mistake.what.startswith(what)
    assert (mistake.suggestion, mistake.field) == (suggestion, field)
    assert spec.build(good[provider] | fields) == mistake
    if suggestion:
        assert spec.check(good[provider] | fields | {field: (suggestion,)}) == []


@pytest.mark.parametrize(
    ("provider", "fields", "source"),
    [
        (Provider.GITHUB, {"file": ("a.yml",)}, "acme/inferred"),
        (Provider.GITHUB, {"file": ("a.yml",), "repo": ("acme/given",)}, "acme/given"),
        (Provider.GITLAB, {"file": ("a.yml",)}, "acme/inferred"),
        (Provider.CIRCLECI, CIRCLECI, "github.com/acme/ui"),
    ],
)
def test_a_repository_left_out_is_inferred_where_the_provider_allows_it(
    provider: Provider, fields: Fields, source: str
) -> None:
    publisher = PROVIDERS[provider].build(fields, "acme/inferred")
    assert not isinstance(publisher, Mistake)
    assert publisher.source == source


@pytest.mark.parametrize(
    ("provider", "what"),
    [
        (Provider.GITHUB, "GitHub repository must be specified with the repo option: the package names none."),
        (Provider.GITLAB, "GitLab project must be specified with the project option: the package names none."),
    ],
)
def test_nothing_to_infer_is_a_mistake(provider: Provider, what: str) -> None:
    mistake = PROVIDERS[provider].build({"file": ("a.yml",)})
    assert isinstance(mistake, Mistake)
    assert mistake.what == what


@pytest.mark.parametrize(
    ("provider", "claims"),
    [
        (Provider.GITHUB, {}),
        (Provider.GITHUB, {"repository": "acme/ui"}),
        (Provider.GITHUB, {"repository": "acme/ui", "workflow_ref": "release.yml"}),
        (Provider.GITHUB, {"repository": 1, "workflow_ref": {"file": "a.yml"}}),
        (Provider.GITLAB, {"project_id": 1, "ref_path": "main"}),
        (Provider.CIRCLECI, CIRCLECI_CLAIMS | {"oidc.circleci.com/org-id": None}),
        (Provider.CIRCLECI, CIRCLECI_CLAIMS | {"oidc.circleci.com/context-ids": "x"}),
    ],
)
def test_claims_of_another_shape_are_not_read(provider: Provider, claims: dict[str, Any]) -> None:
    assert PROVIDERS[provider].read(claims) is None
