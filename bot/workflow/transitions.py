"""The one way in which a step moves: state, audit event and stale surfaces in one transaction."""

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from bot import log
from bot.domain import step_events
from bot.domain.events import AuditKind
from bot.domain.lifecycle import OPEN_STATES, Plan, State, Step, WaitFor, advance
from bot.domain.operations import fingerprint_of_set
from bot.domain.overview import HandoffState
from bot.domain.step_events import Event
from bot.workflow.known_packages import note_set_up
from storage.account_models import HandoffRow
from storage.models import ChangeSetRow, StepRow
from storage.records import StepFacts, StepProgress
from storage.store import Store

NPMTRUST = "npmtrust"
"""The actor of what nobody did by hand."""

LINK_CLOSED = "Somebody who approved closed their account link."
"""Why a step goes back to review."""

SMALL = 8
"""A change set of up to so many steps tells each of them in its message; one of more sums them up."""

HOLD_LIFE = timedelta(days=30)
"""How long approved steps are held that nobody lets run."""

_SHOWING = ("change_set", "review", "elsewhere", "reminder")
"""The kinds of messages that show a change set."""

_LOG = logging.getLogger(__name__)
_EXPIRING = frozenset({State.IN_REVIEW, State.READY, State.WAITING})


def move(store: Store, row: StepRow, event: Event, *, actor: str = NPMTRUST, now: datetime) -> bool:
    """Move a step by an event; False when the event does not apply to its state."""
    return bool(move_all(store, [row], event, actor=actor, now=now))


def move_all(
    store: Store, rows: Iterable[StepRow], event: Event, *, actor: str = NPMTRUST, now: datetime
) -> list[StepRow]:
    """Move steps by the same event, with one look at everything that they have in common.

    Returns:
        Those that it moved; to the others it does not apply in their state.
    """
    moved = [moved for row in rows if (moved := _advance(store, row, event, now)) is not None]
    if not moved:
        return []
    _end_waiting(store, moved, event, now)
    for each in moved:
        _record(store, each, event, actor, now)
    if _is_anew(event) and (begun := [each.row.id for each in moved if each.after.state is State.IN_REVIEW]):
        store.decisions.void_all(begun, now)
    counted = Counter(
        (each.row.change_set_id, each.row.likeness, each.before.state.value, each.after.state.value) for each in moved
    )
    store.change_sets.groups.count_moves(counted)
    if len(moved) == 1:
        store.surfaces.touch_all([f"asked:{moved[0].row.id}", *_about(moved[0].row.change_set_id)], now)
    else:
        store.surfaces.touch_about("asked", {str(each.row.id) for each in moved}, now)
        for change_set_id in dict.fromkeys(each.row.change_set_id for each in moved):
            touch(store, change_set_id, now)
    store.flush()
    _log_moves(store, moved, event)
    for change_set_id in {each.row.change_set_id for each in moved if each.after.state not in OPEN_STATES}:
        _tell_requester(store, store.change_sets.load(change_set_id), actor, now)
    return [each.row for each in moved]


@dataclass(frozen=True, slots=True)
class _Moved:
    """A step that has moved."""

    row: StepRow
    before: Step
    after: Step


def _advance(store: Store, row: StepRow, event: Event, now: datetime) -> _Moved | None:
    before = row.lifecycle
    after = advance(before, event)
    if after is None:
        return None
    row.lifecycle = after
    row.next_try_at = now
    if after.state not in OPEN_STATES:
        row.finished_at = now
    if after.state is State.RESTORED or (after.state is State.APPLIED and after.plan is not Plan.REVOKE):
        note_set_up(store, row.package, now)
        store.rounds.begin(row.change_set_id, store.change_sets.load(row.change_set_id).created_at, now)
    if after.state is State.IN_REVIEW:
        # nothing is sent until it is approved again, and what went wrong with the last approver's account is over
        update_progress(row, trouble="", npm_message="", tried=(), refused_passwords=0)
        if _is_anew(event):
            row.policy = ""  # the next decision is made under the policy in force then
    _follow_script(store, row, now, is_over=before.waits_for is WaitFor.TERMINAL)
    return _Moved(row, before, after)


