"""What is looked at again just before a step's first call: the owners, the people behind its approval, the window."""

from datetime import datetime, timedelta

from bot.domain.approval import StepFacts
from bot.domain.lifecycle import State
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.membership import UNKNOWN, are_known, ask_after, find_unsure, load_known
from bot.workflow.progress import Progress
from storage.account_models import HandoffRow, LinkRow
from storage.models import StepRow
from storage.store import Store

OWNERS_KNOWN = timedelta(minutes=5)
"""How old what npm said of a package's owners may be."""
_AHEAD = 16
"""So many steps of the same line are looked at together, so that reading does not slow the calls down."""
_SOON = timedelta(seconds=1)


def check_people(services: Services, store: Store, row: StepRow, facts: StepFacts) -> Progress | None:
    """See that Slack told a moment ago who approved; None when it did, else when to look again.

    The people are asked after by a worker, since a transaction waits for nobody. What Slack says of them is looked at
    by who takes the step.
    """
    now = services.clock.now()
    known = load_known(store, facts)
    if unsure := find_unsure(services, known, facts):
        ask_after(services, store, unsure)
        return Progress(at=now + _SOON)
    progress = transitions.progress_of(row)
    if are_known(services, known, facts):
        if progress.trouble == UNKNOWN:
            transitions.update_progress(row, trouble="")
        return None
    if progress.trouble != UNKNOWN:
        transitions.set_trouble(row, UNKNOWN, now)
        transitions.touch(store, row.change_set_id, now)
    row.next_try_at = now + timedelta(seconds=30)
    return Progress(more=True)


def shut_out_until(
    services: Services, store: Store, row: StepRow, link: LinkRow, facts: StepFacts, window: timedelta
) -> datetime | None:
    """Tell until when npm might let a call pass since its person confirmed something else; a policy may forbid that.

    A link of npm's that was put off, or whose step was stopped, can be used all the same, and nobody tells us of it.
    """
    if facts.policy.share_window:
        return None
    now = services.clock.now()
    done = store.handoffs.find_last_done(link.slack_user)
    ends = [(link.confirmed_at or done.expires_at) + window] if done and _is_of_another(store, done, row) else []
    unused = store.handoffs.list_unused(link.slack_user, since=now - services.options.handoff_life - window)
    ends += [handoff.expires_at + window for handoff in unused if _is_of_another(store, handoff, row)]
    latest = max(ends, default=now)
    return latest if latest > now else None


def _is_of_another(store: Store, handoff: HandoffRow, row: StepRow) -> bool:
    """Tell whether a link was for a list, or for another change set."""
    return handoff.step_id is None or store.change_sets.load_step(handoff.step_id).change_set_id != row.change_set_id


def want_owners(services: Services, store: Store, row: StepRow) -> Progress | None:
    """See that npm told a moment ago who the owners are; None when it did, else when to look again."""
    now = services.clock.now()
    is_old = _is_old(row, now)
    half_way = () if is_old else store.line.list_alike(row, 1, skip=_AHEAD // 2)
    if is_old or any(_is_old(step, now) for step in half_way):
        ahead = [step for step in store.line.list_alike(row, _AHEAD) if _is_old(step, now)]
        services.owners_wanted.update({row.id, *(step.id for step in ahead)} if is_old else {step.id for step in ahead})
        services.bell.ring("people")
    return Progress(at=now + _SOON) if is_old else None


def _is_old(row: StepRow, now: datetime) -> bool:
    asked = transitions.progress_of(row).owners_at
    is_first = row.lifecycle.untouched and row.state == State.READY.value
    return is_first and (asked is None or now - asked >= OWNERS_KNOWN)
