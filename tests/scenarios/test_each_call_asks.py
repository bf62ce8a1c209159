"""What npm asks a session for: three worlds, learned from its answers. Where each call asks: a script for the rest."""

import shlex
from typing import Any

import pytest

from bot.sandbox.cast import OWNER, REQUESTER, SECOND_OWNER, STRANGER, SeedPackage
from bot.sandbox.registry_switches import Windows
from bot.sandbox.world import Actor, World

pytestmark = pytest.mark.anyio

NAMES = ("one", "two", "three")
BATCH = f"github {' '.join(NAMES)} --repo acme/mono --file release.yml --allow-publish"
END = " && sleep 2"
CLAIMS = {"repository": "acme/mono", "workflow_ref": {"file": "release.yml"}}
OTHER = {"repository": "acme/mono", "workflow_ref": {"file": "release.yml"}, "environment": "other"}


async def stage(world: World, windows: Windows, line: str = BATCH) -> tuple[Actor, Actor]:
    """Publish three packages of Otto's, link him, and let Rita ask for all three."""
    world.registry.switches.windows = windows
    for name in NAMES:
        world.registry.add_package(SeedPackage(name, ("otto-npm", "olga-npm"), "acme/mono"))
    rita, otto = world.person(REQUESTER), world.person(OWNER)
    await otto.links_account()
    await rita.says(line)
    return rita, otto


async def take_script(otto: Actor) -> list[str]:
    """Approve, confirm the first call, and take the rest as lines."""
    await otto.approves()
    await otto.confirms(remember=True)
    await otto.clicks("Run them in my terminal", "dm")
    return lines_of(otto)


def lines_of(person: Actor) -> list[str]:
    """Read the lines to run, as they are copied."""
    elements = [
        element
        for message in person.messages("dm")
        for block in message.blocks
        if block["type"] == "rich_text"
        for element in block["elements"]
    ]
    text = "\n".join(part["text"] for element in elements for part in element["elements"])
    return [line for line in text.splitlines() if line.startswith("npm trust")]


def run_by_hand(world: World, package: str, claims: dict[str, Any] = CLAIMS) -> str:
    """Do what a line does."""
    return world.registry.add_configuration(package, "github", claims)


def calls(world: World, method: str = "POST") -> list[str]:
    return [f"{call.path.split('/')[3]} {call.status}" for call in world.trust_calls(method)]


async def test_a_window_for_every_method_is_learned_and_said_before_the_next_batch(world: World) -> None:
    rita, otto = await stage(world, Windows.ALL)
    assert "is not known yet" in await otto.says("whoami", "dm")
    told = await otto.approves()
    assert "3 calls. Whether npm asks you to confirm each of them is not known yet in this session." in told
    assert '3 calls, as npm user otto-npm. Tick npm\'s "do not ask again for 5 minutes": it may spare' in otto.reads(
        "dm"
    )
    await otto.confirms(remember=True)
    await world.settle(10)
    assert len(world.registry.accepted_creates) == 3
    told = await otto.says("whoami", "dm")
    assert "After a confirmation, in this session: setting up: npm let the next call pass (Mon 14:00 UTC)." in told
    await world.advance(minutes=5)
    await rita.says("github one two --repo acme/other --file release.yml --allow-publish")
    told = await otto.approves(about="C-2")
    assert "2 calls. In this session npm let calls pass that followed a confirmation." in told
    assert "in this session npm did not ask for the next call then." in otto.reads("dm")
    assert not otto.sees_button("Run them", "dm")
    await otto.says("logout", "dm")
    await otto.links_account()  # another session, of which nothing is known
    assert "is not known yet" in await otto.says("whoami", "dm")


async def test_what_is_learned_belongs_to_one_method_of_one_session(world: World) -> None:
    _, otto = await stage(world, Windows.READS)
    await otto.says("list one two", "dm")
    await otto.confirms(remember=True)
    await otto.approves()
    asked = otto.reads("dm")
    assert "3 calls, as npm user otto-npm" in asked  # a list tells nothing of how npm asks for creates
    assert "it may spare you the other confirmations" in asked
    await otto.confirms(remember=True)
    told = await otto.says("whoami", "dm")
    assert "setting up: npm asked again for the next call (Mon 14:00 UTC)" in told
    assert "reading npm's list: npm let the next call pass (Mon 14:00 UTC)" in told
    assert "revoking" not in told


async def test_where_each_call_asks_the_dm_says_how_many_remain_and_each_gets_its_link(world: World) -> None:
    _, otto = await stage(world, Windows.NONE)
    await otto.approves()
    await otto.confirms(remember=True)
    asked = otto.reads("dm")
    assert "2 calls remain, this one included, as npm user otto-npm." in asked
    assert "npm asked again soon after your last confirmation. Tick" in asked
    assert "Or run 2 of them in your own terminal, by lines that I write" in asked
    await otto.confirms(remember=True)
    asked = otto.reads("dm")
    assert "One call, as npm user otto-npm." in asked
    assert not otto.sees_button("Run them", "dm")  # one link is less trouble
    await otto.confirms()
    assert len(world.registry.accepted_creates) == 3
    assert not otto.links()


