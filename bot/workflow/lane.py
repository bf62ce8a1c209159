"""Whose turn it is: the lane belongs to one process, and one call is made at a time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import SecretStr, TypeAdapter

from bot.domain import step_events
from bot.domain.approval import Action, executors_of
from bot.domain.events import AuditKind
from bot.domain.lifecycle import Call, Phase, State
from bot.domain.operations import Operation, Replace
from bot.domain.overview import LinkState
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.authorise import authorise, load_directory, load_step_facts
from bot.workflow.presence import ask_to_come, is_present
from bot.workflow.progress import Progress
from storage.account_models import LinkRow
from storage.models import AttemptRow, LeaseRow, ReadRow, StepRow
from storage.store import Store
from storage.vault import WrongKey

LANE = "registry"

CALL_DEADLINE = timedelta(seconds=10)
"""How long a call may take in all: shorter than the lease less a margin, so that nobody else has begun by then."""

WINDOW = timedelta(minutes=5)
"""For how long npm may not ask a session again."""

_CHECK_LIFE = timedelta(minutes=10)
"""How long a look at what a replace takes away counts: longer than npm's link for the next call may take."""

_AFTER_STEPS = 3.5
"""The urgency of a list when the last call was one: behind steps, before what is only to be found out."""

_CALLABLE = (State.HALF_REPLACED, State.READY, State.UNKNOWN)
LIST = "list"
"""The call that reads; the others are of `bot.domain.lifecycle.Call`."""
OPERATION: TypeAdapter[Operation] = TypeAdapter(Operation)


@dataclass(frozen=True, slots=True)
class Errand:
    """One call that is about to be made; its attempt is committed already."""

    attempt_id: int
    call: str
    """create, revoke or list."""
    package: str
    operation: Operation | None
    phase: Phase
    session: SecretStr
    slack_user: str
    npm_user: str
    step_id: int | None
    read_id: int | None
    started_at: datetime
    change_set: str = ""
    """C-42, for the log; empty for a list that somebody asked for."""
    checks: bool = False
    """A list before the first call of a step: whether npm still shows what was approved."""


def hold_lane(services: Services, store: Store) -> LeaseRow | None:
    """Take or renew the lane for this process; clear up what its last holder left; None while another has it."""
    now = services.clock.now()
    held = store.lanes.hold(LANE, holder=services.process, now=now)
    if held is None:
        return None
    lease, is_new = held
    if is_new:
        store.audit.add(AuditKind.LANE_TAKEN, actor=transitions.NPMTRUST, at=now, fencing=lease.fencing)
        for attempt in store.lanes.list_unfinished(before=lease.fencing):
            _clear_up(services, store, lease, attempt)
    return lease


def claim_next(services: Services, store: Store) -> Errand | Progress:
    """Choose the next call, write its attempt, and hand it out; or tell when to look again."""
    now = services.clock.now()
    lease = hold_lane(services, store)
    if lease is None:
        return Progress(at=now + CALL_DEADLINE)
    for attempt in store.lanes.list_unfinished(before=lease.fencing + 1):
        _clear_up(services, store, lease, attempt)  # our own, whose answer could not be stored: one call at a time
    if lease.next_call_at > now:
        return Progress(at=lease.next_call_at)
    for candidate in _candidates(services, store, lease, now):
        taken = (
            _take_step(services, store, candidate, lease)
            if isinstance(candidate, StepRow)
            else _take_read(services, store, candidate, lease)
        )
        if taken is not None:
            return taken
    return Progress()


def _clear_up(services: Services, store: Store, lease: LeaseRow, attempt: AttemptRow) -> None:
    """The process that made this call has died, or slept over its lease: nobody knows what npm did, and until when."""
    now = services.clock.now()
    attempt.finished_at, attempt.answer = now, "lost"
    lease.next_call_at = max(lease.next_call_at, now + services.options.pace)
    if attempt.step_id is not None:
        step = store.change_sets.load_step(attempt.step_id)
        if step.state == State.CALLING.value and attempt.call == LIST:
            transitions.move(store, step, step_events.Throttled(), now=now)  # it was only to be looked
        elif step.state == State.CALLING.value:
            step.settles_at = attempt.deadline + services.options.lag
            transitions.update_progress(step, trouble="", npm_message="")
            transitions.move(store, step, step_events.Unclear(), now=now)
    if attempt.read_id is not None:
        read = store.reads.load(attempt.read_id)
        if read.state == "calling":
            read.state, read.next_try_at = "ready", now


