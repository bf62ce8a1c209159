"""What somebody tries who wants more than they may: SECURITY.md names each attack, with what shows its defence."""

import aiohttp
import pytest

from bot.sandbox.cast import RELEASES
from bot.sandbox.world import World
from tests.scenarios.asking import TRUSTED, ask, creates, link_olga, request_of

pytestmark = pytest.mark.anyio

OTHER = "github @acme/ui --repo evil/ui --file release.yml --allow-publish"


async def test_a_value_from_another_message_or_channel_counts_for_what_it_was_made_for_alone(world: World) -> None:
    rita, otto, olga, sam = await ask(world)
    good = otto.value_of("Approve")
    await rita.says(OTHER, RELEASES[0])
    bad = otto.value_of("Approve", RELEASES[0])
    assert bad != good
    # otto is led to press a button in the message of the harmless request, which carries the value of the other one:
    # who can do that owns the bot's token; what is answered names what was decided, and nothing of C-1 is
    for person in (sam, rita, olga):
        told = await person.forges("Approve", bad, action="approve")
        assert "is approved" not in told
    await otto.forges("Approve", bad, action="reject")
    assert "evil/ui" in otto.reads_form()
    assert await otto.submits(reason="not ours") == {}
    assert "Rejected" in request_of_channel(world, RELEASES[0])
    # the value of C-1, pressed in the other channel, is C-1's: its content was approved, and nothing else
    assert "C-1 is approved" in await otto.forges("Details", good, RELEASES[0], action="approve")
    await otto.confirms()
    assert TRUSTED in request_of(world)
    [accepted] = world.registry.accepted_creates
    assert "evil" not in str(accepted)
    assert creates(world) == 1


def request_of_channel(world: World, channel: str) -> str:
    return "\n".join(map(world.slack.text_of, world.slack.messages(channel, "U0OTTO")))


async def test_a_link_that_a_previewer_opens_is_not_used_up_and_confirms_nothing(world: World) -> None:
    _, otto, *_ = await ask(world)
    await otto.clicks("Approve")
    async with aiohttp.ClientSession() as previewer:
        for _ in range(3):  # scanners of mails, chat clients, and the proxy of a company
            async with previewer.head(otto.link()), previewer.get(otto.link()) as page:
                assert page.status == 200
    await world.settle()
    assert creates(world) == 0
    assert "Waits for @otto to confirm" in request_of(world)
    await otto.confirms()
    assert TRUSTED in request_of(world)
    # no message is sent with unfurling: a world does not end well in which one was
    assert world.slack.unfurled == []


async def test_a_long_reason_does_not_push_what_is_decided_out_of_sight(world: World) -> None:
    padding = "\n" * 20 + "looks harmless " * 30
    _, otto, _, sam = await ask(world, f"{OTHER} --reason '{padding}'")
    lines = request_of(world).split("\n")
    assert "let evil/ui → release.yml publish @acme/ui" in lines[0]
    assert "May: *publish directly*" in lines[1]
    [why] = [line for line in lines if line.startswith("Why: ")]
    assert len(why) <= 306
    assert why.endswith("…")
    assert "another repository: acme/ui" in request_of(world)
    assert otto.dialog_of("Approve") == (
        "Approve C-1?\nMay: publish directly, stage\nPackage: @acme/ui\nRepository: evil/ui\nFile: release.yml"
        "\nEnvironment: any\nApprove\nNot yet"
    )
    assert await sam.clicks("Details")
    assert sam.reads().count("looks harmless") == 30


async def test_what_does_not_fit_a_dialog_is_approved_in_a_view_that_shows_all_of_it(world: World) -> None:
    environment = "e" * 250 + "-prod"
    _, otto, *_ = await ask(world, f"github @acme/ui --repo acme/ui --file {'f' * 200}.yml --environment {environment}")
    shown = request_of(world)
    assert f"{'f' * 200}.yml" in shown
    assert environment in shown
    assert otto.dialog_of("Approve") == ""
    await otto.clicks("Approve")
    form = otto.reads_form()
    assert f"acme/ui → {'f' * 200}.yml" in form
    assert environment in form
    assert await otto.submits() == {}
    await otto.confirms()
    assert creates(world) == 1


async def test_a_second_slack_account_of_the_requester_gives_no_second_voice(world: World) -> None:
    rita, otto, olga, sam = await ask(world)
    # Sam is Rita's second account. Neither is an owner: the first cannot approve, and the second is nobody
    for person in (rita, sam):
        assert "is approved" not in await person.clicks("Approve")
    # with the owner's own npm account, used by both, there is still one npm user and one person
    await sam.says("login")
    assert "belongs to another person here" in await sam.logs_in("otto-npm")
    assert "is approved" not in await sam.clicks("Approve")
    assert creates(world) == 0
    await otto.says(OTHER)
    value = otto.value_of("Details")
    assert "is approved" not in await otto.forges("Details", value, action="approve")
    # nor when the first account is gone, and an admin has confirmed that the second one is that npm user
    await link_olga(world)
    world.slack.workspace.people[otto.id].deleted = True
    await world.advance(hours=2)
    await sam.says("login")
    await sam.logs_in("otto-npm")
    await olga.clicks("Confirm", "dm")
    assert "is npm user otto-npm" in sam.reads_all()
    assert "is approved" not in await sam.forges("Details", value, action="approve")
    assert creates(world) == 0


async def test_a_false_message_of_the_bot_is_found_out_by_home_and_by_the_host(world: World) -> None:
    _, otto, olga, _ = await ask(world)
    await otto.clicks("Approve")
    real = otto.reads("dm")
    assert f"[Open {world.registry.url.removeprefix('http://')}]" in real
    assert "I never ask for a code" in real
    await olga.says("login")
    assert "My Home tab lists every link that I send you: a link that is not there is not from me." in olga.reads("dm")
    assert "A DM with a link to npm that is not in this list is not from me" in await otto.opens_home()
