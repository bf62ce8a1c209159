"""kill -9 at named moments: the bot starts again and goes on, and npm accepts each create once."""

import asyncio
import re
import shutil
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.sandbox.cast import GENERAL, REQUESTER, SeedPackage
from bot.sandbox.exchanges import Stage
from bot.sandbox.slack_state import SlackMessage
from tests.patience import PATIENCE
from tests.scenarios.child import Child, People, Request, find_button, open_child
from tests.scenarios.nursery import Nursery, open_nursery

pytestmark = pytest.mark.anyio

REQUEST = Request()
POST, POLL = "POST .*/trust", "GET /-/v1/done"
SIDE_BY_SIDE = 6


@dataclass(frozen=True)
class Moment:
    """When the bot is killed: at an exchange that follows what the people did, or at the ack of that."""

    after: str
    exchange: str = ""
    stage: Stage = Stage.ANSWERED
    seconds: float = 0
    """How long npm goes on with what it had got."""
    fails: bool = False
    """Whether npm does not act on it."""


class Killer:
    """Kills the bot once, at its moment."""

    def __init__(self, child: Child, people: People, moment: Moment) -> None:
        self.child, self.moment = child, moment
        self.armed = False
        people.before, people.after = self.arm, self.acked
        child.registry.on_exchange = child.slack.on_exchange = self.watch

    def arm(self, act: str) -> None:
        self.armed = self.armed or (act == self.moment.after and not self.child.kills)

    def acked(self, act: str) -> None:
        if self.armed and act == self.moment.after and not self.moment.exchange:
            self.kill()

    async def watch(self, name: str, stage: Stage) -> None:
        moment = self.moment
        if self.armed and moment.exchange and stage is moment.stage and re.match(moment.exchange, name):
            self.kill()
            await asyncio.sleep(moment.seconds)

    def kill(self) -> None:
        self.armed = False
        self.child.kill()


MOMENTS = {
    # the request
    "the command is acknowledged": Moment("asks"),
    "Slack is asked who wants it": Moment("asks", "users.info", Stage.RECEIVED),
    "the package is read": Moment("asks", "GET /@acme%2fui"),
    "the request is posted, and Slack has not answered": Moment("asks", "chat.postMessage", Stage.ACTED),
    "the requester is told": Moment("asks", "response_url", Stage.ACTED),
    # the login
    "npm has made a login link": Moment("wants a link", "POST /-/v1/login", Stage.ACTED),
    "npm has given the session away": Moment("logs in", POLL, Stage.ACTED),
    "npm has said whose session it is": Moment("logs in", "GET /-/npm/v1/user"),
    # the approval
    "the approval is acknowledged": Moment("approves"),
    "npm has asked for the second factor": Moment("approves", POST),
    "npm's link is sent": Moment("approves", "chat.postMessage", Stage.ACTED),
    # the call
    "npm has given the one-time password away": Moment("confirms", POLL, Stage.ACTED),
    "npm has got the call": Moment("confirms", POST, Stage.RECEIVED),
    "npm has got the call, and never acts on it": Moment("confirms", POST, Stage.RECEIVED, fails=True),
    "npm has got the call, and acts on it long after": Moment("confirms", POST, Stage.RECEIVED, seconds=5),
    "npm has acted, and has not answered": Moment("confirms", POST, Stage.ACTED),
    "npm has answered": Moment("confirms", POST),
    "the outcome is shown": Moment("confirms", "chat.update"),
}


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def nursery() -> AsyncIterator[Nursery]:
    async with open_nursery() as opened:
        yield opened


@dataclass(frozen=True)
class Place:
    """Where a bot lives."""

    folder: Path
    nursery: Nursery


@pytest.fixture
def place(prepared_folder: Path, nursery: Nursery) -> Place:
    return Place(prepared_folder, nursery)


def prepare(folder: Path, migrated_file: Path) -> Path:
    folder.mkdir()
    shutil.copy(migrated_file, folder / "npmtrust.sqlite3")
    return folder


