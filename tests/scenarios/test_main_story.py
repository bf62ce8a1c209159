"""The main job, whole: ask, approve, confirm with npm, done. The texts are what people read."""

from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from bot.sandbox.cast import OWNER, REQUESTER, STRANGER
from bot.sandbox.world import World, open_world
from tests.scenarios.asking import steady

pytestmark = [pytest.mark.anyio, pytest.mark.both_databases]

LINE = "github @acme/ui --repo acme/ui --file release.yml --reason 'drop tokens'"


@pytest.fixture(params=["over HTTP", "by Socket Mode"])
async def world(
    request: pytest.FixtureRequest, prepared_folder: Path, database_settings: dict[str, str]
) -> AsyncIterator[World]:
    async with open_world(
        prepared_folder, socket_mode=request.param == "by Socket Mode", **database_settings
    ) as opened:
        yield opened


async def test_a_request_is_approved_confirmed_with_npm_and_stands_in_the_registry(world: World) -> None:
    rita, otto, sam = world.person(REQUESTER), world.person(OWNER), world.person(STRANGER)
    await otto.links_account()

    await rita.says(LINE)
    assert rita.reads(back=1) == snapshot("""\
✅ Asked as C-1: see #general.
`/npmtrust cancel C-1` takes it back.\
""")
    assert sam.reads() == snapshot("""\
*@rita asks: let acme/ui → release.yml publish @acme/ui*
May: *publish directly*, stage (assumed: none was named) · Environment: any
Now: no trusted publishing seen (public data) · npm's own list not read
Why: drop tokens
Needs 1 of @otto · not linked: olga-npm, ana-npm
until Thu 14:00 UTC · C-1
[Approve] [Reject…] [Details] [I maintain this: link my npm account] [Cancel]\
""")
    assert otto.dialog_of("Approve") == snapshot("""\
Approve C-1?
May: publish directly, stage
Package: @acme/ui
Repository: acme/ui
File: release.yml
Environment: any
Approve
Not yet\
""")

    assert await otto.clicks("Approve") == snapshot(
        "👍 C-1 is approved. Next: confirm at npm, if npm asks. Its link then comes to you by DM."
    )
    assert steady(world, otto.reads("dm")) == snapshot("""\
*Confirm at npm: let acme/ui → release.yml publish @acme/ui*
You approved C-1 for @rita Mon 14:00 UTC.
One call, as npm user otto-npm. No need to tick "do not ask".
The link leads to www.npmjs.com · ends Mon 14:05 UTC · any device · I never ask for a code
[Open www.npmjs.com] [Later, at my computer] [Not me]\
""")
    assert sam.reads() == snapshot("""\
*@rita asks: let acme/ui → release.yml publish @acme/ui*
May: *publish directly*, stage (assumed: none was named) · Environment: any
Now: no trusted publishing seen (public data) · npm's own list not read
Why: drop tokens
✋ Waits for @otto to confirm at npm, as npm user otto-npm: the link is in their DM.
until Thu 14:00 UTC · C-1
[Withdraw my approval] [Details] [Cancel]\
""")
    assert world.registry.configurations("@acme/ui") == []

    assert steady(world, await otto.confirms()) == snapshot("""\
✅ *Confirmed at npm: let acme/ui → release.yml publish @acme/ui*
Thank you, that was all. C-1 shows the outcome.\
""")
    assert steady(world, sam.reads()) == snapshot("""\
✅ *@acme/ui now trusts acme/ui → release.yml* (publish, stage)
*Publish through it before Wed 14:00 UTC, or npm drops it.*
asked @rita · approved and run by @otto Mon 14:00 UTC · id eebc175d… · C-1
[Details] [Package on npm]\
""")
    [configuration] = world.registry.configurations("@acme/ui")
    assert configuration.pop("id")
    assert configuration == snapshot(
        {
            "type": "github",
            "claims": {"repository": "acme/ui", "workflow_ref": {"file": "release.yml"}},
            "permissions": ["createPackage", "createStagedPackage"],
        }
    )
    assert len(world.registry.accepted_creates) == 1
    assert [(call.method, call.status) for call in world.trust_calls()] == snapshot(
        [("POST", HTTPStatus.UNAUTHORIZED), ("POST", HTTPStatus.CREATED)]
    )


