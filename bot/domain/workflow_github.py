"""Reads a workflow file of GitHub Actions.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax; a part that is of another type than
there is as if it were not there.
"""

import re
from collections.abc import Mapping
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


def read_job(
    name: str, job: Mapping[str, Any], steps: list[Mapping[str, Any]], *, env: Mapping[str, Any], id_token: Guess
) -> Job:
    """Read a job that has steps.

    Args:
        name: For people.
        job: The job.
        steps: Its own, with those of actions in the place of the actions.
        env: That of its file.
        id_token: Whether it may have the token, all in all.
    """
    env = {**env, **read_mapping(job, "env")}
    actions = [step["uses"] for step in steps if isinstance(step.get("uses"), str)]
    hosted, runner = _runner(job.get("runs-on"))
    return Job(
        name=name,
        publishes=surest(_does_publish(step) for step in steps),
        id_token=id_token,
        environment=_environment(job.get("environment")),
        hosted=hosted,
        runner=runner,
        node=_node(steps, env),
        scripts=tuple(step["run"] for step in steps if isinstance(step.get("run"), str)),
        is_opaque=any(does_action_publish(action, has_publish_command=True) is Guess.MAYBE for action in actions),
    )


def read_token(job: Mapping[str, Any], document: Mapping[str, Any]) -> Guess | None:
    """Tell whether a job asks for an id token; None: neither it nor its file states any permissions."""
    stated = job.get("permissions")
    match document.get("permissions") if stated is None else stated:
        case None:
            return None
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


def _does_publish(step: Mapping[str, Any]) -> Guess:
    if isinstance(step.get("run"), str):
        return does_script_publish(step["run"])
    if isinstance(step.get("uses"), str):
        return does_action_publish(step["uses"], has_publish_command=bool(read_mapping(step, "with").get("publish")))
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
    """Tell the Node that the last step of its kind sets up; None where it cannot be told, as of a step with `if`."""
    version = None
    for step in steps:
        action = step.get("uses")
        if isinstance(action, str) and action.lower().partition("@")[0] == "actions/setup-node":
            version = None if "if" in step else read_mapping(step, "with").get("node-version")
    if isinstance(version, str) and (named := _OF_ENV.fullmatch(version.strip())):
        version = env.get(named[1])
    return version if isinstance(version, str) and version and _EXPRESSION not in version else None
