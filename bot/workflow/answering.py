"""Answers that only the person sees who typed or pressed something."""

import logging

from bot.domain.deliveries import Delivery, SubmissionDelivery
from bot.errors import SlackError
from bot.messages.message import Message
from bot.notifications import SlackRefused
from bot.services import Services

_LOG = logging.getLogger(__name__)


async def answer(services: Services, delivery: Delivery, message: Message, *, channel: str = "") -> None:
    """Show a message to the person of a delivery: through its response_url, else in the channel, else by DM.

    What cannot be shown is logged and not tried again: state is never told by answers alone.
    """
    if not isinstance(delivery, SubmissionDelivery):
        if delivery.response_url:
            try:
                await services.notifier.respond(delivery.response_url, message)
            except SlackRefused:
                pass  # it is used up or not Slack's: the channel is the other way
            except SlackError as err:
                _LOG.warning("An answer could not be shown: %s", err)
                return
            else:
                return
        channel = channel or delivery.channel
    await _show(services, channel, delivery.user, message)


async def _show(services: Services, channel: str, user: str, message: Message) -> None:
    try:
        if channel and not channel.startswith("D"):
            try:
                await services.notifier.post_ephemeral(channel, user, message)
            except SlackRefused as refusal:
                _LOG.info("An answer goes by DM: %s", refusal)
            else:
                return
        await services.notifier.post(await services.notifier.open_dm(user), message)
    except SlackError as err:
        _LOG.warning("An answer could not be shown: %s", err)
