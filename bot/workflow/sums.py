"""Loading what the message of a large change set shows: with the same work for ten steps and for ten thousand."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from bot.domain.approval import approvals_missing, reviewers_of
from bot.domain.events import AuditKind
from bot.domain.lifecycle import OPEN_STATES, State, WaitFor
from bot.domain.overview import ChangeSetView
from bot.domain.sums import Awaited, End, Ended, GroupView, Shared, SumView, speed_of, sum_ended
from bot.messages.freezing import frozen_line
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.authorise import load_all_step_facts, load_directory
from bot.workflow.lane import OPERATION, live_session
from bot.workflow.views import FIRST_PUBLISH, change_set_view
from storage.models import ChangeSetRow, StepRow
from storage.store import Store

_GROUPS = 12
_LOOKED_AT = 40
"""So many steps in review tell whose approval is waited for."""
_ENDS = 31
_NAMES = 5
_FAILED = (State.CONFLICT, State.REFUSED, State.UNRESOLVED, State.LEFT_HALF, State.RESTORED)
_EACH = 50
"""So many steps of each failed state tell npm's words, or those of who rejected them."""


def is_large(store: Store, change_set_id: int) -> bool:
    """Tell whether a change set is summed up instead of told step by step."""
    return sum(store.change_sets.tally(change_set_id).values()) > transitions.SMALL


def shown_view(services: Services, store: Store, change_set: ChangeSetRow) -> ChangeSetView | SumView:
    """Load a change set as its message shows it."""
    if is_large(store, change_set.id):
        return sum_view(services, store, change_set)
    return change_set_view(services, store, change_set)


def reviewers_in(view: ChangeSetView | SumView) -> set[str]:
    """Tell whose approval is asked for, as far as it is known."""
    return set(view.reviewers) if isinstance(view, SumView) else {p for step in view.steps for p in step.reviewers}


def sum_view(services: Services, store: Store, change_set: ChangeSetRow) -> SumView:
    """Load a change set, summed up."""
    tally = store.change_sets.tally(change_set.id)
    held = store.change_sets.count_held(change_set.id)
    ends = store.change_sets.list_ends(change_set.id, _ENDS)
    reviewed = _load_review(services, store, change_set, tally.get(State.IN_REVIEW, 0))
    stop = store.freezes.current()
    return reviewed.model_copy(
        update={
            "size": sum(tally.values()),
            "tally": tally,
            "held": sum(held.values()),
            "held_ready": store.change_sets.count_held_ready(change_set.id) if held else 0,
            "groups": _groups(store, change_set, held),
            "groups_in_all": store.change_sets.groups.count(change_set.id),
            **_load_executors(services, store, change_set),
            "deadline": _next_deadline(store, change_set, tally),
            "troubles": _troubles(store, change_set),
            "speed": speed_of(ends, services.clock.now()),
            "ended": _ended(store, change_set, tally),
            "ended_at": ends[0] if ends else None,
            "publish_before": _publish_before(store, change_set),
            "stopped": frozen_line(stop.actor, stop.reason) if stop else "",
            "cancelled_by": store.audit.find_last_actor(AuditKind.CANCEL_WANTED, change_set.id),
            "disowned_by": store.audit.find_last_actor(AuditKind.DISOWNED, change_set.id),
        }
    )


def _load_review(services: Services, store: Store, change_set: ChangeSetRow, in_review: int) -> SumView:
    """Load who is asked for an approval: from the first steps in review, which are looked at with one query."""
    steps = store.change_sets.page_steps(change_set.id, states=[State.IN_REVIEW], limit=_LOOKED_AT) if in_review else []
    directory = load_directory(services, store)
    rules = load_all_step_facts(services, store, change_set, steps).values()
    reviewers = [reviewers_of(facts, directory) for facts in rules]
    return SumView(
        number=change_set.number,
        requester=change_set.requester,
        reason=change_set.reason,
        created_at=change_set.created_at,
        deadline=change_set.deadline,
        offer=change_set.offer,
        channel=change_set.channel,
        size=0,
        tally={},
        paused=change_set.paused,
        reviewers=_unique(person for each in reviewers for person in each.people),
        unlinked=_unique(name for each in reviewers for name in each.unlinked),
        has_more_reviewers=in_review > len(steps),
        approvals_missing=max((approvals_missing(facts, directory) for facts in rules), default=0),
        needs_look=any(facts.needs_look for facts in rules),
        approved_by=tuple(sorted(_in_each({approval.person for approval in facts.approvals} for facts in rules))),
        has_approvals=any(facts.approvals for facts in rules),
    )


def _in_each(sets: Iterable[set[str]]) -> set[str]:
    """What all of them have; nothing where there are none."""
    found = list(sets)
    return set.intersection(*found) if found else set()


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _groups(store: Store, change_set: ChangeSetRow, held: dict[str, int]) -> tuple[GroupView, ...]:
    rows = store.change_sets.groups_of(change_set.id, limit=_GROUPS)
    tallies = store.change_sets.groups.tallies(change_set.id, [row.likeness for row in rows])
    return tuple(
        GroupView(
            operation=OPERATION.validate_json(row.sample),
            size=row.size,
            position=row.position,
            tally=tallies.get(row.likeness, {}),
            held=held.get(row.likeness, 0),
            warned=row.warned,
        )
        for row in rows
    )


