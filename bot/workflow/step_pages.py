"""[Details] of a change set of many steps: a view with pages, to search in."""

import logging

from bot.domain.deliveries import ClickDelivery
from bot.messages.decisions import render_never_issued
from bot.messages.ids import Action
from bot.messages.message import View
from bot.messages.notices import render_form_too_late
from bot.messages.steps_view import PAGE, StepsOrigin, read_steps_search, steps_view
from bot.notifications import SlackRefused
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.answering import answer
from bot.workflow.buttons import read_row_id
from bot.workflow.sight import can_write
from bot.workflow.views import change_set_view
from storage.models import ChangeSetRow
from storage.store import Store

_LOG = logging.getLogger(__name__)


async def open_pages(services: Services, delivery: ClickDelivery) -> None:
    """Open the first page."""
    origin = StepsOrigin(offer=delivery.value)
    view = await services.database.run(lambda store: _draw(services, store, delivery.user, origin))
    if view is None:
        await answer(services, delivery, render_never_issued())
        return
    try:
        await services.notifier.open_view(delivery.trigger_id, view)
    except SlackRefused as refusal:
        _LOG.warning("Slack did not open a view: %s", refusal)
        await answer(services, delivery, render_form_too_late())


async def turn(services: Services, delivery: ClickDelivery) -> None:
    """[Search], [Next page] and [Previous page]."""
    is_new = delivery.action == Action.STEPS_SEARCH
    page = read_row_id(delivery.value) or 0
    origin = read_steps_search(delivery.values, delivery.metadata, page, is_new=is_new) if delivery.metadata else None
    view = await services.database.run(lambda store: _draw(services, store, delivery.user, origin) if origin else None)
    if view is None:
        await answer(services, delivery, render_never_issued())
        return
    try:
        await services.notifier.update_view(delivery.view_id, view)
    except SlackRefused as refusal:
        _LOG.info("A view was closed meanwhile: %s", refusal)


def _draw(services: Services, store: Store, person: str, origin: StepsOrigin) -> View | None:
    offer = store.change_sets.find_offer(origin.offer)
    if offer is None:
        return None
    return _draw_page(services, store, store.change_sets.load(offer.change_set_id), person, origin)


def _draw_page(services: Services, store: Store, change_set: ChangeSetRow, person: str, origin: StepsOrigin) -> View:
    found = store.change_sets.count_steps(change_set.id, states=origin.states, text=origin.text)
    page = min(origin.page, max(0, (found - 1) // PAGE))
    rows = store.change_sets.page_steps(
        change_set.id, states=origin.states, text=origin.text, skip=page * PAGE, limit=PAGE
    )
    visible = {row.position for row in rows if can_write(store, person, transitions.facts_of(row).maintainers)}
    view = change_set_view(services, store, change_set, rows)
    return steps_view(view, origin.model_copy(update={"page": page}), found=found, visible=visible)
