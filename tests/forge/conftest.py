import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from bot.clock import Clock
from bot.domain.preflight import Place
from bot.domain.publishers import Provider
from bot.forge import Forge, Source
from bot.sandbox.exchanges import Stage
from bot.sandbox.forge import SimulatedForge
from tests.patience import PATIENCE

GITHUB = Place(provider=Provider.GITHUB, repository="acme/ui", file="release.yml")
GITLAB = Place(provider=Provider.GITLAB, repository="acme/web/ui", file=".gitlab-ci.yml")


class HandClock(Clock):
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def pass_by(self, **span: float) -> None:
        self.moment += timedelta(**span)


@dataclass
class Outlook:
    """A client and the forge that it looks at."""

    simulated: SimulatedForge
    forge: Forge
    clock: HandClock

    def with_tokens(self) -> Forge:
        return make_forge(self.simulated, self.clock, SecretStr("a-token-of-ours"))


class Gate:
    """Keeps answers back until it is opened."""

    def __init__(self, simulated: SimulatedForge, only_for: str = "") -> None:
        self.held = 0
        """So many were asked for, and wait."""
        self._only_for = re.compile(only_for)
        self._has_come = asyncio.Condition()
        self._is_open = asyncio.Event()
        simulated.on_exchange = self._hold

    async def _hold(self, name: str, stage: Stage) -> None:
        if stage is not Stage.RECEIVED or not self._only_for.search(name):
            return
        async with self._has_come:
            self.held += 1
            self._has_come.notify_all()
        await self._is_open.wait()

    async def wait_for(self, held: int) -> None:
        async with asyncio.timeout(PATIENCE), self._has_come:
            await self._has_come.wait_for(lambda: self.held >= held)

    def open(self) -> None:
        self._is_open.set()


def make_forge(
    simulated: SimulatedForge, clock: HandClock, token: SecretStr | None = None, *, seconds: float = PATIENCE
) -> Forge:
    return Forge(
        github=Source("GitHub", simulated.settings["NPMTRUST_GITHUB_API_URL"], token, "NPMTRUST_GITHUB_TOKEN"),
        gitlab=Source("GitLab", simulated.settings["NPMTRUST_GITLAB_URL"], token, "NPMTRUST_GITLAB_TOKEN"),
        clock=clock,
        version="1",
        seconds=seconds,
    )


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def outlook() -> AsyncIterator[Outlook]:
    clock = HandClock()
    simulated = SimulatedForge(clock)
    await simulated.start()
    forge = make_forge(simulated, clock)
    yield Outlook(simulated, forge, clock)
    await forge.close()
    await simulated.stop()
