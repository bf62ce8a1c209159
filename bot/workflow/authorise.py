"""The one place that says whether somebody may do something: asked at every click, and again just before a call."""

from collections.abc import Iterable
from datetime import timedelta

from pydantic import TypeAdapter

from bot.domain.approval import (
    Action,
    Approval,
    Denial,
    Directory,
    Person,
    Stake,
    StepFacts,
    check_link_confirmation,
    check_person,
    check_stake,
    check_step_action,
)
from bot.domain.deliveries import Answerable, ClickDelivery, CommandDelivery, SubmissionDelivery
from bot.domain.events import AuditKind
from bot.domain.lifecycle import Plan
from bot.domain.operations import Operation
from bot.domain.overview import LinkState
from bot.domain.policy import NO_POLICY
from bot.domain.policy_rules import check_operation
from bot.notifications import SlackRefused
from bot.services import Services
from bot.workflow.transitions import deadline_of, facts_of
from storage.account_models import LinkRow
from storage.models import ChangeSetRow, DecisionRow, StepRow
from storage.people import members_of
from storage.store import Store

OPERATION: TypeAdapter[Operation] = TypeAdapter(Operation)


async def load_person(services: Services, user: str) -> Person:
    """Ask Slack who somebody is, now: a decision must not rest on yesterday's answer.

    Raises:
        SlackError: Slack does not say.
    """
    try:
        found = await services.notifier.load_person(user)
    except SlackRefused as refusal:
        if refusal.code not in {"user_not_found", "user_not_visible"}:
            raise
        return Person(id=user, active=False)
    return Person(
        id=found.id,
        name=found.real_name or found.name,
        email=found.email,
        active=found.active,
        is_bot=found.is_bot,
        is_guest=found.is_guest,
        same_workspace=not found.team or found.team == services.database.workspace,
        timezone=found.timezone,
    )


def load_directory(services: Services, store: Store, *, groups_within: timedelta | None = None) -> Directory:
    """Read who is who.

    Args:
        services: Whose admins and clock count.
        store: Where it is kept.
        groups_within: How long ago Slack may have told of a user group; None: whenever, for what is only shown.
    """
    oldest = services.clock.now() - groups_within if groups_within is not None else None
    groups = {
        row.group_id: members_of(row)
        for row in store.people.list_groups()
        if row.read_at is not None and (oldest is None or row.read_at >= oldest)
    }
    links = store.links.list_current()
    return Directory(
        groups=groups,
        gone=store.people.list_gone(),
        npm_users={link.slack_user: link.npm_user for link in links if link.state == LinkState.LINKED},
        pending=frozenset(link.slack_user for link in links if link.state == LinkState.PENDING),
        admins=services.admins,
    )


def load_step_facts(services: Services, store: Store, change_set: ChangeSetRow, step: StepRow) -> StepFacts:
    """Read what the rules look at."""
    return _step_facts(services, change_set, step, store.decisions.list_all(step.id))


def load_all_step_facts(
    services: Services, store: Store, change_set: ChangeSetRow, steps: Iterable[StepRow]
) -> dict[int, StepFacts]:
    """Read what the rules look at, of many steps, by row id: all decisions come with one look."""
    wanted = list(steps)
    decided = store.decisions.list_all_of(step.id for step in wanted)
    return {step.id: _step_facts(services, change_set, step, decided.get(step.id, [])) for step in wanted}


def _step_facts(
    services: Services, change_set: ChangeSetRow, step: StepRow, decisions: Iterable[DecisionRow]
) -> StepFacts:
    facts = facts_of(step)
    policy = services.policies.current.policy_of(step.package)
    is_free = policy is NO_POLICY
    return StepFacts(
        requester=change_set.requester,
        maintainers=facts.maintainers,
        fingerprint=step.fingerprint,
        approvals=tuple(
            Approval(decision.slack_user, decision.fingerprint, decision.npm_user)
            for decision in decisions
            if decision.approved and decision.void_at is None
        ),
        needs_look=facts.needs_look,
        executor=step.executor,
        deadline_passed=deadline_of(change_set, step) <= services.clock.now(),
        policy=policy,
        decided_under=step.policy,
        is_forbidden=not is_free and bool(check_operation(OPERATION.validate_json(step.operation), policy)),
        is_revoke=step.plan == Plan.REVOKE.value,
        requester_npm=facts.requester_npm,
    )


def authorise(
    action: Action, person: Person | str, facts: StepFacts | Stake | LinkRow | None, directory: Directory
) -> Denial | None:
    """Say why somebody may not do something; None when they may.

    Args:
        action: What they want.
        person: Who, as Slack tells it now; only a Slack id where nobody acts by hand (the lane).
        facts: What it is done to: a step, an account link, or something with a stake (a watch, a package of a digest,
            an alarm); nothing for staging, linking and watching.
        directory: Who is who.
    """
    if isinstance(person, Person) and (denial := check_person(person)):
        return denial
    user = person.id if isinstance(person, Person) else person
    match facts:
        case None:
            return None
        case LinkRow():
            pending = facts.state == LinkState.PENDING
            return check_link_confirmation(user, facts.slack_user, directory) if pending else Denial.CHANGED
        case Stake():
            return check_stake(action, user, facts, directory)
        case StepFacts():
            return check_step_action(action, user, facts, directory)


def record_denial(services: Services, store: Store, actor: str, action: Action, denial: Denial, *, about: str) -> None:
    """Keep in the record that somebody wanted what they may not; `about` says to what, where it is no step."""
    now = services.clock.now()
    store.audit.add(AuditKind.DENIED, actor=actor, at=now, action=action, why=denial, about=about)


def record_futile(
    services: Services, store: Store, delivery: Answerable, why: str, change_set_id: int | None = None
) -> None:
    """Keep in the record that a press came too late, or was of a button that nobody was given; `why` is one word."""
    match delivery:
        case ClickDelivery(action=wish) | SubmissionDelivery(callback=wish):
            pass
        case CommandDelivery():
            wish = "command"
    now = services.clock.now()
    store.audit.add(
        AuditKind.DENIED, actor=delivery.user, at=now, change_set_id=change_set_id, action=wish[:100], why=why
    )
