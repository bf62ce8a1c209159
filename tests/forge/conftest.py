from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from bot.clock import Clock
from bot.domain.preflight import Place
from bot.domain.publishers import Provider
from bot.forge import Forge, Source
from bot.forge.client import LOOK_SECONDS
from bot.sandbox.forge import SimulatedForge

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


def make_forge(
    simulated: SimulatedForge, clock: HandClock, token: SecretStr | None = None, *, seconds: float = LOOK_SECONDS
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
