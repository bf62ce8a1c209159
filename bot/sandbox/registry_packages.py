"""The calls of the simulated registry that read a package: its packument, and the attestations of a version."""

import hashlib
import json
from http import HTTPStatus

from bot.sandbox.packuments import abbreviate, build_packument, mirror, spoil_packument, stream_packument
from bot.sandbox.registry_attestations import build_attestations
from bot.sandbox.registry_catalogue import Package
from bot.sandbox.registry_state import RegistryState
from bot.sandbox.registry_wire import NOT_FOUND, Answer, Call, refuse
from bot.sandbox.releases import Spoil

ABBREVIATED = "application/vnd.npm.install-v1+json"
BLOCKED_TEXT = "This package is not available for legal reasons."


def load_packument(state: RegistryState, call: Call, name: str) -> Answer:
    """Answer `/NAME`: with 304 when the caller has this very packument."""
    package = state.find_package(name, call.session)
    if package is None or package.spoil is Spoil.MISSING:
        return NOT_FOUND
    if package.spoil is Spoil.BLOCKED:
        return refuse(HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS, BLOCKED_TEXT)
    if package.spoil is Spoil.HTML:
        return Answer(HTTPStatus.OK, "<!doctype html><title>Just a moment…</title>")
    is_abbreviated = ABBREVIATED in call.headers.get("accept", "")
    etag = _etag_of(package, is_abbreviated=is_abbreviated, is_mirror=state.switches.is_mirror)
    if etag in call.headers.get("if-none-match", "").split(", "):
        return Answer(HTTPStatus.NOT_MODIFIED, None, {"etag": etag}, note="unchanged")
    packument = build_packument(package, state.accounts, call.base_url)
    if package.spoil is Spoil.HALF:
        content = json.dumps(packument).encode()
        return Answer(HTTPStatus.OK, content[: len(content) // 2], {"etag": etag})
    if state.switches.is_mirror:
        packument = mirror(packument)
    if is_abbreviated:
        return Answer(HTTPStatus.OK, abbreviate(packument), {"etag": etag})
    spoilt = spoil_packument(packument, package.spoil)
    if package.bulk and isinstance(spoilt, dict) and {"versions", "time"} <= spoilt.keys():
        is_mirror = state.switches.is_mirror or package.spoil is Spoil.NO_USER
        chunks = stream_packument(spoilt, package, package.bulk, call.base_url, is_mirror=is_mirror)
        return Answer(HTTPStatus.OK, chunks, {"etag": etag})
    return Answer(HTTPStatus.OK, spoilt, {"etag": etag})


def load_version(state: RegistryState, call: Call, path: str) -> Answer:
    """Answer `/NAME/VERSION`, where the version may be a dist-tag: with what the packument has of it."""
    name, _, wanted = path.rpartition("/")
    package = state.find_package(name, call.session)
    if package is None or package.spoil is Spoil.MISSING:
        return NOT_FOUND
    packument = build_packument(package, state.accounts, call.base_url)
    shown = mirror(packument) if state.switches.is_mirror else packument
    found = shown.get("versions", {}).get(package.tags.get(wanted, wanted))
    return Answer(HTTPStatus.OK, found) if found else NOT_FOUND


def load_attestations(state: RegistryState, call: Call, spec: str) -> Answer:
    """Answer `/-/npm/v1/attestations/NAME@VERSION`."""
    name, _, version = spec.rpartition("@")
    package = state.find_package(name, call.session)
    releases = package.releases if package and not state.switches.is_mirror else []
    release = next((release for release in releases if release.version == version), None)
    if release is None or release.source is None:
        return NOT_FOUND
    return Answer(HTTPStatus.OK, build_attestations(name, release, release.source, call.base_url))


def _etag_of(package: Package, *, is_abbreviated: bool, is_mirror: bool) -> str:
    content = f"{package.seed.name} {package.revision} {is_abbreviated} {is_mirror}"
    return f'"{hashlib.sha256(content.encode()).hexdigest()[:32]}"'
