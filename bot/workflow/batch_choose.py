"""[Choose…]: ticking and unticking the packages of a batch, page by page."""

from bot.domain.batch import BatchState, Why
from bot.domain.deliveries import ClickDelivery, SubmissionDelivery
from bot.messages.batch_form import MOST_GROUPS, PAGE, ChoiceOrigin, Choosable, choice_form, read_choice
from bot.messages.decisions import render_never_issued
from bot.messages.ids import Action
from bot.messages.message import Message, View
from bot.messages.notices import render_form_too_late
from bot.notifications import SlackRefused
from bot.services import Services
from bot.workflow.answering import answer
from bot.workflow.batch_surfaces import list_groups
from bot.workflow.batches import key_of, read_value, refuse_press, tell_over, value_of
from storage.batch_models import BatchItemRow, BatchRow
from storage.store import Store


async def open_form(services: Services, delivery: ClickDelivery) -> None:
    """[Choose…]: open the form at its first page."""

    def work(store: Store) -> View | Message:
        batch = _find(services, store, delivery.value, delivery.user)
        if isinstance(batch, Message):
            return batch
        return _draw(store, batch, ChoiceOrigin(value=value_of(batch)))

    shown = await services.database.run(work)
    if isinstance(shown, Message):
        services.bell.ring("surfaces")
        await answer(services, delivery, shown)
        return
    try:
        await services.notifier.open_view(delivery.trigger_id, shown)
    except SlackRefused:
        await answer(services, delivery, render_form_too_late())


async def turn(services: Services, delivery: ClickDelivery) -> None:
    """A button in the form: keep what is ticked on the page, and show another one."""

    def work(store: Store) -> View | Message:
        origin, text, likeness, ticked = read_choice(delivery.values, delivery.metadata)
        batch = _find(services, store, origin.value, delivery.user)
        if isinstance(batch, Message):
            return batch
        _keep_page(services, store, batch, origin, ticked)
        match delivery.action:
            case Action.BATCH_FIND:
                origin = origin.model_copy(update={"text": text, "likeness": likeness, "page": 0})
            case Action.BATCH_TICK | Action.BATCH_UNTICK:
                is_on = delivery.action == Action.BATCH_TICK
                store.batches.tick_all(batch.id, text=origin.text, likeness=origin.likeness, on=is_on)
            case _:
                page = int(delivery.value) if delivery.value.isascii() and delivery.value.isdecimal() else 0
                origin = origin.model_copy(update={"page": page})
        return _draw(store, batch, origin.model_copy(update={"drawing": origin.drawing + 1}))

    shown = await services.database.run(work)
    services.bell.ring("surfaces")
    if isinstance(shown, Message):
        await answer(services, delivery, shown)
        return
    try:
        await services.notifier.update_view(delivery.view_id, shown)
    except SlackRefused:
        await answer(services, delivery, render_form_too_late())


async def keep(services: Services, delivery: SubmissionDelivery, *, inbox_id: int) -> None:
    """[Keep]: what is ticked on the last page counts as well, and the preview shows it."""
    del inbox_id  # the same press twice keeps the same

    def work(store: Store) -> Message | None:
        origin, _, _, ticked = read_choice(delivery.values, delivery.metadata)
        batch = _find(services, store, origin.value, delivery.user)
        if isinstance(batch, Message):
            return batch
        _keep_page(services, store, batch, origin, ticked)
        return None

    refusal = await services.database.run(work)
    services.bell.ring("surfaces")
    if refusal is not None:
        await answer(services, delivery, refusal)


def _find(services: Services, store: Store, value: str, person: str) -> BatchRow | Message:
    batch, _ = read_value(store, value)
    if batch is None or (refusal := refuse_press(batch, person)):
        return render_never_issued() if batch is None else refusal or render_never_issued()
    return batch if batch.state == BatchState.READY else tell_over(services, store, batch)


def _keep_page(services: Services, store: Store, batch: BatchRow, origin: ChoiceOrigin, ticked: frozenset[int]) -> None:
    """Tick and untick what stood on a page; the preview that was shown before counts no more."""
    shown = {item.position for item in _page(store, batch, origin)}
    store.batches.tick(batch.id, sorted(shown & ticked), on=True)
    store.batches.tick(batch.id, sorted(shown - ticked), on=False)
    batch.revision += 1
    store.surfaces.touch(key_of(batch), services.clock.now())


def _page(store: Store, batch: BatchRow, origin: ChoiceOrigin) -> list[BatchItemRow]:
    return store.batches.page(batch.id, text=origin.text, likeness=origin.likeness, skip=origin.page * PAGE, limit=PAGE)


def _draw(store: Store, batch: BatchRow, origin: ChoiceOrigin) -> View:
    shown = [_choosable(item) for item in _page(store, batch, origin)]
    return choice_form(
        origin,
        shown,
        list_groups(store, batch, MOST_GROUPS),
        found=store.batches.count_tickable(batch.id, text=origin.text, likeness=origin.likeness),
        chosen=len(store.batches.list_chosen(batch.id)),
    )


def _choosable(item: BatchItemRow) -> Choosable:
    kind = "" if item.why == Why.PREFLIGHT.value else f"{Why(item.why).value}: " if item.why else ""
    why = f"{kind}{item.detail}" if item.why and item.detail else item.why  # a fault has no room beside its kind
    return Choosable(item.position, item.package, item.status == "included", why)
