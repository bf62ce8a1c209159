"""kill -9 at the points that have names in the code: around each call to npm and to Slack, and around the commits that
the others hang on.

This is the short form, of some 45 deaths and 20 s of the processor: a call that only reads leaves nothing behind it at
npm or at Slack, so that the bot dies after it alone. `make bench` dies at all commits, and on both sides of each call.
"""

from pathlib import Path

import pytest

from tests.bench.points import die_at_each
from tests.scenarios.nursery import open_nursery

pytestmark = pytest.mark.anyio

COMMITS = (
    "bot.workflow.receive._keep_lot (_keep)",
    "bot.workflow.execute.execute_next (claim_next)",
    "bot.workflow.execute._record (record_write)",
    "bot.workflow.handoff._poll (_record_poll.handoff_id)",
    "bot.workflow.digests.execute_next (_make)",
    "bot.workflow.surfaces.execute_next (_shown)",
)
CALLS = ("npm, POST login", "npm, POST trust", "npm, DELETE trust", "Slack, chat.postMessage", "Slack, chat.update")
READS = (
    *(f"npm, GET {what}" for what in ("access", "profile", "search", "view", "whoami")),
    *(f"Slack, {what}" for what in ("auth.test", "conversations.info", "conversations.members", "users.info")),
)
POINTS = {
    *(f"{when} the commit: {commit}" for when in ("before", "after") for commit in COMMITS),
    *(f"{when} the call: {call}" for when in ("before", "after") for call in CALLS),
    *(f"after the call: {read}" for read in READS),
}


async def test_killed_at_each_point_in_turn_it_goes_on(tmp_path: Path, migrated_file: Path) -> None:
    spared = [f"before the call: {read}" for read in READS]
    async with open_nursery() as nursery:
        survived = await die_at_each(tmp_path, nursery, migrated_file, among=COMMITS, spared=spared, enough=POINTS)
    assert len(survived) == len(set(survived))
    assert set(survived) >= POINTS
