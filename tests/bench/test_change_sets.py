from pathlib import Path

import pytest

from tests.bench import change_sets

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_every_change_set_of_a_short_run_is_staged_once(tmp_path: Path) -> None:
    figures = await change_sets.measure(tmp_path, number=8)
    assert figures.is_right, str(figures)
