"""Reminders, people who leave, what was rejected, and how approval bots are known to fail."""

from pathlib import Path

import pytest

from bot.domain.record import Scope
from bot.sandbox.cast import GENERAL, OWNER, SECOND_OWNER, STRANGER, SeedPackage
from bot.sandbox.world import World
from tests.scenarios import stored
from tests.scenarios.asking import LINE, TRUSTED, ask, creates, link_olga, people, request_of
from tests.scenarios.policies import OWNERS, TEAM, change_policy, world_with_policy

pytestmark = pytest.mark.anyio
TWO = OWNERS.replace("quorum = 1", "quorum = 2")


async def test_reminders_come_in_working_hours_by_dm_then_in_the_channel_then_to_the_escalation(
    migrated: Path,
) -> None:
    text = OWNERS + f'escalate_to = ["{TEAM}"]\nexpires_after_hours = 240\n'
    async with world_with_policy(migrated, text) as world:
        world.slack.workspace.groups[TEAM] = {STRANGER.slack_id}
        _, otto, _, sam = await ask(world)
        await world.advance(hours=4, minutes=5)  # seven in the evening for Otto
        assert "⏰" not in otto.reads_all("dm")
        await world.advance(hours=13, minutes=50)  # five to nine... and a little later
        await world.advance(minutes=10)
        told = otto.reads_all("dm")
        assert told.count("⏰ C-1 has waited for you since") == 1
        assert "Not waited for, not linked: olga-npm, ana-npm" in told
        await world.advance(hours=7)
        assert otto.reads_all(GENERAL[0]).count("⏰ C-1 has waited for a decision") == 1
        await world.advance(hours=24)
        assert "⏰ C-1 has waited for a decision" in sam.reads_all("dm")
        await world.advance(hours=48)
        assert (otto.reads_all("dm") + sam.reads_all("dm") + sam.reads_all()).count("⏰") == 3
        await otto.clicks("Approve", "dm", about="⏰")
        await world.advance(hours=1)
        assert "waits for no decision any more" in otto.reads_all("dm")


async def test_who_left_slack_is_no_reviewer_and_their_link_is_closed(migrated: Path) -> None:
    async with world_with_policy(migrated, TWO) as world:
        _, otto, _, _ = await ask(world)
        olga = await link_olga(world)
        await olga.clicks("Approve", about="C-1")
        world.slack.workspace.people[SECOND_OWNER.slack_id].deleted = True
        await world.advance(hours=2)
        told = request_of(world)
        assert "not linked: olga-npm" in told
        await otto.clicks("Approve", about="C-1")
        assert not world.trust_calls()
        assert "Needs 1 more" in request_of(world)


async def test_one_departed_approver_confirms_nothing_and_blocks_nobody(world: World) -> None:
    """What rests on them goes back to review, and the others decide."""
    _, otto, *_ = await ask(world)
    olga = await link_olga(world)
    world.slack.workspace.people[OWNER.slack_id].deleted = False
    await otto.clicks("Approve", about="C-1")
    link = otto.link()
    world.slack.workspace.people[OWNER.slack_id].deleted = True
    world.registry.confirm(link, OWNER.npm_user)  # at once: Slack told a moment ago that they are here
    await world.settle()
    assert creates(world) == 0
    assert "no active member of this Slack any more" in request_of(world)
    await olga.clicks("Approve", about="C-1")
    await olga.logs_in()
    await olga.confirms()
    assert TRUSTED in request_of(world)


@pytest.mark.parametrize(("minutes", "passes"), [(4, True), (6, False)])
async def test_an_outage_of_slack_does_not_stop_a_call_for_five_minutes_and_then_does(
    world: World, minutes: int, *, passes: bool
) -> None:
    _, otto, *_ = await ask(world)
    world.registry.fail_next("POST", 429, headers={"retry-after": str(minutes * 60)})
    world.registry.open_window(next(iter(world.registry.state.sessions)), seconds=10_000)
    await otto.clicks("Approve", about="C-1")
    world.slack.outage = True
    await world.advance(minutes=minutes, seconds=10)
    assert creates(world) == passes
    await world.advance(minutes=2)
    assert creates(world) == passes
    world.slack.outage = False
    await world.advance(minutes=1)
    assert creates(world) == 1
    assert TRUSTED in request_of(world)


async def test_what_was_rejected_can_be_revised_in_a_form_with_everything_filled_in(world: World) -> None:
    rita, otto, *_ = await ask(world, f'{LINE} --reason "drop tokens"')
    await otto.clicks("Reject…", about="C-1")
    assert await otto.submits(reason="")  # a rejection needs a reason
    await otto.submits(reason="name the environment")
    assert "name the environment" in rita.reads_all("dm")
    await rita.clicks("Revise…", about="C-1")
    form = rita.form()
    assert (form["packages"], form["repo"], form["file"]) == ("@acme/ui", "acme/ui", "release.yml")
    assert form["reason"] == "drop tokens"
    await rita.submits(
        **{name: form[name] for name in ("packages", "repo", "file", "permissions", "reason")}, environment="npm"
    )
    assert "Environment: npm" in request_of(world, 2)


async def test_the_owners_are_npms_collaborators_where_an_account_can_ask(world: World) -> None:
    world.registry.add_team("acme", "core", ("sam-npm",), {"@acme/ui": "write"})
    rita, otto, _, sam = people(world)
    await rita.links_account()
    await rita.says(LINE)
    told = request_of(world)
    assert "sam-npm" in told
    assert "owners: npm's access list, teams counted" in told
    await sam.links_account()
    await sam.clicks("Approve", about="C-1")
    await sam.confirms()
    assert TRUSTED in request_of(world)
    del otto


