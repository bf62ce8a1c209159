"""Loading what messages show, from committed rows."""

from datetime import timedelta

from bot.domain.approval import approvals_missing, reviewers_of
from bot.domain.events import AuditKind
from bot.domain.lifecycle import Phase, Plan, State, WaitFor
from bot.domain.operations import Operation
from bot.domain.overview import (
    ChangeSetView,
    DecisionView,
    HandoffState,
    HandoffView,
    LinkState,
    LinkView,
    Maintainer,
    StepView,
)
from bot.domain.windows import Asking, Method
from bot.messages.wording import request_words
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.authorise import load_directory, load_step_facts
from bot.workflow.lane import OPERATION, live_session
from bot.workflow.script_steps import list_scriptable
from bot.workflow.windows import asking_of
from storage.account_models import HandoffRow, LinkRow
from storage.models import ChangeSetRow, StepRow
from storage.store import Store

FIRST_PUBLISH = timedelta(days=2)
"""npm drops a configuration through which nothing was published by then (npm-trust 0, 2026-09-21)."""


def change_set_view(services: Services, store: Store, change_set: ChangeSetRow) -> ChangeSetView:
    """Load a change set as its message shows it."""
    return ChangeSetView(
        number=change_set.number,
        requester=change_set.requester,
        reason=change_set.reason,
        created_at=change_set.created_at,
        deadline=change_set.deadline,
        offer=change_set.offer,
        steps=tuple(
            _step_view(services, store, change_set, step) for step in store.change_sets.load_steps(change_set.id)
        ),
        permissions_stated=change_set.permissions_stated,
        paused=change_set.paused,
        channel=change_set.channel,
        cancelled_by=store.audit.find_last_actor(AuditKind.CANCEL_WANTED, change_set.id),
        disowned_by=store.audit.find_last_actor(AuditKind.DISOWNED, change_set.id),
    )


def _step_view(services: Services, store: Store, change_set: ChangeSetRow, step: StepRow) -> StepView:
    directory = load_directory(services, store)
    rules = load_step_facts(services, store, change_set, step)
    reviewers = reviewers_of(rules, directory)
    facts, progress = transitions.facts_of(step), transitions.progress_of(step)
    executor = store.links.find_linked(step.executor) if step.executor else None
    applied = step.state in {State.APPLIED.value, State.RESTORED.value}
    called_at = progress.called_at if applied else None
    return StepView(
        operation=OPERATION.validate_json(step.operation),
        state=State(step.state),
        phase=step.lifecycle.phase,
        waits_for=step.lifecycle.waits_for,
        maybe_acted=step.maybe_acted,
        cancel_wanted=step.cancel_wanted,
        evidence=facts.evidence,
        configuration_read_at=facts.configuration_read_at,
        maintainers=tuple(
            Maintainer(npm_user=name, slack_user=directory.slack_user_of(name)) for name in facts.maintainers
        ),
        reviewers=reviewers.people,
        reviewers_are_admins=reviewers.are_admins,
        approvals_missing=approvals_missing(rules, directory),
        decisions=_decisions(store, step),
        executor=step.executor,
        executor_npm_user=executor.npm_user if executor else "",
        executor_away=executor is None or executor.away,
        repository_inferred=facts.repository_inferred,
        warnings=facts.warnings,
        difference=facts.difference,
        approved_before=facts.approved_before,
        needs_look=facts.needs_look,
        npm_message=progress.npm_message,
        trouble=progress.trouble,
        trouble_since=progress.trouble_since,
        next_try_at=step.next_try_at if progress.trouble and step.state != State.WAITING.value else None,
        configuration_id=progress.configuration_id,
        configuration_permissions=progress.configuration_permissions,
        existing=progress.existing,
        position=step.position,
        by_hand=progress.by_hand,
        finished_at=step.finished_at,
        publish_before=called_at + FIRST_PUBLISH if called_at else None,
        package_url=package_url(services, step.package),
    )


def _decisions(store: Store, step: StepRow) -> tuple[DecisionView, ...]:
    return tuple(
        DecisionView(
            slack_user=row.slack_user,
            npm_user=row.npm_user,
            approved=row.approved,
            reason=row.reason,
            at=row.at,
            void=row.void_at is not None,
        )
        for row in store.decisions.list_all(step.id)
    )


