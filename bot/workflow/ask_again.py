"""[Ask again…]: what ended without having been done, as a new request; the line to type stands beside the button.

What it asks for is what that line says, so that the button and the line never mean different things.
"""

from bot.domain.approval import Action
from bot.domain.command_parser import parse_command
from bot.domain.commands import ReplaceTrust, RevokeTrust, SetUp
from bot.domain.deliveries import ClickDelivery, SubmissionDelivery
from bot.messages import decisions
from bot.messages.denials import Denied, render_denial
from bot.messages.forms import read_replace_form, replace_form
from bot.messages.ids import Callback
from bot.messages.message import Message
from bot.messages.notices import render_form_too_late
from bot.messages.wording import line_again
from bot.notifications import SlackRefused
from bot.services import Services
from bot.workflow import stage
from bot.workflow.answering import answer
from bot.workflow.authorise import authorise, load_directory, load_person
from bot.workflow.buttons import read_row_id
from bot.workflow.views import change_set_view
from storage.models import ChangeSetRow, StepRow
from storage.store import Store


async def open_form(services: Services, delivery: ClickDelivery) -> None:
    """Ask why, for the new request. It is approved as every request is.

    Raises:
        SlackError: Slack does not say who pressed.
    """
    person = await load_person(services, delivery.user)

    def work(store: Store) -> tuple[str, str] | Message:
        denial = authorise(Action.STAGE, person, None, load_directory(services, store))
        if denial is not None:
            return render_denial(denial, Denied(wish=Action.STAGE))
        found = _find_step(store, delivery.value)
        line = _line_of(services, store, *found) if found else ""
        if found is None or not line:
            return decisions.render_never_issued()
        return f"This is asked for, as if you had typed it: /npmtrust {line}", found[0].reason

    found = await services.database.run(work)
    if isinstance(found, Message):
        await answer(services, delivery, found)
        return
    what, reason = found
    form = replace_form(
        delivery.value,
        channel=delivery.channel,
        what=what,
        reason=reason,
        callback=Callback.ASK_AGAIN,
        title="Ask again",
    )
    try:
        await services.notifier.open_view(delivery.trigger_id, form)
    except SlackRefused:
        await answer(services, delivery, render_form_too_late())


async def ask(services: Services, delivery: SubmissionDelivery, *, inbox_id: int) -> None:
    """Stage it, for whoever sent the form.

    Raises:
        RegistryError: npm cannot be asked now.
        SlackError: Slack cannot be asked now.
    """
    origin, reason = read_replace_form(delivery.values, delivery.metadata)

    def work(store: Store) -> str:
        found = _find_step(store, origin.value)
        return _line_of(services, store, *found) if found else ""

    command = parse_command(await services.database.run(work))
    if isinstance(command, SetUp | RevokeTrust | ReplaceTrust):
        command = command.model_copy(update={"reason": reason})
        await stage.stage(services, delivery, command, inbox_id=inbox_id, channel=origin.channel)
    else:
        await answer(services, delivery, decisions.render_never_issued(), channel=origin.channel)


def _find_step(store: Store, value: str) -> tuple[ChangeSetRow, StepRow] | None:
    """Find the step that a button stood for."""
    token, _, place = value.partition(":")
    offer, position = store.change_sets.find_offer(token), read_row_id(place)
    if offer is None or position is None:
        return None
    rows = store.change_sets.page_steps(offer.change_set_id, after=position, limit=1)
    is_there = bool(rows) and rows[0].position == position
    return (store.change_sets.load(offer.change_set_id), rows[0]) if is_there else None


def _line_of(services: Services, store: Store, change_set: ChangeSetRow, step: StepRow) -> str:
    """Write what is to be typed; empty where nothing of it is to be asked for again."""
    view = change_set_view(services, store, change_set, [step])
    return line_again(view, view.steps[0])
