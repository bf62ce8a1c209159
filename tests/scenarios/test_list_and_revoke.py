"""Reading npm's own list, and revoking what stands in it: who sees what, and what can be approved."""

import json

import pytest

from bot.sandbox.cast import GENERAL, OWNER, REQUESTER, SECOND_OWNER, STRANGER, SeedPackage
from bot.sandbox.slack_state import SlackMessage
from bot.sandbox.world import Actor, World

pytestmark = pytest.mark.anyio

UNKNOWN_ID = "0d7a3b1e-4a51-4a40-9d6c-5b0f8f1f2a3b"
SHIP = {"repository": "acme/design", "workflow_ref": {"file": "ship.yml"}, "environment": "npm"}


async def link(world: World, *actors: Actor, channel: str = GENERAL[0]) -> None:
    """Let people link their accounts, each proven by the same mail."""
    for actor in actors:
        world.registry.state.accounts[actor.character.npm_user].email = actor.character.email
        await actor.links_account(channel)


def request_of(world: World, number: int = 1) -> str:
    """Tell what the channel's message of a change set says to everybody."""
    found = [message for message in world.slack.messages(GENERAL[0], STRANGER.slack_id) if is_about(message, number)]
    return world.slack.text_of(found[0])


def is_about(message: SlackMessage, number: int) -> bool:
    return not message.ephemeral and f"C-{number}" in str(message.blocks)


def ids_of(world: World, package: str) -> list[str]:
    return [str(each["id"]) for each in world.registry.configurations(package)]


async def test_list_without_a_link_shows_public_evidence_and_how_to_read_more(world: World) -> None:
    sam = world.person(STRANGER)
    told = await sam.says("list @acme/tokens @acme/core @acme/icons nope")
    assert "*@acme/tokens*" in told
    assert "link your npm account to read npm's own list: /npmtrust login" in told
    assert "an older version came through a trusted publisher, the newest (1.1.0) did not" in told
    assert "the newest version (1.1.0) came through a trusted publisher from github" in told
    assert "the newest version (1.1.0) has provenance, no trusted publishing seen" in told
    assert "otto-npm (not linked), olga-npm (not linked)" in told
    assert "nope is not public, or does not exist" in sam.reads_all()
    [listing] = json.loads((await sam.says("list @acme/core --json")).replace("\u2060", ""))
    assert listing["configurations"] is None
    assert listing["evidence"]["kind"] == "trusted"
    assert "You are not linked to an npm account" in await sam.says("list")
    assert not world.trust_calls()


async def test_list_reads_npm_with_the_readers_own_account_and_answers_by_message(world: World) -> None:
    otto, rita = world.person(OWNER), world.person(REQUESTER)
    await link(world, otto)
    odd = world.registry.add_configuration("@acme/ui", "forgejo", {"project": "a/b", "ref": {"x": 1}}, ("fly",))
    await rita.says("github @acme/core --repo acme/core --file other.yml --allow-publish")
    assert "I read npm's own list of 2 packages with your npm account" in await otto.says("list @acme/core @acme/ui")
    assert "waits for you: see the link that I sent" in otto.reads_all("dm")
    assert "*Confirm at npm: read the configurations of @acme/core*" in otto.reads_all("dm")
    assert "2 calls, as npm user otto-npm. Tick npm's" in otto.reads_all("dm")
    await otto.confirms(remember=True)
    told = otto.reads_all("dm")
    [known] = ids_of(world, "@acme/core")
    assert f"acme/core → release.yml, Environment: any (publish, stage), id {known}" in told
    assert f"forgejo: project=a/b, ref={{'x': 1}} (fly, stage), id {odd}" in told  # as it is
    assert "Open: C-1" in told
    assert known not in rita.reads_all() + otto.reads_all()  # what was read is its reader's alone
    await otto.says("list @acme/ui --json")
    [listing] = json.loads(otto.reads("dm"))
    assert listing["configurations"][0]["claims"] == {"project": "a/b", "ref": {"x": 1}}
    assert listing["read_at"].startswith("2026-11-23T14:0")


