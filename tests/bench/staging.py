"""How long it takes to look at many packages and to stage them, and what memory that needs.

    python -m tests.bench.staging [PACKAGES]

The registry and Slack are the sandbox's, in the same process, so that the memory is more than the bot's own.
"""

import asyncio
import resource
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from bot.sandbox.cast import REQUESTER, SeedPackage
from bot.sandbox.world import open_world

PACKAGES = 1000


async def measure(packages: int = PACKAGES) -> dict[str, float]:
    """Ask for so many packages by a pattern, and press [Ask]; tell the seconds of each, and the highest memory."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_world(Path(folder)) as world:
            for number in range(packages):
                world.registry.add_package(SeedPackage(f"@mass/p{number:05}", ("otto-npm",), "mass/all"))
            rita = world.person(REQUESTER)
            before = memory()
            began = perf_counter()
            await rita.says("github @mass/* --file release.yml --allow-publish")
            looked = perf_counter() - began
            began = perf_counter()
            await rita.clicks(f"Ask for {packages}", "dm")
            staged = perf_counter() - began
    return {"looked_seconds": looked, "staged_seconds": staged, "before_mb": before, "highest_mb": memory()}


def memory() -> float:
    """Tell the highest memory of this process so far, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    measured = asyncio.run(measure(int(sys.argv[1]) if sys.argv[1:] else PACKAGES))
    sys.stdout.write(", ".join(f"{name} {value:.1f}" for name, value in measured.items()) + "\n")
