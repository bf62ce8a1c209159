"""kill -9 at named moments: the bot starts again and goes on, and npm accepts each create once."""

import asyncio
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.sandbox.cast import GENERAL, REQUESTER
from bot.sandbox.exchanges import Stage
from tests.scenarios.child import Child, People, Request, open_child

pytestmark = pytest.mark.anyio

REQUEST = Request()
POST, POLL = "POST .*/trust", "GET /-/v1/done"


@dataclass(frozen=True)
class Moment:
    """When the bot is killed: at an exchange that follows what the people did, or at the ack of that."""

    after: str
    exchange: str = ""
    stage: Stage = Stage.ANSWERED


class Killer:
    """Kills the bot once, at its moment."""

    def __init__(self, child: Child, people: People, moment: Moment) -> None:
        self.child, self.moment = child, moment
        self.armed = False
        self.seconds = 0.0
        """How long npm goes on with what it had got."""
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
            await asyncio.sleep(self.seconds)

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
    "npm has acted, and has not answered": Moment("confirms", POST, Stage.ACTED),
    "npm has answered": Moment("confirms", POST),
    "the outcome is shown": Moment("confirms", "chat.update"),
}


async def live(folder: Path, moment: Moment, *, seconds: float = 0, fails: bool = False) -> Child:
    async with open_child(folder) as child:
        people = People(child)
        killer = Killer(child, people, moment)
        killer.seconds = seconds
        if fails:
            child.registry.fail_next("POST", 503)
        await people.live(REQUEST)
        assert child.kills == 1, "the moment came"
        check(child)
        return child


def check(child: Child) -> None:
    """Everything that was acknowledged is there, npm accepted one create, and what is said is so."""
    assert child.is_all_done()
    assert len(child.registry.accepted_creates) == 1
    [configuration] = child.registry.configurations(REQUEST.package)
    message = child.newest(REQUEST)
    told = child.slack.text_of(message) if message else ""
    assert "✅ *@acme/ui now trusts acme/ui → release.yml* (publish, stage)" in told
    assert f"id {configuration['id'][:8]}" in told


@pytest.mark.parametrize("name", MOMENTS)
async def test_killed_at_any_moment_it_goes_on(tmp_path: Path, name: str) -> None:
    await live(tmp_path, MOMENTS[name])


async def test_a_call_that_npm_never_acted_on_is_made_again_when_that_is_certain(tmp_path: Path) -> None:
    await live(tmp_path, MOMENTS["npm has got the call"], fails=True)


async def test_a_call_that_npm_acts_on_long_after_the_bot_has_died_is_not_made_again(tmp_path: Path) -> None:
    await live(tmp_path, MOMENTS["npm has got the call"], seconds=5)


async def test_a_database_that_is_locked_for_a_while_costs_only_time(tmp_path: Path) -> None:
    async with open_child(tmp_path) as child:
        with closing(sqlite3.connect(tmp_path / "npmtrust.sqlite3", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            delivered = await child.slack.command(REQUESTER.slack_id, GENERAL[0], REQUEST.line)
            assert "Nothing was stored" in delivered.body
        await People(child).live(REQUEST)
        check(child)
