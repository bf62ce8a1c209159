"""Policy as code, through the front door: who may ask, who decides, and whose account makes the call."""

from pathlib import Path

import pytest
from sqlalchemy import text

from bot.errors import StartupError
from bot.sandbox.cast import OWNER, REQUESTER, SECOND_OWNER, STRANGER
from tests.scenarios.asking import LINE, TRUSTED, ask, creates, link_olga, people, request_of
from tests.scenarios.policies import OWNERS, TEAM, change_policy, world_with_policy

pytestmark = pytest.mark.anyio

TEAM_DECIDES = f"""
[[rule]]
packages = ["@acme/*"]
reviewers = ["{TEAM}"]
quorum = 2
repositories = ["acme/*"]
escalate_to = ["{TEAM}"]
"""
STRICT = """
[[rule]]
packages = ["@acme/*"]
reviewers = ["maintainers"]
quorum = 1
repositories = ["acme/*"]
workflow_files = ["release.yml"]
unstated_permission = "refuse"

[[rule]]
packages = ["@acme/core"]
reviewers = ["maintainers"]
quorum = 1

[[rule]]
packages = ["@acme/Legacy"]
deny = "frozen until it is split"
"""


async def test_what_the_policy_does_not_allow_is_refused_with_its_line_and_what_to_change(
    migrated: Path,
) -> None:
    async with world_with_policy(migrated, STRICT) as world:
        rita, *_ = people(world)
        told = await rita.says("github @acme/ui --repo evil/ui --file other.yml --allow-publish")
        assert "The policy does not allow it for @acme/ui (policy.toml, line 2)" in told
        assert "The repository `github.com/evil/ui` is not among `repositories`. Allowed: `acme/*`." in told
        assert "The workflow file `other.yml` is not among" in told
        assert "A permission must be named" in await rita.says("github @acme/ui --repo acme/ui --file release.yml")
        told = await rita.says("github @acme/core --repo acme/core --file release.yml --allow-publish")
        assert "line 10)" in told
        assert "names no `repositories`" in told
        denied = await rita.says("github @acme/Legacy --repo acme/legacy --file release.yml --allow-publish")
        assert "It is denied: frozen until it is split" in denied
        assert "No rule is about this package" in await rita.says("github left-behind --repo a/b --file c.yml")
        assert not world.trust_calls()


async def test_a_team_without_npm_accounts_is_the_quorum_and_an_owner_lends_their_account(
    migrated: Path,
) -> None:
    async with world_with_policy(migrated, TEAM_DECIDES) as world:
        rita, otto, olga, sam = people(world)
        world.slack.workspace.groups[TEAM] = {SECOND_OWNER.slack_id, STRANGER.slack_id, REQUESTER.slack_id}
        await otto.links_account()
        await rita.says(LINE)
        assert "This is for the reviewers whom the policy names (policy.toml, line 2)" in await otto.clicks("Approve")
        assert "You asked for C-1 yourself" in await rita.clicks("Approve")
        assert "1 more approval to go" in await sam.clicks("Approve")
        assert "You approved C-1" in await sam.clicks("Approve")
        await olga.clicks("Approve")
        assert "Waits for an account" in request_of(world)
        assert not world.trust_calls()
        await otto.clicks("Run with my account")
        await otto.confirms()
        assert TRUSTED in request_of(world)
        assert creates(world) == 1


