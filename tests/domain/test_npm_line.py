"""A call as a line of npm's, which is the same words to a shell whatever is in it."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.npm_line import npm_line
from bot.domain.operations import Create, Operation, Replace, Revoke
from bot.domain.packages import PackageName
from bot.domain.publishers import CircleCI, Configuration, GitHub, GitLab, Permission

MAY_BOTH = " --allow-publish --allow-stage-publish --yes"
IDS = "--org-id=o --project-id=p --pipeline-definition-id=d"
URL = "https://registry.example/"
UI = PackageName("@acme/ui")
OLD = Configuration(id="eebc175d-4720-4fc8-a31a-6491ca36fb47", type="github", claims={})
RELEASE = GitHub(repository="acme/ui", file="release.yml")
PIPELINE = CircleCI(
    org_id="o", project_id="p", pipeline_definition_id="d", vcs_origin="a/b/c", context_ids=("c1", "c2")
)


@pytest.mark.parametrize(
    ("operation", "line"),
    [
        (
            Create(package=UI, publisher=RELEASE, permissions=(Permission.PUBLISH,)),
            "github @acme/ui --repo=acme/ui --file=release.yml --allow-publish --yes",
        ),
        (
            Create(
                package=PackageName("~it's!"),
                publisher=GitLab(project="a/b/c", file="ci.yml", environment='; rm $(id) `id` "\\'),
                permissions=(Permission.PUBLISH, Permission.STAGE),
            ),
            r"""gitlab '~it'"'"'s!' --project=a/b/c --file=ci.yml '--environment=; rm $(id) `id` "\'""" + MAY_BOTH,
        ),
        (
            Create(package=UI, publisher=PIPELINE, permissions=(Permission.STAGE,)),
            f"circleci @acme/ui {IDS} --vcs-origin=a/b/c --context-id=c1 --context-id=c2 --allow-stage-publish --yes",
        ),
        (Revoke(package=UI, configuration=OLD), f"revoke @acme/ui --id={OLD.id}"),
        (
            Revoke(package=UI, configuration=OLD.model_copy(update={"id": "a b&c"})),
            "revoke @acme/ui '--id=a b&c'",
        ),
    ],
)
def test_a_call_is_a_line(operation: Operation, line: str) -> None:
    assert npm_line(operation, registry=URL) == f"npm trust {line} --registry={URL}"


def a_create(environment: str = "", package: str = UI) -> Create:
    publisher = RELEASE.model_copy(update={"environment": environment})
    return Create(package=PackageName(package), publisher=publisher, permissions=(Permission.PUBLISH,))


@pytest.mark.parametrize(
    "operation",
    [
        # Not one call, or not known.
        Revoke(package=UI, configuration_id=OLD.id),
        Replace(package=UI, old=OLD, publisher=RELEASE, permissions=(Permission.PUBLISH,)),
        # npm would read another value, or none.
        a_create("-n true"),
        a_create("--prod"),
        a_create("${HOME}"),
        a_create("a${USER?}b"),
        a_create(" prod"),
        a_create("prod "),
        a_create("a\nb"),
        # npm would look for a file.
        a_create(package="ui.tgz"),
        a_create(package="UI.TAR.GZ"),
    ],
)
def test_what_npms_command_line_cannot_say_has_no_line(operation: Operation) -> None:
    assert npm_line(operation, registry=URL) == ""


@given(st.text(min_size=1))
def test_any_value_is_one_word(environment: str) -> None:
    if line := npm_line(a_create(environment), registry=URL):
        assert shlex.split(line)[6] == f"--environment={environment}"
        assert len(shlex.split(line)) == 10
