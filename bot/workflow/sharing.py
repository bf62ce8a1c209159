"""Several approvers share the work: steps are dealt to those who are there, and who is away holds up nobody's.

Each gets one run of what is alike. Who is away keeps their own until somebody else who approved the same is there and
has nothing else to do: then they take over, a few at a time and the last first, so that who comes back finds the rest.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain import step_events
from bot.domain.approval import executors_of
from bot.domain.lifecycle import State
from bot.domain.shares import LEAST_SHARE, Portion, deal
from bot.domain.windows import Asking, Method
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.authorise import load_all_step_facts, load_directory
from bot.workflow.before_call import shut_out_until
from bot.workflow.places import WINDOW, Place, is_live
from bot.workflow.presence import is_present
from bot.workflow.windows import asking_of
from storage.models import StepRow
from storage.store import Store

ONE_AT_A_TIME = timedelta(minutes=1)
"""For so long somebody's link is waited for before others who share the change set get theirs: of two windows that are
open at the same time, one is wasted, since the calls come one after the other."""

_AT_ONCE = 20
"""So many steps are taken over at a time."""

_LOOKED_AT = 100
"""Of so many of the last steps of who is away."""


@dataclass(frozen=True, slots=True)
class Sharers:
    """Who is there to share a change set, and what they have of it already."""

    present: frozenset[str]
    loads: Mapping[str, int]

    def deal(self, candidates: Iterable[tuple[StepRow, tuple[str, ...]]]) -> None:
        """Let each step run with the account of one who may; nobody: of none.

        Args:
            candidates: Each step with whose account may be used, the best first.
        """
        rows = list(candidates)
        dealt = deal((Portion(row.id, row.likeness, self._of(people)) for row, people in rows if people), self.loads)
        for row, _ in rows:
            row.executor = dealt.get(row.id, "")

    def without(self, steps: Iterable[StepRow]) -> "Sharers":
        """Count steps no more that are dealt anew."""
        loads = dict(self.loads)
        for step in steps:
            loads[step.executor] = loads.get(step.executor, 1) - 1
        return Sharers(self.present, loads)

    def deal_to_present(self, candidates: Iterable[tuple[StepRow, tuple[str, ...]]]) -> None:
        """Deal anew what somebody who is there can make; the rest stays as it was dealt."""
        self.deal((row, people) for row, people in candidates if self.present.intersection(people))

    def _of(self, people: tuple[str, ...]) -> tuple[str, ...]:
        """Leave out who is not there, as long as somebody is."""
        return tuple(person for person in people if person in self.present) or people[:1]


def load_sharers(store: Store, change_set_id: int, now: datetime) -> Sharers:
    """Find out who is there."""
    loads: dict[str, int] = {}
    for _, executor, _, number in store.change_sets.count_executors(change_set_id):
        loads[executor] = loads.get(executor, 0) + number
    return Sharers(frozenset(link.slack_user for link in store.links.list_linked() if is_present(link, now)), loads)


def best_of(store: Store, candidates: Sequence[str], now: datetime) -> str:
    """Choose whose account is used next: the first of those who are there; empty where nobody may."""
    links = (store.links.find_linked(person) for person in candidates)
    there = (link.slack_user for link in links if link is not None and is_present(link, now))
    return next(there, next(iter(candidates), ""))


def take_over(services: Services, store: Store, busy: Iterable[str] | None = None) -> bool:
    """Give some steps of who is away to somebody who approved them too, is there and has nothing to do.

    Args:
        services: What a use case works with.
        store: Of the transaction.
        busy: Slack ids of who has something to do; None: it is to be found out.

    Returns:
        Whether some were given.
    """
    now, links = services.clock.now(), store.links.list_linked()
    away = [link.slack_user for link in links if link.away]
    if not away:
        return False
    if busy is None:
        busy = [head.person for head in store.line.heads(now) if head.steps]
    asked = {handoff.slack_user for handoff in store.handoffs.list_open()}.union(busy)
    free = [
        link.slack_user
        for link in links
        if link.slack_user not in asked and is_present(link, now) and is_live(link, now)
    ]
    for person in free:
        if services.pocket.purpose_of(person) is not None:
            continue
        for absent in away:
            rows = store.line.list_lendable(absent, person, among=_LOOKED_AT, limit=_AT_ONCE)
            if rows and _give(services, store, rows, person, now):
                return True
    return False


def _give(services: Services, store: Store, rows: Sequence[StepRow], person: str, now: datetime) -> bool:
    """Let steps run with somebody's account, as far as the rules let them."""
    directory, given = load_directory(services, store), list[StepRow]()
    link = store.links.find_linked(person)
    of_set: dict[int, list[StepRow]] = {}
    for row in rows:
        of_set.setdefault(row.change_set_id, []).append(row)
    for change_set_id, alike in of_set.items():
        facts = load_all_step_facts(services, store, store.change_sets.load(change_set_id), alike)
        for row in alike:
            tried = transitions.progress_of(row).tried
            may = person in executors_of(facts[row.id], directory, tried)
            # whose window of another change set keeps them out would take all of it, and wait
            if may and link and not shut_out_until(services, store, row, link, facts[row.id], WINDOW):
                given.append(row)
    for row in given:
        row.executor, row.next_try_at = person, now
    transitions.move_all(store, given, step_events.PersonDone(), actor=person, now=now)
    for change_set_id in of_set:
        transitions.touch(store, change_set_id, now)
    store.surfaces.touch_about("asked", {str(row.id) for row in given}, now)
    store.flush()
    return bool(given)


def take_over_idle(services: Services, store: Store, places: Sequence[Place]) -> bool:
    """Look whether somebody takes over, where somebody is waited for or nothing else is to be called."""
    busy = [place.head.person for place in places if place.head.steps or place.head.read is not None]
    is_idle = not any(place.can_be_called for place in places)
    return (is_idle or not all(place.can_be_called for place in places)) and take_over(services, store, busy)


def turn_of(services: Services, store: Store, row: StepRow) -> datetime | None:
    """Tell until when a step waits that would open a second window; None: it need not.

    Somebody who shares its change set has just got a link. It is not waited for where npm asks for each call, nor by
    who has little to do.
    """
    if row.lifecycle.state is not State.READY or services.pocket.purpose_of(row.executor) is not None:
        return None
    now = services.clock.now()
    for handoff in store.handoffs.list_open():
        until = handoff.created_at + ONE_AT_A_TIME
        if handoff.login or handoff.step_id is None or handoff.slack_user == row.executor or until <= now:
            continue
        other = store.change_sets.load_step(handoff.step_id)
        link = store.links.find_linked(handoff.slack_user)
        asks_each = asking_of(store, link, Method(row.lifecycle.call.value)) is Asking.EACH
        is_shared = other.change_set_id == row.change_set_id and not asks_each
        if is_shared and store.line.count_calls(row.executor, row.change_set_id) >= LEAST_SHARE:
            return until
    return None
