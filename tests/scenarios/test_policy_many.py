"""A policy over many packages: patterns, channels, limits, and what is set up once more under approvals that it had."""

from pathlib import Path

import pytest

from bot.sandbox.cast import GENERAL, RELEASES, SECOND_OWNER, SeedPackage
from bot.sandbox.world import World
from tests.scenarios.asking import ask, creates, people, request_of
from tests.scenarios.policies import OWNERS, change_policy, world_with_policy

pytestmark = pytest.mark.anyio

MANY = f"""
[limits]
packages_a_day = 4

[[rule]]
packages = ["@mass/*"]
reviewers = ["maintainers", "{SECOND_OWNER.slack_id}"]
quorum = 2
repositories = ["mass/*", "!mass/evil"]
unstated_permission = "stage"
expires_after_hours = 2

[[rule]]
packages = ["@mass/b*"]
reviewers = ["maintainers"]
quorum = 1
repositories = ["mass/*"]
channel = "{RELEASES[0]}"
"""


def seed(world: World, *names: str) -> None:
    for name in names:
        repository = f"mass/{name.rpartition('/')[2]}"
        world.registry.add_package(SeedPackage(name, ("otto-npm", "ana-npm"), repository))


async def test_a_pattern_is_asked_for_by_the_rules_of_each_package_and_stands_in_one_channel(tmp_path: Path) -> None:
    async with world_with_policy(tmp_path, MANY) as world:
        rita, otto, _, sam = people(world)
        await otto.links_account()
        seed(world, "@mass/a1", "@mass/a2", "@mass/b1", "@mass/b2", "@mass/evil")
        line = "github @mass/* --file release.yml"
        await rita.says(line)
        preview = rita.reads("dm")
        assert preview.startswith("*2 packages can be asked for*\n")
        assert "mass/a1 → release.yml, Environment: any (stage)" in preview  # what the rule says of who names none
        assert "1 not allowed by the policy: @mass/evil (" in preview
        assert "2 whose requests the policy wants in another channel (once these are asked for, write" in preview
        assert "Asked as C-1 for 2 packages: see #general" in await rita.clicks("Ask for 2", "dm")
        told = request_of(world)
        assert "Needs 2 of @otto, @olga" in told
        assert "not linked: ana-npm" in told
        await rita.says(line)
        assert rita.reads("dm").startswith("*2 packages can be asked for*\n")
        assert "2 asked for already: @mass/a1 (C-1), @mass/a2 (C-1)" in rita.reads("dm")
        await rita.clicks("Ask for 2", "dm")
        assert "C-2" in sam.reads_all(RELEASES[0])
        assert "C-2" not in sam.reads_all(GENERAL[0])
        # a typed line is refused as a whole, with what goes where
        seed(world, "@mass/a3", "@mass/b3")
        told = await rita.says("github @mass/a3 @mass/b3 --file release.yml")
        assert "• #general: @mass/a3\n• #releases: @mass/b3\nAsk for those of one channel in one line." in told
        assert "more than the 4 of the policy" in await rita.says("github @mass/a3 --file release.yml")
        shown = await sam.says("github @mass/a3 --file release.yml --dry-run")
        assert "2 of @otto, @olga" in shown
        await world.advance(hours=3)
        assert "Expired" in request_of(world)


async def test_the_policy_says_whether_what_npm_dropped_is_set_up_again_without_a_new_approval(tmp_path: Path) -> None:
    async with world_with_policy(tmp_path, OWNERS) as world:
        rita, otto, *_ = await ask(world)
        await otto.clicks("Approve")
        await otto.confirms()
        for number, (text, needs_approval) in enumerate(((OWNERS, True), (OWNERS + "renew = true\n", False)), start=2):
            await change_policy(world, text)
            [configuration] = world.registry.configurations("@acme/ui")
            await world.advance(hours=50)
            await world.settle(60)
            world.registry.remove_configuration("@acme/ui", configuration["id"])
            await rita.clicks("Set it up again", "dm")
            assert ("It needs a new approval" in rita.reads("dm")) == needs_approval
            if needs_approval:
                assert "Needs 1 of @otto" in request_of(world, number)
                await otto.clicks("Approve", about=f"C-{number}")
            else:
                await otto.clicks("I'm ready", "dm")
            await otto.logs_in()
            await otto.confirms()
            assert creates(world) == number


async def test_several_owners_share_the_work_each_with_their_own_account(world: World) -> None:
    rita, otto, olga, _ = people(world)
    world.registry.state.accounts["olga-npm"].email = olga.character.email
    for owner in (otto, olga):
        await owner.links_account()
    names = [f"@mass/s{number:02}" for number in range(10)]
    for name in names:
        world.registry.add_package(SeedPackage(name, ("otto-npm", "olga-npm"), "mass/all"))
    await rita.says(f"github {' '.join(names)} --file release.yml --allow-publish")
    if rita.sees_button("Ask for 10", "dm"):
        await rita.clicks("Ask for 10", "dm")
    await otto.approves(about="C-1")
    world.registry.confirm(otto.link(), "otto-npm", remember=True)
    await world.settle(4)
    assert "runs with your npm account now" in await olga.clicks("Run with my account", about="C-1")
    await world.settle(30)
    if olga.links():
        await olga.confirms(remember=True)
    await world.settle(60)
    made = [create.npm_user for create in world.registry.accepted_creates]
    assert len(made) == 10
    assert made.count("olga-npm") in {3, 4, 5}
