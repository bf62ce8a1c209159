"""`list` of many packages: npm's own lists, read one after the other through the reader's account, behind all else."""

from dataclasses import dataclass
from datetime import timedelta

from bot.domain.commands import ListTrust
from bot.domain.deliveries import ClickDelivery, CommandDelivery
from bot.domain.outcome import SessionDead
from bot.domain.packages import parse_package
from bot.domain.survey import SurveyState
from bot.messages.decisions import render_never_issued, render_ready
from bot.messages.message import Message
from bot.messages.surveys import (
    render_nothing_to_read,
    render_survey_begun,
    render_survey_over,
    render_survey_page,
    render_survey_running,
    render_survey_stopped,
)
from bot.registry import RegistryMisbehaved
from bot.services import Services
from bot.workflow.answering import answer
from bot.workflow.buttons import read_row_id
from bot.workflow.catalogue import learn_names, note_catalogue
from bot.workflow.coverage_records import load_records
from bot.workflow.freeze import is_frozen
from bot.workflow.handoff import set_present
from bot.workflow.packages import Stopped, forget_session, session_to_read
from bot.workflow.survey_ends import stop_survey
from bot.workflow.survey_progress import key_of
from bot.workflow.survey_surfaces import PAGE, load_packages
from storage.account_models import LinkRow
from storage.models import ReadRow
from storage.repository import new_token
from storage.store import Store
from storage.survey_models import SurveyRow
from storage.surveys import QUEUED

