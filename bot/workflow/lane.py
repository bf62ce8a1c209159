"""Whose turn it is: one call at a time in a lane, chosen so that nobody who is away is in anybody's way.

The choice reads what comes first for each person (`storage.line`), never the whole line: what it costs depends on how
many people have linked an account, and not on how many steps wait.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import SecretStr, TypeAdapter

from bot.domain import step_events
from bot.domain.approval import Action, executors_of
from bot.domain.events import AuditKind
from bot.domain.lifecycle import Call, Phase, State, advance
from bot.domain.line import AFTER_ALL, AFTER_STEPS, Urgency
from bot.domain.operations import Operation, Replace
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.authorise import authorise, load_directory, load_step_facts
from bot.workflow.before_call import check_people, shut_out_until, want_owners
from bot.workflow.leases import (
    CALL_DEADLINE,
    LANE,
    LIST,
    clear_up_abandoned,
    clear_up_own,
    hold_lane,
    lane_of_link,
)
from bot.workflow.places import WINDOW, Place, is_live, list_places, live_session
from bot.workflow.policy_changes import compare_policies, why_void
from bot.workflow.presence import ask_to_come, find_button, is_present
from bot.workflow.progress import Progress
from bot.workflow.sharing import best_of, take_over_idle, turn_of
from bot.workflow.survey_progress import give_up_of_read, show_surveys
from storage.account_models import LinkRow
from storage.models import AttemptRow, LeaseRow, ReadRow, StepRow
from storage.store import Store
from storage.surveys import QUEUED

_CHECK_LIFE = timedelta(minutes=10)
"""How long a look at what a replace takes away counts: longer than npm's link for the next call may take."""

_PASSED_OVER = timedelta(minutes=1)
"""When a step is looked at again that could not be taken although it was its turn: it is in nobody's way meanwhile."""

__all__ = ["CALL_DEADLINE", "LANE", "LIST", "OPERATION", "Errand", "claim_next", "hold_lane", "live_session"]

OPERATION: TypeAdapter[Operation] = TypeAdapter(Operation)


@dataclass(frozen=True, slots=True)
class Errand:
    """One call that is about to be made; its attempt is committed already."""

    attempt_id: int
    starts_at: datetime
    """Not before this moment: the pause of its lane is over then."""
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
    ended_at: datetime | None = None
    """When its answer came: the pause until the next call begins there, however long it takes to record it."""


def claim_next(services: Services, store: Store) -> list[Errand] | Progress:
    """Choose the next call of each lane, write its attempt, and hand it out; or tell when to look again.

    Calls of different lanes are handed out together, to be made side by side. While a freeze stands there are none.
    """
    now = services.clock.now()
    unanswered = clear_up_abandoned(services, store)
    is_frozen = store.freezes.current() is not None
    places = [] if is_frozen else list_places(services, store, now)
    seated = [_seat(services, store, place) for place in places]
    more = any(seated) or (not is_frozen and take_over_idle(services, store, places))
    if more:
        store.flush()
        services.bell.ring("handoffs")
    errands: list[Errand] = []
    moments: list[datetime] = []
    for name, members in _by_lane(services, places).items():
        found = _claim_in(services, store, name, members, has_unanswered=name in unanswered)
        if isinstance(found, Errand):
            errands.append(found)
        else:
            more |= found.more
            moments += [found.at] if found.at else []
    return errands or Progress(more=more, at=min(moments, default=None))


def _claim_in(
    services: Services, store: Store, name: str, places: list[Place], *, has_unanswered: bool
) -> Errand | Progress:
    """Choose the next call of one lane."""
    now = services.clock.now()
    lease = hold_lane(services, store, name)
    if lease is None:
        return Progress(at=now + CALL_DEADLINE)
    if has_unanswered:
        clear_up_own(services, store, lease)
    ready_at = lease.next_call_at - services.clock.head_start
    if ready_at > now:
        return Progress(at=ready_at)
    candidates = _candidates(services, store, lease, places)
    asked_again = {place.head.person for place in places if place.asked_again} if name == LANE else set[str]()
    turns: list[datetime] = []
    for row in candidates:
        turn = turn_of(services, store, row) if isinstance(row, StepRow) and row.executor in asked_again else None
        if turn is not None:
            turns.append(turn)
            continue
        taken = (
            _take_step(services, store, row, lease)
            if isinstance(row, StepRow)
            else _take_read(services, store, row, lease)
        )
        if taken is not None:
            return taken
        row.next_try_at = now + _PASSED_OVER
    return Progress(more=len(candidates) > len(turns), at=min(turns, default=None))


