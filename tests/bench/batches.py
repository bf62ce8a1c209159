"""A batch of npmtrust's beside what people do today, against simulated registries that take 100 ms to answer.

The ways are measured one after the other on the same machine: side by side they would take each other's time. The rates
are measured over a span that is told, and reckoned up to npm's window of five minutes; `--full` measures each for one.
"""

import asyncio
import math
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar

from bot.sandbox.cast import GENERAL, OWNER, REQUESTER, SeedPackage
from bot.sandbox.registry_catalogue import AcceptedCreate
from bot.sandbox.slack_state import SlackMessage
from tests.registry.real_npm import RealNpm
from tests.scenarios.child import Child, find_button, open_child

T = TypeVar("T")

ANSWER_SECONDS = 0.1
PACE_SECONDS = 2.0
WINDOW_SECONDS = 300.0
MEGABYTE = 1_000_000
PATIENCE = 180.0
HOUR = 3600.0

_FLAGS = ("--repo", "acme/mono", "--file", "release.yml", "--allow-publish")


@dataclass
class Rate:
    """How one way went."""

    name: str
    packages: int = 0
    seconds: float = 0.0
    """From the first create that npm accepted to the last."""
    calls: int = 0
    """Trust calls, those that were challenged left out."""

    @property
    def per_window(self) -> float:
        """Packages in five minutes."""
        return (self.packages - 1) / self.seconds * WINDOW_SECONDS if self.packages > 1 else 0.0

    @property
    def per_package(self) -> float:
        """Trust calls a package."""
        return self.calls / self.packages if self.packages else 0.0

    def __str__(self) -> str:
        return (
            f"{self.name}: {self.per_window:.0f} packages a window, {self.per_package:.2f} calls a package"
            f" ({self.packages} in {self.seconds:.0f} s)"
        )


@dataclass
class Figures:
    """What was measured."""

    loop: Rate = field(default_factory=lambda: Rate("npm trust and sleep 2"))
    listing: Rate = field(default_factory=lambda: Rate("npm trust list first, with a sleep too"))
    bot: Rate = field(default_factory=lambda: Rate("npmtrust"))
    asked: int = 0
    presses: int = 0
    """Of requester and approver, before the first confirmation."""
    doubled: int = 0
    """Packages for which npm accepted more than one create."""
    peak_memory: int = 0

    @property
    def overhead(self) -> float:
        """Seconds a call beyond npm's answer and the pause."""
        made = self.bot.packages - 1
        return self.bot.seconds / made - PACE_SECONDS - ANSWER_SECONDS if made > 0 else 0.0

    @property
    def actions(self) -> int:
        """Of people for a thousand packages: the presses, and a confirmation a window."""
        return self.presses + math.ceil(1000 / self.bot.per_window) if self.bot.per_window else 0

    @property
    def is_right(self) -> bool:
        """Nothing was done twice, and each package took one call."""
        return not self.doubled and self.bot.packages > 0 and self.bot.calls == self.bot.packages

    def __str__(self) -> str:
        others = [other for other in (self.loop, self.listing) if other.per_window]
        limit = WINDOW_SECONDS / (PACE_SECONDS + ANSWER_SECONDS)
        lines = [
            f"answers of {ANSWER_SECONDS * 1000:.0f} ms, at most {limit:.0f} calls a window",
            *map(str, [*others, self.bot]),
            *(
                f"npmtrust is {self.bot.per_window / other.per_window:.2f} times as fast as {other.name}"
                for other in others
            ),
            f"own overhead {self.overhead * 1000:.1f} ms a call",
            f"{self.peak_memory / MEGABYTE:.0f} MB at most, with {self.asked} packages asked for",
            f"{self.actions} actions of people for 1,000 packages; with a loop one start a window",
        ]
        return "\n  ".join(lines)


async def measure(folder: Path, *, packages: int = 1000, seconds: float = 60.0, npm: bool = True) -> Figures:
    """Measure each way for so many seconds; `npm`: the shell loops too."""
    figures = Figures(asked=packages)
    for name in ("bot", "create", "list"):
        await asyncio.to_thread((folder / name).mkdir)
    async with open_child(folder / "bot", NPMTRUST_PACE_SECONDS=str(PACE_SECONDS)) as child:
        child.kill()  # the first start makes the database, which no other has to
        await child.revive()
        for number in range(packages):
            child.registry.add_package(SeedPackage(name_of(number), (OWNER.npm_user,), "acme/mono"))
        await _ask(child, figures)
        await _run(child, figures, seconds)
    if npm:
        await _loop(folder / "create", figures.loop, seconds, lists=False)
        await _loop(folder / "list", figures.listing, seconds, lists=True)
    return figures


