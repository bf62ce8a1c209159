from collections.abc import AsyncIterator

import pytest

from tests.sandbox.registry_world import RegistryWorld, open_world


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def world() -> AsyncIterator[RegistryWorld]:
    async with open_world() as opened:
        yield opened
