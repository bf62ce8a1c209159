"""What attestations say of how a version was built."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.breaks import Break, BreakKind
from bot.domain.provenance import Provenance, compare_provenance, read_provenance

SLSA_1, SLSA_02 = "https://slsa.dev/provenance/v1", "https://slsa.dev/provenance/v0.2"
PUBLISH = "https://github.com/npm/attestation/tree/main/specs/publish/v0.1"


def attestation(predicate_type: str, predicate: object) -> dict[str, Any]:
    statement = {"_type": "https://in-toto.io/Statement/v1", "predicateType": predicate_type, "predicate": predicate}
    return signed(predicate_type, json.dumps(statement).encode())


def signed(predicate_type: str, payload: bytes) -> dict[str, Any]:
    envelope = {"payload": base64.b64encode(payload).decode(), "payloadType": "application/vnd.in-toto+json"}
    return {"predicateType": predicate_type, "bundle": {"dsseEnvelope": envelope}}


def github(
    repository: str = "https://github.com/acme/ui", path: str = ".github/workflows/release.yml"
) -> dict[str, Any]:
    workflow = {"ref": "refs/heads/main", "repository": repository, "path": path}
    return attestation(SLSA_1, {"buildDefinition": {"externalParameters": {"workflow": workflow}}})


def gitlab(uri: str = "git+https://gitlab.com/acme/web/ui", path: str = ".gitlab-ci.yml") -> dict[str, Any]:
    variables = {
        "CI_PROJECT_URL": "https://gitlab.com/acme/web/ui",
        "CI_CONFIG_PATH": path,
        "CI_COMMIT_REF_NAME": "main",
    }
    source = {"uri": uri, "entryPoint": "publish"}
    return attestation(SLSA_02, {"invocation": {"configSource": source, "parameters": variables}})


def read(*attestations: object) -> Provenance | None:
    return read_provenance({"attestations": list(attestations)})


ACME_UI = Provenance(repository_host="github.com", repository="acme/ui", file="release.yml", ref="refs/heads/main")
EARLY = {"uri": "git+https://github.com/acme/ui@refs/heads/main", "entryPoint": ".github/workflows/release.yml"}


@pytest.mark.parametrize(
    ("document", "provenance"),
    [
        # npm signs that it was published; the builder signs how
        ([attestation(PUBLISH, {"name": "@acme/ui"}), github()], ACME_UI),
        ([attestation(SLSA_02, {"invocation": {"configSource": EARLY}})], ACME_UI),
        (
            [gitlab()],
            Provenance(repository_host="gitlab.com", repository="acme/web/ui", file=".gitlab-ci.yml", ref="main"),
        ),
        (
            [gitlab(uri="", path="ci/npm.yml@acme/ci")],
            Provenance(repository_host="gitlab.com", repository="acme/web/ui", file="npm.yml", ref="main"),
        ),
        (
            [github("https://git.acme.example/acme/ui", "")],
            Provenance(repository_host="git.acme.example", repository="acme/ui", file="", ref="refs/heads/main"),
        ),
        # what tells nothing is passed over
        ([github("nonsense"), github()], ACME_UI),
        ([attestation(SLSA_1, {}), "nonsense", {"predicateType": 7}, github()], ACME_UI),
        ([attestation(PUBLISH, {"buildDefinition": {}})], None),
        ([{"predicateType": SLSA_1, "bundle": {"dsseEnvelope": {"payload": "%"}}}], None),
        ([{"predicateType": SLSA_1, "bundle": {"dsseEnvelope": {"payload": "é"}}}], None),
        ([signed(SLSA_1, b"\xff")], None),
        ([signed(SLSA_1, b"[" * 100_000)], None),
        ([signed(SLSA_1, b"[]")], None),
        ([], None),
    ],
)
def test_attestations_tell_the_repository_and_the_workflow(
    document: list[object], provenance: Provenance | None
) -> None:
    assert read(*document) == provenance


@pytest.mark.parametrize("document", [{}, {"attestations": None}, {"attestations": {"a": 1}}, {"attestations": "[]"}])
def test_a_document_of_another_shape_tells_nothing(document: Mapping[str, Any]) -> None:
    assert read_provenance(document) is None


KEYS = ("buildDefinition", "externalParameters", "workflow", "repository", "invocation", "configSource", "uri", "CI")


@given(
    st.recursive(
        st.none() | st.integers() | st.sampled_from(["", "a/b", "https://github.com/a/b", "git+ssh://x@h/a/b@refs/x"]),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
        max_leaves=8,
    )
)
def test_predicates_of_any_shape_are_read_without_complaint(predicate: object) -> None:
    found = read(attestation(SLSA_1, predicate))
    assert found is None or found.repository


@pytest.mark.parametrize(
    ("before", "after", "kind", "texts"),
    [
        ({}, {}, None, None),
        ({}, {"ref": "refs/heads/v2"}, None, None),
        ({}, {"repository": "Acme/UI"}, None, None),
        ({}, {"repository": "evil/ui"}, "built from another repository", ("acme/ui", "evil/ui")),
        (
            {},
            {"repository_host": "gitlab.com"},
            "built from another repository",
            ("github.com/acme/ui", "gitlab.com/acme/ui"),
        ),
        ({}, {"file": "evil.yml"}, "built by another workflow", ("release.yml", "evil.yml")),
        ({"file": ""}, {}, None, None),
        ({}, {"file": ""}, None, None),
    ],
)
def test_another_repository_or_workflow_is_a_break(
    before: dict[str, str], after: dict[str, str], kind: str | None, texts: tuple[str, str] | None
) -> None:
    at = datetime(2026, 1, 2, tzinfo=UTC)
    found = compare_provenance(
        ACME_UI.model_copy(update=before), ACME_UI.model_copy(update=after), version="1.0.1", at=at, by="olga-npm"
    )
    expected = None
    if kind and texts:
        expected = Break(kind=BreakKind(kind), version="1.0.1", at=at, by="olga-npm", before=texts[0], after=texts[1])
    assert found == expected


def test_without_an_attestation_there_is_nothing_to_compare() -> None:
    assert compare_provenance(None, ACME_UI, version="1.0.1") is None
    assert compare_provenance(ACME_UI, None, version="1.0.1") is None