async def test_the_script_settles_what_was_run_and_what_something_else_stands_in_the_way_of(world: World) -> None:
    rita, otto = await stage(world, Windows.READS)
    lines = await take_script(otto)
    registry = f"{world.registry.url}/"
    assert lines == [
        f"npm trust github {name} --repo=acme/mono --file=release.yml --allow-publish --yes --registry={registry}{END}"
        for name in NAMES[1:]
    ]
    told = otto.reads_all("dm")
    assert "In your own terminal: let acme/mono → release.yml publish two" in told
    assert "*Run in your own terminal: 2 calls*" in told
    assert f"As npm user *otto-npm*: `npm whoami --registry={registry}` must say so." in told
    assert "I make none of these calls while they are yours." in told
    assert "Waits for @otto, who runs it in their own terminal, as npm user otto-npm." in rita.reads_all()
    before = calls(world)
    await world.advance(minutes=6)
    assert calls(world) == before  # nobody else's now
    assert not otto.links()
    run_by_hand(world, "two")
    run_by_hand(world, "three", OTHER)  # something else than what was approved
    await otto.clicks("I ran it", "dm")
    assert "I read npm's lists of those 2 packages with your account now." in otto.reads_all("dm")
    assert "this lets me look at npm's list" in otto.reads_all("dm")
    await otto.confirms(remember=True)
    await world.settle(10)
    shown = otto.reads_all("dm")
    assert "✅ npm has it · let acme/mono → release.yml publish two · C-1" in shown
    assert (
        "⏳ I look at npm's list · let acme/mono → release.yml publish three" in shown
    )  # an early list says nothing of what is not there
    await world.advance(minutes=2, seconds=5)
    shown = otto.reads_all("dm")
    assert "*You ran 2 calls in your own terminal*" in shown
    assert "⚠️ Not there: another configuration is in its way · let acme/mono → release.yml publish three" in shown
    assert "two now trusts acme/mono → release.yml" in rita.reads_all()
    assert "approved and run by @otto in their own terminal" in rita.reads_all()
    assert [create.package for create in world.registry.accepted_creates] == ["one"]


async def test_all_that_was_run_is_found_at_once_and_nothing_is_sent_again(world: World) -> None:
    rita, otto = await stage(world, Windows.READS)
    await take_script(otto)
    for name in NAMES[1:]:
        run_by_hand(world, name)
    await otto.clicks("I ran it", "dm")
    await world.settle(10)
    assert otto.reads_all("dm").count("✅ npm has it") == 2
    assert "3 done" in rita.reads_all()
    assert [create.package for create in world.registry.accepted_creates] == ["one"]


async def test_none_of_it_was_run_and_reads_ask_as_well_so_each_package_is_looked_at_once(world: World) -> None:
    _, otto = await stage(world, Windows.NONE)
    await otto.says("list one two", "dm")
    await otto.confirms(remember=True)
    await otto.confirms(remember=True)
    await take_script(otto)
    assert "npm asks this session for each read too, so each package that I look at needs a link." in otto.reads_all(
        "dm"
    )
    reads = len(world.trust_calls("GET"))
    await otto.clicks("I ran it", "dm")
    await world.advance(minutes=1)
    assert len(world.trust_calls("GET")) == reads  # an early list could not tell, and costs a link
    await world.advance(minutes=1, seconds=5)
    await otto.confirms()
    assert otto.reads_all("dm").count("🔁 Not seen there: it goes on here, by a link") == 1
    for _ in range(3):
        await otto.confirms()
    assert otto.reads_all("dm").count("✅ npm has it") == 2
    assert len(world.trust_calls("GET")) == reads + 4  # each asked for, then read
    assert [create.package for create in world.registry.accepted_creates] == list(NAMES)


async def test_a_script_is_its_persons_alone_and_its_button_counts_once(world: World) -> None:
    _, otto = await stage(world, Windows.READS)
    sam = world.person(STRANGER)
    await otto.approves()
    await otto.confirms(remember=True)
    handoff = otto.value_of("Run them", "dm")
    assert "made for somebody else" in await sam.forges("Details", handoff, action="handoff_script")
    assert "not one of mine" in await sam.forges("Details", "made-up", action="handoff_script")
    assert not lines_of(otto)
    await otto.clicks("Run them", "dm")
    assert "Those 2 calls are yours to run now" in otto.reads_all("dm")
    assert "This link is over" in await otto.forges("Details", handoff, action="handoff_script")
    script = otto.value_of("I ran it", "dm")
    assert "made for somebody else" in await sam.forges("Details", script, action="script_ran")
    assert "not one of mine" in await sam.forges("Details", "made-up", action="script_ran")
    assert otto.sees_button("I ran it", "dm")
    await otto.clicks("I ran it", "dm")
    assert "You told me already" in await otto.forges("Details", script, action="script_ran")


