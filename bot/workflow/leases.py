"""Whose a lane is: it belongs to one process at a time, and what its last holder left has to be cleared up."""

import logging
from datetime import timedelta

from bot.domain import step_events
from bot.domain.events import AuditKind
from bot.domain.lifecycle import State
from bot.services import Services
from bot.workflow import transitions
from storage.account_models import LinkRow
from storage.models import AttemptRow, LeaseRow
from storage.store import Store

LANE = "registry"
"""The lane of all calls, where accounts have none of their own; logins of unknown accounts always belong to it."""

ACCOUNT = "account:"
"""How the names of the accounts' own lanes begin."""

CALL_DEADLINE = timedelta(seconds=10)
"""How long a call may take in all: shorter than the lease less a margin, so that nobody else has begun by then."""

_RENEWED = timedelta(seconds=2)
"""Between calls a lane is kept by looking at it; each call that is claimed renews it in full, with its attempt."""

LIST = "list"
"""The call that reads; the others are of `bot.domain.lifecycle.Call`."""

_LOG = logging.getLogger(__name__)


def lane_of(services: Services, npm_user: str) -> str:
    """Tell in which lane an account's calls are made."""
    return f"{ACCOUNT}{npm_user}" if services.options.lane == "account" and npm_user else LANE


def lane_of_link(services: Services, link: LinkRow | None) -> str:
    """Tell in which lane the calls of a person are made."""
    return lane_of(services, link.npm_user if link else "")


def hold_lane(services: Services, store: Store, name: str = LANE) -> LeaseRow | None:
    """Take or renew a lane for this process; clear up what its last holder left; None while another has it."""
    now = services.clock.now()
    held = store.lanes.hold(name, holder=services.process, now=now, renewed=_RENEWED)
    if held is None:
        return None
    lease, is_new = held
    if is_new:
        if lease.fencing > 1:
            _LOG.info("The calls of the lane %s are made by this process now (lease %d)", name, lease.fencing)
        store.audit.add(AuditKind.LANE_TAKEN, actor=transitions.NPMTRUST, at=now, fencing=lease.fencing, lane=name)
        for attempt in store.lanes.list_unfinished(name, before=lease.fencing):
            _clear_up(services, store, lease, attempt)
    return lease


def clear_up_own(services: Services, store: Store, lease: LeaseRow) -> None:
    """Clear up our own call whose answer could not be stored: there is one call at a time in a lane."""
    for attempt in store.lanes.list_unfinished(lease.name, before=lease.fencing + 1):
        _clear_up(services, store, lease, attempt)


def clear_up_abandoned(services: Services, store: Store) -> frozenset[str]:
    """Take the lanes in which a process died, also those that no call is made in any more: the setting may differ.

    Returns:
        The lanes in which there was a call without an answer.
    """
    now, unanswered = services.clock.now(), store.lanes.list_unanswered()
    for name, ends in unanswered.items():
        if ends < now:
            hold_lane(services, store, name)
    return frozenset(unanswered)


def _clear_up(services: Services, store: Store, lease: LeaseRow, attempt: AttemptRow) -> None:
    """The process that made this call has died, or slept over its lease: nobody knows what npm did, and until when."""
    now = services.clock.now()
    _LOG.warning("Call %d has no answer: its process died, slept, or lost the database; npm is asked", attempt.id)
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
