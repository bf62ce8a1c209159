"""The inbox: what Slack delivers is committed before it is acknowledged, and done afterwards, also after a crash."""

import logging
import secrets
from datetime import timedelta
from enum import Enum, auto

from pydantic import TypeAdapter, ValidationError

from bot.domain.deliveries import ClickDelivery, CommandDelivery, Delivery
from bot.errors import NpmtrustError, RegistryError
from bot.messages import acks
from bot.messages.notices import render_postponed
from bot.messages.refusals import render_registry_unreachable
from bot.notifications import SlackThrottled, SlackUnavailable
from bot.services import Services
from bot.workflow.answering import answer
from bot.workflow.progress import Progress
from bot.workflow.reception import handle
from storage.store import Store
from storage.vault import WrongKey

PATIENCE = timedelta(minutes=25)
"""How long a delivery is tried while npm or Slack cannot be reached: answers to it are possible for 30 minutes."""

_LONGEST_PAUSE = timedelta(seconds=60)
_DELIVERY: TypeAdapter[Delivery] = TypeAdapter(Delivery)
_LOG = logging.getLogger(__name__)


class Receipt(Enum):
    """Whether a delivery is new."""

    STORED = auto()
    DUPLICATE = auto()


async def receive(services: Services, delivery: Delivery, *, key: str) -> Receipt:
    """Commit a delivery; the ack promises that it will be done.

    Raises:
        StorageError: The database is down, and nothing is promised.
    """
    sealed = services.vault.seal(_DELIVERY.dump_json(delivery).decode())

    def keep(store: Store) -> bool:
        now = services.clock.now()
        row = store.inbox.add(delivery_key=key, kind=delivery.kind, sealed_payload=sealed, now=now)
        return row is not None

    is_new = await services.database.run(keep)
    if is_new:
        services.bell.ring("inbox")
    return Receipt.STORED if is_new else Receipt.DUPLICATE


async def execute_next(services: Services) -> Progress:
    """Do the oldest delivery that is due."""
    row = await services.database.run(lambda store: store.inbox.claim(services.clock.now()))
    if row is None:
        return Progress(at=await services.database.run(lambda store: store.inbox.next_due()))
    try:
        delivery = _DELIVERY.validate_json(services.vault.unseal(row.sealed_payload).get_secret_value())
    except (WrongKey, ValidationError):
        _LOG.exception("A %s of %s cannot be read any more, and is dropped", row.kind, row.received_at)
        await services.database.run(lambda store: store.inbox.finish(row.id, failed=True))
        return Progress(more=True)
    try:
        await handle(services, delivery, inbox_id=row.id)
    except (RegistryError, SlackUnavailable, SlackThrottled) as err:
        await _postpone(services, delivery, row.id, tries=row.tries, why=err)
    except Exception as err:  # noqa: BLE001 -- whatever a use case trips over: the person is told, and it is not done for ever
        await _give_up(services, delivery, row.id, err)
    else:
        await services.database.run(lambda store: store.inbox.finish(row.id))
    services.bell.ring("lane", "handoffs", "surfaces")
    return Progress(more=True)


async def _postpone(services: Services, delivery: Delivery, row_id: int, *, tries: int, why: NpmtrustError) -> None:
    """Npm or Slack cannot be reached: the delivery waits, and its person is told once."""
    now = services.clock.now()
    row = await services.database.run(lambda store: store.inbox.load(row_id))
    if row is None or now - row.received_at > PATIENCE:
        await answer(services, delivery, render_registry_unreachable(str(why)))
        await services.database.run(lambda store: store.inbox.finish(row_id, failed=True))
        return
    until = now + min(timedelta(seconds=2**tries), _LONGEST_PAUSE)
    await services.database.run(lambda store: store.inbox.postpone(row_id, until))
    if tries == 1 and isinstance(why, RegistryError) and isinstance(delivery, CommandDelivery | ClickDelivery):
        await answer(services, delivery, render_postponed(str(why)))


async def _give_up(services: Services, delivery: Delivery, row_id: int, error: Exception) -> None:
    error_id = secrets.token_hex(4)
    _LOG.error("Error %s: a %s could not be done", error_id, delivery.kind, exc_info=error)
    await services.database.run(lambda store: store.inbox.finish(row_id, failed=True))
    await answer(services, delivery, acks.broken(error_id))
