"""Forms: their mistakes go into the ack, since Slack shows them nowhere else."""

from collections.abc import Callable, Mapping

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext

from bot.domain.deliveries import SubmissionDelivery
from bot.messages import acks
from bot.messages.forms import read_acknowledge_form, read_operation_form, read_reject_form
from bot.messages.ids import Callback
from bot.services import Services
from bot.workflow.inbox import receive
from handlers.payloads import INCOMING, Incoming

_READERS: Mapping[str, Callable[[dict[str, str], str], object]] = {
    Callback.OPERATION: read_operation_form,
    Callback.REJECT: read_reject_form,
    Callback.ACKNOWLEDGE: read_acknowledge_form,
}


class ViewListener:
    """Keeps forms that are filled in right."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def take(self, ack: AsyncAck, context: AsyncBoltContext) -> None:
        """Check, store, then acknowledge, which closes the form."""
        incoming: Incoming = context[INCOMING]
        errors = _check_form(incoming)
        if errors:
            await ack(response_action="errors", errors=errors)
            return
        await receive(self._services, incoming.delivery, key=incoming.key)
        await ack()

    @staticmethod
    async def close(ack: AsyncAck) -> None:
        """Acknowledge that a form was closed; nothing was promised with it."""
        await ack()


def _check_form(incoming: Incoming) -> dict[str, str]:
    """Find what Slack shall show below which field."""
    form = incoming.delivery
    if incoming.secret_fields:
        return dict.fromkeys(incoming.secret_fields, acks.secret_in_form())
    if not isinstance(form, SubmissionDelivery) or form.callback not in _READERS:
        return {}
    found = _READERS[form.callback](form.values, form.metadata)
    if not isinstance(found, list):
        return {}
    first = next(iter(form.values), "")
    return {mistake.field if mistake.field in form.values else first: acks.mistake(mistake) for mistake in found}
