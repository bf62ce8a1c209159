"""Many packages at once: handed in as a file or as lines, checked, and asked for together."""

import csv
import io
import json

import pytest

from bot.sandbox.cast import GENERAL, OWNER, REQUESTER, STRANGER
from bot.sandbox.slack_payloads import Typed
from bot.sandbox.world import Actor, World
from tests.scenarios import stored

pytestmark = pytest.mark.anyio

EXCEL = (
    "\ufeffPackage;Repository;Permissions;Owner\r\n"
    "@acme/ui;acme/ui;publish stage;rita\r\n"
    "\r\n"
    '"@acme/core";"acme/core\n";;\r\n'
    "=cmd();acme/x;;\r\n"
    "@acme/ui;acme/ui;stage publish;otto\r\n"
    "@acme/log;acme/log;pubish;\r\n"
).encode()
TOKEN = "npm_abcdefghijklmnopqrstuvwxyz0123456789"


async def hands_in(who: Actor, name: str, content: bytes, **fields: str | list[str]) -> str:
    """Put a file into the form and send it; tell what the form shows then."""
    await who.says("bulk")
    assert await who.submits(upload=[who.uploads(name, content)], **fields) == {}
    return who.reads_form()


async def test_a_file_is_checked_mended_and_becomes_a_batch(world: World) -> None:
    rita, sam = world.person(REQUESTER), world.person(STRANGER)
    await rita.says("bulk")
    assert list(await rita.submits()) == ["lines"]  # nothing to read
    view, file = world.slack.view(rita.id), rita.uploads("packages.csv", EXCEL)
    assert view is not None
    filled: Typed = {"upload": {"value": [file]}, "file": {"value": "release.yml"}, "reason": {"value": "drop tokens"}}
    assert (await world.slack.submit(rita.id, view["id"], filled)).ok
    assert "Reading what you handed in" in rita.reads_form()  # before anything was done
    await world.restart_bot()
    await world.settle()
    shown = rita.reads_form()
    assert "packages.csv*: 2 packages can go on; something is wrong in 2 rows." in shown
    assert "1 double merged" in shown
    assert "Row 5, package*: npm has no packages with such a name. Came: `=cmd()`" in shown
    assert "Row 7, permissions*: There is no such permission. Came: `pubish`. Did you mean `publish`?" in shown
    assert "no such column: Owner." in shown
    assert list(await rita.submits()) == ["leave-out"]
    assert "1 package can go on" not in sam.reads_all("dm")

    await rita.clicks_form("Change what I wrote")
    assert rita.form() | {"upload": ""} == {
        "upload": "", "lines": "", "provider": ["github"], "file": "release.yml", "repository": "",
        "environment": "", "permissions": [], "reason": "drop tokens", "hold": [],
    }  # fmt: skip
    mended = EXCEL.replace(b"pubish", b"publish").replace(b"=cmd();acme/x;;\r\n", b"")
    assert await rita.submits(upload=[rita.uploads("packages.csv", mended)]) == {}
    assert "3 packages can go on.\n" in rita.reads_form()
    assert await rita.submits() == {}
    assert rita.reads_form() == ""
    assert "Looking at 3 packages on npm: the preview comes by DM" in rita.reads()
    (batch,) = await stored.rows(world, "SELECT person, channel, reason, hold FROM batches")
    assert (batch[0], batch[1], batch[2], bool(batch[3])) == (rita.id, GENERAL[0], "drop tokens", False)
    items = await stored.rows(world, "SELECT package, wanted FROM batch_items ORDER BY position")
    assert [package for package, _ in items] == ["@acme/ui", "@acme/core", "@acme/log"]
    assert json.loads(items[1][1])["fields"] == {"file": ["release.yml"], "repo": ["acme/core"]}
    assert await stored.rows(world, "SELECT * FROM upload_items WHERE upload_id = 2") == []


async def test_pasted_lines_and_patterns_go_on_when_what_is_wrong_is_left_out(world: World) -> None:
    rita = world.person(REQUESTER)
    await rita.says("bulk")
    secret = await rita.submits(lines=f"npm trust github @acme/ui --file release.yml --token {TOKEN}")
    assert "Take it out" in secret["lines"]
    lines = (
        "$ npm trust github @acme/ui --file release.yml --repo acme/ui -y && sleep 2\n"
        "npm trust github @acme/ui --file release.yml --repo acme/ui --env prod\n"
        "@acme/c* !@acme/cli\n@nobody-has-this/*\n"
        "npm trust github @acme/not-known-yet @acme/co* --file other.yml"
    )
    assert await rita.submits(lines=lines, file="ci.yml", hold=["hold"]) == {}
    shown = rita.reads_form()
    assert "something is wrong in 3 lines" in shown
    assert "Line 1, package*: Line 2 asks for something else for the same package." in shown
    assert "Line 4, package*: I know no package like this." in shown
    assert "Passed over, since it asks for no change: sleep (1)." in shown
    assert "Held" in shown
    assert await rita.submits(leave_out=["leave out"]) == {}
    items = await stored.rows(world, "SELECT package FROM batch_items")
    assert items.count(("@acme/core",)) == 2  # two files: npm takes both
    assert ("@acme/not-known-yet",) in items
    assert not {("@acme/ui",), ("@acme/cli",)} & set(items)
    assert (await stored.rows(world, "SELECT hold FROM batches")) in ([(1,)], [(True,)])
    assert TOKEN not in await stored.everything(world)


