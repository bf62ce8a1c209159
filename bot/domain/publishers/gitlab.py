"""GitLab CI/CD."""

import re
from typing import Any, Literal

from bot.domain.flags import Fields, Flag
from bot.domain.mistakes import Mistake
from bot.domain.publishers._core import BasePublisher, Claims, Provider, ProviderSpec
from bot.domain.publishers._workflow_files import check_environment, file_check, file_claim, text_claim
from bot.domain.repositories import path_at

_PROJECT = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_.][A-Za-z0-9_.-]*)+", re.ASCII)
_MOST_LETTERS = 255


class GitLab(BasePublisher):
    """A pipeline of a project on GitLab."""

    provider: Literal[Provider.GITLAB] = Provider.GITLAB
    project: str
    """`group/project` or `group/subgroup/project`"""
    file: str
    """`.gitlab-ci.yml`"""
    environment: str = ""
    """Empty: any."""

    @property
    def source(self) -> str:
        """The project."""
        return self.project

    @property
    def label(self) -> str:
        """`group/project → .gitlab-ci.yml`."""
        return f"{self.project} → {self.file}"

    def to_claims(self) -> dict[str, Any]:
        """Build npm's claims."""
        claims: dict[str, Any] = {"project_path": self.project, "ci_config_ref_uri": {"file": self.file}}
        return claims | ({"environment": self.environment} if self.environment else {})


def _check_project(project: str) -> Mistake | None:
    if _PROJECT.fullmatch(project) and len(project) <= _MOST_LETTERS:
        return None
    return Mistake(
        what="GitLab project must be specified in the format group/project or group/subgroup/project.",
        expected="a project such as acme/web/ui",
        got=project,
        field="project",
    )


def _make(fields: Fields) -> GitLab:
    (project,), (file,) = fields["project"], fields["file"]
    return GitLab(project=project, file=file, environment="".join(fields.get("environment", ())))


def _read(claims: Claims) -> GitLab | None:
    project, file = text_claim(claims, "project_path"), file_claim(claims, "ci_config_ref_uri")
    if not project or not file:
        return None
    return GitLab(project=project, file=file, environment=text_claim(claims, "environment"))


SPEC = ProviderSpec(
    provider=Provider.GITLAB,
    title="GitLab CI/CD",
    entity="GitLab project",
    host="gitlab.com",
    source_flag="project",
    source_claim="project_path",
    make=_make,
    read=_read,
    flags=(
        Flag(
            name="project",
            aliases=("repo", "repository"),
            placeholder="GROUP/PROJECT",
            help="the project; left out: the one that the package names",
            label="Project",
            hint="Such as acme/ui or acme/web/ui. Left empty: the project that the package names.",
            clean=path_at("gitlab.com"),
            takes_templates=True,
            check=_check_project,
        ),
        Flag(
            name="file",
            placeholder="FILE.yml",
            help="the pipeline's file name",
            label="Pipeline file",
            hint=".gitlab-ci.yml: the name only.",
            missing="GitLab CI/CD Pipeline must be specified with the file option.",
            takes_templates=True,
            check=file_check("GitLab CI/CD Pipeline", "GitLab CI/CD pipeline file"),
        ),
        Flag(
            name="environment",
            aliases=("env",),
            placeholder="NAME",
            help="only jobs of this environment; left out: any",
            label="Environment",
            hint="Such as production. Left empty: any.",
            takes_templates=True,
            check=check_environment,
        ),
    ),
)