def name_of(number: int) -> str:
    """Name a package of the batch."""
    return f"@parts/part-{number}"


async def _ask(child: Child, figures: Figures) -> None:
    """Rita asks for all of them by one pattern, and Otto approves them in one view."""
    await _link(child)
    await child.says(REQUESTER.slack_id, f"github @parts/* {' '.join(_FLAGS)}")
    await child.presses(REQUESTER.slack_id, *await _wait(lambda: _find(child, REQUESTER.slack_id, "batch_ask")))
    await child.presses(OWNER.slack_id, *await _wait(lambda: _find(child, "", "approve")))
    view = await _wait(lambda: child.slack.view(OWNER.slack_id))
    await child.slack.submit(OWNER.slack_id, view["id"], {})
    figures.presses = 4  # the command, the preview, [Approve] and the view that it opens


async def _run(child: Child, figures: Figures, seconds: float) -> None:
    """Let the calls go on for so many seconds, counted from the first that npm accepted."""
    seen = len(child.registry.calls)
    link = await _wait(lambda: _find_link(child))
    child.registry.latency = ANSWER_SECONDS
    child.registry.confirm(link, OWNER.npm_user, remember=True)
    await _wait(lambda: child.registry.accepted_creates)
    await asyncio.sleep(seconds)
    made, calls = list(child.registry.accepted_creates), child.registry.calls[seen:]
    figures.bot.packages, figures.bot.seconds = len(made), _span(made)
    figures.bot.calls = sum("/trust" in call.path and call.status != HTTPStatus.UNAUTHORIZED for call in calls)
    figures.doubled = len(made) - len({create.package for create in made})
    figures.peak_memory = child.peak_memory


async def _loop(folder: Path, rate: Rate, seconds: float, *, lists: bool) -> None:
    """Do what a shell loop does: npm by itself for each package, and a sleep."""
    async with open_child(folder) as child:
        await _link(child)
        [session] = child.registry.state.sessions
        child.registry.open_window(session, seconds=HOUR)
        child.registry.latency = ANSWER_SECONDS
        npm = RealNpm(folder, registry=child.registry.url, session=session)
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            name = name_of(rate.packages)
            child.registry.add_package(SeedPackage(name, (OWNER.npm_user,), "acme/mono"))
            if lists:
                await npm.run_alone(["trust", "list", name])
                await asyncio.sleep(PACE_SECONDS)
            told = await npm.run_alone(["trust", "github", name, *_FLAGS, "--yes"])
            assert not told.failed, told.told
            rate.packages += 1
            await asyncio.sleep(PACE_SECONDS)
        rate.seconds = _span(child.registry.accepted_creates)
        rate.calls = sum(
            "/trust" in call.path and call.status != HTTPStatus.UNAUTHORIZED for call in child.registry.calls
        )


def _span(made: list[AcceptedCreate]) -> float:
    return (made[-1].at - made[0].at).total_seconds() if made else 0.0


async def _link(child: Child) -> None:
    """Otto links his account and is logged in."""
    await child.says(OWNER.slack_id, "login")
    child.registry.log_in(await _wait(lambda: _find_link(child)), OWNER.npm_user)
    await _wait(lambda: _is_logged_in(child))


def _is_logged_in(child: Child) -> bool:
    with closing(sqlite3.connect(child.folder / "npmtrust.sqlite3")) as database:
        return bool(database.execute("SELECT 1 FROM account_links WHERE sealed_session != ''").fetchall())


def _find_link(child: Child) -> str | None:
    """Find npm's link in Otto's DM that is open."""
    for message in reversed(child.messages(child.slack.dm(OWNER.slack_id))):
        if button := find_button(message, "open_npm"):
            return button["url"]
    return None


def _find(child: Child, person: str, action: str) -> tuple[SlackMessage, str] | None:
    """Find a button in the DM of somebody, or else in the channel."""
    place = child.slack.dm(person) if person else GENERAL[0]
    for message in reversed(child.slack.messages(place, person or OWNER.slack_id)):
        if button := find_button(message, action):
            return message, button["action_id"]
    return None


async def _wait(look: Callable[[], T | None]) -> T:
    """Wait until something is there."""
    async with asyncio.timeout(PATIENCE):
        while not (found := look()):  # noqa: ASYNC110 -- some of it stands in the bot's own database
            await asyncio.sleep(0.05)
    return found
