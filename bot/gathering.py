"""Doing at once what is wanted at the same time: while one lot is being done, the next one gathers."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeAlias, TypeVar

T = TypeVar("T")
R = TypeVar("R")

_Lot: TypeAlias = list[tuple[T, asyncio.Future[R]]]
_Do: TypeAlias = Callable[[Sequence[T]], Awaitable[Sequence[R | Exception]]]


class Gathering(Generic[T, R]):
    """One lot is done at a time, in the order in which its things came."""

    def __init__(self, most: int) -> None:
        self._most = most
        """How many are one lot."""
        self._waiting: _Lot[T, R] = []
        self._working: asyncio.Task[None] | None = None

    async def join(self, thing: T, do: _Do[T, R]) -> R:
        """Wait until a thing was done, with those that came meanwhile.

        Args:
            thing: What is wanted.
            do: Does a lot; tells what came of each, in order. Where it raises something, each is done by itself.
        """
        mine: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((thing, mine))
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work(do), name="gathering")
        return await mine

    async def _work(self, do: _Do[T, R]) -> None:
        while self._waiting:
            lot, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            await self._do(lot, do)

    async def _do(self, lot: _Lot[T, R], do: _Do[T, R]) -> None:
        [done] = await asyncio.gather(do([thing for thing, _ in lot]), return_exceptions=True)
        if isinstance(done, Exception) and len(lot) > 1:
            for one in lot:  # what is wrong with one is not felt by the others, and each is told of its own at once
                await self._do([one], do)
            return
        outcomes = [done] * len(lot) if isinstance(done, BaseException) else done
        for (_, theirs), outcome in zip(lot, outcomes, strict=True):
            if theirs.done():
                continue  # who wanted it does not wait any more
            if isinstance(outcome, BaseException):
                theirs.set_exception(outcome)
            else:
                theirs.set_result(outcome)
