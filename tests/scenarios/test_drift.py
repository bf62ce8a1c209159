# ruff: noqa: E501 -- what people read is not wrapped
"""Drift: what npm's own list shows and npmtrust did not do, who is told of it, and what mends it."""

import pytest
from inline_snapshot import snapshot

from bot.domain.events import AuditKind
from bot.sandbox.cast import SeedPackage
from bot.sandbox.world import Actor, World
from tests.scenarios import stored
from tests.scenarios.asking import LINE, TRUSTED, link_olga, people, request_of, steady

pytestmark = pytest.mark.anyio

UI = "@acme/ui"
ELSEWHERE = {"repository": "mallory/ui", "workflow_ref": {"file": "release.yml"}}


async def pass_npm(reader: Actor) -> None:
    """Do what npm's links in the DM ask for."""
    while reader.links():
        if "Log in as" in reader.reads_all("dm"):
            await reader.logs_in()
        else:
            await reader.confirms(remember=True)


async def read_list(world: World, reader: Actor, package: str = UI) -> None:
    """Have npm's own list read through somebody's account, later than npm's lists lag."""
    await world.advance(minutes=10)
    await reader.says(f"list {package}", "dm")
    await pass_npm(reader)
    await world.settle()


def told(world: World, reader: Actor, channel: str = "dm") -> list[str]:
    """List what somebody sees of drift, oldest first and without bold."""
    texts = (world.slack.text_of(message) for message in reader.messages(channel) if not message.ephemeral)
    return [text.replace("*", "") for text in texts if text.startswith(("🧭", "☑️"))]


async def test_a_configuration_that_appeared_is_told_to_its_owners_and_revoked_from_there(world: World) -> None:
    rita, otto, _, sam = people(world)
    await otto.links_account("dm")
    await rita.says("watch @acme/*")
    await read_list(world, otto)
    assert told(world, otto) == []  # of the first list nobody can tell what is new
    id_ = world.registry.add_configuration(UI, "github", ELSEWHERE)
    await read_list(world, otto)
    [alarm] = told(world, otto)
    assert f", id {id_}" in alarm
    assert steady(world, alarm) == snapshot("""\
🧭 A trust configuration of @acme/ui appeared outside npmtrust
mallory/ui → release.yml, Environment: any (publish, stage), id eebc175d-…. It was not there Mon 14:10 UTC.
It was not made here.
Somebody with write access added it at npm. npm's list does not tell who, or when exactly. If nobody did, an account is in wrong hands.
[Revoke it…] [Acknowledge…] [Package on npm]
found in npm's own list, read as npm user otto-npm Mon 14:21 UTC · the others see it in #general\
""")
    [shown] = told(world, rita, "C0GENERAL")
    assert shown == snapshot("""\
🧭 A trust configuration of @acme/ui appeared outside npmtrust
What it is, maintainers whose npm account is linked are told by DM.
Somebody with write access added it at npm. npm's list does not tell who, or when exactly. If nobody did, an account is in wrong hands.
[Revoke it…] [Acknowledge…] [Package on npm]
found in npm's own list, read as npm user otto-npm Mon 14:21 UTC\
""")
    assert "mallory" not in shown + rita.reads_all()

    assert "Only maintainers of @acme/ui whose npm account is linked" in await sam.clicks("Revoke it…")
    assert "Who can: @otto" in sam.reads()
    await otto.clicks("Revoke it…")
    assert "Revoke mallory/ui → release.yml" in otto.reads_form()
    assert otto.form() == {"reason": "A trust configuration of @acme/ui appeared outside npmtrust."}
    assert await otto.submits() == {}
    assert f"@otto asks: revoke configuration {id_[:8]}… of @acme/ui" in request_of(world)

    await otto.clicks("Acknowledge…", "dm")
    assert await otto.submits(reason="Olga *tried* it") == {}
    assert "Acknowledged by @otto" in told(world, otto)[0]
    assert "“Olga \u2217tried\u2217 it”" in told(world, rita, "C0GENERAL")[0]
    assert not rita.sees_button("Revoke it…")
    world.registry.remove_configuration(UI, id_)
    await read_list(world, otto)
    assert "vanished outside npmtrust" in told(world, otto)[1]  # somebody had said that it is right
    again = world.registry.add_configuration(UI, "github", ELSEWHERE)
    await read_list(world, otto)
    world.registry.remove_configuration(UI, again)
    await read_list(world, otto)
    assert len(told(world, otto)) == 3
    assert "this is not so any more" in told(world, otto)[2]
    kinds = [kind for (kind,) in await stored.rows(world, "SELECT kind FROM audit_events")]
    assert (kinds.count(AuditKind.DRIFT_FOUND), kinds.count(AuditKind.DRIFT_ACKNOWLEDGED)) == (3, 1)


