from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox.world import World, open_world


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def world(prepared_folder: Path, database_settings: dict[str, str]) -> AsyncIterator[World]:
    async with open_world(prepared_folder, socket_mode=False, **database_settings) as opened:
        yield opened
