"""Looking at what stands behind an id or a repository: before anybody can approve that it goes, and before it does."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pydantic import TypeAdapter

from bot.domain.events import AuditKind
from bot.domain.lifecycle import State
from bot.domain.operations import (
    Create,
    Replace,
    Revoke,
    find_selected,
    fingerprint_of,
    plan_of,
    removed_by,
    with_removed,
)
from bot.domain.publishers import Configuration, find_configuration, find_overlapping, same_configuration
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.lane import OPERATION
from storage.models import ReadRow, StepRow
from storage.store import Store

LOOK_LIFE = timedelta(minutes=15)
"""How long one look waits for its person and for npm; of many, the last one has the time of all before it too."""

_RENEWED_EVERY = 25
"""Of many looks, the buttons get a new value after so many: each of them changes what is asked for."""
_DETAILS = "Details shows it to who may see it."
CONFIGURATIONS: TypeAdapter[tuple[Configuration, ...]] = TypeAdapter(tuple[Configuration, ...])


def add_looks(services: Services, store: Store, steps: Sequence[StepRow], slack_user: str, now: datetime) -> None:
    """Have the configurations of packages read through one person's account, one after the other.

    Whoever else looks already; what this person looks at already is left out.
    """
    begun = store.reads.list_open_looks([step.id for step in steps], slack_user)
    wanted = [step for step in steps if step.id not in begun]
    store.reads.add_all(
        ReadRow(
            workspace=store.workspace,
            batch=f"look:{step.id}",
            package=step.package,
            slack_user=slack_user,
            step_id=step.id,
            state="ready",
            facts="",
            created_at=now,
            # as much again as the calls take: between them others have their turn
            deadline=now + LOOK_LIFE + 2 * place * services.options.pace,
            next_try_at=now,
        )
        for place, step in enumerate(wanted)
    )
    for change_set_id in dict.fromkeys(step.change_set_id for step in wanted):
        if is_one_of_many(store, change_set_id):
            store.surfaces.want(looks_key(change_set_id, slack_user), channel=slack_user, now=now)


def looks_key(change_set_id: int, slack_user: str) -> str:
    """Name the message that tells one person how far the looks at a large change set have come."""
    return f"looks:{change_set_id}:{slack_user}"


def is_one_of_many(store: Store, change_set_id: int) -> bool:
    """Tell whether a change set is so large that its looks are told of together."""
    return sum(store.change_sets.tally(change_set_id).values()) > transitions.SMALL


def settle_look(services: Services, store: Store, read: ReadRow, now: datetime) -> None:
    """Put what was read into the step: its content, its fingerprint and new buttons."""
    if read.step_id is None or read.state not in {"done", "failed"}:
        _pause_looking(store, read, now)
        return
    step = store.change_sets.load_step(read.step_id)
    operation = OPERATION.validate_json(step.operation)
    if step.state != State.IN_REVIEW.value or isinstance(operation, Create):
        return
    facts = transitions.facts_of(step)
    if not facts.needs_look or (read.state == "failed" and facts.configuration_read_at):
        return  # somebody else has looked meanwhile
    seen = _judge(operation, CONFIGURATIONS.validate_json(read.result)) if read.state == "done" else _unread(read)
    store.audit.add(
        AuditKind.LOOKED,
        actor=read.slack_user,
        at=now,
        change_set_id=step.change_set_id,
        step_id=step.id,
        found=seen.found.id if seen.found else "",
    )
    fill_in(services, store, step, operation, seen.found)
    step.facts = facts.model_copy(
        update={
            "needs_look": seen.found is None,
            "difference": seen.difference,
            "configuration_read_at": read.read_at or facts.configuration_read_at,
            "approved_before": None,
        }
    ).model_dump_json()
    transitions.update_progress(step, existing=seen.existing)
    if read.state == "done":
        read.problem = seen.difference
    if is_one_of_many(store, step.change_set_id):
        _go_on_looking(store, step.change_set_id, read, now)
    else:
        transitions.renew_offer(store, store.change_sets.load(step.change_set_id), now)
        store.surfaces.want(f"looked:{read.id}", channel=read.slack_user, now=now)


def _go_on_looking(store: Store, change_set_id: int, read: ReadRow, now: datetime) -> None:
    """Tell of one look of many in the one message that there is for them.

    New buttons cost a look at every step, so they come now and then, and at the end.
    """
    store.flush()
    store.surfaces.want(looks_key(change_set_id, read.slack_user), channel=read.slack_user, now=now)
    if read.id % _RENEWED_EVERY == 0 or not store.reads.is_looking(change_set_id):
        transitions.renew_offer(store, store.change_sets.load(change_set_id), now)


def _pause_looking(store: Store, read: ReadRow, now: datetime) -> None:
    """A look waits for its person: what was found so far can be decided on meanwhile."""
    step = store.change_sets.load_step(read.step_id) if read.step_id is not None else None
    if step is not None and read.state == "waiting" and is_one_of_many(store, step.change_set_id):
        store.surfaces.touch(looks_key(step.change_set_id, read.slack_user), now)
        transitions.renew_offer(store, store.change_sets.load(step.change_set_id), now)


def fill_in(
    services: Services, store: Store, step: StepRow, operation: Revoke | Replace, found: Configuration | None
) -> None:
    """Make what stands behind the selector part of what is approved; earlier approvals were of something else."""
    changed = with_removed(operation, found)
    step.operation, before = changed.model_dump_json(), step.operation
    if step.operation == before:
        return
    step.fingerprint = fingerprint_of(changed, workspace=store.workspace, registry=services.options.registry_url)
    step.lifecycle = replace(step.lifecycle, plan=plan_of(changed))
    store.decisions.void_all([step.id], services.clock.now())


def choose(services: Services, store: Store, step: StepRow, number: int, *, actor: str, now: datetime) -> bool:
    """Let a step be about one of several configurations that its selector means; False where it is not so any more."""
    operation, facts = OPERATION.validate_json(step.operation), transitions.facts_of(step)
    if isinstance(operation, Create) or step.state != State.IN_REVIEW.value or not facts.needs_look:
        return False
    existing = transitions.progress_of(step).existing
    matches = find_selected(operation, existing)
    if not 0 <= number < len(matches):
        return False
    chosen = operation.model_copy(update={"configuration_id": matches[number].id, "from_repository": ""})
    seen = _judge(chosen, existing)
    store.audit.add(
        AuditKind.CHOSEN,
        actor=actor,
        at=now,
        change_set_id=step.change_set_id,
        step_id=step.id,
        found=matches[number].id,
    )
    fill_in(services, store, step, chosen, seen.found)
    update = {"needs_look": seen.found is None, "difference": seen.difference}
    step.facts = facts.model_copy(update=update).model_dump_json()
    transitions.update_progress(step, existing=seen.existing)
    transitions.renew_offer(store, store.change_sets.load(step.change_set_id), now)
    for read in store.reads.list_batch(f"look:{step.id}"):
        store.surfaces.touch(f"looked:{read.id}", now)
    return True


def compare_again(
    services: Services, store: Store, step: StepRow, listed: Iterable[Configuration], now: datetime
) -> None:
    """See, just before the first call of a replace, that npm still shows what was approved; else it is reviewed anew.

    What is found now is what the next approval is about; where it is not one configuration, a reviewer looks again.
    """
    operation = OPERATION.validate_json(step.operation)
    if isinstance(operation, Create):
        return
    before, seen = removed_by(operation), _judge(operation, tuple(listed))
    if before and seen.found and same_configuration(before, seen.found):
        transitions.update_progress(step, checked_at=now)
        return
    difference = seen.difference or f"npm's list changed since then: {_change(before, seen.found)}. {_DETAILS}"
    fill_in(services, store, step, operation, seen.found)
    update = {"needs_look": seen.found is None, "configuration_read_at": now, "approved_before": before}
    step.facts = transitions.facts_of(step).model_copy(update=update).model_dump_json()
    transitions.update_progress(step, existing=seen.existing, checked_at=None)
    transitions.set_difference(store, step, difference, now)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What npm's list says of a selector."""

    found: Configuration | None
    """The one configuration that is meant, if it can be done."""
    difference: str = ""
    """Why there is none. Everybody sees it: which there are is told in Details."""
    existing: tuple[Configuration, ...] = ()
    """What stands in the way."""


