"""What a workflow refers to, read one level after the other, for as long as there is time.

Whoever writes the file that a configuration names chooses what is asked for here, with the token of whoever runs the
bot. So a file of another owner is read only where its repository is public: what GitHub and GitLab themselves would not
let the workflow use does not become readable by a detour. Of the owner's own repositories any may be meant, and people
are told what a file comes to, not what stands in it (`bot.domain.workflow_github_calls`).
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any, Final

from bot.domain.preflight import Look
from bot.domain.workflow_files import DEEPEST_CALLS, MOST_FILES, Part, Reference, SeenFile, Spot, share_owner
from bot.forge.contents import Allowance, NotUnderstood, read_content
from bot.forge.exchange import Exchange, ForgeAway, Found

NOT_SHOWN: Final = "it is private, or not there"
"""The same words for both, and whether the token could see it or not: they must not tell what is private."""

_ACTION_FILES: Final = ("action.yml", "action.yaml")


@dataclass(frozen=True, slots=True)
class Ways:
    """How one forge shows files of any repository; what asks raises ForgeAway where the forge does not say."""

    ask: Callable[[Exchange, Reference, str], Awaitable[Found]]
    """For a file, by its path."""
    read: Callable[[Found], bytes | None]
    """What stands in it; None: it is too large to be shown, or no file."""
    is_public: Callable[[Exchange, str], Awaitable[bool]]
    """Whether anybody may read a repository."""
    list_references: Callable[[Mapping[str, Any], Spot, str], Iterable[Reference]]
    """What a file refers to; where it lies; the repository that a configuration names."""


class Referred:
    """Reads what one workflow refers to."""

    def __init__(self, exchange: Exchange, ways: Ways, home: str) -> None:
        self.until: datetime | None = None
        """When to look again, where something was not read that may be to be had soon."""
        self._exchange = exchange
        self._ways = ways
        self._home = home
        self._seen: dict[Reference, SeenFile] = {}
        self._allowance = Allowance()
        self._reading = asyncio.Lock()

    async def read(self, look: Look, end: float) -> Look:
        """Add what a file refers to, and what that refers to; what is not read by then is told as such.

        Args:
            look: The file.
            end: When to be done, by the loop's clock.
        """
        wanted = await self._list_new([(look.document, Spot(self._home))])
        for _ in range(DEEPEST_CALLS - 1):
            level = wanted[: max(MOST_FILES - len(self._seen), 0)]
            if not level:
                break
            await self._read_level(level, end)
            wanted = await self._list_new([(self._seen[one].document, one.spot) for one in level])
        return look.model_copy(update={"files": tuple(self._seen.values())})

    async def _list_new(self, files: Iterable[tuple[Mapping[str, Any], Spot]]) -> list[Reference]:
        """List what files refer to and was not read, out of the way of others: it may be thousands of names."""

        def work() -> list[Reference]:
            listed = (self._ways.list_references(document, here, self._home) for document, here in files)
            return [
                reference for reference in dict.fromkeys(chain.from_iterable(listed)) if reference not in self._seen
            ]

        return await asyncio.to_thread(work)

    async def _read_level(self, level: list[Reference], end: float) -> None:
        by_repository: dict[str, list[Reference]] = {}
        for reference in level:
            by_repository.setdefault(reference.repository, []).append(reference)
        try:
            async with asyncio.timeout_at(end), asyncio.TaskGroup() as group:
                for repository, references in by_repository.items():
                    group.create_task(self._read_repository(repository, references))
        except TimeoutError:
            self._wait_for(self._exchange.soon)
        late = f"{self._exchange.source.title} did not answer in time"
        for reference in level:
            self._seen.setdefault(reference, SeenFile(reference=reference, unread=late))

    async def _read_repository(self, repository: str, references: list[Reference]) -> None:
        try:
            may_read = await self._may_read(repository)
        except ForgeAway as away:
            self._note(away, references)
            return
        if not may_read:
            self._seen |= {ref: SeenFile(reference=ref, unread=NOT_SHOWN) for ref in references}
            return
        async with asyncio.TaskGroup() as group:
            for reference in references:
                group.create_task(self._read_one(reference))

    async def _may_read(self, repository: str) -> bool:
        if self._exchange.source.token is None or share_owner(repository, self._home):
            return True
        return await self._ways.is_public(self._exchange, repository)

    async def _read_one(self, reference: Reference) -> None:
        try:
            self._seen[reference] = await self._read_file(reference)
        except ForgeAway as away:
            self._note(away, [reference])
        except NotUnderstood as err:
            self._seen[reference] = SeenFile(reference=reference, unread=str(err))

    async def _read_file(self, reference: Reference) -> SeenFile:
        """Read a file, or say why not.

        Raises:
            ForgeAway: The forge does not say.
            NotUnderstood: It is no workflow.
        """
        is_foreign = reference.is_foreign_to(self._home)
        for path in _paths(reference):
            found = await self._ways.ask(self._exchange, reference, path)
            if not found.is_there:
                continue
            if found.moved:
                # it may lie with another owner now, and GitHub follows no renamed repository here
                return SeenFile(reference=reference, unread="its repository has another name now")
            async with self._reading:  # what it may take up depends on what the others did
                document = await read_content(self._ways.read(found), self._allowance)
            return SeenFile(reference=reference, document=document)
        if is_foreign:
            return SeenFile(reference=reference, unread=NOT_SHOWN)
        if reference.part is Part.ACTION:  # a step may make it, and a Dockerfile may take its place
            return SeenFile(reference=reference, unread="it is not there")
        return SeenFile(reference=reference, is_missing=True)

    def _note(self, away: ForgeAway, references: list[Reference]) -> None:
        self._wait_for(away.until or self._exchange.soon)
        self._seen |= {ref: SeenFile(reference=ref, unread=str(away)) for ref in references}

    def _wait_for(self, until: datetime) -> None:
        self.until = until if self.until is None else min(self.until, until)


def _paths(reference: Reference) -> tuple[str, ...]:
    if reference.part is not Part.ACTION:
        return (reference.path,)
    folder = f"{reference.path}/" if reference.path else ""
    return tuple(f"{folder}{name}" for name in _ACTION_FILES)
