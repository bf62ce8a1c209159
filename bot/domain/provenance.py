"""What an attestation says of how a version was built: public, and the seed of a trust configuration (npm-trust 3).

Nothing in here is verified: npm verifies attestations when it takes them, and what we read is evidence.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.domain.breaks import Break, BreakKind
from bot.domain.repositories import read_address
from bot.domain.values import Frozen
from bot.domain.versions import read_mapping, read_text

_SLSA = "https://slsa.dev/provenance/"
_REF = re.compile(r"(?P<address>.+?)@(?P<ref>refs/.+)", re.DOTALL)


class Provenance(Frozen):
    """Where a version was built. Texts from outside."""

    repository_host: str
    """`github.com`"""
    repository: str
    """`owner/repo` or `group/project`."""
    file: str
    """The workflow's file without its folder, as npm's configurations have it: `release.yml`; empty: not told."""
    ref: str = ""
    """`refs/heads/main`; empty: not told."""


def read_provenance(document: Mapping[str, Any]) -> Provenance | None:
    """Read npm's answer about the attestations of a version; None when none of them tells where it was built."""
    attestations = document.get("attestations")
    for attestation in attestations if isinstance(attestations, list) else ():
        if isinstance(attestation, Mapping) and read_text(attestation, "predicateType").startswith(_SLSA):
            found = _read_predicate(read_mapping(_read_statement(attestation), "predicate"))
            if found:
                return found
    return None


def compare_provenance(
    before: Provenance | None, after: Provenance | None, *, version: str, at: datetime | None = None, by: str = ""
) -> Break | None:
    """Tell whether a version was built from another repository or by another workflow than the one before it."""
    if before is None or after is None:
        return None
    if _where(before) != _where(after):
        kind, texts = BreakKind.OTHER_REPOSITORY, _label(before, after)
    elif before.file and after.file and before.file != after.file:
        kind, texts = BreakKind.OTHER_WORKFLOW, (before.file, after.file)
    else:
        return None
    return Break(kind=kind, version=version, at=at, by=by, before=texts[0], after=texts[1])


def _where(provenance: Provenance) -> tuple[str, str]:
    # neither GitHub nor GitLab tells capitals apart in a path
    return provenance.repository_host, provenance.repository.casefold()


def _label(before: Provenance, after: Provenance) -> tuple[str, str]:
    if before.repository_host == after.repository_host:
        return before.repository, after.repository
    return f"{before.repository_host}/{before.repository}", f"{after.repository_host}/{after.repository}"


def _read_statement(attestation: Mapping[str, Any]) -> Mapping[str, Any]:
    """Read the in-toto statement inside the DSSE envelope of a Sigstore bundle."""
    envelope = read_mapping(read_mapping(attestation, "bundle"), "dsseEnvelope")
    try:
        statement = json.loads(base64.b64decode(read_text(envelope, "payload")))
    except (binascii.Error, ValueError, RecursionError):
        return {}
    return statement if isinstance(statement, Mapping) else {}


def _read_predicate(predicate: Mapping[str, Any]) -> Provenance | None:
    """Read SLSA v1, as npm's client writes it on GitHub, or v0.2, as it does on GitLab and once did on GitHub."""
    parameters = read_mapping(read_mapping(predicate, "buildDefinition"), "externalParameters")
    if workflow := read_mapping(parameters, "workflow"):
        return _make(read_text(workflow, "repository"), read_text(workflow, "path"), read_text(workflow, "ref"))
    invocation = read_mapping(predicate, "invocation")
    source, variables = read_mapping(invocation, "configSource"), read_mapping(invocation, "parameters")
    address = read_text(source, "uri")
    if "CI_PROJECT_URL" in variables:
        ref = read_text(variables, "CI_COMMIT_REF_NAME")
        return _make(address or read_text(variables, "CI_PROJECT_URL"), read_text(variables, "CI_CONFIG_PATH"), ref)
    with_ref = _REF.fullmatch(address)
    address, ref = (with_ref["address"], with_ref["ref"]) if with_ref else (address, "")
    return _make(address, read_text(source, "entryPoint"), ref)


def _make(address: str, path: str, ref: str) -> Provenance | None:
    repository = read_address(address)
    if repository is None:
        return None
    # GitLab may name a file of another project: `ci/release.yml@group/project`
    file = path.partition("@")[0].rpartition("/")[2]
    return Provenance(repository_host=repository.host, repository=repository.path, file=file, ref=ref)