async def test_list_without_a_package_shows_what_the_reader_owns(world: World) -> None:
    otto = world.person(OWNER)
    await link(world, otto)
    await otto.says("list")
    await otto.confirms(remember=True)
    await world.settle()
    told = otto.reads_all("dm")
    names = ("@acme/Legacy", "@acme/core", "@acme/secret", "@acme/tokens", "@acme/ui")
    assert all(f"*{name}*" in told for name in names)
    assert "@acme/icons" not in told
    assert told.count("npm's own list, read") == len(names)
    await world.advance(hours=2)
    assert "Your npm session is over" in await otto.says("list")


async def test_a_private_package_is_shown_to_its_owners_by_message_alone(world: World) -> None:
    otto, sam = world.person(OWNER), world.person(STRANGER)
    told = await sam.says("list @acme/secret")
    assert "@acme/secret is not public, or does not exist" in told
    assert "[Link my npm account]" in told
    await link(world, otto, sam)
    assert "your npm account may not see it" in await sam.says("list @acme/secret")
    await otto.says("list @acme/secret")
    await otto.confirms()
    assert "*@acme/secret*\nNo trusted publisher (npm's own list, read" in otto.reads("dm") + otto.reads("dm", back=1)
    assert "secret" not in world.person(REQUESTER).reads_all()
    await world.advance(hours=2)
    assert "log in with your npm account, so that I can look with it" in await otto.says("list @acme/secret")


async def test_an_account_that_may_not_read_a_list_is_told_so(world: World) -> None:
    sam = world.person(STRANGER)
    await link(world, sam)
    await sam.says("list @acme/ui")
    await sam.confirms()
    told = sam.reads_all("dm")
    assert "npm does not show them to your account: You do not have permission to change this package." in told


async def test_a_list_whose_link_is_not_used_ends_and_says_so(world: World) -> None:
    otto = world.person(OWNER)
    await link(world, otto)
    await otto.says("list @acme/ui")
    await otto.clicks("Later", "dm")
    await world.advance(minutes=31)
    assert "npm's link was not confirmed in time" in otto.reads_all("dm")
    assert len(world.trust_calls()) == 1


async def test_a_list_says_when_npm_is_away_and_goes_on_by_itself(world: World) -> None:
    otto = world.person(OWNER)
    await link(world, otto)
    await otto.says("list @acme/ui")
    world.registry.fail_next("GET", 503)
    await otto.confirms(remember=True)
    assert "npm answered 503" in otto.reads_all("dm")
    await world.advance(seconds=10)
    assert "No trusted publisher (npm's own list, read" in otto.reads_all("dm")


async def test_an_id_is_read_by_the_reviewer_who_looks_and_only_then_approved(world: World) -> None:
    rita, otto, sam = map(world.person, (REQUESTER, OWNER, STRANGER))
    await link(world, otto, sam)
    wanted = world.registry.add_configuration("@acme/tokens", "github", SHIP)
    told = await rita.says(f"revoke @acme/tokens --id {wanted} --reason 'we moved'")
    assert "a reviewer presses Look, then can approve" in rita.reads_all()
    assert f"revoke configuration {wanted[:8]}" in told
    assert "First a reviewer must press *Look*" in request_of(world)
    assert not otto.sees_button("Approve")
    offer = otto.value_of("Look")
    assert "press Look, and I read what stands behind it" in await otto.forges("Look", offer, action="approve")
    assert "your npm account is not one of them" in await sam.clicks("Look")
    assert "You asked for C-1 yourself" in await rita.clicks("Look")
    assert not world.trust_calls()
    await otto.clicks("Look")
    assert "Confirm at npm: read the configurations of @acme/tokens" in otto.reads("dm")
    await otto.confirms()
    assert "acme/design → ship.yml, Environment: npm (publish, stage)" in otto.reads("dm")  # the answer to the look
    assert "changed since this message was drawn" in await otto.forges("Details", offer, action="approve")
    assert "ship.yml" not in request_of(world)  # what was read is shown to who can write, never to the channel
    shown = await otto.clicks("Details")
    assert "What is revoked: acme/design → ship.yml, Environment: npm (publish, stage)" in shown
    assert '"environment": "npm"' in shown
    assert '"createPackage"' in shown
    hidden = await sam.clicks("Details")
    assert "ship.yml" not in hidden
    assert "is shown to people whose linked npm account can write" in hidden
    assert "Details shows what stands behind it" in otto.dialog_of("Approve")
    await otto.clicks("Approve")
    await otto.confirms()
    assert wanted not in ids_of(world, "@acme/tokens")
    assert len(ids_of(world, "@acme/tokens")) == 1  # the other one stands
    assert f"@acme/tokens: configuration {wanted[:8]}… is revoked" in request_of(world)


