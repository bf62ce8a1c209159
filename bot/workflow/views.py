"""Loading what messages show, from committed rows."""

from collections.abc import Iterable
from datetime import timedelta

from bot.domain.approval import approvals_missing, reviewers_of
from bot.domain.events import AuditKind
from bot.domain.lifecycle import OPEN_STATES, State
from bot.domain.overview import (
    ChangeSetView,
    DecisionView,
    LinkState,
    LinkView,
    Maintainer,
    StepView,
)
from bot.messages.freezing import frozen_line
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.authorise import load_directory, load_step_facts
from bot.workflow.lane import OPERATION, live_session
from bot.workflow.look import CONFIGURATIONS
from storage.account_models import LinkRow
from storage.models import ChangeSetRow, StepRow
from storage.store import Store
from storage.survey_models import ReadingRow

FIRST_PUBLISH = timedelta(days=2)
"""npm drops a configuration through which nothing was published by then (npm-trust 0, 2026-09-21)."""


def change_set_view(
    services: Services, store: Store, change_set: ChangeSetRow, steps: Iterable[StepRow] | None = None
) -> ChangeSetView:
    """Load a change set as its message shows it, or with some of its steps alone."""
    shown = list(store.change_sets.load_steps(change_set.id) if steps is None else steps)
    reviewed = [step.package for step in shown if step.state == State.IN_REVIEW.value]
    left = [step for step in shown if step.lifecycle.state in OPEN_STATES]
    readings = store.readings.find_all(reviewed)
    stop = store.freezes.current()
    return ChangeSetView(
        number=change_set.number,
        requester=change_set.requester,
        reason=change_set.reason,
        created_at=change_set.created_at,
        deadline=min((transitions.deadline_of(change_set, step) for step in left), default=change_set.deadline),
        offer=change_set.offer,
        steps=tuple(
            _with_reading(_step_view(services, store, change_set, step), readings.get(step.package)) for step in shown
        ),
        permissions_stated=change_set.permissions_stated,
        paused=change_set.paused,
        stopped=frozen_line(stop.actor, stop.reason) if stop else "",
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
        owners_are_collaborators=facts.owners_are_collaborators,
        reviewers_gone=reviewers.gone,
        reviewers_are_admins=reviewers.are_admins,
        approvals_missing=approvals_missing(rules, directory),
        decisions=_decisions(store, step),
        executor=step.executor,
        executor_npm_user=executor.npm_user if executor else "",
        executor_away=executor is None or executor.away,
        repository_inferred=facts.repository_inferred,
        warnings=facts.warnings,
        unchecked=facts.unchecked,
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
        held=step.held,
        finished_at=step.finished_at,
        publish_before=called_at + FIRST_PUBLISH if called_at else None,
        package_url=package_url(services, step.package),
    )


def _with_reading(view: StepView, reading: ReadingRow | None) -> StepView:
    """Add what was last read at npm, while people decide; what a step has changed since is told by the step itself."""
    if reading is None or view.state is not State.IN_REVIEW:
        return view
    moments = [moment for moment in (view.configuration_read_at, reading.read_at) if moment]
    update = {
        "configuration_read_at": max(moments, default=None),
        "last_read": CONFIGURATIONS.validate_json(reading.configurations),
    }
    return view.model_copy(update=update)


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