def _by_lane(services: Services, places: list[Place]) -> dict[str, list[Place]]:
    """Sort people by the lane of their calls. That of all calls is held also while there are none: for polls."""
    lanes: dict[str, list[Place]] = {LANE: []}
    for place in places:
        if place.can_be_called:
            lanes.setdefault(lane_of_link(services, place.link), []).append(place)
    return lanes


def _seat(services: Services, store: Store, place: Place) -> bool:
    """Let somebody who is not there be waited for: with one step for all of theirs, however many there are."""
    head, now = place.head, services.clock.now()
    if place.can_be_called:
        return False
    if place.is_expected:
        if place.link is not None and head.steps and not (place.link.away and find_button(store, place.link, now)):
            ask_to_come(store, place.link, store.change_sets.load_step(head.steps[0][1]), now)
            return True
        if place.link is not None and not place.link.away and head.read is not None:
            place.link.away = True
            show_surveys(store, head.person, now)
        return False
    has_session = place.link is not None and is_live(place.link, now)
    if has_session:
        return False  # a link of npm's is open
    if head.steps and not head.login_awaited:
        row = store.change_sets.load_step(head.steps[0][1])
        if _look_at_step(services, store, row) is None:
            row.next_try_at = now + _PASSED_OVER
        return True
    if head.read is not None and not (head.login_awaited or head.read_awaited or head.steps):
        _wait_for_login(store, store.reads.load(head.read), place.link, now)
        return True
    return False


def _candidates(services: Services, store: Store, lease: LeaseRow, places: Iterable[Place]) -> list[StepRow | ReadRow]:
    """What was just confirmed, half replaced, revokes, lists that people wait for, creates, what is to be found out.

    After a list a step goes first, so that nobody's lists hold up what others approved.

    A one-time password is used for what its person was asked to confirm. Within the others, the account whose window
    may be open goes first: nobody else is challenged meanwhile. When it is over, who shares the work and confirmed
    longest ago is next, so that nobody has to be there for all of it. What is to be found out comes last, so that all
    such reads come together, in one window.
    """
    ranked: list[tuple[tuple[bool, float, bool, int, float, int], StepRow | ReadRow]] = []
    for place in places:
        purpose = services.pocket.purpose_of(place.head.person)
        row = _row_of(store, *purpose) if purpose is not None else None
        if row is not None and row.next_try_at <= services.clock.now():
            ranked.append(((False, 0.0, False, 0, 0.0, row.id), row))
            continue
        own: list[tuple[float, StepRow | ReadRow]] = [
            (urgency.value, store.change_sets.load_step(step_id)) for urgency, step_id in place.head.steps[:1]
        ]
        if place.head.read is not None:
            read = store.reads.load(place.head.read)
            of_list = AFTER_STEPS if lease.last_call == LIST else Urgency.LIST.value
            own.append((of_list if read.survey_id is None else AFTER_ALL, read))
        for urgency, row in own:
            of_set = row.change_set_id if isinstance(row, StepRow) else 0
            ranked.append(((True, urgency, place.asked_again, of_set, place.confirmed, row.id), row))
    return [row for _, row in sorted(ranked, key=lambda each: each[0])]


