"""A policy over many packages: patterns, channels, limits, and what is set up once more under approvals that it had."""

import re
from http import HTTPStatus
from itertools import groupby
from pathlib import Path

import pytest
from inline_snapshot import snapshot
from sqlalchemy import event

from bot.sandbox.cast import GENERAL, RELEASES, SECOND_OWNER, STRANGER, SeedPackage
from bot.sandbox.world import World
from tests.scenarios.asking import ask, creates, people, request_of
from tests.scenarios.policies import OWNERS, TEAM, change_policy, world_with_policy

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


async def test_a_pattern_is_asked_for_by_the_rules_of_each_package_in_the_channel_of_each(
    migrated: Path,
) -> None:
    async with world_with_policy(migrated, MANY) as world:
        rita, otto, _, sam = people(world)
        await otto.links_account()
        seed(world, "@mass/a1", "@mass/a2", "@mass/b1", "@mass/b2", "@mass/evil")
        line = "github @mass/* --file release.yml"
        await rita.says(line)
        preview = rita.reads("dm")
        assert preview.startswith("*4 packages can be asked for*\n")
        assert "mass/a1 → release.yml, Environment: any (stage)" in preview  # what the rule says of who names none
        assert "1 not allowed by the policy: @mass/evil (The repository github.com/mass/evil is not among" in preview
        assert "so this becomes *2 requests*:\n• #general: 2 packages\n• #releases: 2 packages" in preview
        pressed = rita.value_of("Ask for", "dm")
        told = await rita.clicks("Ask for 4", "dm")
        assert "for 4 packages in 2 requests:\n• C-1 in #general: 2 packages\n• C-2 in #releases: 2 packages" in told
        assert "• C-2 in #releases: 2 packages" in rita.reads_all("dm")  # the preview says so as well
        assert "as C-1, C-2: " in await rita.forges("Details", pressed, action="batch_ask")
        told = request_of(world)
        assert "Needs 2 of @otto, @olga" in told
        assert "not linked: ana-npm" in told
        assert "@mass/b1" not in sam.reads_all(GENERAL[0])  # who watches a channel sees what concerns them alone
        assert "@mass/b1" in sam.reads_all(RELEASES[0])
        assert "@mass/a1" not in sam.reads_all(RELEASES[0])
        await rita.says(line)
        assert "4 asked for already: @mass/a1, @mass/a2 (C-1); @mass/b1, @mass/b2 (C-2)" in rita.reads("dm")
        # so it is with two that are named in a line, too
        seed(world, "@mass/a3", "@mass/b3")
        assert "A preview comes by DM" in await rita.says("github @mass/b3 @mass/a3 --file release.yml")
        assert "• #releases: 1 package\n• #general: 1 package" in rita.reads("dm")
        assert "more than the 4 of the policy" in await rita.clicks("Ask for 2", "dm")
        assert "more than the 4 of the policy" in await rita.says("github @mass/a3 --file release.yml")
        shown = await sam.says("github @mass/a3 --file release.yml --dry-run")
        assert "2 of @otto, @olga" in shown
        await world.advance(hours=3)
        assert "Expired" in request_of(world)


async def test_the_policy_says_whether_what_npm_dropped_is_set_up_again_without_a_new_approval(
    migrated: Path,
) -> None:
    async with world_with_policy(migrated, OWNERS) as world:
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


async def test_an_account_is_lent_to_many_packages_with_one_look_at_what_they_have_in_common(migrated: Path) -> None:
    policy = OWNERS.replace('"maintainers"', f'"{TEAM}"')
    async with world_with_policy(migrated, policy) as world:
        rita, otto, _, sam = people(world)
        world.slack.workspace.groups[TEAM] = {STRANGER.slack_id}
        names = [f"@mass/s{number:02}" for number in range(60)]
        for name in names:
            world.registry.add_package(SeedPackage(name, ("otto-npm",), "mass/all"))
        await rita.says(f"github {' '.join(names)} --file release.yml --allow-publish")
        await rita.clicks("Ask for 60", "dm")
        await sam.clicks("Approve…", about="C-1")
        await sam.submits(**sam.every_box())
        assert "60 packages: nobody who approved can make the call at npm" in request_of(world)
        assert world.app
        looks: list[str] = []

        def note(*said: object) -> None:
            if str(said[2]).startswith("SELECT account_links") or " slack_people" in str(said[2]):
                looks.append(str(said[2]))

        event.listen(world.app.services.database.engine, "before_cursor_execute", note)
        await otto.links_account()
        assert len(looks) < 60
        looks.clear()
        assert "60 packages of C-1 run with your npm account now" in await otto.clicks("Run with my account")
        assert len(looks) < 60


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
    assert "4 packages of C-1 run with your npm account now" in await olga.clicks("Run with my account", about="C-1")
    assert "👥 Shared, packages to go by npm user: " in request_of(world)
    await world.settle(30)
    if olga.links():
        await olga.confirms(remember=True)
    await world.settle(60)
    made = [create.npm_user for create in world.registry.accepted_creates]
    assert len(made) == 10
    assert made.count("olga-npm") in {3, 4, 5}


