"""`list` of many packages: one message, behind everything that people wait for, and what differs at its end."""

import asyncio
import csv
import io
import json
from pathlib import Path

import pytest

from bot.sandbox.cast import GENERAL, OWNER, REQUESTER, STRANGER, SeedPackage
from bot.sandbox.exchanges import Stage
from bot.sandbox.registry import SimulatedRegistry
from bot.sandbox.registry_switches import Fault, Windows
from bot.sandbox.slack import LocalSlack
from bot.sandbox.slack_state import SlackMessage
from bot.sandbox.world import Actor, World
from tests.patience import PATIENCE
from tests.scenarios.asking import LINE
from tests.scenarios.child import find_button, open_child

pytestmark = pytest.mark.anyio

FEW = 12


def publish_many(registry: SimulatedRegistry, number: int = FEW) -> list[str]:
    """Otto maintains packages of which every second one trusts a workflow; of one more he is only a reader."""
    names = [f"@many/p{place:02}" for place in range(number)]
    for place, name in enumerate(names):
        registry.add_package(SeedPackage(name, ("otto-npm",), "many/ui"))
        if place % 2:
            claims = {"repository": f"many/r{place}", "workflow_ref": {"file": "release.yml"}}
            registry.add_configuration(name, "github", claims)
    registry.add_package(SeedPackage("@many/other", ("olga-npm",), "many/ui"))
    registry.add_package(SeedPackage("@many/own", ("otto-npm",), "many/ui", private=True))
    return names


async def begin(world: World, line: str = "list @many/*") -> tuple[Actor, Actor]:
    rita, otto = world.person(REQUESTER), world.person(OWNER)
    world.registry.state.accounts["otto-npm"].email = OWNER.email
    await otto.links_account()
    await otto.says(line)
    return rita, otto


def surveys_in(slack: LocalSlack) -> list[SlackMessage]:
    shown = slack.messages(slack.dm(OWNER.slack_id), OWNER.slack_id)
    return [each for each in shown if "own lists of" in slack.text_of(each) and not each.ephemeral and each.blocks]


def survey_in(slack: LocalSlack) -> SlackMessage:
    [found] = surveys_in(slack)
    return found


def file_in(slack: LocalSlack, message: SlackMessage) -> str:
    [file] = [slack.files[file["id"]] for reply in slack.replies(message, OWNER.slack_id) for file in reply.files]
    return (file.content or b"").decode("utf-8-sig")


def rows_of(slack: LocalSlack, message: SlackMessage) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file_in(slack, message), newline="")))


def order_of(world: World, since: int) -> list[str]:
    return [f"{call.method} {call.path.split('/')[3]}" for call in world.trust_calls()[since:] if call.status < 300]


async def test_many_lists_are_read_behind_all_else_and_end_in_one_message_with_a_file(world: World) -> None:
    names = publish_many(world.registry)
    odd = world.registry.add_configuration(
        "@many/p00", "buildkite", {"pipeline": "=cmd()"}, ("fly",), extra={"expires": "2027"}
    )
    rita, otto = await begin(world)
    assert "I read npm's own lists of 13 packages of @many/" in otto.reads()
    message = survey_in(world.slack)
    told = world.slack.text_of(message)
    assert "0 of 13" in told
    assert "Waits for you at npm: the link is in this DM." in told
    assert "14 known; list confirmed by @otto" in told
    assert "1 that your npm account may not change are left out" in told
    assert "read the configurations of 13 packages" in otto.reads_all("dm")
    assert "13 calls, as npm user otto-npm. Tick npm's" in otto.reads_all("dm")
    assert "I am at it already" in await otto.says("list @many/*")
    await rita.says(LINE)
    since = len(world.trust_calls())
    await otto.confirms(remember=True)
    assert "a minute · about" in world.slack.text_of(survey_in(world.slack))
    await otto.clicks("Approve")  # neither waits behind the long list
    await otto.says("list @acme/core")
    await world.restart_bot()
    await world.settle(60)
    calls = order_of(world, since)
    assert max(calls.index("POST @acme%2fui"), calls.index("GET @acme%2fcore")) < 8
    assert sorted(calls) == sorted(
        ["POST @acme%2fui", "GET @acme%2fcore", *(f"GET {name.replace('/', '%2f')}" for name in (*names, "@many/own"))]
    )
    told = world.slack.text_of(message := survey_in(world.slack))
    assert "✅ *npm's own lists of 13 packages of @many/" in told
    assert "7 with a trusted publisher · 6 without · 0 not read" in told
    assert "Configurations: github 6, buildkite 1" in told
    assert f"buildkite: pipeline==cmd() (fly, stage), id {odd}" in told
    assert "💤 Set up, and the newest version did not come through it:" not in told  # nobody has read the public data
    rows = rows_of(world.slack, message)
    assert [row["package"].lstrip("'") for row in rows] == sorted([*names, "@many/own"])
    rows = rows[1:]
    assert (rows[0]["provider"], rows[0]["claims"]) == ("buildkite", '{"pipeline": "=cmd()"}')
    assert (rows[0]["permissions"], rows[0]["other"]) == ("fly createStagedPackage", '{"expires": "2027"}')
    assert (rows[1]["repository"], rows[1]["configurations"], rows[2]["configurations"]) == ("many/r1", "1", "0")
    assert "Packages 11 to 13 of 13" in await otto.clicks("Next page", "dm")
    assert "@many/p11" in otto.reads("dm")
    assert "@many" not in rita.reads_all()


