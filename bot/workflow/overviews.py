"""`status`, `pending` and [Details]: what stands, for the person who asks."""

from bot.domain.approval import reviewers_of
from bot.domain.deliveries import ClickDelivery, CommandDelivery
from bot.messages.decisions import render_never_issued
from bot.messages.details import render_details
from bot.messages.listings import render_no_such_change_set, render_pending, render_status
from bot.messages.message import Message
from bot.messages.notices import render_private_elsewhere
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.answering import answer
from bot.workflow.authorise import load_directory, load_step_facts
from bot.workflow.views import change_set_view
from storage.models import ChangeSetRow
from storage.store import Store


async def tell_status(services: Services, delivery: CommandDelivery, number: int | None) -> None:
    """`status`: one change set, or those that the person asked for."""

    def work(store: Store) -> Message:
        if number is None:
            return render_status(
                [change_set_view(services, store, row) for row in store.change_sets.list_of(delivery.user)]
            )
        row = store.change_sets.find_number(number)
        if row is None:
            return render_no_such_change_set(number)
        if not may_see(services, store, row, delivery.user, delivery.channel):
            return render_private_elsewhere(number)
        return render_status([change_set_view(services, store, row)])

    await answer(services, delivery, await services.database.run(work))


async def tell_pending(services: Services, delivery: CommandDelivery) -> None:
    """`pending`: everything open that the person may see."""

    def work(store: Store) -> Message:
        rows = store.change_sets.list_open()
        seen = [row for row in rows if may_see(services, store, row, delivery.user, delivery.channel)]
        return render_pending([change_set_view(services, store, row) for row in seen])

    await answer(services, delivery, await services.database.run(work))


async def tell_details(services: Services, delivery: ClickDelivery) -> None:
    """[Details]: everything that is known. Configurations are shown to who can write to the packages."""

    def work(store: Store) -> Message:
        offer = store.change_sets.find_offer(delivery.value)
        if offer is None:
            return render_never_issued()
        row = store.change_sets.load(offer.change_set_id)
        steps = store.change_sets.load_steps(row.id)
        writes = all(can_write(store, delivery.user, transitions.facts_of(step).maintainers) for step in steps)
        if row.offer != delivery.value:
            transitions.touch(store, row.id, services.clock.now())
        return render_details(change_set_view(services, store, row), may_see_configurations=writes)

    await answer(services, delivery, await services.database.run(work))


def can_write(store: Store, slack_user: str, maintainers: tuple[str, ...]) -> bool:
    """Tell whether a person's proven npm account maintains a package."""
    link = store.links.find_linked(slack_user)
    return link is not None and link.npm_user in maintainers


def may_see(services: Services, store: Store, row: ChangeSetRow, slack_user: str, channel: str) -> bool:
    """A private package's name is seen where it was staged, by who asks, who reviews, and who can write to it."""
    if not row.private or slack_user == row.requester or channel == row.channel:
        return True
    directory = load_directory(services, store)
    return all(
        slack_user in reviewers_of(load_step_facts(services, store, row, step), directory).people
        or can_write(store, slack_user, transitions.facts_of(step).maintainers)
        for step in store.change_sets.load_steps(row.id)
    )