def package_url(services: Services, package: str) -> str:
    """Tell the address of a package's page on npm's website."""
    return f"{services.options.website.rstrip('/')}/package/{package}"


def link_view(services: Services, link: LinkRow) -> LinkView:
    """Load an account link."""
    live = live_session(services, link) is not None
    return LinkView(
        id=link.token,
        slack_user=link.slack_user,
        npm_user=link.npm_user,
        state=LinkState(link.state),
        proof=link.proof,
        confirmed_by=link.confirmed_by,
        npm_email=link.npm_email,
        slack_email=link.slack_email,
        slack_name=link.slack_name,
        session_until=link.session_until if live else None,
    )


def handoff_view(services: Services, store: Store, handoff: HandoffRow) -> HandoffView:
    """Load a handoff as its DM shows it."""
    state = HandoffState(handoff.state)
    is_open = state is HandoffState.OPEN
    step = store.change_sets.load_step(handoff.step_id) if handoff.step_id is not None else None
    change_set = store.change_sets.load(step.change_set_id) if step else None
    decision = store.decisions.find_of(step.id, handoff.slack_user) if step else None
    method = Method.LIST if handoff.looks or step is None else Method(step.lifecycle.call.value)
    asking = asking_of(store, store.links.find_linked(handoff.slack_user), method)
    return HandoffView(
        id=handoff.token,
        login=handoff.login,
        state=state,
        url=services.vault.unseal(handoff.sealed_auth_url).get_secret_value() if is_open else "",
        host=handoff.host,
        expires_at=handoff.expires_at,
        npm_user=handoff.npm_user,
        what=_purpose(store, handoff, OPERATION.validate_json(step.operation) if step else None),
        change_set=change_set.number if change_set else None,
        requester=change_set.requester if change_set else "",
        decided_at=decision.at if decision and decision.approved else None,
        calls=_calls(store, handoff),
        asking=asking,
        scriptable=_scriptable(services, store, handoff) if is_open and asking is Asking.EACH else 0,
        looks=handoff.looks,
        outcome=handoff.outcome,
        waits=_waiting_for_login(store, handoff) if is_open and handoff.login else (),
    )


def _waiting_for_login(store: Store, handoff: HandoffRow) -> tuple[str, ...]:
    """Say what goes on when this person has logged in."""
    steps = [
        f"C-{store.change_sets.load(row.change_set_id).number}"
        f" ({request_words(OPERATION.validate_json(row.operation))})"
        for row in store.change_sets.list_waiting_for(handoff.slack_user)
        if transitions.is_login_wanted(row)
    ]
    reads = store.reads.list_waiting_for(handoff.slack_user)
    return *steps, *(f"reading the configurations of {read.package}" for read in reads)


def _purpose(store: Store, handoff: HandoffRow, operation: Operation | None) -> str:
    """Say what a link is for, plain."""
    if operation is not None:
        return request_words(operation)
    if handoff.read_id is not None:
        return f"read the configurations of {store.reads.load(handoff.read_id).package}"
    return ""


def _scriptable(services: Services, store: Store, handoff: HandoffRow) -> int:
    """Count the calls that are offered for the own terminal: for one alone a link is less trouble."""
    if handoff.looks or handoff.step_id is None:
        return 0
    number = len(list_scriptable(services, store, handoff.slack_user))
    return number if number > 1 else 0


def _calls(store: Store, handoff: HandoffRow) -> int:
    """Count the calls that wait for this person, this one included."""
    states = (State.READY, State.HALF_REPLACED, State.UNKNOWN, State.WAITING)
    mine = [row for row in store.change_sets.list_steps(states) if row.executor == handoff.slack_user]
    steps = [row for row in mine if row.waits_for != WaitFor.TERMINAL.value]
    reads = [row for row in store.reads.list_in(["ready", "waiting"]) if row.slack_user == handoff.slack_user]
    return max(1, sum(map(_calls_left, steps)) + len(reads))


def _calls_left(row: StepRow) -> int:
    """Count the calls of a step that are still to come; a replace looks first, then makes one and revokes one."""
    if row.plan in {Plan.CREATE.value, Plan.REVOKE.value} or row.phase != Phase.FIRST.value:
        return 1
    return 2 if transitions.progress_of(row).checked_at else 3
