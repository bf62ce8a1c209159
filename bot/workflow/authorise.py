"""The one place that says whether somebody may do something: asked at every click, and again just before a call."""

from bot.domain.approval import (
    Action,
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
from bot.domain.events import AuditKind
from bot.domain.overview import LinkState
from bot.notifications import SlackRefused
from bot.services import Services
from bot.workflow.transitions import facts_of
from storage.account_models import LinkRow
from storage.models import ChangeSetRow, StepRow
from storage.store import Store


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


def load_directory(services: Services, store: Store) -> Directory:
    """Read who is who."""
    return Directory(
        npm_users={link.slack_user: link.npm_user for link in store.links.list_linked()},
        pending=frozenset(link.slack_user for link in store.links.list_pending()),
        admins=services.options.admins,
    )


def load_step_facts(services: Services, store: Store, change_set: ChangeSetRow, step: StepRow) -> StepFacts:
    """Read what the rules look at."""
    facts = facts_of(step)
    return StepFacts(
        requester=change_set.requester,
        maintainers=facts.maintainers,
        fingerprint=step.fingerprint,
        approvals=tuple(
            (decision.slack_user, decision.fingerprint)
            for decision in store.decisions.list_all(step.id)
            if decision.approved and decision.void_at is None
        ),
        needs_look=facts.needs_look,
        executor=step.executor,
        deadline_passed=change_set.deadline <= services.clock.now(),
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
