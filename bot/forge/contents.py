"""What a forge shows of a file: read where others do not wait for it, within what may be read.

What reads YAML is loaded with the first file: a bot that nobody asks for anything needs none of it.
"""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from bot.domain.preflight import Look

MOST_NODES: Final = 50_000
"""With what aliases stand for counted each time."""

MOST_LETTERS: Final = 512 * 1024
"""In all texts, counted likewise. With the nodes it bounds what a look takes up in the database."""


class NotUnderstood(Exception):
    """The text is no YAML document that can be read within the limits; the text says why, as a clause."""


@dataclass(slots=True)
class Allowance:
    """What may still be read: of one file, or of several together."""

    nodes: int = MOST_NODES
    letters: int = MOST_LETTERS

    def take(self, nodes: int, letters: int) -> None:
        """Count what is read.

        Raises:
            NotUnderstood: It is more than that.
        """
        self.nodes -= nodes
        self.letters -= letters
        if self.nodes < 0 or self.letters < 0:
            raise NotUnderstood("it is larger than any workflow")


async def read_found(content: bytes | None, known_as: str) -> Look:
    """Read the file that a forge has shown, out of the way of others; None: it was too large to be shown."""
    try:
        document = await read_content(content, Allowance())
    except NotUnderstood as err:
        return Look(found=True, known_as=known_as, broken=str(err))
    return Look(found=True, known_as=known_as, document=document)


async def read_content(content: bytes | None, allowance: Allowance) -> dict[str, Any]:
    """Read a file, out of the way of others; None: it was too large to be shown.

    Raises:
        NotUnderstood: It is no workflow, or more than is allowed.
    """
    if content is None:
        raise NotUnderstood("it is larger than any workflow")
    return await asyncio.to_thread(_read, content, allowance)


def _read(content: bytes, allowance: Allowance) -> dict[str, Any]:
    from bot.forge.documents import read_document

    try:
        return read_document(content.decode(), allowance)
    except UnicodeDecodeError as err:
        raise NotUnderstood("it is no text") from err
