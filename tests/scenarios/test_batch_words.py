"""What a batch says of itself: numbers that agree, what matters first, and nothing promised that is not shown."""

import pytest

from bot.sandbox.cast import OWNER, REQUESTER, STRANGER, SeedPackage
from bot.sandbox.forge_files import OLD
from bot.sandbox.world import World
from tests.scenarios.asking import people, request_of
from tests.scenarios.test_big_change_sets import DOZEN, stage_many

pytestmark = pytest.mark.anyio


def seed(world: World, repository: str, *names: str) -> None:
    for name in names:
        world.registry.add_package(SeedPackage(name, ("otto-npm", "olga-npm"), repository))


async def test_the_reason_of_a_rejection_stands_in_the_channel_of_a_large_request_too(world: World) -> None:
    _, otto, _, _ = await stage_many(world, 12)
    await otto.clicks("Reject…")
    await otto.submits(reason="mend the workflow first", group_0=["yes"], group_1=[])
    told = otto.reads()
    assert "6 packages of C-1 rejected, with your reason in the channel. Nothing changed at npm for them." in told
    line = '✋ Rejected by @otto: "mend the workflow first" · 6 packages: '
    assert line in request_of(world)
    assert f"{line}{DOZEN[0]}, {DOZEN[2]}" in request_of(world)
    await otto.clicks("Reject…")
    await otto.submits(reason="nor these", group_0=["yes"])
    assert line in request_of(world)
    assert '✋ Rejected by @otto: "nor these" · 6 packages: ' in request_of(world)


async def test_each_fault_of_workflows_is_told_once_with_its_packages(world: World) -> None:
    rita = world.person(REQUESTER)
    world.forge.describe("mass/old", {"release.yml": OLD})
    world.forge.describe("mass/none", {"publish.yml": OLD})
    seed(world, "mass/old", "@mass/a1", "@mass/a2", "@mass/a3", "@mass/a4", "@mass/a5", "@mass/a6")
    seed(world, "mass/none", "@mass/z1")
    await rita.says("github @mass/* --file release.yml --allow-publish")
    preview = rita.reads("dm")
    assert "7 with a workflow that cannot publish: @mass/a1, @mass/a2 and 4 more (The job publish does not" in preview
    assert preview.count("does not ask for id-token: write") == 1
    assert "npm takes); @mass/z1 (mass/none has no release.yml" in preview
    await rita.clicks("Choose…", "dm")
    described = str(world.slack.view(rita.id))
    assert "'The job publish does not ask for id-token: write" in described
    assert "with a workflow" not in described


async def test_the_largest_group_comes_first(world: World) -> None:
    rita, otto, _, _ = people(world)
    await otto.links_account()
    for number in range(14):
        seed(world, f"mass/lib-{number:02}", f"@mass/lib-{number:02}")
    seed(world, "mass/mono", "@mass/x1", "@mass/x2", "@mass/x3")
    await rita.says("github @mass/* --file release.yml --allow-publish")
    await rita.clicks("Ask for 17", "dm")
    shown = request_of(world)
    assert shown.index("• mass/mono → release.yml") < shown.index("• mass/lib-00 → release.yml")
    await otto.clicks("Approve…")
    shown = otto.reads_form()
    assert shown.index("mass/mono → release.yml") < shown.index("mass/lib-00 → release.yml")


async def test_packages_each_with_a_configuration_of_their_own_are_one_group(world: World) -> None:
    rita, otto, _, _ = people(world)
    await otto.links_account()
    seed(world, "mass/mono", *DOZEN)
    ids = [f"00000000-0000-4000-8000-{number:012}" for number in range(12)]
    lines = "\n".join(f"npm trust revoke {name} --id {id_}" for name, id_ in zip(DOZEN, ids, strict=True))
    await rita.says("bulk")
    await rita.submits(lines=lines)
    await rita.submits()
    await rita.clicks("Ask for 12", "dm")
    assert request_of(world).count("• revoke a configuration") == 1
    assert "• revoke a configuration: 12 packages" in request_of(world)
    told = await rita.says(f"revoke {DOZEN[3]} --id {ids[3]}")  # by its id it is still known to be the same
    assert "C-1" in told
    assert "Asked" not in told
    assert "C-2" in await rita.says(f"revoke {DOZEN[3]} --id {ids[4]}")


async def test_run_now_agrees_with_how_many_there_are_and_says_who_can(world: World) -> None:
    rita, otto, sam = world.person(REQUESTER), world.person(OWNER), world.person(STRANGER)
    await otto.links_account()
    seed(world, "mass/one", "@mass/one", "@mass/two")
    await rita.says("github @mass/* --file release.yml --allow-publish --hold")
    await rita.clicks("Ask for 2", "dm")
    assert "the admins can let C-1 go on." in await sam.clicks("Run now")
    await otto.clicks("Approve…")
    await otto.submits(group_0=["yes"])
    assert "2 packages are approved. Held: nothing is sent to npm" in otto.reads()
    await rita.says("github @acme/ui --file release.yml --allow-publish --hold")
    assert "it has until" in (told := await rita.clicks("Run now", about="C-2"))
    assert "It still needs an approval." in told


async def test_what_is_paused_is_pending_as_paused(world: World) -> None:
    rita, _, _, sam = await stage_many(world, 12)
    assert "resume" not in await sam.says("pending")
    await rita.says("pause C-1")
    told = await sam.says("pending")
    assert "1 request open" in told
    assert "⏸ Paused: `/npmtrust resume C-1` lets it go on." in told
    await rita.says("github @acme/ui @acme/tokens --file release.yml --allow-publish")
    assert "C-2: @rita asks for 2 changes" in await sam.says("pending")


async def test_help_says_what_the_flags_of_a_batch_mean(world: World) -> None:
    rita = world.person(REQUESTER)
    told = await rita.says("help github")
    assert "`--hold`: collects approvals for up to 30 days" in told
    assert "`{name} {unscoped}`: stand for the package in a flag" in told
    assert "`--repo`: may be left out" in told
    assert "`--project`: may be left out" in await rita.says("help gitlab")
    assert "left out" not in await rita.says("help circleci")  # it has no repository that could be inferred
    assert "`package,provider,repository,file,environment,permissions`: the columns" in await rita.says("help bulk")


async def test_a_link_for_many_calls_is_not_headed_as_one_for_a_single_package(world: World) -> None:
    _, otto, _, _ = await stage_many(world, 12)
    await otto.clicks("Approve…")
    await otto.submits()
    assert f"Confirm at npm: let acme/a → release.yml publish {DOZEN[0]}, and 11 more" in otto.reads("dm")


async def test_what_was_cancelled_offers_no_retry(world: World) -> None:
    rita, _, _, _ = await stage_many(world, 12)
    await rita.says("cancel C-1")
    assert "⏹ Cancelled by @rita.\n" in request_of(world)
    assert "what runs" not in request_of(world)
    for command in ("pause", "resume"):
        told = await rita.says(f"{command} C-1")
        assert "nothing to pause or resume" in told
        assert "retry" not in told
    assert "12 changes cancelled: ask anew for what is wanted after all" in await rita.says("retry C-1")


async def test_a_pattern_is_taken_as_our_own_messages_show_it(world: World) -> None:
    rita = world.person(REQUESTER)
    told = await rita.says("github @acme/?* --file release.yml")
    assert "@acme/?\u2217" in told  # a letter that is no markup
    assert "I look at `@acme/u*`" in await rita.says("github @acme/u\u2217 --file release\u02cdone.yml")
    assert "release_one.yml" in rita.reads("dm")