async def test_a_change_set_does_not_ride_on_the_confirmation_of_another_where_the_policy_forbids_it(
    migrated: Path,
) -> None:
    async with world_with_policy(migrated, OWNERS + "share_window = false\n") as world:
        rita, otto, *_ = await ask(world)
        await rita.says("github @acme/tokens --repo acme/design --file other.yml --allow-publish")
        await otto.clicks("Approve", about="C-1")
        await otto.confirms(remember=True)
        await otto.clicks("Approve", about="C-2")
        await world.advance(minutes=2)
        assert creates(world) == 1
        await world.advance(minutes=4)
        await otto.confirms()
        assert creates(world) == 2


async def test_nor_on_that_of_a_link_that_was_given_up_and_used_all_the_same(migrated: Path) -> None:
    async with world_with_policy(migrated, OWNERS + "share_window = false\n") as world:
        rita, otto, *_ = await ask(world)
        await rita.says("github @acme/tokens --repo acme/design --file other.yml --allow-publish")
        await otto.clicks("Approve", about="C-1")
        link = otto.link()
        await rita.clicks("Cancel", about="C-1")
        world.registry.confirm(link, OWNER.npm_user, remember=True)  # npm asks for nothing for five minutes
        await otto.clicks("Approve", about="C-2")
        await world.advance(minutes=4)
        assert creates(world) == 0
        await world.advance(minutes=8)
        await otto.clicks("I'm ready", "dm")
        await otto.confirms()
        assert "@acme/tokens now trusts" in request_of(world, 2)


async def test_not_anyone_may_discard(world: World) -> None:
    _, _, _, sam = await ask(world)
    assert "Only @rita, who asked, and the admins can cancel C-1" in await sam.clicks("Cancel", about="C-1")
    assert "Needs 1" in request_of(world)


async def test_approving_twice_runs_once(world: World) -> None:
    _, otto, *_ = await ask(world)
    await otto.clicks("Approve", about="C-1")
    value = otto.value_of("Details")
    await otto.forges("Details", value, action="approve")
    await otto.confirms()
    await otto.forges("Details", otto.value_of("Details"), action="approve")
    assert creates(world) == 1


async def test_approving_an_old_message_approves_nothing_newer(migrated: Path) -> None:
    async with world_with_policy(migrated, TWO) as world:
        _, otto, *_ = await ask(world)
        olga = await link_olga(world)
        old = otto.value_of("Details")
        await otto.clicks("Approve", about="C-1")
        await change_policy(world, OWNERS)
        told = await olga.forges("Details", old, action="approve")
        assert "C-1 changed since this message was drawn" in told
        assert not world.trust_calls()


async def test_nothing_is_shown_as_approved_before_it_is(migrated: Path) -> None:
    async with world_with_policy(migrated, TWO) as world:
        _, otto, *_ = await ask(world)
        await link_olga(world)
        await otto.clicks("Approve", about="C-1")
        told = request_of(world)
        assert "Needs 1 more" in told
        assert "Next:" not in told


async def test_a_refusal_leaves_a_trace(world: World) -> None:
    rita, _, _, sam = await ask(world)
    await rita.clicks("Approve", about="C-1")
    await sam.clicks("Reject…", about="C-1")
    assert world.app is not None
    rows = await world.app.services.database.run(
        lambda store: [row for row in store.audit.list_newest(Scope(), limit=50) if row.kind == "action.denied"]
    )
    assert {(row.actor, row.data["why"]) for row in rows} == {(rita.id, "own_request"), (sam.id, "not_linked")}


async def test_who_leaves_the_maintainers_confirms_nothing_and_their_link_is_closed(world: World) -> None:
    _, otto, *_ = await ask(world)
    olga = await link_olga(world)
    await otto.clicks("Approve", about="C-1")
    await otto.clicks("Later", "dm")
    await world.advance(minutes=10)
    before = len(world.trust_calls())
    world.registry.add_package(SeedPackage("@acme/ui", (SECOND_OWNER.npm_user, "ana-npm"), "acme/ui"))
    await otto.clicks("I'm ready", "dm")
    told = request_of(world)
    assert "npm's maintainers of @acme/ui changed: before otto-npm, olga-npm, ana-npm; now olga-npm, ana-npm" in told
    assert "Needs 1 of @olga" in told
    assert "Your link to npm user *otto-npm* is closed" in otto.reads("dm")
    assert len(world.trust_calls()) == before
    await olga.clicks("Approve", about="C-1")
    await olga.logs_in()
    await olga.confirms()
    assert TRUSTED in request_of(world)


async def test_who_leaves_the_maintainers_decides_no_more_as_soon_as_it_is_read(migrated: Path) -> None:
    """Public data tells it before any press or call, also where an account was told who the owners are."""
    async with world_with_policy(migrated, TWO) as world:
        rita, otto, *_ = await ask(world)
        await rita.says("coverage @acme/* --refresh")
        await otto.clicks("Approve", about="C-1")
        assert "owners: npm's access list" in request_of(world)
        for package in ("@acme/ui", "@acme/core", "@acme/tokens", "@acme/Legacy"):
            assert await stored.rows(world, "SELECT state FROM account_links") == [("linked",)], package
            world.registry.add_package(SeedPackage(package, ("olga-npm",), "acme/ui"))
            await world.advance(minutes=1)
            await rita.says("coverage @acme/* --refresh")
            assert "npm's maintainers of @acme/ui changed: before otto-npm, olga-npm, ana-npm; now" in request_of(world)
            assert "Nobody can approve yet" in request_of(world)
        assert "Your link to npm user *otto-npm* is closed" in otto.reads("dm")
        assert await stored.rows(world, "SELECT state FROM account_links") == [("closed",)]