async def test_what_differs_from_the_last_reading_is_told_and_what_was_done_here_is_not_news(world: World) -> None:
    publish_many(world.registry, 4)
    rita, otto = await begin(world, "list @many/* @acme/core --json")
    await otto.confirms(remember=True)
    await world.settle(30)
    document = json.loads(file_in(world.slack, survey_in(world.slack)))
    assert [each["package"] for each in document] == [
        "@acme/core",
        *("@many/own", "@many/p00", "@many/p01", "@many/p02", "@many/p03"),
    ]
    await rita.says("github @many/p00 --repo many/ui --file release.yml --allow-publish")
    assert "npm's own list read" in otto.reads()  # its age is for everybody, what it showed is not
    assert "Stood at npm" in await otto.clicks("Details")
    assert "Stood at npm" not in await world.person(STRANGER).clicks("Details")
    await otto.clicks("Approve")
    [gone] = world.registry.configurations("@many/p01")
    world.registry.remove_configuration("@many/p01", gone["id"])
    new = world.registry.add_configuration("@many/p02", "github", {"repository": "else/where"})
    await world.advance(minutes=3)
    world.registry.publish("@many/p03", "2.0.0", by="otto-npm")
    await otto.says("coverage @many/*", "dm")
    await otto.says("list @many/p*", "dm")  # in the window that is still open
    await world.settle(30)
    told = otto.reads_all("dm")
    assert "2 packages differ from when I last read them" in told
    assert f"• @many/p01: many/r1 → release.yml, Environment: any (publish, stage), id {gone['id']} is gone" in told
    assert f"@many/p02: github: repository=else/where (publish, stage), id {new} appeared" in told
    assert "💤 Set up, and the newest version did not come through it: @many/p00, @many/p02, @many/p03" in told


async def test_it_can_be_stopped_waits_for_its_person_and_says_what_could_not_be_read(world: World) -> None:
    publish_many(world.registry)
    world.registry.switches.windows = Windows.NONE
    _, otto = await begin(world, "list @many/p0*")
    await otto.confirms()
    assert "npm asks this session for each read: 9 links to come" in world.slack.text_of(survey_in(world.slack))
    await otto.clicks("Later", "dm")
    assert "Waits for you: press *I'm ready*" in world.slack.text_of(survey_in(world.slack))
    await otto.clicks("I'm ready", "dm", about="own lists of")
    world.registry.fail(Fault.FORBIDDEN, method="GET")
    await otto.confirms()
    assert "1 package not read: npm does not show them to your account" in world.slack.text_of(survey_in(world.slack))
    stop = otto.value_of("Stop", "dm")
    await otto.clicks("Stop", "dm")
    assert "⏹ Stopped after 1 of 10 packages" in otto.reads("dm")
    told = world.slack.text_of(message := survey_in(world.slack))
    assert "8 packages not read: it was stopped" in told
    assert len(rows_of(world.slack, message)) == 10
    calls = len(world.trust_calls())
    await world.advance(hours=1)
    assert len(world.trust_calls()) == calls
    sam = world.person(STRANGER)
    await sam.says("list @many/*")
    assert not world.trust_calls()[calls:]
    assert "link your npm account to read npm's own list" in sam.reads_all()
    assert "[Link my npm account]" in sam.reads_all()
    await sam.links_account()
    assert "your npm account may change none" in await sam.says("list @many/*")
    assert "This button is not one of mine" in await sam.forges("Link my npm account", stop, action="survey_stop")


async def test_killed_in_the_middle_it_goes_on_where_it_was(tmp_path: Path) -> None:
    async with open_child(tmp_path) as child:
        publish_many(child.registry, 8)
        used: set[str] = set()
        killed = asyncio.Event()

        async def kill(_name: str, stage: Stage) -> None:
            if stage is Stage.ACTED and child.registry.count_calls("/trust", status=200) == 3 and not killed.is_set():
                killed.set()
                child.kill()

        async def find_link() -> str:
            while True:
                for message in child.messages(child.slack.dm(OWNER.slack_id)):
                    button = find_button(message, "open_npm")
                    if button and button["url"] not in used:
                        used.add(button["url"])
                        return button["url"]
                await child.next_change()

        async with asyncio.timeout(PATIENCE):
            child.registry.on_exchange = kill
            child.registry.state.accounts["otto-npm"].email = OWNER.email
            await child.says(OWNER.slack_id, "login")
            child.registry.log_in(await find_link(), "otto-npm")
            while "is npm user" not in str([child.slack.text_of(each) for each in child.messages(GENERAL[0])]):
                await child.next_change()
            await child.says(OWNER.slack_id, "list @many/p*")
            child.registry.confirm(await find_link(), "otto-npm", remember=True)
            while not any(child.slack.replies(each, OWNER.slack_id) for each in surveys_in(child.slack)):
                await child.next_change()
        assert child.kills == 1
        rows = rows_of(child.slack, survey_in(child.slack))
        assert [row["configurations"] for row in rows] == ["0", "1"] * 4
        assert child.registry.count_calls("/trust", status=200) in {8, 9}  # the one whose answer was lost comes again