async def test_what_was_made_here_and_vanished_is_set_up_again_and_what_was_revoked_here_is_no_news(
    world: World,
) -> None:
    rita, otto, *_ = people(world)
    await otto.links_account("dm")
    await rita.says(LINE)
    await otto.clicks("Approve")
    await pass_npm(otto)
    assert TRUSTED in request_of(world)
    await read_list(world, otto)
    assert told(world, otto) == []
    [own] = world.registry.configurations(UI)
    world.registry.remove_configuration(UI, own["id"])
    await read_list(world, otto)
    [alarm] = told(world, otto)
    assert steady(world, alarm) == snapshot("""\
🧭 A trust configuration of @acme/ui vanished outside npmtrust
acme/ui → release.yml, Environment: any (publish, stage), id eebc175d-…. It was there Mon 14:10 UTC.
It was made here by @otto as npm user otto-npm Mon 14:00 UTC (C-1).
Somebody with write access revoked it at npm, or npm dropped it since nothing was published through it within two days. npm does not tell which.
[Set it up again…] [Acknowledge…] [Package on npm]
found in npm's own list, read as npm user otto-npm Mon 14:21 UTC\
""")
    await otto.clicks("Set it up again…", "dm")
    assert otto.form()["file"] == "release.yml"
    assert otto.form()["reason"].startswith("It vanished outside npmtrust")
    await otto.closes_form()
    world.registry.add_configuration(UI, "github", own["claims"])
    await read_list(world, otto)
    gone, appeared = told(world, otto)
    assert "npm's list shows" in gone
    assert "that this is not so any more" in gone
    assert "appeared outside npmtrust" in appeared


async def test_a_renamed_repository_is_replaced_and_a_maker_who_left_is_told_of(world: World) -> None:
    rita, otto, *_ = people(world)
    await otto.links_account("dm")
    await rita.says(LINE)
    await otto.clicks("Approve")
    await pass_npm(otto)
    await rita.says("watch @acme/*")
    world.forge.describe("acme/design", {"release.yml": "on: push"})
    world.forge.describe("acme/ui", {}, moved_to="acme/design")
    await world.advance(hours=1)
    await read_list(world, otto)
    [alarm] = told(world, otto)
    assert steady(world, alarm) == snapshot("""\
🧭 A trust configuration of @acme/ui names a repository that was renamed
acme/ui → release.yml, Environment: any (publish, stage), id eebc175d-….
It was made here by @otto as npm user otto-npm Mon 14:00 UTC (C-1).
Its repository is called acme/design now.
npm compares names exactly, so publishing through it fails; and whoever takes the old name could publish through it.
[Replace it…] [Acknowledge…] [Package on npm]
found in npm's own list, read as npm user otto-npm Mon 15:11 UTC · the others see it in #general\
""")
    await otto.clicks("Replace it…")
    assert await otto.submits() == {}
    assert "acme/design → release.yml" in request_of(world, 2)

    world.registry.add_package(SeedPackage(UI, ("olga-npm", "ana-npm"), "acme/ui"))
    olga = await link_olga(world)
    await world.advance(hours=2)
    _, left = told(world, rita, "C0GENERAL")
    assert steady(world, left) == snapshot("""\
🧭 A trust configuration of @acme/ui was made by somebody who has left its maintainers
What it is, maintainers whose npm account is linked are told by DM.
It goes on, whoever made it. Make sure that its repository is still in your hands.
[Revoke it…] [Acknowledge…] [Package on npm]
found in public data Mon 17:11 UTC\
""")
    assert steady(world, told(world, olga)[-1]) == snapshot("""\
🧭 A trust configuration of @acme/ui was made by somebody who has left its maintainers
acme/ui → release.yml, Environment: any (publish, stage), id eebc175d-….
It was made here by @otto as npm user otto-npm Mon 14:00 UTC (C-1), who is none of its maintainers any more. Maintainers now: olga-npm, ana-npm.
It goes on, whoever made it. Make sure that its repository is still in your hands.
[Revoke it…] [Acknowledge…] [Package on npm]
found in public data Mon 17:11 UTC · the others see it in #general\
""")
    assert "Only maintainers" in await otto.clicks("Revoke it…")
    await olga.clicks("Revoke it…", "dm")
    assert await olga.submits() == {}
    assert "@olga asks: revoke configuration" in olga.reads("dm")
