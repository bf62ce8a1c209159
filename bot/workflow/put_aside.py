"""The buttons of a package in a digest: [Set up], [Snooze], [Not publishing any more], and the way back."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.approval import Action, Denial, Person, Stake, people_of_stake
from bot.domain.coverage_views import PutAside
from bot.domain.deliveries import ClickDelivery
from bot.domain.events import AuditKind
from bot.domain.patterns import selection_of
from bot.messages.decisions import render_never_issued
from bot.messages.denials import Denied, render_denial
from bot.messages.digest import (
    render_brought_back,
    render_not_yours_to_put_aside,
    render_put_aside,
    render_put_aside_already,
)
from bot.messages.forms import operation_form
from bot.messages.message import Message
from bot.messages.notices import render_form_too_late
from bot.notifications import SlackRefused
from bot.services import Services
from bot.workflow.answering import answer
from bot.workflow.authorise import authorise, load_directory, load_person, record_denial
from bot.workflow.buttons import read_row_id
from bot.workflow.copies import adopt_copy
from bot.workflow.suggest import suggest_form
from storage.coverage_models import PackageRow
from storage.packages import is_known_to_public
from storage.store import Store

SNOOZE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class _Desk:
    """A package whose button somebody pressed."""

    services: Services
    store: Store
    person: Person
    row: PackageRow
    value: str
    """Of the button."""
    now: datetime


def button_value(digest_id: int, package_id: int) -> str:
    """Make the value of a package's buttons in a digest; 0: in no digest."""
    return f"{digest_id}:{package_id}"


def aside_of(row: PackageRow, now: datetime, *, value: str = "") -> PutAside | None:
    """Tell whether somebody took a package out of what lacks trust."""
    came_back = row.last_publish and row.retired_at and row.last_publish > row.retired_at
    if row.retired_by and not came_back:
        return PutAside(package=row.name, by=row.retired_by, value=value)
    if row.snoozed_until and row.snoozed_until > now:
        return PutAside(package=row.name, by=row.snoozed_by, value=value, until=row.snoozed_until)
    return None


def list_put_aside(services: Services, store: Store) -> list[PutAside]:
    """List what people took out of what lacks trust, with the way back."""
    now = services.clock.now()
    found = [
        aside_of(row, now, value=button_value(0, row.id))
        for row in store.packages.list_put_aside(now)
        if is_known_to_public(row)
    ]
    return [aside for aside in found if aside is not None]


async def set_up(services: Services, delivery: ClickDelivery) -> None:
    """[Set up]: the form, filled in with what is known. What it asks for is approved as every request is."""
    person = await load_person(services, delivery.user)

    def work(store: Store) -> "Message | str":
        row = _find(store, delivery.value)
        if row is None:
            return render_never_issued()
        denial = authorise(Action.STAGE, person, None, load_directory(services, store))
        if denial is not None:
            return render_denial(denial, Denied(wish=Action.STAGE))
        return row.name

    found = await services.database.run(work)
    if isinstance(found, Message):
        await answer(services, delivery, found)
        return
    draft = await services.database.run(lambda store: suggest_form(store, found))
    try:
        await services.notifier.open_view(delivery.trigger_id, operation_form(draft, channel=delivery.channel))
    except SlackRefused:
        await answer(services, delivery, render_form_too_late())


async def snooze(services: Services, delivery: ClickDelivery) -> None:
    """[Snooze]: for thirty days nobody hears of the package in a digest."""

    def act(desk: _Desk) -> Message:
        if (aside := aside_of(desk.row, desk.now, value=desk.value)) is not None:
            return render_put_aside_already(aside)
        desk.row.snoozed_until, desk.row.snoozed_by = desk.now + SNOOZE, desk.person.id
        return _put_aside(desk, AuditKind.SNOOZED)

    await _at_desk(services, delivery, act)


async def retire(services: Services, delivery: ClickDelivery) -> None:
    """[Not publishing any more]: until a new version says otherwise."""

    def act(desk: _Desk) -> Message:
        aside = aside_of(desk.row, desk.now, value=desk.value)
        if aside is not None and aside.until is None:
            return render_put_aside_already(aside)
        desk.row.retired_by, desk.row.retired_at = desk.person.id, desk.now
        return _put_aside(desk, AuditKind.RETIRED)

    await _at_desk(services, delivery, act)


async def bring_back(services: Services, delivery: ClickDelivery) -> None:
    """[Bring back]: the package counts again."""

    def act(desk: _Desk) -> Message:
        desk.row.snoozed_until, desk.row.snoozed_by = None, ""
        desk.row.retired_by, desk.row.retired_at = "", None
        _record(desk, AuditKind.BROUGHT_BACK)
        return render_brought_back(desk.row.name)

    await _at_desk(services, delivery, act)


async def _at_desk(services: Services, delivery: ClickDelivery, act: Callable[[_Desk], Message]) -> None:
    """Find the package of a button and act in one transaction, if the person may; then answer."""
    person = await load_person(services, delivery.user)

    def work(store: Store) -> Message:
        row = _find(store, delivery.value)
        if row is None:
            return render_never_issued()
        desk = _Desk(services, store, person, row, delivery.value, services.clock.now())
        message = _refuse(desk) or act(desk)
        digest_id = delivery.value.partition(":")[0]
        if store.digests.load(int(digest_id)):
            adopt_copy(services, store, f"digest:{digest_id}", delivery)
            store.surfaces.touch(f"digest:{digest_id}", desk.now)
        return message

    message = await services.database.run(work)
    services.bell.ring("surfaces")
    await answer(services, delivery, message)


def _find(store: Store, value: str) -> PackageRow | None:
    """Find the package of a button; nobody has one for a package that the public has never seen."""
    ids = [read_row_id(part) for part in value.split(":")]
    if len(ids) != 2 or ids[0] is None or ids[1] is None:  # noqa: PLR2004
        return None
    row = store.packages.load(ids[1])
    return row if row is not None and is_known_to_public(row) else None


def _refuse(desk: _Desk) -> Message | None:
    # It counts in everybody's digest: a watch of one's own, which anybody may set, gives no say in what others watch.
    watches = desk.store.watches.list_live()
    setters = (watch.set_by for watch in watches if selection_of(watch.selection).matches(desk.row.name))
    stake = Stake(maintainers=tuple(desk.row.maintainers.split()), set_by=tuple(setters)[:1])
    directory = load_directory(desk.services, desk.store)
    denial = authorise(Action.PUT_ASIDE, desk.person, stake, directory)
    if denial is None:
        return None
    record_denial(desk.services, desk.store, desk.person.id, Action.PUT_ASIDE, denial, about=desk.row.name)
    if denial is Denial.NOT_YOURS:
        who = people_of_stake(Action.PUT_ASIDE, stake, directory)
        return render_not_yours_to_put_aside(desk.row.name, who)
    return render_denial(denial, Denied(wish=Action.PUT_ASIDE))


def _put_aside(desk: _Desk, kind: AuditKind) -> Message:
    _record(desk, kind)
    aside = aside_of(desk.row, desk.now, value=desk.value)
    return render_put_aside(aside) if aside else render_brought_back(desk.row.name)


def _record(desk: _Desk, kind: AuditKind) -> None:
    desk.store.audit.add(kind, actor=desk.person.id, at=desk.now, package=desk.row.name)
