"""From an answer of npm's trust endpoints to what it means: the one place that decides it.

`ANSWERS` and `FAILURES` are the table, which the README shows too: the first row that fits counts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from bot.domain.lifecycle import Call
from bot.domain.outcome import (
    AccountRefused,
    Challenged,
    NotSent,
    ReadAnswer,
    SessionDead,
    TooFast,
    Unclear,
    WriteAnswer,
)
from bot.errors import RegistryError
from bot.registry import meanings
from bot.registry.errors import RegistryNotReached
from bot.registry.meanings import Seen
from bot.registry.transport import Reply
from bot.registry.urls import LinkRules

_Meaning: TypeAlias = Callable[[Seen], WriteAnswer]


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of answer."""

    answer: str
    """What comes."""
    fits: Callable[[Seen], bool]
    listed: Callable[[Seen], ReadAnswer]
    """What it means to a list."""
    created: _Meaning
    revoked: _Meaning
    told: str
    """What the person reads about it."""


@dataclass(frozen=True, slots=True)
class FailureRow:
    """One kind of having no answer, which means the same to every call."""

    answer: str
    error: type[RegistryError]
    means: Callable[[str], NotSent | Unclear]
    told: str


def read_list(reply: Reply, rules: LinkRules, now: datetime) -> ReadAnswer:
    """Say what an answer to `GET …/trust` means."""
    seen = Seen(reply, rules, now)
    return _row_of(seen).listed(seen)


def read_write(reply: Reply, call: Call, rules: LinkRules, now: datetime) -> WriteAnswer:
    """Say what an answer to `POST …/trust` or to `DELETE …/trust/{id}` means."""
    seen = Seen(reply, rules, now)
    row = _row_of(seen)
    return row.created(seen) if call is Call.CREATE else row.revoked(seen)


def read_failure(error: RegistryError) -> NotSent | Unclear:
    """Say what it means that there is no answer."""
    return next(row.means(str(error)) for row in FAILURES if isinstance(error, row.error))


def _row_of(seen: Seen) -> Row:
    return next(row for row in ANSWERS if row.fits(seen))


def _alike(
    answer: str,
    fits: Callable[[Seen], bool],
    means: Callable[[Seen], Challenged | SessionDead | AccountRefused | TooFast | Unclear],
    told: str,
) -> Row:
    """Make a row of an answer that means the same to every call."""
    return Row(answer, fits, means, means, means, told)


_LOOKED = "nothing is claimed: I look at npm's list before I say or send anything"
_OTHER_ACCOUNT = "npm's words, and that it waits for another account"

ANSWERS: Final[tuple[Row, ...]] = (
    # 401: the header comes first, as in npm's client (npm-trust 1.6).
    _alike(
        "401, `www-authenticate: ipaddress`",
        lambda seen: seen.has(401) and "ipaddress" in seen.schemes,
        meanings.refuse_address,
        "that npm does not take the session from this address, and that it waits for another account",
    ),
    _alike(
        "401 with `authUrl` and `doneUrl`, whatever the header",
        lambda seen: seen.has(401) and seen.links is not None,
        meanings.hand_on,
        "a DM with npm's link; why there is none when it may not be used",
    ),
    _alike(
        "401 about tokens that bypass 2FA",
        lambda seen: seen.has(401) and meanings.is_about_bypass(seen),
        meanings.refuse_granular,
        "that no granular token works for trust, only the session of a web login: log in again",
    ),
    _alike(
        "401, `www-authenticate: OTP` or the text “one-time pass”, without links",
        lambda seen: seen.has(401) and meanings.asks_for_password(seen),
        meanings.hand_on,
        "that npm asks for a second factor and gave no link; “I'm ready” asks again",
    ),
    _alike(
        "401, any other `www-authenticate`; or none, and words about the token or no words",
        lambda seen: seen.has(401) and (bool(seen.schemes) or meanings.is_about_token(seen)),
        meanings.end_session,
        "a DM with npm's login link; the session is wiped",
    ),
    _alike(
        "401 otherwise (other words, a page)",
        lambda seen: seen.has(401),
        meanings.refuse_account,
        _OTHER_ACCOUNT,
    ),
    _alike("403", lambda seen: seen.has(403), meanings.refuse_account, _OTHER_ACCOUNT),
    Row(
        "404",
        lambda seen: seen.has(404),
        meanings.refuse_account,
        meanings.refuse_account,
        meanings.miss,
        f"{_OTHER_ACCOUNT}; of a revoke: I look whether it was gone already",
    ),
    Row(
        "400, 422",
        lambda seen: seen.has(400, 422),
        meanings.wonder_at_status,
        meanings.refuse_content,
        meanings.refuse_content,
        "nothing changed, with npm's reason in its own words",
    ),
    Row(
        "409",
        lambda seen: seen.has(409),
        meanings.wonder_at_status,
        meanings.overlap,
        meanings.overlap,
        "I look: it is there already, or a conflict, shown with what stands",
    ),
    _alike(
        "429, whatever its body; `Retry-After` in seconds or as a date counts, from 1 second to 1 hour",
        lambda seen: seen.has(429),
        meanings.slow_down,
        "that npm asked me to slow down, since when, and when I try again",
    ),
    # 2xx
    _alike(
        "2xx, a page or more than 256 KiB",
        lambda seen: seen.reply.is_success and (seen.reply.is_html or not seen.reply.whole),
        meanings.wonder_at_body,
        _LOOKED,
    ),
    Row(
        "2xx, a configuration, a list of one, or the whole list",
        lambda seen: seen.reply.is_success and seen.configurations is not None,
        meanings.take_list,
        meanings.take_created,
        meanings.take_revoked,
        "what stands now; of a create, found by its claims and permissions, else I look",
    ),
    Row(
        "2xx, empty (204), half JSON, or of other types",
        lambda seen: seen.reply.is_success,
        meanings.wonder_at_body,
        meanings.wonder_at_body,
        meanings.take_revoked,
        f"{_LOOKED}; a revoke is done",
    ),
    # The rest
    _alike(
        "3xx",
        lambda seen: seen.reply.status // 100 == 3,  # noqa: PLR2004 -- the class of the status
        meanings.wonder_at_redirect,
        _LOOKED,
    ),
    _alike("5xx, 408, anything else", lambda _: True, meanings.wonder_at_status, _LOOKED),
)

FAILURES: Final[tuple[FailureRow, ...]] = (
    FailureRow(
        "none, and surely nothing was sent: no connection, no TLS, no time left, a time-out before sending",
        RegistryNotReached,
        NotSent,
        "why, since when, and when I try again; nobody has to do anything",
    ),
    FailureRow(
        "none, or half of one: a time-out or a reset after sending, a cut or broken body",
        RegistryError,
        Unclear,
        _LOOKED,
    ),
)
