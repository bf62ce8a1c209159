"""What `check PACKAGE` shows."""

from enum import StrEnum

from bot.domain.preflight_jobs import Point
from bot.domain.publishers import Publisher
from bot.domain.values import Frozen


class Origin(StrEnum):
    """How it is known that somebody may publish. The values are what people read."""

    SET_UP = "set up here"
    ASKED = "asked for here"
    ATTESTED = "versions came from it"
    GUESSED = "guessed from the package's repository"


class CheckedPublisher(Frozen):
    """A configuration, or one that could be, with all that was looked at."""

    publisher: Publisher
    origin: Origin
    points: tuple[Point, ...]


class PackageCheck(Frozen):
    """A package with its publishers."""

    package: str
    checked: tuple[CheckedPublisher, ...]
    """None: the package names no repository that I know to read, and nothing was set up."""
