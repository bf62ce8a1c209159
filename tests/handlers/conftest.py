from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.handlers.door import Door, open_door


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def door(migrated: Path) -> AsyncIterator[Door]:
    async with open_door(migrated) as opened:
        yield opened
