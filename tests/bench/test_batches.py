from pathlib import Path

import pytest

from tests.bench.batches import measure

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_a_batch_takes_one_call_a_package_and_no_package_twice(tmp_path: Path) -> None:
    figures = await measure(tmp_path, packages=40, seconds=10, npm=False)
    assert figures.is_right, str(figures)
    assert figures.actions < 20, str(figures)
