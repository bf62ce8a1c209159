"""Where a process may die: moments with names, before and after each commit and each call to npm and to Slack.

In operation nobody listens. A test that does kills the process at each of them, and sees that nothing is lost.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import TypeAlias

AtPoint: TypeAlias = Callable[[str], None]
"""Is told a name, in the thread of the work."""


class Point(StrEnum):
    """A moment; its name goes on with what is committed or called."""

    BEFORE_COMMIT = "before the commit"
    """What was not committed by then is as if it had never been."""
    AFTER_COMMIT = "after the commit"
    BEFORE_CALL = "before the call"
    """Nothing was sent yet."""
    AFTER_CALL = "after the call"
    """It was answered, and nothing was done about the answer."""
