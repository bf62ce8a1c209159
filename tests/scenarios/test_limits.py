"""Nobody keeps the others waiting, by mistake or on purpose: what one person and one channel may want is limited."""

from datetime import timedelta

import pytest

from bot.sandbox.cast import GENERAL, RELEASES
from bot.sandbox.world import BEGINNING, World
from bot.workflow.limits import (
    COMMANDS_OF_CHANNEL,
    COMMANDS_OF_PERSON,
    CONFIRMATIONS_OF_CHANNEL,
    LOGINS_OF_CHANNEL,
    LOGINS_OF_PERSON,
    PACKAGES_OF_PERSON,
    PRESSES_OF_PERSON,
    Limit,
    find_free,
)
from tests.scenarios import stored
from tests.scenarios.asking import LINE, ask, people

pytestmark = pytest.mark.anyio

_COLUMNS = (
    "workspace, change_set_id, operation, likeness, facts, progress, plan, state, phase, maybe_acted, cancel_wanted,"
    " waits_for, last_answer, urgency, paused, executor, next_try_at, policy, held, version"
)


async def refusals(world: World) -> int:
    [(refused,)] = await stored.rows(
        world, "SELECT count(*) FROM inbox WHERE state = 'refused' AND sealed_payload = ''"
    )
    return int(refused)


async def test_one_person_is_told_when_to_try_again_and_nobody_else_waits(world: World) -> None:
    rita, otto, _, sam = await ask(world)
    assert world.app is not None
    for _ in range(COMMANDS_OF_PERSON.most + 5):
        await world.slack.command(sam.id, GENERAL[0], "help")
    assert "This was not taken: I take 30 a minute from one person" in sam.reads()
    assert "Try again in 60 seconds." in sam.reads()
    assert await refusals(world) == 5
    assert "C-2" in await rita.says("github @acme/core --repo acme/core --file release.yml --allow-publish")
    for _ in range(PRESSES_OF_PERSON.most + 2):
        await world.slack.click(sam.id, GENERAL[0], otto.messages()[-1].ts, "details")
    assert await refusals(world) == 7
    await world.settle()
    await world.advance(seconds=60)
    assert "C-1" in await sam.says("status C-1")
    assert "C-1 is approved" in await otto.clicks("Approve", about="C-1")


async def test_a_channel_is_limited_too_and_what_was_refused_is_not_done_when_it_comes_again(world: World) -> None:
    *others, sam = people(world)
    assert COMMANDS_OF_CHANNEL.most == len(others) * COMMANDS_OF_PERSON.most
    for person in others:
        for _ in range(COMMANDS_OF_PERSON.most):
            await world.slack.command(person.id, RELEASES[0], "pending")
    await world.slack.command(sam.id, RELEASES[0], LINE)
    assert "I take 90 a minute from all in one channel" in sam.reads(RELEASES[0])
    await world.settle()
    await world.advance(minutes=2)
    await world.slack.resend(world.slack.deliveries[-1], 2)
    await world.settle()
    assert await stored.rows(world, "SELECT * FROM change_sets") == []


async def test_a_person_gets_so_many_login_links_an_hour_admins_too(world: World) -> None:
    _, otto, *_ = people(world)
    for _ in range(LOGINS_OF_PERSON.most):
        await otto.says("login")
        await otto.clicks("Later", "dm")
        await world.advance(seconds=20)
    assert "I have sent you 10 login links of npm's within an hour" in await otto.says("login")
    assert "Try again" in otto.reads()
    assert "No new link" in await otto.clicks("I'm ready", "dm")
    assert len(await stored.rows(world, "SELECT id FROM handoffs")) == LOGINS_OF_PERSON.most
    await world.advance(hours=1)
    await otto.says("login")
    assert otto.links()


async def test_a_channel_gets_so_many_links_an_hour(world: World) -> None:
    _, otto, olga, sam = await ask(world)
    await otto.clicks("Approve")
    await otto.clicks("Later", "dm")
    columns = (
        "workspace, slack_name, slack_email, npm_user, step_id, announce_in, host, sealed_auth_url, sealed_done_url"
        ", state, looks, outcome, refusal, refused_npm_user, ended_session, expires_at, next_poll_at, version"
        ", created_at"
    )
    for login, limit in ((True, LOGINS_OF_CHANNEL), (False, CONFIRMATIONS_OF_CHANNEL)):
        await stored.write(  # as if so many others had had a link
            world,
            f"""INSERT INTO handoffs ({columns}, login, slack_user, token)
                WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {limit.most - 1})
                SELECT {columns}, login, 'U' || n, 'token' || n || login FROM handoffs, numbers
                WHERE {"" if login else "NOT"} login""",  # noqa: S608 -- our own columns
        )
    told = "within an hour with which people confirm what was asked for in that channel, and send no more."
    assert f"I have sent 720 links of npm's {told}" in await otto.clicks("I'm ready", "dm")
    told = "within an hour with which people asked to log in from that channel, and send no more."
    assert f"I have sent 100 login links of npm's {told}" in await sam.says("login")
    assert "Try again" in sam.reads()
    assert olga.links() == otto.links() == sam.links() == []
    await olga.says("login", RELEASES[0])
    assert len(olga.links()) == 1
    await world.advance(hours=1)
    await sam.says("login")
    await otto.clicks("I'm ready", "dm")
    assert len(sam.links()) == len(otto.links()) == 1


async def test_a_person_asks_for_so_many_packages_a_day(world: World) -> None:
    rita, *_ = await ask(world)
    most = PACKAGES_OF_PERSON.most
    await stored.write(  # as if C-1 had been of so many: to ask for them would take too long
        world,
        f"""INSERT INTO steps ({_COLUMNS}, position, fingerprint, package)
            WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {most - 1})
            SELECT {_COLUMNS}, n, fingerprint, package FROM steps, numbers""",  # noqa: S608 -- our own columns
    )
    told = await rita.says("github @acme/core --repo acme/core --file release.yml --allow-publish")
    assert "You asked for 20000 packages within 24 hours; with these 1 it is more than 20,000." in told
    assert "So many can be asked for again" in told


def test_it_is_known_when_so_many_more_fit() -> None:
    limit = Limit(10, timedelta(hours=24))
    asked = [(BEGINNING - timedelta(hours=3), 4), (BEGINNING - timedelta(hours=1), 5)]
    assert find_free(asked, 3, limit) == BEGINNING + timedelta(hours=21)
    assert find_free(asked, 8, limit) == BEGINNING + timedelta(hours=23)
    assert find_free(asked, 11, limit) is None


async def test_slack_is_asked_about_a_channel_once_in_a_while_however_many_requests_there_are(world: World) -> None:
    rita, otto, *_ = people(world)
    await rita.says(LINE)
    world.slack.fail_next("conversations.info", retry_after=30)
    await rita.says("github @acme/core --repo acme/core --file release.yml --allow-publish")
    assert "C-2" in otto.reads_all()
    await world.advance(seconds=10)
    await rita.says("github @acme/tokens --repo acme/design --file release.yml --allow-publish")
    assert "C-3" not in otto.reads_all()
    await world.advance(seconds=30)
    assert "C-3" in otto.reads_all()
