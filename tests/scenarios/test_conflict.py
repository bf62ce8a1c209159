# ruff: noqa: E501 -- what people read is not wrapped
"""A conflict: what stands is shown to who may see it, and replaced when somebody asks for it."""

import pytest
from inline_snapshot import snapshot

from bot.sandbox.cast import STRANGER
from bot.sandbox.world import World
from tests.scenarios.asking import request_of
from tests.scenarios.replacing import OLD, cast, standing

pytestmark = pytest.mark.anyio


async def test_a_conflict_shows_both_and_leads_to_a_replacement(world: World) -> None:
    sam = world.person(STRANGER)
    rita, otto = await cast(world, sam)
    extra = world.registry.add_configuration("@acme/ui", "github", OLD)
    await rita.says("github @acme/ui --repo acme/old --file release.yml --env npm --allow-publish --reason narrower")
    await otto.approves()
    await otto.confirms(remember=True)
    await world.advance(minutes=3)
    told = request_of(world)
    assert told == snapshot("""\
❌ *@acme/ui: nothing changed.*
Another configuration overlaps with acme/old → release.yml. npm: "a trusted publisher configuration that a token could also match already exists for this package; list the package trusted publishers to find it"
Details shows both, to who may see them; *Replace it…* asks to put the new one in its place.
asked @rita · approved and run by @otto Mon 14:03 UTC · C-1
[Details] [Replace it…]
To go on, type:
/npmtrust list @acme/ui\
""")
    details = await otto.clicks("Details")
    assert "Stands already: acme/old → release.yml, Environment: any (publish, stage), id" in details
    assert "What is asked for: acme/old → release.yml, Environment: npm (publish)" in details
    assert "Stands already" not in await sam.clicks("Details")
    for forged in ("x", otto.value_of("Replace it")[:-1] + "1", otto.value_of("Details")):
        assert "This button is not one of mine" in await rita.forges("Replace it", forged)
    await sam.clicks("Replace it")
    assert f"replace configuration {extra[:8]}… of @acme/ui with acme/old → release.yml" in sam.reads_form()
    assert sam.form() == {"reason": "narrower"}
    assert await sam.submits(reason="as C-1 says") == {}
    second = request_of(world, 2)
    assert f"@sam asks: replace configuration {extra[:8]}… of @acme/ui with acme/old → release.yml" in second
    assert "Why: as C-1 says" in second
    await rita.clicks("Replace it")
    await rita.submits(reason="me too")
    assert "The same is asked for @acme/ui already, in C-2" in rita.reads_all()
    await otto.clicks("Look")  # within the five minutes in which npm does not ask again
    await otto.approves()
    assert standing(world) == [("acme/old", "npm")]


async def test_a_guest_cannot_ask_for_a_replacement(world: World) -> None:
    sam = world.person(STRANGER)
    rita, otto = await cast(world)
    world.registry.add_configuration("@acme/ui", "github", OLD)
    world.registry.add_configuration("@acme/Legacy", "github", OLD)
    await rita.says("github @acme/ui @acme/Legacy --repo acme/old --file release.yml --env npm --allow-publish")
    await otto.approves()
    await otto.confirms(remember=True)
    await world.advance(minutes=3)
    world.slack.people[sam.id].is_restricted = True
    assert "Guests can neither ask" in await sam.clicks("Replace it")
    values = [f"{rita.value_of('Details')}:{position}" for position in (0, 1)]
    await rita.forges("Replace it", values[1])  # each of several has its own
    assert "of @acme/Legacy with" in rita.reads_form()
