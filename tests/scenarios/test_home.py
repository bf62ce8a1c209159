# ruff: noqa: E501, RUF001 -- what people read is not wrapped, and looks like itself
"""App Home: what waits, what was asked for, what is owned; every button works from there."""

import json

import pytest
from inline_snapshot import snapshot

from bot.sandbox.world import World
from tests.scenarios import stored
from tests.scenarios.asking import LINE, TRUSTED, ask, people, request_of, steady

pytestmark = pytest.mark.anyio


async def test_an_owner_links_decides_and_confirms_from_home(world: World) -> None:
    rita, otto, _, sam = people(world)
    first = await otto.opens_home()
    assert first == snapshot("""\
Home
Nothing waits for you
You are not linked to an npm account yet.
Two steps, then npmtrust works for you:
⬜ Link your npm account: one login at npm, so that you can approve for your packages.
⬜ Have your packages watched: type `/npmtrust watch @your-scope/` in a channel. A digest comes every Monday, and an alarm at once when a version came another way.
Then let a workflow publish: `/npmtrust github @your-scope/package --file release.yml`.
[Link my npm account]
What you asked for
Nothing yet. `/npmtrust github @acme/ui --file release.yml` asks; `/npmtrust help` tells more.
Links of npm's that I sent you in the last hour
None. A DM with a link to npm that claims to come from me is false.
For admins
[Freeze…]
No account link is to be confirmed, and nothing failed.\
""")
    shown = await otto.clicks_home("Link my npm account")
    assert steady(world, shown) == snapshot("""\
Home
1 thing waits for you
You are not linked to an npm account yet.
Two steps, then npmtrust works for you:
⬜ Link your npm account: one login at npm, so that you can approve for your packages.
⬜ Have your packages watched: type `/npmtrust watch @your-scope/` in a channel. A digest comes every Monday, and an alarm at once when a version came another way.
Then let a workflow publish: `/npmtrust github @your-scope/package --file release.yml`.
[Link my npm account]
Log in at npm
npm's link is in my DM since Mon 14:00 UTC. It leads to www.npmjs.com, and ends Mon 14:05 UTC.
[Later, at my computer] [Not me]
What you asked for
Nothing yet. `/npmtrust github @acme/ui --file release.yml` asks; `/npmtrust help` tells more.
Links of npm's that I sent you in the last hour
• Mon 14:00 UTC: to log in · www.npmjs.com · open until Mon 14:05 UTC
A DM with a link to npm that is not in this list is not from me: do not open it, tell an admin.
For admins
[Freeze…]
No account link is to be confirmed, and nothing failed.\
""")
    assert otto.link() not in json.dumps(world.slack.home(otto.id))  # never the link itself
    await otto.logs_in()
    await rita.says(LINE)
    await world.advance(seconds=10)
    assert steady(world, otto.home()) == snapshot("""\
Home
1 thing waits for you
You are npm user otto-npm. Your session lasts until Mon 16:00 UTC; `/npmtrust logout` ends it.
Two steps, then npmtrust works for you:
✅ Link your npm account: one login at npm, so that you can approve for your packages.
⬜ Have your packages watched: type `/npmtrust watch @your-scope/` in a channel. A digest comes every Monday, and an alarm at once when a version came another way.
Then let a workflow publish: `/npmtrust github @your-scope/package --file release.yml`.
C-1: @rita asks: let acme/ui → release.yml publish @acme/ui
until Thu 14:00 UTC
[Approve] [Reject…] [Details]
What you asked for
Nothing yet. `/npmtrust github @acme/ui --file release.yml` asks; `/npmtrust help` tells more.
What you own
I have looked at no package of npm user otto-npm yet. `/npmtrust list` asks npm for them, `/npmtrust coverage @your-scope/` looks at a scope.
Links of npm's that I sent you in the last hour
• Mon 14:00 UTC: to log in · www.npmjs.com · used
A DM with a link to npm that is not in this list is not from me: do not open it, tell an admin.
For admins
[Freeze…]
No account link is to be confirmed, and nothing failed.\
""")
    shown = await otto.clicks_home("Approve")
    assert "Confirm at npm: let acme/ui → release.yml publish @acme/ui (C-1)" in shown
    shown = await otto.clicks_home("Later, at my computer")
    assert "1 call waits for you to be ready" in shown
    assert "put off by you" in shown
    assert "Confirm at npm" in await otto.clicks_home("I'm ready")
    await otto.confirms()
    await world.advance(seconds=10)
    assert "Nothing waits for you" in otto.home()
    assert otto.home().count("· used") == 2
    assert f"C-1: ✅ {TRUSTED}" in await rita.opens_home()
    await rita.clicks_home("Details")
    assert "C-1" in rita.reads("dm")
    assert TRUSTED in request_of(world)

    await rita.says("watch @acme/*")
    await world.advance(seconds=10)
    assert steady(world, otto.home()) == snapshot("""\
Home
Nothing waits for you
You are npm user otto-npm. Your session lasts until Mon 16:00 UTC; `/npmtrust logout` ends it.
What you asked for
Nothing yet. `/npmtrust github @acme/ui --file release.yml` asks; `/npmtrust help` tells more.
What you own
▓▓▓▓▓░░░░░░░░░░░  1 of 3  @acme/∗
Together: 1 of 3 publish through a trusted publisher
✅ 1 trusted · 1 configured, not used yet
❗ 1 lacks it: 1 downgraded
Not counted: 1 deprecated
@acme/tokens: downgraded · 1.1.0, 11 Jul 2026 [Set up…]
Lacking means downgraded, provenance only or none. Public data is evidence: an unused configuration does not show.
Links of npm's that I sent you in the last hour
• Mon 14:00 UTC: to confirm: let acme/ui → release.yml publish @acme/ui (C-1) · www.npmjs.com · used
• Mon 14:00 UTC: to confirm: let acme/ui → release.yml publish @acme/ui (C-1) · www.npmjs.com · a newer one took its place
• Mon 14:00 UTC: to log in · www.npmjs.com · used
A DM with a link to npm that is not in this list is not from me: do not open it, tell an admin.
For admins
[Freeze…]
No account link is to be confirmed, and nothing failed.\
""")
    await otto.clicks_home("Set up…")
    assert "acme/" in otto.reads_form()
    await otto.submits(file="release.yml")
    assert "C-2" in otto.reads("dm") + otto.reads("dm", back=1)
    assert "C-2: @otto asks" in otto.home()
    assert "For admins" not in await sam.opens_home()
    await world.advance(hours=2)
    assert "None. A DM with a link to npm that claims to come from me is false." in otto.home()


