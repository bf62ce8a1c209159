"""Forms: their mistakes go into the ack, since Slack shows them nowhere else."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from pydantic import ValidationError
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext

from bot.domain.deliveries import SubmissionDelivery
from bot.messages import acks
from bot.messages.ballots import read_ballot_view
from bot.messages.bulk import checking_view, read_result_view
from bot.messages.bulk_form import read_bulk_form
from bot.messages.forms import read_acknowledge_form, read_operation_form, read_reject_form
from bot.messages.ids import Callback
from bot.services import Services
from bot.workflow.receive import receive
from handlers.errors import UnreadableForm
from handlers.payloads import INCOMING, Incoming

_READERS: Mapping[str, Callable[[dict[str, str], str], object]] = {
    Callback.OPERATION: read_operation_form,
    Callback.REJECT: read_reject_form,
    Callback.BALLOT: read_ballot_view,
    Callback.BULK: read_bulk_form,
    Callback.BULK_RESULT: read_result_view,
    Callback.ACKNOWLEDGE: read_acknowledge_form,
    Callback.DRIFT_ACKNOWLEDGE: read_acknowledge_form,
}
_UNTIL_SHOWN = timedelta(seconds=1)
"""What the ack puts into the view has to stand there before the result does: Slack would show them the other way."""


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
        form = incoming.delivery
        if isinstance(form, SubmissionDelivery) and form.callback == Callback.BULK:
            await receive(self._services, form, key=incoming.key, after=_UNTIL_SHOWN)
            await ack(response_action="update", view=checking_view().as_dict())
            return
        await receive(self._services, form, key=incoming.key)
        await ack()

    @staticmethod
    async def close(ack: AsyncAck) -> None:
        """Acknowledge that a form was closed; nothing was promised with it."""
        await ack()


def _check_form(incoming: Incoming) -> dict[str, str]:
    """Find what Slack shall show below which field.

    Raises:
        UnreadableForm: We have never opened a form with that metadata.
    """
    form = incoming.delivery
    if incoming.secret_fields:
        return dict.fromkeys(incoming.secret_fields, acks.secret_in_form())
    if not isinstance(form, SubmissionDelivery) or form.callback not in _READERS:
        return {}
    try:
        found = _READERS[form.callback](form.values, form.metadata)
    except ValidationError:  # not chained: it quotes what was sent
        raise UnreadableForm("its metadata is not ours") from None
    if not isinstance(found, list):
        return {}
    first = next(iter(form.values), "")
    return {mistake.field if mistake.field in form.values else first: acks.mistake(mistake) for mistake in found}
