"""What is judged of a workflow file, out of the way of others."""

import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.domain.preflight import Look, judge
from bot.domain.preflight_jobs import Point
from bot.domain.publishers import GitHub
from bot.services import Services
from bot.workflow import preflight

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def _find(_work: Callable[[Any], Any]) -> Look:
    return Look(found=True, document={"jobs": {}})


async def test_a_workflow_is_judged_in_another_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[int] = []

    def noting(*given: Any) -> tuple[Point, ...]:  # noqa: ANN401 -- as the function itself
        threads.append(threading.get_ident())
        return judge(*given)

    monkeypatch.setattr(preflight, "judge", noting)
    services = cast("Services", SimpleNamespace(forge=object(), database=SimpleNamespace(run=_find)))
    points = await preflight.look_at(services, GitHub(repository="acme/ui", file="release.yml"), facts=None)
    assert "Nothing in release.yml publishes to npm, as far as I can see." in [point.says for point in points]
    assert threads
    assert threading.get_ident() not in threads
