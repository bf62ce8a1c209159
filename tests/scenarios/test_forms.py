"""Forms: opened from a mistake or a bare provider, with each mistake at its field until they are right."""

from datetime import timedelta

import pytest

from bot.sandbox.cast import GENERAL, REQUESTER, STRANGER
from bot.sandbox.world import World
from tests.scenarios import stored

pytestmark = pytest.mark.anyio

UUID = "550e8400-e29b-41d4-a716-446655440000"


async def test_edit_opens_the_form_filled_in_with_what_was_written(world: World) -> None:
    rita, sam = world.person(REQUESTER), world.person(STRANGER)
    await rita.says(
        "github @acme/ui@2 --repo acme/ui --file .github/workflows/release.yml --env prod --reason 'why not'"
    )
    edit = rita.value_of("Edit")
    await rita.clicks("Edit")
    assert "Trust GitHub Actions" in rita.reads_form()
    assert rita.form() == {
        "packages": "@acme/ui@2",
        "repo": "acme/ui",
        "file": "release.yml",
        "environment": "prod",
        "permissions": ["createPackage"],
        "reason": "why not",
    }
    await sam.says("frobnicate github")
    await sam.says("github @acme/ui")
    assert "This button is not one of mine" in await sam.forges("Edit", edit)  # a draft is its writer's
    errors = await rita.submits()
    assert list(errors) == ["packages"]
    assert "not for one version of it. Did you mean @acme/ui?" in errors["packages"]
    assert await rita.submits(packages="@acme/ui") == {}
    assert "let acme/ui → release.yml publish @acme/ui" in rita.reads()
    assert "Environment: prod" in rita.reads()
    assert "Why: why not" in rita.reads()
    assert "Asked as C-1" in rita.reads(back=1)


@pytest.mark.parametrize(
    ("provider", "fields"),
    [
        ("github", ["packages", "repo", "file", "environment", "permissions", "reason"]),
        ("gitlab", ["packages", "project", "file", "environment", "permissions", "reason"]),
        (
            "circleci",
            ["packages", "org-id", "project-id", "pipeline-definition-id", "vcs-origin", "context-id", "permissions",
             "reason"],
        ),
    ],
)  # fmt: skip
async def test_a_provider_without_arguments_opens_its_form_empty(
    world: World, provider: str, fields: list[str]
) -> None:
    rita = world.person(REQUESTER)
    await rita.says(f"npm trust {provider}")
    form = rita.form()
    assert list(form) == fields
    assert {name: value for name, value in form.items() if value} == {"permissions": ["createPackage"]}


async def test_a_form_shows_each_mistake_at_its_field_until_it_is_right(world: World) -> None:
    rita = world.person(REQUESTER)
    await rita.says("circleci")
    assert set(await rita.submits()) == {"packages", "org-id", "project-id", "pipeline-definition-id", "vcs-origin"}
    wrong = await rita.submits(
        packages="@acme/ui @@", org_id="nope", project_id=UUID, pipeline_definition_id=UUID, vcs_origin="ui"
    )
    assert set(wrong) == {"packages", "org-id", "vcs-origin"}
    assert "org-id must be a valid UUID" in wrong["org-id"]
    unseen = {"packages": "@acme/ui", "repo": "acme/ui", "file": "rel\x07ea\u202ese.yml"}
    sam = world.person(STRANGER)
    await sam.says("github")
    [complaint] = (await sam.submits(**unseen)).items()
    assert complaint[0] == "file"
    assert "must be a file name without characters that do not show. Did you mean release.yml?" in complaint[1]
    await sam.closes_form()
    right = {
        "packages": "@acme/ui",
        "org_id": UUID,
        "project_id": UUID,
        "pipeline_definition_id": UUID,
        "vcs_origin": "github.com/acme/ui",
    }
    assert list(await rita.submits(**right, permissions=[])) == ["permissions"]
    token = await rita.submits(**right, reason="npm_abcdefghijklmnopqrstuvwxyz0123456789")
    assert "Take it out: I never need one, and nothing was stored." in token["reason"]
    assert "npm_abc" not in await stored.everything(world)
    assert sam.messages() == []
    assert await rita.submits(**right, permissions=["createStagedPackage"], reason="at last") == {}
    assert "stage @acme/ui" in rita.reads()
    assert "Why: at last" in rita.reads()


async def test_what_npm_does_not_know_in_a_form_can_be_edited_again(world: World) -> None:
    rita = world.person(REQUESTER)
    await rita.says("github")
    assert await rita.submits(packages="@acme/uu", file="release.yml", reason="typed with care") == {}
    assert "@acme/uu is not public, or does not exist" in rita.reads()
    await rita.clicks("Edit")
    assert rita.form()["reason"] == "typed with care"
    assert await rita.submits(packages="@acme/ui") == {}
    assert "let acme/ui → release.yml publish @acme/ui" in rita.reads()


async def test_a_form_that_slack_does_not_open_in_time_says_so(world: World) -> None:
    rita = world.person(REQUESTER)
    await world.slack.command(rita.id, GENERAL[0], "github")
    world.clock.set(world.clock.now() + timedelta(seconds=4))  # a trigger lives for three seconds
    await world.settle()
    assert rita.reads_form() == ""
    assert "Slack gave me no time to open the form. Please press or type it again." in rita.reads()