async def test_an_id_is_read_at_once_through_the_account_of_a_requester_who_maintains_it(world: World) -> None:
    otto, olga = world.person(OWNER), world.person(SECOND_OWNER)
    await link(world, otto, olga)
    [wanted] = ids_of(world, "@acme/tokens")
    await otto.says(f"revoke @acme/tokens --id {wanted}")
    assert "read the configurations of @acme/tokens" in otto.reads("dm")
    assert not olga.sees_button("Approve")
    await otto.confirms()
    assert "acme/design → release.yml" in await olga.clicks("Details")
    assert "You asked for C-1 yourself" in await otto.clicks("Approve")
    await olga.clicks("Approve")
    await olga.confirms()
    assert ids_of(world, "@acme/tokens") == []
    assert {call.npm_user for call in world.trust_calls("DELETE")} == {"olga-npm"}


@pytest.mark.parametrize(
    ("selector", "told"),
    [
        (f"--id {UNKNOWN_ID}", "npm lists no such configuration for this package: there is nothing to revoke"),
        ("--from-repo acme/elsewhere", "npm lists no such configuration for this package: there is nothing to revoke"),
        ("--from-repo acme/design", "2 configurations match: Details lists them"),
    ],
    ids=["no such id", "no such repository", "two of one repository"],
)
async def test_what_is_not_exactly_one_configuration_cannot_be_approved(world: World, selector: str, told: str) -> None:
    rita, otto = world.person(REQUESTER), world.person(OWNER)
    await link(world, otto)
    world.registry.add_configuration("@acme/tokens", "github", SHIP)
    await rita.says(f"revoke @acme/tokens {selector}")
    await otto.clicks("Look")
    await otto.confirms()
    assert told in request_of(world)
    assert "Nobody can approve this as it is" in request_of(world)
    assert "earlier approvals" not in request_of(world)
    assert not otto.sees_button("Approve")
    assert "press Look" in await otto.forges("Details", otto.value_of("Look"), action="approve")
    ids = ids_of(world, "@acme/tokens")
    assert not any(each in request_of(world) for each in ids)
    if "2 configurations" in told:
        assert all(each in otto.reads_all("dm") for each in ids)
        details = await otto.clicks("Details")
        assert all(each in details for each in ids)
    assert len(ids) == 2


async def test_a_repository_with_one_configuration_chooses_it(world: World) -> None:
    rita, otto = world.person(REQUESTER), world.person(OWNER)
    await link(world, otto)
    await rita.says("revoke @acme/tokens --from-repo acme/design")
    await otto.clicks("Look")
    await otto.confirms(remember=True)
    assert "What is revoked: acme/design → release.yml" in await otto.clicks("Details")
    await otto.clicks("Approve")
    assert ids_of(world, "@acme/tokens") == []


async def test_a_configuration_that_is_gone_meanwhile_is_told_as_already_gone(world: World) -> None:
    rita, otto = world.person(REQUESTER), world.person(OWNER)
    await link(world, otto)
    [wanted] = ids_of(world, "@acme/core")
    await rita.says(f"revoke @acme/core --id {wanted}")
    await otto.clicks("Look")
    await otto.confirms()
    await otto.clicks("Approve")
    world.registry.remove_configuration("@acme/core", wanted)
    other = world.registry.add_configuration("@acme/core", "github", SHIP)  # and there is another one in its place
    await otto.confirms(remember=True)
    await world.advance(minutes=3)
    assert f"configuration {wanted[:8]}… was gone already: nothing to do" in request_of(world)
    assert ids_of(world, "@acme/core") == [other]  # what nobody approved stands
    assert len(world.trust_calls("DELETE")) == 2  # challenged, then 404: never tried again


