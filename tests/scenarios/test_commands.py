"""The commands that show something, and where commands may be typed."""

import pytest

from bot.domain.command_help import HELP
from bot.sandbox.cast import GENERAL, OWNER, RANDOM, RELEASES, REQUESTER, SECOND_OWNER, STRANGER
from bot.sandbox.world import Actor, World
from bot.services import REMEMBERED_SECONDS

pytestmark = pytest.mark.anyio

LINE = "github @acme/ui --repo acme/ui --file release.yml --allow-publish"
SECRET = "github @acme/secret --file release.yml --allow-publish"


def people(world: World) -> tuple[Actor, Actor, Actor, Actor]:
    return world.person(REQUESTER), world.person(OWNER), world.person(SECOND_OWNER), world.person(STRANGER)


async def test_help_names_every_command_and_explains_each(world: World) -> None:
    rita = world.person(REQUESTER)
    told = await rita.says("help")
    assert "one asks, another approves, npm confirms" in told
    for name, help_ in HELP.items():
        assert f"*{name}" in told
        explained = await rita.says(f"help {name}")
        assert f"/npmtrust {help_.usage}" in explained
        assert all(example in explained for example in help_.examples)
    assert await rita.says("github --help") == await rita.says("help github")
    assert world.person(STRANGER).messages() == []


async def test_an_empty_world_says_how_to_begin(world: World) -> None:
    rita = world.person(REQUESTER)
    assert "You asked for nothing yet. Try `/npmtrust github" in await rita.says("status")
    assert "Nothing is open. To ask: `/npmtrust github" in await rita.says("pending")
    assert "There is no C-1 here. `/npmtrust status` shows yours" in await rita.says("status C-1")
    assert "There is no C-99 here. `/npmtrust status` shows yours" in await rita.says("cancel C-99")
    assert "You are not linked to an npm account. One login at npm links you" in await rita.says("list")
    assert rita.sees_button("Link my npm account")
    assert "there is nothing to log out of" in await rita.says("logout")


async def test_status_shows_one_request_or_the_own_ones(world: World) -> None:
    rita, otto, _, sam = people(world)
    await rita.says(LINE)
    shown = rita.reads()
    for spelling in ("status C-1", "status c-1", "status 1", "status #1", "status"):
        assert await rita.says(spelling) == shown, spelling
    assert await sam.says("status C-1") == shown
    assert "You asked for nothing yet" in await sam.says("status")
    await rita.says(LINE + " --environment other")
    await rita.says("cancel C-1")
    told = await rita.says("status")
    assert "C-2: @rita asks: let acme/ui → release.yml publish @acme/ui" in told
    assert "C-1: ⏹ *Cancelled by @rita" in told
    assert told.index("C-2") < told.index("C-1")  # the newest first
    await otto.links_account()
    status = await otto.says("status C-2")
    assert status == await otto.says("status 2")
    assert "C-2 is approved" in await otto.clicks("Approve")  # buttons of a copy count as those of the message
    await otto.confirms()
    assert "now trusts" in await rita.says("status C-2")


async def test_pending_says_what_waits_and_for_whom(world: World) -> None:
    rita, otto, _, sam = people(world)
    await rita.says(LINE)
    assert (
        "Waits for a maintainer who links an npm account · not linked: otto-npm, olga-npm, ana-npm"
        in await sam.says("pending")
    )
    await otto.links_account()
    told = await sam.says("pending")
    assert "1 request open" in told
    assert "C-1 · @rita asks: let acme/ui → release.yml publish @acme/ui" in told
    assert "Waits for 1 of @otto to approve · not linked: olga-npm, ana-npm" in told
    assert "asked Mon 14:00 UTC · until Thu 14:00 UTC" in told
    await otto.clicks("Approve")
    assert "Waits for @otto, at npm: the link is in their DM" in await sam.says("pending")
    await otto.clicks("Later", "dm")
    assert "Waits for @otto to press I'm ready in the DM" in await sam.says("pending")
    await otto.clicks("I'm ready", "dm")
    await otto.confirms()
    assert "Nothing is open" in await sam.says("pending")


async def test_whoami_in_each_state(world: World) -> None:
    _, otto, olga, _ = people(world)
    assert "You are not linked to an npm account." in await otto.says("whoami")
    assert otto.sees_button("Link my npm account")
    await otto.links_account()
    told = await otto.says("whoami")
    assert "You are npm user *otto-npm* (npm's verified e-mail is the one in Slack)." in told
    assert "Your npm session lasts until Mon 16:00 UTC; `/npmtrust logout` ends it sooner." in told
    await world.advance(hours=3)
    assert "You have no npm session now, and need none" in await otto.says("whoami")
    await olga.links_account()
    assert "An admin must confirm that this is you; until then it is not used." in await olga.says("whoami")
    await otto.clicks("Confirm", "dm")
    assert "You are npm user *olga-npm*" in await olga.says("whoami")
    assert "the link is closed" in await olga.says("logout")
    assert "You are not linked to an npm account." in await olga.says("whoami")


