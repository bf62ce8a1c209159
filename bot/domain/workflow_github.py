"""Reads a workflow file of GitHub Actions.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax; a part that is of another type than
there is as if it were not there.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.domain.preflight_jobs import Job
from bot.domain.publish_commands import Guess, does_action_publish, does_script_publish, surest
from bot.domain.versions import read_mapping

_EXPRESSION = "${{"
_OF_ENV = re.compile(r"\$\{\{\s*env\.(\w+)\s*\}\}")
_HOSTED = re.compile(r"(?:ubuntu|windows|macos)-[\w.-]+")
# Sold as faster runners: to GitHub, and in the token that npm checks, they are self-hosted.
_FOREIGN = re.compile(r"(?:blacksmith|buildjet|depot|namespace-profile|nscloud|ubicloud|warp)-[\w.-]+|runs-on=.*")


def list_triggers(document: Mapping[str, Any]) -> tuple[str, ...]:
    """List what starts a workflow: `push`, `workflow_call`."""
    match document.get("on"):
        case str() as trigger:
            return (trigger,)
        case list() | dict() as triggers:
            return tuple(str(trigger) for trigger in triggers)
        case _:
            return ()


def list_jobs(document: Mapping[str, Any]) -> Iterator[Job]:
    """Read every job."""
    for name, job in read_mapping(document, "jobs").items():
        if isinstance(job, Mapping):
            yield _read_called(name, job, document) if "uses" in job else _read_job(name, job, document)


def _read_called(name: str, job: Mapping[str, Any], document: Mapping[str, Any]) -> Job:
    """Read a job that is another workflow: it can get no more than this one gives it."""
    return Job(name=str(name), publishes=Guess.MAYBE, id_token=_token(job, document), environment=None, is_opaque=True)


def _read_job(name: str, job: Mapping[str, Any], document: Mapping[str, Any]) -> Job:
    steps = job.get("steps")
    known = [step for step in (steps if isinstance(steps, list) else ()) if isinstance(step, Mapping)]
    env = {**read_mapping(document, "env"), **read_mapping(job, "env")}
    scripts = tuple(step["run"] for step in known if isinstance(step.get("run"), str))
    actions = [step["uses"] for step in known if isinstance(step.get("uses"), str)]
    hosted, runner = _runner(job.get("runs-on"))
    return Job(
        name=str(name),
        publishes=surest(_does_publish(step) for step in known),
        id_token=_token(job, document),
        environment=_environment(job.get("environment")),
        hosted=hosted,
        runner=runner,
        node=_node(known, env),
        scripts=scripts,
        is_opaque=any(does_action_publish(action, has_publish_command=True) is Guess.MAYBE for action in actions),
    )


def _does_publish(step: Mapping[str, Any]) -> Guess:
    if isinstance(step.get("run"), str):
        return does_script_publish(step["run"])
    if isinstance(step.get("uses"), str):
        return does_action_publish(step["uses"], has_publish_command=bool(read_mapping(step, "with").get("publish")))
    return Guess.NO


def _token(job: Mapping[str, Any], document: Mapping[str, Any]) -> Guess:
    """Tell whether a job may have an id token; nothing gives it by default."""
    match job.get("permissions", document.get("permissions")):
        case "write-all":
            return Guess.YES
        case str() as text if _EXPRESSION in text:
            return Guess.MAYBE
        case dict() as permissions:
            given = permissions.get("id-token")
            if isinstance(given, str) and _EXPRESSION in given:
                return Guess.MAYBE
            return Guess.YES if given == "write" else Guess.NO
        case _:
            return Guess.NO


def _environment(value: Any) -> str | None:  # noqa: ANN401 -- foreign YAML
    name = value.get("name") if isinstance(value, Mapping) else value
    if name is None:
        return ""
    return name if isinstance(name, str) and _EXPRESSION not in name else None


def _runner(value: Any) -> tuple[Guess, str]:  # noqa: ANN401 -- foreign YAML
    labels = value.get("labels") if isinstance(value, Mapping) else value
    names = [labels] if isinstance(labels, str) else [str(name) for name in labels] if isinstance(labels, list) else []
    own = next((name for name in names if name == "self-hosted" or _FOREIGN.fullmatch(name)), "")
    if own:
        return Guess.NO, own
    is_hosted = len(names) == 1 and not isinstance(value, Mapping) and _HOSTED.fullmatch(names[0])
    return (Guess.YES if is_hosted else Guess.MAYBE), ", ".join(names)


def _node(steps: list[Mapping[str, Any]], env: Mapping[str, Any]) -> str | None:
    """Tell the Node that the last step of its kind sets up; None where it cannot be told."""
    version = None
    for step in steps:
        action = step.get("uses")
        if isinstance(action, str) and action.lower().partition("@")[0] == "actions/setup-node":
            version = read_mapping(step, "with").get("node-version")
    if isinstance(version, str) and (named := _OF_ENV.fullmatch(version.strip())):
        version = env.get(named[1])
    return version if isinstance(version, str) and version and _EXPRESSION not in version else None