def _candidates(services: Services, store: Store, lease: LeaseRow, now: datetime) -> list[StepRow | ReadRow]:
    """What was just confirmed, half replaced, revokes, lists that people wait for, creates, what is to be found out.

    After a list a step goes first, so that nobody's lists hold up what others approved.

    A one-time password is used for what its person was asked to confirm. Within the others, the account whose window
    may be open goes first: nobody else is challenged meanwhile.
    """
    confirmed = {link.slack_user: link.confirmed_at for link in store.links.list_linked()}

    def rank(row: StepRow | ReadRow) -> tuple[bool, float, bool]:
        person = row.executor if isinstance(row, StepRow) else row.slack_user
        since = confirmed.get(person)
        purpose = (row.id, None) if isinstance(row, StepRow) else (None, row.id)
        asked_again = since is None or now - since >= WINDOW
        urgency = _AFTER_STEPS if isinstance(row, ReadRow) and lease.last_call == LIST else _urgency(row)
        return services.pocket.purpose_of(person) != purpose, urgency, asked_again

    rows: list[StepRow | ReadRow] = [
        *store.change_sets.list_steps(_CALLABLE, due=now),
        *store.reads.list_in(["ready"], due=now),
    ]
    return sorted(rows, key=rank)


def _urgency(row: StepRow | ReadRow) -> int:
    if isinstance(row, ReadRow):
        return 2
    if row.state == State.HALF_REPLACED.value:
        return 0
    if row.state == State.UNKNOWN.value:
        return 4
    return 1 if row.lifecycle.call is Call.REVOKE else 3


def _take_step(services: Services, store: Store, row: StepRow, lease: LeaseRow) -> Errand | Progress | None:
    """Look at every condition again, and take the step; None when it is not its turn.

    A step that moved another way instead is progress: the choice is made again.
    """
    now = services.clock.now()
    ready = _look_at_step(services, store, row)
    if not isinstance(ready, _Account):
        return ready
    step = row.lifecycle
    operation = OPERATION.validate_json(row.operation)
    checks = step.state is State.READY and _is_check_due(row, operation, now)
    call = LIST if checks or step.state is State.UNKNOWN else step.call.value
    if step.state is not State.UNKNOWN and not transitions.move(store, row, step_events.Taken(), now=now):
        return None
    if call == Call.CREATE.value:
        transitions.update_progress(row, called_at=now)
    if call != LIST:
        transitions.update_progress(row, by_hand="")
    attempt = _write_attempt(store, call, ready.link, lease, now, step_id=row.id)
    return Errand(
        attempt_id=attempt.id,
        call=call,
        package=row.package,
        operation=operation,
        phase=step.phase,
        session=ready.session,
        slack_user=ready.link.slack_user,
        npm_user=ready.link.npm_user,
        step_id=row.id,
        read_id=None,
        started_at=now,
        change_set=f"C-{store.change_sets.load(row.change_set_id).number}",
        checks=checks,
    )


def _is_check_due(row: StepRow, operation: Operation, now: datetime) -> bool:
    """What a replace takes away may be another since it was approved: an account reads it before the first call."""
    checked = transitions.progress_of(row).checked_at
    is_fresh = checked is not None and now - checked < _CHECK_LIFE
    return isinstance(operation, Replace) and row.lifecycle.untouched and not is_fresh


@dataclass(frozen=True, slots=True)
class _Account:
    """The account that a step runs with now."""

    link: LinkRow
    session: SecretStr


