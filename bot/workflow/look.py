"""Looking at what stands behind an id or a repository, before anybody can approve its revocation."""

from datetime import datetime, timedelta

from pydantic import TypeAdapter

from bot.domain.events import AuditKind
from bot.domain.lifecycle import State
from bot.domain.operations import Revoke, fingerprint_of
from bot.domain.publishers import Configuration, comes_from
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.lane import OPERATION
from storage.models import ReadRow, StepRow
from storage.store import Store

LOOK_LIFE = timedelta(minutes=15)
CONFIGURATIONS: TypeAdapter[tuple[Configuration, ...]] = TypeAdapter(tuple[Configuration, ...])


def add_look(store: Store, step: StepRow, slack_user: str, now: datetime) -> None:
    """Have the configurations of a step's package read through one person's account, whoever else looks already."""
    batch = f"look:{step.id}"
    begun = [read for read in store.reads.list_batch(batch) if read.state in {"ready", "calling", "waiting"}]
    if any(read.slack_user == slack_user for read in begun):
        return
    store.reads.add(
        ReadRow(
            workspace=store.workspace,
            batch=batch,
            package=step.package,
            slack_user=slack_user,
            step_id=step.id,
            state="ready",
            facts="",
            created_at=now,
            deadline=now + LOOK_LIFE,
            next_try_at=now,
        )
    )


def settle_look(services: Services, store: Store, read: ReadRow, now: datetime) -> None:
    """Put what was read into the step: its content, its fingerprint and new buttons."""
    if read.step_id is None or read.state not in {"done", "failed"}:
        return
    step = store.change_sets.load_step(read.step_id)
    operation = OPERATION.validate_json(step.operation)
    if step.state != State.IN_REVIEW.value or not isinstance(operation, Revoke):
        return
    facts = transitions.facts_of(step)
    if not facts.needs_look or (read.state == "failed" and facts.configuration_read_at):
        return  # somebody else has looked meanwhile
    matches = _find_matches(operation, read)
    found = matches[0] if len(matches) == 1 else None
    store.audit.add(
        AuditKind.LOOKED,
        actor=read.slack_user,
        at=now,
        change_set_id=step.change_set_id,
        step_id=step.id,
        found=found.id if found else "",
    )
    if found is not None:
        operation = operation.model_copy(update={"configuration": found})
        step.operation = operation.model_dump_json()
        step.fingerprint = fingerprint_of(operation, workspace=store.workspace, registry=services.options.registry_url)
        store.decisions.void_all(step.id, now)
    step.facts = facts.model_copy(
        update={
            "needs_look": found is None,
            "difference": _difference(read, matches),
            "configuration_read_at": read.read_at or facts.configuration_read_at,
        }
    ).model_dump_json()
    transitions.update_progress(step, existing=() if found else matches)
    transitions.renew_offer(store, store.change_sets.load(step.change_set_id), now)
    store.surfaces.want(f"looked:{read.id}", channel=read.slack_user, now=now)


def _find_matches(operation: Revoke, read: ReadRow) -> tuple[Configuration, ...]:
    """Find the configurations behind the selector."""
    listed = CONFIGURATIONS.validate_json(read.result) if read.state == "done" else ()
    if operation.configuration_id:
        return tuple(item for item in listed if item.id == operation.configuration_id)
    return tuple(item for item in listed if comes_from(item, operation.from_repository))


def _difference(read: ReadRow, matches: tuple[Configuration, ...]) -> str:
    """Say why there is not the one configuration. Everybody sees it: which there are is told in Details."""
    if read.state == "failed":
        return f"The configurations could not be read: {read.problem}."
    match len(matches):
        case 0:
            return "npm lists no such configuration for this package: there is nothing to revoke."
        case 1:
            return ""
        case number:
            return f"{number} configurations match: Details lists them to who may see them. Ask again with --id."
