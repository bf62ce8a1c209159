"""Alarms: a version came another way than those before it. Owners and channel are told at once, until one says why."""

from bot.domain.alarms import AlarmData, Earlier, choose_one_a_version, is_expected, is_quiet, list_news, list_owners
from bot.domain.approval import Action, Denial, Directory, Person, Stake, people_of_stake
from bot.domain.coverage_views import AlarmView
from bot.domain.deliveries import ClickDelivery, SubmissionDelivery
from bot.domain.events import AuditKind
from bot.domain.evidence import Break
from bot.domain.operations import Revoke, revoked_id_of
from bot.domain.overview import Maintainer
from bot.domain.patterns import selection_of
from bot.domain.provenance import compare_provenance
from bot.messages.alarms import (
    alarm_words,
    render_acknowledged,
    render_acknowledged_already,
    render_not_yours_to_acknowledge,
)
from bot.messages.alarms_together import render_all_acknowledged, together_words
from bot.messages.decisions import render_never_issued
from bot.messages.denials import Denied, render_denial
from bot.messages.forms import acknowledge_form
from bot.messages.message import Message
from bot.messages.notices import render_form_too_late
from bot.notifications import SlackRefused
from bot.services import Services
from bot.workflow.alarm_bursts import choose_key, data_of, lead_text_of, list_shown, shown_key_of
from bot.workflow.answering import answer
from bot.workflow.authorise import authorise, load_directory, load_person, record_denial
from bot.workflow.buttons import read_row_id
from bot.workflow.copies import adopt_copy
from bot.workflow.lane import OPERATION
from bot.workflow.readings import Reading
from bot.workflow.transitions import NPMTRUST
from bot.workflow.views import package_url
from storage.coverage_models import AlarmRow
from storage.store import Store


def note_read(services: Services, store: Store, reading: Reading) -> None:
    """Raise the alarms that a read of a package gives reason for."""
    found = [*list_news(reading.before, reading.after, reading.now), *_compare_origin(reading)]
    if not found:
        return
    name = reading.row.name
    made = {each.configuration_id for each in store.packages.list_set_ups([name], used_too=True)} - {""}
    revoked = {
        revoked_id_of(operation): step.finished_at
        for step in store.change_sets.list_applied_steps_of(name)
        if isinstance(operation := OPERATION.validate_json(step.operation), Revoke) and step.finished_at
    }
    unexplained = [break_ for break_ in found if not is_expected(break_, reading.after, made, revoked)]
    for break_ in choose_one_a_version(unexplained):
        earlier = [
            Earlier(break_=data_of(row).break_, acknowledged=row.acknowledged_at is not None)
            for row in store.alarms.list_of(name)
        ]
        if not is_quiet(break_, earlier, reading.after):
            _raise(services, store, reading, break_)


def _compare_origin(reading: Reading) -> list[Break]:
    """Look whether the newest version was built elsewhere than the one before it."""
    evidence = reading.after.evidence
    if reading.before is None or reading.before.evidence.version == evidence.version:
        return []
    found = compare_provenance(
        reading.provenance_before,
        reading.provenance_after,
        version=evidence.version,
        at=reading.after.last_publish,
        by=evidence.by,
    )
    return [found] if found else []


def _raise(services: Services, store: Store, reading: Reading, break_: Break) -> None:
    """Store an alarm and the wish for its messages: in the channels that watch, and to each owner by DM."""
    name, now = reading.row.name, reading.now
    watches = [watch for watch in store.watches.list_live() if selection_of(watch.selection).matches(name)]
    channels = dict.fromkeys([watch.channel for watch in watches] or filter(None, [services.options.channel]))
    owners = list_owners(reading.before, reading.after)
    directory = load_directory(services, store)
    people = [person for owner in owners if (person := directory.slack_user_of(owner))]
    if not (channels or people):
        people = sorted(directory.admins)  # somebody has to know
    data = AlarmData(break_=break_, owners=owners, channels=tuple(channels), people=tuple(people))
    alarm = store.alarms.raise_once(name, break_.kind.value, break_.version, data=data.model_dump_json(), now=now)
    if alarm is None:
        return
    store.audit.add(
        AuditKind.ALARM_RAISED, actor=NPMTRUST, at=now, package=name, break_kind=break_.kind, version=break_.version
    )
    key = choose_key(store, alarm, now)
    for where in dict.fromkeys((*channels, *people)):
        store.surfaces.want(f"{key}:{where}", channel=where, now=now, urgent=True)


def alarm_view(services: Services, store: Store, row: AlarmRow, directory: Directory | None = None) -> AlarmView:
    """Load what an alarm's messages show."""
    data = data_of(row)
    directory = directory or load_directory(services, store)
    owners = (Maintainer(npm_user=name, slack_user=directory.slack_user_of(name)) for name in data.owners)
    return AlarmView(
        value=str(row.id),
        package=row.package,
        break_=data.break_,
        raised_at=row.raised_at,
        owners=tuple(owners),
        package_url=package_url(services, row.package),
        acknowledged_by=row.acknowledged_by,
        acknowledged_at=row.acknowledged_at,
        reason=row.reason,
    )


