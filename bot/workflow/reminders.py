"""Reminders of what waits for decisions, inside the working hours of those who are to decide, each sent once."""

from datetime import datetime, timedelta

from bot.domain.approval import Directory, approvals_missing, reviewers_of
from bot.domain.lifecycle import State
from bot.domain.policy import NO_POLICY, PackagePolicy
from bot.domain.working_hours import next_working
from bot.messages.message import Message
from bot.messages.reminders import render_reminder
from bot.services import Services
from bot.workflow.authorise import load_all_step_facts, load_directory
from bot.workflow.loud import places_of
from bot.workflow.members import refresh_person
from bot.workflow.membership import refresh_groups
from bot.workflow.progress import Progress
from bot.workflow.views import change_set_view
from storage.models import ChangeSetRow
from storage.policy_models import ReminderRow
from storage.store import Store

_MOST_STEPS = 50
"""Of a change set with more, the first in review say who is to be reminded."""
_KNOWN_FOR = timedelta(hours=1)
"""How old what Slack says of a reviewer may be when they are reminded."""


async def execute_next(services: Services) -> Progress:
    """Plan the reminders of one change set, or send one that is due."""
    if await services.database.run(lambda store: _plan(services, store)):
        return Progress(more=True)
    now = services.clock.now()
    due = await services.database.run(lambda store: store.reminders.next_due())
    if due is None or due.due_at > now:
        return Progress(at=due.due_at if due else None)
    await _ask_slack(services, due.change_set_id)
    await services.database.run(lambda store: _send(services, store, due.id))
    services.bell.ring("surfaces")
    return Progress(more=True)


def _plan(services: Services, store: Store) -> bool:
    change_set = store.reminders.find_unplanned()
    if change_set is None:
        return False
    policy = _policy_of(services, store, change_set)
    for number, hours in enumerate(policy.remind_after_hours):
        store.reminders.add(change_set.id, number, due_at=change_set.created_at + timedelta(hours=hours))
    if not policy.remind_after_hours:
        store.reminders.add(change_set.id, 0, due_at=change_set.created_at).sent_at = services.clock.now()
    return True


def _policy_of(services: Services, store: Store, change_set: ChangeSetRow) -> PackagePolicy:
    """Tell the policy whose reminders hold: that of the first package that waits."""
    rows = store.change_sets.page_steps(change_set.id, states=(State.IN_REVIEW,), limit=1)
    return services.policies.current.policy_of(rows[0].package) if rows else NO_POLICY


async def _ask_slack(services: Services, change_set_id: int) -> None:
    """Find out who of the reviewers is still there, and where they live."""
    since = services.clock.now() - _KNOWN_FOR

    def find(store: Store) -> tuple[list[str], frozenset[str]]:
        change_set = store.change_sets.load(change_set_id)
        people = _waiting(services, store, change_set, load_directory(services, store))
        known = store.people.load_all(people)
        old = [user for user in people if user not in known or known[user].tried_at < since]
        return old, _policy_of(services, store, change_set).named_groups

    people, groups = await services.database.run(find)
    await refresh_groups(services, groups)
    for user in people:
        await refresh_person(services, user)


def _waiting(services: Services, store: Store, change_set: ChangeSetRow, directory: Directory) -> list[str]:
    """List the reviewers who have not decided, of what still lacks approvals."""
    rows = store.change_sets.page_steps(change_set.id, states=(State.IN_REVIEW,), limit=_MOST_STEPS)
    found: list[str] = []
    for facts in load_all_step_facts(services, store, change_set, rows).values():
        agreed = {one.person for one in facts.approvals}
        if approvals_missing(facts, directory):
            found += [person for person in reviewers_of(facts, directory).people if person not in agreed]
    return list(dict.fromkeys(found))


def _send(services: Services, store: Store, reminder_id: int) -> None:
    row = store.reminders.load(reminder_id)
    if row.sent_at is not None:
        return  # another process was first
    now = services.clock.now()
    change_set = store.change_sets.load(row.change_set_id)
    is_waited_for = bool(store.change_sets.page_steps(change_set.id, states=(State.IN_REVIEW,), limit=1))
    if not is_waited_for or change_set.deadline <= now:
        row.sent_at = now
        return
    directory = load_directory(services, store)
    waiting = _waiting(services, store, change_set, directory)
    if row.person:
        row.sent_at = now
        if row.person in waiting:
            _want(store, row, row.person, now)
    elif row.round == 0:
        row.sent_at = now
        for person in waiting:
            _remind(services, store, row, person, now)
    else:
        _pass_on(services, store, row, waiting, directory, now)


def _remind(services: Services, store: Store, row: ReminderRow, person: str, now: datetime) -> None:
    moment = _next_working(services, store, person, now)
    if moment <= now:
        _want(store, row, person, now)
    elif store.reminders.find(row.change_set_id, row.round, person) is None:
        store.reminders.add(row.change_set_id, row.round, due_at=moment, person=person)


def _pass_on(
    services: Services, store: Store, row: ReminderRow, waiting: list[str], directory: Directory, now: datetime
) -> None:
    """Remind in the channel, at last also whom the policy names for it, or the admins, when one of them works."""
    change_set = store.change_sets.load(row.change_set_id)
    moment = min((_next_working(services, store, person, now) for person in waiting or [""]), default=now)
    if moment > now:
        row.due_at = moment
        return
    row.sent_at = now
    policy = _policy_of(services, store, change_set)
    if row.round + 1 < len(policy.remind_after_hours):
        _want(store, row, change_set.channel, now)
        return
    for place in places_of(policy.escalate_to or sorted(services.admins), directory):
        _want(store, row, place, now)


def _next_working(services: Services, store: Store, person: str, now: datetime) -> datetime:
    known = store.people.find(person)
    hours = services.policies.current.working_hours
    return next_working(now, known.timezone if known else "", hours)


def _want(store: Store, row: ReminderRow, place: str, now: datetime) -> None:
    store.surfaces.want(f"reminder:{row.change_set_id}:{row.round}:{place}", channel=place, now=now)


def draw_reminder(services: Services, store: Store, reference: str) -> Message:
    """Draw a reminder; once it is decided it says so."""
    change_set_id, number, place = reference.split(":")[:3]
    change_set = store.change_sets.load(int(change_set_id))
    policy = _policy_of(services, store, change_set)
    is_last = 0 < int(number) >= len(policy.remind_after_hours) - 1
    view = change_set_view(services, store, change_set)
    return render_reminder(view, to_person=place.startswith(("U", "W")), is_last=is_last)