async def test_where_the_bot_cannot_post_nothing_is_staged(world: World) -> None:
    rita, otto, _, _ = people(world)
    told = await rita.says(LINE, RANDOM[0])
    assert "I cannot post in #random, so nobody could see the request." in told
    assert "/invite @npmtrust" in told
    assert f"/npmtrust {LINE}\n[Edit]" in told  # so that it need not be typed again
    assert "one asks, another approves" in await rita.says("help", RANDOM[0])
    assert "Nothing is open" in await rita.says("pending", RANDOM[0])
    await rita.says("whoami", RANDOM[0])
    await rita.clicks("Link my npm account", RANDOM[0])
    assert len(rita.links()) == 1
    world.slack.workspace.channels[RELEASES[0]].is_archived = True
    assert "It is archived.\nAsk in another channel." in await rita.says(LINE, RELEASES[0])
    assert all(message.ephemeral for message in rita.messages(RANDOM[0]))
    assert otto.messages(RANDOM[0]) == []
    world.slack.workspace.channels[RANDOM[0]].members.add("U0NPMTRUST")  # /invite @npmtrust
    assert "@rita asks" in await rita.says(LINE, RANDOM[0])


async def test_a_request_in_the_dm_with_the_bot_reaches_its_reviewers_by_dm(world: World) -> None:
    rita, otto, olga, _ = people(world)
    await otto.links_account()
    await rita.says(LINE, world.slack.dm(rita.id))
    assert "✅ Asked as C-1: see the message here." in rita.reads_all("dm")
    assert "Your review is asked for. It was asked for in a DM with me, so here is what stands there." in otto.reads(
        "dm"
    )
    assert "@rita asks" not in olga.reads_all()
    assert olga.messages("dm") == []
    await otto.clicks("Approve", "dm")
    await otto.confirms()
    assert "now trusts" in rita.reads("dm")
    assert "now trusts" in otto.reads_all("dm")


async def test_in_the_dm_who_is_not_linked_is_told_the_word_to_type(world: World) -> None:
    rita = world.person(REQUESTER)
    await rita.says(LINE, world.slack.dm(rita.id))
    told = rita.reads_all("dm")
    assert "C-1 waits for a maintainer to link an npm account: otto-npm, olga-npm, ana-npm." in told
    assert "Ask them to type `/npmtrust login`." in told


async def test_with_a_channel_set_requests_stand_there_and_answers_where_they_were_typed(world: World) -> None:
    world.settings["NPMTRUST_CHANNEL"] = RELEASES[0]
    await world.restart_bot()
    rita, otto, _, sam = people(world)
    await otto.links_account()
    for place, name in ((GENERAL[0], GENERAL[0]), (RANDOM[0], RANDOM[0]), (world.slack.dm(rita.id), "dm")):
        environment = name.lower()
        await rita.says(f"{LINE} --environment {environment}", place)
        assert "see #releases" in rita.reads(name)
        assert f"Environment: {environment}" in sam.reads(RELEASES[0])
    await rita.says("github")  # a form
    await rita.submits(packages="@acme/ui", file="other.yml")
    assert "Asked as C-4: see #releases" in rita.reads()
    assert "other.yml" in sam.reads(RELEASES[0])
    assert not any("@rita asks" in world.slack.text_of(message) for message in sam.messages())
    world.slack.workspace.channels[RELEASES[0]].members.discard("U0NPMTRUST")
    await world.advance(seconds=REMEMBERED_SECONDS)
    assert "I cannot post in #releases, so nobody could see the request." in await rita.says(LINE + " --environment x")


async def test_a_private_package_is_staged_only_where_its_name_may_be_seen(world: World) -> None:
    rita, otto, olga, sam = people(world)
    unknown = await rita.says(SECRET)
    assert "@acme/secret is not public, or does not exist." in unknown
    assert rita.sees_button("Link my npm account")
    await rita.links_account()
    assert "@acme/secret does not exist, or your npm account may not see it." in await rita.says(SECRET)
    await otto.links_account()
    refused = await otto.says(SECRET)
    assert "@acme/secret is private, and everybody can read this channel." in refused
    assert "Ask in a private channel with me in it, or in a DM with me." in refused

    await otto.says(SECRET, world.slack.dm(otto.id))
    assert "@otto asks: let acme/secret → release.yml publish @acme/secret" in otto.reads("dm")
    assert "Your review is asked for" in olga.reads("dm")  # the only maintainer asks, so an admin reviews
    for actor in (rita, sam):
        assert "C-1 is about a private package." in await actor.says("status C-1")
        assert "Nothing is open" in await actor.says("pending")
        assert "Only @otto, who asked, and the admins can cancel" in await actor.says("cancel C-1")
    for actor in (otto, olga):
        assert "@acme/secret" in await actor.says("status C-1")
        assert "@acme/secret" in await actor.says("pending")
    everybody = [message for message in sam.messages() if not message.ephemeral]
    assert not any("secret" in world.slack.text_of(message) for message in everybody)

    await olga.clicks("Approve", "dm")
    await otto.clicks("I'm ready", "dm")
    await otto.confirms()
    assert len(world.registry.configurations("@acme/secret")) == 1
    assert "now trusts" in olga.reads_all("dm")


async def test_a_private_channel_may_see_a_private_package(world: World) -> None:
    _, otto, olga, _ = people(world)
    world.slack.workspace.channels[RELEASES[0]].is_private = True
    await otto.links_account()
    await otto.says(SECRET, RELEASES[0])
    assert "@otto asks: let acme/secret → release.yml publish @acme/secret" in olga.reads(RELEASES[0])
    assert "@acme/secret" in await olga.says("pending", RELEASES[0])


async def test_every_answer_is_for_who_asked_alone(world: World) -> None:
    rita, sam = world.person(REQUESTER), world.person(STRANGER)
    for line in ("help", "help github", "status", "pending", "whoami", "logout", "cancel 1", "frobnicate", "list"):
        await rita.says(line)
        assert rita.messages()[-1].ephemeral, line
    assert len(rita.messages()) == 9
    assert sam.messages() == []
