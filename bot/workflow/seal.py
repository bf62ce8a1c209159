"""Sealing the record, beside those who write it: what was committed gets its seal within a second or two."""

import logging
from datetime import timedelta

from bot.errors import StorageError
from bot.services import Services
from bot.workflow.progress import Progress
from storage.seals import LONG_REACH, SealBroken

GATHER = timedelta(seconds=1)
"""So long events of this process are gathered, to be sealed together."""
LEFT_BEHIND = timedelta(seconds=10)
"""How often it is looked for events that others have left without a seal."""

_LOG = logging.getLogger(__name__)


async def execute_next(services: Services) -> Progress:
    """Seal what has waited long enough, and with it everything that is newer.

    Raises:
        StorageError: It cannot be done now, or the newest seal does not hold.
    """
    now, unsealed = services.clock.now(), services.database.unsealed
    if unsealed.looked_at is None or not unsealed.looked_at <= now < unsealed.looked_at + LEFT_BEHIND:
        await services.database.run(lambda store: store.seals.seal(now))
        unsealed.looked_at = now
        return Progress()
    oldest = unsealed.find_oldest()
    if oldest is None:
        return Progress()
    if now - GATHER < oldest <= now:
        return Progress(at=oldest + GATHER)
    await services.database.run(lambda store: store.seals.seal_own(now))
    return Progress()


async def seal_missed(services: Services) -> None:
    """Seal what a process left behind that slept over the hours in which it is looked for."""
    try:
        await services.database.run(lambda store: store.seals.seal(services.clock.now(), reach=LONG_REACH))
    except SealBroken:  # requests go on; it is logged as long as it is so, and `npmtrust audit verify` tells where
        _LOG.exception("Nothing of the record can be sealed: `npmtrust audit verify` tells what is wrong with it")


async def seal_last(services: Services) -> None:
    """Seal what is left before the process ends: then nobody remembers it any more."""
    try:
        await services.database.run(lambda store: store.seals.seal_own(services.clock.now()))
    except StorageError as err:
        left = len(services.database.unsealed.list_all())
        _LOG.warning("The last %d events of the record could not be sealed: %s", left, err)