def _row_of(store: Store, step_id: int | None, read_id: int | None) -> StepRow | ReadRow | None:
    """Find what a one-time password is for, where it is still to be called."""
    if step_id is not None:
        step = store.change_sets.load_step(step_id)
        return step if step.lifecycle.state in {State.HALF_REPLACED, State.READY, State.UNKNOWN} else None
    read = store.reads.load(read_id) if read_id is not None else None
    return read if read is not None and read.state in {"ready", QUEUED} else None


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
    if step.state is not State.UNKNOWN and advance(step, step_events.Taken()) is None:
        return None
    if call == Call.CREATE.value:
        transitions.update_progress(row, called_at=now, by_hand="")
    elif call != LIST:
        transitions.update_progress(row, by_hand="")
    if step.state is not State.UNKNOWN:
        transitions.move(store, row, step_events.Taken(), now=now)
    attempt = _write_attempt(store, call, ready.link, lease, now, step_id=row.id)
    return Errand(
        attempt_id=attempt.id,
        starts_at=lease.next_call_at,
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
    if step.state is State.READY and (stop := _stop_event(row, transitions.deadline_of(change_set, row), now)):
        return Progress(more=True) if transitions.move(store, row, stop, now=now) else None
    if (change_set.paused or row.held) and step.untouched and step.state is not State.UNKNOWN:
        return None
    directory = load_directory(services, store)
    facts = load_step_facts(services, store, change_set, row)
    nobody_approved = not executors_of(facts, directory)
    if step.untouched and (
        compare_policies(services, store, [row])
        or (nobody_approved and transitions.set_difference(store, row, why_void(facts, directory), now))
    ):
        return Progress(more=True)
    candidates = executors_of(facts, directory, transitions.progress_of(row).tried)
    if row.executor not in candidates and candidates:
        row.executor = best_of(store, candidates, now)
        return Progress(more=True)  # it stands in another's line now
    link = store.links.find_linked(row.executor)
    session = live_session(services, link)
    if link is None or session is None:
        transitions.move(store, row, step_events.NoSession(), now=now)
        services.bell.ring("handoffs")
        return Progress(more=True)
    is_new = step.untouched and step.state is State.READY
    is_refused = is_new and authorise(Action.EXECUTE, row.executor, facts, directory) is not None
    is_busy = store.change_sets.is_package_busy(row.package, but=row.id)
    until = shut_out_until(services, store, row, link, facts, WINDOW) if is_new else None
    if until is not None:
        store.line.postpone(row, until)
        return Progress(more=True)
    if is_refused or is_busy or not _may_be_asked(services, store, link):
        return None
    unsure = (want_owners(services, store, row) or check_people(services, store, row, facts)) if is_new else None
    return unsure or _Account(link, session)


def _stop_event(row: StepRow, deadline: datetime, now: datetime) -> step_events.Event | None:
    """Deadline and cancel are conditions, looked at on every entry."""
    if row.cancel_wanted:
        return step_events.Cancelled()
    return step_events.DeadlinePassed() if deadline <= now else None


def _take_read(services: Services, store: Store, row: ReadRow, lease: LeaseRow) -> Errand | Progress | None:
    now = services.clock.now()
    link = store.links.find_linked(row.slack_user)
    session = live_session(services, link)
    if link is None or session is None:
        _wait_for_login(store, row, link, now)
        services.bell.ring("handoffs")
        return Progress(more=True)
    if not _may_be_asked(services, store, link):
        return None
    row.state = "calling"
    attempt = _write_attempt(store, LIST, link, lease, now, read_id=row.id)
    return Errand(
        attempt_id=attempt.id,
        starts_at=lease.next_call_at,
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


def _wait_for_login(store: Store, row: ReadRow, link: LinkRow | None, now: datetime) -> None:
    if link is not None:
        row.state = "waiting"
        show_surveys(store, row.slack_user, now)
        return
    row.state, row.problem = "failed", "your npm account is not linked any more"
    store.surfaces.touch(f"list:{row.batch}", now)
    give_up_of_read(store, row, now)


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
    lease.last_call = call
    store.lanes.renew(lease, now)
    attempt = store.lanes.add_attempt(
        AttemptRow(
            workspace=store.workspace,
            step_id=step_id,
            read_id=read_id,
            call=call,
            slack_user=link.slack_user,
            npm_user=link.npm_user,
            lane=lease.name,
            fencing=lease.fencing,
            started_at=now,
            deadline=now + CALL_DEADLINE,
        )
    )
    store.audit.add(
        AuditKind.ATTEMPT_BEGAN,
        actor=link.slack_user,
        at=now,
        step_id=step_id,
        package=store.reads.load(read_id).package if read_id is not None else None,
        attempt=attempt.id,
        call=call,
        npm_user=link.npm_user,
    )
    return attempt
