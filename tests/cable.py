"""What leads to PostgreSQL, and can be cut where it hurts: at a COMMIT, before the server has it or after it acted."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import Enum, auto
from typing import Any

from sqlalchemy import make_url

_MOST = 1 << 16
_COMMIT = b"COMMIT\0"
"""How PostgreSQL's protocol sends it."""


class Cut(Enum):
    """What becomes of the next COMMIT."""

    NOT_SENT = auto()
    ANSWER_LOST = auto()
    """The server has committed, and nobody hears of it."""


class Cable:
    """Between the bot and a server."""

    def __init__(self) -> None:
        self.url = ""
        """As the server's, through the cable."""
        self.at_commit: Cut | None = None
        """Counts once."""
        self.is_torn = False
        """Nobody gets through; those who are through stay."""
        self.tears = False
        """Whether the cut at a commit is for good, until `is_torn` is taken back."""
        self._to: tuple[str, int] = ("", 0)

    async def lead(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Serve one connection."""
        far_writer = None
        with suppress(OSError):
            if not self.is_torn:
                far_reader, far_writer = await asyncio.open_connection(*self._to)
                back = asyncio.create_task(_pump(far_reader, writer))
                while data := await reader.read(_MOST):
                    if _COMMIT in data and self.at_commit:
                        await self._cut(data, far_reader, far_writer, back)
                        break
                    far_writer.write(data)
                    await far_writer.drain()
                back.cancel()
        for end in filter(None, (writer, far_writer)):
            end.close()

    async def _cut(self, data: bytes, reader: StreamReader, writer: StreamWriter, back: asyncio.Task[Any]) -> None:
        how, self.at_commit = self.at_commit, None
        back.cancel()
        with suppress(asyncio.CancelledError):
            await back
        self.is_torn = self.tears
        if how is Cut.ANSWER_LOST:
            writer.write(data)
            await reader.read(_MOST)


async def _pump(reader: StreamReader, writer: StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(_MOST):
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def lay_cable(url: str) -> AsyncIterator[Cable]:
    """Lay a cable to the server of an address."""
    cable, target = Cable(), make_url(url)
    cable._to = (target.host or "", target.port or 0)  # noqa: SLF001 -- made here
    listener = await asyncio.start_server(cable.lead, "127.0.0.1")
    through = target.set(port=listener.sockets[0].getsockname()[1])
    cable.url = through.render_as_string(hide_password=False)
    try:
        yield cable
    finally:
        listener.close()
