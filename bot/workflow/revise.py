"""[Revise…]: what was rejected, as a form with everything filled in; it becomes a new request."""

from bot.domain.approval import Action
from bot.domain.commands import FormDraft
from bot.domain.deliveries import ClickDelivery
from bot.domain.lifecycle import State
from bot.domain.operations import Create
from bot.domain.publishers import fields_of
from bot.messages import decisions
from bot.messages.denials import Denied, render_denial
from bot.messages.forms import operation_form
from bot.messages.message import Message
from bot.messages.notices import render_form_too_late
from bot.notifications import SlackRefused
from bot.services import Services
from bot.workflow.answering import answer
from bot.workflow.authorise import OPERATION, authorise, load_directory, load_person
from storage.store import Store


async def open_form(services: Services, delivery: ClickDelivery) -> None:
    """Open the form of a rejected request.

    Raises:
        SlackError: Slack does not say who pressed.
    """
    person = await load_person(services, delivery.user)

    def work(store: Store) -> FormDraft | Message:
        denial = authorise(Action.STAGE, person, None, load_directory(services, store))
        if denial is not None:
            return render_denial(denial, Denied(wish=Action.STAGE))
        return _find_draft(store, delivery.value) or decisions.render_never_issued()

    found = await services.database.run(work)
    if isinstance(found, Message):
        await answer(services, delivery, found)
        return
    try:
        await services.notifier.open_view(delivery.trigger_id, operation_form(found, channel=delivery.channel))
    except SlackRefused:
        await answer(services, delivery, render_form_too_late())


def _find_draft(store: Store, value: str) -> FormDraft | None:
    """Fill the form with the rejected step of a message; None where the value is none of ours."""
    token, _, place = value.partition(":")
    offer = store.change_sets.find_offer(token)
    if offer is None or not place.isascii() or not place.isdigit():
        return None
    change_set = store.change_sets.load(offer.change_set_id)
    rows = store.change_sets.page_steps(change_set.id, states=(State.REJECTED,), after=int(place), limit=1)
    operation = OPERATION.validate_json(rows[0].operation) if rows else None
    if not isinstance(operation, Create) or rows[0].position != int(place):
        return None
    return FormDraft(
        provider=operation.publisher.provider,
        package=operation.package,
        fields={name: "\n".join(values) for name, values in fields_of(operation.publisher).items()},
        permissions=operation.permissions,
        reason=change_set.reason,
    )
