"""The buttons of drift: what mends it becomes a request, which is approved as every request is; or somebody knows."""

from dataclasses import dataclass

from bot.domain.approval import Action, Denial, Person, Stake, people_of_stake
from bot.domain.commands import Change, FormDraft, ReplaceTrust, RevokeTrust
from bot.domain.deliveries import ClickDelivery, SubmissionDelivery
from bot.domain.drift import Drift, DriftKind
from bot.domain.events import AuditKind
from bot.domain.home import DriftView
from bot.domain.packages import PackageName
from bot.domain.publishers import PROVIDERS, Permission, fields_of, read_publisher
from bot.messages.decisions import render_never_issued
from bot.messages.denials import Denied, render_denial
from bot.messages.drift import (
    acknowledge_drift_form,
    mend_form,
    render_cannot_be_mended,
    render_drift_acknowledged,
    render_drift_is_not_shown,
    render_drift_over,
)
from bot.messages.forms import AlarmOrigin, operation_form, read_acknowledge_form
from bot.messages.ids import Field
from bot.messages.message import Message, View
from bot.messages.notices import render_form_too_late
from bot.notifications import SlackRefused
from bot.services import Services
from bot.workflow import stage
from bot.workflow.answering import answer
from bot.workflow.authorise import authorise, load_directory, load_person, record_denial
from bot.workflow.buttons import read_row_id
from bot.workflow.drift import key_of
from bot.workflow.drift_views import drift_view, is_told, maintainers_of
from storage.home_models import DriftRow
from storage.store import Store


@dataclass(frozen=True, slots=True)
class _Found:
    """A drift whose button somebody pressed, and may press."""

    row: DriftRow
    view: DriftView


async def open_mend_form(services: Services, delivery: ClickDelivery) -> None:
    """[Revoke it…], [Replace it…], [Set it up again…]: a form in which everything is filled in."""
    person = await load_person(services, delivery.user)

    def work(store: Store) -> Message | View:
        found = _find(services, store, person, delivery.value, Action.STAGE)
        if isinstance(found, Message):
            return found
        if found.view.data.drift.kind is not DriftKind.VANISHED:
            if found.view.data.drift.kind is DriftKind.RENAMED and _renamed_fields(found.view.data.drift) is None:
                return render_cannot_be_mended(found.view)
            return mend_form(found.view, channel=delivery.channel)
        draft = _draft_of(found.view)
        return operation_form(draft, channel=delivery.channel) if draft else render_cannot_be_mended(found.view)

    await _open(services, delivery, await services.database.run(work))


async def mend(services: Services, delivery: SubmissionDelivery, *, inbox_id: int) -> None:
    """The form of what mends it: stage that.

    Raises:
        RegistryError: npm cannot be asked now.
        SlackError: Slack cannot be asked now.
    """
    person, origin = await load_person(services, delivery.user), AlarmOrigin.model_validate_json(delivery.metadata)
    reason = delivery.values.get(Field.REASON, "").strip()

    def work(store: Store) -> Message | Change:
        found = _find(services, store, person, origin.alarm, Action.STAGE)
        if isinstance(found, Message):
            return found
        return _command_of(found.view, reason) or render_cannot_be_mended(found.view)

    found = await services.database.run(work)
    if isinstance(found, Message):
        await answer(services, delivery, found, channel=origin.channel)
    else:
        await stage.stage(services, delivery, found, inbox_id=inbox_id, channel=origin.channel)


async def open_acknowledge_form(services: Services, delivery: ClickDelivery) -> None:
    """[Acknowledge…]: ask what it was."""
    person = await load_person(services, delivery.user)

    def work(store: Store) -> Message | View:
        found = _find(services, store, person, delivery.value, Action.ACKNOWLEDGE)
        return found if isinstance(found, Message) else acknowledge_drift_form(found.view, channel=delivery.channel)

    await _open(services, delivery, await services.database.run(work))