async def test_slack_is_asked_anew_who_is_in_the_group_and_an_error_refuses_the_press(migrated: Path) -> None:
    async with world_with_policy(migrated, TEAM_DECIDES) as world:
        rita, otto, olga, sam = people(world)
        groups = world.slack.workspace.groups
        groups[TEAM] = {SECOND_OWNER.slack_id, STRANGER.slack_id}
        await otto.links_account()
        await rita.says(LINE)
        await world.advance(seconds=20)
        world.slack.fail_next("usergroups.users.list")
        assert "Slack does not tell me now who is in the user group" in await sam.clicks("Approve")
        await world.advance(seconds=20)
        groups[TEAM].discard(STRANGER.slack_id)
        assert "you are not one of them" in await sam.clicks("Approve")
        groups[TEAM].add(STRANGER.slack_id)
        await world.advance(seconds=20)
        await sam.clicks("Approve")
        await olga.clicks("Approve")
        groups[TEAM].discard(SECOND_OWNER.slack_id)
        await world.advance(minutes=1)
        await otto.clicks("Run with my account")
        assert "Somebody who approved is no reviewer of it any more" in request_of(world)
        assert not world.trust_calls()


async def test_a_changed_policy_puts_what_was_decided_back_with_the_difference(migrated: Path) -> None:
    async with world_with_policy(migrated, OWNERS.replace("quorum = 1", "quorum = 2")) as world:
        _, otto, *_ = await ask(world)
        olga = await link_olga(world)
        await otto.clicks("Approve", about="C-1")
        await change_policy(world, "\n\n" + OWNERS.replace("quorum = 1", "quorum = 2"))
        assert "Approved by" in request_of(world)  # another line alone is no other policy
        await change_policy(world, OWNERS)
        told = request_of(world)
        assert "The policy changed (policy.toml, line 2): quorum was 2, is 1." in told
        assert "Approved by" not in told
        await olga.clicks("Approve", about="C-1")
        assert "Waits for @olga to log in at npm" in request_of(world)


async def test_a_policy_that_another_version_kept_holds_nothing_up(migrated: Path) -> None:
    async with world_with_policy(migrated, OWNERS) as world:
        _, otto, *_ = await ask(world, f"{LINE} --hold")
        await otto.clicks("Approve")
        assert world.app is not None
        unknown = text("""UPDATE policies SET content = '{"quorum": 1, "not_known_here": true}'""")
        await world.app.services.database.run(lambda store: store._session.execute(unknown))  # noqa: SLF001
        await change_policy(world, OWNERS.replace("quorum = 1", "quorum = 2"))
        assert "The policy changed (policy.toml, line 2)." in request_of(world)
        assert "Approved by" not in request_of(world)


async def test_who_has_approved_is_not_asked_again_also_where_nobody_else_can_yet(migrated: Path) -> None:
    async with world_with_policy(migrated, OWNERS.replace("quorum = 1", "quorum = 2")) as world:
        _, otto, *_ = await ask(world)
        await otto.clicks("Approve")
        needed = "Needs 1 more, and nobody else can approve yet · not linked: olga-npm"
        assert needed in request_of(world)


