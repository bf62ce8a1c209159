"""Committing a request: the change set, its steps, its first offer and the wish for its message, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.events import AuditKind
from bot.domain.lifecycle import Step
from bot.domain.operations import plan_of
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.authorise import load_directory
from bot.workflow.handoff import set_present
from bot.workflow.known_packages import remember_unseen
from bot.workflow.look import add_looks
from bot.workflow.plan_step import Planned, fingerprint_in
from bot.workflow.policy_checks import life_of
from storage.models import ChangeSetRow, StepRow
from storage.records import StepProgress
from storage.store import Store

FINDING_OUT = timedelta(hours=24)
"""How long after its deadline a step whose call was lost is looked for, and a half replaced one is finished."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a change set is made of, beside its steps."""

    inbox_id: int
    requester: str
    reason: str
    channel: str
    permissions_stated: bool
    hold: bool = False


def store_request(services: Services, store: Store, request: Request, planned: Sequence[Planned]) -> ChangeSetRow:
    """Commit it. Whether it may be asked for was looked at before, in the same transaction."""
    now = services.clock.now()
    life = life_of(services, [step.operation.package for step in planned])
    if request.hold:
        life = max(life, transitions.HOLD_LIFE)  # approvals are collected until release day, which may be weeks away
    change_set = ChangeSetRow(
        workspace=store.workspace,
        inbox_id=request.inbox_id,
        requester=request.requester,
        reason=request.reason,
        channel=request.channel,
        private=any(step.is_private for step in planned),
        created_at=now,
        deadline=now + life,
        last_deadline=now + life + FINDING_OUT,
        offer="",
        permissions_stated=request.permissions_stated,
    )
    link = store.links.find_linked(request.requester)
    asker = link.npm_user if link is not None else ""
    steps = [_step_row(services, store, step, position, asker, request) for position, step in enumerate(planned)]
    store.change_sets.add(change_set, steps)
    store.flush()
    transitions.renew_offer(store, change_set, now)
    store.surfaces.want(f"change_set:{change_set.id}", channel=request.channel, now=now)
    remember_unseen(store, [row.package for row in steps], "request", now)
    for row in steps:
        _record_staged(store, change_set, row)
    _look_at_once(services, store, change_set, steps)
    return change_set


def _step_row(services: Services, store: Store, step: Planned, position: int, asker: str, request: Request) -> StepRow:
    facts = step.facts if step.facts.requester_npm else step.facts.model_copy(update={"requester_npm": asker})
    row = StepRow(
        workspace=store.workspace,
        position=position,
        package=step.operation.package,
        operation=step.operation.model_dump_json(),
        fingerprint=fingerprint_in(services, store, step.operation),
        facts=facts.model_dump_json(),
        progress=StepProgress().model_dump_json(),
        next_try_at=services.clock.now(),
        held=request.hold,
    )
    row.lifecycle = Step(plan=plan_of(step.operation))
    return row


def _record_staged(store: Store, change_set: ChangeSetRow, row: StepRow) -> None:
    store.audit.add(
        AuditKind.STAGED,
        actor=change_set.requester,
        at=change_set.created_at,
        change_set_id=change_set.id,
        step_id=row.id,
        package=row.package,
        fingerprint=row.fingerprint,
    )


def _look_at_once(services: Services, store: Store, change_set: ChangeSetRow, steps: Sequence[StepRow]) -> None:
    """A requester who can write to a package is present, so that its configuration is read through their account."""
    link = store.links.find_linked(change_set.requester)
    npm_user = load_directory(services, store).npm_users.get(change_set.requester, "")
    if link is None or not npm_user:
        return
    blind = [row for row in steps if _is_blind_to(row, npm_user)]
    if blind:
        add_looks(services, store, blind, change_set.requester, change_set.created_at)
        set_present(store, link, change_set.created_at)


def _is_blind_to(row: StepRow, npm_user: str) -> bool:
    facts = transitions.facts_of(row)
    return facts.needs_look and npm_user in facts.maintainers
