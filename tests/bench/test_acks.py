from pathlib import Path

import pytest

from tests.bench import acks

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_every_command_of_a_short_run_is_acked_and_stored(tmp_path: Path) -> None:
    figures = await acks.measure(tmp_path, commands=20, with_postgresql=False)
    assert figures.is_right, str(figures)
    assert figures.sent == 1 + 20 * (len(acks.AT_ONCE) + 1)
    assert len(figures.runs) == 3 * (len(acks.AT_ONCE) + 1)
