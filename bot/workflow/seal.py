"""Sealing the record, beside those who write it: what was committed gets its seal within a minute."""

import logging
from datetime import timedelta

from bot.services import Services
from bot.workflow.progress import Progress
from storage.seals import LONG_REACH, SealBroken
from storage.store import Store

GATHER = timedelta(seconds=10)
"""So long events are gathered, to be sealed together."""

_LOG = logging.getLogger(__name__)


async def execute_next(services: Services) -> Progress:
    """Seal what has waited long enough, and with it everything that is newer.

    Raises:
        StorageError: It cannot be done now, or the newest seal does not hold.
    """

    def work(store: Store) -> Progress:
        now = services.clock.now()
        oldest = store.seals.oldest_unsealed(now)
        if oldest is None or oldest > now - GATHER:
            return Progress(at=oldest + GATHER if oldest else None)
        store.seals.seal(now)
        return Progress()

    return await services.database.run(work)


async def seal_missed(services: Services) -> None:
    """Seal what a process left behind that slept over the hours in which it is looked for."""
    try:
        await services.database.run(lambda store: store.seals.seal(services.clock.now(), reach=LONG_REACH))
    except SealBroken:  # requests go on; it is logged as long as it is so, and `npmtrust audit verify` tells where
        _LOG.exception("Nothing of the record can be sealed: `npmtrust audit verify` tells what is wrong with it")
