"""The trust calls of the simulated registry: the second factor first, then the rules of `npm trust`.

The texts are npm's own where somebody has seen them on the live registry.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from bot.sandbox.registry_catalogue import AcceptedCreate, Package, TrustRecord, fingerprint_of
from bot.sandbox.registry_state import Asker, HandoffKind, RegistryState, Session
from bot.sandbox.registry_switches import Challenge, Created
from bot.sandbox.registry_wire import NOT_FOUND, UNAUTHORIZED, Answer, Call, parse_json, refuse

TRUST_PATH = re.compile(r"/-/package/(?P<package>[^/]+)/trust(?:/(?P<id>[^/]+))?")
"""Matched against the raw path: a scope's slash must be escaped, once."""

AT_MOST = 10
PERMISSIONS = ("createPackage", "createStagedPackage")
REQUIRED_CLAIMS = {
    "github": ("repository", "workflow_ref.file"),
    "gitlab": ("project_path", "ci_config_ref_uri.file"),
    "circleci": (
        "oidc.circleci.com/org-id",
        "oidc.circleci.com/project-id",
        "oidc.circleci.com/pipeline-definition-id",
        "oidc.circleci.com/vcs-origin",
    ),
}
NARROWING_CLAIMS = ("environment", "oidc.circleci.com/context-ids")
"""What may be left out; a configuration without it takes every token that one with it takes."""

GRANULAR_TEXT = (
    "npm tokens that bypass 2FA are being restricted. "
    "Use a session token with two-factor authentication for this operation."
)
OVERLAP_TEXT = (
    "a trusted publisher configuration that a token could also match already exists for this package; "
    "list the package trusted publishers to find it"
)
_ASKS = {"www-authenticate": "OTP"}
FORBIDDEN_TEXT = "You do not have permission to change this package."
OTP_TEXT = "This operation requires a one-time password from your authenticator."


def challenge(state: RegistryState, call: Call) -> Answer | None:
    """Refuse or challenge a call whose second factor has not come yet; nothing else is looked at before."""
    if call.session is None:
        return UNAUTHORIZED
    if call.session.is_granular:
        return refuse(HTTPStatus.UNAUTHORIZED, GRANULAR_TEXT)
    if not state.accounts[call.session.npm_user].two_factor:
        return refuse(HTTPStatus.FORBIDDEN, "Two-factor authentication must be enabled on your account.")
    asker = Asker(call.session, call.method, call.address)
    if state.is_confirmed(asker, call.headers.get("npm-otp", "")):
        return None
    if call.headers.get("npm-auth-type") != "web":
        headers = {**_ASKS, "npm-notice": OTP_TEXT}  # where npm's client prints it for who has no web flow
        return Answer(HTTPStatus.UNAUTHORIZED, {"error": OTP_TEXT}, headers, note=OTP_TEXT)
    return _ask(state, call, asker)


def _ask(state: RegistryState, call: Call, asker: Asker) -> Answer:
    shape, status, note = state.switches.challenge, HTTPStatus.UNAUTHORIZED, "asks for the second factor"
    if shape is Challenge.HEADER:
        return Answer(status, None, _ASKS, note=note)
    if shape is Challenge.TEXT:
        return Answer(status, {"error": OTP_TEXT}, note=note)
    handoff = state.open_handoff(HandoffKind.CONFIRM, asker)
    body = {
        "authUrl": f"{call.base_url}/auth/cli/{handoff.id}",
        "doneUrl": f"{call.base_url}/-/v1/done?authId={handoff.id}",
    }
    return Answer(status, body, {} if shape is Challenge.LINKS else _ASKS, note=note)


