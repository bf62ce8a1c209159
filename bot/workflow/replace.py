"""Putting one configuration in the place of another: which one, and after a conflict the one that stands in the way."""

from bot.domain.approval import Action
from bot.domain.commands import ReplaceTrust
from bot.domain.deliveries import ClickDelivery, SubmissionDelivery
from bot.domain.lifecycle import State
from bot.domain.operations import Replace, Revoke
from bot.domain.publishers import fields_of
from bot.messages import decisions
from bot.messages.denials import Denied, render_denial
from bot.messages.forms import ReplacementOrigin, replace_form
from bot.messages.message import Message
from bot.messages.notices import render_form_too_late
from bot.messages.wording import request_words
from bot.notifications import SlackRefused
from bot.services import Services
from bot.workflow import look, stage, transitions
from bot.workflow.answering import answer
from bot.workflow.authorise import authorise, load_directory, load_person
from bot.workflow.lane import OPERATION
from bot.workflow.review import Desk, at_desk
from storage.models import StepRow
from storage.store import Store


async def choose(services: Services, delivery: ClickDelivery) -> None:
    """[Choose …]: a reviewer says which of several configurations is meant; then it can be approved."""
    offer, _, places = delivery.value.partition(":")
    position, number = map(_read_number, places.partition(":")[::2])

    def decide(desk: Desk) -> Message:
        step = next((step for step in desk.steps if step.position == position), None)
        if step is None:
            return decisions.render_never_issued()
        denial = authorise(Action.LOOK, desk.person, desk.facts(step), desk.directory)
        if denial is not None:
            return desk.deny(Action.LOOK, denial, step)
        if not look.choose(services, desk.store, step, number, actor=desk.person.id, now=desk.now):
            transitions.touch(desk.store, desk.change_set.id, desk.now)
            return decisions.render_nothing_to_decide(desk.number)
        return decisions.render_chosen(desk.number)

    # Details, where the button stands, is no copy of the request's own message, which would be kept up to date
    await at_desk(services, delivery.model_copy(update={"message_ts": ""}), offer, decide)


async def open_form(services: Services, delivery: ClickDelivery) -> None:
    """[Replace it…]: ask why, for the request that is made of it. It is approved as every request is."""
    person = await load_person(services, delivery.user)

    def work(store: Store) -> tuple[str, str] | Message:
        found = _find_conflict(store, delivery.value)
        if found is None:
            return decisions.render_never_issued()
        denial = authorise(Action.STAGE, person, None, load_directory(services, store))
        if denial is not None:
            return render_denial(denial, Denied(wish=Action.STAGE))
        step, wanted = found
        return request_words(wanted), store.change_sets.load(step.change_set_id).reason

    found = await services.database.run(work)
    if isinstance(found, Message):
        await answer(services, delivery, found)
        return
    what, reason = found
    form = replace_form(delivery.value, channel=delivery.channel, what=what, reason=reason)
    try:
        await services.notifier.open_view(delivery.trigger_id, form)
    except SlackRefused:
        await answer(services, delivery, render_form_too_late())


async def ask(
    services: Services, delivery: SubmissionDelivery, origin: ReplacementOrigin, reason: str, *, inbox_id: int
) -> None:
    """Stage the replacement of what stood in the way, for whoever sent the form.

    Raises:
        RegistryError: npm cannot be asked now.
        SlackError: Slack cannot be asked now.
    """
    found = await services.database.run(lambda store: _find_conflict(store, origin.value))
    if found is None:
        await answer(services, delivery, decisions.render_never_issued(), channel=origin.channel)
        return
    _, wanted = found
    command = ReplaceTrust(
        packages=(wanted.package,),
        configuration_id=wanted.configuration_id,
        provider=wanted.publisher.provider,
        fields=fields_of(wanted.publisher),
        permissions=wanted.permissions,
        permissions_stated=True,
        reason=reason,
    )
    await stage.stage(services, delivery, command, inbox_id=inbox_id, channel=origin.channel)


def _find_conflict(store: Store, value: str) -> tuple[StepRow, Replace] | None:
    """Find the step that a button stood for, and the replacement that would end its conflict."""
    token, _, place = value.partition(":")
    offer, position = store.change_sets.find_offer(token), _read_number(place)
    steps = store.change_sets.load_steps(offer.change_set_id) if offer else []
    step = next((step for step in steps if step.position == position and step.state == State.CONFLICT.value), None)
    if step is None:
        return None
    operation, existing = OPERATION.validate_json(step.operation), transitions.progress_of(step).existing
    if isinstance(operation, Revoke) or not existing:
        return None
    wanted = Replace(
        package=operation.package,
        configuration_id=existing[0].id,
        publisher=operation.publisher,
        permissions=operation.permissions,
    )
    return step, wanted


def _read_number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1  # noqa: PLR2004 -- no place
