from pathlib import Path

import pytest

from tests.bench.fuzz import measure

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_nonsense_gets_an_answer_that_is_meant_and_leaves_no_trace(tmp_path: Path) -> None:
    figures = await measure(tmp_path, seed=20261123, seconds=60, most=2000)
    assert figures.requests >= 2000
    assert figures.is_clean, str(figures)