_LIFE = timedelta(hours=24)
"""So long it waits for its person and for npm; then it tells what it has."""


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What is to be read."""

    packages: tuple[str, ...]
    left_out: int = 0
    """Packages that match and that the account may not change."""
    note: str = ""


async def begin(
    services: Services, delivery: CommandDelivery, command: ListTrust, link: LinkRow, *, inbox_id: int
) -> None:
    """Find out which packages are meant, and have their lists read; the message in the reader's DM shows how far it is.

    Raises:
        RegistryUnavailable: npm cannot be asked now which packages there are.
    """
    known = await services.database.run(lambda store: store.surveys.find_delivery(inbox_id))
    if known is None:
        selection = command.selection.text if command.selection else ""
        running = await services.database.run(lambda store: _find_running(store, delivery.user, selection))
        if running is not None:
            await answer(services, delivery, render_survey_running(selection, running.total))
            return
        chosen = await _choose(services, command, link)
        if not chosen.packages:
            await answer(services, delivery, render_nothing_to_read(selection, chosen.left_out))
            return
        known = await services.database.run(lambda store: _add(services, store, command, link, chosen, inbox_id))
    services.bell.ring("lane", "surfaces", "handoffs")
    await answer(services, delivery, render_survey_begun(known.selection, known.total))


def _find_running(store: Store, person: str, selection: str) -> SurveyRow | None:
    """Find the very same wish: pressing twice must not read everything twice."""
    return next((row for row in store.surveys.list_open_of(person) if selection and row.selection == selection), None)


async def _choose(services: Services, command: ListTrust, link: LinkRow) -> _Chosen:
    """Take those packages that the account may change, as far as npm says that, and all that are named."""
    if command.selection is None:
        return _Chosen(tuple(dict.fromkeys(command.packages)))
    selection = command.selection
    await learn_names(services, selection, link)
    rights = await _load_rights(services, link, selection.scopes)
    records = await services.database.run(lambda store: load_records(store, selection))
    shown = [record.name for record in records if not record.account_only and record.visible]
    own = [name for name in rights or () if selection.matches(name)]  # private ones too: the account itself sees them
    named = frozenset(selection.names)
    matching = dict.fromkeys([*selection.names, *sorted({*shown, *own})])
    readable = [name for name in matching if rights is None or rights.get(name) == "write" or name in named]
    note = await services.database.run(lambda store: note_catalogue(store, selection, records))
    own_note = note.model_copy(update={"known": len(matching), "private": 0})  # who reads it sees their own
    return _Chosen(tuple(readable), len(matching) - len(readable), own_note.model_dump_json())


async def _load_rights(services: Services, link: LinkRow, scopes: tuple[str, ...]) -> dict[str, str] | None:
    """Ask npm what the account may do with which package; None where it does not say, or there is no live session."""
    session = await session_to_read(services, link)
    if session is None or isinstance(session, Stopped):
        return None
    rights: dict[str, str] = {}
    for owner in (link.npm_user, *scopes):
        try:
            access = await services.registry.list_packages_of(session, owner)
        except RegistryMisbehaved:
            access = None
        if isinstance(access, SessionDead):
            await forget_session(services, link, session, access.message)
            return None
        if access is None and owner == link.npm_user:
            return None  # without it nobody knows all that the account may change
        for name, right in (access or {}).items():
            package = parse_package(name)
            if isinstance(package, str):
                rights[package] = max(right, rights.get(package, ""))  # "write" comes after "read"
    return rights


def _add(
    services: Services, store: Store, command: ListTrust, link: LinkRow, chosen: _Chosen, inbox_id: int
) -> SurveyRow:
    now = services.clock.now()
    survey = store.surveys.add(
        SurveyRow(
            workspace=store.workspace,
            token=new_token(),
            inbox_id=inbox_id,
            person=link.slack_user,
            npm_user=link.npm_user,
            selection=command.selection.text if command.selection else "",
            as_json=command.as_json,
            state=SurveyState.READING.value,
            total=len(chosen.packages),
            left_out=chosen.left_out,
            note=chosen.note,
            created_at=now,
            deadline=now + _LIFE,
            finished_at=None,
        )
    )
    store.reads.add_all(
        ReadRow(
            workspace=store.workspace,
            batch=key_of(survey),
            survey_id=survey.id,
            package=package,
            slack_user=link.slack_user,
            state=QUEUED,
            facts="",
            created_at=now,
            deadline=survey.deadline + _LIFE,  # the survey's own comes first
            next_try_at=now,
        )
        for package in chosen.packages
    )
    present = store.links.find_linked(link.slack_user)
    if present is not None:
        set_present(store, present, now)
    store.surfaces.want(key_of(survey), channel=link.slack_user, now=now)
    return survey


async def stop(services: Services, delivery: ClickDelivery) -> None:
    """[Stop]: read nothing more; what was read stays."""

    def work(store: Store) -> Message:
        survey = _find_own(store, delivery)
        if survey is None:
            return render_never_issued()
        now = services.clock.now()
        store.surfaces.touch(key_of(survey), now)
        if not stop_survey(store, survey, "it was stopped", now):
            return render_survey_over()
        return render_survey_stopped(survey.done, survey.total)

    message = await services.database.run(work)
    services.bell.ring("lane", "surfaces", "files")
    await answer(services, delivery, message)


async def be_ready(services: Services, delivery: ClickDelivery) -> None:
    """[I'm ready]: the person is there for what npm may ask."""

    def work(store: Store) -> Message:
        survey = _find_own(store, delivery)
        if survey is None:
            return render_never_issued()
        now, link = services.clock.now(), store.links.find_linked(delivery.user)
        store.surfaces.touch(key_of(survey), now)
        if survey.state != SurveyState.READING or link is None:
            return render_survey_over()
        set_present(store, link, now)
        return render_ready()

    if await is_frozen(services, delivery):
        return
    message = await services.database.run(work)
    services.bell.ring("lane", "handoffs", "surfaces")
    await answer(services, delivery, message)


async def show_page(services: Services, delivery: ClickDelivery) -> None:
    """[Previous page] and [Next page]: some packages more of what was read."""
    token, _, place = delivery.value.partition(":")
    after = read_row_id(place)

    def work(store: Store) -> Message:
        survey = _find_own(store, delivery.model_copy(update={"value": token}))
        if survey is None or after is None or after >= survey.total:
            return render_never_issued()
        page = load_packages(store, survey, after=after, limit=PAGE)
        return render_survey_page(survey.token, page, after=after, total=survey.total, size=PAGE)

    await answer(services, delivery, await services.database.run(work))


def _find_own(store: Store, delivery: ClickDelivery) -> SurveyRow | None:
    """What was read through somebody's account is theirs alone to see and to stop."""
    survey = store.surveys.find_token(delivery.value)
    return survey if survey is not None and survey.person == delivery.user else None