async def open_acknowledge_form(services: Services, delivery: ClickDelivery) -> None:
    """[Acknowledge…]: ask what it was. Who may not say so is told at once."""
    person = await load_person(services, delivery.user)

    def work(store: Store) -> "Message | str":
        rows = _find(services, store, delivery.value, _place(delivery.channel, person))
        if not rows:
            return render_never_issued()
        key = shown_key_of(rows[0])
        where = f":{_place(delivery.channel, person)}" if lead_text_of(delivery.value) else ""
        adopt_copy(services, store, f"{key}{where}", delivery)
        theirs = [row for row in rows if _refuse(services, store, person, row) is None]
        if not theirs:
            return _record_refusal(services, store, person, rows)
        views = [alarm_view(services, store, row) for row in theirs[:1]]
        return alarm_words(views[0]) if len(theirs) == 1 else together_words(len(theirs))

    found = await services.database.run(work)
    services.bell.ring("surfaces")
    if isinstance(found, Message):
        await answer(services, delivery, found)
        return
    form = acknowledge_form(delivery.value, channel=delivery.channel, what=found)
    try:
        await services.notifier.open_view(delivery.trigger_id, form)
    except SlackRefused:
        await answer(services, delivery, render_form_too_late())


async def acknowledge(services: Services, delivery: SubmissionDelivery, alarm: str, reason: str, channel: str) -> None:
    """The form of [Acknowledge…]: the alarm says who knows and why, and is quiet."""
    person = await load_person(services, delivery.user)

    def work(store: Store) -> Message:
        rows = _find(services, store, alarm, _place(channel, person))
        if not rows:
            return render_never_issued()
        theirs = [row for row in rows if _refuse(services, store, person, row) is None]
        if not theirs:
            return _record_refusal(services, store, person, rows)
        for row in theirs:
            _acknowledge(services, store, person, row, reason)
        for key in dict.fromkeys(map(shown_key_of, theirs)):
            store.surfaces.touch(key, services.clock.now())
        if len(rows) == 1:
            return render_acknowledged(alarm_view(services, store, rows[0]))
        return render_all_acknowledged(len(theirs), sum(row.acknowledged_at is None for row in rows))

    message = await services.database.run(work)
    services.bell.ring("surfaces")
    await answer(services, delivery, message, channel=channel)


def _acknowledge(services: Services, store: Store, person: Person, row: AlarmRow, reason: str) -> None:
    now = services.clock.now()
    row.acknowledged_by, row.acknowledged_at, row.reason = person.id, now, reason
    store.audit.add(
        AuditKind.ALARM_ACKNOWLEDGED, actor=person.id, at=now, package=row.package, alarm=row.id, reason=reason
    )


def _place(channel: str, person: Person) -> str:
    return person.id if channel.startswith("D") else channel


def _find(services: Services, store: Store, value: str, where: str) -> list[AlarmRow]:
    """Find the alarm of a button, or those of the button of all that its message shows."""
    if lead_text := lead_text_of(value):
        lead_id = read_row_id(lead_text)
        return [] if lead_id is None else list_shown(services, store, lead_id, where)
    alarm_id = read_row_id(value)
    row = None if alarm_id is None else store.alarms.load(alarm_id)
    return [row] if row else []


def _record_refusal(services: Services, store: Store, person: Person, rows: list[AlarmRow]) -> Message:
    """Tell of what nobody has acknowledged yet why this person cannot; else that somebody did."""
    row = next((row for row in rows if row.acknowledged_at is None), rows[0])
    denial = _check(services, store, person, row)
    if denial is not None:
        record_denial(services, store, person.id, Action.ACKNOWLEDGE, denial, about=row.package)
    else:
        store.surfaces.touch(shown_key_of(row), services.clock.now())
    return _refuse(services, store, person, row) or render_never_issued()


def _check(services: Services, store: Store, person: Person, row: AlarmRow) -> Denial | None:
    stake = Stake(maintainers=data_of(row).owners)
    return authorise(Action.ACKNOWLEDGE, person, stake, load_directory(services, store))


def _refuse(services: Services, store: Store, person: Person, row: AlarmRow) -> Message | None:
    """Say why an alarm cannot be acknowledged by somebody; None when it can."""
    denial = _check(services, store, person, row)
    if denial is None and row.acknowledged_at is None:
        return None
    view = alarm_view(services, store, row)
    if denial is None:
        return render_acknowledged_already(view)
    if denial is Denial.NOT_YOURS:
        stake, directory = Stake(maintainers=data_of(row).owners), load_directory(services, store)
        return render_not_yours_to_acknowledge(view, people_of_stake(Action.ACKNOWLEDGE, stake, directory))
    return render_denial(denial, Denied(wish=Action.ACKNOWLEDGE))
