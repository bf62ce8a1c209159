"""What one piece of work says when it is done."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from bot.services import Services


@dataclass(frozen=True, slots=True)
class Progress:
    """Whether there is more to do."""

    more: bool = False
    """Call again at once."""
    at: datetime | None = None
    """Nothing to do before this moment; None: nothing is known."""


Worker: TypeAlias = Callable[[Services], Awaitable[Progress]]
"""Does one piece of work."""
