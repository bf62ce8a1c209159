"""The calls of the simulated registry that are not about trust: login, identity, packages."""

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import TypeAlias
from urllib.parse import unquote

from bot.sandbox import registry_access as access
from bot.sandbox.registry_oidc import exchange_token
from bot.sandbox.registry_packages import load_attestations, load_packument, load_version
from bot.sandbox.registry_search import answer_search
from bot.sandbox.registry_state import HandoffKind, RegistryState
from bot.sandbox.registry_tokens import delete_token, list_tokens
from bot.sandbox.registry_wire import NOT_FOUND, UNAUTHORIZED, Answer, Call

Handler: TypeAlias = Callable[[RegistryState, Call, str], Answer]
"""The text is what the route's pattern caught, percent-decoded; two parts have a slash between them."""


def answer_api(state: RegistryState, call: Call) -> Answer:
    """Answer by the first route that fits."""
    for method, pattern, handler in ROUTES:
        found = re.fullmatch(pattern, call.path)
        if found and method == call.method:
            return handler(state, call, unquote("/".join(found.groups())))
    return NOT_FOUND


def _start_login(state: RegistryState, call: Call, _: str) -> Answer:
    handoff = state.open_handoff(HandoffKind.LOGIN, None)
    body = {
        "loginUrl": f"{call.base_url}/login/cli/{handoff.id}",
        "doneUrl": f"{call.base_url}/-/v1/done?authId={handoff.id}",
    }
    return Answer(HTTPStatus.OK, body)


def _answer_poll(state: RegistryState, call: Call, _: str) -> Answer:
    token = state.take_token(call.query.get("authId", ""))
    if token is None:
        return Answer(HTTPStatus.NOT_FOUND, {"message": "not found"})
    if not token:
        seconds = state.switches.poll_retry_after
        return Answer(HTTPStatus.ACCEPTED, {}, {"retry-after": seconds} if seconds else {})
    return Answer(HTTPStatus.OK, {"token": token}, note="gave the token")


def _log_out(state: RegistryState, call: Call, token: str) -> Answer:
    if call.session is None:
        return UNAUTHORIZED
    session = state.find_session(token)
    if session is None or session.npm_user != call.session.npm_user:
        return NOT_FOUND
    del state.sessions[token]
    return Answer(HTTPStatus.NO_CONTENT, note="logged out")


def _tell_user(state: RegistryState, call: Call, _: str) -> Answer:
    if call.session is None:
        return UNAUTHORIZED
    account = state.accounts[call.session.npm_user]
    body = {
        "tfa": {"mode": "auth-and-writes", "pending": False} if account.two_factor else None,
        "name": account.name,
        "email": account.email,
        "email_verified": account.email_verified,
        "cidr_whitelist": None,
    }
    return Answer(HTTPStatus.OK, body)


def _tell_name(_: RegistryState, call: Call, __: str) -> Answer:
    if call.session is None:
        return UNAUTHORIZED
    return Answer(HTTPStatus.OK, {"username": call.session.npm_user})


ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("POST", r"/-/v1/login", _start_login),
    ("GET", r"/-/v1/done", _answer_poll),
    ("GET", r"/-/whoami", _tell_name),
    ("GET", r"/-/npm/v1/user", _tell_user),
    ("DELETE", r"/-/user/token/([^/]+)", _log_out),
    ("GET", r"/-/npm/v1/tokens", list_tokens),
    ("DELETE", r"/-/npm/v1/tokens/token/([^/]+)", delete_token),
    ("GET", r"/-/org/([^/]+)/package", access.list_packages_of_organisation),
    ("GET", r"/-/org/([^/]+)/user", access.list_members),
    ("GET", r"/-/org/([^/]+)/team", access.list_teams),
    ("GET", r"/-/team/([^/]+)/([^/]+)/package", access.list_packages_of_team),
    ("GET", r"/-/team/([^/]+)/([^/]+)/user", access.list_members_of_team),
    ("GET", r"/-/user/([^/]+)/package", access.list_packages_of_user),
    ("GET", r"/-/package/([^/]+)/collaborators", access.list_collaborators),
    ("GET", r"/-/package/([^/]+)/visibility", access.tell_visibility),
    ("POST", r"/-/package/([^/]+)/access", access.set_access),
    ("POST", r"/-/npm/v1/oidc/token/exchange/package/([^/]+)", exchange_token),
    ("GET", r"/-/v1/search", answer_search),
    ("GET", r"/-/npm/v1/attestations/((?:@[^/]+/)?[^/]+)", load_attestations),
    ("GET", r"/([^/]+)", load_packument),
    ("GET", r"/([^/]+)/([^/]+)", load_version),
)
"""Method, pattern of the raw path, handler. A package's name is one part of the path: its slash is escaped."""
