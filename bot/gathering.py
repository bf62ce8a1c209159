"""Doing at once what is wanted at the same time: while one lot is being done, the next one gathers."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Gathering(Generic[T, R]):
    """One lot is done at a time, in the order in which its things came."""

    def __init__(self, most: int) -> None:
        self._most = most
        """How many are one lot."""
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._working: asyncio.Task[None] | None = None

    async def join(self, thing: T, do: Callable[[Sequence[T]], Awaitable[Sequence[R | Exception]]]) -> R:
        """Wait until a thing was done, with those that came meanwhile.

        Args:
            thing: What is wanted.
            do: Does a lot; tells what came of each, in order. What it raises came of all of them.
        """
        mine: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((thing, mine))
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work(do), name="gathering")
        return await mine

    async def _work(self, do: Callable[[Sequence[T]], Awaitable[Sequence[R | Exception]]]) -> None:
        while self._waiting:
            lot, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            [done] = await asyncio.gather(do([thing for thing, _ in lot]), return_exceptions=True)
            outcomes = [done] * len(lot) if isinstance(done, BaseException) else done
            for (_, theirs), outcome in zip(lot, outcomes, strict=True):
                if theirs.done():
                    continue  # who wanted it does not wait any more
                if isinstance(outcome, BaseException):
                    theirs.set_exception(outcome)
                else:
                    theirs.set_result(outcome)