async def test_claims_that_we_do_not_know_are_revoked_as_they_were_shown(world: World) -> None:
    rita, otto = world.person(REQUESTER), world.person(OWNER)
    await link(world, otto)
    odd = world.registry.add_configuration("@acme/ui", "forgejo", {"project": "a/b"}, ("fly",))
    await rita.says(f"revoke @acme/ui --id {odd}")
    await otto.clicks("Look")
    await otto.confirms(remember=True)
    assert "What is revoked: forgejo: project=a/b (fly, stage)" in await otto.clicks("Details")
    await otto.clicks("Approve")
    assert ids_of(world, "@acme/ui") == []


async def test_a_look_that_was_put_off_says_so_and_can_be_taken_again_by_another(world: World) -> None:
    rita, otto, olga = map(world.person, (REQUESTER, OWNER, SECOND_OWNER))
    await link(world, otto, olga)
    [wanted] = ids_of(world, "@acme/tokens")
    await rita.says(f"revoke @acme/tokens --id {wanted}")
    await otto.clicks("Look")
    await otto.clicks("Later", "dm")
    await olga.clicks("Look")  # she is not held up by who went away
    await olga.confirms()
    assert olga.sees_button("Approve")


async def test_a_look_that_nobody_confirms_ends_and_is_told(world: World) -> None:
    rita, otto = world.person(REQUESTER), world.person(OWNER)
    await link(world, otto)
    [wanted] = ids_of(world, "@acme/tokens")
    await rita.says(f"revoke @acme/tokens --id {wanted}")
    await otto.clicks("Look")
    await world.advance(minutes=16)
    assert "The configurations could not be read: npm's link was not confirmed in time" in request_of(world)
    await otto.clicks("Look")
    await otto.logs_in()  # nothing waited for the session any more
    await otto.confirms()
    assert otto.sees_button("Approve")


async def test_reviewers_who_are_not_in_the_channel_get_the_request_by_message_and_it_is_kept_up_to_date(
    world: World,
) -> None:
    rita, otto, olga = map(world.person, (REQUESTER, OWNER, SECOND_OWNER))
    await link(world, otto)
    world.slack.channels[GENERAL[0]].members -= {otto.id, olga.id}
    await rita.says("github @acme/ui --repo acme/ui --file release.yml --allow-publish")
    assert "Your review is asked for" in otto.reads("dm")
    assert "let acme/ui → release.yml publish @acme/ui" in otto.reads("dm")
    await link(world, olga, channel="dm")  # who links later is asked as well
    assert "Your review is asked for" in olga.reads_all("dm")
    await otto.clicks("Approve", "dm")
    assert "Waits for @otto to confirm at npm" in olga.reads_all("dm")
    await otto.confirms()
    for reader in (otto, olga):
        assert "✅ *@acme/ui now trusts acme/ui → release.yml*" in reader.reads_all("dm")
        assert not reader.sees_button("Approve", "dm")
    assert "✅ *@acme/ui now trusts acme/ui → release.yml*" in request_of(world)


async def test_a_stranger_outside_of_the_channel_is_asked_for_nothing(world: World) -> None:
    rita, otto, sam = map(world.person, (REQUESTER, OWNER, STRANGER))
    world.registry.add_package(SeedPackage("sams", ("sam-npm", "otto-npm"), "sam/sams"))
    await link(world, otto, sam)
    world.slack.channels[GENERAL[0]].members -= {sam.id}
    await rita.says("github @acme/ui --repo acme/ui --file release.yml --allow-publish")
    assert "Your review" not in sam.reads_all("dm")
    assert "Your review" not in otto.reads_all("dm")  # he sees the channel
