"""Replacing a configuration: what is found, in which order it goes, and every way in which it can end."""

import json

import pytest

from bot.sandbox.cast import REQUESTER, SECOND_OWNER, STRANGER
from bot.sandbox.registry_switches import Windows
from bot.sandbox.world import World
from bot.workflow.lane import claim_next
from tests.scenarios.asking import request_of
from tests.scenarios.replacing import NARROWER, OLD, SHIP, WITH_NEW, calls, cast, look_and_approve, standing

pytestmark = pytest.mark.anyio


async def test_a_configuration_is_replaced_by_its_id_without_a_gap(world: World) -> None:
    sam = world.person(STRANGER)
    rita, otto = await cast(world, sam)
    old = world.registry.add_configuration("@acme/ui", "github", OLD)
    told = await rita.says(f"replace @acme/ui --id {old} {WITH_NEW} --reason renamed")
    assert "Which configuration this is has not been read yet" in rita.reads_all()
    assert f"replace configuration {old[:8]}… of @acme/ui with acme/new → release.yml" in told
    assert "Order: told here once the old one was read" in request_of(world)
    assert "First a reviewer must press *Look*" in request_of(world)
    assert "The package itself names another repository: acme/ui" in request_of(world)
    assert not otto.sees_button("Approve")
    await otto.clicks("Look")
    assert "One call" in otto.reads("dm")
    await otto.confirms()
    assert "What is revoked: acme/old → release.yml, Environment: any (publish, stage)" in otto.reads("dm")
    assert "What is asked for: acme/new → release.yml, Environment: any (publish)" in otto.reads("dm")
    assert "Order: the new one is made first, then the old one is revoked" in request_of(world)
    assert "acme/old" not in request_of(world)
    assert "acme/old" not in await sam.clicks("Details")
    assert f"Replaces configuration {old[:8]}…" in otto.dialog_of("Approve")
    await otto.approves()
    assert "Confirm at npm: replace configuration" in otto.reads("dm")
    assert "3 calls, as npm user otto-npm. Tick npm's" in otto.reads("dm")
    await otto.confirms(remember=True)
    assert calls(world) == ["GET", "GET", "POST", "DELETE"]
    assert standing(world) == [("acme/new", "")]
    outcome = request_of(world)
    assert f"✅ *@acme/ui now trusts acme/new → release.yml instead of configuration {old[:8]}…* (publish" in outcome
    assert "Publish through it before" in outcome


async def test_a_renamed_repository_is_replaced_for_several_packages_at_once(world: World) -> None:
    rita, otto = await cast(world)
    for package in ("@acme/ui", "@acme/Legacy", "@acme/core"):
        world.registry.add_configuration(package, "github", OLD)
    odd = world.registry.add_configuration(
        "@acme/ui", "forgejo", {"repository": "acme/old"}, ("fly",), extra={"lastUsed": "never"}
    )
    await rita.says(f"replace @acme/ui @acme/Legacy @acme/core --from-repo acme/old {WITH_NEW}")
    await otto.clicks("Look")
    await otto.confirms(remember=True)
    assert "9 calls. " in await otto.approves()  # of each a look, and one to make and one to revoke
    await world.settle(60)
    assert standing(world, "@acme/ui") == [("acme/old", ""), ("acme/new", "")]
    assert next(each["id"] for each in world.registry.configurations("@acme/ui")) == odd  # of no provider that we know
    assert standing(world, "@acme/Legacy") == [("acme/new", "")]
    assert standing(world, "@acme/core") == [("acme/core", ""), ("acme/new", "")]
    await otto.says("list @acme/ui")
    assert "forgejo: repository=acme/old (fly, stage), id" in otto.reads("dm")
    assert ", lastUsed=never" in otto.reads("dm")
    assert "3 done" in request_of(world)
    assert "configuration" in request_of(world)
    assert "for acme/old" in request_of(world)


async def test_where_both_overlap_the_old_one_goes_first_and_it_is_said(world: World) -> None:
    rita, otto = await cast(world)
    world.registry.add_configuration("@acme/ui", "github", OLD)
    await rita.says(f"replace @acme/ui --from-repo acme/old {NARROWER}")
    await otto.clicks("Look")
    await otto.confirms(remember=True)
    assert "the two overlap, so the old one is revoked first; until the new one is made" in request_of(world)
    async with world.call_under_way(otto.approves(), "DELETE"):
        assert "Asking npm now" in request_of(world)
    assert calls(world) == ["GET", "GET", "DELETE", "POST"]
    assert standing(world) == [("acme/old", "npm")]


