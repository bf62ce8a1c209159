from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.sandbox.world import AROUND, World, open_world
from tests.scenarios.leaks import searched


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def world(prepared_folder: Path, database_settings: dict[str, str]) -> AsyncIterator[World]:
    async with open_world(prepared_folder, socket_mode=False, **database_settings) as opened:
        yield opened


@pytest.fixture(autouse=True)
def no_secret_leaks() -> Iterator[None]:
    """Search each world for the secrets that were issued in it."""
    AROUND.append(searched)
    yield
    AROUND.remove(searched)
