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

TOKEN_NAME = "NPM_ID_TOKEN"  # noqa: S105 -- the name that npm looks for
_AUDIENCE = "npm:"
"""Before the registry's host."""

_NO_JOBS = frozenset(
    {"after_script", "before_script", "cache", "default", "image", "include", "services", "spec", "stages", "variables"}
    | {"workflow"}
)
_NODE_IMAGE = re.compile(r"(?:.*/)?node:(?P<tag>[\w.]+)(?:-[\w.-]+)?")
_DEEPEST = 10


def list_jobs(document: Mapping[str, Any]) -> Iterator[Job]:
    """Read every job, with what it takes from others of the same file."""
    for name, job in document.items():
        if isinstance(job, Mapping) and name not in _NO_JOBS and not str(name).startswith("."):
            yield _read_job(str(name), _extend(job, document), document)


def comes_from_elsewhere(document: Mapping[str, Any]) -> bool:
    """Tell whether jobs may stand in other files."""
    return "include" in document


def _extend(job: Mapping[str, Any], document: Mapping[str, Any], depth: int = 0) -> Mapping[str, Any]:
    given = job.get("extends")
    names = [given] if isinstance(given, str) else given if isinstance(given, list) else []
    merged: dict[str, Any] = {}
    for name in names if depth < _DEEPEST else ():
        base = document.get(name) if isinstance(name, str) else None
        if isinstance(base, Mapping):
            merged |= _extend(base, document, depth + 1)
        else:
            merged["include"] = name  # it stands in another file
    return {**merged, **job}


def _read_job(name: str, job: Mapping[str, Any], document: Mapping[str, Any]) -> Job:
    default = read_mapping(document, "default")
    found = {**document, **default, **job}
    scripts = tuple(_flatten([found.get("before_script"), job.get("script"), found.get("after_script")]))
    is_opaque = "include" in job or "trigger" in job or any(line.startswith("!") for line in scripts)
    publishes = does_script_publish("\n".join(scripts))
    return Job(
        name=name,
        publishes=Guess.MAYBE if publishes is Guess.NO and is_opaque else publishes,
        id_token=_token(job.get("id_tokens", default.get("id_tokens")), is_opaque=is_opaque),
        asks=f"have {TOKEN_NAME} among its id_tokens, with npm's audience",
        environment=_environment(job.get("environment"), is_opaque=is_opaque),
        hosted=_runner(found.get("tags")),
        runner="a self-managed runner",
        node=_node(found.get("image")),
        scripts=scripts,
        is_opaque=is_opaque,
    )


def _flatten(value: Any, depth: int = 0) -> Iterator[str]:  # noqa: ANN401 -- foreign YAML
    if isinstance(value, str):
        yield value
    elif isinstance(value, list) and depth < _DEEPEST:
        for item in value:
            yield from _flatten(item, depth + 1)


def _token(tokens: Any, *, is_opaque: bool) -> Guess:  # noqa: ANN401 -- foreign YAML
    if isinstance(tokens, Mapping) and TOKEN_NAME in tokens:
        token = tokens[TOKEN_NAME]
        audiences = list(_flatten(token.get("aud") if isinstance(token, Mapping) else None))
        if any(audience.startswith(_AUDIENCE) for audience in audiences):
            return Guess.YES
        return Guess.MAYBE if any("$" in audience for audience in audiences) else Guess.NO
    return Guess.MAYBE if is_opaque else Guess.NO


def _environment(value: Any, *, is_opaque: bool) -> str | None:  # noqa: ANN401 -- foreign YAML
    name = value.get("name") if isinstance(value, Mapping) else value
    if name is None:
        return None if is_opaque else ""
    return name if isinstance(name, str) and "$" not in name else None


def _runner(tags: Any) -> Guess:  # noqa: ANN401 -- foreign YAML
    names = list(_flatten(tags))
    if any("self-" in name for name in names):
        return Guess.NO
    return Guess.YES if all(name.startswith("saas-") for name in names) else Guess.MAYBE


def _node(image: Any) -> str | None:  # noqa: ANN401 -- foreign YAML
    name = image.get("name") if isinstance(image, Mapping) else image
    match = _NODE_IMAGE.fullmatch(name) if isinstance(name, str) else None
    return match["tag"] if match else None
