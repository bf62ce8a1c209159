"""CircleCI."""

import re
from collections.abc import Callable
from typing import Any, Literal

from bot.domain.flags import Fields, Flag
from bot.domain.mistakes import Mistake
from bot.domain.publishers._core import BasePublisher, Claims, Provider, ProviderSpec

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_ORIGIN = re.compile(r"[^/\s:@]+(?:/[^/\s:@]+){2,}")
_MOST_LETTERS = 255
_CLAIM = "oidc.circleci.com/"


class CircleCI(BasePublisher):
    """A pipeline definition of a project on CircleCI."""

    provider: Literal[Provider.CIRCLECI] = Provider.CIRCLECI
    org_id: str
    project_id: str
    pipeline_definition_id: str
    vcs_origin: str
    """`github.com/acme/ui`"""
    context_ids: tuple[str, ...] = ()
    """Empty: any."""
    environment: Literal[""] = ""
    """CircleCI has none; here so that every publisher can be asked."""

    @property
    def source(self) -> str:
        """The vcs origin."""
        return self.vcs_origin

    @property
    def label(self) -> str:
        """`github.com/acme/ui → pipeline 6ba7b810…`."""
        return f"{self.vcs_origin} → pipeline {self.pipeline_definition_id.partition('-')[0]}…"

    def to_claims(self) -> dict[str, Any]:
        """Build npm's claims; a single context is still an array."""
        claims: dict[str, Any] = {
            f"{_CLAIM}org-id": self.org_id,
            f"{_CLAIM}project-id": self.project_id,
            f"{_CLAIM}pipeline-definition-id": self.pipeline_definition_id,
            f"{_CLAIM}vcs-origin": self.vcs_origin,
        }
        return claims | ({f"{_CLAIM}context-ids": list(self.context_ids)} if self.context_ids else {})


def _tidy_uuid(value: str) -> str:
    """CircleCI's tokens have them in lower case, and npm compares exactly."""
    return value.strip().lower()


def _uuid_check(name: str) -> Callable[[str], Mistake | None]:
    def check_uuid(value: str) -> Mistake | None:
        if _UUID.fullmatch(value):
            return None
        return Mistake(
            what=f"{name} must be a valid UUID.",
            expected="a UUID such as 550e8400-e29b-41d4-a716-446655440000",
            got=value,
            field=name,
        )

    return check_uuid


def _check_origin(origin: str) -> Mistake | None:
    if _ORIGIN.fullmatch(origin) and len(origin) <= _MOST_LETTERS:
        return None
    example = "github.com/owner/repo"
    what = "vcs-origin must be in format 'provider/owner/repo'."
    if "://" in origin:
        what = f"vcs-origin must not include a scheme (e.g., use '{example}' not 'https://{example}')."
    nearest = origin.partition("://")[2].rstrip("/").removesuffix(".git")
    return Mistake(
        what=what,
        expected=f"an origin such as {example}",
        got=origin,
        suggestion=nearest if _ORIGIN.fullmatch(nearest) else "",
        field="vcs-origin",
    )


def _make(fields: Fields) -> CircleCI:
    (org,), (project,), (pipeline,) = fields["org-id"], fields["project-id"], fields["pipeline-definition-id"]
    return CircleCI(
        org_id=org,
        project_id=project,
        pipeline_definition_id=pipeline,
        vcs_origin=fields["vcs-origin"][0],
        context_ids=fields.get("context-id", ()),
    )


def _read(claims: Claims) -> CircleCI | None:
    names = ("org-id", "project-id", "pipeline-definition-id", "vcs-origin")
    values = [claims.get(_CLAIM + name) for name in names]
    contexts: Any = claims.get(f"{_CLAIM}context-ids") or []
    if not all(isinstance(value, str) and value for value in values) or not isinstance(contexts, list):
        return None
    org, project, pipeline, origin = map(str, values)
    return CircleCI(
        org_id=org,
        project_id=project,
        pipeline_definition_id=pipeline,
        vcs_origin=origin,
        context_ids=tuple(map(str, contexts)),
    )


def _id_flag(name: str, whose: str, label: str) -> Flag:
    return Flag(
        name=name,
        placeholder="UUID",
        help=f"the UUID of the {whose}",
        label=label,
        hint="550e8400-e29b-41d4-a716-446655440000",
        missing=f"{name} is required.",
        clean=lambda value: (
            value.strip().lower()
        ),  # CircleCI's tokens have them in lower case, and npm compares exactly
        check=_uuid_check(name),
    )


SPEC = ProviderSpec(
    provider=Provider.CIRCLECI,
    title="CircleCI",
    entity="CircleCI pipeline",
    host="",
    source_flag="vcs-origin",
    source_claim=f"{_CLAIM}vcs-origin",
    make=_make,
    read=_read,
    flags=(
        _id_flag("org-id", "organization", "Organization id"),
        _id_flag("project-id", "project", "Project id"),
        _id_flag("pipeline-definition-id", "pipeline definition", "Pipeline definition id"),
        Flag(
            name="vcs-origin",
            placeholder="PROVIDER/OWNER/REPO",
            help="the repository with its host",
            label="VCS origin",
            hint="github.com/acme/ui",
            missing="vcs-origin is required.",
            takes_templates=True,
            check=_check_origin,
        ),
        Flag(
            name="context-id",
            placeholder="UUID",
            help="only jobs with this context; several times for several; left out: any",
            label="Context ids",
            hint="One UUID a line. Left empty: any.",
            repeatable=True,
            clean=_tidy_uuid,
            check=_uuid_check("context-id"),
        ),
    ),
)
