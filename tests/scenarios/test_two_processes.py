"""Two bots on one PostgreSQL: each thing is done once, and what one of them leaves when it dies the other finishes."""

import asyncio
import logging
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import aiohttp
import psycopg
import pytest

from bot.app import App
from bot.sandbox.cast import GENERAL, SECOND_OWNER, SeedPackage
from bot.sandbox.slack_delivery import RawDelivery
from bot.sandbox.world import World, open_world
from tests.patience import PATIENCE
from tests.scenarios.asking import LINE, REMINDER, TRUSTED, ask, creates, message_of, people, request_of
from tests.scenarios.policies import OWNERS

pytestmark = [pytest.mark.anyio, pytest.mark.postgresql]

TAKEN_OVER = timedelta(seconds=15)
CONNECTIONS = 10
_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
_OPEN_ATTEMPTS = "SELECT count(*) FROM attempts WHERE finished_at IS NULL"


@pytest.fixture
async def world(tmp_path: Path, database_settings: dict[str, str]) -> AsyncIterator[World]:
    async with asyncio.timeout(PATIENCE), open_world(tmp_path, socket_mode=False, **database_settings) as opened:
        await opened.start_second_bot()
        yield opened


def both(world: World) -> tuple[App, App]:
    assert world.app
    assert world.second
    return world.app, world.second


def count(world: World, query: str) -> int:
    """Ask the database, past the bots."""
    assert world.app
    url = world.app.services.database.engine.url.set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False)) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row
    return int(row[0])


def holder_of_lane(world: World) -> App:
    held = "SELECT count(*) FROM leases WHERE name = 'registry' AND holder = '{}'"
    return next(app for app in both(world) if count(world, held.format(app.services.process)))


async def deliver(url: str, raw: RawDelivery, times: int) -> set[tuple[int, str]]:
    """Post one delivery again and again over one connection; tell the answers that differ."""
    connector = aiohttp.TCPConnector(limit=1)
    answers = set()
    async with aiohttp.ClientSession(connector=connector) as http:
        for _ in range(times):
            async with http.post(url, data=raw.body, headers=raw.headers) as answer:
                answers.add((answer.status, await answer.text()))
    return answers


