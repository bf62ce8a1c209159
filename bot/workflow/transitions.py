"""The one way in which a step moves: state, audit event and stale surfaces in one transaction."""

from datetime import datetime

from bot.domain import step_events
from bot.domain.events import AuditKind
from bot.domain.lifecycle import OPEN_STATES, State, WaitFor, advance
from bot.domain.operations import fingerprint_of_set
from bot.domain.overview import HandoffState
from bot.domain.step_events import Event
from storage.models import ChangeSetRow, StepRow
from storage.records import StepFacts, StepProgress
from storage.store import Store

NPMTRUST = "npmtrust"
"""The actor of what nobody did by hand."""


def move(store: Store, row: StepRow, event: Event, *, actor: str = NPMTRUST, now: datetime) -> bool:
    """Move a step by an event; False when the event does not apply to its state."""
    before = row.lifecycle
    after = advance(before, event)
    if after is None:
        return False
    row.lifecycle = after
    row.next_try_at = now
    if after.state not in OPEN_STATES:
        row.finished_at = now
    if after.state is State.IN_REVIEW and isinstance(event, step_events.Differs):
        store.decisions.void_all(row.id, now)
    if before.state is State.WAITING and after.state is not State.WAITING:
        _close_handoffs(store, row, now, done=isinstance(event, step_events.PersonDone))
    store.audit.add(
        AuditKind.MOVED,
        actor=actor,
        at=now,
        change_set_id=row.change_set_id,
        step_id=row.id,
        event=type(event).__name__,
        before=before.state,
        after=after.state,
        phase=after.phase,
        fingerprint=row.fingerprint,
    )
    touch(store, row.change_set_id, now)
    store.flush()
    return True


def touch(store: Store, change_set_id: int, now: datetime) -> None:
    """Mark every message that shows a change set as behind."""
    store.surfaces.touch(f"change_set:{change_set_id}", now)
    store.surfaces.touch(f"review:{change_set_id}", now)


def renew_offer(store: Store, change_set: ChangeSetRow, now: datetime) -> None:
    """Give the buttons a new value, since what they stand for has changed."""
    steps = store.change_sets.load_steps(change_set.id)
    store.change_sets.add_offer(change_set, fingerprint_of_set(step.fingerprint for step in steps), now)
    touch(store, change_set.id, now)


def facts_of(row: StepRow) -> StepFacts:
    """Read what staging saw."""
    return StepFacts.model_validate_json(row.facts)


def progress_of(row: StepRow) -> StepProgress:
    """Read what calling brought."""
    return StepProgress.model_validate_json(row.progress)


def update_progress(row: StepRow, **changes: object) -> None:
    """Change some of what calling brought."""
    row.progress = progress_of(row).model_copy(update=changes).model_dump_json()


def set_difference(store: Store, row: StepRow, difference: str, now: datetime) -> bool:
    """Send a step back to review and say why; its decisions are void, and the buttons get a new value."""
    row.facts = facts_of(row).model_copy(update={"difference": difference}).model_dump_json()
    if not move(store, row, step_events.Differs(), now=now):
        return False
    renew_offer(store, store.change_sets.load(row.change_set_id), now)
    return True


def is_login_wanted(row: StepRow) -> bool:
    """Tell whether a step waits for its executor's login."""
    return row.state == State.WAITING.value and row.waits_for == WaitFor.LOGIN.value


def _close_handoffs(store: Store, row: StepRow, now: datetime, *, done: bool) -> None:
    """A link whose step needs it no more must not be used: its one-time password would have no purpose."""
    for handoff in store.handoffs.list_of_step(row.id):
        if handoff.state in {HandoffState.OPEN, HandoffState.LATER, HandoffState.EXPIRED} and not handoff.login:
            if done and handoff.state != HandoffState.OPEN:
                continue
            handoff.state = (HandoffState.DONE if done else HandoffState.LOST).value
            handoff.sealed_auth_url = handoff.sealed_done_url = ""
            store.surfaces.touch(f"handoff:{handoff.id}", now)
