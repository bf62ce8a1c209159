"""Presses of buttons, also of those that we never made."""

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext

from bot.services import Services
from bot.workflow.receive import receive
from handlers.payloads import INCOMING, Incoming


class ActionListener:
    """Keeps presses: what a value stands for, and whether it counts, is decided by the workflow."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def take(self, ack: AsyncAck, context: AsyncBoltContext) -> None:
        """Store, then acknowledge."""
        incoming: Incoming = context[INCOMING]
        await receive(self._services, incoming.delivery, key=incoming.key)
        await ack()