async def test_each_request_that_a_changed_policy_puts_back_is_in_the_log(
    migrated: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with world_with_policy(migrated, OWNERS) as world:
        rita, otto, *_ = await ask(world, f"{LINE} --hold")
        await rita.says("github @acme/core --repo acme/core --file release.yml --allow-publish --hold")
        for number in (1, 2):
            await otto.clicks("Approve", about=f"C-{number}")
        caplog.clear()
        await change_policy(world, OWNERS.replace("quorum = 1", "quorum = 2"))
        put_back = [line for line in caplog.messages if line.endswith("ready → in_review (Differs)")]
        assert [line.partition(":")[0] for line in put_back] == ["@acme/ui", "@acme/core"]


async def test_what_has_begun_keeps_nothing_else_from_being_compared_with_a_changed_policy(
    migrated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.workflow.policy_watch._AT_ONCE", 1)
    async with world_with_policy(migrated, OWNERS) as world:
        rita, otto, *_ = await ask(world)
        await otto.clicks("Approve")
        world.registry.fail_next("POST", 502)
        await otto.confirms()
        await world.advance(minutes=3)  # npm may have acted; Otto is to confirm that it can be looked
        await rita.says(f"{LINE.replace('release', 'other')} --hold")
        await otto.clicks("Approve", about="C-2")
        assert "Approved by @otto" in request_of(world, 2)
        await change_policy(world, OWNERS.replace("quorum = 1", "quorum = 2"))
        await world.advance(seconds=10)
        assert "Waits for @otto to confirm at npm" in request_of(world, 1)
        assert "quorum was 1, is 2." in request_of(world, 2)
        assert "Approved by" not in request_of(world, 2)


async def test_a_broken_file_keeps_the_last_good_policy_in_force_and_is_told_once(migrated: Path) -> None:
    async with world_with_policy(migrated, STRICT) as world:
        rita, otto, *_ = people(world)
        await change_policy(world, STRICT + "quorum = 'many'\n")
        await world.advance(minutes=5)
        told = otto.reads_all("dm")
        assert told.count("The changed policy file cannot be used") == 1
        assert "line 15 (rule 3): quorum" in told
        assert "is not among `repositories`" in await rita.says(
            "github @acme/ui --repo evil/ui --file release.yml --allow-publish"
        )
        await world.stop_bot()
        with pytest.raises(StartupError, match=r"NPMTRUST_POLICY_FILE: .*line 15"):
            await world.start_bot()
        await change_policy(world, OWNERS)
        await world.start_bot()


async def test_the_policy_of_a_package_is_explained_to_whoever_asks(migrated: Path) -> None:
    async with world_with_policy(migrated, STRICT) as world:
        _, otto, _, sam = people(world)
        await otto.links_account()
        await sam.links_account()
        told = await sam.says("policy @acme/ui")
        assert "*The policy of @acme/ui* (policy.toml, line 2)" in told
        assert "*May approve now:* @otto" in told
        assert "Not linked yet: olga-npm, ana-npm" in told
        assert "@sam: no reviewer of this package" in told
        assert "@olga: has no npm account linked" in told
        assert "frozen until it is split" in await sam.says("policy @acme/Legacy")
        assert "No rule is about it" in await sam.says("policy left-behind")


async def test_limits_hold_for_each_requester(migrated: Path) -> None:
    limits = "[limits]\nopen_change_sets = 1\npackages_a_day = 2\n"
    async with world_with_policy(migrated, limits + OWNERS) as world:
        rita, otto, *_ = await ask(world)
        told = await rita.says("github @acme/core --repo acme/core --file r.yml --allow-publish")
        assert "1 request of yours are open" in told or "lets you have 1" in told
        await rita.says("cancel C-1")
        told = await rita.says("github @acme/core @acme/tokens --repo acme/x --file r.yml --allow-publish")
        assert "more than the 2 of the policy" in told
        assert "C-2" in await otto.says("github @acme/icons --repo acme/design --file r.yml --allow-publish")


async def test_one_maintainer_revokes_alone_and_everybody_hears_of_it(migrated: Path) -> None:
    alone = OWNERS.replace("quorum = 1", "quorum = 2") + "revoke_alone = true\n"
    async with world_with_policy(migrated, alone) as world:
        _, otto, olga, _ = people(world)
        await otto.links_account()
        await otto.says("revoke @acme/core --from-repo acme/core")
        await otto.confirms()
        await otto.clicks("Approve", about="C-1")
        assert "revokes alone: C-1" in olga.reads_all("dm")
        await otto.confirms()
        assert "no longer trusts" in request_of(world) or "revoked" in request_of(world)


async def test_the_policy_names_people_and_another_cannot_take_their_npm_user(migrated: Path) -> None:
    named = f'admins = ["{OWNER.slack_id}"]\n[people]\n{SECOND_OWNER.slack_id} = "olga-npm"\n'
    async with world_with_policy(migrated, named + OWNERS, admins="") as world:
        _, _, olga, sam = people(world)
        await sam.says("login")
        await sam.logs_in("olga-npm")
        assert "belongs to" in sam.reads_all("dm") or "taken" in sam.reads_all("dm")
        await olga.links_account()  # her addresses differ, and nobody has to confirm
        assert "the policy names them" in await olga.says("whoami")
