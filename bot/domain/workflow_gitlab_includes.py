"""What a pipeline of GitLab's includes, and the whole that they make: https://docs.gitlab.com/ci/yaml/includes.

Of a file of another project, which may be private, people read what it comes to and never a name or a value, as in
`bot.domain.workflow_github_calls`. An address elsewhere is never asked: whoever writes a pipeline file would choose
what is asked from inside the network that the bot stands in.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from bot.domain.versions import read_mapping
from bot.domain.workflow_files import Reference, SeenFile, Spot, refer_include, why_unseen
from bot.domain.workflow_gitlab import merge
from bot.domain.workflow_inputs import GITLAB_INPUT, Budget, TooMuch

MOST_INCLUDES = 150
"""GitLab's own limit, https://docs.gitlab.com/administration/instance_limits/#maximum-number-of-includes."""
_LONGEST_SHOWN = 100
_NOT_READ = {
    "remote": "I ask no address but GitLab's",
    "template": "I do not read GitLab's templates",
    "component": "I do not read components",
}
_UNKNOWN = "I cannot tell which file it is"


class Include(NamedTuple):
    """An entry of `include:`, one for each file of it."""

    reference: Reference | None
    """None: it is not read."""
    shown: str
    """As people may read it: `the template Auto-DevOps.gitlab-ci.yml`."""
    why_not: str = ""
    """Why it is not read, as a clause."""
    inputs: Mapping[str, Any] = {}
    has_rules: bool = False
    """They decide in each pipeline whether it is included."""


class Pipeline(NamedTuple):
    """A pipeline with all that it includes."""

    document: dict[str, Any]
    unread: tuple[str, ...]
    """Sentences: what of it was not read, and why."""
    faults: tuple[str, ...]
    """Why GitLab makes no pipeline of it, as the end of a sentence about it."""
    foreign: dict[str, str]
    """Keys that stand in files of other projects alone, each with its project."""
    is_foreign: bool
    """Some of it stands in another project."""
    has_rules: bool
    """Something of it is included in some pipelines only."""


def list_references(document: Mapping[str, Any], here: Spot, _home: str) -> Iterator[Reference]:
    """List the files that a pipeline includes and that can be read."""
    return (include.reference for include in list_includes(document, here) if include.reference)


def list_includes(document: Mapping[str, Any], here: Spot) -> Iterator[Include]:
    """Read `include:` in each of its forms."""
    value = document.get("include")
    for entry in value if isinstance(value, list) else [value]:
        if isinstance(entry, str):
            kind = "remote" if "://" in entry else "local"
            yield from _read_entry({kind: entry}, here)
        elif isinstance(entry, Mapping):
            yield from _read_entry(entry, here)


def _read_entry(entry: Mapping[str, Any], here: Spot) -> Iterator[Include]:
    inputs, has_rules = read_mapping(entry, "inputs"), bool(entry.get("rules"))
    for kind, why in _NOT_READ.items():
        if kind in entry:
            yield Include(None, _show(kind, entry[kind]), why)
            return
    project, ref = (entry["project"], entry.get("ref", "")) if "project" in entry else here
    paths = entry.get("file") if "project" in entry else entry.get("local")
    # cut before it is put together: one project may stand for thousands of files
    of = f" of {project[:_LONGEST_SHOWN] if isinstance(project, str) else 'a project'}" if "project" in entry else ""
    for path in paths if isinstance(paths, list) else [paths]:
        reference = refer_include(project, path, ref)
        name = path if isinstance(path, str) else "a file"
        why = "" if reference else "it has a wildcard" if "*" in name else _UNKNOWN
        yield Include(reference, f"{name[:_LONGEST_SHOWN]}{of}", why, inputs, has_rules)


def _show(kind: str, value: Any) -> str:  # noqa: ANN401 -- foreign YAML
    if kind != "remote":
        return f"the {kind} {str(value)[:_LONGEST_SHOWN]}"
    try:
        host = urlsplit(str(value)).hostname  # the rest of an address may hold a token
    except ValueError:
        host = None
    return f"a file of {host[:_LONGEST_SHOWN]}" if host else "a file elsewhere"


