from collections.abc import AsyncIterator

import pytest

from tests.handlers.door import Door, open_door


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def door(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    async with open_door(tmp_path_factory.mktemp("door")) as opened:
        yield opened
