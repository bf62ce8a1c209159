"""What the message of a script shows: calls that one person runs in their own terminal."""

from datetime import datetime

from bot.domain.lifecycle import State
from bot.domain.operations import Operation
from bot.domain.values import Frozen


class ScriptStep(Frozen):
    """One call of it."""

    operation: Operation
    change_set: int
    state: State
    is_given: bool
    """It still is its person's to run."""


class ScriptView(Frozen):
    """A script, and what came of it."""

    id: str
    """The opaque value of its button."""
    npm_user: str
    registry: str
    """Base address of npm's registry."""
    steps: tuple[ScriptStep, ...]
    replaces: int = 0
    """How many replacements wait for this person too, which no line of a script does safely."""
    ran_at: datetime | None = None
    reads_ask: bool = False
    """npm asks this session for each read as well: every look at a list needs a link."""