def runs_of(world: World) -> str:
    """Tell whose account was used for how many creates running."""
    made = [create.npm_user for create in world.registry.accepted_creates]
    return ", ".join(f"{name} {len(list(each))}" for name, each in groupby(made))


async def test_approvers_who_are_there_get_equal_shares_and_take_over_from_who_is_not(migrated: Path) -> None:
    policy = OWNERS.replace("quorum = 1", "quorum = 2\nshare_window = false")
    async with world_with_policy(migrated, policy) as world:
        rita, otto, olga, _ = people(world)
        world.registry.state.accounts["olga-npm"].email = olga.character.email
        for owner in (otto, olga):
            await owner.links_account()
        names = [f"@mass/s{number:02}" for number in range(50)]
        for name in names:
            world.registry.add_package(SeedPackage(name, ("otto-npm", "olga-npm"), "mass/all"))
        await rita.says(f"github {' '.join(names)} --file release.yml --allow-publish")
        await rita.clicks("Ask for 50", "dm")
        await otto.clicks("Approve…", about="C-1")
        await otto.submits()
        assert otto.reads() == snapshot("""\
👍 Your approval of 50 packages of C-1 counts. 1 more approval to go.
If you are still here then, a share of them runs with your npm account: npm's link comes by DM.\
""")
        assert "50 packages in review: each needs 1 more of @olga, and the maintainers of the others\n" in request_of(
            world
        )
        await olga.clicks("Approve…", about="C-1")
        await olga.submits()
        assert "50 packages can run: 25 with your npm account, 25 with that of @otto." in olga.reads()
        assert "👥 Shared, packages to go by npm user: olga-npm 25, otto-npm 25." in request_of(world)
        assert not otto.links(), "of two windows at the same time one would be wasted"
        world.registry.confirm(olga.link(), "olga-npm", remember=True)
        await world.settle(70)
        assert runs_of(world) == "olga-npm 25"  # what is alike, in one run, with one confirmation
        assert "Thank you. C-1 shows how far it is. If npm asks again, a new link comes here." in olga.reads_all("dm")
        await otto.clicks("Later", "dm")
        assert re.search(r"to go by npm user: olga-npm \d+, otto-npm 5\.", request_of(world))  # 20 are hers now
        await rita.clicks("Pause", about="C-1")
        assert "I'm ready" not in request_of(world)
        assert "Not needed any more" in otto.reads_all("dm")
        await rita.clicks("Resume", about="C-1")
        assert "5 packages wait for @otto to press *I'm ready* in their DM" in request_of(world)
        await otto.clicks("I'm ready", "dm")  # of a new message: the link that he put off is gone
        await world.settle(40)
        await otto.confirms(remember=True)
        await world.settle(30)
        assert creates(world) == 50
        assert {create.npm_user for create in world.registry.accepted_creates if create.package in names[25:30]} == {
            "otto-npm"
        }  # who comes back finds the rest of theirs
        assert [create.npm_user for create in world.registry.accepted_creates].count("olga-npm") == 45
        asked = [call.npm_user for call in world.trust_calls() if call.status == HTTPStatus.UNAUTHORIZED]
        assert asked == ["olga-npm", "otto-npm", "otto-npm"]
        await who_is_kept_out_takes_over_nothing(world)


async def who_is_kept_out_takes_over_nothing(world: World) -> None:
    """What was held is let go while the window of something else keeps one of two out, and the other goes away."""
    rita, otto, olga, _ = people(world)
    for number in range(20):
        world.registry.add_package(SeedPackage(f"@mass/h{number:02}", ("otto-npm", "olga-npm"), "mass/all"))
    await rita.says("github @mass/h* --file release.yml --allow-publish --hold")
    await rita.clicks("Ask for 20", "dm")
    await otto.clicks("Approve…", about="C-2")
    await otto.submits()
    assert otto.reads() == "👍 Your approval of 20 packages of C-2 counts. 1 more approval to go."
    await olga.clicks("Approve…", about="C-2")
    await olga.submits()
    assert "👥" not in request_of(world, 2), "what is held is dealt when it is let go"
    await world.advance(minutes=12)
    await otto.clicks("Run now", about="C-2")
    await olga.says("list @mass/s00")
    await olga.logs_in()
    await olga.confirms(remember=True)
    await otto.clicks("Later", "dm")  # her window of something else keeps her out, so she takes over nothing
    assert "20 packages wait for @otto to press *I'm ready* in their DM" in request_of(world, 2)
