"""What can happen to a step: the events that `bot.domain.lifecycle.advance` moves it by."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Approved:
    """A reviewer approved."""

    quorum_met: bool
    account_usable: bool = True
    """An approver, or in the only maintainer's case the requester, has an account that can execute."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A reviewer rejected."""


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """An approver took the approval back."""

    quorum_met: bool


@dataclass(frozen=True, slots=True)
class DeadlinePassed:
    """The deadline of the request is over."""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The requester or an admin cancelled."""


@dataclass(frozen=True, slots=True)
class Differs:
    """Owners, policy or the configuration read are not what was approved."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The lane takes the step for a call: authorised again, not paused, nobody else busy with the package."""


@dataclass(frozen=True, slots=True)
class NoSession:
    """The executor has no live session."""


@dataclass(frozen=True, slots=True)
class Succeeded:
    """A 2xx that shows the wanted configuration, or a revoke's 2xx that is no HTML."""


@dataclass(frozen=True, slots=True)
class Challenged:
    """npm wants the second factor, or the session is dead."""

    login: bool = False
    """The session is dead: a login is needed."""


@dataclass(frozen=True, slots=True)
class Throttled:
    """A 429, or whatever tells for certain that npm was not made to do anything: the call is made later."""


@dataclass(frozen=True, slots=True)
class AccountRefused:
    """This account may not: it is marked as tried."""

    another_account: bool
    """Another approver is left to try."""


@dataclass(frozen=True, slots=True)
class Invalid:
    """A 400 or 422."""


@dataclass(frozen=True, slots=True)
class Overlapping:
    """A 409."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A 404 to a revoke."""


@dataclass(frozen=True, slots=True)
class Unclear:
    """Any other 2xx, a 5xx, no answer, the lease lost, the process died."""


@dataclass(frozen=True, slots=True)
class ReadFound:
    """A read shows the configuration: by claims and permissions for a create, by id for a revoke."""

    settled: bool
    """Matters for a revoke and a restore: a lagging list may still show what was revoked."""
    another_account: bool = True
    """Another approver is left to try, after a 404 to a revoke."""


@dataclass(frozen=True, slots=True)
class ReadOverlap:
    """A read shows no wanted configuration but one that overlaps it."""

    settled: bool


@dataclass(frozen=True, slots=True)
class ReadAbsent:
    """A read shows neither."""

    settled: bool


@dataclass(frozen=True, slots=True)
class ReadChallenged:
    """A read gets a 401."""

    login: bool = False


@dataclass(frozen=True, slots=True)
class ReadRefused:
    """A read gets a 403 or 404."""

    another_account: bool


@dataclass(frozen=True, slots=True)
class ReadFailed:
    """A read gets a 429, a 5xx or nothing: later."""


@dataclass(frozen=True, slots=True)
class HandedOut:
    """The executor was given the call as a line for their own terminal: from now on npm may act on it."""


@dataclass(frozen=True, slots=True)
class PersonDone:
    """The person did what the step waited for, or another approver took over."""


@dataclass(frozen=True, slots=True)
class LastDeadlinePassed:
    """The time for finding out and finishing is over."""


Event: TypeAlias = (
    Approved
    | Rejected
    | Withdrawn
    | DeadlinePassed
    | Cancelled
    | Differs
    | Taken
    | NoSession
    | Succeeded
    | Challenged
    | Throttled
    | AccountRefused
    | Invalid
    | Overlapping
    | Missing
    | Unclear
    | ReadFound
    | ReadOverlap
    | ReadAbsent
    | ReadChallenged
    | ReadRefused
    | ReadFailed
    | HandedOut
    | PersonDone
    | LastDeadlinePassed
)