def answer_trust(state: RegistryState, call: Call, path: re.Match[str]) -> Answer:
    """Answer a confirmed call."""
    session, configuration_id = call.session, path["id"]
    package = state.find_package(unquote(path["package"]), session)
    if package is None or session is None:
        is_empty = state.switches.missing_is_empty and call.method == "GET" and not configuration_id
        return Answer(HTTPStatus.OK, []) if is_empty else NOT_FOUND
    if not state.can_write(session, package):
        is_told = not state.switches.forbidden_is_missing
        return refuse(HTTPStatus.FORBIDDEN, FORBIDDEN_TEXT) if is_told else NOT_FOUND
    match call.method, configuration_id:
        case "GET", None:
            return Answer(HTTPStatus.OK, state.list_configurations(package.seed.name, lagging=True))
        case "POST", None:
            return _create(state, session, package, parse_json(call.body))
        case "DELETE", str():
            return _revoke(state, package, unquote(configuration_id))
        case _:
            return NOT_FOUND


def _create(state: RegistryState, session: Session, package: Package, body: object) -> Answer:
    reason = find_mistake(body)
    if reason or not isinstance(body, list):
        return refuse(HTTPStatus.BAD_REQUEST, reason)
    [wanted] = body
    standing = state.standing(package.seed.name)
    if any(record.type == wanted["type"] and overlap(record.claims, wanted["claims"]) for record in standing):
        return refuse(HTTPStatus.CONFLICT, OVERLAP_TEXT)
    if len(standing) >= AT_MOST:
        return refuse(HTTPStatus.BAD_REQUEST, f"a package can have at most {AT_MOST} trusted publisher configurations")
    content = (wanted["type"], wanted["claims"], wanted["permissions"])
    record = state.add_configuration(package.seed.name, *content)
    create = AcceptedCreate(package.seed.name, fingerprint_of(*content), session.npm_user, state.clock.now())
    state.accepted_creates.append(create)
    return _tell_created(state, package, record)


def _tell_created(state: RegistryState, package: Package, record: TrustRecord) -> Answer:
    note, status = f"created {record.id}", HTTPStatus.CREATED
    match state.switches.created:
        case Created.LIST_OF_ONE:
            return Answer(status, [record.as_json()], note=note)
        case Created.OBJECT:
            return Answer(status, record.as_json(), note=note)
        case Created.WHOLE_LIST:
            return Answer(status, state.list_configurations(package.seed.name), note=note)
        case Created.NOTHING:
            return Answer(HTTPStatus.NO_CONTENT, note=note)


def _revoke(state: RegistryState, package: Package, configuration_id: str) -> Answer:
    if not state.remove_configuration(package.seed.name, configuration_id):
        return NOT_FOUND
    return Answer(HTTPStatus.NO_CONTENT, note=f"revoked {configuration_id}")


def find_mistake(body: object) -> str:
    """Say what npm would not take of a create's body; empty when it is fine."""
    if not isinstance(body, list):
        return '"value" must be an array'
    if len(body) != 1 or not isinstance(body[0], dict):
        return '"value" must contain 1 items of type object'
    item = body[0]
    permissions = item.get("permissions")
    if not isinstance(permissions, list) or not permissions:
        return "permissions is required and must contain at least one valid route"
    for number, permission in enumerate(permissions):
        if permission not in PERMISSIONS:
            return f'"[0].permissions[{number}]" must be one of [{", ".join(PERMISSIONS)}]'
    required = REQUIRED_CLAIMS.get(str(item.get("type")))
    if required is None:
        return f'"[0].type" must be one of [{", ".join(REQUIRED_CLAIMS)}]'
    return _find_mistake_in_claims(item.get("claims"), required)


def _find_mistake_in_claims(claims: object, required: tuple[str, ...]) -> str:
    if not isinstance(claims, dict):
        return '"[0].claims" must be of type object'
    for key in required:
        value: object = claims
        for part in (key,) if key.startswith("oidc.") else key.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if not isinstance(value, str) or not value:
            return f'"[0].claims.{key}" is required'
    known = {key if key.startswith("oidc.") else key.partition(".")[0] for key in required} | {*NARROWING_CLAIMS}
    for key in claims:
        if key not in known:
            return f'"[0].claims.{key}" is not allowed'
    return ""


def overlap(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    """Tell whether a token could match both, of one provider: one is as wide as the other or wider."""
    keys = first.keys() | second.keys()
    return all(
        first.get(key) == second.get(key) or (key in NARROWING_CLAIMS and not (first.get(key) and second.get(key)))
        for key in keys
    )
