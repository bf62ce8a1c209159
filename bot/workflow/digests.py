"""Digests: written when they are due, once for each time, and shown beforehand to who asks."""

from datetime import datetime, timedelta

from bot.domain.commands import ShowDigest
from bot.domain.deliveries import CommandDelivery
from bot.domain.digest import DigestContent, compose_digest
from bot.domain.events import AuditKind
from bot.domain.patterns import Selection, selection_of
from bot.domain.trend import has_trend
from bot.messages.digest import render_digest_preview, render_nothing_to_digest
from bot.messages.message import Message, join
from bot.services import Services
from bot.workflow.answering import answer
from bot.workflow.catalogue import note_catalogue, oldest_search
from bot.workflow.coverage_records import load_records
from bot.workflow.history import load_trend, note
from bot.workflow.progress import Progress
from bot.workflow.reading_times import MISSED_A_NIGHT, next_night, zone_of
from bot.workflow.schedule import next_after
from bot.workflow.transitions import NPMTRUST
from bot.workflow.watches import list_seen, watch_view
from storage.coverage_models import DigestRow, WatchRow
from storage.store import Store

PATIENCE = timedelta(minutes=45)
"""How long a digest waits for what is to be read before it; after that it says how old what it knows is."""

_LOOK_AGAIN = timedelta(seconds=30)


async def execute_next(services: Services) -> Progress:
    """Write the digest that is due longest: the row is unique, so that whoever is second finds nothing to do."""
    made = await services.database.run(lambda store: _make(services, store))
    if isinstance(made, Progress):
        return made
    services.bell.ring("surfaces", "pictures")
    return Progress(more=True)


def _make(services: Services, store: Store) -> Progress | DigestRow:
    now = services.clock.now()
    watch = store.watches.claim_due(now)
    if watch is None:
        return Progress(at=store.watches.next_due())
    selection, due_at = selection_of(watch.selection), watch.next_digest_at
    # After downtime what was to be read meanwhile is read first: a digest of last week's facts would help nobody.
    until = max(due_at, services.started_at) + PATIENCE
    if now < until and not _is_read(store, watch, selection, now):
        return Progress(at=min(now + _LOOK_AGAIN, until))
    before = store.digests.newest_of(watch.id)
    content = _compose(services, store, selection, due_at, before, noting=True)
    head = store.seals.head()
    content = content.model_copy(update={"record_head": head.text if head else ""})
    digest = store.digests.add(
        DigestRow(workspace=store.workspace, watch_id=watch.id, due_at=due_at, content=content.model_dump_json())
    )
    if has_trend(content.trend):
        store.pictures.want(digest.id, now)
    # Several that were missed become this one: the next is counted from now.
    next_at = next_after(watch.cron, zone_of(watch.timezone), max(now, due_at))
    if next_at is None:  # a schedule that was checked comes again; one that does not is over
        watch.ended_at = now
    watch.next_digest_at = next_at or now
    watch.last_digest_at, watch.problem = due_at, ""
    store.audit.add(
        AuditKind.DIGEST_MADE,
        actor=NPMTRUST,
        at=now,
        watch=watch.id,
        digest=digest.id,
        late=content.late,
        head=content.record_head,
    )
    store.surfaces.want(f"digest:{digest.id}", channel=watch.channel, now=now)
    return digest


def _is_read(store: Store, watch: WatchRow, selection: Selection, now: datetime) -> bool:
    """Tell whether the names and the packages of a watch were read as often as they should be by now."""
    listed_at = oldest_search(store, selection)
    if listed_at is None or next_night(zone_of(watch.timezone), listed_at) <= now:
        return False
    return not store.packages.count_due(selection, watch.next_digest_at, missed=now - MISSED_A_NIGHT)


def _compose(
    services: Services,
    store: Store,
    selection: Selection,
    due_at: datetime,
    before: DigestRow | None,
    *,
    noting: bool = False,
) -> DigestContent:
    """Write what a digest says; `noting`: keep in the history where its packages stand."""
    records, now = load_records(store, selection), services.clock.now()
    if noting:
        note(store, selection.text, records, now)
    return compose_digest(
        records,
        selection=selection.text,
        due_at=due_at,
        now=now,
        before=DigestContent.model_validate_json(before.content) if before else None,
        slack_users={link.npm_user: link.slack_user for link in store.links.list_linked()},
        catalogue=note_catalogue(store, selection, records),
        alarms_open=len(store.alarms.list_open(selection)),
        trend=load_trend(store, selection.text, now),
    )


async def show_digest(services: Services, delivery: CommandDelivery, command: ShowDigest) -> None:
    """`digest`: what the next one would say, now, to who asks; of each that is watched here where none is named.

    Raises:
        SlackError: Slack cannot be asked now.
    """
    live = await list_seen(services, delivery)

    def work(store: Store) -> Message:
        if command.selection is not None:
            return _preview(services, store, command.selection, live)
        here = [row for row in live if row.channel == delivery.channel] or live
        texts = dict.fromkeys(row.selection for row in here)
        shown = [_preview(services, store, selection_of(text), here) for text in texts]
        return join(shown) if shown else render_nothing_to_digest("")

    await answer(services, delivery, await services.database.run(work))


def _preview(services: Services, store: Store, selection: Selection, live: list[WatchRow]) -> Message:
    watches = [row for row in live if row.selection == selection.text]
    newest = [digest for row in watches if (digest := store.digests.newest_of(row.id))]
    next_at = min((row.next_digest_at for row in watches), default=services.clock.now())
    before = max(newest, key=lambda digest: digest.due_at, default=None)
    content = _compose(services, store, selection, next_at, before)
    if not content.total and not content.catalogue.private:
        return render_nothing_to_digest(selection.text)
    return render_digest_preview(content, [watch_view(row) for row in watches])
