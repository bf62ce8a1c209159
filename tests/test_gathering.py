import asyncio
from collections.abc import Sequence

import pytest

from bot.gathering import Gathering

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def worker() -> "Worker":
    return Worker()


class Worker:
    """Does lots as they are let go; lots with something that is refused fail."""

    def __init__(self) -> None:
        self.lots: list[list[str]] = []
        self.held: dict[str, asyncio.Event] = {}
        self.gathering: Gathering[str, str] = Gathering(3)

    def want(self, *things: str) -> list[asyncio.Task[str]]:
        return [asyncio.create_task(self.gathering.join(thing, self.do)) for thing in things]

    def hold(self, thing: str) -> asyncio.Event:
        """Hold the lot up that begins with this."""
        return self.held.setdefault(thing, asyncio.Event())

    async def do(self, lot: Sequence[str]) -> list[str | Exception]:
        self.lots.append(list(lot))
        if lot[0] in self.held:
            await self.held[lot[0]].wait()
        if "refused" in lot:
            raise ValueError("refused")
        return [LookupError(thing) if thing == "missing" else thing.upper() for thing in lot]


async def test_what_comes_meanwhile_is_done_together_in_its_order(worker: Worker) -> None:
    held = worker.hold("a")
    wanted = worker.want("a", *"bcdef")
    await asyncio.sleep(0)
    held.set()
    assert await asyncio.gather(*wanted) == list("ABCDEF")
    assert worker.lots == [["a", "b", "c"], ["d", "e", "f"]]
    assert await asyncio.gather(*worker.want("g")) == ["G"]


async def test_an_outcome_may_be_an_exception_of_one_alone(worker: Worker) -> None:
    found = await asyncio.gather(*worker.want("a", "missing", "b"), return_exceptions=True)
    assert [str(each) for each in found] == ["A", "missing", "B"]
    assert len(worker.lots) == 1


async def test_where_a_lot_fails_each_is_told_of_its_own_as_soon_as_it_is_known(worker: Worker) -> None:
    first, refused, held = worker.want("a", "refused", "held")
    last = worker.hold("held")
    assert await first == "A"
    with pytest.raises(ValueError, match="refused"):
        await refused
    assert not held.done()
    [next_one] = worker.want("b")
    last.set()
    assert [await held, await next_one] == ["HELD", "B"]
    assert worker.lots == [["a", "refused", "held"], ["a"], ["refused"], ["held"], ["b"]]


async def test_who_does_not_wait_any_more_costs_the_others_nothing(worker: Worker) -> None:
    held = worker.hold("a")
    gone, *wanted = worker.want(*"abcd")
    await asyncio.sleep(0)
    gone.cancel()
    wanted.pop().cancel()
    await asyncio.sleep(0)
    held.set()
    assert await asyncio.gather(*wanted, *worker.want("e")) == ["B", "C", "E"]
    assert worker.lots == [["a", "b", "c"], ["d", "e"]]
