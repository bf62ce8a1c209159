"""Reads a pipeline file of GitLab CI/CD.

https://docs.gitlab.com/ci/yaml/ and, for the token, https://docs.npmjs.com/trusted-publishers; a part that is of
another type than there is as if it were not there.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.domain.preflight_jobs import Job
from bot.domain.publish_commands import Guess, does_script_publish
from bot.domain.versions import read_mapping
from bot.domain.workflow_inputs import Budget, TooMuch

TOKEN_NAME = "NPM_ID_TOKEN"  # noqa: S105 -- the name that npm looks for
_AUDIENCE = "npm:"
"""Before the registry's host."""

_NO_JOBS = frozenset(
    {"after_script", "before_script", "cache", "default", "image", "include", "services", "spec", "stages", "variables"}
    | {"workflow"}
)
_NODE_IMAGE = re.compile(r"(?:.*/)?node:(?P<tag>[\w.]+)(?:-[\w.-]+)?")
_DEEPEST = 10
_MOST_KEPT = 50
"""More than there are keys to take or to leave."""
_READ = ("after_script", "before_script", "environment", "id_tokens", "image", "inherit", "script", "tags", "trigger")
"""What is read of a job: with nothing else in it, one that extends many others stays small."""
_USUAL = "inherit"
_TAG = "!"
"""Begins what stands for a part of another job, `!reference [.setup, script]`, when it was read."""
_ELSEWHERE = "include"
"""Marks a job that extends one that is not there: no key of a job's own."""


def list_jobs(document: Mapping[str, Any]) -> Iterator[Job]:
    """Read every job of a pipeline that includes nothing more, with what it takes from others."""
    extender, budget = _Extender(document), Budget()
    usual = {**_shorten(document), **_shorten(read_mapping(document, "default"))}
    for name, held in document.items():
        if isinstance(held, Mapping) and name not in _NO_JOBS and not name.startswith("."):
            yield _read_job(name, extender.extend(name), usual, budget)


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Merge as GitLab does for `include` and `extends`: mappings at any depth, and of all else the latter counts."""
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = merge(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged


class _Extender:
    """Resolves `extends`: each name once, however many jobs it serves."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._extended: dict[str, Mapping[str, Any]] = {}

    def extend(self, name: str, depth: int = 0) -> Mapping[str, Any]:
        if name in self._extended:
            return self._extended[name]
        job = self._document.get(name)
        if not isinstance(job, Mapping):
            return {_ELSEWHERE: name}
        own = _shorten(job)
        self._extended[name] = own  # who extends itself, by whatever way, takes nothing by it
        merged: dict[str, Any] = {}
        for base in _names(job.get("extends")) if depth < _DEEPEST else ():
            merged = merge(merged, self.extend(base, depth + 1))
        self._extended[name] = merge(merged, own)
        return self._extended[name]


def _names(value: Any) -> list[str]:  # noqa: ANN401 -- foreign YAML
    given = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return list(dict.fromkeys(name for name in given if isinstance(name, str)))


def _shorten(job: Mapping[str, Any]) -> dict[str, Any]:
    own = {key: job[key] for key in _READ if key in job}
    for key, only in (("id_tokens", TOKEN_NAME), ("environment", "name"), ("image", "name"), ("trigger", "include")):
        if isinstance(held := own.get(key), Mapping):
            own[key] = {only: held[only]} if only in held else {}
    return own


def _read_job(name: str, job: Mapping[str, Any], usual: Mapping[str, Any], budget: Budget) -> Job:
    found = {**_inherit(usual, job.get(_USUAL)), **job}
    try:
        scripts = tuple(_flatten([found.get("before_script"), job.get("script"), found.get("after_script")], budget))
        is_opaque = _ELSEWHERE in job or "trigger" in job or any(line.startswith(_TAG) for line in scripts)
        token = _token(found.get("id_tokens"), budget, is_opaque=is_opaque)
        hosted = _runner(found.get("tags"), budget)
    except TooMuch:
        return Job(name=name, publishes=Guess.MAYBE, id_token=Guess.MAYBE, environment=None, is_opaque=True)
    publishes = does_script_publish("\n".join(scripts))
    return Job(
        name=name,
        publishes=Guess.MAYBE if publishes is Guess.NO and is_opaque else publishes,
        id_token=token,
        asks=f"have {TOKEN_NAME} among its id_tokens, with npm's audience",
        environment=_environment(job.get("environment"), is_opaque=is_opaque),
        hosted=hosted,
        runner="a self-managed runner",
        node=_node(found.get("image")),
        scripts=scripts,
        is_opaque=is_opaque,
    )


def _inherit(usual: Mapping[str, Any], inherit: Any) -> Mapping[str, Any]:  # noqa: ANN401 -- foreign YAML
    """Tell what a job takes of what all jobs have: https://docs.gitlab.com/ci/yaml/#inheritdefault."""
    kept = inherit.get("default") if isinstance(inherit, Mapping) else None
    if isinstance(kept, list):
        return {key: value for key, value in usual.items() if key in kept[:_MOST_KEPT]}
    return {} if isinstance(kept, str) and kept.casefold() == "false" else usual


def _flatten(value: Any, budget: Budget, depth: int = 0) -> Iterator[str]:  # noqa: ANN401 -- foreign YAML
    """List texts, in lists in lists as well.

    Raises:
        TooMuch: The budget was used up.
    """
    if isinstance(value, str):
        yield budget.take(value)
    elif isinstance(value, list) and depth < _DEEPEST:
        budget.take()
        for item in value:
            yield from _flatten(item, budget, depth + 1)


def _token(tokens: Any, budget: Budget, *, is_opaque: bool) -> Guess:  # noqa: ANN401 -- foreign YAML
    token = tokens.get(TOKEN_NAME) if isinstance(tokens, Mapping) else tokens
    if isinstance(token, str) and token.startswith(_TAG):
        return Guess.MAYBE
    if isinstance(tokens, Mapping) and TOKEN_NAME in tokens:
        audiences = list(_flatten(token.get("aud") if isinstance(token, Mapping) else None, budget))
        if any(audience.startswith(_AUDIENCE) for audience in audiences):
            return Guess.YES
        is_unsure = any("$" in audience or audience.startswith(_TAG) for audience in audiences)
        return Guess.MAYBE if is_unsure else Guess.NO
    return Guess.MAYBE if is_opaque else Guess.NO


def _environment(value: Any, *, is_opaque: bool) -> str | None:  # noqa: ANN401 -- foreign YAML
    name = value.get("name") if isinstance(value, Mapping) else value
    if name is None:
        return None if is_opaque else ""
    return name if isinstance(name, str) and "$" not in name and not name.startswith(_TAG) else None


def _runner(tags: Any, budget: Budget) -> Guess:  # noqa: ANN401 -- foreign YAML
    names = list(_flatten(tags, budget))
    if any("self-" in name for name in names):
        return Guess.NO
    return Guess.YES if all(name.startswith("saas-") for name in names) else Guess.MAYBE


def _node(image: Any) -> str | None:  # noqa: ANN401 -- foreign YAML
    name = image.get("name") if isinstance(image, Mapping) else image
    match = _NODE_IMAGE.fullmatch(name) if isinstance(name, str) else None
    return match["tag"] if match else None