@pytest.mark.parametrize(
    ("selector", "flags", "told"),
    [
        ("--from-repo acme/elsewhere", WITH_NEW, "there is nothing to replace. Ask for the new one alone."),
        (
            "--from-repo acme/old",
            "with github --repo acme/old --file release.yml --allow-publish",
            "What stands is already what is asked for",
        ),
        (
            "--from-repo acme/old",
            "with github --repo acme/design --file release.yml --env npm",
            "Another configuration overlaps with the new one too, so npm would refuse it",
        ),
    ],
    ids=["nothing there", "the same", "a third in the way"],
)
async def test_what_cannot_be_replaced_cannot_be_approved(world: World, selector: str, flags: str, told: str) -> None:
    rita, otto = await cast(world)
    world.registry.add_configuration("@acme/tokens", "github", OLD)
    await rita.says(f"replace @acme/tokens {selector} {flags}")
    await otto.clicks("Look")
    await otto.confirms()
    assert told in request_of(world)
    assert "Nobody can approve this as it is" in request_of(world)
    assert not otto.sees_button("Approve")
    assert not otto.sees_button("Choose")


async def test_of_two_that_match_a_reviewer_chooses_one(world: World) -> None:
    sam = world.person(STRANGER)
    rita, otto = await cast(world, sam)
    world.registry.add_configuration("@acme/ui", "github", OLD)
    ship = world.registry.add_configuration("@acme/ui", "github", SHIP)
    await rita.says(f"replace @acme/ui --from-repo acme/old {WITH_NEW}")
    await otto.clicks("Look")
    await otto.confirms()
    assert "2 configurations match: Details lists them to who may see them, to choose one" in request_of(world)
    await sam.clicks("Details")
    assert not sam.sees_button("Choose")
    assert "Stands already: acme/old → ship.yml" in await otto.clicks("Details")
    value = otto.value_of(f"Choose {ship[:8]}")
    assert "your npm account is not one of them" in await sam.forges("Details", value, action="choose")
    for forged in (value[:-1] + "7", value[:-3] + "9:0", value.partition(":")[0], f"{value}:1x", "x"):
        assert "C-1 is about this one" not in await otto.forges("Details", forged, action="choose")
    assert "C-1 is about this one now" in await otto.forges(f"Choose {ship[:8]}", value)
    assert "changed since this message was drawn" in await otto.forges(f"Choose {ship[:8]}", value)
    assert f"configuration {ship[:8]}…" in request_of(world)
    assert "What is revoked: acme/old → ship.yml" in otto.reads_all("dm")  # the answer to the look shows it too
    assert not otto.sees_button("Choose", "dm")
    assert "What is revoked: acme/old → ship.yml" in await otto.clicks("Details")
    assert "C-1 does not need that any more" in await otto.forges(
        "Details", f"{otto.value_of('Details')}:0:1", action="choose"
    )
    await otto.approves()
    await otto.confirms(remember=True)
    assert ship not in [each["id"] for each in world.registry.configurations("@acme/ui")]
    assert ("acme/old", "") in standing(world)


async def test_what_changed_since_the_approval_goes_back_to_review_with_the_difference(world: World) -> None:
    rita, otto = await cast(world)
    old = world.registry.add_configuration("@acme/ui", "github", OLD)
    await rita.says(f"replace @acme/ui --from-repo acme/old {WITH_NEW}")
    await look_and_approve(otto)
    world.registry.remove_configuration("@acme/ui", old)
    newer = world.registry.add_configuration("@acme/ui", "github", SHIP)
    await otto.confirms(remember=True)
    told = request_of(world)
    assert "Back in review, earlier approvals no longer count: npm's list changed since then: another conf" in told
    assert f"replace configuration {newer[:8]}… for acme/old" in told
    details = await otto.clicks("Details")
    assert "What was approved to go: acme/old → release.yml" in details
    assert "What is revoked: acme/old → ship.yml" in details
    assert standing(world) == [("acme/old", "")]
    await otto.approves()
    assert standing(world) == [("acme/new", "")]
    assert calls(world) == ["GET", "GET", "GET", "POST", "DELETE"]


