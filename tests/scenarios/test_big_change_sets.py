"""Change sets of many steps: one message, Details to search in, a file of results, and release day."""

import csv
import re
from io import StringIO

import pytest
from sqlalchemy import event

from bot.domain.evidence import Evidence, EvidenceKind
from bot.domain.operations import Create
from bot.domain.packages import PackageName
from bot.domain.publishers import GitHub, Permission
from bot.sandbox.cast import GENERAL, SeedPackage
from bot.sandbox.world import BEGINNING, Actor, World
from bot.workflow import owners
from bot.workflow.inbox import LONGEST_WORK
from bot.workflow.plan_step import Planned
from bot.workflow.store_request import Request, store_request
from bot.workflow.transitions import HOLD_LIFE
from storage.records import StepFacts
from storage.store import Store
from tests.scenarios import stored
from tests.scenarios.asking import creates, message_of, people, request_of

pytestmark = pytest.mark.anyio

DOZEN = tuple(f"@acme/kit-{number:02}" for number in range(12))


async def stage_many(world: World, size: int, *, hold: bool = False) -> tuple[Actor, Actor, Actor, Actor]:
    """Rita asks for many packages, half of them of one repository and half of another; Otto owns them all."""
    cast = people(world)
    await cast[1].links_account()
    facts = StepFacts(evidence=Evidence(kind=EvidenceKind.NONE), maintainers=("otto-npm", "olga-npm"))

    def planned(number: int) -> Planned:
        publisher = GitHub(repository=f"acme/{'ab'[number % 2]}", file="release.yml")
        name = PackageName(f"@acme/kit-{number:02}")
        return Planned(Create(package=name, publisher=publisher, permissions=(Permission.PUBLISH,)), facts, False)  # noqa: FBT003

    def work(store: Store) -> None:
        request = Request(
            inbox_id=999, requester=cast[0].id, reason="=drop()", channel=GENERAL[0], permissions_stated=True, hold=hold
        )
        assert world.app is not None
        store_request(world.app.services, store, request, [planned(number) for number in range(size)])

    assert world.app is not None
    for number in range(min(size, len(DOZEN))):
        world.registry.add_package(SeedPackage(DOZEN[number], ("otto-npm", "olga-npm"), f"acme/{'ab'[number % 2]}"))
    await world.app.services.database.run(work)
    await world.settle()
    return cast


