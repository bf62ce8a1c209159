"""The files that a workflow or a pipeline refers to: how their names are written, and what was seen of them.

A name comes from outside and becomes part of an address, so no `Reference` is made of one that could lead elsewhere:
each part of a path is a name of its own, and a ref is what git allows.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from pydantic import Field

from bot.domain.publish_commands import Guess, does_action_publish
from bot.domain.values import Frozen
from bot.domain.versions import read_mapping

MOST_FILES = 20
"""So many of them are read in one look. GitHub lets a run call 50 workflows, GitLab a pipeline include 150 files: those
with more than a few are rare, and without a token GitHub answers 60 questions an hour."""

DEEPEST_CALLS = 10
"""Levels, the first file among them: as many as GitHub connects since November 2025, where it was four before
(https://docs.github.com/en/actions/reference/workflows-and-actions/reusing-workflow-configurations). GitLab knows no
such limit."""

WORKFLOWS = ".github/workflows"
_ENDINGS = (".yml", ".yaml")
_LOCAL = "./"
_LONGEST_PATH = 400
_LONGEST_REF = 250
_REPOSITORY_PART = re.compile(r"[A-Za-z0-9._-]{1,255}")
_REF = re.compile(r"[A-Za-z0-9_][\w.+@/#=-]*", re.ASCII)


class Part(StrEnum):
    """What a file is to the one that refers to it."""

    WORKFLOW = "workflow"
    """Called by a job of GitHub's."""
    ACTION = "action"
    """Used by a step of GitHub's; the path is its folder, with `action.yml` or `action.yaml` in it."""
    INCLUDE = "include"
    """Included by a pipeline of GitLab's."""


class Spot(NamedTuple):
    """Where a file lies that refers to others."""

    repository: str
    ref: str = ""
    """Empty: the default branch."""


class Reference(Frozen):
    """A file that another one refers to; safe to be made into an address."""

    part: Part
    repository: str
    """`acme/ci`"""
    ref: str = ""
    """`v1`; empty: the default branch."""
    path: str
    """`.github/workflows/publish.yml`; of an action its folder, empty: the top."""

    @property
    def spot(self) -> Spot:
        """Where what it refers to in turn is looked for."""
        return Spot(self.repository, self.ref)

    def is_foreign_to(self, home: str) -> bool:
        """Tell whether it lies in another repository than the file that a configuration names."""
        return self.repository.casefold() != home.casefold()

    def written_from(self, home: str) -> str:
        """Name it for people: `ci/publish.yml`, `ci/publish.yml of acme/ci at v1`."""
        where = f" of {self.repository}" if self.is_foreign_to(home) else ""
        return f"{self.path or 'action.yml'}{where}" + (f" at {self.ref}" if self.ref else "")


class SeenFile(Frozen):
    """What a forge has shown of such a file."""

    reference: Reference
    document: dict[str, Any] = Field(default_factory=dict)
    """As that of `Look`."""
    unread: str = ""
    """Why it was not read, as a clause: `it is no valid YAML`; empty: it was."""
    is_missing: bool = False
    """The repository is there and the file is not."""


def why_unseen(files: Collection[object]) -> str:
    """Tell why a file is not among those that were seen, as a clause."""
    return f"I read at most {MOST_FILES} files" if len(files) >= MOST_FILES else "I have not looked for it"


def share_owner(one: str, other: str) -> bool:
    """Tell whether two repositories belong to one user, organisation or top group."""
    return one.partition("/")[0].casefold() == other.partition("/")[0].casefold()


def list_references(document: Mapping[str, Any], here: Spot, home: str) -> Iterator[Reference]:
    """List what a workflow or an action of GitHub's refers to and is worth reading; called workflows come first."""
    jobs = [job for job in read_mapping(document, "jobs").values() if isinstance(job, Mapping)]
    for job in jobs:
        if reference := refer_workflow(job.get("uses"), here):
            yield reference
    for holder in (*jobs, read_mapping(document, "runs")):
        for step in list_steps(holder):
            if reference := refer_action(step.get("uses"), home):
                yield reference


def list_steps(holder: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """List the steps of a job or of an action."""
    steps = holder.get("steps")
    return [step for step in (steps if isinstance(steps, list) else ()) if isinstance(step, Mapping)]


def refer_workflow(uses: Any, here: Spot) -> Reference | None:  # noqa: ANN401 -- foreign YAML
    """Read `./.github/workflows/publish.yml`, or `acme/ci/.github/workflows/publish.yml@v1`; None: it is neither."""
    if not isinstance(uses, str):
        return None
    if uses.startswith(_LOCAL):
        found = _refer(Part.WORKFLOW, here.repository, uses.removeprefix(_LOCAL), here.ref)
    else:
        found = _refer_elsewhere(Part.WORKFLOW, uses)
    is_workflow = found and found.path.rpartition("/")[0] == WORKFLOWS and found.path.endswith(_ENDINGS)
    return found if is_workflow else None


def refer_action(uses: Any, home: str) -> Reference | None:  # noqa: ANN401 -- foreign YAML
    """Read `./.github/actions/ship`, or `acme/ship@v1`; None: there is nothing to read.

    A path is one of the workspace, where the repository of the run was checked out, whichever file the step stands in.
    Of actions elsewhere only those of the same owner are read: those of others are rarely composed of steps, and each
    costs a question.
    """
    if not isinstance(uses, str):
        return None
    if uses.startswith(_LOCAL):
        return _refer(Part.ACTION, home, uses.removeprefix(_LOCAL).removesuffix("/"))
    if does_action_publish(uses, has_publish_command=True) is not Guess.MAYBE:
        return None
    found = _refer_elsewhere(Part.ACTION, uses)
    return found if found and share_owner(found.repository, home) else None


def refer_include(project: Any, path: Any, ref: Any) -> Reference | None:  # noqa: ANN401 -- foreign YAML
    """Read what a pipeline includes; None: it is no name, or holds a variable or a wildcard."""
    if not (isinstance(project, str) and isinstance(path, str) and isinstance(ref, str)):
        return None
    if any(sign in path for sign in "$*"):
        return None
    found = _refer(Part.INCLUDE, project, path.removeprefix(_LOCAL).removeprefix("/"), ref)
    return found if found and found.path.endswith(_ENDINGS) else None


def _refer_elsewhere(part: Part, uses: str) -> Reference | None:
    """Read `owner/repo/path@ref`."""
    name, _, ref = uses.partition("@")
    owner, _, rest = name.partition("/")
    repo, _, path = rest.partition("/")
    return _refer(part, f"{owner}/{repo}", path, ref) if ref else None


def _refer(part: Part, repository: str, path: str, ref: str = "") -> Reference | None:
    names = repository.split("/") if len(repository) <= _LONGEST_PATH else ()
    is_repository = len(names) > 1 and all(_REPOSITORY_PART.fullmatch(name) and name.strip(".") for name in names)
    is_ref = not ref or (len(ref) <= _LONGEST_REF and ".." not in ref and _REF.fullmatch(ref) is not None)
    is_path = _is_path(path) or (part is Part.ACTION and not path)
    if not (is_repository and is_ref and is_path):
        return None
    return Reference(part=part, repository=repository, ref=ref, path=path)


def _is_path(path: str) -> bool:
    if len(path) > _LONGEST_PATH:
        return False
    return all(name.isprintable() and name.strip(".") and "\\" not in name for name in path.split("/"))
