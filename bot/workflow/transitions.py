"""The one way in which a step moves: state, audit event and stale surfaces in one transaction."""

import logging
from datetime import datetime, timedelta

from bot import log
from bot.domain import step_events
from bot.domain.events import AuditKind
from bot.domain.lifecycle import OPEN_STATES, Plan, State, WaitFor, advance
from bot.domain.operations import fingerprint_of_set
from bot.domain.overview import HandoffState
from bot.domain.step_events import Event
from bot.workflow.known_packages import note_set_up
from storage.models import ChangeSetRow, StepRow
from storage.records import StepFacts, StepProgress
from storage.store import Store

NPMTRUST = "npmtrust"
"""The actor of what nobody did by hand."""

LINK_CLOSED = "Somebody who approved closed their account link."
"""Why a step goes back to review."""

_LOG = logging.getLogger(__name__)
_EXPIRING = frozenset({State.IN_REVIEW, State.READY, State.WAITING})


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
    if after.state is State.APPLIED and after.plan is not Plan.REVOKE:
        note_set_up(store, row.package, now)
    if after.state is State.IN_REVIEW:
        _begin_anew(store, row, now, void=isinstance(event, step_events.Differs))
    if before.state is State.WAITING and after.state is not State.WAITING:
        _close_handoffs(store, row, now, done=isinstance(event, step_events.PersonDone))
    _follow_script(store, row, now, is_over=before.waits_for is WaitFor.TERMINAL)
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
    store.surfaces.touch(f"asked:{row.id}", now)
    store.flush()
    _log_move(store, row, f"{row.package}: {before.state} → {after.state} ({type(event).__name__})")
    if after.state not in OPEN_STATES:
        _tell_requester(store, row, actor, now)
    return True


def _follow_script(store: Store, row: StepRow, now: datetime, *, is_over: bool) -> None:
    """Show what becomes of a call that its person was given; once it is not theirs any more, a list can settle it."""
    script_id = progress_of(row).script_id
    script = store.scripts.load(script_id) if script_id is not None else None
    if script is None:
        return
    store.surfaces.touch(f"script:{script.id}", now)
    if is_over:
        row.settles_at = now + timedelta(seconds=script.lag_seconds)


def _log_move(store: Store, row: StepRow, line: str) -> None:
    if not _LOG.isEnabledFor(logging.INFO):
        return
    change_set, step = f"C-{store.change_sets.load(row.change_set_id).number}", row.id

    def write() -> None:
        log.about(change_set=change_set, step=step)
        _LOG.info("%s", line)

    store.when_committed(write)


def _tell_requester(store: Store, row: StepRow, actor: str, now: datetime) -> None:
    """When the last step has ended, who asked is told by DM, unless they ended it themself or asked in the DM."""
    change_set = store.change_sets.load(row.change_set_id)
    steps = store.change_sets.load_steps(change_set.id)
    if actor == change_set.requester or any(step.lifecycle.state in OPEN_STATES for step in steps):
        return
    knows_by_dm = store.surfaces.find(f"elsewhere:{change_set.id}:{change_set.requester}") is not None
    if not (change_set.channel.startswith("D") or knows_by_dm):
        store.surfaces.want(f"outcome:{change_set.id}", channel=change_set.requester, now=now)


def expire(store: Store, change_set: ChangeSetRow, row: StepRow, now: datetime) -> bool:
    """Let the deadline have its effect, if it has passed: whoever looks at a step looks at it first."""
    is_over = change_set.deadline <= now and row.lifecycle.state in _EXPIRING
    return is_over and move(store, row, step_events.DeadlinePassed(), now=now)


def touch(store: Store, change_set_id: int, now: datetime) -> None:
    """Mark every message that shows a change set as behind."""
    store.surfaces.touch(f"change_set:{change_set_id}", now)
    store.surfaces.touch(f"review:{change_set_id}", now)
    store.surfaces.touch(f"elsewhere:{change_set_id}", now)


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


def set_trouble(row: StepRow, why: str, now: datetime) -> None:
    """Say why a step waits although nobody must do anything; it counts from the first time running."""
    progress = progress_of(row)
    update_progress(row, trouble=why, trouble_since=progress.trouble_since if progress.trouble else now)


def set_difference(store: Store, row: StepRow, difference: str, now: datetime) -> bool:
    """Send a step back to review and say why; its decisions are void, and the buttons get a new value."""
    if not move(store, row, step_events.Differs(), now=now):
        return False
    row.facts = facts_of(row).model_copy(update={"difference": difference}).model_dump_json()
    renew_offer(store, store.change_sets.load(row.change_set_id), now)
    return True


def is_login_wanted(row: StepRow) -> bool:
    """Tell whether a step waits for its executor's login."""
    return row.state == State.WAITING.value and row.waits_for == WaitFor.LOGIN.value


def _begin_anew(store: Store, row: StepRow, now: datetime, *, void: bool) -> None:
    """Nothing is sent until it is approved again, and what went wrong with the last approver's account is over."""
    update_progress(row, trouble="", npm_message="", tried=(), refused_passwords=0)
    if void:
        store.decisions.void_all(row.id, now)


def _waits_elsewhere(store: Store, row: StepRow, slack_user: str) -> bool:
    steps = store.change_sets.list_steps([State.READY, State.WAITING, State.UNKNOWN, State.HALF_REPLACED])
    return any(other.executor == slack_user and other.id != row.id for other in steps)


def _close_handoffs(store: Store, row: StepRow, now: datetime, *, done: bool) -> None:
    """A link whose step needs it no more must not be used: its one-time password would have no purpose."""
    for handoff in store.handoffs.list_of_step(row.id):
        if handoff.state in {HandoffState.OPEN, HandoffState.LATER, HandoffState.EXPIRED} and not handoff.login:
            if handoff.state != HandoffState.OPEN and not done and _waits_elsewhere(store, row, handoff.slack_user):
                continue  # its [I'm ready] is what the rest waits for
            goes_on = done and handoff.slack_user == row.executor
            handoff.state = (HandoffState.RENEWED if goes_on else HandoffState.LOST).value
            handoff.sealed_auth_url = handoff.sealed_done_url = ""
            store.surfaces.touch(f"handoff:{handoff.id}", now)
