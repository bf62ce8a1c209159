"""`make bench`: figures of how the bot holds up. What must hold is asserted in the tests."""

import argparse
import asyncio
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.bench import kills


def main() -> int:
    """Measure, print, and fail when something was lost or done twice."""
    parser = argparse.ArgumentParser(description="Figures of how the bot holds up.")
    parser.add_argument("--seconds", type=float, default=120, help="for how long new rounds begin (default: 120)")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the times of the kills")
    arguments = parser.parse_args()
    with TemporaryDirectory(prefix="npmtrust-bench-") as folder:
        figures = asyncio.run(kills.measure(Path(folder), seed=arguments.seed, seconds=arguments.seconds))
    print(f"kill -9 at random times (seed {arguments.seed}): {figures}")  # noqa: T201 -- its purpose
    return 0 if figures.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
