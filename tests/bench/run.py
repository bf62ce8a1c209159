"""`make bench`: figures of how the bot holds up. What must hold is asserted in the tests."""

import argparse
import asyncio
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.bench import acks, approvals, batches, change_sets, coverage, fuzz, kills, points, same_as_npm, worlds

SOAK = 20_000
"""Commands of a long run on each database: the memory must be flat."""


def main() -> int:
    """Measure, print, and fail when something was lost, done twice or not counted."""
    parser = argparse.ArgumentParser(description="Figures of how the bot holds up.")
    parser.add_argument("--seconds", type=float, default=120, help="for how long new rounds begin (default: 120)")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of what is random")
    parser.add_argument("--packages", type=int, default=10_000, help="how many are covered (default: 10000)")
    parser.add_argument("--commands", type=int, default=1000, help="how many of a kind npm is given (default: 1000)")
    parser.add_argument("--span", type=float, default=60, help="seconds for each way of a batch (default: 60)")
    parser.add_argument("--fuzz", type=float, default=600, help="seconds of nonsense at the front door (default: 600)")
    parser.add_argument("--full", action="store_true", help="a whole window of five minutes for each way of a batch")
    arguments = parser.parse_args()
    span = batches.WINDOW_SECONDS if arguments.full else arguments.span
    with TemporaryDirectory(prefix="npmtrust-bench-") as folder:
        batch = asyncio.run(batches.measure(Path(folder), seconds=span))
    print(f"a batch: {batch}", flush=True)  # noqa: T201 -- as below
    with TemporaryDirectory(prefix="npmtrust-bench-") as folder:
        acked = asyncio.run(acks.measure(Path(folder), commands=SOAK // 3 if arguments.full else 600))
    print(f"acks: {acked}", flush=True)  # noqa: T201 -- as below
    with TemporaryDirectory(prefix="npmtrust-bench-") as folder:
        staged = asyncio.run(change_sets.measure(Path(folder)))
    print(f"change sets: {staged}", flush=True)  # noqa: T201 -- as below
    with TemporaryDirectory(prefix="npmtrust-bench-") as folder:
        killed = asyncio.run(kills.measure(Path(folder), seed=arguments.seed, seconds=arguments.seconds))
    print(f"kill -9 at random times (seed {arguments.seed}): {killed}", flush=True)  # noqa: T201 -- its purpose
    with TemporaryDirectory(prefix="npmtrust-bench-") as folder:
        died = asyncio.run(points.measure(Path(folder)))
    print(f"kill -9 at each named point: {died}", flush=True)  # noqa: T201 -- as above
    with TemporaryDirectory(prefix="npmtrust-bench-") as folder:
        covered = asyncio.run(coverage.measure(Path(folder), packages=arguments.packages))
    print(f"coverage: {covered}")  # noqa: T201 -- as above
    with TemporaryDirectory(prefix="npmtrust-bench-") as folder:
        compared = same_as_npm.measure(Path(folder), number=arguments.seed, cases=arguments.commands)
    print(f"beside npm (seed {arguments.seed}): {compared}")  # noqa: T201 -- as above
    with TemporaryDirectory(prefix="npmtrust-bench-") as folder:
        fuzzed = asyncio.run(fuzz.measure(Path(folder), seed=arguments.seed, seconds=arguments.fuzz))
    print(f"nonsense at the front door (seed {arguments.seed}): {fuzzed}", flush=True)  # noqa: T201 -- as above
    clicked = approvals.measure(number=arguments.seed, seconds=arguments.seconds)
    print(f"random clicks (seed {arguments.seed}): {clicked} creates, each as approved")  # noqa: T201 -- as above
    lived = worlds.measure(number=arguments.seed, seconds=arguments.seconds)
    print(f"random worlds (seed {arguments.seed}): {lived}")  # noqa: T201 -- as above
    is_right = acked.is_right and staged.is_right and covered.is_right and batch.is_right
    return 0 if killed.is_clean and fuzzed.is_clean and is_right else 1


if __name__ == "__main__":
    sys.exit(main())