async def acknowledge(services: Services, delivery: SubmissionDelivery, *, inbox_id: int) -> None:
    """The form of [Acknowledge…]: who was told reads who knows and why, and it is quiet."""
    del inbox_id  # the same again changes nothing
    read = read_acknowledge_form(delivery.values, delivery.metadata)
    if isinstance(read, list):
        return
    origin, reason = read
    person = await load_person(services, delivery.user)

    def work(store: Store) -> Message:
        found = _find(services, store, person, origin.alarm, Action.ACKNOWLEDGE)
        if isinstance(found, Message):
            return found
        now, row = services.clock.now(), found.row
        row.acknowledged_by, row.acknowledged_at, row.reason = person.id, now, reason
        store.audit.add(
            AuditKind.DRIFT_ACKNOWLEDGED, actor=person.id, at=now, package=row.package, drift=row.kind, reason=reason
        )
        store.surfaces.touch(key_of(row), now)
        return render_drift_acknowledged(found.view)

    message = await services.database.run(work)
    services.bell.ring("surfaces")
    await answer(services, delivery, message, channel=origin.channel)


async def _open(services: Services, delivery: ClickDelivery, found: Message | View) -> None:
    if isinstance(found, Message):
        await answer(services, delivery, found)
        return
    try:
        await services.notifier.open_view(delivery.trigger_id, found)
    except SlackRefused:
        await answer(services, delivery, render_form_too_late())


def _find(services: Services, store: Store, person: Person, value: str, wish: Action) -> _Found | Message:
    """Find what a button stands for, where this person may do that with it; else say why not."""
    drift_id = read_row_id(value)
    row = None if drift_id is None else store.drifts.load(drift_id)
    directory = load_directory(services, store)
    if row is None:
        return render_never_issued()
    view = drift_view(services, store, row, person.id)
    stake = Stake(maintainers=maintainers_of(store, row))
    is_admin = person.id in directory.admins
    if view.data.private and not is_told(store, row, person.id, is_admin=is_admin):
        return render_never_issued()
    denial = authorise(wish, person, stake if wish is Action.ACKNOWLEDGE else None, directory)
    if denial is None and (view.over_at or view.acknowledged_by):
        store.surfaces.touch(key_of(row), services.clock.now())
        return render_drift_over(view)
    if denial is None and (view.may_see or wish is Action.ACKNOWLEDGE):
        return _Found(row, view)
    record_denial(services, store, person.id, wish, denial or Denial.CANNOT_WRITE, about=row.package)
    if denial in {None, Denial.NOT_YOURS}:
        return render_drift_is_not_shown(view, tuple(people_of_stake(Action.ACKNOWLEDGE, stake, directory)))
    return render_denial(denial, Denied(wish=wish)) if denial else render_never_issued()


def _draft_of(view: DriftView) -> FormDraft | None:
    """Fill in the form of what is to be set up again."""
    configuration = view.data.drift.configuration
    publisher = read_publisher(configuration.type, configuration.claims)
    if publisher is None:
        return None
    return FormDraft(
        provider=publisher.provider,
        package=view.package,
        fields={name: "\n".join(values) for name, values in fields_of(publisher).items()},
        permissions=_permissions_of(view.data.drift),
        reason=f"It vanished outside npmtrust (it had id {configuration.id}).",
    )


def _command_of(view: DriftView, reason: str) -> Change | None:
    drift = view.data.drift
    package = PackageName(view.package)
    if drift.kind in {DriftKind.APPEARED, DriftKind.MAKER_LEFT}:
        return RevokeTrust(packages=(package,), configuration_id=drift.configuration.id, reason=reason)
    publisher = read_publisher(drift.configuration.type, drift.configuration.claims)
    fields = _renamed_fields(drift)
    if publisher is None or fields is None:
        return None
    return ReplaceTrust(
        packages=(package,),
        configuration_id=drift.configuration.id,
        provider=publisher.provider,
        fields=fields,
        permissions=_permissions_of(drift),
        permissions_stated=True,
        reason=reason,
    )


def _renamed_fields(drift: Drift) -> dict[str, tuple[str, ...]] | None:
    """Fill in the fields of the same publisher, under the name that its repository has now."""
    publisher = read_publisher(drift.configuration.type, drift.configuration.claims)
    if publisher is None or not _permissions_of(drift) or not drift.known_as:
        return None
    spec = PROVIDERS[publisher.provider]
    fields = {**fields_of(publisher), spec.source_flag: (drift.known_as,)}
    return None if spec.check(fields) else fields


def _permissions_of(drift: Drift) -> tuple[Permission, ...]:
    return tuple(permission for permission in Permission if permission.value in drift.configuration.permissions)
