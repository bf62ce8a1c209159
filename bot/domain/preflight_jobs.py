"""The job that publishes, whichever provider runs it, and what npm will find wrong with it."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from itertools import islice

from bot.domain.node_versions import (
    NODE_NEEDED,
    NPM_NEEDED,
    NPM_NEEDED_TO_STAGE,
    brings_new_npm,
    is_node_new_enough,
    is_npm_new_enough,
)
from bot.domain.publish_commands import Guess, find_npm_wanted, stages, uses_npm_itself
from bot.domain.values import Frozen


class Topic(StrEnum):
    """What a look is about, in the order in which people read it."""

    FILE = "file"
    STARTS = "starts"
    PUBLISHES = "publishes"
    PARTS = "parts"
    """Files that the workflow refers to."""
    ID_TOKEN = "id_token"  # noqa: S105 -- the name of a permission
    ENVIRONMENT = "environment"
    RUNNER = "runner"
    NODE = "node"
    NPM = "npm"
    REPOSITORY = "repository"


PUBLISHING = "the job that publishes"
CALLING = "the job that calls the one that publishes"
BOTH = f"{PUBLISHING}, and in the one that calls it"
"""Where lines belong that mend something, for people."""


class Point(Frozen):
    """One thing that was looked at. Plain text for people, with names from outside in it."""

    topic: Topic
    holds: Guess
    """MAYBE: it cannot be told."""
    says: str
    """A sentence."""
    mend: str = ""
    """What to do, where it does not hold."""
    mended_in: str = PUBLISHING
    """Where."""


class Job(Frozen):
    """A job of a workflow or pipeline, as far as it was understood."""

    name: str
    publishes: Guess
    id_token: Guess
    asks: str = "ask for id-token: write"
    """What it has to do for the token: the end of "does not …"."""
    asks_in: str = PUBLISHING
    """Where that belongs. GitHub runs nothing of a workflow in which a called job asks for more than its caller has."""
    environment: str | None = ""
    """Empty: none; None: cannot be told."""
    hosted: Guess = Guess.MAYBE
    """Whether its runner is the provider's own."""
    runner: str = ""
    node: str | None = None
    """As written, `20.x`; None: cannot be told."""
    scripts: tuple[str, ...] = ()
    is_opaque: bool = False
    """Something of it stands elsewhere, such as an action that is a program: it may set up anything."""
    unread: tuple[str, ...] = ()
    """Sentences: which files it is made of were not read, and why."""
    is_foreign: bool = False
    """Some of it stands in another repository, which may be private: people read what it comes to, and no values."""


MOST_JOBS = 500
"""So many jobs are judged, the first ones: nobody writes more, and a few lines can stand for any number."""

MOST_UNREAD = 3
"""So many files that were not read are named."""


def judge_jobs(jobs: Iterable[Job], *, file: str, environment: str, hosts: str) -> tuple[Point, ...]:
    """Judge the job that comes nearest to publishing: of several, the one with the fewest faults.

    Args:
        jobs: All jobs of the file.
        file: Its name, for people.
        environment: That of the configuration; empty: any.
        hosts: Whose runners npm takes: `GitHub-hosted`.
    """
    read = list(islice(jobs, MOST_JOBS))
    candidates = [job for job in read if job.publishes is not Guess.NO]
    if not candidates and len(read) == MOST_JOBS:
        says = f"Nothing in the first {MOST_JOBS} jobs of {file} publishes to npm, as far as I can see."
        return (Point(topic=Topic.PUBLISHES, holds=Guess.MAYBE, says=says),)
    if not candidates:
        says = f"Nothing in {file} publishes to npm, as far as I can see."
        return (Point(topic=Topic.PUBLISHES, holds=Guess.NO, says=says, mend="Name the workflow that does."),)
    judged = [tuple(_judge(job, environment, hosts)) for job in candidates]
    return min(judged, key=_badness)


def _badness(points: tuple[Point, ...]) -> tuple[int, int]:
    faults = sum(point.holds is Guess.NO for point in points)
    return faults, sum(point.holds is Guess.MAYBE for point in points)


def _judge(job: Job, environment: str, hosts: str) -> Iterator[Point]:
    yield _publishing(job)
    yield from tell_unread(job.unread)
    yield _token(job)
    if environment:
        yield _environment(job, environment)
    yield _runner(job, hosts)
    yield _node(job)
    yield _npm(job)


