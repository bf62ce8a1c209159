"""Time passes: requests and sessions expire, and what cannot be found out or finished is told with the way out."""

from datetime import timedelta

from pydantic import SecretStr

from bot.domain import step_events
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.lane import live_session
from bot.workflow.link_account import SESSION_LIFE, end_session
from bot.workflow.look import settle_look
from bot.workflow.presence import PRESENCE
from bot.workflow.progress import Progress
from bot.workflow.recording import wipe_session
from bot.workflow.retry import settle_retry
from bot.workflow.survey_ends import stop_survey
from storage.store import Store

_FINDING_OUT = timedelta(hours=24)
"""How long a step is looked for after its own deadline, as one of its change set is after that of the set."""

_SETTLED_WITHIN = timedelta(days=2)
"""How far back it is looked for a `retry` whose lists nobody will read any more: longer than it waits for them."""


async def execute_next(services: Services) -> Progress:
    """Look at every deadline."""
    if await services.database.run(lambda store: _look(services, store)):
        services.bell.ring("lane", "surfaces")
    if services.options.sessions == "after_batch":
        for session in await services.database.run(lambda store: _wipe_idle(services, store)):
            await end_session(services, session)
    return Progress()


def _wipe_idle(services: Services, store: Store) -> list[SecretStr]:
    """Forget the sessions that have done what they were for; they are to be ended at npm too.

    One with which nothing was done yet stays: its person has logged in for what is about to come.
    """
    now = services.clock.now()
    sessions = []
    for link in store.links.list_idle(now):
        session = live_session(services, link)
        if session is not None and link.session_until is not None and link.present_until is not None:
            logged_in_at = link.session_until - SESSION_LIFE
            if link.present_until > logged_in_at + PRESENCE:
                wipe_session(store, link, why="nothing waits for it any more", now=now)
                sessions.append(session)
    return sessions


def _look(services: Services, store: Store) -> bool:
    now = services.clock.now()
    moved = False
    for row in store.line.list_lost(now, finding_out=_FINDING_OUT):
        change_set = store.change_sets.load(row.change_set_id)
        is_over = transitions.last_deadline_of(change_set, row) <= now
        moved |= is_over and transitions.move(store, row, step_events.LastDeadlinePassed(), now=now)
    for row in store.line.list_overdue(now, held_since=now - transitions.HOLD_LIFE):
        moved |= transitions.expire(store, store.change_sets.load(row.change_set_id), row, now)
    for link in store.links.list_linked():
        if link.session_until is not None and link.session_until <= now:
            wipe_session(store, link, why="its time was over", now=now)
    for read in store.reads.list_overdue(now):
        read.state, read.problem = "failed", read.problem or "npm's link was not confirmed in time"
        store.surfaces.touch(f"list:{read.batch}", now)
        settle_look(services, store, read, now)
        settle_retry(services, store, read, now)
        moved = True
    for read in store.reads.list_unsettled(now - _SETTLED_WITHIN):
        settle_retry(services, store, read, now)
        moved = True
    for survey in store.surveys.list_overdue(now):
        moved |= stop_survey(store, survey, "it was not read in time", now)
    store.uploads.drop_old(now)
    return moved
