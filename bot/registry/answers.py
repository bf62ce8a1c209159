"""From an answer of npm's trust endpoints to what it means: the one place that decides it.

| answer                                     | list             | create           | revoke           | npm acted |
|--------------------------------------------|------------------|------------------|------------------|-----------|
| 2xx, one configuration or a list           | `Listed`         | `Accepted`       | `Accepted`       | yes       |
| 2xx, empty or other JSON                   | `Unclear`        | `Unclear`        | `Accepted`       | maybe     |
| 2xx, HTML or larger than the limit         | `Unclear`        | `Unclear`        | `Unclear`        | maybe     |
| 400, 422                                   | `Unclear`        | `Invalid`        | `Invalid`        | no        |
| 401 ipaddress                              | `AccountRefused` | `AccountRefused` | `AccountRefused` | no        |
| 401 with links, OTP or "one-time pass"     | `Challenged`     | `Challenged`     | `Challenged`     | no        |
| 401 about tokens that bypass 2FA           | `AccountRefused` | `AccountRefused` | `AccountRefused` | no        |
| 401 about the token, or without a reason   | `SessionDead`    | `SessionDead`    | `SessionDead`    | no        |
| 401 otherwise                              | `AccountRefused` | `AccountRefused` | `AccountRefused` | no        |
| 403                                        | `AccountRefused` | `AccountRefused` | `AccountRefused` | no        |
| 404                                        | `AccountRefused` | `AccountRefused` | `Missing`        | no        |
| 409                                        | `Unclear`        | `Overlapping`    | `Overlapping`    | no        |
| 429                                        | `TooFast`        | `TooFast`        | `TooFast`        | no        |
| anything else, redirects among it          | `Unclear`        | `Unclear`        | `Unclear`        | maybe     |
| not reached                                | `NotSent`        | `NotSent`        | `NotSent`        | no        |
| time-out or cut connection after sending   | `Unclear`        | `Unclear`        | `Unclear`        | maybe     |
"""

import re
from datetime import datetime
from http import HTTPStatus
from typing import Final, TypeAlias

from pydantic import SecretStr

from bot.domain.lifecycle import Call
from bot.domain.outcome import (
    Accepted,
    AccountRefused,
    Challenged,
    Invalid,
    Listed,
    Missing,
    NotSent,
    Overlapping,
    ReadAnswer,
    SessionDead,
    TooFast,
    Unclear,
    WriteAnswer,
)
from bot.domain.publishers import Configuration
from bot.errors import RegistryError
from bot.registry.errors import RegistryNotReached
from bot.registry.transport import Reply
from bot.registry.urls import LinkRules
from bot.registry.wire import WebLinks, read_body, read_complaint, read_configurations

_GRANULAR: Final = (
    "npm takes no granular access token for trust, whether it bypasses 2FA or not: only the session of a web login. "
    "Log in again."
)
_WRONG_ADDRESS: Final = (
    "npm does not take this token from the address that we call from: it is limited to other addresses."
)
_NO_LINK: Final = "npm asks for a second factor but gave no link to confirm with"

_BYPASS: Final = re.compile(r"bypass(es|ing)? (2fa|two-factor)", re.IGNORECASE)
_ABOUT_TOKEN: Final = re.compile(r"token|session|log(ged)? ?in|unauthori[sz]ed|authenticat", re.IGNORECASE)

_Refusal: TypeAlias = Challenged | SessionDead | AccountRefused | TooFast


def read_list(reply: Reply, rules: LinkRules, now: datetime) -> ReadAnswer:
    """Say what an answer to `GET …/trust` means."""
    refusal = _read_refusal(reply, rules, now)
    if refusal is not None:
        return refusal
    if reply.status == HTTPStatus.NOT_FOUND:
        return AccountRefused(reply.status, _message_of(reply))
    if not reply.is_success:
        return _unclear(reply)
    found = _read_configurations(reply)
    return Unclear(_what_is_odd(reply)) if found is None else Listed(found)


