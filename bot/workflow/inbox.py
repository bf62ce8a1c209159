"""The inbox: what Slack delivered is done after it was acknowledged, also after a crash."""

import asyncio
import logging
import secrets
from datetime import timedelta

from pydantic import ValidationError

from bot import log
from bot.domain.deliveries import DELIVERY, ClickDelivery, CommandDelivery, Delivery, HomeDelivery
from bot.errors import NpmtrustError, RegistryError, SlackError, StorageError
from bot.messages import acks
from bot.messages.notices import render_given_up, render_postponed
from bot.notifications import SlackThrottled, SlackUnavailable
from bot.registry import RegistryUnavailable
from bot.services import Services
from bot.workflow.answering import try_to_answer
from bot.workflow.progress import Progress
from bot.workflow.reception import handle
from storage.inbox import CLAIM
from storage.models import InboxRow
from storage.sealed import about_delivery
from storage.store import Store
from storage.vault import WrongKey

PATIENCE = timedelta(minutes=25)
"""How long a delivery is tried while npm or the database fails: answers to it are possible for 30 minutes."""

LONG_PATIENCE = timedelta(hours=12)
"""How long while Slack is away: nobody could be told that it was given up, and what they wanted they still want."""

LONGEST_WORK = CLAIM.total_seconds() - 10
"""What one try of a delivery may take: nobody else may begin it meanwhile."""

_LONGEST_PAUSE = timedelta(seconds=60)
_LOG = logging.getLogger(__name__)


async def execute_next(services: Services) -> Progress:
    """Do the oldest delivery that is due."""
    row = await services.database.run(lambda store: _claim(services, store))
    if isinstance(row, Progress):
        return row
    log.about(delivery=row.id)
    try:
        payload = services.vault.unseal(row.sealed_payload, about_delivery(row))
        delivery = DELIVERY.validate_json(payload.get_secret_value())
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
    now = services.clock.now()
    return store.inbox.claim(now) or Progress(at=store.inbox.next_due(now))


async def _postpone(services: Services, delivery: Delivery, row_id: int, *, tries: int, why: NpmtrustError) -> None:
    """Npm or Slack cannot be reached: the delivery waits, and its person is told once."""
    now = services.clock.now()
    row = await services.database.run(lambda store: store.inbox.load(row_id))
    if row is None or (now - row.received_at > PATIENCE and await _is_over(services, delivery, row, why)):
        await services.database.run(lambda store: store.inbox.finish(row_id, failed=True))
        return
    asked = why.retry_after if isinstance(why, RegistryUnavailable | SlackThrottled) else None
    pause = min(2.0 ** min(tries, 10), _LONGEST_PAUSE.total_seconds())
    until = now + timedelta(seconds=max(pause, asked or 0))
    await services.database.run(lambda store: store.inbox.postpone(row_id, until))
    if tries == 1 and isinstance(why, RegistryError) and isinstance(delivery, CommandDelivery | ClickDelivery):
        await try_to_answer(services, delivery, render_postponed(str(why)))


async def _is_over(services: Services, delivery: Delivery, row: InboxRow, why: NpmtrustError) -> bool:
    """Give a delivery up, and tell its person; False where they cannot be told yet."""
    if isinstance(delivery, HomeDelivery):
        return True
    is_late = services.clock.now() - row.received_at > LONG_PATIENCE
    if isinstance(why, SlackError) and not is_late:
        return False
    return await try_to_answer(services, delivery, render_given_up(str(why))) or is_late


async def _give_up(services: Services, delivery: Delivery, row_id: int, error: Exception) -> None:
    error_id = secrets.token_hex(4)
    _LOG.error("Error %s: a %s could not be done", error_id, delivery.kind, exc_info=error)
    await services.database.run(lambda store: store.inbox.finish(row_id, failed=True))
    if not isinstance(delivery, HomeDelivery):  # nobody waits for an answer; Home shows what it showed
        await try_to_answer(services, delivery, acks.broken(error_id))