def _is_anew(event: Event) -> bool:
    return isinstance(event, step_events.Differs)


def _record(store: Store, moved: _Moved, event: Event, actor: str, now: datetime) -> None:
    store.audit.add(
        AuditKind.MOVED,
        actor=actor,
        at=now,
        change_set_id=moved.row.change_set_id,
        step_id=moved.row.id,
        event=type(event).__name__,
        before=moved.before.state,
        after=moved.after.state,
        phase=moved.after.phase,
        fingerprint=moved.row.fingerprint,
    )


def _follow_script(store: Store, row: StepRow, now: datetime, *, is_over: bool) -> None:
    """Show what becomes of a call that its person was given; once it is not theirs any more, a list can settle it."""
    script_id = progress_of(row).script_id
    script = store.scripts.load(script_id) if script_id is not None else None
    if script is None:
        return
    store.surfaces.touch(f"script:{script.id}", now)
    if is_over:
        row.settles_at = now + timedelta(seconds=script.lag_seconds)


def _log_moves(store: Store, moved: list[_Moved], event: Event) -> None:
    if not _LOG.isEnabledFor(logging.INFO):
        return
    alike: dict[tuple[int, State, State], list[StepRow]] = {}
    for each in moved:
        alike.setdefault((each.row.change_set_id, each.before.state, each.after.state), []).append(each.row)
    # what is said of one step last: its id would go on standing on lines about several
    for (change_set_id, before, after), rows in sorted(alike.items(), key=lambda item: -len(item[1])):
        what = rows[0].package if len(rows) == 1 else f"{len(rows)} steps"
        store.when_committed(
            partial(
                _log_move,
                f"{what}: {before} → {after} ({type(event).__name__})",
                change_set=f"C-{store.change_sets.load(change_set_id).number}",
                step=rows[0].id if len(rows) == 1 else None,
            )
        )


def _log_move(line: str, *, change_set: str, step: int | None) -> None:
    log.about(change_set=change_set, step=step)
    _LOG.info("%s", line)


def _tell_requester(store: Store, change_set: ChangeSetRow, actor: str, now: datetime) -> None:
    """When the last step has ended, who asked is told by DM, unless they ended it themself or asked in the DM."""
    if store.change_sets.groups.is_open(change_set.id):
        return
    if sum(store.change_sets.tally(change_set.id).values()) > SMALL:
        change_set.csv_state = "wanted"
    if actor == change_set.requester:
        return
    knows_by_dm = store.surfaces.find(f"elsewhere:{change_set.id}:{change_set.requester}") is not None
    if not (change_set.channel.startswith("D") or knows_by_dm):
        store.surfaces.want(f"outcome:{change_set.id}", channel=change_set.requester, now=now)


def deadline_of(change_set: ChangeSetRow, row: StepRow) -> datetime:
    """Tell until when a step may be approved and begun: its own, once it was let run; approved and held, a month."""
    if row.deadline is not None:
        return row.deadline
    is_kept = row.held and row.state != State.IN_REVIEW.value
    return max(change_set.deadline, change_set.created_at + HOLD_LIFE) if is_kept else change_set.deadline


def last_deadline_of(change_set: ChangeSetRow, row: StepRow) -> datetime:
    """Tell until when it is found out what became of a step's calls, and a half replaced one is finished."""
    return change_set.last_deadline + (deadline_of(change_set, row) - change_set.deadline)


def expire(store: Store, change_set: ChangeSetRow, row: StepRow, now: datetime) -> bool:
    """Let the deadline have its effect, if it has passed: whoever looks at a step looks at it first."""
    is_over = deadline_of(change_set, row) <= now and row.lifecycle.state in _EXPIRING
    return is_over and move(store, row, step_events.DeadlinePassed(), now=now)