def read_write(reply: Reply, call: Call, rules: LinkRules, now: datetime) -> WriteAnswer:
    """Say what an answer to `POST …/trust` or to `DELETE …/trust/{id}` means."""
    refusal = _read_refusal(reply, rules, now)
    if refusal is not None:
        return refusal
    match reply.status:
        case HTTPStatus.BAD_REQUEST | HTTPStatus.UNPROCESSABLE_ENTITY:
            return Invalid(reply.status, _message_of(reply))
        case HTTPStatus.NOT_FOUND:
            words = _message_of(reply)
            return Missing(words) if call is Call.REVOKE else AccountRefused(reply.status, words)
        case HTTPStatus.CONFLICT:
            return Overlapping(_message_of(reply))
        case _ if reply.is_success:
            return _read_created(reply) if call is Call.CREATE else _read_revoked(reply)
        case _:
            return _unclear(reply)


def read_failure(error: RegistryError) -> NotSent | Unclear:
    """Say what it means that there is no answer."""
    return NotSent(str(error)) if isinstance(error, RegistryNotReached) else Unclear(str(error))


def read_unauthorised(reply: Reply, rules: LinkRules) -> Challenged | SessionDead | AccountRefused:
    """Tell the kinds of 401 apart; npm looks at the header first and so do we (npm-trust 1.6)."""
    schemes = re.split(r"[,\s]+", reply.headers.get("www-authenticate", "").lower().strip())
    if "ipaddress" in schemes:
        return AccountRefused(reply.status, _WRONG_ADDRESS)
    links = read_body(WebLinks, reply.read_json())
    if links is not None:
        return _read_challenge(links, rules)
    if _BYPASS.search(reply.body.decode(errors="replace")):
        return AccountRefused(reply.status, _GRANULAR)
    if "otp" in schemes or b"one-time pass" in reply.body:
        return Challenged(None, None, _NO_LINK)
    if schemes != [""]:
        return SessionDead(_message_of(reply))
    # Without a header only npm's words are left; a page comes from a proxy, which cannot know our session.
    words = read_complaint(reply.read_json())
    about_token = not reply.is_html and (not words or _ABOUT_TOKEN.search(words))
    return SessionDead(_message_of(reply)) if about_token else AccountRefused(reply.status, _message_of(reply))


def _read_refusal(reply: Reply, rules: LinkRules, now: datetime) -> _Refusal | None:
    match reply.status:
        case HTTPStatus.UNAUTHORIZED:
            return read_unauthorised(reply, rules)
        case HTTPStatus.FORBIDDEN:
            return AccountRefused(reply.status, _message_of(reply))
        case HTTPStatus.TOO_MANY_REQUESTS:
            return TooFast(reply.read_retry_after(now))
        case _:
            return None


def _read_challenge(links: WebLinks, rules: LinkRules) -> Challenged:
    problem = rules.find_problem(links.auth_url, links.done_url)
    if problem:
        return Challenged(None, None, problem)
    return Challenged(SecretStr(links.auth_url), SecretStr(links.done_url))


def _read_created(reply: Reply) -> Accepted | Unclear:
    found = _read_configurations(reply)
    return Unclear(_what_is_odd(reply)) if found is None else Accepted(found)


def _read_revoked(reply: Reply) -> Accepted | Unclear:
    return Unclear(_what_is_odd(reply)) if reply.is_html or not reply.whole else Accepted()


def _read_configurations(reply: Reply) -> tuple[Configuration, ...] | None:
    return None if reply.is_html else read_configurations(reply.read_json())


def _unclear(reply: Reply) -> Unclear:
    if reply.status // 100 == HTTPStatus.MULTIPLE_CHOICES // 100:
        return Unclear(f"npm answered {reply.status}, a redirect, and we follow none")
    words = read_complaint(reply.read_json())
    return Unclear(f"npm answered {reply.status_text}" + (f": {words}" if words else ""))


def _what_is_odd(reply: Reply) -> str:
    if not reply.whole:
        what = "more than such an answer can hold"
    elif reply.is_html:
        what = "a web page"
    elif not reply.body.strip():
        what = "an empty body"
    else:
        what = "a body that we cannot read"
    return f"npm answered {reply.status} with {what}"


def _message_of(reply: Reply) -> str:
    return read_complaint(reply.read_json()) or reply.status_text