async def test_what_is_gone_since_the_approval_is_looked_for_again(world: World) -> None:
    rita, otto = await cast(world)
    old = world.registry.add_configuration("@acme/ui", "github", OLD)
    await rita.says(f"replace @acme/ui --id {old} {WITH_NEW}")
    await look_and_approve(otto)
    world.registry.remove_configuration("@acme/ui", old)
    await otto.confirms(remember=True)
    assert "npm lists no such configuration for this package: there is nothing to replace" in request_of(world)
    assert not otto.sees_button("Approve")
    assert otto.sees_button("Look")
    assert not world.registry.accepted_creates


async def test_a_replace_that_npm_refuses_half_way_puts_the_old_one_back(world: World) -> None:
    rita, otto = await cast(world)
    old = world.registry.add_configuration("@acme/ui", "github", OLD)
    await rita.says(f"replace @acme/ui --id {old} {NARROWER}")
    await look_and_approve(otto)
    world.registry.fail_next("POST", 400, {"message": "no such environment"})
    await otto.confirms(remember=True)
    assert "npm did not take the new one: I put the old one back" in request_of(world)
    await world.settle()
    told = request_of(world)
    assert "*@acme/ui: the old configuration is back.*" in told
    assert 'npm did not take the new one. npm: "no such environment"' in told
    assert "npm's two days count again" in told
    assert standing(world) == [("acme/old", "")]
    [back] = world.registry.configurations("@acme/ui")
    assert back["id"] != old
    line = f"/npmtrust replace @acme/ui --id {back['id']} with github --repo acme/old --file release.yml"
    assert line in told
    sam = world.person(STRANGER)
    assert "This button is not one of mine" in await sam.forges("Ask again", sam.value_of("Ask again")[:-1] + "7")
    await rita.clicks("Ask again")
    assert f"as if you had typed it: {line} --environment npm" in rita.reads_form()
    assert await rita.submits(reason="the environment is there now") == {}
    assert "Why: the environment is there now" in request_of(world, 2)
    await otto.clicks("Look")  # what was put back is found by its new id; npm asks for nothing in the window
    await otto.clicks("Approve")
    await world.settle()
    assert standing(world) == [("acme/old", "npm")]
    assert not rita.sees_button("Replace it")


@pytest.mark.parametrize(
    ("flags", "method", "refusals", "told", "line"),
    [
        (
            WITH_NEW,
            "DELETE",
            1,
            "acme/new → release.yml is trusted, and the old configuration {old}… still is too",
            "/npmtrust revoke @acme/ui --id {id}",
        ),
        (
            NARROWER,
            "POST",
            2,
            "The old configuration {old}… is revoked, and acme/old → release.yml is not trusted",
            "/npmtrust github @acme/ui --repo acme/old --file release.yml --environment npm --allow-publish",
        ),
    ],
    ids=["create first", "revoke first"],
)
async def test_a_replace_that_cannot_be_finished_says_what_stands_and_what_is_missing(
    world: World, flags: str, method: str, refusals: int, told: str, line: str
) -> None:
    rita, otto = await cast(world)
    old = world.registry.add_configuration("@acme/ui", "github", OLD)
    await rita.says(f"replace @acme/ui --id {old} {flags}")
    await look_and_approve(otto)
    for _ in range(refusals):
        world.registry.fail_next(method, 400, {"message": "not today"})
    await otto.confirms(remember=True)
    await world.settle()
    text = request_of(world)
    assert '*@acme/ui: left half replaced.* npm: "not today"' in text
    assert told.format(old=old[:8]) in text
    assert line.format(id=old) in text
    assert "1 to look at" not in text  # one step has no tally
    assert "Your request C-1 has ended" in rita.reads("dm")


async def test_half_done_is_said_while_it_waits_and_cannot_be_cancelled(world: World) -> None:
    rita, otto = await cast(world)
    old = world.registry.add_configuration("@acme/ui", "github", OLD)
    await rita.says(f"replace @acme/ui --id {old} {WITH_NEW}")
    await look_and_approve(otto)
    world.registry.fail_next("DELETE", 429, headers={"retry-after": "40"})
    await otto.confirms(remember=True)
    assert "Half done: the new one stands; next I revoke the old one" in request_of(world)
    assert "npm asked me to slow down" in request_of(world)
    assert "finished or undone" in await rita.clicks("Cancel")
    await world.advance(seconds=45)
    assert standing(world) == [("acme/new", "")]


