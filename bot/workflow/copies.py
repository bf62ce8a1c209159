"""Copies of our messages that we do not know: Slack has posted, and we died before its answer was stored."""

from bot.domain.deliveries import Answerable
from bot.services import Services
from storage.store import Store


def adopt_copy(services: Services, store: Store, key: str, delivery: Answerable) -> None:
    """Keep the message whose button was pressed up to date from now on, as the one of this key is."""
    if delivery.kind == "click" and delivery.message_ts:
        store.surfaces.adopt(key, channel=delivery.channel, ts=delivery.message_ts, now=services.clock.now())
