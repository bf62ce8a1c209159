from collections.abc import AsyncIterator

import pytest

from bot.clock import Clock
from bot.registry import RegistryClient
from bot.sandbox.ports import HeldPort
from tests.registry.recorder import Answer, Recorder

AUTH_HOSTS = frozenset({"www.npmjs.com", "127.0.0.1:4873"})


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
async def running_recorder(anyio_backend: str) -> AsyncIterator[Recorder]:  # noqa: ARG001 - keeps the loop alive
    recorder = Recorder()
    await recorder.start()
    yield recorder
    await recorder.stop()


@pytest.fixture(scope="session")
async def registry(running_recorder: Recorder) -> AsyncIterator[RegistryClient]:
    """One for all tests: making the first connection costs more than a test."""
    client = RegistryClient(running_recorder.url, auth_hosts=AUTH_HOSTS, clock=Clock(), version="1.2.3")
    yield client
    await client.close()


@pytest.fixture
def recorder(running_recorder: Recorder) -> Recorder:
    running_recorder.will_answer(Answer())
    return running_recorder


@pytest.fixture
async def fresh_registry(running_recorder: Recorder) -> AsyncIterator[RegistryClient]:
    """A client that has not sent anything yet."""
    client = RegistryClient(running_recorder.url, auth_hosts=AUTH_HOSTS, clock=Clock(), version="1.2.3")
    yield client
    await client.close()


@pytest.fixture
def closed_port() -> HeldPort:
    """A port of loopback at which nobody listens."""
    return HeldPort()


@pytest.fixture
def proxied_to_recorder(monkeypatch: pytest.MonkeyPatch, recorder: Recorder) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, recorder.url)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
