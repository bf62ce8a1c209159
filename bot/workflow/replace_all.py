"""[Replace what overlaps…]: at the end of a change set, ask for the replacement of all that stood in the way."""

from bot.domain.approval import Action
from bot.domain.batch import REPLACE, Wanted
from bot.domain.deliveries import ClickDelivery, SubmissionDelivery
from bot.domain.lifecycle import State
from bot.domain.operations import Revoke
from bot.domain.publishers import fields_of
from bot.messages import decisions
from bot.messages.denials import Denied, render_denial
from bot.messages.forms import ReplacementOrigin, replace_form
from bot.messages.ids import Callback
from bot.messages.message import Message
from bot.messages.notices import render_form_too_late
from bot.messages.sums import render_replacing, replacing_words
from bot.notifications import SlackRefused
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.answering import answer
from bot.workflow.authorise import authorise, load_directory, load_person
from bot.workflow.batches import start_batch
from bot.workflow.lane import OPERATION
from storage.models import ChangeSetRow, StepRow
from storage.store import Store

_MOST = 10_000


async def open_form(services: Services, delivery: ClickDelivery) -> None:
    """Ask why, for the request that is made of it."""
    person = await load_person(services, delivery.user)

    def work(store: Store) -> tuple[int, str] | Message:
        change_set, wanted = _find_conflicts(store, delivery.value)
        if change_set is None or not wanted:
            return decisions.render_never_issued()
        denial = authorise(Action.STAGE, person, None, load_directory(services, store))
        if denial is not None:
            return render_denial(denial, Denied(wish=Action.STAGE))
        return len(wanted), change_set.reason

    found = await services.database.run(work)
    if isinstance(found, Message):
        await answer(services, delivery, found)
        return
    packages, reason = found
    what = replacing_words(packages)
    form = replace_form(
        delivery.value, channel=delivery.channel, what=what, reason=reason, callback=Callback.REPLACE_ALL
    )
    try:
        await services.notifier.open_view(delivery.trigger_id, form)
    except SlackRefused:
        await answer(services, delivery, render_form_too_late())


async def ask(
    services: Services, delivery: SubmissionDelivery, origin: ReplacementOrigin, reason: str, *, inbox_id: int
) -> None:
    """Begin a batch of it, for whoever sent the form: its preview shows what is asked for."""

    def work(store: Store) -> Message:
        change_set, wanted = _find_conflicts(store, origin.value)
        if change_set is None or not wanted:
            return decisions.render_never_issued()
        start_batch(
            services,
            store,
            inbox_id=inbox_id,
            person=delivery.user,
            channel=change_set.channel,
            reason=reason,
            hold=False,
            items=wanted,
        )
        return render_replacing(change_set.number, len(wanted))

    message = await services.database.run(work)
    services.bell.ring("batches")
    await answer(services, delivery, message, channel=origin.channel)


def _find_conflicts(store: Store, token: str) -> tuple[ChangeSetRow | None, list[Wanted]]:
    offer = store.change_sets.find_offer(token)
    if offer is None:
        return None, []
    steps = store.change_sets.page_steps(offer.change_set_id, states=[State.CONFLICT], limit=_MOST)
    found = [wanted for step in steps if (wanted := _wanted_of(step)) is not None]
    return store.change_sets.load(offer.change_set_id), found


def _wanted_of(step: StepRow) -> Wanted | None:
    operation, existing = OPERATION.validate_json(step.operation), transitions.progress_of(step).existing
    if isinstance(operation, Revoke) or not existing:
        return None
    return Wanted(
        package=operation.package,
        verb=REPLACE,
        provider=operation.publisher.provider,
        fields=dict(fields_of(operation.publisher)),
        permissions=operation.permissions,
        configuration_id=existing[0].id,
    )
