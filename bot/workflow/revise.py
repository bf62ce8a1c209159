"""[Revise…]: what was rejected, in a form with everything filled in; it becomes a new request.

Of what is alike and new that is the form of its provider; of anything else the form for many packages, with a line for
each kind. What is too long for a field of Slack's comes as files for that form.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.approval import Action
from bot.domain.bulk import MOST_ROWS, Defaults
from bot.domain.command_line import command_line_of, command_of, draft_of
from bot.domain.commands import FormDraft
from bot.domain.deliveries import ClickDelivery
from bot.domain.lifecycle import State
from bot.domain.operations import Create, Operation, likeness_of
from bot.messages import decisions
from bot.messages.bulk import lines_file_name, render_lines_coming
from bot.messages.bulk_form import BulkDraft, bulk_form
from bot.messages.denials import Denied, render_denial
from bot.messages.forms import LONGEST, operation_form
from bot.messages.message import Message, View
from bot.messages.notices import render_form_too_late
from bot.notifications import SlackRefused
from bot.services import Services
from bot.workflow.answering import answer
from bot.workflow.authorise import OPERATION, authorise, load_directory, load_person
from storage.store import Store

_MOST = 10_000


@dataclass(frozen=True, slots=True)
class _Rejected:
    """What was rejected of a change set."""

    number: int
    operations: list[Operation]
    reason: str
    held: bool


async def open_form(services: Services, delivery: ClickDelivery) -> None:
    """Open a form of what was rejected.

    Raises:
        SlackError: Slack does not say who pressed, or does not take the files now.
    """
    person = await load_person(services, delivery.user)

    def work(store: Store) -> _Rejected | Message:
        denial = authorise(Action.STAGE, person, None, load_directory(services, store))
        if denial is not None:
            return render_denial(denial, Denied(wish=Action.STAGE))
        return _find(store, delivery.value) or decisions.render_never_issued()

    found = await services.database.run(work)
    if isinstance(found, Message):
        await answer(services, delivery, found)
        return
    form = _form_of(found, delivery.channel)
    try:
        await services.notifier.open_view(
            delivery.trigger_id, form or bulk_form(_bulk_draft(found), channel=delivery.channel)
        )
    except SlackRefused:
        await answer(services, delivery, render_form_too_late())
        return
    if form is None:
        await _send_lines(services, delivery, found)


def _find(store: Store, value: str) -> _Rejected | None:
    """Find what a button stands for; None where its value is none of ours, or nothing was rejected."""
    offer = store.change_sets.find_offer(value.partition(":")[0])  # messages of before name a place as well
    if offer is None:
        return None
    change_set = store.change_sets.load(offer.change_set_id)
    rows = store.change_sets.page_steps(change_set.id, states=(State.REJECTED,), limit=_MOST)
    if not rows:
        return None
    return _Rejected(
        number=change_set.number,
        operations=[OPERATION.validate_json(row.operation) for row in rows],
        reason=change_set.reason,
        held=any(row.held for row in rows),
    )


def _form_of(rejected: _Rejected, channel: str) -> View | None:
    """Fill the form that can say it; None where none can."""
    draft = _draft_of(rejected)
    if draft is not None and len(draft.package) <= LONGEST:
        return operation_form(draft, channel=channel)
    lines = "\n".join(_lines_of_kinds(rejected.operations))
    return bulk_form(_bulk_draft(rejected, lines), channel=channel) if len(lines) <= LONGEST else None


def _draft_of(rejected: _Rejected) -> FormDraft | None:
    """Fill the form of a provider: it says one and the same of all its packages, and that they are to run at once."""
    first, *others = rejected.operations
    is_alike = all(likeness_of(other) == likeness_of(first) for other in others)
    if not isinstance(first, Create) or not is_alike or rejected.held:
        return None
    draft = draft_of(command_of(first, *(operation.package for operation in rejected.operations)))
    return draft.model_copy(update={"reason": rejected.reason}) if draft else None


def _bulk_draft(rejected: _Rejected, lines: str = "") -> BulkDraft:
    return BulkDraft(defaults=Defaults(reason=rejected.reason, hold=rejected.held), lines=lines)


def _lines_of_kinds(operations: Sequence[Operation]) -> list[str]:
    """Write a line for each kind, with all its packages."""
    kinds: dict[str, list[Operation]] = {}
    for operation in operations:
        kinds.setdefault(likeness_of(operation), []).append(operation)
    return [command_line_of(command_of(alike[0], *(each.package for each in alike))) for alike in kinds.values()]


async def _send_lines(services: Services, delivery: ClickDelivery, rejected: _Rejected) -> None:
    """Send by DM what no field can hold, a line for each package, in files that the form takes."""
    lines = [command_line_of(command_of(operation)) for operation in rejected.operations]
    files = [lines[start : start + MOST_ROWS] for start in range(0, len(lines), MOST_ROWS)]
    channel, title = await services.notifier.open_dm(delivery.user), f"What was rejected of C-{rejected.number}"
    for place, part in enumerate(files, start=1):
        name = lines_file_name(rejected.number, place)
        content = "\n".join([*part, ""]).encode()
        await services.notifier.upload_file(channel, "", name, content, title=title)
    await answer(services, delivery, render_lines_coming(rejected.number, packages=len(lines), files=len(files)))