def _look_at_step(services: Services, store: Store, row: StepRow) -> _Account | Progress | None:
    """Find the account of a step whose turn it is; None when it is not, progress when the step moved another way."""
    now = services.clock.now()
    change_set = store.change_sets.load(row.change_set_id)
    step = row.lifecycle
    if step.state is State.READY and (stop := _stop_event(row, change_set.deadline, now)):
        return Progress(more=True) if transitions.move(store, row, stop, now=now) else None
    if change_set.paused and step.untouched:
        return None
    directory = load_directory(services, store)
    facts = load_step_facts(services, store, change_set, row)
    nobody_approved = step.untouched and not executors_of(facts, directory)
    if nobody_approved and transitions.set_difference(store, row, transitions.LINK_CLOSED, now):
        return Progress(more=True)
    candidates = executors_of(facts, directory, transitions.progress_of(row).tried)
    if row.executor not in candidates:
        row.executor = candidates[0] if candidates else row.executor
    link = store.links.find_linked(row.executor)
    session = live_session(services, link)
    if link is None or session is None:
        transitions.move(store, row, step_events.NoSession(), now=now)
        services.bell.ring("handoffs")
        return Progress(more=True)
    if not (_may_be_asked(services, store, link) or link.away):
        ask_to_come(store, link, row, now)
    is_new = step.untouched and step.state is State.READY
    is_refused = is_new and authorise(Action.EXECUTE, row.executor, facts, directory) is not None
    is_busy = store.change_sets.is_package_busy(row.package, but=row.id)
    return None if is_refused or is_busy or not _may_be_asked(services, store, link) else _Account(link, session)


def _stop_event(row: StepRow, deadline: datetime, now: datetime) -> step_events.Event | None:
    """Deadline and cancel are conditions, looked at on every entry."""
    if row.cancel_wanted:
        return step_events.Cancelled()
    return step_events.DeadlinePassed() if deadline <= now else None


def _take_read(services: Services, store: Store, row: ReadRow, lease: LeaseRow) -> Errand | Progress | None:
    now = services.clock.now()
    link = store.links.find_linked(row.slack_user)
    session = live_session(services, link)
    if link is None:
        row.state, row.problem = "failed", "your npm account is not linked any more"
        store.surfaces.touch(f"list:{row.batch}", now)
        return Progress(more=True)
    if session is None:
        row.state = "waiting"
        services.bell.ring("handoffs")
        return Progress(more=True)
    if not _may_be_asked(services, store, link):
        return None
    row.state = "calling"
    attempt = _write_attempt(store, LIST, link, lease, now, read_id=row.id)
    return Errand(
        attempt_id=attempt.id,
        call=LIST,
        package=row.package,
        operation=None,
        phase=Phase.FIRST,
        session=session,
        slack_user=link.slack_user,
        npm_user=link.npm_user,
        step_id=None,
        read_id=row.id,
        started_at=now,
    )


def live_session(services: Services, link: LinkRow | None) -> SecretStr | None:
    """Unseal a session that has not run out."""
    if link is None or link.state != LinkState.LINKED or not link.sealed_session:
        return None
    if link.session_until is not None and link.session_until <= services.clock.now():
        return None
    try:
        return services.vault.unseal(link.sealed_session)
    except WrongKey:
        return None  # sealed with a key that was taken away: the person logs in anew


def _may_be_asked(services: Services, store: Store, link: LinkRow) -> bool:
    """Nothing is minted for somebody who is not there, or who has a link open already."""
    if services.pocket.purpose_of(link.slack_user) is not None:
        return True
    return is_present(link, services.clock.now()) and store.handoffs.find_open(link.slack_user) is None


def _write_attempt(
    store: Store,
    call: str,
    link: LinkRow,
    lease: LeaseRow,
    now: datetime,
    *,
    step_id: int | None = None,
    read_id: int | None = None,
) -> AttemptRow:
    store.audit.add(
        AuditKind.ATTEMPT_BEGAN, actor=link.slack_user, at=now, step_id=step_id, call=call, npm_user=link.npm_user
    )
    lease.last_call = call
    return store.lanes.add_attempt(
        AttemptRow(
            workspace=store.workspace,
            step_id=step_id,
            read_id=read_id,
            call=call,
            slack_user=link.slack_user,
            npm_user=link.npm_user,
            fencing=lease.fencing,
            started_at=now,
            deadline=now + CALL_DEADLINE,
        )
    )
