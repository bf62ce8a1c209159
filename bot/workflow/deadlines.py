"""Time passes: requests and sessions expire, and what cannot be found out or finished is told with the way out."""

from bot.domain import step_events
from bot.domain.lifecycle import OPEN_STATES
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.look import settle_look
from bot.workflow.progress import Progress
from bot.workflow.recording import wipe_session
from storage.store import Store


async def execute_next(services: Services) -> Progress:
    """Look at every deadline."""
    if await services.database.run(lambda store: _look(services, store)):
        services.bell.ring("lane", "surfaces")
    return Progress()


def _look(services: Services, store: Store) -> bool:
    now = services.clock.now()
    moved = False
    for row in store.change_sets.list_steps(OPEN_STATES):
        change_set = store.change_sets.load(row.change_set_id)
        if change_set.last_deadline <= now and transitions.move(store, row, step_events.LastDeadlinePassed(), now=now):
            moved = True
        else:
            moved |= transitions.expire(store, change_set, row, now)
    for link in store.links.list_linked():
        if link.session_until is not None and link.session_until <= now:
            wipe_session(store, link, why="its time was over", now=now)
    for read in store.reads.list_in(["ready", "waiting"]):
        if read.deadline <= now:
            read.state, read.problem = "failed", read.problem or "npm's link was not confirmed in time"
            store.surfaces.touch(f"list:{read.batch}", now)
            settle_look(services, store, read, now)
            moved = True
    return moved
