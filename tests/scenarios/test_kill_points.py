"""kill -9 at the points that have names in the code: around each call to npm and to Slack, and around the commits that
the others hang on. `make bench` dies at all commits.
"""

from pathlib import Path

import pytest

from tests.bench.points import die_at_each
from tests.scenarios.nursery import open_nursery

pytestmark = pytest.mark.anyio

COMMITS = (
    "inbox.receive.keep",
    "execute.execute_next (claim_next)",
    "execute._record (record_write)",
    "handoff._poll (_record_poll.handoff_id)",
    "digests.execute_next (_make)",
    "surfaces.execute_next (_shown)",
)
CALLS = ("npm, POST login", "npm, POST trust", "npm, DELETE trust", "Slack, chat.postMessage", "Slack, chat.update")


async def test_killed_at_each_point_in_turn_it_goes_on(tmp_path: Path, migrated_file: Path) -> None:
    async with open_nursery() as nursery:
        survived = await die_at_each(tmp_path, nursery, migrated_file, among=COMMITS)
    assert len(survived) == len(set(survived))
    for when in ("before", "after"):
        for call in CALLS:
            assert f"{when} the call: {call}" in survived
        for commit in COMMITS:
            assert any(point.startswith(when) and point.endswith(commit) for point in survived), commit
