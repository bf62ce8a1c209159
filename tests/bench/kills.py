"""kill -9 at random times and in the middle of random exchanges, while people ask, link, approve and confirm."""

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from bot.sandbox.cast import SeedPackage
from bot.sandbox.exchanges import Stage
from tests.scenarios.child import Child, People, Request, open_child

AT_ONCE = 3
"""Requests of one round."""
MOST_KILLS = 3
"""Of one round."""
LONGEST_WAIT = 2.5
"""Seconds from a start of the bot, or of a round, to a kill at a random time."""
MOST_STAGES = 60
"""Stages of exchanges from a start of the bot, or of a round, to a kill in the middle of one."""
PATIENCE = 180.0


@dataclass
class Figures:
    """What became of everything."""

    requests: int = 0
    kills: int = 0
    deliveries: int = 0
    """Acknowledged ones."""
    lost: int = 0
    """Deliveries that were acknowledged and not stored or not done."""
    missing: int = 0
    """Requests whose configuration does not stand at npm."""
    doubled: int = 0
    """Creates that npm accepted more than once."""
    untrue: int = 0
    """Requests whose message does not tell how they ended."""
    recoveries: list[float] = field(default_factory=list)
    """Of each round, the seconds from its last kill to its last outcome."""

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.missing or self.doubled or self.untrue)

    def __str__(self) -> str:
        ordered = sorted(self.recoveries) or [0.0]
        return (
            f"{self.requests} requests, {self.kills} kills survived; of {self.deliveries} acknowledged deliveries "
            f"{self.lost} lost; {self.missing} configurations missing, {self.doubled} creates doubled, "
            f"{self.untrue} messages untrue; from the last kill of a round to its last outcome "
            f"{ordered[len(ordered) // 2]:.1f} s (median), {ordered[-1]:.1f} s (longest)"
        )


class Killer:
    """Kills the bot a few times in a round, at times and stages that are left to chance."""

    def __init__(self, child: Child, chance: random.Random) -> None:
        self._child, self._chance = child, chance
        self._stages_left = 0
        self._came = asyncio.Event()
        self.last = 0.0
        """When it last killed, by the monotonic clock."""
        child.registry.on_exchange = child.slack.on_exchange = self._watch

    async def _watch(self, _name: str, _stage: Stage) -> None:
        self._stages_left -= 1
        if self._stages_left == 0:
            self._kill()
            self._came.set()

    def _kill(self) -> None:
        self.last = time.monotonic()
        self._child.kill()

    async def run(self) -> None:
        """Kill one to three times."""
        for _ in range(self._chance.randint(1, MOST_KILLS)):
            await self._child.revive()
            if self._chance.random() < 1 / 2:
                await asyncio.sleep(self._chance.uniform(0, LONGEST_WAIT))
                self._kill()
            else:
                self._came.clear()
                self._stages_left = self._chance.randint(1, MOST_STAGES)
                await self._came.wait()


async def measure(folder: Path, *, seed: int, seconds: float) -> Figures:
    """Begin rounds for so many seconds, and see each to its end."""
    chance = random.Random(seed)  # noqa: S311 -- when to kill is no secret
    figures = Figures()
    async with open_child(folder) as child:
        ends = time.monotonic() + seconds
        people, killer = People(child, patience=PATIENCE), Killer(child, chance)
        while time.monotonic() < ends:
            requests = [_make_request(child, figures.requests + number) for number in range(AT_ONCE)]
            killing = asyncio.create_task(killer.run())
            await people.live(*requests)
            await child.revive()
            killing.cancel()
            figures.recoveries.append(time.monotonic() - killer.last)
            _count(child, requests, figures)
        figures.kills, figures.deliveries = child.kills, child.acked
        figures.lost = max(0, child.acked - child.inbox()["done"])
    return figures


def _make_request(child: Child, number: int) -> Request:
    package = f"@acme/part-{number}"
    child.registry.add_package(SeedPackage(package, ("otto-npm", "olga-npm"), "acme/ui"))
    return Request(package, f"release-{number}.yml")


def _count(child: Child, requests: list[Request], figures: Figures) -> None:
    accepted = Counter(create.package for create in child.registry.accepted_creates)
    for request in requests:
        message = child.newest(request)
        told = child.slack.text_of(message) if message else ""
        figures.requests += 1
        figures.missing += len(child.registry.configurations(request.package)) != 1
        figures.doubled += max(0, accepted[request.package] - 1)
        figures.untrue += f"{request.package} now trusts acme/ui → {request.file}" not in told
