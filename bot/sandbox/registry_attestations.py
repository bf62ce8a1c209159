"""What `/-/npm/v1/attestations/NAME@VERSION` answers: the statements of npm's own client, in envelopes nobody signed.

The shapes are those of libnpmpublish: SLSA v1 from GitHub, SLSA v0.2 from GitLab.
"""

import base64
import hashlib
import json
from typing import Any

from bot.sandbox.releases import Release, Source

SLSA_V1 = "https://slsa.dev/provenance/v1"
SLSA_V02 = "https://slsa.dev/provenance/v0.2"
PUBLISH = "https://github.com/npm/attestation/tree/main/specs/publish/v0.1"


def predicate_type_of(source: Source) -> str:
    """Tell which kind of provenance the builds of a source have."""
    return SLSA_V02 if source.host == "gitlab.com" else SLSA_V1


def build_attestations(name: str, release: Release, source: Source, base_url: str) -> dict[str, Any]:
    """Build the document of one version: what npm says of the publish, and what the CI says of the build."""
    digest = hashlib.sha512(f"{name}@{release.version}".encode()).hexdigest()
    subject = [{"name": f"pkg:npm/{name.replace('@', '%40')}@{release.version}", "digest": {"sha512": digest}}]
    publish = {"name": name, "version": release.version, "registry": base_url}
    is_gitlab = source.host == "gitlab.com"
    build = _build_of_gitlab(source) if is_gitlab else _build_of_github(source)
    predicate_type = predicate_type_of(source)
    in_toto = "https://in-toto.io/Statement/v0.1" if is_gitlab else "https://in-toto.io/Statement/v1"
    statements = (
        {
            "_type": "https://in-toto.io/Statement/v0.1",
            "subject": subject,
            "predicateType": PUBLISH,
            "predicate": publish,
        },
        {"_type": in_toto, "subject": subject, "predicateType": predicate_type, "predicate": build},
    )
    return {"attestations": [_envelop(statement) for statement in statements]}


def _envelop(statement: dict[str, Any]) -> dict[str, Any]:
    payload = base64.b64encode(json.dumps(statement).encode()).decode()
    return {
        "predicateType": statement["predicateType"],
        "bundle": {
            "mediaType": "application/vnd.dev.sigstore.bundle+json;version=0.2",
            "verificationMaterial": {"tlogEntries": []},
            "dsseEnvelope": {
                "payload": payload,
                "payloadType": "application/vnd.in-toto+json",
                "signatures": [{"sig": "", "keyid": ""}],
            },
        },
    }


def _build_of_github(source: Source) -> dict[str, Any]:
    repository = f"https://{source.host}/{source.repository}"
    return {
        "buildDefinition": {
            "buildType": "https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1",
            "externalParameters": {
                "workflow": {"ref": source.ref, "repository": repository, "path": f".github/workflows/{source.file}"}
            },
            "internalParameters": {"github": {"event_name": "push", "repository_id": "1", "repository_owner_id": "1"}},
            "resolvedDependencies": [{"uri": f"git+{repository}@{source.ref}", "digest": {"gitCommit": "0" * 40}}],
        },
        "runDetails": {
            "builder": {"id": "https://github.com/actions/runner/github-hosted"},
            "metadata": {"invocationId": f"{repository}/actions/runs/1/attempts/1"},
        },
    }


def _build_of_gitlab(source: Source) -> dict[str, Any]:
    project = f"https://{source.host}/{source.repository}"
    configured = {"uri": f"git+{project}", "digest": {"sha1": "0" * 40}}
    return {
        "buildType": "https://github.com/npm/cli/gitlab/v0alpha1",
        "builder": {"id": f"{project}/-/runners/1"},
        "invocation": {
            "configSource": {**configured, "entryPoint": "publish"},
            "parameters": {
                "CI_COMMIT_REF_NAME": source.ref.rpartition("/")[2],
                "CI_CONFIG_PATH": source.file,
                "CI_PROJECT_PATH": source.repository,
                "CI_PROJECT_URL": project,
            },
            "environment": {
                "server": f"https://{source.host}",
                "project": source.repository,
                "pipeline": {"id": "1", "ref": source.file},
            },
        },
        "metadata": {"buildInvocationId": f"{project}/-/jobs/1", "reproducible": False},
        "materials": [configured],
    }