async def test_who_maintains_a_package_links_an_account_from_the_request(world: World) -> None:
    rita, otto, sam = world.person(REQUESTER), world.person(OWNER), world.person(STRANGER)
    await rita.says(LINE)
    assert rita.reads(back=1) == snapshot("""\
✅ Asked as C-1: see #general.
`/npmtrust cancel C-1` takes it back.
C-1 waits for a maintainer to link an npm account: otto-npm, olga-npm, ana-npm.
Do you know them? Ask them to press “I maintain this: link my npm account”.\
""")
    assert sam.reads() == snapshot("""\
*@rita asks: let acme/ui → release.yml publish @acme/ui*
May: *publish directly*, stage (assumed: none was named) · Environment: any
Now: no trusted publishing seen (public data) · npm's own list not read
Why: drop tokens
Nobody can approve yet: first a maintainer must link an npm account · not linked: otto-npm, olga-npm, ana-npm
until Thu 14:00 UTC · C-1
[Reject…] [Details] [I maintain this: link my npm account] [Cancel]\
""")
    assert await otto.clicks("I maintain this") == snapshot("I sent you a DM with npm's login link.")
    assert steady(world, otto.reads("dm")) == snapshot("""\
*Log in at npm*
Log in, with the account that maintains your packages. npm then gives me a session of two hours: I keep it encrypted, for at most those two hours.
I use it only for what you approve, and to read what you ask me to read.
My Home tab lists every link that I send you: a link that is not there is not from me.
The link leads to www.npmjs.com · ends Mon 14:05 UTC · any device · I never ask for a code
[Open www.npmjs.com] [Later, at my computer] [Not me]\
""")  # noqa: E501
    await otto.logs_in()
    assert otto.reads("dm", back=1) == snapshot("""\
✅ *Logged in at npm*
You are logged in as npm user otto-npm. Next: approve where your review is asked for.\
""")
    assert otto.reads("dm") == snapshot("""\
✅ You are linked to npm user *otto-npm* (npm's verified e-mail is the one in Slack). The session lasts until Mon 16:00 UTC.
You can approve for the packages that it maintains; `/npmtrust pending` shows what waits.\
""")  # noqa: E501
    assert sam.reads() == snapshot("""\
🔗 @otto is npm user otto-npm (npm's verified e-mail is the one in Slack).
From now on they can approve for the packages that this npm user maintains.\
""")
    assert sam.reads(back=1) == snapshot("""\
*@rita asks: let acme/ui → release.yml publish @acme/ui*
May: *publish directly*, stage (assumed: none was named) · Environment: any
Now: no trusted publishing seen (public data) · npm's own list not read
Why: drop tokens
Needs 1 of @otto · not linked: olga-npm, ana-npm
until Thu 14:00 UTC · C-1
[Approve] [Reject…] [Details] [I maintain this: link my npm account] [Cancel]\
""")


async def test_who_asked_is_told_by_dm_how_it_ended(world: World) -> None:
    rita, otto = world.person(REQUESTER), world.person(OWNER)
    await otto.links_account()
    await rita.says(LINE)
    await otto.clicks("Approve")
    assert rita.reads("dm") == ""
    await otto.confirms()
    assert steady(world, rita.reads("dm")) == snapshot("""\
Your request C-1 has ended.
✅ *@acme/ui now trusts acme/ui → release.yml* (publish, stage)
*Publish through it before Wed 14:00 UTC, or npm drops it.*
asked @rita · approved and run by @otto Mon 14:00 UTC · id eebc175d… · C-1
[Details] [Package on npm]\
""")
    await rita.says("github @acme/tokens --file other.yml")
    await rita.says("cancel C-2")
    assert "C-2" not in rita.reads_all("dm")
