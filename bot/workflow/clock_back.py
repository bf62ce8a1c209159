"""The machine's clock was set back: what was written while it was fast must not hold anything up."""

import logging

from bot.clock import TOLERANCE
from bot.services import Services
from bot.workflow.leases import CALL_DEADLINE
from bot.workflow.link_account import SESSION_LIFE
from bot.workflow.presence import PRESENCE
from bot.workflow.progress import Progress
from storage.moments import Limits
from storage.store import Store

_LOG = logging.getLogger(__name__)


async def execute_next(services: Services) -> Progress:
    """See whether it was set back since the last look; without that nothing is read."""
    if back := services.clock_watch.see_turned_back():
        _LOG.warning(
            "The machine's clock was set back by %.0f s: what waits is brought back with it", back.total_seconds()
        )
        await services.database.run(lambda store: bring_back(services, store))
        services.bell.ring("inbox", "lane", "handoffs", "surfaces")
    return Progress()


def bring_back_missed(services: Services, store: Store) -> None:
    """See at the start of a process whether it was set back while none ran: the record is ahead of it then."""
    newest, now = store.moments.newest(), services.clock.now()
    if newest is not None and newest > now + TOLERANCE:
        _LOG.warning(
            "The record is %.0f s ahead of the machine's clock: what waits is brought back",
            (newest - now).total_seconds(),
        )
        bring_back(services, store)


def bring_back(services: Services, store: Store) -> None:
    """Let nothing wait longer than it would by a clock that is right."""
    limits = Limits(
        settled=services.options.lag + CALL_DEADLINE,
        handoff=services.options.handoff_life,
        presence=PRESENCE,
        session=SESSION_LIFE,
    )
    store.moments.bring_back(services.clock.now(), limits)
