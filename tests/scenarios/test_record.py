"""The record in Slack: who sees what of it, page by page and as a file."""

import csv
import io
import re

import pytest

from bot.sandbox.world import World
from tests.scenarios import stored
from tests.scenarios.asking import ask, people

pytestmark = pytest.mark.anyio


async def asked_and_done(world: World) -> None:
    _, otto, _, _ = await ask(world)
    await otto.clicks("Approve")
    await otto.confirms()


async def test_what_happened_to_a_request_is_shown_to_who_has_a_part_in_it(world: World) -> None:
    await asked_and_done(world)
    rita, otto, olga, sam = people(world)
    shown = await rita.says("audit C-1")
    lines = [line for line in shown.splitlines() if line.startswith("•")]
    assert [line.split(" · ")[1:3] for line in lines][::-1] == [
        ["@rita", "asked"],
        ["@otto", "decided"],
        ["@otto", "step moved"],
        ["npmtrust", "step moved"],
        ["@otto", "call to npm began"],
        ["@otto", "call to npm ended"],
        ["npmtrust", "step moved"],
        ["@otto", "was sent a link of npm's"],
        ["@otto", "link of npm's ended"],
        ["@otto", "step moved"],
        ["npmtrust", "step moved"],
        ["@otto", "call to npm began"],
        ["@otto", "call to npm ended"],
        ["npmtrust", "step moved"],
    ]
    assert "in_review → ready" in lines[-3]
    assert (await otto.says("audit C-1")).splitlines()[:15] == shown.splitlines()[:15]
    assert (await sam.says("audit C-1")).startswith(
        "The record of C-1 is shown to who asked, who reviews or maintains it, and to the admins. Now: @otto, @rita"
    )
    assert "was refused · about: C-1 · action: read_record" in await otto.says("audit <@U0SAM>")
    assert (await rita.says("audit C-9")).startswith("There is no C-9 here.")
    assert "On record of @acme/ui, newest first" in await olga.says("audit @acme/ui")
    assert (await rita.says("audit @acme/ui")).startswith("The record of @acme/ui is shown to")
    assert (await rita.says("audit <@U0OTTO>")) == "What @otto did is shown to them and to the admins."


async def test_every_event_tells_the_delivery_that_caused_it(world: World) -> None:
    await asked_and_done(world)
    query = "SELECT e.kind, i.kind, i.person FROM audit_events e JOIN inbox i ON i.id = e.delivery_id ORDER BY e.id"
    assert await stored.rows(world, query) == [
        ("handoff.made", "command", "U0OTTO"),
        ("change_set.staged", "command", "U0RITA"),
        ("decision.made", "click", "U0OTTO"),
        ("step.moved", "click", "U0OTTO"),
    ]


async def test_who_is_no_admin_sees_of_everything_their_own(world: World) -> None:
    await asked_and_done(world)
    rita, otto, _, sam = people(world)
    assert "On record of @rita" in await rita.says("audit")
    assert "Nothing is on record of @sam." in await sam.says("audit")
    assert "On record of everything" in await otto.says("audit")
    assert "Nothing is on record of everything until" in await otto.says("audit --until 2026-11-22")
    assert "On record of everything since" in await otto.says("audit --since 2026-11-23 --until 2026-11-23")


async def test_a_long_record_is_turned_page_by_page(world: World) -> None:
    await asked_and_done(world)
    _, otto, _, sam = people(world)
    seen = [line for line in (await otto.says("audit")).splitlines() if line.startswith("•")]
    assert len(seen) == 15
    value = otto.value_of("Older")
    seen += [line for line in (await otto.clicks("Older")).splitlines() if line.startswith("•")]
    [(total,)] = await stored.rows(world, "SELECT count(*) FROM audit_events")
    assert len(seen) == total
    # A value that somebody else sends gives no right, and one that nobody was given is refused.
    assert await sam.forges("Details", value, action="audit_older") == (
        "Nothing is on record of @sam.\n`/npmtrust help audit` tells what can be asked for."
    )
    assert "is shown to who asked" in await sam.forges("Details", "99;;;C-1", action="audit_older")
    for forged in ("x", "1;2", "1;;;C-x"):
        assert "This button is not one of mine" in await otto.forges("Older", forged)


async def test_a_file_of_the_record_comes_by_dm_and_is_on_record(world: World) -> None:
    await asked_and_done(world)
    rita, otto, _, sam = people(world)
    assert await otto.says("audit @acme/ui --csv") == "The record of @acme/ui comes to you as a file, by DM."
    assert otto.reads("dm").startswith("The record of @acme/ui, as CSV: in the thread.")
    (file,) = world.slack.files.values()
    assert file.name == "npmtrust-record-acme-ui-2026-11-23.csv"
    assert file.content
    header, *rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert {row[header.index("package")] for row in rows} == {"'@acme/ui"}
    assert (await sam.says("audit C-1 --csv")).startswith("The record of C-1 is shown to")
    assert len(world.slack.files) == 1
    assert "exported the record" in await otto.says("audit @acme/ui")
    assert rita.reads("dm") != otto.reads("dm")


async def test_the_record_is_sealed_and_the_digest_shows_its_head(world: World) -> None:
    _, otto, _, _ = people(world)
    await asked_and_done(world)
    await world.settle(seconds=60)
    [(events,)] = await stored.rows(world, "SELECT count(*) FROM audit_events")
    assert await stored.rows(world, "SELECT count(*), max(number) FROM audit_seals") == [(events, events)]
    await otto.says("watch @acme/*")
    await world.advance(days=7)
    found = re.search(r"The record is sealed up to `(\d+):([0-9a-f]{16})`", otto.reads_all())
    assert found
    query = f"SELECT number FROM audit_seals WHERE digest LIKE '{found[2]}%'"  # noqa: S608
    assert await stored.rows(world, query) == [(int(found[1]),)]


async def test_an_event_that_is_removed_at_once_has_its_seal_all_the_same(world: World) -> None:
    *_, sam = people(world)
    await sam.says("audit @acme/ui")
    [(event,)] = await stored.rows(world, "SELECT id FROM audit_events WHERE kind = 'action.denied'")
    await stored.write(world, f"DELETE FROM audit_events WHERE id = {event}")  # noqa: S608 -- our own number
    await world.stop_bot()  # its last act is to seal what it remembers
    await world.start_bot()
    assert await stored.rows(world, f"SELECT count(*) FROM audit_seals WHERE event_id = {event}") == [(1,)]  # noqa: S608
    await sam.says("audit @acme/ui")
    await world.settle(seconds=2)
    [(newest,)] = await stored.rows(world, "SELECT max(id) FROM audit_events")
    assert await stored.rows(world, "SELECT max(event_id) FROM audit_seals") == [(newest,)]
