"""A look at the workflow before npm is told of it: in requests, and by `check PACKAGE`."""

import pytest

from bot.sandbox.forge_files import CALLED, CALLER, GOOD, OLD, REUSING
from bot.sandbox.world import World
from tests.scenarios.asking import LINE, ask, people, request_of

pytestmark = pytest.mark.anyio

GITLAB = "gitlab @acme/ui --project acme/web/ui --file .gitlab-ci.yml --allow-publish"


async def test_a_fault_of_the_workflow_is_a_warning_of_the_request_and_its_file_is_looked_at_once(world: World) -> None:
    world.forge.describe("acme/ui", {"release.yml": OLD, "Publish.yml": GOOD})
    rita, *_ = await ask(world)
    told = request_of(world)
    assert "⚠️ The job publish does not ask for id-token: write, so it gets no token that npm takes." in told
    assert "⚠️ The job publish uses Node 20; npm needs 22.14 or later." in told
    assert "not checked" not in told
    asked = len(world.forge.questions)
    await rita.says(f"{LINE} --environment production")
    assert "⚠️ The job publish does not use the environment production: it uses none." in request_of(world, 2)
    assert len(world.forge.questions) == asked == 1
    await rita.says("github @acme/ui --repo acme/ui --file publish.yml --allow-publish")
    assert "⚠️ acme/ui has no publish.yml in .github/workflows, on its default branch; there is Publish.yml" in (
        request_of(world, 3)
    )

    world.forge.describe("acme/ui", {"release.yml": GOOD})
    await world.advance(minutes=61)
    await rita.says(f"{LINE} --environment staging")
    assert "⚠️" not in request_of(world, 4)


async def test_what_could_not_be_looked_at_is_told_quietly_and_keeps_nobody(world: World) -> None:
    await world.forge.stop()
    rita, otto, _, _ = await ask(world)
    told = request_of(world)
    assert "The workflow was not checked: GitHub could not be reached." in told
    assert "⚠️" not in told
    await world.forge.start()
    world.forge.switches.rate_limited = True
    await world.advance(seconds=31)
    await rita.says(f"{LINE} --environment a")
    assert "The workflow was not checked: GitHub lets me ask no more for now" in request_of(world, 2)
    world.forge.switches.rate_limited = False
    world.forge.describe("acme/web/ui", {}, private=True)
    await rita.says(GITLAB)
    told = request_of(world, 3)
    assert "The workflow was not checked: GitLab shows no such project: it is private, or not there" in told
    assert "⚠️ The package itself names a repository on github.com: acme/ui." in told
    await otto.clicks("Approve", about="C-1\n")
    await otto.confirms()
    assert "now trusts acme/ui → release.yml" in request_of(world)


async def test_check_tells_each_point_with_how_to_mend_it(world: World) -> None:
    rita, otto, _, sam = await ask(world)
    told = await sam.says("check @acme/ui")
    assert "*@acme/ui: nothing to mend, as far as I can see*" in told
    assert "acme/ui → release.yml* (asked for here)" in told
    assert "✅ The job publish may get the token that npm asks for." in told
    assert "✅ The package names acme/ui." in told

    world.forge.describe("acme/design", {"release.yml": OLD})
    told = await sam.says("check @acme/icons")
    assert "acme/design → release.yml* (guessed from the package's repository)" in told
    assert "❌ The job publish uses Node 20; npm needs 22.14 or later." in told
    assert "→ Use Node 24, which brings an npm that is new enough." in told
    assert "      id-token: write" in told
    assert "3 things to mend" in told
    world.forge.describe("rita/tools", {"release.yml": CALLED})
    assert "❌ release.yml runs only when another workflow calls it" in await sam.says("check rita-tools")
    assert "names no repository on GitHub or GitLab" in await sam.says("check left-behind")
    assert "not public, or does not exist" in await sam.says("check @acme/secret")

    await rita.says(
        "circleci @acme/ui --org-id 550e8400-e29b-41d4-a716-446655440000"
        " --project-id 550e8400-e29b-41d4-a716-446655440001"
        " --pipeline-definition-id 550e8400-e29b-41d4-a716-446655440002 --vcs-origin github.com/acme/ui --allow-publish"
    )
    told = await otto.says("check @acme/ui")
    assert "❔ CircleCI keeps its pipeline definitions where I cannot read them" in told
    assert not people(world)[3].sees_button("Approve", "dm")


async def test_a_workflow_that_calls_others_is_judged_by_what_they_do(world: World) -> None:
    world.forge.describe("acme/ui", REUSING)
    rita, _, _, sam = await ask(world)
    assert "⚠️" not in request_of(world)
    told = await sam.says("check @acme/ui")
    assert "✅ The job release / publish publishes." in told
    assert "✅ The job release / publish uses Node 24; npm needs 22.14 or later." in told
    assert "❔" not in told
    await rita.says(f"{LINE} --environment production")
    assert "⚠️ The job release / publish does not use the environment production: it uses none." in request_of(world, 2)

    elsewhere = CALLER.replace("./.github/workflows/publish.yml", "acme/ci/.github/workflows/publish.yml@v1")
    world.forge.describe("acme/ui", {"release.yml": elsewhere})
    old = {
        "publish.yml": OLD.replace("on: push", "on: workflow_call").replace("node-version: 20", "node-version: 20.9.7")
    }
    world.forge.describe("acme/ci", {}, refs={"v1": old})
    await world.advance(minutes=61)
    await rita.says(f"{LINE} --environment staging")
    told = request_of(world, 3)
    assert "⚠️ The job release (in acme/ci) uses a Node that is too old; npm needs 22.14 or later." in told
    assert "20.9.7" not in told

    world.forge.describe("acme/ui", {"release.yml": CALLER})
    await world.advance(minutes=61)
    told = await sam.says("check @acme/ui")
    assert "❌ release.yml calls .github/workflows/publish.yml, which is not there on its default branch" in told
    assert "→ Add the called file, or call one that is there." in told
    world.forge.describe("acme/ci", {}, private=True)
    world.forge.describe("acme/ui", {"release.yml": elsewhere})
    await world.advance(minutes=61)
    told = await sam.says("check @acme/ui")
    assert (
        "❔ I have not read .github/workflows/publish.yml of acme/ci at v1, which the job release calls: it is" in told
    )


async def test_preflight_can_be_turned_off(world: World) -> None:
    world.settings["NPMTRUST_PREFLIGHT"] = "off"
    world.forge.describe("acme/ui", {"release.yml": OLD})
    await world.restart_bot()
    rita, *_ = await ask(world)
    assert "⚠️" not in request_of(world)
    assert "not checked" not in request_of(world)
    assert world.forge.questions == []
    assert "preflight is off (NPMTRUST_PREFLIGHT)" in await rita.says("check @acme/ui")
