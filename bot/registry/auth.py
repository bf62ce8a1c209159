"""npm's web flow (npm-trust 2): a pair of links, polls, and who it is that logged in."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final, TypeAlias

from pydantic import SecretStr

from bot.registry.errors import RegistryMisbehaved
from bot.registry.transport import Reply
from bot.registry.urls import LinkRules
from bot.registry.wire import ProfileBody, TokenBody, WebLinks, WhoamiBody, read_body

_LONGEST_POLL: Final = 60.0


@dataclass(frozen=True, slots=True)
class LoginStarted:
    """npm waits for somebody to log in. Whoever uses the link decides whose session it becomes."""

    auth_url: SecretStr
    done_url: SecretStr


@dataclass(frozen=True, slots=True)
class Waiting:
    """The person has not confirmed yet."""

    retry_after: float
    """Seconds until the next poll: 1 to 60, whatever npm says."""


@dataclass(frozen=True, slots=True)
class Done:
    """The person confirmed."""

    token: SecretStr
    """After a login the session; after a challenge the one-time password of one request."""


@dataclass(frozen=True, slots=True)
class Gone:
    """npm does not know the challenge (any more): run out, used, or refused by the person."""


@dataclass(frozen=True, slots=True)
class PollFailed:
    """The poll told nothing."""

    why: str
    """What was seen, as the end of a sentence."""
    transient: bool
    """Another poll may do better."""


PollAnswer: TypeAlias = Waiting | Done | Gone | PollFailed


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose session it is, in npm's words."""

    npm_user: str
    email: str
    """Empty when npm does not say."""
    email_verified: bool
    two_factor: bool
    """The second factor is set up, and not still pending."""


def read_login(reply: Reply, rules: LinkRules) -> LoginStarted:
    """Read what `POST /-/v1/login` answered.

    Raises:
        RegistryMisbehaved: there is no web login, or its links may not be used.
    """
    links = read_body(WebLinks, reply.read_json()) if reply.is_success else None
    if links is None:
        raise RegistryMisbehaved(f"the registry offers no web login: it answered {reply.status_text}")
    problem = rules.find_problem(links.auth_url, links.done_url)
    if problem:
        raise RegistryMisbehaved(problem)
    return LoginStarted(SecretStr(links.auth_url), SecretStr(links.done_url))


def read_poll(reply: Reply, now: datetime) -> PollAnswer:
    """Read what a done URL answered."""
    match reply.status:
        case HTTPStatus.ACCEPTED | HTTPStatus.TOO_MANY_REQUESTS:
            return Waiting(min(reply.read_retry_after(now) or 1.0, _LONGEST_POLL))
        case HTTPStatus.NOT_FOUND:
            return Gone()
        case HTTPStatus.OK:
            done = read_body(TokenBody, reply.read_json())
            if done is None:
                return PollFailed("npm answered 200 without a token", transient=False)
            return Done(SecretStr(done.token))
        case status:
            broken = status == HTTPStatus.REQUEST_TIMEOUT or status >= HTTPStatus.INTERNAL_SERVER_ERROR
            return PollFailed(f"npm answered {reply.status_text}", transient=broken)


def read_username(reply: Reply) -> str:
    """Read what `GET /-/whoami` answered.

    Raises:
        RegistryMisbehaved: no name is in it.
    """
    body = read_body(WhoamiBody, reply.read_json())
    if body is None:
        raise RegistryMisbehaved("npm did not say whose session it is")
    return body.username


def read_identity(npm_user: str, reply: Reply) -> Identity:
    """Read what `GET /-/npm/v1/user` answered to the session of `npm_user`.

    Raises:
        RegistryMisbehaved: no profile is in it, or that of somebody else; the e-mail in it would prove an account link.
    """
    profile = read_body(ProfileBody, reply.read_json())
    if profile is None:
        raise RegistryMisbehaved("npm's answer about the profile cannot be read")
    if profile.name != npm_user:
        raise RegistryMisbehaved("npm named two different users for one session")
    verified = profile.email_verified is True and bool(profile.email)
    return Identity(npm_user, profile.email or "", verified, profile.has_two_factor)
