"""GitHub Actions."""

import re
from typing import Any, Literal

from bot.domain.flags import Fields, Flag
from bot.domain.mistakes import Mistake
from bot.domain.publishers._core import BasePublisher, Claims, Provider, ProviderSpec
from bot.domain.publishers._workflow_files import check_environment, file_check, file_claim, text_claim
from bot.domain.repositories import path_at

# GitHub's own rules; accounts that a company manages have an underscore before its short code.
_REPOSITORY = re.compile(r"[A-Za-z0-9_-]{1,39}/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}", re.ASCII)


class GitHub(BasePublisher):
    """A workflow of a repository on GitHub."""

    provider: Literal[Provider.GITHUB] = Provider.GITHUB
    repository: str
    """`acme/ui`"""
    file: str
    """`release.yml`, in `.github/workflows`"""
    environment: str = ""
    """Empty: any."""

    @property
    def source(self) -> str:
        """The repository."""
        return self.repository

    @property
    def label(self) -> str:
        """`acme/ui → release.yml`."""
        return f"{self.repository} → {self.file}"

    def to_claims(self) -> dict[str, Any]:
        """Build npm's claims."""
        claims: dict[str, Any] = {"repository": self.repository, "workflow_ref": {"file": self.file}}
        return claims | ({"environment": self.environment} if self.environment else {})


def _check_repository(repository: str) -> Mistake | None:
    if _REPOSITORY.fullmatch(repository):
        return None
    return Mistake(
        what="GitHub repository must be specified in the format owner/repository.",
        expected="a repository such as acme/ui",
        got=repository,
        field="repo",
    )


def _make(fields: Fields) -> GitHub:
    (repository,), (file,) = fields["repo"], fields["file"]
    return GitHub(repository=repository, file=file, environment="".join(fields.get("environment", ())))


def _read(claims: Claims) -> GitHub | None:
    repository, file = text_claim(claims, "repository"), file_claim(claims, "workflow_ref")
    if not repository or not file:
        return None
    return GitHub(repository=repository, file=file, environment=text_claim(claims, "environment"))


SPEC = ProviderSpec(
    provider=Provider.GITHUB,
    title="GitHub Actions",
    entity="GitHub repository",
    host="github.com",
    source_flag="repo",
    source_claim="repository",
    make=_make,
    read=_read,
    flags=(
        Flag(
            name="repo",
            aliases=("repository",),
            placeholder="OWNER/REPO",
            help="the repository; left out: the one that the package names",
            label="Repository",
            hint="Such as acme/ui. Left empty: the repository that the package names.",
            clean=path_at("github.com"),
            takes_templates=True,
            check=_check_repository,
        ),
        Flag(
            name="file",
            placeholder="FILE.yml",
            help="the workflow's file name in .github/workflows",
            label="Workflow file",
            hint="release.yml: the name only, of a file in .github/workflows.",
            missing="GitHub Actions Workflow must be specified with the file option.",
            takes_templates=True,
            check=file_check("GitHub Actions Workflow", "GitHub Actions workflow"),
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