def read_pipeline(document: Mapping[str, Any], files: Iterable[SeenFile], home: str) -> Pipeline:
    """Put a pipeline together: what is included is merged below what includes it.

    Args:
        document: The pipeline.
        files: What was seen of what it includes, and of what that includes.
        home: Its project.
    """
    return _Merger(files, home).merge_all(document)


class _Merger:
    def __init__(self, files: Iterable[SeenFile], home: str) -> None:
        self._files = {file.reference: file for file in files}
        self._home = home
        self._budget = Budget()
        self._unread: list[str] = []
        self._faults: list[str] = []
        self._own: set[str] = set()
        self._foreign: dict[str, str] = {}
        self._has_rules = False
        self._followed = 0

    def merge_all(self, document: Mapping[str, Any]) -> Pipeline:
        merged = self._merge(document, Spot(self._home), (), "", is_ruled=False)
        return Pipeline(
            merged,
            tuple(dict.fromkeys(self._unread)),
            tuple(dict.fromkeys(self._faults)),
            {key: project for key, project in self._foreign.items() if key not in self._own},
            bool(self._foreign),
            self._has_rules,
        )

    def _merge(
        self, document: Mapping[str, Any], here: Spot, chain: tuple[Reference, ...], shown: str, *, is_ruled: bool
    ) -> dict[str, Any]:
        """Merge a file over all that it includes.

        Args:
            document: The file.
            here: Where it lies.
            chain: What led to it.
            shown: The project that people may read of, where the file lies in another one.
            is_ruled: Some pipelines do without the file.
        """
        merged: dict[str, Any] = {}
        for include in list_includes(document, here):
            may_miss = is_ruled or include.has_rules
            found = self._read(include, chain, shown, may_miss=may_miss)
            if found is not None and include.reference:
                reference = include.reference
                is_foreign = reference.is_foreign_to(self._home)
                inner = shown or (reference.repository if is_foreign else "")
                below = self._merge(found, reference.spot, (*chain, reference), inner, is_ruled=may_miss)
                merged = merge(merged, below)
        own = {key: value for key, value in document.items() if key != "include"}
        if shown:
            self._foreign |= dict.fromkeys(own, shown)
        else:
            self._own |= own.keys()
        return merge(merged, own)

    def _read(
        self, include: Include, chain: tuple[Reference, ...], shown: str, *, may_miss: bool
    ) -> Mapping[str, Any] | None:
        """Tell what is included; None: it is not to be had, which is noted."""
        self._has_rules |= include.has_rules
        seen = self._files.get(include.reference) if include.reference else None
        self._followed += 1
        why = include.why_not or self._why_not(include.reference, seen, chain)
        if self._followed > MOST_INCLUDES:
            seen, why = None, f"GitLab includes at most {MOST_INCLUDES} files"
        what = f"a file that {shown} includes" if shown else include.shown
        if seen and seen.is_missing and not may_miss:
            self._faults.append(f"includes {what}, which is not there, so GitLab makes no pipeline.")
            return None
        if why or seen is None:
            self._unread.append(f"I have not read {what}: {why}.")
            return None
        declared = read_mapping(read_mapping(seen.document, "spec"), "inputs")
        try:
            inputs = self._budget.read_inputs(declared, include.inputs)
            filled: Mapping[str, Any] = self._budget.fill(seen.document, GITLAB_INPUT, inputs)
        except TooMuch:
            self._unread.append(f"I have not read {what}: it is more than anybody would write.")
            return None
        return filled

    def _why_not(self, reference: Reference | None, seen: SeenFile | None, chain: tuple[Reference, ...]) -> str:
        if reference in chain:
            return "it includes itself"
        if seen is None:
            return why_unseen(self._files)
        return "it is not there" if seen.is_missing else seen.unread
