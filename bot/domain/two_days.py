"""npm drops a trust configuration through which nothing was published within two days (npm-trust 0)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, assert_never

from bot.domain.evidence import EvidenceKind, PackageFacts
from bot.domain.values import Frozen

TWO_DAYS = timedelta(days=2)
FIRST_REMINDER = timedelta(hours=24)
SECOND_REMINDER = timedelta(hours=40)

RENEWAL = timedelta(days=30)
"""So long after an approval the same content is set up again with no more than the executor's confirmation."""

PATIENCE = timedelta(hours=2)
"""So long after the two days public data is waited for before it is said that npm has dropped something."""


class Stage(StrEnum):
    """What was told of creates that npm applied together."""

    NEW = "new"
    REMINDED = "reminded"
    REMINDED_AGAIN = "reminded again"
    OVER = "over"
    """The two days are over, and it was told that npm has dropped it."""
    USED = "used"
    """All of it was used, or taken away again: there is nothing to tell."""


class Use(StrEnum):
    """Whether a version came through a configuration, as far as public data shows."""

    USED = "used"
    UNUSED = "unused"
    UNCLEAR = "unclear"
    """Public data does not show it: a private package, a mirror, or a version that came another way meanwhile."""
    UNREAD = "unread"
    """Nobody has read public data of the package yet."""


class Due(NamedTuple):
    """What is to be told now, and when there is something to tell next."""

    stage: Stage
    next_at: datetime | None


def use_of(facts: PackageFacts | None, configuration_id: str, applied_at: datetime) -> Use:
    """Tell whether a version came through a configuration.

    Args:
        facts: What public data shows of the package; None: nothing.
        configuration_id: npm's; empty where npm has not told it.
        applied_at: When npm took it.
    """
    if facts is None or facts.private or facts.evidence.kind is EvidenceKind.NOT_VISIBLE:
        return Use.UNCLEAR
    if any(seen.configuration_id == configuration_id != "" for seen in facts.publishers):
        return Use.USED
    later = (seen for seen in facts.publishers if seen.last_at and seen.last_at > applied_at)
    return Use.UNCLEAR if any(later) else Use.UNUSED


def stage_due(stage: Stage, began_at: datetime, last_at: datetime, now: datetime) -> Due | None:
    """Tell what is due of creates of which some are not used; None: nothing yet.

    What was missed while nobody ran is not made up for: of two reminders the later one is given.

    Args:
        stage: What was told last.
        began_at: When the first of them was applied.
        last_at: When the last was.
        now: The moment.
    """
    if stage in {Stage.OVER, Stage.USED}:
        return None
    if now >= last_at + TWO_DAYS:
        return Due(Stage.OVER, None)
    if now >= began_at + SECOND_REMINDER and stage is not Stage.REMINDED_AGAIN:
        return Due(Stage.REMINDED_AGAIN, last_at + TWO_DAYS)
    if now >= began_at + FIRST_REMINDER and stage is Stage.NEW:
        return Due(Stage.REMINDED, began_at + SECOND_REMINDER)
    return None


def next_look(stage: Stage, began_at: datetime, last_at: datetime) -> datetime | None:
    """Tell when something may be due next."""
    match stage:
        case Stage.NEW:
            return began_at + FIRST_REMINDER
        case Stage.REMINDED:
            return began_at + SECOND_REMINDER
        case Stage.REMINDED_AGAIN:
            return last_at + TWO_DAYS
        case Stage.OVER | Stage.USED:
            return None
        case _:  # pragma: no cover
            assert_never(stage)


class WaitingPackage(Frozen):
    """A package whose configuration waits for its first version, as a message shows it. Texts from outside."""

    package: str
    label: str
    """`acme/ui → release.yml`"""
    use: Use
    applied_at: datetime
    restored: bool = False
    """It was put back after a replacement failed."""

    @property
    def ends_at(self) -> datetime:
        """When npm drops it."""
        return self.applied_at + TWO_DAYS


class TwoDayView(Frozen):
    """What a reminder shows, or the news that npm has dropped something."""

    stage: Stage
    number: int
    """Of the change set."""
    packages: tuple[WaitingPackage, ...]
    value: str = ""
    """The opaque value of [Set it up again]; empty: no button."""
    again_number: int = 0
    """The change set that sets it up again; 0: there is none."""
    as_of: datetime | None = None
    """When public data of them was read, the oldest."""


def ends_of(packages: Iterable[WaitingPackage]) -> datetime | None:
    """Tell when npm drops the first of them."""
    return min((package.ends_at for package in packages), default=None)