@asynccontextmanager
async def at_all_at_once(world: World) -> AsyncIterator[None]:
    """Have what is sent meanwhile delivered 50 times, over 10 connections, to both bots, while both are at work."""
    first, second = world.events_urls()
    before = len(world.slack.deliveries)
    world.slack.events_url = ""
    yield
    world.slack.events_url = first
    [raw] = world.slack.deliveries[before:]
    posts = [deliver(url, raw, 50 // CONNECTIONS) for url in (first, second) * (CONNECTIONS // 2)]
    answers = await asyncio.gather(*posts, *(world.settle() for _ in range(3)))
    told = set().union(*(each for each in answers if each))
    assert told == {(200, "")}
    await world.settle()


async def test_what_is_delivered_fifty_times_to_both_at_once_is_done_once(world: World) -> None:
    rita, otto, _, _ = people(world)
    await otto.links_account()
    async with at_all_at_once(world):
        await rita.says(LINE)
    assert rita.reads_all().count("Asked as C-1") == 1
    assert count(world, "SELECT count(*) FROM change_sets") == 1
    async with at_all_at_once(world):
        await otto.clicks("Approve")
    assert otto.reads_all().count("C-1 is approved") == 1
    assert count(world, "SELECT count(*) FROM decisions") == 1
    assert len(otto.links()) == 1
    await otto.confirms()
    assert TRUSTED in request_of(world)  # the one message of it
    assert creates(world) == 1


async def test_both_take_what_people_do_and_each_message_stands_once(world: World) -> None:
    first, second = world.events_urls()
    rita, otto, _, _ = people(world)
    await otto.links_account()
    for number, url in enumerate((second, first, second), start=1):
        world.slack.events_url = url
        await rita.says(LINE.replace("release", f"file-{number}"))
        await otto.clicks("Approve", about=f"C-{number}")
        if number == 1:
            await otto.confirms(remember=True)
    await world.settle(10)
    assert creates(world) == 3
    for number in range(1, 4):
        assert f"now trusts acme/ui → file-{number}.yml" in request_of(world, number)
    assert len(rita.messages("dm")) == 3  # how each ended


async def test_a_digest_is_written_and_posted_once(world: World) -> None:
    rita, *_ = people(world)
    await rita.says("watch @acme/*")
    await world.advance(days=6, hours=18, minutes=30)
    shown = [text for text in map(world.slack.text_of, rita.messages()) if "Digest of @acme/" in text.replace("*", "")]
    assert len(shown) == 1


async def test_what_a_process_leaves_when_it_dies_is_taken_over_within_fifteen_seconds(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "bot.workflow.leases")
    _, otto, _, _ = await ask(world)
    await otto.clicks("Approve")
    world.asleep.add(holder_of_lane(world))
    died_at = world.clock.now()
    world.registry.confirm(otto.link(), "otto-npm")
    await world.settle(20)
    assert creates(world) == 1
    assert timedelta() < world.trust_calls("POST")[-1].at - died_at <= TAKEN_OVER
    assert TRUSTED in request_of(world)
    assert "The calls of the lane registry are made by this process now (lease 2)" in caplog.text


async def test_what_a_sleeping_process_had_sent_is_found_out_by_the_other(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    _, otto, _, _ = await ask(world)
    await otto.clicks("Approve")
    holder = holder_of_lane(world)
    async with world.call_under_way(otto.confirms()):
        world.asleep.add(holder)
        await world.advance(seconds=20)
        assert "could not find out" not in request_of(world)
        assert "has no answer: its process died, slept, or lost the database; npm is asked" in caplog.text
        await world.advance(minutes=3)
        await otto.confirms()  # the list, through the other bot
        assert TRUSTED in request_of(world)
        before = len(world.trust_calls("POST"))
        world.asleep.clear()  # it wakes up, and gets its answer
    assert TRUSTED in request_of(world)
    assert len(world.trust_calls("POST")) == before
    assert creates(world) == 1


async def test_a_process_that_slept_over_its_lease_before_a_call_sends_nothing(world: World) -> None:
    _, otto, _, _ = await ask(world)
    await otto.clicks("Approve")
    holder = holder_of_lane(world)
    sleeps, wakes = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def fall_asleep(point: str) -> None:
        if "after the commit" in point and "claim" in point and count(world, _OPEN_ATTEMPTS):
            holder.services.database.at_point = None
            loop.call_soon_threadsafe(sleeps.set)
            wakes.wait(PATIENCE)

    before = len(world.trust_calls())
    holder.services.database.at_point = fall_asleep
    confirming = asyncio.create_task(otto.confirms())
    await sleeps.wait()
    world.asleep.add(holder)
    world.clock.set(world.clock.now() + timedelta(seconds=20))
    await world.settle()
    wakes.set()
    await confirming
    world.asleep.clear()
    await world.settle()
    assert not [call for call in world.trust_calls()[before:] if call.method == "POST" and call.status != 401]
    await world.advance(minutes=3)
    for _ in range(2):  # the list, which shows that npm did nothing, and the call
        await otto.confirms()
    assert TRUSTED in request_of(world)
    assert creates(world) == 1


async def test_a_message_that_a_sleeping_process_was_to_send_is_sent_by_the_other_once(world: World) -> None:
    rita, otto, _, _ = people(world)
    await otto.links_account()
    sleeps, wakes = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()
    asleep: list[App] = []

    def watch(app: App) -> None:
        def fall_asleep(point: str) -> None:
            drawn = "after the commit" in point and "_draw" in point
            if drawn and not asleep and count(world, "SELECT count(*) FROM change_sets"):
                asleep.append(app)
                loop.call_soon_threadsafe(sleeps.set)
                wakes.wait(PATIENCE)

        app.services.database.at_point = fall_asleep

    for app in both(world):
        watch(app)
    asking = asyncio.create_task(rita.says(LINE))
    await sleeps.wait()
    world.asleep.add(asleep[0])
    world.clock.set(world.clock.now() + timedelta(seconds=20))
    await world.settle()
    assert "Needs 1 of @otto" in request_of(world)
    wakes.set()
    await asking
    world.asleep.clear()
    await world.settle()
    assert message_of(world).channel == GENERAL[0]
    await otto.clicks("Approve")
    await otto.confirms()
    assert TRUSTED in request_of(world)


@asynccontextmanager
async def at_the_same_time(world: World, name: str) -> AsyncIterator[None]:
    """Let both bots do one thing at once: the first is about to commit until the other is done, or waits for it."""
    first: list[App] = []
    is_done = threading.Event()

    def watch(app: App) -> None:
        def hold(point: str) -> None:
            if name not in point:
                return
            if not first:
                first.append(app)
                ends = time.monotonic() + PATIENCE
                while not (is_done.is_set() or count(world, _WAITING)):
                    assert time.monotonic() < ends, "the other one does not come"
            elif app is not first[0]:
                is_done.set()

        app.services.database.at_point = hold

    for app in both(world):
        watch(app)
    yield
    await asyncio.gather(world.settle(), world.settle())
    assert first
    assert is_done.is_set()
    for app in both(world):
        app.services.database.at_point = None


async def follow_policy(world: World, folder: Path, text: str) -> None:
    """Start both again, with a policy."""
    policy = folder / "policy.toml"
    policy.write_text(text)
    await world.stop_bot()
    world.settings["NPMTRUST_POLICY_FILE"] = str(policy)
    await world.start_bot()
    await world.start_second_bot()


async def test_an_approval_that_another_completes_while_its_link_is_closed_does_not_count(
    world: World, tmp_path: Path
) -> None:
    await follow_policy(world, tmp_path, OWNERS.replace("quorum = 1", "quorum = 2"))
    world.registry.state.accounts["olga-npm"].email = SECOND_OWNER.email
    _, otto, olga, _ = await ask(world, f"{LINE} --hold")
    await olga.links_account()
    await otto.clicks("Approve")
    assert "Approved by @otto" in request_of(world)
    first, second = both(world)
    is_about_to, has_left, loop = asyncio.Event(), threading.Event(), asyncio.get_running_loop()

    def hold(point: str) -> None:
        if "before the commit" in point and "at_desk" in point:
            second.services.database.at_point = None
            loop.call_soon_threadsafe(is_about_to.set)
            while not (has_left.is_set() or count(world, _WAITING)):
                pass

    second.services.database.at_point = hold
    here, world.slack.events_url = world.events_urls()
    world.asleep.add(first)
    approving = asyncio.create_task(olga.clicks("Approve"))
    await is_about_to.wait()
    world.asleep.clear()
    world.slack.events_url = here
    leaving = asyncio.create_task(otto.says("logout"))
    leaving.add_done_callback(lambda _: has_left.set())
    await asyncio.gather(approving, leaving)
    await world.settle(10)
    assert "Somebody who approved closed their account link." in request_of(world)
    assert "Approved by" not in request_of(world)


async def test_reminders_of_two_that_are_at_them_at_once_are_sent_once(world: World, tmp_path: Path) -> None:
    await follow_policy(world, tmp_path, f"{OWNERS}remind_after_hours = [1]\n")
    _, otto, _, _ = await ask(world)
    async with at_the_same_time(world, "reminders.execute_next (_send"):
        world.clock.set(world.clock.now() + timedelta(hours=1))
    assert otto.reads_all("dm").count(REMINDER) == 1
    assert count(world, "SELECT sum(wanted) FROM surfaces WHERE key LIKE 'reminder:%U0OTTO'") == 1
    await otto.clicks("Approve")
    await otto.confirms()
    assert creates(world) == 1
    async with at_the_same_time(world, "two_days.execute_next (_tell_next)"):
        world.clock.set(world.clock.now() + timedelta(hours=24))
    assert otto.reads_all("dm").count("or npm drops the trusted publisher") == 1
    assert count(world, "SELECT count(*) FROM audit_events WHERE kind = 'configuration.reminded'") == 1


async def test_previews_reminders_readings_and_seals_are_each_done_once(world: World) -> None:
    rita, otto, _, _ = people(world)
    names = ("@mass/one", "@mass/two", "@mass/three")
    for name in names:
        world.registry.add_package(SeedPackage(name, ("otto-npm",), "acme/ui"))
    await otto.links_account()
    await rita.says("watch @mass/*")
    before = [world.registry.count_calls(f"/{name.replace('/', '%2f')}") for name in names]
    await rita.says("github @mass/* --file release.yml --allow-publish")
    after = [world.registry.count_calls(f"/{name.replace('/', '%2f')}") for name in names]
    assert (
        max(now - then for now, then in zip(after, before, strict=True)) <= 3
    )  # the preview's own look, and the scan's
    await rita.clicks("Ask for 3", "dm")
    await otto.approves()
    await otto.confirms(remember=True)
    await world.advance(hours=25)
    assert creates(world) == 3
    for person in (rita, otto):
        for place in ("dm", GENERAL[0]):
            told = Counter(map(world.slack.text_of, person.messages(place)))
            assert [text for text, times in told.items() if times > 1] == []
    assert "can be asked for" in rita.reads_all("dm") or "Asked as C-1" in rita.reads_all("dm")
    sealed = "SELECT count(*) FROM audit_seals"
    assert count(world, sealed) == count(world, "SELECT count(*) FROM audit_events") > 0
    assert count(world, "SELECT count(DISTINCT event_id) FROM audit_seals") == count(world, sealed)
