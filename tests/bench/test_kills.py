from pathlib import Path

import pytest

from tests.bench.kills import measure

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_killed_at_random_times_nothing_is_lost_and_nothing_is_done_twice(tmp_path: Path) -> None:
    figures = await measure(tmp_path, seed=20261123, seconds=10)
    assert figures.kills
    assert figures.is_clean, str(figures)
