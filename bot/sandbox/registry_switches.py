"""Every way in which the simulated registry can be told to differ from its usual self, by name.

- A **switch** stays as it is set: `registry.switches.windows = Windows.READS`. Most of them are for what nobody outside
  npm knows, or what people report differently: both answers must be lived with.
- A **fault** comes once, or as often as is said, before the call is acted on or after it:
  `registry.fail(Fault.CUT, method="POST", when=When.AFTER_ACTING)`.

What is wrong with what is told of one package is a `Spoil` (releases.py). Without any of this it follows the rules: the
second factor first, npm's own reasons for a 400, 403 and 404, 409 on an overlap, ten configurations, the implied
permission to stage, two days to a first publish, sessions of two hours, private packages.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class Windows(StrEnum):
    """What passes without a second factor after the box of five minutes was ticked: the three worlds."""

    ALL = "whatever the method"
    READS = "reads only"
    NONE = "each call asks"


class WindowKey(StrEnum):
    """What must be the same for a window to count, beside the account."""

    SESSION = "session"
    ADDRESS = "address"
    """That of the socket. `X-Forwarded-For` says what its sender likes, so it counts for nothing."""
    METHOD = "method"
    """That of the call which was confirmed."""


class Side(StrEnum):
    """Whose address a window has; nobody knows which."""

    CLIENT = "client"
    """That of the program whose call was challenged."""
    BROWSER = "browser"
    """That of the person on the site."""


class Challenge(StrEnum):
    """In which form the second factor is asked for."""

    WHOLE = "header and links"
    """As npm does it for a client of the web flow."""
    HEADER = "header"
    """`www-authenticate: OTP` and no word."""
    TEXT = "text"
    """"one-time pass…" in the body, without the header."""
    LINKS = "links"
    """`authUrl` and `doneUrl`, without the header: the real npm takes it for a dead session."""


class Created(StrEnum):
    """What a create that was acted on is answered with."""

    LIST_OF_ONE = "list of one"
    OBJECT = "object"
    WHOLE_LIST = "whole list"
    """Every configuration of the package, the new one somewhere among them."""
    NOTHING = "nothing"
    """204."""


class Expired(StrEnum):
    """What becomes of a configuration that nothing was published through in its first two days."""

    LISTED = "listed"
    """It is still listed and still in the way, as npm's manual has it: it must be deleted and made again."""
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Limit:
    """How many trust calls are answered; the next ones get a 429 with a `Retry-After` in seconds."""

    calls: int
    seconds: float


@dataclass(slots=True)
class SearchSwitches:
    """How the search misleads."""

    forgets: set[str] = field(default_factory=set)
    """Names that never come up."""
    repeats: int = 0
    """So many names of the page before stand in front of each page."""
    is_stuck: bool = False
    """Each page is the first one."""


@dataclass(slots=True)
class Switches:
    """How the simulated registry is."""

    windows: Windows = Windows.ALL
    window_keys: frozenset[WindowKey] = frozenset({WindowKey.SESSION, WindowKey.ADDRESS})
    window_address: Side = Side.CLIENT
    login_opens_window: bool = False
    """A login opens a window for its session, as if the box were on its page."""
    challenge: Challenge = Challenge.WHOLE
    created: Created = Created.LIST_OF_ONE
    missing_is_empty: bool = False
    """The list of a package that does not exist is `[]` instead of 404."""
    forbidden_is_missing: bool = False
    """Who may not change a package is told 404 instead of 403."""
    expired: Expired = Expired.LISTED
    lag_seconds: float = 0.0
    """How long a list takes to show a write."""
    notice: str = ""
    """What stands in `npm-notice` of every answer to a trust call; npm's client prints it."""
    totp: str = ""
    """The code that every account's authenticator shows: it passes as one-time password, as often as it is sent."""
    totp_opens_window: bool = False
    """A call that it has let through opens a window, as if the box had been ticked."""
    limit: Limit | None = None
    poll_retry_after: str = "1"
    """The `Retry-After` of a poll that has to wait; empty: there is none."""
    search: SearchSwitches = field(default_factory=SearchSwitches)
    is_mirror: bool = False
    """It drops what mirrors drop: `_npmUser` and the attestations."""
    latency: float = 0.0
    """Real seconds that pass before each answer."""
    slow_seconds: float = 0.2
    """Real seconds that a call with `Fault.SLOW` takes."""


class When(StrEnum):
    """When a fault strikes."""

    AT_ONCE = "at once"
    """Before the second factor: a proxy, a dead registry."""
    BEFORE_ACTING = "before acting"
    """After the second factor, and nothing was done yet. A trust call that is challenged does not count."""
    AFTER_ACTING = "after acting"
    """Instead of the answer to a call that was accepted."""


class Fault(StrEnum):
    """What can go wrong with one call. A reason stands in `message`, as npm's does, which the real npm never prints."""

    BAD_REQUEST = "400"
    DEAD_SESSION = "401"
    """A plain 401: the token is good for nothing."""
    ADDRESS = "401, address"
    """The token is bound to other addresses."""
    FORBIDDEN = "403"
    NOT_FOUND = "404"
    CONFLICT = "409"
    UNPROCESSABLE = "422"
    TOO_MANY = "429"
    """`Retry-After: 7`."""
    TOO_MANY_DATE = "429, date"
    """`Retry-After` is the time in seven seconds, as a date."""
    TOO_MANY_ABSURD = "429, absurd"
    """`Retry-After: 99999999999`."""
    TOO_MANY_SILENT = "429, silent"
    """No `Retry-After`."""
    TOO_MANY_HTML = "429, HTML"
    """A proxy's page, and `Retry-After: 1934`."""
    SERVER_ERROR = "500"
    BAD_GATEWAY = "502"
    """A proxy's page."""
    UNAVAILABLE = "503"
    """`Retry-After: 30`."""
    GATEWAY_TIMEOUT = "504"
    """No body at all."""
    REDIRECT = "302"
    """To a page of the same host."""
    HTML = "HTML with 200"
    EMPTY = "nothing with 200"
    WRONG_TYPE = "a number with 200"
    NO_TOKEN = "{} with 200"  # noqa: S105 - of a poll that says done and has no token
    HUGE = "11 MB with 200"
    HALF_JSON = "half the JSON with 200"
    """The answer is complete as HTTP goes."""
    HALF_BODY = "half the answer"
    """The connection ends in the middle of the answer."""
    CUT = "no answer"
    """The connection is reset."""
    STALL = "stalled"
    """Nothing goes on until `release`; before acting, the call is acted on then, even when its caller has gone."""
    SLOW = "slow"
    """It goes on after `slow_seconds`."""
