"""Looking at the packages of a batch: which ones they are, what npm shows of each, and what speaks against asking.

One process at a time does it, by a lease, some packages at a time; what is left to do stands in the tables, so that it
goes on after a crash. When npm is away everything waits, and the preview says so.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from bot.domain.batch import MOST_ITEMS, BatchState, Status, Why, wanted_of
from bot.domain.packages import PackageName
from bot.registry import RegistryUnavailable
from bot.services import Services
from bot.workflow.authorise import load_directory
from bot.workflow.batch_judge import Bench, Judged, Outage, judge, record
from bot.workflow.batches import command_of, key_of, selection_of_batch
from bot.workflow.catalogue import learn_names, resolve_names, rest_between_reads
from bot.workflow.policy_checks import channels_of
from bot.workflow.progress import Progress
from storage.batch_models import BatchItemRow, BatchRow
from storage.store import Store

LANE = "batches"
"""The lease of who looks."""

LIFE = timedelta(minutes=2)
"""Longer than one piece of the work takes: to learn the names of a large scope, or to read some packages."""

MOST_AT_ONCE = 40
"""How many packages one piece of work reads."""

AT_ONCE = 8
"""How many of them at the same time."""

PATIENCE = timedelta(hours=24)
"""So long a batch waits for npm; then it is given up."""

_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 60.0
"""Seconds that a batch rests when npm is away, from the first time to the fifth running and later."""

_TRIES = 3
"""How often packages are tried of which npm gives no answer while nothing else is asked for."""

_AGAIN = timedelta(seconds=5)


async def execute_next(services: Services) -> Progress:
    """Learn which packages a batch means, read some of them, or finish its preview."""
    batch = await services.database.run(lambda store: _take(services, store))
    if isinstance(batch, Progress):
        return batch
    if batch.state == BatchState.LISTING:
        await _learn(services, batch)
    elif items := await services.database.run(lambda store: store.batches.list_new(batch.id, MOST_AT_ONCE)):
        await _read(services, batch, items)
    else:
        await _finish(services, batch)
    services.bell.ring("surfaces")
    return Progress(more=True)


def _take(services: Services, store: Store) -> BatchRow | Progress:
    now, batch = services.clock.now(), store.batches.next_due()
    if batch is None:
        return Progress()
    if batch.next_try_at > now:
        return Progress(at=batch.next_try_at)
    if store.lanes.hold(LANE, holder=services.process, now=now, life=LIFE) is None:
        return Progress(at=now + _AGAIN)
    return batch


async def _learn(services: Services, batch: BatchRow) -> None:
    selection = selection_of_batch(batch)
    link = await services.database.run(lambda store: store.links.find_linked(batch.person))
    if selection is not None:
        try:
            await learn_names(services, selection, link)
        except RegistryUnavailable as err:
            outage = Outage(str(err), err.retry_after or 0.0)
            await services.database.run(lambda store: _rest(services, store, batch.token, outage))
            return
    await services.database.run(lambda store: _resolve(services, store, batch.token))


def _resolve(services: Services, store: Store, token: str) -> None:
    """Turn patterns into packages."""
    batch = store.batches.find(token)
    command = command_of(batch) if batch else None
    if batch is None or command is None or command.selection is None or batch.state != BatchState.LISTING:
        return
    now = services.clock.now()
    shown, hidden = resolve_names(command.selection, store.packages.records(command.selection))
    batch.note, batch.failures = "", 0
    if not shown or len(shown) > MOST_ITEMS:
        batch.state, batch.finished_at = BatchState.FAILED.value, now
        batch.note = f"{len(shown)} packages match; one batch takes at most {MOST_ITEMS}." if shown else ""
    else:
        store.batches.add_items(batch, wanted_of(command, map(PackageName, shown)), hidden=hidden)
        batch.state = BatchState.LOOKING.value
    store.surfaces.touch(key_of(batch), now)


async def _read(services: Services, batch: BatchRow, items: Sequence[BatchItemRow]) -> None:
    """Read some packages, a few at the same time, and write down what was found."""
    bench = await services.database.run(lambda store: _prepare(services, store, batch, items))
    free = asyncio.Semaphore(AT_ONCE)
    outcomes: list[Judged | Outage] = []

    async def look(item: BatchItemRow) -> None:
        try:
            outcomes.append(await judge(bench, item))
        finally:
            free.release()

    async with asyncio.TaskGroup() as group:
        for item in items:
            await free.acquire()
            if any(isinstance(outcome, Outage) and outcome.is_certain for outcome in outcomes):
                break
            group.create_task(look(item))
            await rest_between_reads(services)
    judged = [outcome for outcome in outcomes if isinstance(outcome, Judged)]
    outages = [outcome for outcome in outcomes if isinstance(outcome, Outage)]
    await services.database.run(lambda store: _write(services, store, batch.token, judged, outages))


def _prepare(services: Services, store: Store, batch: BatchRow, items: Sequence[BatchItemRow]) -> Bench:
    known = store.packages.find_all(item.package for item in items)
    return Bench(
        services=services,
        batch=batch,
        link=store.links.find_linked(batch.person),
        directory=load_directory(services, store),
        retired=frozenset(row.name for row in known if row.retired_by),
    )


def _write(services: Services, store: Store, token: str, judged: Sequence[Judged], outages: Sequence[Outage]) -> None:
    batch = store.batches.find(token)
    if batch is None or batch.state != BatchState.LOOKING:
        return  # it was dropped meanwhile
    now = services.clock.now()
    record(services, store, batch, judged)
    batch.next_try_at = now  # batches take turns
    if any(outage.is_certain for outage in outages) or (outages and not judged and batch.failures < _TRIES):
        _rest(services, store, token, max(outages, key=lambda outage: outage.retry_after))
        return
    batch.note, batch.failures = "", 0
    # npm is there, and these packages alone cannot be read
    record(services, store, batch, [outage.as_unreadable() for outage in outages if outage.item])
    store.surfaces.touch(key_of(batch), now)


def _rest(services: Services, store: Store, token: str, outage: Outage) -> None:
    """Let a batch rest, longer each time running, and say why."""
    batch = store.batches.find(token)
    if batch is None:
        return
    now = services.clock.now()
    seconds = max(min(_FIRST_PAUSE * 2.0 ** min(batch.failures, 6), _LONGEST_PAUSE), outage.retry_after)
    batch.failures, batch.next_try_at = batch.failures + 1, now + timedelta(seconds=seconds)
    batch.note = f"I cannot read now: {outage.why}. I go on by myself."
    if batch.created_at + PATIENCE <= now:
        batch.state, batch.finished_at = BatchState.FAILED.value, now
        batch.note = f"I could not read the packages for a day: {outage.why}. Nothing was asked for."
    store.surfaces.touch(key_of(batch), now)


async def _finish(services: Services, batch: BatchRow) -> None:
    """All were looked at: show what can be asked for. Private names are not for channels that everybody reads."""
    private = await services.database.run(lambda store: store.batches.list_private(batch.id))
    places = channels_of(services, dict.fromkeys(item.package for item in private), batch.channel)
    is_open = {place: not (await services.channels.check(place)).private for place in places}
    exposed = {package for place, packages in places.items() if is_open[place] for package in packages}

    def work(store: Store) -> None:
        row = store.batches.find(batch.token)
        if row is None or row.state != BatchState.LOOKING:
            return
        now = services.clock.now()
        for item in store.batches.list_private(row.id):
            if item.package in exposed:
                item.status, item.why = Status.SKIPPED.value, Why.PRIVATE.value
        for item in store.batches.list_twice(row.id):
            item.status, item.why = Status.SKIPPED.value, Why.TWICE.value
        row.state, row.ready_at, row.note = BatchState.READY.value, now, ""
        row.revision += 1
        store.surfaces.touch(key_of(row), now)

    await services.database.run(work)
