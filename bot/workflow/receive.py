"""What Slack delivers is committed before it is acknowledged; what comes during one commit, with the next one."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from enum import Enum, auto
from functools import partial

from bot import log
from bot.domain.deliveries import DELIVERY, Delivery
from bot.errors import StorageError
from bot.services import Services
from bot.workflow import limits
from bot.workflow.limits import TooMany
from storage.database import CommitUnknown, DatabaseDown
from storage.inbox import Letter
from storage.models import InboxRow
from storage.sealed import delivery_about
from storage.store import Store

ACK_SECONDS = 2.0
"""After this nothing is promised: Slack waits for an ack for three seconds."""

_LOG = logging.getLogger(__name__)


class PerhapsStored(StorageError):
    """The database went away in the middle of a commit, and did not come back in time to say what it holds."""


class Receipt(Enum):
    """Whether a delivery is new."""

    STORED = auto()
    DUPLICATE = auto()


async def receive(services: Services, delivery: Delivery, *, key: str, after: timedelta = timedelta(0)) -> Receipt:
    """Commit a delivery; the ack promises that it will be done, at once or after a moment.

    Raises:
        PerhapsStored: The database went away in the middle, and it cannot be found out in time what is stored.
        StorageError: The database is down, and nothing is promised.
        TooMany: Its person, or all in its channel, want too much now; it is not done.
    """
    content = DELIVERY.dump_json(delivery).decode()
    letter = Letter(
        key=key,
        kind=delivery.kind,
        person=delivery.user,
        channel=limits.place_of(delivery),
        sealed_payload=services.vault.seal(content, delivery_about(services.database.workspace, key, delivery.user)),
        after=after,
        ends=asyncio.get_running_loop().time() + ACK_SECONDS,
    )
    with services.database.go_ahead():
        row_id = await services.intake.join(letter, partial(_keep_lot, services))
    if row_id is None:
        _LOG.info("A %s of %s came again, and is not done twice", delivery.kind, delivery.user)
        return Receipt.DUPLICATE
    log.about(delivery=row_id)
    _LOG.info("A %s of %s is stored", delivery.kind, delivery.user)
    services.bell.ring("inbox")
    return Receipt.STORED


async def _keep_lot(services: Services, lot: Sequence[Letter]) -> Sequence[int | Exception | None]:
    """Store what came together, in one transaction: a commit costs as much as a dozen deliveries.

    Where the answer to the commit is lost, do it again, which by their keys can be done. To look would not suffice: a
    server that lost us may be about to commit, for which storing it again waits.

    Raises:
        StorageError: Nothing of it is stored.
    """
    loop = asyncio.get_running_loop()
    ends = min(letter.ends for letter in lot)
    try:
        return await services.database.run(lambda store: _keep(services, store, lot), within=max(ends - loop.time(), 0))
    except CommitUnknown as err:
        _LOG.warning("It is not known whether a delivery was stored, and it is stored again: %s", err)
    try:
        kept = await services.database.run(lambda store: _keep(services, store, lot), within=max(ends - loop.time(), 0))
    except DatabaseDown as err:
        return [PerhapsStored(str(err)) for _ in lot]
    services.bell.ring("inbox")  # also where it had been stored the first time
    return kept


def _keep(services: Services, store: Store, lot: Sequence[Letter]) -> list[int | Exception | None]:
    """Store each delivery that is new: its row id. None: it is here already; an exception: it is too many."""
    now = services.clock.now()
    rows: dict[str, InboxRow] = {}
    kept: list[str | TooMany | None] = []
    known = store.inbox.find_known([letter.key for letter in lot])
    is_near = limits.look_at_lot(store, lot, now)
    for letter in lot:
        if known.get(letter.key) is False:
            kept.append(None)
            continue
        refusal = limits.check_delivery(store, letter, now) if letter.key in known or is_near(letter) else None
        if letter.key not in known:
            rows[letter.key] = store.inbox.put(letter, now, is_refused=refusal is not None)
            known[letter.key] = refusal is not None
            kept.append(refusal or letter.key)
        else:  # it was refused the first time
            kept.append(refusal)
    store.flush()
    return [rows[each].id if isinstance(each, str) else each for each in kept]
