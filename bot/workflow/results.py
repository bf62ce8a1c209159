"""The file of a change set's results: into the thread of its message when it has ended, and on a button."""

from bot.domain.coverage import write_csv
from bot.domain.deliveries import ClickDelivery
from bot.domain.lifecycle import Plan, State
from bot.domain.results import Result, result_rows
from bot.messages.decisions import render_never_issued
from bot.messages.message import Message
from bot.messages.notices import render_private_elsewhere
from bot.messages.sums import render_export_coming
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.answering import answer
from bot.workflow.lane import OPERATION
from bot.workflow.sight import may_see
from bot.workflow.views import FIRST_PUBLISH
from storage.models import ChangeSetRow, DecisionRow, StepRow
from storage.store import Store


async def export(services: Services, delivery: ClickDelivery) -> None:
    """[Results as CSV]: as they are now."""

    def work(store: Store) -> Message:
        offer = store.change_sets.find_offer(delivery.value)
        if offer is None:
            return render_never_issued()
        change_set = store.change_sets.load(offer.change_set_id)
        if not may_see(services, store, change_set, delivery.user, delivery.channel):
            return render_private_elsewhere(change_set.number)
        change_set.csv_state = "wanted"
        return render_export_coming(change_set.number)

    message = await services.database.run(work)
    services.bell.ring("files")
    await answer(services, delivery, message)


def write_results(store: Store, change_set: ChangeSetRow) -> bytes:
    """Write the file. No cell of it is a formula for a spreadsheet."""
    steps = store.change_sets.load_steps(change_set.id)
    decided = store.decisions.list_all_of(step.id for step in steps)
    npm_users = {link.slack_user: link.npm_user for link in store.links.list_linked()}
    results = (_result(change_set, step, decided.get(step.id, []), npm_users) for step in steps)
    return b"\xef\xbb\xbf" + write_csv(result_rows(results)).encode()  # without the mark Excel takes another encoding


def _result(change_set: ChangeSetRow, step: StepRow, decided: list[DecisionRow], npm_users: dict[str, str]) -> Result:
    progress = transitions.progress_of(step)
    is_new = step.state == State.APPLIED.value and step.plan != Plan.REVOKE.value
    has_run = step.state not in {State.REJECTED.value, State.EXPIRED.value, State.CANCELLED.value}
    executor = (progress.by_hand or step.executor) if has_run else ""
    return Result(
        operation=OPERATION.validate_json(step.operation),
        state=State(step.state),
        npm_message=progress.npm_message,
        configuration_id=progress.configuration_id,
        requester=change_set.requester,
        approvers=tuple(row.slack_user for row in decided if row.approved and row.void_at is None),
        executor=executor,
        executor_npm_user=npm_users.get(executor, ""),
        finished_at=step.finished_at,
        publish_before=progress.called_at + FIRST_PUBLISH if is_new and progress.called_at else None,
    )