def _load_executors(
    services: Services, store: Store, change_set: ChangeSetRow
) -> dict[str, tuple[Awaited, ...] | tuple[Shared, ...] | bool]:
    """Tell whom the approved steps wait for, and whose accounts share them; who has no live session is to log in.

    What is held waits for nobody's account, and is dealt anew when it is let go; what is paused waits for nobody.
    """
    found: dict[tuple[str, WaitFor], int] = {}
    away: dict[str, bool] = {}
    shares: Counter[str] = Counter()
    in_line: set[str] = set()
    is_calling = False
    held = store.change_sets.count_held_of(change_set.id)
    for state, executor, waits, counted in store.change_sets.count_executors(change_set.id):
        link = store.links.find_linked(executor) if executor else None
        away[executor] = link is not None and link.away
        number = counted - (held.get(executor, 0) if state is State.READY else 0)
        if link is not None and number:
            shares[link.npm_user] += number
        if not number or (state is State.READY and change_set.paused):
            continue
        waits_for = WaitFor(waits)
        if state in {State.READY, State.UNKNOWN, State.HALF_REPLACED}:
            if link is not None and live_session(services, link) is None:
                waits_for = WaitFor.LOGIN
            elif not away[executor]:
                in_line.add(executor)
                continue  # it waits for its turn, and for nobody
            else:
                waits_for = WaitFor.CONFIRMATION
        elif state is State.CALLING:
            is_calling = True
            continue
        key = ("" if waits_for is WaitFor.ACCOUNT else executor, waits_for)
        found[key] = found.get(key, 0) + number
    awaited = tuple(
        Awaited(
            person=person,
            waits_for=waits_for,
            steps=number,
            away=away.get(person, False),
            words=_words_of_accounts(store, change_set) if waits_for is WaitFor.ACCOUNT else "",
        )
        for (person, waits_for), number in found.items()
    )
    return {
        "awaited": awaited,
        "all_wait": not is_calling and in_line <= {person for person, _ in found},
        "shares": tuple(Shared(npm_user=npm_user, steps=number) for npm_user, number in shares.most_common()),
    }


def _next_deadline(store: Store, change_set: ChangeSetRow, tally: Mapping[State, int]) -> datetime:
    """Tell when the next steps expire: what is held, or was let go, has its own time."""
    if tally.get(State.IN_REVIEW):
        return change_set.deadline
    free = store.change_sets.find_free(change_set.id)
    if free is not None:
        return transitions.deadline_of(change_set, free)
    kept = store.change_sets.page_steps(change_set.id, states=OPEN_STATES, limit=1)
    return transitions.deadline_of(change_set, kept[0]) if kept else change_set.deadline


def _words_of_accounts(store: Store, change_set: ChangeSetRow) -> str:
    """Tell what npm said of the last account that it refused."""
    steps = store.line.list_waiting_in(change_set.id, [WaitFor.ACCOUNT], limit=1)
    return transitions.progress_of(steps[0]).npm_message if steps else ""


def _troubles(store: Store, change_set: ChangeSetRow) -> tuple[str, ...]:
    """Say what is in the way of the next steps: one look at a few of them."""
    states = [State.READY, State.UNKNOWN, State.HALF_REPLACED, State.WAITING]
    steps = store.change_sets.page_steps(change_set.id, states=states, limit=_NAMES)
    return _unique(trouble for step in steps if (trouble := transitions.progress_of(step).trouble))


def _ended(store: Store, change_set: ChangeSetRow, tally: Mapping[State, int]) -> tuple[Ended, ...]:
    steps: list[StepRow] = []
    for state in _FAILED:
        if tally.get(state):
            steps += store.change_sets.page_steps(change_set.id, states=[state], limit=_EACH)
    ends = [End(State(step.state), step.package, transitions.progress_of(step).npm_message) for step in steps]
    return sum_ended([*ends, *_rejections(store, change_set, tally)], names=_NAMES, in_all=tally)


def _rejections(store: Store, change_set: ChangeSetRow, tally: Mapping[State, int]) -> Iterator[End]:
    """Tell who rejected what, and why: whoever rejects is promised that the channel reads it."""
    if not tally.get(State.REJECTED):
        return
    steps = store.change_sets.page_steps(change_set.id, states=[State.REJECTED], limit=_EACH)
    decided = store.decisions.list_all_of(step.id for step in steps)
    for step in steps:
        against = [each for each in decided.get(step.id, ()) if not each.approved and each.void_at is None]
        last = against[-1] if against else None
        yield End(State.REJECTED, step.package, last.reason if last else "", last.slack_user if last else "")


def _publish_before(store: Store, change_set: ChangeSetRow) -> datetime | None:
    first = store.change_sets.find_first_applied(change_set.id)
    called_at = transitions.progress_of(first).called_at if first else None
    return called_at + FIRST_PUBLISH if called_at else None
