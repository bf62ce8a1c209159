"""A change set of many steps as its message shows it: summed up, so that ten thousand take no more than ten."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from bot.domain.lifecycle import OPEN_STATES, State, WaitFor
from bot.domain.operations import Operation
from bot.domain.values import Frozen

_STALE = timedelta(minutes=2)
"""Without an end for so long nothing is told of the speed."""


class GroupView(Frozen):
    """Steps that ask for the same for different packages."""

    operation: Operation
    """Of the first, as it was asked for."""
    size: int
    position: int
    tally: Mapping[State, int] = {}
    held: int = 0
    """How many open ones wait for [Run now]."""
    warned: int = 0
    """How many had a warning when they were staged."""


class Awaited(Frozen):
    """A person whom steps wait for."""

    person: str
    """Slack id; empty: anybody who maintains the packages."""
    waits_for: WaitFor
    steps: int
    away: bool = False
    """Nothing is minted before they press "I'm ready"."""
    words: str = ""
    """npm's own, of why no account that there is can make the call."""


class Shared(Frozen):
    """What is still to run with one of several accounts."""

    npm_user: str
    steps: int


class Ended(Frozen):
    """Steps that ended the same way, for the same reason."""

    state: State
    steps: int
    packages: tuple[str, ...]
    """The first of them."""
    words: str = ""
    """npm's own, of a refusal; those of who rejected it."""
    by: str = ""
    """Slack id of who rejected it."""


class End(NamedTuple):
    """How one step ended."""

    state: State
    package: str
    words: str = ""
    by: str = ""


class SumView(Frozen):
    """A change set, summed up."""

    number: int
    requester: str
    reason: str
    created_at: datetime
    deadline: datetime
    offer: str
    channel: str
    size: int
    tally: Mapping[State, int]
    groups: tuple[GroupView, ...] = ()
    """The first of them."""
    groups_in_all: int = 0
    held: int = 0
    held_ready: int = 0
    """Those of them that are approved."""
    awaited: tuple[Awaited, ...] = ()
    all_wait: bool = False
    """Of the accounts that it runs with, none can go on before its person has done something."""
    shares: tuple[Shared, ...] = ()
    """Where several accounts share what is approved; the largest first."""
    reviewers: tuple[str, ...] = ()
    """Slack ids of who may approve, of the steps that were looked at."""
    unlinked: tuple[str, ...] = ()
    """npm users among their maintainers."""
    has_more_reviewers: bool = False
    """Not all steps in review were looked at."""
    approvals_missing: int = 0
    """The highest number of those."""
    needs_look: bool = False
    approved_by: tuple[str, ...] = ()
    """Slack ids of who has approved all of those, and is asked for nothing more."""
    has_approvals: bool = False
    """Somebody approved one of the steps in review that were looked at."""
    troubles: tuple[str, ...] = ()
    """Why steps wait although nobody must do anything."""
    speed: float | None = None
    """Steps that end in a minute; None: not known now."""
    ended: tuple[Ended, ...] = ()
    """Of an end that people have to know more of."""
    publish_before: datetime | None = None
    """When npm drops the first configuration through which nothing was published."""
    ended_at: datetime | None = None
    paused: bool = False
    stopped: str = ""
    """Why no call starts for anybody, as our markup; empty: they do."""
    cancelled_by: str = ""
    disowned_by: str = ""
    can_export: bool = True

    @property
    def over(self) -> int:
        """How many steps have ended."""
        return self.size - self.left

    @property
    def left(self) -> int:
        """How many steps are open."""
        return sum(number for state, number in self.tally.items() if state in OPEN_STATES)

    @property
    def is_open(self) -> bool:
        """Something can still become of it."""
        return bool(self.left)

    @property
    def running(self) -> int:
        """How many steps are approved and not over; held ones are not counted."""
        return max(0, self.left - self.tally.get(State.IN_REVIEW, 0) - self.held_ready)

    @property
    def minutes_left(self) -> int | None:
        """How long the running ones take at this speed, in minutes, at least one; None: not known."""
        return max(1, round(self.running / self.speed)) if self.speed and self.running else None


def speed_of(ends: Sequence[datetime], now: datetime) -> float | None:
    """Tell how many steps end in a minute, from when the last ones did; None: nothing ends now.

    Args:
        ends: The newest first.
        now: The moment for which it is told.
    """
    recent = [end for end in ends if now - end <= _STALE]
    if len(recent) < 2:  # noqa: PLR2004 -- one end has no distance
        return None
    seconds = (recent[0] - recent[-1]).total_seconds()
    return 60 * (len(recent) - 1) / seconds if seconds > 0 else None


def sum_ended(ends: Iterable[End], *, names: int, in_all: Mapping[State, int]) -> tuple[Ended, ...]:
    """Put together steps that ended the same way.

    Args:
        ends: Each that was looked at.
        names: How many packages to name.
        in_all: How many there are of each state; more than were looked at are counted with the first words.
    """
    found: dict[tuple[State, str, str], list[str]] = {}
    for end in ends:
        found.setdefault((end.state, end.words, end.by), []).append(end.package)
    looked_at: dict[State, int] = {}
    for (state, *_), packages in found.items():
        looked_at[state] = looked_at.get(state, 0) + len(packages)
    summed = []
    for (state, words, by), packages in found.items():
        unseen = in_all.get(state, 0) - looked_at.pop(state, in_all.get(state, 0))
        named = tuple(packages[:names])
        summed.append(Ended(state=state, steps=len(packages) + unseen, packages=named, words=words, by=by))
    return tuple(summed)
