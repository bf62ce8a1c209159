"""What went wrong at the door is told to the person, in the way that Slack shows for what they did."""

import asyncio
import logging
import secrets
from http import HTTPStatus

from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse

from bot.domain.deliveries import ClickDelivery, CommandDelivery, HomeDelivery, SubmissionDelivery
from bot.errors import SlackError, StorageError
from bot.messages import acks
from bot.messages.message import Message
from bot.services import Services
from bot.workflow.limits import TooMany
from bot.workflow.receive import PerhapsStored
from handlers.payloads import INCOMING, Incoming

_ANSWER_SECONDS = 2.0
"""An ack is due within three."""

_LOG = logging.getLogger(__name__)


class UnreadableForm(ValueError):
    """A form that is not as we opened it."""


class ErrorListener:
    """Turns exceptions of listeners into answers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def take(self, error: Exception, context: AsyncBoltContext) -> BoltResponse:
        """Log an exception under a number that the person is told."""
        incoming: Incoming | None = context.get(INCOMING)
        if incoming is None or isinstance(error, BoltUnhandledRequestError):
            _LOG.info("Something of Slack's was not for us (%s)", type(error).__name__)
            return BoltResponse(status=HTTPStatus.NOT_FOUND)
        if isinstance(error, UnreadableForm):
            _LOG.warning("A form cannot be read: %s", error)
            return BoltResponse(status=HTTPStatus.BAD_REQUEST, body="This payload cannot be read.")
        if isinstance(error, TooMany):
            _LOG.warning("A %s was not taken: %s", incoming.delivery.kind, error)
            told = acks.too_many(error.limit.most, error.seconds, of_channel=error.of_channel)
            return await self.answer(incoming, told)
        if isinstance(error, StorageError):
            is_unknown = isinstance(error, PerhapsStored)
            _LOG.error("A %s was %s stored: %s", incoming.delivery.kind, "perhaps" if is_unknown else "not", error)
            if isinstance(incoming.delivery, HomeDelivery):
                return BoltResponse(status=HTTPStatus.SERVICE_UNAVAILABLE)  # Slack tells it again
            return await self.answer(incoming, acks.perhaps_stored() if is_unknown else acks.not_stored())
        error_id = secrets.token_hex(4)
        _LOG.error("Error %s: a %s was not taken", error_id, incoming.delivery.kind, exc_info=error)
        return await self.answer(incoming, acks.broken(error_id))

    async def answer(self, incoming: Incoming, message: Message) -> BoltResponse:
        """Tell the person, and acknowledge."""
        match incoming.delivery:
            case CommandDelivery():
                return BoltResponse(status=HTTPStatus.OK, body={"text": message.text, "blocks": list(message.blocks)})
            case SubmissionDelivery(values=values):
                errors = dict.fromkeys(list(values)[:1], message.text)
                return BoltResponse(status=HTTPStatus.OK, body={"response_action": "errors", "errors": errors})
            case HomeDelivery():
                return BoltResponse(status=HTTPStatus.OK)
            case ClickDelivery(response_url=response_url):
                await self._respond(response_url, message)
                return BoltResponse(status=HTTPStatus.OK)

    async def _respond(self, response_url: str, message: Message) -> None:
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await self._services.notifier.respond(response_url, message)
        except (SlackError, TimeoutError) as err:
            _LOG.warning("A click could not be answered: %s", str(err) or type(err).__name__)
