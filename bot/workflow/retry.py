"""`retry C-42`: ask once more for what failed, as a new change set, with the preview that every batch has.

Of what ended unclear, npm's own list is read first, through the account of who asks; only what is missing is asked for.
"""

from datetime import datetime, timedelta

from bot.domain.approval import Action, reviewers_of
from bot.domain.batch import Wanted
from bot.domain.deliveries import ClickDelivery, CommandDelivery
from bot.domain.events import AuditKind
from bot.domain.lifecycle import OPEN_STATES, State
from bot.domain.operations import Operation
from bot.domain.retry import FAILED, UNCLEAR, missing_of, wanted_again
from bot.messages import decisions
from bot.messages.listings import render_no_such_change_set
from bot.messages.message import Message
from bot.messages.pausing import (
    render_cannot_read,
    render_nothing_to_retry,
    render_retried,
    render_retry_found,
)
from bot.services import Services
from bot.workflow.answering import answer
from bot.workflow.authorise import load_directory, load_person, load_step_facts
from bot.workflow.batches import start_batch
from bot.workflow.handoff import set_present
from bot.workflow.lane import OPERATION
from bot.workflow.look import CONFIGURATIONS
from bot.workflow.pause import deny
from bot.workflow.transitions import facts_of
from storage.models import ChangeSetRow, ReadRow, StepRow
from storage.store import Store

_PAGE = 500
_LIFE = timedelta(hours=12)
"""How long the lists are waited for: those of a thousand packages take half an hour, and their person may be away."""
_UNDER_WAY = frozenset({"ready", "calling", "waiting"})


async def retry_number(services: Services, delivery: CommandDelivery, number: int, *, inbox_id: int) -> None:
    """`retry C-42`."""

    def find(store: Store) -> ChangeSetRow | None:
        return store.change_sets.find_number(number)

    await _retry(services, delivery, await services.database.run(find), inbox_id, render_no_such_change_set(number))


async def retry_offer(services: Services, delivery: ClickDelivery, *, inbox_id: int) -> None:
    """[Retry]."""

    def find(store: Store) -> ChangeSetRow | None:
        offer = store.change_sets.find_offer(delivery.value)
        return store.change_sets.load(offer.change_set_id) if offer else None

    await _retry(services, delivery, await services.database.run(find), inbox_id, decisions.render_never_issued())


async def _retry(
    services: Services,
    delivery: CommandDelivery | ClickDelivery,
    found: ChangeSetRow | None,
    inbox_id: int,
    unknown: Message,
) -> None:
    if found is None:
        await answer(services, delivery, unknown)
        return
    person = await load_person(services, delivery.user)

    def work(store: Store) -> Message:
        change_set = store.change_sets.load(found.id)
        if refused := deny(services, store, Action.RETRY, person, change_set):
            return refused
        return _begin(services, store, change_set, person.id, inbox_id)

    message = await services.database.run(work)
    services.bell.ring("batches", "lane", "handoffs", "surfaces")
    await answer(services, delivery, message)


def _begin(services: Services, store: Store, change_set: ChangeSetRow, person: str, inbox_id: int) -> Message:
    """Have the lists read that are needed, or ask at once; done again after a crash, it does nothing twice."""
    number, tally = change_set.number, store.change_sets.tally(change_set.id)
    failed = sum(tally.get(state, 0) for state in FAILED)
    unclear = sum(tally.get(state, 0) for state in UNCLEAR)
    if not failed and not unclear:
        still_open = sum(steps for state, steps in tally.items() if state in OPEN_STATES)
        rejected, cancelled = tally.get(State.REJECTED, 0), tally.get(State.CANCELLED, 0)
        return render_nothing_to_retry(number, still_open=still_open, rejected=rejected, cancelled=cancelled)
    now, batch = services.clock.now(), f"retry:{change_set.id}:{inbox_id}"
    link = store.links.find_linked(person)
    readable: list[StepRow] = []
    others: list[StepRow] = []
    for step in _steps(store, change_set, UNCLEAR):
        can_read = link is not None and link.npm_user in facts_of(step).maintainers
        (readable if can_read else others).append(step)
    if others and not failed and not readable:
        facts = load_step_facts(services, store, change_set, others[0])
        who = reviewers_of(facts, load_directory(services, store)).people
        return render_cannot_read(number, [step.package for step in others], list(who))
    if readable and not store.reads.list_batch(batch):
        for step in readable:
            store.reads.add(_read_of(store, step, person, batch, now))
        if link is not None:
            set_present(store, link, now)
    store.audit.add(
        AuditKind.RETRIED, actor=person, at=now, change_set_id=change_set.id, failed=failed, unclear=len(readable)
    )
    if not readable:
        _ask(services, store, change_set, person, inbox_id, [])
    return render_retried(number, asked=failed, read=len(readable))


def _steps(store: Store, change_set: ChangeSetRow, states: tuple[State, ...]) -> list[StepRow]:
    found: list[StepRow] = []
    while page := store.change_sets.page_steps(
        change_set.id, states=states, after=found[-1].position + 1 if found else 0, limit=_PAGE
    ):
        found += page
    return found


def _read_of(store: Store, step: StepRow, person: str, batch: str, now: datetime) -> ReadRow:
    return ReadRow(
        workspace=store.workspace,
        batch=batch,
        package=step.package,
        slack_user=person,
        step_id=step.id,
        state="ready",
        facts="",
        created_at=now,
        deadline=now + _LIFE,
        next_try_at=now,
    )


def _ask(
    services: Services, store: Store, change_set: ChangeSetRow, person: str, inbox_id: int, missing: list[Wanted]
) -> None:
    """Ask for what failed, and for what npm's lists show to be missing."""
    failed = (wanted_again(OPERATION.validate_json(row.operation)) for row in _steps(store, change_set, FAILED))
    items = [*missing, *failed]
    if items:
        start_batch(
            services,
            store,
            inbox_id=inbox_id,
            person=person,
            channel=change_set.channel,
            reason=change_set.reason,
            hold=False,
            items=items,
            remarks=(f"What failed of C-{change_set.number} is asked for again.",),
        )


def settle_retry(services: Services, store: Store, read: ReadRow, now: datetime) -> None:
    """Once the last list of a retry is there, or cannot be had, ask for what is missing, and tell what was found."""
    if not read.batch.startswith("retry:"):
        return
    store.flush()
    reads = store.reads.list_batch(read.batch)
    if any(each.state in _UNDER_WAY for each in reads):
        return
    _, change_set_id, inbox_id = read.batch.split(":")
    missing = [wanted_again(lacking) for each in reads if (lacking := _missing(store, each)) is not None]
    _ask(services, store, store.change_sets.load(int(change_set_id)), read.slack_user, int(inbox_id), missing)
    store.surfaces.want(f"retried:{read.batch}", channel=read.slack_user, now=now)
    services.bell.ring("batches", "surfaces")


def _missing(store: Store, read: ReadRow) -> Operation | None:
    if read.state != "done" or read.step_id is None:
        return None
    operation = OPERATION.validate_json(store.change_sets.load_step(read.step_id).operation)
    return missing_of(operation, CONFIGURATIONS.validate_json(read.result))


def draw_retried(_services: Services, store: Store, reference: str) -> Message | None:
    """Draw what the lists of a retry have told."""
    reads = store.reads.list_batch(reference)
    change_set = store.change_sets.load(int(reference.split(":")[1]))
    unread = sum(each.state != "done" for each in reads)
    missing = sum(_missing(store, each) is not None for each in reads)
    return render_retry_found(change_set.number, in_place=len(reads) - unread - missing, missing=missing, unread=unread)