async def run_through(world: World, otto: Actor, seconds: int) -> None:
    await otto.confirms(remember=True)
    for _ in range(seconds // 10):
        await world.advance(seconds=10)


async def test_a_dozen_packages_are_one_message_from_the_request_to_the_report(world: World) -> None:
    rita, otto, _, sam = await stage_many(world, 12)
    shown = request_of(world)
    assert "@rita asks for 12 changes" in shown
    assert "0 of 12" in shown
    assert "12 packages in review: each needs 1 of @otto · not linked: olga-npm" in shown
    assert "• acme/a → release.yml · Environment: any · publish: 6 packages" in shown
    assert "Withdraw" not in shown  # nobody has approved
    assert "12 in review" in await rita.says("status")
    assert "12 packages in review: each needs 1 of @otto" in await sam.says("pending")
    claims = {"repository": "acme/b", "workflow_ref": {"file": "release.yml"}, "environment": "npm"}
    world.registry.add_configuration(DOZEN[3], "github", claims)
    await otto.clicks("Approve…")
    assert otto.form() == {"group-0": ["yes"], "group-1": ["yes"]}
    await otto.submits()
    assert "Your approval of 12 packages of C-1 counts." in otto.reads()
    assert "1 package waits for @otto to confirm at npm." in request_of(world)
    assert "[Withdraw my approval]" in request_of(world)
    await otto.confirms(remember=True)
    await world.advance(seconds=10)
    running = request_of(world)
    assert "a minute · about 1 minute left" in running
    await run_through_rest(world)
    report = request_of(world)
    assert "✅ 11 packages applied. *Publish through them before Wed 14:" in report
    assert "❌ Another configuration overlaps" in report
    assert f"1 package: {DOZEN[3]}" in report
    assert "[Replace what overlaps…]" in report
    assert creates(world) == 11
    [file] = [file for file in world.slack.files.values() if file.content is not None]
    assert file.channel == GENERAL[0]
    assert file.id in str(world.slack.workspace.replies(message_of(world), sam.id))
    table = list(csv.DictReader(StringIO((file.content or b"").decode("utf-8-sig"))))
    assert [row["package"] for row in table] == [f"'{name}" for name in DOZEN]  # no cell is a formula
    assert [row["state"] for row in table].count("applied") == 11
    assert table[0]["approved by"] == otto.id
    assert "Your request C-1 has ended." in rita.reads("dm")
    await replace_what_overlaps(world, rita, otto)


async def replace_what_overlaps(world: World, rita: Actor, otto: Actor) -> None:
    """Rita asks from the report for the replacement of what stood in the way; it is read, decided on and made."""
    await rita.clicks("Replace what overlaps…")
    assert "Put what was asked for in the place of what overlaps with it, for 1 package." in rita.reads_form()
    assert await rita.submits(reason="any environment") == {}
    assert "I look at the 1 package of C-1: the preview comes by DM" in rita.reads()
    preview = rita.reads("dm")
    assert "acme/b → release.yml, Environment: any (publish), in the place of one that was named or read" in preview
    assert "Why: any environment · in #general" in preview
    await rita.clicks("Ask for 1", "dm")
    assert "First a reviewer must press *Look*" in request_of(world, 2)
    await otto.clicks("Look", about="C-2")
    if otto.links():
        await otto.confirms(remember=True)
    await world.settle(20)
    assert "the two overlap, so the old one is revoked first" in request_of(world, 2)
    await otto.clicks("Approve", about="C-2")
    await world.settle(20)
    if otto.links():
        await otto.confirms(remember=True)
    await world.settle(30)
    assert "now trusts acme/b → release.yml instead of configuration" in request_of(world, 2)
    [configuration] = world.registry.configurations(DOZEN[3])
    assert "environment" not in configuration["claims"]


async def run_through_rest(world: World) -> None:
    for _ in range(16):
        await world.advance(seconds=10)


async def test_details_are_a_view_with_pages_to_search_in(world: World) -> None:
    _, otto, _, sam = await stage_many(world, 12)
    await sam.clicks("Details")
    first = sam.reads_form()
    assert "12 changes, page 1 of 2" in first
    assert DOZEN[7] in first
    assert DOZEN[8] not in first
    second = await sam.clicks_form("Next page")
    assert "page 2 of 2" in second
    assert DOZEN[8] in second
    found = await sam.clicks_form("Search", search="KIT-1", state="review")
    assert "2 changes, page 1 of 1" in found
    assert sam.form()["search"] == "kit-1"
    assert "No change is like that." in await sam.clicks_form("Search", state="failed")
    assert await sam.submits() == {}
    assert "npm's maintainers: otto-npm (@otto)" in first
    await otto.forges("Details", "never issued")
    assert not otto.reads_form()


async def test_release_day_lets_a_repository_run_and_then_the_rest(world: World) -> None:
    rita, otto, _, sam = await stage_many(world, 12, hold=True)
    await otto.clicks("Approve…")
    await otto.submits()
    await world.advance(hours=100)  # longer than a request may wait for its approval
    assert "12 packages held until somebody presses *Run now*." in request_of(world)
    assert "12 packages are approved. Held: nothing is sent to npm before" in otto.reads()
    assert "✋" not in await sam.says("status C-1")  # neither for his login nor for anything else
    [until] = re.findall(r"until <!date\^(\d+)\^", str(message_of(world).blocks))
    assert int(until) >= (BEGINNING + HOLD_LIFE).timestamp()
    assert not world.trust_calls()
    assert "Only @rita, who asked, its reviewers and the admins can" in await sam.clicks("Run now: acme/b")
    await otto.says("login")
    await otto.logs_in()
    assert "\n12 held\n" in await rita.says("status C-1")
    told = await rita.clicks("Run now: acme/b")  # of that answer, which nobody can keep up to date
    assert "6 packages of C-1 are not held any more: they have until" in told
    [until] = re.findall(r"they have (until \w+ [\d:]+ UTC)\.", told)
    assert f"{until} · C-1" in request_of(world)
    assert "is asked by DM to press *I'm ready*, unless they are here now" in told
    assert await stored.rows(world, "SELECT key FROM surfaces WHERE problem != ''") == []
    assert "6 packages held" in request_of(world)
    await run_through(world, otto, 60)
    assert {made.package for made in world.registry.accepted_creates} == set(DOZEN[1::2])
    assert "Nothing of that is held in C-1 any more." in await rita.forges("Run now", f"{rita.value_of('Details')}:1")
    assert "6 packages of C-1 are not held" in await otto.clicks("Run now")
    await world.advance(seconds=60)


async def test_an_approval_of_many_says_what_it_waits_for_and_marks_each_message_once(world: World) -> None:
    for number in range(120):  # whose owners npm tells an account, and the public a part of them
        world.registry.add_package(SeedPackage(f"@acme/kit-{number:02}", ("otto-npm", "olga-npm"), "acme/a"))
    _, otto, _, _ = await stage_many(world, 120)
    assert world.app is not None
    statements: list[str] = []
    engine = world.app.services.database.engine
    event.listen(engine, "before_cursor_execute", lambda *said: statements.append(said[2]))
    await otto.clicks("Approve…")
    await otto.submits()
    assert "⏳ I ask npm who maintains the 120 packages of C-1 now, before your approval counts." in otto.reads_all()
    assert "👍 Your approval of 120 packages of C-1 counts." in otto.reads()
    marks = [said for said in statements if said.startswith("UPDATE surfaces") and "wanted=" in said]
    assert 0 < len(marks) < 60  # of the 120 steps none marks what all of them are shown in
    assert owners.SECONDS < LONGEST_WORK / 1.5  # else npm's slowness would end the approval itself

    statements.clear()
    await otto.says("logout")
    assert "120 in review" in request_of(world)
    assert len([said for said in statements if said.startswith("SELECT")]) < 120


async def test_who_approves_many_is_told_once_what_is_waited_for_however_often_it_is_tried(world: World) -> None:
    for number in range(120):
        world.registry.add_package(SeedPackage(f"@acme/kit-{number:02}", ("otto-npm", "olga-npm"), "acme/a"))
    _, otto, _, _ = await stage_many(world, 120)
    await otto.clicks("Approve…")
    for _ in range(4):
        world.slack.fail_next("users.info", retry_after=1)
    await otto.submits()
    for _ in range(6):
        await world.advance(seconds=30)
    assert otto.reads_all().count("I ask npm who maintains the 120 packages of C-1 now") == 1
    assert otto.reads_all().count("Your approval of 120 packages of C-1 counts.") == 1


async def test_where_nothing_is_ticked_npm_is_not_asked_about_all(world: World) -> None:
    _, otto, _, _ = await stage_many(world, 12)
    await otto.clicks("Approve…")
    before = world.registry.count_calls("/@acme%2fkit-")
    await otto.submits(group_0=[], group_1=[])
    assert "Nothing was ticked, so nothing of C-1 was decided." in otto.reads()
    assert world.registry.count_calls("/@acme%2fkit-") == before


async def test_how_long_it_takes_is_not_told_while_all_of_it_waits_for_a_person(world: World) -> None:
    world.settings["NPMTRUST_PACE_SECONDS"] = "30"
    await world.restart_bot()
    _, otto, *_ = await stage_many(world, 12)
    await otto.clicks("Approve…")
    await otto.submits()
    await run_through(world, otto, 120)
    assert "2 a minute · about" in request_of(world)
    await run_through_rest(world)  # npm asks again
    assert "1 package waits for @otto to confirm at npm." in request_of(world)
    assert "a minute" not in request_of(world)


async def test_a_thousand_steps_are_shown_decided_and_ended_within_slacks_limits(world: World) -> None:
    rita, otto, _, _ = await stage_many(world, 1000)
    assert world.app is not None
    assert "1000 packages in review: each needs 1 of @otto, and the maintainers of the others" in request_of(world)
    statements: list[str] = []
    engine = world.app.services.database.engine
    event.listen(engine, "before_cursor_execute", lambda *said: statements.append(said[2]))
    await otto.clicks("Approve…")
    assert "Yours to decide on: 1000 packages, in 2 groups; 1000 ticked." in otto.reads_form()
    assert "@acme/kit-398" in await otto.clicks_form("Packages")
    await otto.clicks_form("More")
    assert "@acme/kit-998" in await otto.clicks_form("More")
    await otto.clicks_form("Back")
    await rita.clicks("Details")
    assert "1000 changes, page 1 of 125" in rita.reads_form()
    await otto.clicks("Reject…")
    await otto.submits(reason="not now", group_0=["yes"], group_1=[])
    assert "500 packages of C-1 rejected" in otto.reads()
    assert "500 of 1000" in request_of(world)
    assert "C-1 is cancelled" in await rita.clicks("Cancel")
    report = request_of(world)
    assert "✋ 500 rejected, 500 cancelled: nothing changed at npm." in report
    reads = [said for said in statements if said.startswith("SELECT")]
    assert len(reads) < 1000  # none is done for each step, of which there are a thousand
    told = await rita.clicks("Revise what was rejected…", about="C-1")
    assert "The 500 packages that were rejected of C-1 are too many for a field of the form." in told
    assert rita.form()["reason"] == "=drop()"
    file = next(file for file in world.slack.files.values() if file.name == "C-1-rejected-1.txt")
    assert file.content
    lines = file.content.decode().splitlines()
    assert len(lines) == 500
    assert lines[0] == "github @acme/kit-00 --repo acme/a --file release.yml --allow-publish"
    assert await rita.submits(upload=[rita.uploads("changed.txt", file.content)]) == {}
    assert "500 packages can go on" in rita.reads_form()
