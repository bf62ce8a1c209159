"""What can be told of a trust configuration before anything is published through it: pure judgement (npm-trust 7.3).

npm checks nothing when it is told of a configuration, and says "not found" when a workflow does not fit it.
"""

from collections.abc import Iterable
from typing import Any, assert_never

from pydantic import Field

from bot.domain.evidence import PackageFacts
from bot.domain.preflight_jobs import Job, Point, Topic, judge_jobs, tell_unread
from bot.domain.publish_commands import Guess
from bot.domain.publishers import PROVIDERS, CircleCI, GitHub, GitLab, Provider, Publisher
from bot.domain.values import Frozen
from bot.domain.workflow_files import WORKFLOWS, SeenFile
from bot.domain.workflow_github import list_triggers
from bot.domain.workflow_github_calls import read_workflow
from bot.domain.workflow_gitlab import list_jobs
from bot.domain.workflow_gitlab_includes import Pipeline, read_pipeline

GITLAB_USUAL = ".gitlab-ci.yml"
_MOST_NAMED = 5


class Place(Frozen):
    """A workflow file: what is looked at once, whatever the number of packages."""

    provider: Provider
    repository: str
    """`acme/ui`"""
    file: str
    """`release.yml`"""

    @property
    def folder(self) -> str:
        """Where it lies: `.github/workflows`; empty: at the top."""
        return WORKFLOWS if self.provider is Provider.GITHUB else ""


class Look(Frozen):
    """What a forge has shown of a workflow file. Texts from outside."""

    unchecked: str = ""
    """Why nothing was seen, as a clause: `GitHub could not be reached`; empty: it was looked at."""
    found: bool = False
    document: dict[str, Any] = Field(default_factory=dict)
    """The file as plain data; keys and scalars are text as YAML writes it."""
    broken: str = ""
    """Why the file cannot be understood, as a clause; empty where it can."""
    names: tuple[str, ...] = ()
    """The workflow files that there are instead."""
    known_as: str = ""
    """The repository as its forge writes it now; empty: as it was asked for, or not told."""
    files: tuple[SeenFile, ...] = ()
    """What it refers to, and what that refers to, as far as it was looked for."""


class Preflight(Frozen):
    """What a look has shown. Both are text for people, with names from outside in them."""

    faults: tuple[str, ...] = ()
    """Why publishing would fail, one sentence each."""
    unchecked: str = ""
    """Why the workflow could not be looked at, as a sentence; empty: it was."""


def place_of(publisher: Publisher) -> Place | None:
    """Tell which file a configuration names; None where its provider keeps none that we can read."""
    match publisher:
        case GitHub() | GitLab():
            return Place(provider=publisher.provider, repository=publisher.source, file=publisher.file)
        case CircleCI():
            return None
        case _:  # pragma: no cover
            assert_never(publisher)


def judge(publisher: Publisher, look: Look | None, facts: PackageFacts | None) -> tuple[Point, ...]:
    """Judge a configuration by what was seen of its workflow file and of its package."""
    points = _judge_workflow(publisher, look)
    return points if facts is None else (*points, _judge_package(publisher, facts))


def summarise(points: tuple[Point, ...]) -> Preflight:
    """Tell what a request shows: what does not hold, and whether the file could not be looked at."""
    unseen = (point.says for point in points if point.topic is Topic.FILE and point.holds is Guess.MAYBE)
    return Preflight(
        faults=tuple(point.says for point in points if point.holds is Guess.NO), unchecked=next(unseen, "")
    )


def _judge_workflow(publisher: Publisher, look: Look | None) -> tuple[Point, ...]:
    if isinstance(publisher, CircleCI):
        says = "CircleCI keeps its pipeline definitions where I cannot read them: I have not checked this one."
        return (Point(topic=Topic.FILE, holds=Guess.MAYBE, says=says),)
    if look is None or look.unchecked:
        why = look.unchecked if look else "preflight is off (NPMTRUST_PREFLIGHT)"
        return (Point(topic=Topic.FILE, holds=Guess.MAYBE, says=f"The workflow was not checked: {why}."),)
    source, file = publisher.source, publisher.file
    if look.known_as and look.known_as != source:
        host = PROVIDERS[publisher.provider].host
        says = f"{host} knows {source} as {look.known_as}, and npm compares names exactly."
        return (Point(topic=Topic.FILE, holds=Guess.NO, says=says, mend=f"Ask for it as {look.known_as}."),)
    if not look.found:
        return (_missing(publisher, look),)
    if look.broken:
        says = f"{file} of {source} cannot be understood: {look.broken}."
        return (Point(topic=Topic.FILE, holds=Guess.NO, says=says, mend="Mend the file."),)
    here = Point(topic=Topic.FILE, holds=Guess.YES, says=f"{source} has {file} on its default branch.")
    return (here, *(_judge_github if isinstance(publisher, GitHub) else _judge_gitlab)(publisher, look))


