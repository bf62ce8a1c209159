"""Answers that only the person sees who typed or pressed something."""

import logging

from bot.domain.deliveries import Answerable, CommandDelivery, SubmissionDelivery
from bot.errors import SlackError
from bot.messages.message import Message
from bot.notifications import SlackRefused
from bot.services import Services

_LOG = logging.getLogger(__name__)


async def answer(services: Services, delivery: Answerable, message: Message, *, channel: str = "") -> None:
    """Show a message to the person of a delivery, as `try_to_answer` does.

    A command is answered again when Slack can be reached again: each says the same or what has come of it since. A
    press is not done twice for its answer; what it changed stands in the messages.

    Raises:
        SlackError: Slack cannot be reached, and the delivery is a command: to be tried again.
    """
    try:
        await _answer(services, delivery, message, channel)
    except SlackError as err:
        if isinstance(delivery, CommandDelivery):
            raise
        _LOG.warning("An answer could not be shown: %s", err)


async def try_to_answer(services: Services, delivery: Answerable, message: Message) -> bool:
    """Show a message to the person of a delivery: through its response_url, else in the channel, else by DM.

    What cannot be shown is logged and not tried again.

    Returns:
        Whether Slack could be reached.
    """
    try:
        await _answer(services, delivery, message, "")
    except SlackError as err:
        _LOG.warning("An answer could not be shown: %s", err)
        return False
    return True


async def _answer(services: Services, delivery: Answerable, message: Message, channel: str) -> None:
    if not isinstance(delivery, SubmissionDelivery):
        if delivery.response_url:
            try:
                await services.notifier.respond(delivery.response_url, message)
            except SlackRefused as refusal:  # it is used up or not Slack's: the channel is the other way
                _LOG.info("An answer takes another way: %s", refusal)
            else:
                return
        channel = channel or delivery.channel
    if channel and not channel.startswith("D"):
        try:
            await services.notifier.post_ephemeral(channel, delivery.user, message)
        except SlackRefused as refusal:
            _LOG.info("An answer goes by DM: %s", refusal)
        else:
            return
    try:
        await services.notifier.post(await services.notifier.open_dm(delivery.user), message)
    except SlackRefused as refusal:
        _LOG.warning("An answer could not be shown: %s", refusal)
