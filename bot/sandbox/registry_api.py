"""The calls of the simulated registry that are not about trust: login, identity, packages."""

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import TypeAlias
from urllib.parse import unquote

from bot.sandbox.packuments import abbreviate, build_packument
from bot.sandbox.registry_state import HandoffKind, RegistryState
from bot.sandbox.registry_wire import NOT_FOUND, UNAUTHORIZED, Answer, Call

ABBREVIATED = "application/vnd.npm.install-v1+json"

Handler: TypeAlias = Callable[[RegistryState, Call, str], Answer]
"""The text is what the route's pattern caught, percent-decoded."""


def answer_api(state: RegistryState, call: Call) -> Answer:
    """Answer by the first route that fits."""
    for method, pattern, handler in ROUTES:
        found = re.fullmatch(pattern, call.path)
        if found and method == call.method:
            return handler(state, call, unquote("".join(found.groups())))
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
        return Answer(HTTPStatus.ACCEPTED, {}, {"retry-after": "1"})
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


def _list_packages_of_organisation(state: RegistryState, call: Call, organisation: str) -> Answer:
    if call.session is None:
        return UNAUTHORIZED
    member = call.session.npm_user
    found = {
        name: "write" if member in package.seed.maintainers else "read"
        for name, package in state.packages.items()
        if name.startswith(f"@{organisation}/") and state.find_package(name, call.session)
    }
    return Answer(HTTPStatus.OK, found) if found else NOT_FOUND


def _list_packages_of_user(state: RegistryState, call: Call, npm_user: str) -> Answer:
    if call.session is None:
        return UNAUTHORIZED
    if npm_user not in state.accounts:
        return NOT_FOUND
    found = {
        name: "write"
        for name, package in state.packages.items()
        if npm_user in package.seed.maintainers and state.find_package(name, call.session)
    }
    return Answer(HTTPStatus.OK, found)


def _list_collaborators(state: RegistryState, call: Call, name: str) -> Answer:
    package = state.find_package(name, call.session)
    if package is None:
        return NOT_FOUND
    return Answer(HTTPStatus.OK, dict.fromkeys(package.seed.maintainers, "write"))


def _load_packument(state: RegistryState, call: Call, name: str) -> Answer:
    package = state.find_package(name, call.session)
    if package is None:
        return NOT_FOUND
    packument = build_packument(package.seed, state.accounts, call.base_url)
    return Answer(HTTPStatus.OK, abbreviate(packument) if ABBREVIATED in call.headers.get("accept", "") else packument)


ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("POST", r"/-/v1/login", _start_login),
    ("GET", r"/-/v1/done", _answer_poll),
    ("GET", r"/-/whoami", _tell_name),
    ("GET", r"/-/npm/v1/user", _tell_user),
    ("DELETE", r"/-/user/token/([^/]+)", _log_out),
    ("GET", r"/-/org/([^/]+)/package", _list_packages_of_organisation),
    ("GET", r"/-/user/([^/]+)/package", _list_packages_of_user),
    ("GET", r"/-/package/([^/]+)/collaborators", _list_collaborators),
    ("GET", r"/([^/]+)", _load_packument),
)
"""Method, pattern of the raw path, handler. A package's name is one part of the path: its slash is escaped."""