async def test_what_was_handed_out_is_cancelled_only_when_a_list_shows_that_nobody_ran_it(world: World) -> None:
    rita, otto = await stage(world, Windows.READS)
    await take_script(otto)
    run_by_hand(world, "three")
    assert "stops if npm has not acted" in await rita.clicks("Cancel")
    assert "Not to be run any more: 2 calls" in otto.reads_all("dm")
    assert not lines_of(otto)
    await world.advance(minutes=2, seconds=10)
    shown = otto.reads_all("dm")
    assert shown.count("⏹ Stopped, and npm does not have it") == 1
    assert "✅ npm has it · let acme/mono → release.yml publish three" in shown
    assert [create.package for create in world.registry.accepted_creates] == ["one"]


async def test_another_reviewer_who_takes_over_looks_first_at_what_may_have_been_run(world: World) -> None:
    _, otto = await stage(world, Windows.READS)
    world.registry.state.accounts["olga-npm"].email = SECOND_OWNER.email
    olga = world.person(SECOND_OWNER)
    await olga.links_account()
    await take_script(otto)
    run_by_hand(world, "two")
    await olga.clicks("Run with my account")
    assert "Not to be run any more: 2 calls" in otto.reads_all("dm")
    await olga.confirms(remember=True)
    await world.advance(minutes=2, seconds=10)
    assert "two now trusts acme/mono → release.yml" in olga.reads_all()
    assert "run by @otto in their own terminal" in olga.reads_all()
    await olga.confirms()
    assert [(create.package, create.npm_user) for create in world.registry.accepted_creates] == [
        ("one", "otto-npm"),
        ("three", "olga-npm"),
    ]


async def test_a_request_whose_time_runs_out_while_it_is_in_a_terminal_is_looked_at_before_it_ends(
    world: World,
) -> None:
    rita, otto = await stage(world, Windows.READS)
    await take_script(otto)
    run_by_hand(world, "two")
    await world.advance(days=3)
    assert "Expired" not in rita.reads_all()  # nobody knows yet
    await otto.clicks("I'm ready", "dm")
    await otto.logs_in()
    await otto.confirms(remember=True)
    await world.advance(minutes=2, seconds=10)
    shown = rita.reads_all()
    assert "two now trusts acme/mono → release.yml" in shown
    assert "1 ended without change" in shown
    assert [create.package for create in world.registry.accepted_creates] == ["one"]


HOSTILE = "prod; $(touch owned) 'x' \"y\" `z` \\"


async def test_every_value_is_one_word_to_a_shell_and_what_cannot_be_shown_stays_with_links(world: World) -> None:
    _, otto = await stage(world, Windows.READS, BATCH)
    rita = world.person(REQUESTER)
    world.registry.add_package(SeedPackage("~odd'name!", ("otto-npm",), "acme/mono"))
    doomed = run_by_hand(world, "@acme/tokens")
    await rita.says(f"revoke @acme/tokens --id {doomed}")
    await otto.clicks("Look", about="C-2")
    await otto.confirms(remember=True)
    quoted = HOSTILE.replace("\\", "\\\\").replace('"', '\\"').replace("`", "")
    await rita.says(f'gitlab "~odd\'name!" --project acme/a/b --file ci.yml --env "{quoted}" --allow-stage-publish')
    for number in (1, 2, 3):
        await otto.approves(about=f"C-{number}")
    await otto.confirms(remember=True)
    assert "*Confirm at npm: revoke configuration" in otto.reads("dm")
    assert not otto.sees_button("Run them", "dm")  # how npm asks for a revoke is not known
    await otto.confirms(remember=True)
    await otto.clicks("Run them", "dm")
    lines = lines_of(otto)
    words = [shlex.split(line) for line in lines]
    assert all(line[-3:] == ["&&", "sleep", "2"] for line in words)
    assert words[-1][:4] == ["npm", "trust", "gitlab", "~odd'name!"]
    assert f"--environment={HOSTILE.replace('`', '')}" in words[-1]
    assert "--allow-stage-publish" in words[-1]


async def test_a_replacement_is_no_line_of_a_script_and_it_is_said_why(world: World) -> None:
    rita, otto = await stage(world, Windows.NONE)
    world.registry.add_configuration("@acme/ui", "github", OTHER)
    await rita.says("replace @acme/ui --from-repo acme/mono with github --repo acme/ui --file ui.yml --allow-publish")
    await otto.clicks("Look")
    await otto.confirms()
    await otto.approves(about="C-2")
    await otto.clicks("Later", "dm")
    await otto.approves(about="C-1")
    await otto.confirms()
    await otto.clicks("Run them in my terminal", "dm")
    told = otto.reads_all("dm")
    assert "1 replacement is left out on purpose, and goes on here by links: I look at npm's list before" in told
    assert not any("@acme/ui" in line for line in lines_of(otto))
    assert len(lines_of(otto)) == 2
