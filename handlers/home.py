"""App Home, opened by somebody. Slack tells again what is not acknowledged: the inbox keeps each event once."""

from slack_bolt.context.async_context import AsyncBoltContext

from bot.services import Services
from bot.workflow.receive import receive
from handlers.payloads import INCOMING, Incoming


class HomeListener:
    """Keeps that somebody looks at their Home; Bolt acknowledges an event when its listener is done."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def take(self, context: AsyncBoltContext) -> None:
        """Store it. Of the messages tab, which tells the same event, nothing is kept."""
        incoming: Incoming | None = context[INCOMING]
        if incoming is not None:
            await receive(self._services, incoming.delivery, key=incoming.key)