async def test_what_was_closed_meanwhile_comes_by_dm_and_is_its_persons_alone(world: World) -> None:
    rita, sam = world.person(REQUESTER), world.person(STRANGER)
    await rita.says("bulk")
    view = world.slack.view(rita.id)
    assert view is not None
    await world.slack.submit(rita.id, view["id"], {"lines": {"value": "@acme/ui @acme"}, "file": {"value": "a.yml"}})
    await rita.closes_form()
    world.slack.fail_next("chat.postMessage", error="internal_error")
    await world.advance(minutes=1)
    assert "What you pasted*: 1 package can go on; something is wrong in 1 line." in rita.reads("dm")
    assert "Line 1, package*: This is a scope, not its packages." in rita.reads("dm")
    token = rita.value_of("Look at it", "dm")
    await sam.says("whoami", "dm")
    await sam.says("github @acme/ui")
    assert "I do not have this any more" in await sam.forges("Edit", token, action="bulk_show")
    await rita.clicks("Look at it", "dm")
    assert "This is a scope" in rita.reads_form()
    assert await rita.submits(leave_out=["leave out"]) == {}
    await rita.clicks("Look at it", "dm")
    assert "You went on with this already" in rita.reads_all("dm")
    await world.advance(days=2)
    await rita.clicks("Look at it", "dm")
    assert "I keep what is handed in for a day" in rita.reads_all("dm")
    assert await stored.rows(world, "SELECT id FROM uploads") == []
    assert len(await stored.rows(world, "SELECT id FROM batches")) == 1


async def test_five_thousand_faults_are_looked_through_page_by_page(world: World) -> None:
    rita = world.person(REQUESTER)
    rows = "".join(f"=p{number}\n" for number in range(4990))
    shown = await hands_in(rita, "a.csv", f"package\n{rows}@acme/ui\n".encode(), file="release.yml")
    assert "1 package can go on; something is wrong in 4990 rows" in shown
    assert "Row 2, package" in shown
    assert "Row 17, package" in await rita.clicks_form("Next (15 of 4,990 shown)")
    assert "Row 2, package" in await rita.clicks_form("Back")
    world.slack.fail_next("files.getUploadURLExternal", error="missing_scope")
    await rita.clicks_form("All of them as CSV")
    assert "Slack does not take the file: missing_scope" in rita.reads("dm")
    await rita.clicks_form("All of them as CSV")
    (file,) = [file for file in world.slack.files.values() if file.name.startswith("npmtrust-faults-")]
    content = list(csv.reader(io.StringIO((file.content or b"").decode("utf-8-sig"), newline="")))
    assert (len(content), content[-1][0], content[-1][4]) == (4991, "4991", "'=p4989")
    assert file.channel == world.slack.dm(rita.id)
    await rita.clicks_form("Change what I wrote")
    big = await hands_in(rita, "a.csv", b"package\n" + b"@acme/ui\n" * 50_000, file="release.yml")
    assert "nothing in it can go on" in big
    assert "at most 5,000" in big


async def test_a_file_that_slack_does_not_give_is_told_with_the_way_out(world: World) -> None:
    rita = world.person(REQUESTER)
    assert "at most 1,000 kB" in await hands_in(rita, "a.csv", b"x" * 1_000_001)
    assert "not in UTF-8" in await hands_in(rita, "a.csv", "package\n@acme/é".encode("latin-1"))
    assert "one-time password or a token" in await hands_in(rita, "a.csv", f"package,repo\na,{TOKEN}\n".encode())
    assert TOKEN not in await stored.everything(world)
    world.slack.fail_next("file", error="internal_error", status=503)  # it is fetched again
    assert "1 package can go on" in await hands_in(rita, "a.txt", b"@acme/ui", file="release.yml")
    world.slack.scopes = world.slack.scopes - {"files:read"}
    assert "adds the scope files:read" in await hands_in(rita, "a.csv", b"package\n@acme/ui\n")
    assert world.registry.calls == []


async def test_a_pattern_finds_what_only_accounts_see_and_tells_of_it_to_whom_npm_shows_it(world: World) -> None:
    rita, otto = world.person(REQUESTER), world.person(OWNER)
    await otto.links_account()
    await otto.says("bulk")
    assert await otto.submits(lines="@acme/s* @acme/ui", file="release.yml") == {}
    assert "2 packages can go on" in otto.reads_form()
    assert await otto.submits() == {}
    assert "1 private, where everybody reads the channel: @acme/secret" in otto.reads("dm")
    await rita.says("bulk")
    assert await rita.submits(lines="@acme/s*\n@acme/ui", repository="x/{name}", file="release.yml") == {}
    assert "Came: `@acme/s*`" in rita.reads_form()  # and not the name that makes no repository
    await rita.clicks_form("Change what I wrote")
    assert await rita.submits(lines="@acme/s* @acme/ui", repository="", file="release.yml") == {}
    assert await rita.submits() == {}
    assert "1 package can be asked for" in rita.reads("dm")
    assert "1 name left out that npm does not show to you." in rita.reads("dm")
    assert "secret" not in rita.reads_all("dm") + rita.reads_all()