def expire_all(store: Store, change_set: ChangeSetRow, rows: Iterable[StepRow], now: datetime) -> list[StepRow]:
    """Do so for many steps of one change set."""
    over = [row for row in rows if row.lifecycle.state in _EXPIRING and deadline_of(change_set, row) <= now]
    return move_all(store, over, step_events.DeadlinePassed(), now=now)


def touch(store: Store, change_set_id: int, now: datetime) -> None:
    """Mark every message that shows a change set as behind."""
    store.surfaces.touch_all(_about(change_set_id), now)


def _about(change_set_id: int) -> list[str]:
    return [f"{kind}:{change_set_id}" for kind in _SHOWING]


def renew_offer(store: Store, change_set: ChangeSetRow, now: datetime) -> None:
    """Give the buttons a new value, since what they stand for has changed."""
    store.change_sets.add_offer(change_set, fingerprint_of_set(store.change_sets.list_fingerprints(change_set.id)), now)
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
    return bool(set_differences(store, [(row, difference)], now))


def set_differences(store: Store, differences: Iterable[tuple[StepRow, str]], now: datetime) -> list[StepRow]:
    """Do so for many steps, with one look at everything that they have in common; tell which it moved."""
    said = {row.id: (row, difference) for row, difference in differences}
    moved = move_all(store, [row for row, _ in said.values()], step_events.Differs(), now=now)
    for row in moved:
        row.facts = facts_of(row).model_copy(update={"difference": said[row.id][1]}).model_dump_json()
    for change_set_id in dict.fromkeys(row.change_set_id for row in moved):
        renew_offer(store, store.change_sets.load(change_set_id), now)
    return moved


def waits_for_account(row: StepRow) -> bool:
    """Tell whether a step was approved and found no account to run with."""
    return row.state == State.WAITING.value and row.waits_for == WaitFor.ACCOUNT.value


def is_login_wanted(row: StepRow) -> bool:
    """Tell whether a step waits for its executor's login."""
    return row.state == State.WAITING.value and row.waits_for == WaitFor.LOGIN.value


def _end_waiting(store: Store, moved: list[_Moved], event: Event, now: datetime) -> None:
    """Close the links of steps that wait no more."""
    over = {each.row.id: each.row for each in moved if _waits_no_more(each)}
    done = isinstance(event, step_events.PersonDone)
    for handoff in store.handoffs.list_of_steps(over) if over else []:
        if handoff.step_id is not None:
            _close_handoff(store, handoff, over[handoff.step_id], now, done=done)


def _waits_no_more(moved: _Moved) -> bool:
    return moved.before.state is State.WAITING and moved.after.state is not State.WAITING


def _close_handoff(store: Store, handoff: HandoffRow, row: StepRow, now: datetime, *, done: bool) -> None:
    """A link whose step needs it no more must not be used: its one-time password would have no purpose."""
    if handoff.login or handoff.state not in {HandoffState.OPEN, HandoffState.LATER, HandoffState.EXPIRED}:
        return
    is_open = handoff.state == HandoffState.OPEN
    if not is_open and not done and store.change_sets.waits_elsewhere(handoff.slack_user, but=row.id):
        return  # its [I'm ready] is what the rest waits for
    goes_on = done and handoff.slack_user == row.executor
    handoff.state = (HandoffState.RENEWED if goes_on else HandoffState.LOST).value
    handoff.sealed_auth_url = handoff.sealed_done_url = ""
    store.audit.add(
        AuditKind.HANDOFF_ENDED,
        actor=NPMTRUST,
        at=now,
        step_id=row.id,
        slack_user=handoff.slack_user,
        handoff=handoff.id,
        state=handoff.state,
    )
    store.surfaces.touch(f"handoff:{handoff.id}", now)
