"""Coverage of many packages of mixed size: how fast they are read, in how much memory, and what comes after it."""

import asyncio
import gc
import time
from dataclasses import dataclass
from http import HTTPStatus
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bot.clock import Clock
from bot.domain.digest import DigestContent, compose_digest
from bot.domain.patterns import selection_of
from bot.sandbox.cast import GENERAL, REQUESTER, TEAM_ID, SeedPackage
from bot.workflow.catalogue import note_catalogue
from storage.database import Database
from storage.store import Store
from tests.scenarios.child import Child, open_child

PATTERN = "@parts/part-*"
MEGABYTE = 1_000_000
DIGESTS = 5
"""How many are timed; the figure is their median."""
PATIENCE = 1800.0

_EVIDENCE = ("trusted", "none", "downgraded", "provenance only")


class Size(NamedTuple):
    """How large some packuments are."""

    one_in: int
    versions: int
    padding: int
    """Bytes of text in each version."""


MIX = (
    Size(one_in=1000, versions=5000, padding=10_000),  # 50 MB and more
    Size(one_in=100, versions=500, padding=4_000),
    Size(one_in=10, versions=50, padding=2_000),
)
"""The first that fits; the others have two versions, as most packages have few."""


@dataclass
class Figures:
    """What it took."""

    packages: int
    megabytes: float
    """Of packuments, at least."""
    seconds: float = 0.0
    """From the command to the message with the result."""
    refresh_seconds: float = 0.0
    refresh_calls: int = 0
    """Calls of a refresh for which npm sent a packument, or no answer that is one."""
    not_modified: int = 0
    """Calls of a refresh for which npm sent none, since nothing had changed."""
    peak_memory: int = 0
    """Of the bot's process, in bytes."""
    digest_seconds: float = 0.0
    """In the database, with what is computed of it there."""
    counted: int = 0
    """How many packages the digest finds trusted or lacking: those that were read."""

    @property
    def is_right(self) -> bool:
        """Every package was counted, and a refresh cost one 304 each and nothing else."""
        return (self.counted, self.not_modified, self.refresh_calls) == (self.packages, self.packages, 0)

    def __str__(self) -> str:
        return (
            f"{self.packages} packages ({self.megabytes:.0f} MB) in {self.seconds:.1f} s, "
            f"{self.packages / self.seconds:.0f} a second; a refresh in {self.refresh_seconds:.1f} s with "
            f"{self.not_modified} answers 304 and {self.refresh_calls} others; at most "
            f"{self.peak_memory / MEGABYTE:.0f} MB of memory; a digest over {self.counted} packages takes "
            f"{self.digest_seconds * 1000:.0f} ms in the database"
        )


async def measure(folder: Path, *, packages: int, mix: tuple[Size, ...] = MIX) -> Figures:
    """Have the bot read packages, refresh them, and write a digest."""
    async with open_child(folder) as child:
        figures = Figures(packages, _fill(child, packages, mix) / MEGABYTE)
        child.registry.on_change = lambda: None  # only messages are waited for
        figures.seconds = await _time_coverage(child, "")
        child.registry.calls.clear()
        figures.refresh_seconds = await _time_coverage(child, " --refresh")
        figures.not_modified = child.registry.count_calls("/@parts%2fpart-", status=HTTPStatus.NOT_MODIFIED)
        figures.refresh_calls = child.registry.count_calls("/@parts%2fpart-") - figures.not_modified
        figures.peak_memory = child.peak_memory
        figures.digest_seconds, digest = await _time_digest(child)
    figures.counted = digest.trusted + digest.lacking_total
    return figures


def _fill(child: Child, packages: int, mix: tuple[Size, ...]) -> int:
    """Add packages to the registry; tell how many bytes their packuments have, at least."""
    size_of_all = 0
    for number, evidence in zip(range(1, packages + 1), cycle(_EVIDENCE), strict=False):
        name = f"@parts/part-{number}"
        child.registry.add_package(SeedPackage(name, ("otto-npm", "olga-npm"), "acme/ui", evidence))
        size = next((size for size in mix if number % size.one_in == 0), None)
        if size is not None:
            child.registry.enlarge(name, versions=size.versions, padding=size.padding)
            size_of_all += size.versions * size.padding
    return size_of_all


async def _time_coverage(child: Child, flags: str) -> float:
    before = _count_results(child)
    begun = time.monotonic()
    await child.says(REQUESTER.slack_id, f"coverage {PATTERN}{flags}")
    async with asyncio.timeout(PATIENCE):
        while _count_results(child) == before:
            await child.next_change()
    return time.monotonic() - begun


async def _time_digest(child: Child) -> tuple[float, DigestContent]:
    database = Database(child.database_url)
    database.workspace = TEAM_ID
    gc.freeze()  # the bot does not have the registry in its memory, through which a collection would look
    times = []
    for _ in range(DIGESTS):
        begun = time.monotonic()
        digest = await database.run(compose)
        times.append(time.monotonic() - begun)
    gc.unfreeze()
    await database.close()
    return median(times), digest


def _count_results(child: Child) -> int:
    return sum(child.slack.text_of(message).startswith("*Coverage of") for message in child.messages(GENERAL[0]))


def compose(store: Store) -> DigestContent:
    """Compose a digest from the database, as the bot does when one is due."""
    selection, now = selection_of(PATTERN), Clock().now()
    records = store.packages.records(selection)
    return compose_digest(
        records,
        selection=selection.text,
        due_at=now,
        now=now,
        before=None,
        slack_users={link.npm_user: link.slack_user for link in store.links.list_linked()},
        catalogue=note_catalogue(store, selection, records),
        alarms_open=len(store.alarms.list_open(selection)),
    )
