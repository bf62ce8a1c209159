"""Follows a workflow of GitHub Actions into the workflows that it calls, and into actions that are composed of steps.

https://docs.github.com/en/actions/reference/workflows-and-actions/reusing-workflow-configurations and
https://docs.github.com/en/actions/reference/workflows-and-actions/metadata-syntax.

A file of another repository may be private, and whoever can write to the one that is looked at chooses which it is.
People here learn what it comes to for npm, and never a name or a value that stands in it: its jobs go by the name of
the job that calls them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

from bot.domain.preflight_jobs import BOTH, CALLING, MOST_JOBS, Job
from bot.domain.publish_commands import Guess, weakest
from bot.domain.versions import read_mapping
from bot.domain.workflow_files import (
    DEEPEST_CALLS,
    Reference,
    SeenFile,
    Spot,
    list_steps,
    refer_action,
    refer_workflow,
    why_unseen,
)
from bot.domain.workflow_github import list_triggers, read_job, read_token
from bot.domain.workflow_inputs import GITHUB_INPUT, Budget, TooMuch

_CALLED = "workflow_call"
_ASKS_CALLER = "get id-token: write from the job that calls it"
_ASKS_BOTH = "ask for id-token: write, as the job that calls it has to as well"
_TOO_MUCH = "it is more than anybody would write"
_UNSTATED = Guess.MAYBE
"""Whether a called workflow may have a token where no caller states permissions: where the settings of the repository
give workflows write permissions, one of the same user, organisation or enterprise may
(https://github.blog/changelog/2023-06-15-github-actions-securing-openid-connect-oidc-token-permissions-in-reusable-workflows/),
and which organisations make an enterprise cannot be seen."""


class Workflow(NamedTuple):
    """A workflow with all that it calls."""

    jobs: tuple[Job, ...]
    """Those that have steps, and one for each call that could not be followed; at most `MOST_JOBS`."""
    faults: tuple[tuple[str, str], ...]
    """Why GitHub does not run it at all, as the end of a sentence about it, and what to do."""


@dataclass(frozen=True, slots=True)
class _Caller:
    """What a file was called by."""

    spot: Spot
    name: str = ""
    """`release / build`; empty: nobody calls it."""
    given: Guess | None = None
    """Whether it may have an id token; None: nobody has stated any permissions."""
    chain: tuple[Reference, ...] = ()
    shown: str = ""
    """The repository that people may read of, where the file lies in another one."""


@dataclass(slots=True)
class _Steps:
    """The steps of a job, with those of actions in the place of the actions."""

    own: list[Mapping[str, Any]] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    is_foreign: bool = False
    """Some of them stand in another repository."""


def read_workflow(document: Mapping[str, Any], files: Iterable[SeenFile], home: str) -> Workflow:
    """Read every job, and those of the workflows that are called.

    Args:
        document: The workflow.
        files: What was seen of what it refers to, and of what that refers to.
        home: Its repository.
    """
    reader = _Reader(files, home)
    jobs = tuple(islice(reader.list_jobs(document, _Caller(Spot(home))), MOST_JOBS))
    return Workflow(jobs, tuple(dict.fromkeys(reader.faults)))


class _Reader:
    def __init__(self, files: Iterable[SeenFile], home: str) -> None:
        self.faults: list[tuple[str, str]] = []
        self._files = {file.reference: file for file in files}
        self._home = home
        self._budget = Budget()

    def list_jobs(self, document: Mapping[str, Any], caller: _Caller) -> Iterator[Job]:
        for own_name, job in read_mapping(document, "jobs").items():
            if not isinstance(job, Mapping):
                continue
            name = _name(own_name, caller)
            if "uses" in job:
                yield from self._follow(name, job, document, caller)
            else:
                yield self._read(name, job, document, caller)

    def _read(self, name: str, job: Mapping[str, Any], document: Mapping[str, Any], caller: _Caller) -> Job:
        steps = _Steps(is_foreign=bool(caller.shown))
        self._expand(list_steps(job), steps, name, caller.chain)
        stated = read_token(job, document)
        given = _limit(stated, caller)
        token = Guess.NO if given is None else given
        try:
            for step in steps.own:
                self._budget.take(step["run"] if isinstance(step.get("run"), str) else "")
        except TooMuch:
            return _unknown(name, token, f"I have not read all of the job {name}: {_TOO_MUCH}.")
        read = read_job(name, job, steps.own, env=read_mapping(document, "env"), id_token=token)
        more: dict[str, object] = {"unread": tuple(dict.fromkeys(steps.unread)), "is_foreign": steps.is_foreign}
        if caller.chain and caller.given in {None, Guess.NO}:
            asks = (_ASKS_BOTH, BOTH) if stated is Guess.NO else (_ASKS_CALLER, CALLING)
            more["asks"], more["asks_in"] = asks
        return read.model_copy(update=more)

    # Called workflows

    def _follow(self, name: str, job: Mapping[str, Any], document: Mapping[str, Any], caller: _Caller) -> Iterator[Job]:
        """Put the jobs of the called workflow in the place of the one that calls it."""
        reference = refer_workflow(job.get("uses"), caller.spot)
        seen = self._files.get(reference) if reference else None
        given = _limit(read_token(job, document), caller)
        why = self._why_not(reference, seen, caller)
        if reference is None or seen is None or why:
            yield self._opaque(name, reference, given, caller, why)
            return
        if fault := _fault(reference, seen, caller, self._home):
            self.faults.append(fault)
            return
        try:
            called = self._fill(seen.document, job)
        except TooMuch:
            yield self._opaque(name, reference, given, caller, _TOO_MUCH)
            return
        shown = caller.shown
        if not shown and reference.is_foreign_to(self._home):
            name, shown = f"{name} (in {reference.repository})", reference.repository
        yield from self.list_jobs(called, _Caller(reference.spot, name, given, (*caller.chain, reference), shown))

    def _why_not(self, reference: Reference | None, seen: SeenFile | None, caller: _Caller) -> str:
        if reference is None:
            return "I cannot tell which file it is"
        if reference in caller.chain:
            return "it calls itself"
        if len(caller.chain) >= DEEPEST_CALLS - 1:
            return "calls are nested too deeply"
        return seen.unread if seen else why_unseen(self._files)

    def _opaque(self, name: str, reference: Reference | None, given: Guess | None, caller: _Caller, why: str) -> Job:
        """Stand in for the jobs of a workflow that was not read: they can get no more than what calls them."""
        if caller.shown:
            says = f"I have not read all that {caller.shown} calls: {why}."
        elif reference is None:
            says = f"I have not read what the job {name} calls: {why}."
        else:
            says = f"I have not read {reference.written_from(self._home)}, which the job {name} calls: {why}."
        return _unknown(name, _UNSTATED if given is None else given, says)

    def _fill(self, document: Mapping[str, Any], job: Mapping[str, Any]) -> Mapping[str, Any]:
        declared = read_mapping(read_mapping(read_mapping(document, "on"), _CALLED), "inputs")
        inputs = self._budget.read_inputs(declared, read_mapping(job, "with"), usual="")
        parts = {part: document[part] for part in ("permissions", "env", "jobs") if part in document}
        filled: Mapping[str, Any] = self._budget.fill(parts, GITHUB_INPUT, inputs)
        return filled

    # Actions

    def _expand(self, steps: list[Mapping[str, Any]], into: _Steps, name: str, chain: tuple[Reference, ...]) -> None:
        """Take up steps; those of an action in its place."""
        for step in steps:
            reference = refer_action(step.get("uses"), self._home)
            seen = self._files.get(reference) if reference else None
            if reference is None or seen is None or reference in chain:
                into.own.append(step)
                continue
            composed = self._compose(step, seen)
            if composed is None:
                into.own.append(step)
                if seen.unread:
                    into.unread.append(self._unread_action(seen, name, chain))
                continue
            into.is_foreign |= reference.is_foreign_to(self._home)
            self._expand(composed, into, name, (*chain, reference))

    def _compose(self, step: Mapping[str, Any], seen: SeenFile) -> list[Mapping[str, Any]] | None:
        """Tell the steps of an action; None: it was not read, or is a program."""
        runs = read_mapping(seen.document, "runs")
        if runs.get("using") != "composite":
            return None
        declared = read_mapping(seen.document, "inputs")
        try:
            inputs = self._budget.read_inputs(declared, read_mapping(step, "with"), usual="")
            filled: Mapping[str, Any] = self._budget.fill(runs, GITHUB_INPUT, inputs)
        except TooMuch:
            return None
        return list_steps(filled)

    def _unread_action(self, seen: SeenFile, name: str, chain: tuple[Reference, ...]) -> str:
        """Tell which action was not read; of one that a foreign file names, only that there is one."""
        if any(reference.is_foreign_to(self._home) for reference in chain):
            return f"I have not read every action of the job {name}: {seen.unread}."
        return f"I have not read the action {seen.reference.written_from(self._home)} of the job {name}: {seen.unread}."


def _unknown(name: str, token: Guess, says: str) -> Job:
    return Job(name=name, publishes=Guess.MAYBE, id_token=token, environment=None, is_opaque=True, unread=(says,))


def _name(own_name: str, caller: _Caller) -> str:
    if caller.shown:
        return caller.name
    return f"{caller.name} / {own_name}" if caller.chain else own_name


def _limit(stated: Guess | None, caller: _Caller) -> Guess | None:
    """Tell what is left of what a job asks for: a called workflow gets no more than its caller has."""
    if not caller.chain or stated is None:
        return caller.given if stated is None else stated
    return weakest(stated, _UNSTATED if caller.given is None else caller.given)


def _fault(reference: Reference, seen: SeenFile, caller: _Caller, home: str) -> tuple[str, str] | None:
    """Tell why GitHub refuses the call, and with it the whole workflow."""
    called = f"a workflow by way of {caller.shown}" if caller.shown else reference.written_from(home)
    if seen.is_missing:
        where = "its default branch" if not reference.ref else reference.ref
        says = f"calls {called}, which is not there on {where}, so GitHub does not run it."
        return says, "Add the called file, or call one that is there."
    if _CALLED not in list_triggers(seen.document):
        says = f"calls {called}, which does not start on {_CALLED}, so GitHub does not run it."
        return says, f"Add {_CALLED} to what starts the called file."
    return None
