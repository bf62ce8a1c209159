"""What npm answered to a call, as a closed set of values; `bot.registry` makes them."""

from dataclasses import dataclass
from typing import TypeAlias

from pydantic import SecretStr

from bot.domain.publishers import Configuration


@dataclass(frozen=True, slots=True)
class Accepted:
    """A 2xx whose body is what npm answers to such a call."""

    configurations: tuple[Configuration, ...] = ()
    """Of a create: what came back, one configuration or the whole list. Empty for a revoke."""


@dataclass(frozen=True, slots=True)
class Listed:
    """The list of a package's configurations."""

    configurations: tuple[Configuration, ...]


@dataclass(frozen=True, slots=True)
class Challenged:
    """A 401 that asks for the second factor. npm did nothing."""

    auth_url: SecretStr | None
    """Where the person confirms; none when npm gave no link, or one on a host that is not allowed."""
    done_url: SecretStr | None
    """Where we ask whether they did."""
    problem: str = ""
    """Why there is no usable link, as the end of a sentence; empty when there is one."""


@dataclass(frozen=True, slots=True)
class SessionDead:
    """A 401 that says that the token is no good any more. npm did nothing."""

    message: str


@dataclass(frozen=True, slots=True)
class AccountRefused:
    """Any other 401, a 403, or a 404 where the package may be hidden from the account. npm did nothing."""

    status: int
    message: str


@dataclass(frozen=True, slots=True)
class Invalid:
    """A 400 or 422: npm will not take this content. It did nothing now; an earlier attempt may have acted."""

    status: int
    message: str


@dataclass(frozen=True, slots=True)
class Overlapping:
    """A 409: a configuration that a token could also match exists."""

    message: str


@dataclass(frozen=True, slots=True)
class Missing:
    """A 404 to a revoke: the id is gone, or hidden from the account."""

    message: str


@dataclass(frozen=True, slots=True)
class TooFast:
    """A 429. npm did nothing."""

    retry_after: float | None
    """Seconds, when npm says so."""
    message: str = ""
    """npm's own words; empty when there are none."""

    @property
    def why(self) -> str:
        """As the beginning of a sentence: `npm asked me to slow down: "too many requests"`."""
        return "npm asked me to slow down" + (f': "{self.message}"' if self.message else "")


@dataclass(frozen=True, slots=True)
class NotSent:
    """Nothing was sent, for certain: npm did nothing, and the call may be made again without asking."""

    why: str
    """As the end of a sentence: `npm could not be reached`."""


@dataclass(frozen=True, slots=True)
class Unclear:
    """Anything else: npm may have acted."""

    why: str
    """What was seen, as the end of a sentence: `npm answered 502`, `the connection was cut after sending`."""


WriteAnswer: TypeAlias = (
    Accepted | Challenged | SessionDead | AccountRefused | Invalid | Overlapping | Missing | TooFast | NotSent | Unclear
)
"""Of a create or a revoke."""

ReadAnswer: TypeAlias = Listed | Challenged | SessionDead | AccountRefused | TooFast | NotSent | Unclear
"""Of a list. `Unclear` is a read that told nothing: later."""
