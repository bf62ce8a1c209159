"""The inbox: what Slack delivers is committed before it is acknowledged, and done afterwards, also after a crash."""

import asyncio
import logging
import secrets
from datetime import timedelta
from enum import Enum, auto

from pydantic import TypeAdapter, ValidationError

from bot import log
from bot.domain.deliveries import ClickDelivery, CommandDelivery, Delivery, HomeDelivery
from bot.errors import NpmtrustError, RegistryError, StorageError
from bot.messages import acks
from bot.messages.notices import render_given_up, render_postponed
from bot.notifications import SlackThrottled, SlackUnavailable
from bot.registry import RegistryUnavailable
from bot.services import Services
from bot.workflow import limits
from bot.workflow.answering import try_to_answer
from bot.workflow.limits import TooMany
from bot.workflow.progress import Progress
from bot.workflow.reception import handle
from storage.inbox import CLAIM, REFUSED
from storage.models import InboxRow
from storage.sealed import about_delivery, delivery_about
from storage.store import Store
from storage.vault import WrongKey

PATIENCE = timedelta(minutes=25)
"""How long a delivery is tried while npm, Slack or the database fails: answers to it are possible for 30 minutes."""

ACK_SECONDS = 2.0
"""After this nothing is promised: Slack waits for an ack for three seconds."""

LONGEST_WORK = CLAIM.total_seconds() - 10
"""What one try of a delivery may take: nobody else may begin it meanwhile."""

_LONGEST_PAUSE = timedelta(seconds=60)
_DELIVERY: TypeAdapter[Delivery] = TypeAdapter(Delivery)
_LOG = logging.getLogger(__name__)


class Receipt(Enum):
    """Whether a delivery is new."""

    STORED = auto()
    DUPLICATE = auto()


async def receive(services: Services, delivery: Delivery, *, key: str, after: timedelta = timedelta(0)) -> Receipt:
    """Commit a delivery; the ack promises that it will be done, at once or after a moment.

    Raises:
        StorageError: The database is down, and nothing is promised.
        TooMany: Its person, or all in its channel, want too much now; it is not done.
    """
    about = delivery_about(services.database.workspace, key, delivery.user)
    channel = limits.place_of(delivery)
    sealed = services.vault.seal(_DELIVERY.dump_json(delivery).decode(), about)

    def keep(store: Store) -> int | TooMany | None:
        now, person = services.clock.now(), delivery.user
        refusal = limits.check_delivery(store, delivery, now)
        row = store.inbox.add(
            delivery_key=key, kind=delivery.kind, person=person, sealed_payload=sealed, now=now, channel=channel
        )
        if row is None:
            return None
        row.next_try_at = now + after
        if refusal is not None:
            row.state, row.sealed_payload = REFUSED, ""
        return refusal or row.id

    row_id = await services.database.run(keep, within=ACK_SECONDS)
    if isinstance(row_id, TooMany):
        raise row_id
    if row_id is None:
        _LOG.info("A %s of %s came again, and is not done twice", delivery.kind, delivery.user)
        return Receipt.DUPLICATE
    log.about(delivery=row_id)
    _LOG.info("A %s of %s is stored", delivery.kind, delivery.user)
    services.bell.ring("inbox")
    return Receipt.STORED


async def execute_next(services: Services) -> Progress:
    """Do the oldest delivery that is due."""
    row = await services.database.run(lambda store: _claim(services, store))
    if isinstance(row, Progress):
        return row
    log.about(delivery=row.id)
    try:
        payload = services.vault.unseal(row.sealed_payload, about_delivery(row))
        delivery = _DELIVERY.validate_json(payload.get_secret_value())
    except (WrongKey, ValidationError):
        _LOG.exception("A %s of %s cannot be read any more, and is dropped", row.kind, row.received_at)
        await services.database.run(lambda store: store.inbox.finish(row.id, failed=True))
        return Progress(more=True)
    try:
        async with asyncio.timeout(LONGEST_WORK):
            await handle(services, delivery, inbox_id=row.id)
    except (RegistryError, SlackUnavailable, SlackThrottled, StorageError) as err:
        await _postpone(services, delivery, row.id, tries=row.tries, why=err)
    except TimeoutError:
        why = RegistryUnavailable("npm takes too long to answer")
        await _postpone(services, delivery, row.id, tries=row.tries, why=why)
    except Exception as err:  # noqa: BLE001 -- whatever it trips over: the person is told, and it is not tried for ever
        await _give_up(services, delivery, row.id, err)
    else:
        await services.database.run(lambda store: store.inbox.finish(row.id))
    services.bell.ring("lane", "handoffs", "surfaces")
    return Progress(more=True)


def _claim(services: Services, store: Store) -> InboxRow | Progress:
    return store.inbox.claim(services.clock.now()) or Progress(at=store.inbox.next_due())


async def _postpone(services: Services, delivery: Delivery, row_id: int, *, tries: int, why: NpmtrustError) -> None:
    """Npm or Slack cannot be reached: the delivery waits, and its person is told once."""
    now = services.clock.now()
    row = await services.database.run(lambda store: store.inbox.load(row_id))
    if row is None or now - row.received_at > PATIENCE:
        if not isinstance(delivery, HomeDelivery):
            await try_to_answer(services, delivery, render_given_up(str(why)))
        await services.database.run(lambda store: store.inbox.finish(row_id, failed=True))
        return
    asked = why.retry_after if isinstance(why, RegistryUnavailable | SlackThrottled) else None
    until = now + max(min(timedelta(seconds=2**tries), _LONGEST_PAUSE), timedelta(seconds=asked or 0))
    await services.database.run(lambda store: store.inbox.postpone(row_id, until))
    if tries == 1 and isinstance(why, RegistryError) and isinstance(delivery, CommandDelivery | ClickDelivery):
        await try_to_answer(services, delivery, render_postponed(str(why)))


async def _give_up(services: Services, delivery: Delivery, row_id: int, error: Exception) -> None:
    error_id = secrets.token_hex(4)
    _LOG.error("Error %s: a %s could not be done", error_id, delivery.kind, exc_info=error)
    await services.database.run(lambda store: store.inbox.finish(row_id, failed=True))
    if not isinstance(delivery, HomeDelivery):  # nobody waits for an answer; Home shows what it showed
        await try_to_answer(services, delivery, acks.broken(error_id))
