"""What a CI does with a trust configuration: it exchanges its id token for a token of one package (npm-trust 1.9).

Who signed an id token is not looked at: it is the stand-in of a CI that writes them. Everything else in it is: who it
says it comes from, for which registry it is, and whether a configuration of the package takes its claims.
"""

import base64
import binascii
import json
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from bot.sandbox.registry_catalogue import TrustRecord
from bot.sandbox.registry_state import RegistryState
from bot.sandbox.registry_wire import Answer, Call, refuse

ISSUERS = {
    "https://token.actions.githubusercontent.com": "github",
    "https://gitlab.com": "gitlab",
}
"""Beside CircleCI's, which has the organisation in its address."""

_CIRCLECI = "https://oidc.circleci.com/org/"
_UNAUTHORISED = refuse(HTTPStatus.UNAUTHORIZED, "OIDC token exchange error - unauthorized")
_NO_PACKAGE = refuse(HTTPStatus.NOT_FOUND, "OIDC token exchange error - package not found")


def exchange_token(state: RegistryState, call: Call, name: str) -> Answer:
    """Answer `POST /-/npm/v1/oidc/token/exchange/package/NAME`."""
    claims = read_id_token(call.headers.get("authorization", "").partition(" ")[2])
    provider = _provider_of(claims)
    if not provider or claims.get("aud") != f"npm:{urlsplit(call.base_url).hostname}":
        return _UNAUTHORISED
    records = state.standing(name) if name in state.packages else []
    now = state.clock.now()
    fitting = [each for each in records if each.type == provider and not each.is_expired(now) and fits(each, claims)]
    if not fitting:
        return _NO_PACKAGE
    token = f"npm_oidc_{secrets.token_urlsafe(27)}"
    return Answer(HTTPStatus.CREATED, {"token": token}, note=f"gave a token by {fitting[0].id}")


def write_id_token(claims: Mapping[str, Any]) -> str:
    """Write the id token of a CI; its signature is none."""
    parts = ({"alg": "none", "typ": "JWT"}, dict(claims))
    return ".".join(
        [*(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts), "x"]
    )


def read_id_token(token: str) -> dict[str, Any]:
    """Read the claims of an id token; none of what is no such token."""
    _, _, rest = token.partition(".")
    payload = rest.partition(".")[0]
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, binascii.Error):
        return {}
    return claims if isinstance(claims, dict) else {}


def fits(record: TrustRecord, claims: Mapping[str, Any]) -> bool:
    """Tell whether a configuration takes a job's claims; what it leaves out narrows nothing."""
    wanted = dict(record.claims)
    file = (wanted.pop("workflow_ref", None) or wanted.pop("ci_config_ref_uri", None) or {}).get("file", "")
    contexts = wanted.pop("oidc.circleci.com/context-ids", ())
    has_file = not file or file == _file_of(claims)
    has_context = not contexts or bool({*contexts} & {*claims.get("oidc.circleci.com/context-ids", ())})
    return has_file and has_context and all(claims.get(name) == value for name, value in wanted.items())


def _provider_of(claims: Mapping[str, Any]) -> str:
    issuer = str(claims.get("iss", ""))
    return "circleci" if issuer.startswith(_CIRCLECI) else ISSUERS.get(issuer, "")


def _file_of(claims: Mapping[str, Any]) -> str:
    """Take the file's name out of `acme/ui/.github/workflows/release.yml@refs/heads/main`."""
    reference = str(claims.get("workflow_ref") or claims.get("ci_config_ref_uri") or "")
    return reference.partition("@")[0].rpartition("/")[2]