async def live(place: Place, moment: Moment) -> None:
    async with open_child(place.folder, place.nursery) as child:
        people = People(child)
        Killer(child, people, moment)
        if moment.fails:
            child.registry.fail_next("POST", 503)
        await people.live(REQUEST)
        assert child.kills == 1, "the moment came"
        check(child)


def check(child: Child) -> None:
    """Everything that was acknowledged is there, npm accepted one create, and what is said is so."""
    assert child.is_all_done()
    assert len(child.registry.accepted_creates) == 1
    [configuration] = child.registry.configurations(REQUEST.package)
    message = child.newest(REQUEST)
    told = child.slack.text_of(message) if message else ""
    assert "✅ *@acme/ui now trusts acme/ui → release.yml* (publish, stage)" in told
    assert f"id {configuration['id'][:8]}" in told


async def test_killed_at_any_moment_it_goes_on(tmp_path: Path, migrated_file: Path, nursery: Nursery) -> None:
    """Some live side by side: most of it is waiting, for the end of a lease or of npm's pause."""
    some = asyncio.Semaphore(SIDE_BY_SIDE)

    async def live_at(name: str, folder: Path) -> None:
        async with some:
            try:
                await live(Place(folder, nursery), MOMENTS[name])
            except Exception as err:
                err.add_note(f"killed when {name}")
                raise

    async with asyncio.TaskGroup() as lives:
        for number, name in enumerate(MOMENTS):
            lives.create_task(live_at(name, prepare(tmp_path / str(number), migrated_file)))


async def test_a_database_that_is_locked_for_a_while_costs_only_time(place: Place) -> None:
    async with open_child(place.folder, place.nursery) as child:
        with closing(sqlite3.connect(place.folder / "npmtrust.sqlite3", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            delivered = await child.slack.command(REQUESTER.slack_id, GENERAL[0], REQUEST.line)
            assert "Nothing was stored" in delivered.body
        await People(child).live(REQUEST)
        check(child)


async def test_a_preview_in_work_goes_on_and_is_asked_for_once(place: Place) -> None:
    async with open_child(place.folder, place.nursery) as child:
        names = [f"@mass/p{number:02}" for number in range(90)]
        for name in names:
            child.registry.add_package(SeedPackage(name, ("otto-npm",), "mass/all"))
        read: Counter[str] = Counter()

        async def watch(name: str, stage: Stage) -> None:
            if stage is Stage.ANSWERED and name.startswith("GET /@mass%2fp"):
                read[name] += 1
                if read.total() == 60:  # 40 of them stand in the database
                    child.kill()

        child.registry.on_exchange = watch
        await child.says(REQUESTER.slack_id, "github @mass/* --file release.yml --allow-publish")
        dm = child.slack.dm(REQUESTER.slack_id)
        shown = await wait_for(child, dm, "90 packages can be asked for")
        assert child.kills == 1
        assert set(read) == {f"GET /{name.replace('/', '%2f')}" for name in names}
        assert sum(times == 1 for times in read.values()) >= 40  # what stood there was not read again
        assert [message.ts for message in child.slack.messages(dm, REQUESTER.slack_id)] == [shown.ts]
        button = find_button(shown, "batch_ask")
        assert button
        await child.presses(REQUESTER.slack_id, shown, button["action_id"])
        child.kill()  # acknowledged, and perhaps no more than that
        await wait_for(child, dm, "Asked as C-1 for 90 packages: see")
        await wait_for(child, GENERAL[0], "asks for 90 changes")
        while not child.is_all_done():
            await child.next_change(within=1)
        with closing(sqlite3.connect(place.folder / "npmtrust.sqlite3")) as database:
            assert database.execute("SELECT count(*) FROM change_sets").fetchall() == [(1,)]
            assert database.execute("SELECT count(*), count(DISTINCT package) FROM steps").fetchall() == [(90, 90)]


async def wait_for(child: Child, where: str, text: str) -> SlackMessage:
    """Wait until a message says something; the bot is started where it is dead."""
    async with asyncio.timeout(PATIENCE):
        while True:
            for message in child.slack.messages(where, REQUESTER.slack_id):
                if text in child.slack.text_of(message):
                    return message
            await child.next_change(within=1)