def _unread(read: ReadRow) -> _Seen:
    return _Seen(None, f"The configurations could not be read: {read.problem}.")


def _judge(operation: Revoke | Replace, listed: tuple[Configuration, ...]) -> _Seen:
    matches = find_selected(operation, listed)
    if len(matches) > 1:
        choice = f"{len(matches)} configurations match: Details lists them to who may see them, to choose one."
        return _Seen(None, f"{choice} Or ask again with --id.", matches)
    if not matches:
        lacking = "npm lists no such configuration for this package: there is nothing to"
        if isinstance(operation, Revoke):
            return _Seen(None, f"{lacking} revoke.")
        return _Seen(None, f"{lacking} replace. Ask for the new one alone.")
    [found] = matches
    return _judge_place(operation, found, listed) if isinstance(operation, Replace) else _Seen(found)


def _judge_place(operation: Replace, found: Configuration, listed: tuple[Configuration, ...]) -> _Seen:
    """Look before anything is taken away whether npm could refuse what is to take its place."""
    if find_configuration([found], operation.publisher, operation.permissions):
        return _Seen(None, "What stands is already what is asked for: there is nothing to replace.", (found,))
    others = [other for other in listed if other.id != found.id]
    if overlap := find_overlapping(others, operation.publisher, operation.permissions):
        why = "Another configuration overlaps with the new one too, so npm would refuse it: that one must go first."
        return _Seen(None, f"{why} {_DETAILS}", (overlap,))
    return _Seen(found)


def _change(before: Configuration | None, found: Configuration | None) -> str:
    if before is None or found is None or before.id != found.id:
        return "another configuration stands there"
    return "the permissions are others" if before.claims == found.claims else "the claims are others"
