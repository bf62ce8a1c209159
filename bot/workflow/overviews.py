"""`status`, `pending` and [Details]: what stands, for the person who asks."""

from bot.domain.deliveries import ClickDelivery, CommandDelivery
from bot.messages.decisions import render_never_issued
from bot.messages.details import render_details
from bot.messages.listings import render_no_such_change_set, render_pending, render_status
from bot.messages.message import Message
from bot.messages.notices import render_private_elsewhere
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.answering import answer
from bot.workflow.sight import can_write, may_see
from bot.workflow.step_pages import open_pages
from bot.workflow.sums import is_large, shown_view
from bot.workflow.views import change_set_view
from storage.store import Store


async def tell_status(services: Services, delivery: CommandDelivery, number: int | None) -> None:
    """`status`: one change set, or those that the person asked for."""

    def work(store: Store) -> Message:
        if number is None:
            return render_status([shown_view(services, store, row) for row in store.change_sets.list_of(delivery.user)])
        row = store.change_sets.find_number(number)
        if row is None:
            return render_no_such_change_set(number)
        if not may_see(services, store, row, delivery.user, delivery.channel):
            return render_private_elsewhere(number)
        return render_status([shown_view(services, store, row)])

    await answer(services, delivery, await services.database.run(work))


async def tell_pending(services: Services, delivery: CommandDelivery) -> None:
    """`pending`: everything open that the person may see."""

    def work(store: Store) -> Message:
        rows = store.change_sets.list_open()
        seen = [row for row in rows if may_see(services, store, row, delivery.user, delivery.channel)]
        return render_pending([shown_view(services, store, row) for row in seen])

    await answer(services, delivery, await services.database.run(work))


async def tell_details(services: Services, delivery: ClickDelivery) -> None:
    """[Details]: everything that is known. Configurations are shown to who can write to the packages."""

    def work(store: Store) -> Message | None:
        offer = store.change_sets.find_offer(delivery.value)
        if offer is None:
            return render_never_issued()
        row = store.change_sets.load(offer.change_set_id)
        if row.offer != delivery.value:
            transitions.touch(store, row.id, services.clock.now())
        if is_large(store, row.id):
            return None
        steps = store.change_sets.load_steps(row.id)
        writes = all(can_write(store, delivery.user, transitions.facts_of(step).maintainers) for step in steps)
        return render_details(change_set_view(services, store, row), may_see_configurations=writes)

    message = await services.database.run(work)
    if message is None:
        await open_pages(services, delivery)
    else:
        await answer(services, delivery, message)
