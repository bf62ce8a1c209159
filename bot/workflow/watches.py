"""`watch`, `unwatch`, and `watch` alone: which digest goes where, and when."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

from bot.domain.approval import Action, Denial, Person, Stake, people_of_stake
from bot.domain.commands import Unwatch, Watch
from bot.domain.coverage_views import WatchView
from bot.domain.deliveries import CommandDelivery
from bot.domain.events import AuditKind
from bot.messages.denials import Denied, render_denial
from bot.messages.message import Message
from bot.messages.watch_notices import render_watched_elsewhere
from bot.messages.watches import (
    render_cannot_watch,
    render_cron_refused,
    render_never_fires,
    render_no_such_watch,
    render_not_yours_to_unwatch,
    render_unwatched,
    render_watch_guest,
    render_watches,
    render_watching,
    render_zone_refused,
)
from bot.notifications import SlackRefused
from bot.services import Services
from bot.workflow.answering import answer
from bot.workflow.authorise import authorise, load_directory, load_person, record_denial
from bot.workflow.put_aside import list_put_aside
from bot.workflow.reading_times import Watched, look_after
from bot.workflow.schedule import (
    DEFAULT_ZONE,
    ScheduleProblem,
    check_schedule,
    find_zone,
    list_similar_zones,
    next_after,
)
from storage.coverage_models import WatchRow
from storage.store import Store

_ELSEWHERE = "channel_not_found"
"""What Slack says of a channel that somebody cannot see, and we as well."""


@dataclass(frozen=True, slots=True)
class _Schedule:
    cron: str
    zone: ZoneInfo
    next_at: datetime


_Judged: TypeAlias = _Schedule | Message


async def watch(services: Services, delivery: CommandDelivery, command: Watch) -> None:
    """Have a digest posted by schedule; the same selection and channel again changes its schedule.

    Raises:
        SlackError: Slack cannot be asked now.
    """
    person = await load_person(services, delivery.user)
    directory = await services.database.run(lambda store: load_directory(services, store))
    denial = authorise(Action.WATCH, person, None, directory)
    if denial is not None:
        await answer(services, delivery, _render_denial(denial, Action.WATCH))
        return
    channel = command.channel or delivery.channel
    judged = _judge(services, command, person)
    if isinstance(judged, _Schedule) and (refusal := await _check_channel(services, delivery, channel)):
        judged = refusal
    if isinstance(judged, Message):
        await answer(services, delivery, judged)
        return
    schedule = judged

    def work(store: Store) -> Message:
        found = store.watches.find_live(command.selection.text, channel)
        if found is not None and (refusal := _refuse(services, store, person, found)):
            return refusal
        row = found or _add(store, command.selection.text, channel, person.id, services.clock.now(), schedule)
        row.cron, row.timezone, row.next_digest_at = schedule.cron, schedule.zone.key, schedule.next_at
        row.problem = ""
        look_after(store, Watched(command.selection, schedule.zone), services.clock.now())
        _record(services, store, AuditKind.WATCHED, person.id, row)
        return render_watching(watch_view(row), is_new=found is None)

    message = await services.database.run(work)
    services.bell.ring("scan", "digests")
    await answer(services, delivery, message)


def _judge(services: Services, command: Watch, person: Person) -> _Judged:
    """Find the schedule of a watch, or say what is wrong with it."""
    now = services.clock.now()
    zone = find_zone(command.timezone or person.timezone or DEFAULT_ZONE)
    if zone is None and command.timezone:
        return render_zone_refused(command.timezone, list_similar_zones(command.timezone))
    zone = zone or ZoneInfo(DEFAULT_ZONE)
    problem = check_schedule(command.cron, zone, now)
    if problem is ScheduleProblem.NEVER:
        return render_never_fires(command.cron)
    if problem is not None:
        return render_cron_refused(command.cron, problem.value)
    next_at = next_after(command.cron, zone, now)
    return _Schedule(command.cron, zone, next_at) if next_at else render_never_fires(command.cron)


async def _check_channel(services: Services, delivery: CommandDelivery, channel: str) -> Message | None:
    """Refuse a channel that we cannot post in, and a private one of which the person is no member."""
    if channel.startswith("#"):
        return render_cannot_watch(channel, _ELSEWHERE)
    access = await services.channels.check(channel)
    if not access.postable:
        return render_cannot_watch(channel, access.why)
    if channel == delivery.channel or not access.private:
        return None
    try:
        members = await services.notifier.list_members(channel)
    except SlackRefused as refusal:
        return render_cannot_watch(channel, refusal.code)
    return None if delivery.user in members else render_cannot_watch(channel, _ELSEWHERE)


def _add(store: Store, selection: str, channel: str, set_by: str, now: datetime, schedule: _Schedule) -> WatchRow:
    return store.watches.add(
        WatchRow(
            workspace=store.workspace,
            selection=selection,
            channel=channel,
            cron=schedule.cron,
            timezone=schedule.zone.key,
            set_by=set_by,
            created_at=now,
            next_digest_at=schedule.next_at,
        )
    )


def _record(services: Services, store: Store, kind: AuditKind, actor: str, row: WatchRow) -> None:
    store.audit.add(
        kind,
        actor=actor,
        at=services.clock.now(),
        watch=row.id,
        selection=row.selection,
        channel=row.channel,
        cron=row.cron,
        timezone=row.timezone,
    )


async def unwatch(services: Services, delivery: CommandDelivery, command: Unwatch) -> None:
    """End the watch of a selection in this channel; one that is in another channel only, there."""
    person = await load_person(services, delivery.user)
    seen = await list_seen(services, delivery)

    def work(store: Store) -> Message:
        named = [row for row in store.watches.list_live() if row.selection == command.selection.text]
        here = [row for row in named if row.channel == delivery.channel]
        found = here or named
        if not found:
            return render_no_such_watch(command.selection.text, [watch_view(row) for row in seen])
        if len(found) > 1:
            return render_watched_elsewhere(command.selection.text, [watch_view(row) for row in found])
        return _refuse(services, store, person, found[0]) or _end(services, store, person, found[0])

    message = await services.database.run(work)
    services.bell.ring("scan")
    await answer(services, delivery, message)


def _refuse(services: Services, store: Store, person: Person, row: WatchRow) -> Message | None:
    """Say why somebody may not change or end a watch; None when they may."""
    directory = load_directory(services, store)
    stake = Stake(set_by=(row.set_by,))
    denial = authorise(Action.UNWATCH, person, stake, directory)
    if denial is None:
        return None
    record_denial(services, store, person.id, Action.UNWATCH, denial, about=f"watch {row.id}")
    if denial is not Denial.NOT_YOURS:
        return _render_denial(denial, Action.UNWATCH)
    return render_not_yours_to_unwatch(watch_view(row), people_of_stake(Action.UNWATCH, stake, directory))


def _render_denial(denial: Denial, wish: Action) -> Message:
    return render_watch_guest() if denial is Denial.GUEST else render_denial(denial, Denied(wish=wish))


def _end(services: Services, store: Store, person: Person, row: WatchRow) -> Message:
    row.ended_at = services.clock.now()
    _record(services, store, AuditKind.UNWATCHED, person.id, row)
    return render_unwatched(watch_view(row))


async def list_watches(services: Services, delivery: CommandDelivery) -> None:
    """`watch` alone: every watch that this person may know of, and what people took out of what lacks trust.

    Raises:
        SlackError: Slack cannot be asked now.
    """
    views = [watch_view(row) for row in await list_seen(services, delivery)]
    aside = await services.database.run(lambda store: list_put_aside(services, store))
    await answer(services, delivery, render_watches(views, aside))


async def list_seen(services: Services, delivery: CommandDelivery) -> list[WatchRow]:
    """List the live watches that somebody may know of, oldest first: in a private channel a name may be a secret.

    Raises:
        SlackError: Slack cannot be asked now.
    """
    live = await services.database.run(lambda store: store.watches.list_live())
    is_admin = delivery.user in services.admins
    is_open = {row.channel: is_admin or row.channel == delivery.channel for row in live}
    for channel in [channel for channel, is_seen in is_open.items() if not is_seen and not channel.startswith("D")]:
        access = await services.channels.check(channel)
        is_open[channel] = access.postable and not access.private
    return [row for row in live if is_open[row.channel] or row.set_by == delivery.user]


def watch_view(row: WatchRow) -> WatchView:
    """Read a watch as people see it."""
    return WatchView(
        selection=row.selection,
        channel=row.channel,
        cron=row.cron,
        timezone=row.timezone,
        next_at=row.next_digest_at,
        set_by=row.set_by,
        problem=row.problem,
    )
