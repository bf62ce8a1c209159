"""The database fails: the ack says that nothing was stored, and what was acked is done when it is back, once."""

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine

from bot.points import Point
from bot.sandbox.cast import GENERAL, REQUESTER
from bot.sandbox.world import World, open_world
from storage.database import DatabaseDown
from tests import postgres
from tests.cable import Cut, lay_cable
from tests.scenarios.asking import LINE, TRUSTED, ask, creates, people, request_of

pytestmark = pytest.mark.anyio

NOTHING_STORED = "Nothing was stored: my database does not answer."
PERHAPS_STORED = "I cannot tell whether this was stored: my database went away in the middle of it."
MOST_COMMANDS = 60


@pytest.fixture
def server() -> Iterator[postgres.Server]:
    """A server of its own, which may be restarted."""
    with postgres.run_server() as running:
        yield running


async def is_taken(world: World, line: str, told: str = NOTHING_STORED) -> bool:
    """Have Rita type something, and see whether the bot promises to do it; nothing is done yet."""
    before = len(world.person(REQUESTER).messages())
    delivered = await world.slack.command(REQUESTER.slack_id, GENERAL[0], line)
    assert (delivered.status, delivered.error) == (200, "")
    answers = world.person(REQUESTER).messages()[before:]
    assert all(told in world.slack.text_of(message) for message in answers)
    return not answers


async def test_postgresql_that_cuts_connections_hangs_and_is_restarted_costs_only_time(
    tmp_path: Path, server: postgres.Server
) -> None:
    url = f"{server.url}postgres?options=-csynchronous_commit%3Don"  # it is off for the other tests
    async with open_world(tmp_path, socket_mode=False, NPMTRUST_DATABASE_URL=url) as world:
        rita, otto, _, _ = people(world)
        await otto.links_account()
        with psycopg.connect(url, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
        assert await is_taken(world, LINE)
        server.stop()
        assert not await is_taken(world, "pending")
        server.start()
        await world.settle()
        assert "Needs 1 of @otto" in request_of(world)
        with psycopg.connect(url) as other:
            other.execute("LOCK TABLE inbox IN EXCLUSIVE MODE")
            assert not await is_taken(world, "pending")
        await otto.clicks("Approve")
        async with world.call_under_way(otto.confirms()):
            server.stop()
            server.start()
        assert TRUSTED in request_of(world)
        assert creates(world) == 1
        assert "Nothing is open." not in rita.reads_all()  # what was refused was not done


@pytest.mark.postgresql
async def test_the_ack_is_true_also_where_the_connection_is_cut_in_the_middle_of_its_commit(
    tmp_path: Path, database_settings: dict[str, str]
) -> None:
    async with (
        lay_cable(database_settings["NPMTRUST_DATABASE_URL"]) as cable,
        open_world(tmp_path, socket_mode=False, NPMTRUST_DATABASE_URL=cable.url) as world,
    ):
        rita, otto, _, _ = people(world)
        for number, cable.at_commit in enumerate(Cut):
            assert await is_taken(world, LINE.replace("release", f"file-{number}"))
            assert cable.at_commit is None
        cable.at_commit, cable.tears = Cut.ANSWER_LOST, True
        assert not await is_taken(world, LINE, told=PERHAPS_STORED)
        assert (await world.slack.open_home(otto.id)).status == 503  # Slack tells it again
        cable.is_torn = False
        await world.settle()
        assert [rita.reads_all().count(f"Asked as C-{number}") for number in range(1, 5)] == [1, 1, 1, 0]
        assert [request_of(world, number) for number in range(1, 4)]


@pytest.mark.postgresql
async def test_the_answer_to_each_commit_is_lost_once_and_nothing_is_done_twice(
    tmp_path: Path, database_settings: dict[str, str]
) -> None:
    async with (
        lay_cable(database_settings["NPMTRUST_DATABASE_URL"]) as cable,
        open_world(tmp_path, socket_mode=False, NPMTRUST_DATABASE_URL=cable.url) as world,
    ):
        assert world.app
        cut: set[str] = set()

        def cut_once(point: str) -> None:
            _, _, name = point.partition("before the commit: ")
            if name and name not in cut:
                cut.add(name)
                cable.at_commit = Cut.ANSWER_LOST

        rita, otto, _, _ = people(world)
        world.app.services.database.at_point = cut_once
        await rita.says("watch @acme/*")
        await otto.says("login")
        await rita.says(LINE)
        ends = world.clock.now() + timedelta(hours=1)
        while "and run by @otto" not in rita.reads_all():
            assert world.clock.now() < ends, rita.reads_all() + otto.reads_all("dm")
            for link in otto.links():
                visit = world.registry.log_in if "/login/" in link else world.registry.confirm
                visit(link, "otto-npm")
            for label, place in (("Approve", GENERAL[0]), ("I'm ready", "dm")):
                if otto.sees_button(label, place) and "is npm user" in otto.reads_all():
                    await otto.clicks(label, place)
            await world.advance(minutes=1)
        assert TRUSTED in request_of(world)
        await world.advance(days=7)
        assert creates(world) == 1
        assert rita.reads_all().count("Asked as C-1") == 1
        assert rita.reads_all().replace("*", "").count("Digest of @acme/") == 1
        assert [len(cut) > 40, cable.at_commit] == [True, None], cut


async def test_npms_answer_is_kept_while_the_database_is_away_for_a_moment(prepared_folder: Path) -> None:
    async with open_world(prepared_folder, socket_mode=False) as world:
        assert world.app
        _, otto, _, _ = await ask(world)
        await otto.clicks("Approve")
        away = [Point.BEFORE_COMMIT, Point.AFTER_COMMIT]

        def lose_database(point: str) -> None:
            if away and point.startswith(away[0]) and "record_write" in point:
                del away[0]
                raise DatabaseDown("connection refused")

        async with world.call_under_way(otto.confirms()):
            world.app.services.database.at_point = lose_database
        assert not away
        assert TRUSTED in request_of(world)
        assert [call.status for call in world.trust_calls()] == [401, 201]


async def test_a_commit_for_which_there_is_no_room_has_stored_nothing_and_that_is_said(
    prepared_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find_no_room(_connection: object) -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    async with open_world(prepared_folder, socket_mode=False) as world:
        assert world.app
        rita, *_ = people(world)
        with monkeypatch.context() as patched:
            patched.setattr(world.app.services.database.engine.dialect, "do_commit", find_no_room)
            assert not await is_taken(world, LINE)
        await rita.says(LINE)
        assert [rita.reads_all().count(f"Asked as C-{number}") for number in (1, 2)] == [1, 0]


async def test_while_the_disk_is_full_nothing_is_promised_and_what_was_is_done_when_there_is_room(
    prepared_folder: Path,
) -> None:
    async with open_world(prepared_folder, socket_mode=False) as world:
        assert world.app
        database = world.app.services.database
        rita, otto, _, _ = people(world)
        await otto.links_account()

        def limit(engine: Engine, pages: str) -> None:
            with engine.connect() as connection:
                connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

        await database.call(lambda engine: limit(engine, "1"))  # SQLite takes the pages that there are for the least
        taken = 0
        while await is_taken(world, f"{LINE.replace('release', f'file-{taken}')} --reason {'why ' * 40}"):
            taken += 1
            assert taken < MOST_COMMANDS
        await database.call(lambda engine: limit(engine, "1000000"))
        await world.settle(60)
        assert rita.reads_all().count("Asked as C-") == taken
        await rita.says(LINE)
        await otto.clicks("Approve", about="release.yml")
        await otto.confirms()
        assert creates(world) == 1
