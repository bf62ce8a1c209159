"""The forges as the rest of the bot sees them: one look at a workflow file and what it refers to, which never fails."""

import asyncio
from datetime import datetime
from typing import Final

from bot.clock import Clock
from bot.domain.preflight import Look, Place
from bot.domain.publishers import Provider
from bot.forge.exchange import KEPT, Exchange, ForgeAway, Source
from bot.forge.github import MANNERS as GITHUB_MANNERS
from bot.forge.github import WAYS as GITHUB_WAYS
from bot.forge.github import look_at_github
from bot.forge.gitlab import MANNERS as GITLAB_MANNERS
from bot.forge.gitlab import WAYS as GITLAB_WAYS
from bot.forge.gitlab import look_at_gitlab
from bot.forge.referred import Referred

__all__ = ["Forge", "Source"]

LOOK_SECONDS: Final = 3.0
"""A look may take so long in all, by the wall: somebody waits for it. What a file refers to has what is left of it."""

_WAYS = {Provider.GITHUB: GITHUB_WAYS, Provider.GITLAB: GITLAB_WAYS}
_LOOKS = {Provider.GITHUB: look_at_github, Provider.GITLAB: look_at_gitlab}


class Forge:
    """Looks at workflow files. Who wants to see one that is being looked at waits for that look."""

    def __init__(
        self, *, github: Source, gitlab: Source, clock: Clock, version: str, seconds: float = LOOK_SECONDS
    ) -> None:
        self._exchanges = {
            Provider.GITHUB: Exchange(github, GITHUB_MANNERS, clock, version=version),
            Provider.GITLAB: Exchange(gitlab, GITLAB_MANNERS, clock, version=version),
        }
        self._clock = clock
        self._seconds = seconds
        self._under_way: dict[Place, asyncio.Task[tuple[Look, datetime]]] = {}

    async def look(self, place: Place) -> tuple[Look, datetime]:
        """Look at a file; tells until when what was seen counts."""
        task = self._under_way.get(place)
        if task is None:
            task = asyncio.create_task(self._look(place), name=f"look at {place.repository}")
            self._under_way[place] = task
            task.add_done_callback(lambda _done: self._under_way.pop(place, None))
        return await asyncio.shield(task)  # who goes away must not end it for the others

    async def close(self) -> None:
        """Close the connections."""
        for exchange in self._exchanges.values():
            await exchange.close()

    async def _look(self, place: Place) -> tuple[Look, datetime]:
        exchange = self._exchanges[place.provider]
        end = asyncio.get_running_loop().time() + self._seconds
        try:
            async with asyncio.timeout_at(end):
                look = await _LOOKS[place.provider](exchange, place)
        except TimeoutError:
            away = exchange.note_late()
            return Look(unchecked=str(away)), away.until or exchange.soon
        except ForgeAway as err:
            return Look(unchecked=str(err)), err.until or exchange.soon
        until = self._clock.now() + KEPT
        if look.known_as not in {"", place.repository}:
            return look, until  # under another name nothing of it counts
        referred = Referred(exchange, _WAYS[place.provider], place.repository)
        look = await referred.read(look, end)
        return look, referred.until or until
