"""`freeze` and `unfreeze`: an admin stops everything that goes out to npm through anybody's account, at once.

A freeze is a row, looked at in the transactions that hand out calls, polls and logins: it counts for every process, and
a call that was handed out before it is finished and recorded.
"""

from datetime import datetime

from bot.domain.approval import Action, Person, Stake
from bot.domain.deliveries import ClickDelivery, CommandDelivery, SubmissionDelivery
from bot.domain.events import AuditKind
from bot.messages.denials import Denied, render_denial
from bot.messages.freezing import (
    render_freeze_notice,
    render_frozen,
    render_frozen_already,
    render_not_frozen,
    render_unfrozen,
    render_waits_frozen,
)
from bot.messages.home_admin import freeze_form
from bot.messages.ids import Field
from bot.messages.message import Message
from bot.messages.notices import render_form_too_late
from bot.notifications import SlackRefused
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.answering import answer
from bot.workflow.authorise import authorise, load_directory, record_denial
from bot.workflow.review import load_stopper
from storage.freezes import FreezeRow
from storage.store import Store


async def open_form(services: Services, delivery: ClickDelivery) -> None:
    """[Freeze…]: ask why. Who may not freeze is told so at once."""
    person = await load_stopper(services, delivery.user)
    if denied := await services.database.run(lambda store: _deny(services, store, person, "freeze")):
        await answer(services, delivery, denied)
        return
    try:
        await services.notifier.open_view(delivery.trigger_id, freeze_form(delivery.channel))
    except SlackRefused:
        await answer(services, delivery, render_form_too_late())


async def freeze(
    services: Services, delivery: CommandDelivery | SubmissionDelivery, reason: str, *, channel: str = ""
) -> None:
    """`freeze`, or its form. It does not wait long for Slack to tell who the person is now."""
    channel = delivery.channel if isinstance(delivery, CommandDelivery) else channel
    person = await load_stopper(services, delivery.user)

    def work(store: Store) -> Message:
        now = services.clock.now()
        if denied := _deny(services, store, person, "freeze"):
            return denied
        standing = store.freezes.current()
        if standing is not None:
            return render_frozen_already(standing.actor, standing.reason, standing.at)
        row = store.freezes.add(person.id, reason, now)
        store.audit.add(AuditKind.FROZEN, actor=person.id, at=now, reason=reason)
        here = {channel} if channel and isinstance(delivery, CommandDelivery) else set()
        places = services.admins | ({services.options.channel} if services.options.channel else here)
        for place in sorted(places):
            store.surfaces.want(f"freeze:{row.id}:{place}", channel=place, now=now, urgent=True)
        _touch_all(store, now)
        return render_frozen()

    message = await services.database.run(work)
    services.bell.ring("surfaces")
    await answer(services, delivery, message, channel=channel)


async def freeze_by_form(services: Services, delivery: SubmissionDelivery, *, inbox_id: int) -> None:
    """The form of [Freeze…]."""
    del inbox_id  # who freezes twice is told so
    reason = delivery.values.get(Field.REASON, "").strip()
    await freeze(services, delivery, reason, channel=delivery.metadata)


async def unfreeze(services: Services, delivery: CommandDelivery | ClickDelivery) -> None:
    """`unfreeze`, or its button."""
    person = await load_stopper(services, delivery.user)

    def work(store: Store) -> Message:
        now = services.clock.now()
        if denied := _deny(services, store, person, "unfreeze"):
            return denied
        row = store.freezes.current()
        if row is None:
            return render_not_frozen()
        row.ended_by, row.ended_at = person.id, now
        store.audit.add(AuditKind.UNFROZEN, actor=person.id, at=now, frozen_by=row.actor, reason=row.reason)
        store.surfaces.touch(f"freeze:{row.id}", now)
        _touch_all(store, now)
        return render_unfrozen()

    message = await services.database.run(work)
    services.bell.ring("lane", "handoffs", "surfaces")
    await answer(services, delivery, message)


def _deny(services: Services, store: Store, person: Person, about: str) -> Message | None:
    """Refuse who is no admin, in the record and to the person; None for who is."""
    denial = authorise(Action.FREEZE, person, Stake(), load_directory(services, store))
    if denial is None:
        return None
    record_denial(services, store, person.id, Action.FREEZE, denial, about=about)
    return render_denial(denial, Denied(wish=Action.FREEZE))


def _touch_all(store: Store, now: datetime) -> None:
    """Everything that waits for a call says why."""
    for change_set_id in store.line.list_waiting_change_sets():
        transitions.touch(store, change_set_id, now)
    store.surfaces.touch("list", now)
    store.surfaces.touch("survey", now)


async def is_frozen(services: Services, delivery: CommandDelivery | ClickDelivery) -> bool:
    """Tell whoever wants a link of npm's that there is none, while a freeze stands."""
    row = await services.database.run(lambda store: store.freezes.current())
    if row is None:
        return False
    await answer(services, delivery, render_waits_frozen(row.actor, row.reason))
    return True


def draw_notice(services: Services, store: Store, reference: str) -> Message | None:
    """Draw what the channel and the admins are told of a freeze."""
    number, _, place = reference.partition(":")
    row = store.freezes.load(int(number))
    return _notice(row, is_admin=place in services.admins) if row else None


def _notice(row: FreezeRow, *, is_admin: bool) -> Message:
    return render_freeze_notice(
        actor=row.actor,
        reason=row.reason,
        at=row.at,
        ended_by=row.ended_by,
        ended_at=row.ended_at,
        is_admin=is_admin,
    )
