"""How many change sets a second the bot stages, from the first command to the last that is committed.

Each looks at the channel, the person, the package at the registry and its owners. Slack and the registry are stand-ins
in this process, so that they take a part of the time.
"""

import asyncio
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bot.sandbox.cast import GENERAL, OWNER, PEOPLE, RELEASES, SECOND_OWNER, SeedPackage
from tests.scenarios.child import Child, open_child

MOST = 96
"""Each asks Slack anew who the person is, which it lets us do 100 times a minute."""
AT_ONCE = 16
PATIENCE = 60.0


@dataclass
class Figures:
    """What was measured."""

    asked: int
    staged: int
    seconds: float

    @property
    def is_right(self) -> bool:
        """Whether each was staged, and once."""
        return self.staged == self.asked

    def __str__(self) -> str:
        rate = self.staged / self.seconds
        return f"{self.staged} of {self.asked} staged in {self.seconds:.1f} s, {rate:.0f} a second"


async def measure(folder: Path, *, number: int = MOST) -> Figures:
    """Let the people of the sandbox ask for so many packages, each by itself."""
    async with open_child(folder) as child:
        for place in range(number):
            owners = (OWNER.npm_user, SECOND_OWNER.npm_user)
            child.registry.add_package(SeedPackage(f"@many/p{place}", owners, "acme/many"))
        free = asyncio.Semaphore(AT_ONCE)
        began = time.monotonic()
        await asyncio.gather(*(_ask(child, free, place) for place in range(number)))
        staged = await _wait_for(child, number)
        return Figures(number, staged, time.monotonic() - began)


async def _ask(child: Child, free: asyncio.Semaphore, place: int) -> None:
    person = PEOPLE[place % len(PEOPLE)]
    channel = (GENERAL, RELEASES)[place // len(PEOPLE) % 2][0]
    line = f"github @many/p{place} --repo acme/many --file release.yml --allow-publish"
    async with free:
        delivered = await child.slack.command(person.slack_id, channel, line)
    assert not delivered.error, delivered


async def _wait_for(child: Child, number: int) -> int:
    ends = time.monotonic() + PATIENCE
    with closing(sqlite3.connect(child.folder / "npmtrust.sqlite3")) as database:
        while (staged := _count(database)) < number and time.monotonic() < ends:  # noqa: ASYNC110 -- it is another's
            await asyncio.sleep(0.02)
    return staged


def _count(database: sqlite3.Connection) -> int:
    [[found]] = database.execute("SELECT count(*) FROM change_sets").fetchall()
    return int(found)