def _missing(publisher: GitHub | GitLab, look: Look) -> Point:
    """Tell that there is no such file, and which one was meant."""
    where = "in .github/workflows" if isinstance(publisher, GitHub) else "at its top"
    says = f"{publisher.source} has no {publisher.file} {where}, on its default branch"
    stem = _stem(publisher.file)
    if near := next((name for name in look.names if _stem(name) == stem), ""):
        says = f"{says}; there is {near}, and npm compares names exactly."
        return Point(topic=Topic.FILE, holds=Guess.NO, says=says, mend=f"Did you mean {near}?")
    if isinstance(publisher, GitLab) and publisher.file != GITLAB_USUAL:
        # npm takes the name only, and a project may keep its pipeline in a folder
        return Point(topic=Topic.FILE, holds=Guess.MAYBE, says=f"{says}; it may lie in a folder, where I do not look.")
    shown = ", ".join(look.names[:_MOST_NAMED])
    return Point(
        topic=Topic.FILE,
        holds=Guess.NO,
        says=f"{says}.",
        mend=f"There is: {shown}." if shown else "Add the file before a version is published.",
    )


def _stem(name: str) -> str:
    return name.casefold().removesuffix(".yml").removesuffix(".yaml")


def _judge_github(publisher: GitHub | GitLab, look: Look) -> tuple[Point, ...]:
    starts = _judge_start(publisher.file, list_triggers(look.document))
    workflow = read_workflow(look.document, look.files, publisher.source)
    faults = [_part_fault(f"{publisher.file} {says}", mend) for says, mend in workflow.faults[:_MOST_NAMED]]
    if faults and not workflow.jobs:
        return (*starts, *faults)
    return (*starts, *faults, *_judge_jobs(workflow.jobs, publisher, hosts="GitHub-hosted"))


def _judge_gitlab(publisher: GitHub | GitLab, look: Look) -> tuple[Point, ...]:
    pipeline = read_pipeline(look.document, look.files, publisher.source)
    jobs = (_conceal(job, pipeline) for job in list_jobs(pipeline.document))
    points = _judge_jobs(jobs, publisher, hosts="GitLab-hosted")
    if pipeline.unread or pipeline.has_rules:
        # what is missing here may stand in a file that it includes
        points = tuple(_doubt(point, publisher.file) if point.holds is Guess.NO else point for point in points)
    faults = (
        _part_fault(f"{publisher.file} {says}", "Add the file, or do not include it.")
        for says in pipeline.faults[:_MOST_NAMED]
    )
    return (*faults, *tell_unread(pipeline.unread), *points)


def _conceal(job: Job, pipeline: Pipeline) -> Job:
    """Let people read no name that stands in another project, and no value that may."""
    project = pipeline.foreign.get(job.name)
    name = f"in {project}" if project else job.name
    return job.model_copy(update={"is_foreign": pipeline.is_foreign, "name": name})


def _part_fault(says: str, mend: str) -> Point:
    return Point(topic=Topic.PARTS, holds=Guess.NO, says=says, mend=mend)


def _judge_jobs(jobs: Iterable[Job], publisher: GitHub | GitLab, *, hosts: str) -> tuple[Point, ...]:
    return judge_jobs(jobs, file=publisher.file, environment=publisher.environment, hosts=hosts)


def _doubt(point: Point, file: str) -> Point:
    says = f"{point.says.removesuffix('.')}, but I cannot tell all that {file} includes."
    return point.model_copy(update={"holds": Guess.MAYBE, "says": says, "mend": ""})


def _judge_start(file: str, triggers: tuple[str, ...]) -> tuple[Point, ...]:
    if not triggers:
        return ()
    if set(triggers) == {"workflow_call"}:
        says = f"{file} runs only when another workflow calls it, and npm looks at the name of the one that calls."
        mend = "Name the workflow that calls it."
        return (Point(topic=Topic.STARTS, holds=Guess.NO, says=says, mend=mend),)
    return (Point(topic=Topic.STARTS, holds=Guess.YES, says=f"{file} is started by itself."),)


def _judge_package(publisher: Publisher, facts: PackageFacts) -> Point:
    """Compare with the `repository` of the package, which npm does when it takes provenance."""
    topic = Topic.REPOSITORY
    source = publisher.source
    named = f"{facts.repository_host}/{facts.repository}" if isinstance(publisher, CircleCI) else facts.repository
    if not facts.repository:
        says = "The package names no repository, and npm takes no provenance without."
        return Point(topic=topic, holds=Guess.NO, says=says, mend='Add "repository" to its package.json.')
    host = PROVIDERS[publisher.provider].host
    if host and facts.repository_host != host:
        says = f"The package itself names a repository on {facts.repository_host}: {facts.repository}."
    elif named != source:
        says = f"The package itself names another repository: {named}."
    else:
        return Point(topic=topic, holds=Guess.YES, says=f"The package names {named}.")
    return Point(topic=topic, holds=Guess.NO, says=says, mend='Mend "repository" in its package.json, or the request.')