def tell_unread(unread: tuple[str, ...]) -> Iterator[Point]:
    """Tell which files were not read, and how many more."""
    rest = len(unread) - MOST_UNREAD
    shown = (*unread[:MOST_UNREAD], f"And {rest} more." if rest > 0 else "")
    return (Point(topic=Topic.PARTS, holds=Guess.MAYBE, says=says) for says in shown if says)


def _publishing(job: Job) -> Point:
    is_sure = job.publishes is Guess.YES
    says = (
        f"The job {job.name} publishes." if is_sure else f"The job {job.name} may publish: I cannot tell from its text."
    )
    return Point(topic=Topic.PUBLISHES, holds=job.publishes, says=says)


def _token(job: Job) -> Point:
    words = {
        Guess.YES: f"The job {job.name} may get the token that npm asks for.",
        Guess.MAYBE: f"I cannot tell whether the job {job.name} gets the token that npm asks for.",
        Guess.NO: f"The job {job.name} does not {job.asks}, so it gets no token that npm takes.",
    }
    mend = f"Let the job {job.name} {job.asks}." if job.id_token is Guess.NO else ""
    return Point(topic=Topic.ID_TOKEN, holds=job.id_token, says=words[job.id_token], mend=mend, mended_in=job.asks_in)


def _environment(job: Job, wanted: str) -> Point:
    topic = Topic.ENVIRONMENT
    if job.environment is None:
        says = f"I cannot tell whether the job {job.name} uses the environment {wanted}."
        return Point(topic=topic, holds=Guess.MAYBE, says=says)
    if job.environment == wanted:
        return Point(topic=topic, holds=Guess.YES, says=f"The job {job.name} uses the environment {wanted}.")
    shown = "another" if job.is_foreign else job.environment
    used = f"it uses {shown}, and npm compares exactly" if job.environment else "it uses none"
    says = f"The job {job.name} does not use the environment {wanted}: {used}."
    return Point(
        topic=topic,
        holds=Guess.NO,
        says=says,
        mend=f"Let the job use the environment {wanted}, or set the configuration up without one.",
    )


def _runner(job: Job, hosts: str) -> Point:
    topic = Topic.RUNNER
    if job.hosted is Guess.YES:
        return Point(topic=topic, holds=Guess.YES, says=f"The job {job.name} runs on a {hosts} runner.")
    if job.hosted is Guess.MAYBE:
        says = f"I cannot tell whether the job {job.name} runs on a {hosts} runner; npm takes no other."
        return Point(topic=topic, holds=Guess.MAYBE, says=says)
    runner = "another runner" if job.is_foreign else job.runner
    says = f"The job {job.name} runs on {runner}, and npm takes {hosts} runners only."
    return Point(topic=topic, holds=Guess.NO, says=says, mend=f"Let it run on a {hosts} runner.")


_AGES = {Guess.YES: "is new enough", Guess.MAYBE: "I cannot judge", Guess.NO: "is too old"}
"""Where the version itself is not shown."""


def _node(job: Job) -> Point:
    if job.node is None:
        says = f"I cannot tell which Node the job {job.name} uses; npm needs {NODE_NEEDED} or later."
        return Point(topic=Topic.NODE, holds=Guess.MAYBE, says=says)
    holds = is_node_new_enough(job.node)
    used = f"a Node that {_AGES[holds]}" if job.is_foreign else f"Node {job.node}"
    says = f"The job {job.name} uses {used}; npm needs {NODE_NEEDED} or later."
    mend = "Use Node 24, which brings an npm that is new enough." if holds is Guess.NO else ""
    return Point(topic=Topic.NODE, holds=holds, says=says, mend=mend)


def _npm(job: Job) -> Point:
    staging = stages(job.scripts)
    needed = NPM_NEEDED_TO_STAGE if staging else NPM_NEEDED
    wanted = find_npm_wanted(job.scripts)
    if wanted is not None:
        holds = is_npm_new_enough(wanted, staging=staging)
        says = f"The job {job.name} takes " + (f"an npm that {_AGES[holds]}" if job.is_foreign else f"npm {wanted}")
    elif job.node is None or job.is_opaque or staging or not uses_npm_itself(job.scripts):
        holds, says = Guess.MAYBE, f"I cannot tell which npm the job {job.name} uses"
    else:
        holds = brings_new_npm(job.node)
        says = f"The job {job.name} uses the npm that comes with {'its Node' if job.is_foreign else f'Node {job.node}'}"
        says += ", which is too old" if holds is Guess.NO else ""
    mend = "Use Node 24, or add the step npm install -g npm@latest." if holds is Guess.NO else ""
    return Point(topic=Topic.NPM, holds=holds, says=f"{says}; {needed} or later is needed.", mend=mend)
