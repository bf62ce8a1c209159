"""kill -9 at each point that has a name in the code (`bot.points`), one after the other, in the middle of a long story.

The bot dies at each point that it comes to for the first time, also at those that only its recoveries have. A story in
which it does not die any more is the last one: then there was no other point. What must hold is asserted after each.
"""

import shutil
import time
from collections.abc import Collection
from pathlib import Path

from storage import migrate
from storage.database import make_engine
from tests.scenarios.child import Child, opened
from tests.scenarios.long_story import Story
from tests.scenarios.nursery import Nursery, open_nursery

PATIENCE = 300.0
STORIES = 6
"""The first one has nearly all deaths; a later one comes to what depends on chance."""


async def die_at_each(
    folder: Path,
    nursery: Nursery,
    empty: Path,
    *,
    among: tuple[str, ...] = (),
    spared: Collection[str] = (),
    enough: Collection[str] = (),
) -> list[str]:
    """Die at each point of all calls, and of all commits or of those that are named so; tell at which.

    Args:
        folder: For the databases.
        nursery: What makes the bots.
        empty: A SQLite file with every table.
        among: How the names of the commits end.
        spared: Points at which it does not die.
        enough: Where this is not empty, the story is the last one in which it has died at the last of these.
    """
    survived = list(spared)
    for number in range(STORIES):
        place = folder / str(number)
        place.mkdir()
        shutil.copy(empty, place / "npmtrust.sqlite3")
        before = len(survived)
        child = Child(place, nursery)
        child.survived, child.among = survived, among
        async with opened(child):
            story = Story(child, patience=PATIENCE)
            await story.live()
            story.check()
        if len(survived) == before or (enough and set(enough) <= set(survived)):
            return survived[len(spared) :]
    raise AssertionError(f"there was always another point: {survived[before:]}")


async def measure(folder: Path) -> str:
    """Die at all of them; tell how many those were, and what a death cost."""
    empty = folder / "empty.sqlite3"
    engine = make_engine(f"sqlite:///{empty}")
    migrate.upgrade(engine)
    engine.dispose()
    began = time.monotonic()
    async with open_nursery() as nursery:
        survived = await die_at_each(folder, nursery, empty)
    seconds = time.monotonic() - began
    return (
        f"{len(survived)} points, each died at once, nothing lost or doubled; {seconds / len(survived):.2f} s a death"
    )
