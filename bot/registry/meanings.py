"""What an answer of npm's trust endpoints shows, and what it can mean; `bot.registry.answers` decides which it is."""

import re
from datetime import datetime
from functools import cached_property
from typing import Final

from pydantic import SecretStr

from bot.domain.outcome import (
    Accepted,
    AccountRefused,
    Challenged,
    Invalid,
    Listed,
    Missing,
    Overlapping,
    SessionDead,
    TooFast,
    Unclear,
)
from bot.domain.publishers import Configuration
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


class Seen:
    """An answer, and what the rows look at in it."""

    def __init__(self, reply: Reply, rules: LinkRules, now: datetime) -> None:
        self.reply = reply
        self.rules = rules
        self.now = now

    @cached_property
    def words(self) -> str:
        """What npm says itself, `message` before `error`; empty when it says nothing."""
        return read_complaint(self.reply.read_json())

    @property
    def message(self) -> str:
        """What npm says itself, in the body or in the header that its client prints, else the status in words."""
        return self.words or self.notice or self.reply.status_text

    @property
    def notice(self) -> str:
        """What stands in `npm-notice`: text that npm's client prints as it is; it never decides what is meant."""
        return "" if self.reply.is_html else read_complaint({"message": self.reply.headers.get("npm-notice", "")})

    @cached_property
    def configurations(self) -> tuple[Configuration, ...] | None:
        """What it shows, one or a list; None when it is neither."""
        return None if self.reply.is_html else read_configurations(self.reply.read_json())

    @cached_property
    def links(self) -> WebLinks | None:
        """The pair of npm's web flow, if it is in there; whether it may be used is another question."""
        return read_body(WebLinks, self.reply.read_json())

    @cached_property
    def schemes(self) -> list[str]:
        """Of `www-authenticate`; empty without it."""
        return re.findall(r"[^,\s]+", self.reply.headers.get("www-authenticate", "").lower())

    def has(self, *statuses: int) -> bool:
        """Tell whether the status is one of these."""
        return self.reply.status in statuses


def take_list(seen: Seen) -> Listed:
    """Npm lists what stands."""
    return Listed(seen.configurations or ())


def take_created(seen: Seen) -> Accepted:
    """Npm took it, and shows it, alone or among others."""
    return Accepted(seen.configurations or ())


def take_revoked(_: Seen) -> Accepted:
    """Npm took it; the body of a revoke's answer is nothing to go by."""
    return Accepted()


def hand_on(seen: Seen) -> Challenged:
    """Npm wants the second factor: with a link, or with a reason why there is none to use."""
    if seen.links is None:
        return Challenged(None, None, _NO_LINK)
    problem = seen.rules.find_problem(seen.links.auth_url, seen.links.done_url)
    if problem:
        return Challenged(None, None, problem)
    return Challenged(SecretStr(seen.links.auth_url), SecretStr(seen.links.done_url))


def end_session(seen: Seen) -> SessionDead:
    """Npm knows the token no more."""
    return SessionDead(seen.message)


def refuse_account(seen: Seen) -> AccountRefused:
    """Npm does not let this account, and says why."""
    return AccountRefused(seen.reply.status, seen.message)


def refuse_address(seen: Seen) -> AccountRefused:
    """Npm does not take the token from here."""
    return AccountRefused(seen.reply.status, _WRONG_ADDRESS)


def refuse_granular(seen: Seen) -> AccountRefused:
    """Npm says this of every granular token, of those without bypass too: npm/cli#9957."""
    return AccountRefused(seen.reply.status, _GRANULAR)


def refuse_content(seen: Seen) -> Invalid:
    """Npm does not take what was sent, and says why."""
    return Invalid(seen.reply.status, seen.message)


def miss(seen: Seen) -> Missing:
    """Npm has nothing there to revoke, or hides it."""
    return Missing(seen.message)


def overlap(seen: Seen) -> Overlapping:
    """Npm has one that the same token could match."""
    return Overlapping(seen.message)


def slow_down(seen: Seen) -> TooFast:
    """Npm wants a pause."""
    return TooFast(seen.reply.read_retry_after(seen.now), seen.words)


def wonder_at_status(seen: Seen) -> Unclear:
    """The status tells nothing."""
    return Unclear(f"npm answered {seen.reply.status_text}" + (f": {seen.words}" if seen.words else ""))


def wonder_at_redirect(seen: Seen) -> Unclear:
    """A redirect tells nothing: what stands behind it is not asked."""
    return Unclear(f"npm answered {seen.reply.status}, a redirect, and we follow none")


def wonder_at_body(seen: Seen) -> Unclear:
    """Npm may have acted, and does not show it."""
    reply = seen.reply
    if not reply.whole:
        what = "more than such an answer can hold"
    elif reply.is_html:
        what = "a web page"
    elif not reply.body.strip():
        what = "an empty body"
    else:
        what = "a body that we cannot read"
    return Unclear(f"npm answered {reply.status} with {what}")


def is_about_token(seen: Seen) -> bool:
    """Without a header only npm's words are left; a page comes from a proxy, which cannot know our session."""
    return not seen.reply.is_html and (not seen.words or _ABOUT_TOKEN.search(seen.words) is not None)


def is_about_bypass(seen: Seen) -> bool:
    """Tell by npm's words that it takes this kind of token for a granular one."""
    return _BYPASS.search(seen.reply.body.decode(errors="replace")) is not None


def asks_for_password(seen: Seen) -> bool:
    """Tell by the header or by the words that npm wants the second factor, as npm's client does."""
    return "otp" in seen.schemes or b"one-time pass" in seen.reply.body