async def test_home_follows_what_happens_and_is_published_only_where_it_says_something_else(world: World) -> None:
    rita, otto, _, sam = await ask(world)
    await rita.opens_home()
    await sam.opens_home()
    before = world.slack.home(sam.id), world.slack.workspace.homes[sam.id].hash
    await otto.clicks("Approve")
    await otto.confirms()
    await world.advance(minutes=2)
    assert TRUSTED in rita.home()
    assert (world.slack.home(sam.id), world.slack.workspace.homes[sam.id].hash) == before

    # what Slack tells twice is done once, and another app's event is nobody's
    raw = world.slack.deliveries[-1]
    assert {answer.status for answer in await world.slack.resend(raw, times=3)} == {200}
    assert (await stored.rows(world, "SELECT count(*) FROM inbox WHERE kind = 'home'")) == [(2,)]
    told = await world.slack.events.tell({"type": "app_home_opened", "user": rita.id, "tab": "messages"})
    assert told.status == 200
    assert (await stored.rows(world, "SELECT count(*) FROM inbox WHERE kind = 'home'")) == [(2,)]

    # somebody else has published since: ours is published again, over it
    world.slack.workspace.publish(rita.id, {"type": "home", "blocks": [{"type": "divider", "block_id": "x"}]})
    await otto.says("github @acme/core --file other.yml --allow-publish")
    await rita.says("github @acme/core --file more.yml --allow-publish")
    await world.advance(minutes=2)
    assert "C-3" in rita.home()
    # nobody's Home follows for ever
    await world.advance(days=2, hours=1)
    still = rita.home()
    await rita.says("cancel C-3")
    await world.advance(minutes=2)
    assert rita.home() == still
    assert "Cancelled by @rita" in await rita.opens_home()


async def test_an_admin_confirms_links_and_freezes_from_home_and_sees_what_failed(world: World) -> None:
    _, otto, olga, sam = people(world)
    await olga.links_account("dm")
    assert await otto.opens_home() == snapshot("""\
Home
1 thing waits for you
You are not linked to an npm account yet.
Two steps, then npmtrust works for you:
⬜ Link your npm account: one login at npm, so that you can approve for your packages.
⬜ Have your packages watched: type `/npmtrust watch @your-scope/` in a channel. A digest comes every Monday, and an alarm at once when a version came another way.
Then let a workflow publish: `/npmtrust github @your-scope/package --file release.yml`.
[Link my npm account]
What you asked for
Nothing yet. `/npmtrust github @acme/ui --file release.yml` asks; `/npmtrust help` tells more.
Links of npm's that I sent you in the last hour
None. A DM with a link to npm that claims to come from me is false.
For admins
Is @olga npm user olga-npm?
Slack: @olga · Olga · olga@acme.example
npm: olga-npm · olga@elsewhere.example
The login came by a link that I sent to this person. Links can be forwarded: confirm only what you know.
[Confirm] [Refuse]
[Freeze…]\
""")
    shown = await otto.clicks_home("Confirm")
    assert "Is @olga npm user" not in shown
    assert "You are npm user olga-npm" in await olga.opens_home()
    await otto.clicks_home("Freeze…")
    assert await otto.submits(reason="a token leaked") == {}
    assert "frozen by @otto: a token leaked" in otto.home()
    assert "[Unfreeze]" in otto.home()
    await world.advance(seconds=10)
    assert "❄️ frozen by @otto" in olga.home()
    assert "[Freeze…]" in await otto.clicks_home("Unfreeze")
    await stored.write(world, "UPDATE inbox SET state = 'failed' WHERE kind = 'command'")
    assert "a command of @olga; the log has the error" in await otto.opens_home()

    world.slack.people[sam.id].is_restricted = True
    assert "npmtrust is for full members of this workspace" in await sam.opens_home()
    world.slack.fail_next("views.publish", retry_after=20)
    world.slack.people[sam.id].is_restricted = False
    await sam.opens_home()
    assert "full members" in sam.home()
    await world.advance(seconds=30)
    assert "Nothing waits for you" in sam.home()


async def test_home_comes_by_socket_mode_and_with_a_database_that_is_down_it_is_told_again(world: World) -> None:
    otto = people(world)[1]
    await world.stop_bot()
    world.slack.socket_mode = True
    await world.start_bot()
    assert "Nothing waits for you" in await otto.opens_home()
