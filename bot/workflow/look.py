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
    """Have the configurations of a step's package read through one person's account."""
    batch = f"look:{step.id}"
    if any(read.state in {"ready", "calling", "waiting"} for read in store.reads.list_batch(batch)):
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
    found, difference = _choose(operation, read)
    facts = transitions.facts_of(step)
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
            "difference": difference,
            "configuration_read_at": read.read_at or facts.configuration_read_at,
        }
    ).model_dump_json()
    transitions.renew_offer(store, store.change_sets.load(step.change_set_id), now)


def _choose(operation: Revoke, read: ReadRow) -> tuple[Configuration | None, str]:
    """Find the one configuration behind the selector; else say why there is none."""
    if read.state == "failed":
        return None, f"The configurations could not be read: {read.problem}."
    listed = CONFIGURATIONS.validate_json(read.result)
    if operation.configuration_id:
        matches = [item for item in listed if item.id == operation.configuration_id]
    else:
        matches = [item for item in listed if comes_from(item, operation.from_repository)]
    if len(matches) == 1:
        return matches[0], ""
    if matches:
        ids = ", ".join(item.id for item in matches)
        return None, f"Several configurations match: ask again with one of --id {ids}."
    return None, "npm lists no such configuration for this package: there is nothing to revoke."