async def test_the_look_before_the_first_call_comes_again_when_npm_does_not_answer(world: World) -> None:
    rita, otto = await cast(world)
    world.registry.add_configuration("@acme/ui", "github", OLD)
    await rita.says(f"replace @acme/ui --from-repo acme/old {WITH_NEW}")
    await look_and_approve(otto)
    world.registry.fail_next("GET", 503)
    world.registry.fail_next("GET", 429, headers={"retry-after": "9"})
    world.registry.confirm(otto.link(), "otto-npm", remember=True)
    await world.settle(2)
    assert "npm answered 503" in request_of(world)
    await world.advance(seconds=6)
    assert "npm asked me to slow down" in request_of(world)
    assert standing(world) == [("acme/old", "")]
    await world.settle(30)  # the pace has slowed down since
    assert standing(world) == [("acme/new", "")]


async def test_an_account_that_may_not_look_hands_on_and_a_cancel_during_the_look_ends_it(world: World) -> None:
    olga = world.person(SECOND_OWNER)
    rita, otto = await cast(world, olga)
    world.registry.add_configuration("@acme/ui", "github", OLD)
    await rita.says(f"replace @acme/ui --from-repo acme/old {WITH_NEW}")
    await look_and_approve(otto)
    world.registry.fail_next("GET", 403, {"message": "not for you"})
    await otto.confirms(remember=True)
    assert "Waits for an account" in request_of(world)
    await olga.clicks("Run with my account")
    async with world.call_under_way(olga.confirms(remember=True), "GET"):
        assert "it stops if npm has not acted" in await rita.clicks("Cancel")
    assert "Cancelled by @rita" in request_of(world)
    assert "Nothing changed at npm" in request_of(world)
    assert "/npmtrust replace" not in request_of(world)  # on purpose: nobody is led into asking again
    assert standing(world) == [("acme/old", "")]


async def test_a_look_whose_answer_is_lost_is_taken_again(world: World) -> None:
    rita, otto = await cast(world)
    world.registry.add_configuration("@acme/ui", "github", OLD)
    await rita.says(f"replace @acme/ui --from-repo acme/old {WITH_NEW}")
    await look_and_approve(otto)
    assert world.app is not None
    services = world.app.services
    async with world.call_under_way(otto.confirms(remember=True), "GET"):
        await services.database.run(lambda store: claim_next(services, store))  # as after a death in between
        await world.settle(2)
        assert "Next: the call to npm, in its turn" in request_of(world)  # it was only to be looked
    assert calls(world) == ["GET", "GET", "GET", "POST", "DELETE"]
    assert standing(world) == [("acme/new", "")]


async def test_where_each_call_asks_each_is_confirmed(world: World) -> None:
    rita, otto = await cast(world)
    world.registry.switches.windows = Windows.NONE
    world.registry.add_configuration("@acme/ui", "github", OLD)
    await rita.says(f"replace @acme/ui --from-repo acme/old {WITH_NEW}")
    await look_and_approve(otto)
    for left in ("3 calls", "2 calls", "One call"):
        assert left in otto.reads("dm")
        assert standing(world)[0] == ("acme/old", "")
        await otto.confirms()
    assert standing(world) == [("acme/new", "")]


async def test_a_session_that_dies_at_the_look_is_renewed(world: World) -> None:
    rita, otto = await cast(world)
    world.registry.add_configuration("@acme/ui", "github", OLD)
    await rita.says(f"replace @acme/ui --from-repo acme/old {WITH_NEW}")
    await look_and_approve(otto)
    world.registry.fail_next("GET", 401, {"message": "Invalid session token"})
    await otto.confirms()
    await otto.logs_in()
    await otto.confirms(remember=True)
    assert standing(world) == [("acme/new", "")]


async def test_a_dry_run_shows_both_calls_and_stores_nothing(world: World) -> None:
    rita = world.person(REQUESTER)
    told = await rita.says(f"replace @acme/ui --from-repo acme/old {WITH_NEW} --dry-run")
    assert "Would ask: replace the configuration for acme/old of @acme/ui with acme/new → release.yml" in told
    told = (await rita.says(f"replace @acme/ui --from-repo acme/old {WITH_NEW} --dry-run --json")).replace("\u2060", "")
    create, revoke = json.loads(told[told.index("[") :])
    assert (create["method"], create["body"][0]["claims"]["repository"]) == ("POST", "acme/new")
    assert (revoke["method"], revoke["from_repository"]) == ("DELETE", "acme/old")
    assert "in no request" not in rita.reads_all()
    told = await rita.says("replace left-behind --from-repo acme/old with github --file a.yml")
    assert "/npmtrust replace left-behind --from-repo acme/old with github --repo OWNER/REPO --file a.yml" in told
