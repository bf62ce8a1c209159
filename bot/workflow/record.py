"""`audit`: what is on record, for who has a part in it."""

from datetime import datetime

from bot.domain.approval import Action, Denial, Directory, Person, Stake, StepFacts, people_of_stake, reviewers_of
from bot.domain.commands import ShowAudit
from bot.domain.coverage import write_csv
from bot.domain.deliveries import ClickDelivery, CommandDelivery
from bot.domain.events import AuditKind
from bot.domain.record import Scope, parse_moment, record_rows
from bot.domain.values import Frozen
from bot.messages.audit import (
    PAGE,
    file_name,
    render_file_coming,
    render_not_yours_to_read,
    render_record,
    render_record_file,
)
from bot.messages.decisions import render_never_issued
from bot.messages.denials import Denied, render_denial
from bot.messages.listings import render_no_such_change_set
from bot.messages.message import Message
from bot.services import Services
from bot.workflow.answering import answer
from bot.workflow.authorise import authorise, load_all_step_facts, load_directory, load_person, record_denial
from bot.workflow.buttons import read_row_id
from storage.audit_models import AuditFileRow
from storage.models import ChangeSetRow
from storage.store import Store

MOST_EVENTS = 20_000
"""Of one file in Slack; the command line has no limit."""

_MOST_STEPS = 200
"""Whose reviewers may see the record of a change set: those of its first steps."""


class Page(Frozen):
    """What [Older] asks for. Anybody can write such a value: it gives no right to see anything."""

    before: int
    command: ShowAudit

    @property
    def value(self) -> str:
        """Write it for a button."""
        command = self.command
        return f"{self.before};{command.since};{command.until};{command.about}"


def read_page(value: str) -> Page | None:
    """Read what a button carries."""
    parts = value.split(";", 3)
    before = read_row_id(parts[0])
    if before is None or len(parts) != len(("before", "since", "until", "about")):
        return None
    _, since, until, about = parts
    if about.startswith("C-") and read_row_id(about.removeprefix("C-")) is None:
        return None
    return Page(before=before, command=ShowAudit(about=about, since=since, until=until))


async def show_record(services: Services, delivery: CommandDelivery, command: ShowAudit, *, inbox_id: int) -> None:
    """`audit`: the newest events; with `--csv` all of them as a file by DM.

    Raises:
        SlackError: Slack cannot be asked now.
    """
    person = await load_person(services, delivery.user)

    def work(store: Store) -> Message:
        scope = _look(services, store, person, command)
        if isinstance(scope, Message):
            return scope
        return _want_file(services, store, scope, inbox_id, person) if command.as_csv else _page(store, scope, command)

    message = await services.database.run(work)
    services.bell.ring("surfaces", "files")
    await answer(services, delivery, message)


async def show_older(services: Services, delivery: ClickDelivery) -> None:
    """[Older]: the page before; who may see it is asked again."""
    page = read_page(delivery.value)
    person = await load_person(services, delivery.user)

    def work(store: Store) -> Message:
        if page is None:
            return render_never_issued()
        scope = _look(services, store, person, page.command)
        return scope if isinstance(scope, Message) else _page(store, scope, page.command, before=page.before)

    await answer(services, delivery, await services.database.run(work))


def _page(store: Store, scope: Scope, command: ShowAudit, *, before: int | None = None) -> Message:
    events = store.audit.list_newest(scope, before=before, limit=PAGE + 1)
    shown, head = events[:PAGE], store.seals.head()
    older = Page(before=shown[-1].id, command=command).value if len(events) > PAGE else ""
    return render_record(scope, shown, sealed=head.number if head else 0, older=older)


def _want_file(services: Services, store: Store, scope: Scope, inbox_id: int, person: Person) -> Message:
    if store.audit.find_file(inbox_id) is None:
        now = services.clock.now()
        file = store.audit.want_file(
            AuditFileRow(
                workspace=store.workspace,
                inbox_id=inbox_id,
                person=person.id,
                scope=scope.model_dump_json(),
                created_at=now,
            )
        )
        store.audit.add(
            AuditKind.EXPORTED,
            actor=person.id,
            at=now,
            change_set_id=scope.change_set_id,
            package=scope.package or None,
            slack_user=scope.person,
            form="csv",
        )
        store.surfaces.want(key_of(file), channel=person.id, now=now)
    return render_file_coming(scope)


def _look(services: Services, store: Store, person: Person, command: ShowAudit) -> Scope | Message:
    """Find what is asked for; a refusal is on record too."""
    scope = Scope(
        number=command.number,
        package=command.package,
        person=command.person,
        since=parse_moment(command.since) if command.since else None,
        until=parse_moment(command.until, ends=True) if command.until else None,
    )
    directory = load_directory(services, store)
    if command.number is not None:
        row = store.change_sets.find_number(command.number)
        if row is None:
            return render_no_such_change_set(command.number)
        scope = scope.model_copy(update={"change_set_id": row.id})
        stake = _stake_in_request(services, store, row, directory)
    elif command.package:
        stake = _stake_in_package(services, store, command.package, directory)
    else:
        if not command.person and person.id not in directory.admins:
            scope = scope.model_copy(update={"person": person.id})  # everything that is theirs to see
        stake = Stake(set_by=(scope.person,) if scope.person else ())
    denial = authorise(Action.READ_RECORD, person, stake, directory)
    if denial is None:
        return scope
    record_denial(services, store, person.id, Action.READ_RECORD, denial, about=command.about)
    if denial in {Denial.NOT_YOURS, Denial.LINK_PENDING}:
        return render_not_yours_to_read(scope, people_of_stake(Action.READ_RECORD, stake, directory))
    return render_denial(denial, Denied(wish=Action.READ_RECORD))


def _stake_in_request(services: Services, store: Store, row: ChangeSetRow, directory: Directory) -> Stake:
    """Who asked, who reviews, and who maintains the packages."""
    steps = store.change_sets.page_steps(row.id, limit=_MOST_STEPS)
    facts = load_all_step_facts(services, store, row, steps).values()
    reviewers = (person for each in facts for person in reviewers_of(each, directory).people)
    maintainers = (name for each in facts for name in each.maintainers)
    decided = (approval.person for each in facts for approval in each.approvals)
    return Stake(
        maintainers=tuple(dict.fromkeys(maintainers)),
        set_by=tuple(dict.fromkeys((row.requester, *reviewers, *decided))),
    )


def _stake_in_package(services: Services, store: Store, package: str, directory: Directory) -> Stake:
    row = store.packages.find(package)
    maintainers = tuple(row.maintainers.split()) if row else ()
    policy = services.policies.current.policy_of(package)
    facts = StepFacts(requester="", maintainers=maintainers, fingerprint="", policy=policy)
    return Stake(maintainers=maintainers, set_by=reviewers_of(facts, directory).people)


def key_of(file: AuditFileRow) -> str:
    """Name the message of a file."""
    return f"audit:{file.id}"


def draw_record_file(_services: Services, store: Store, reference: str) -> Message | None:
    """Draw what stands in the DM."""
    file = store.audit.load_file(int(reference))
    if file is None:
        return None
    return render_record_file(scope_of(file), failed=file.csv_state == "failed", most=MOST_EVENTS)


def scope_of(file: AuditFileRow) -> Scope:
    """Tell what a file is of."""
    return Scope.model_validate_json(file.scope)


def write_record(store: Store, file: AuditFileRow, now: datetime) -> tuple[str, str]:
    """Write a file: its name, and the CSV."""
    scope = scope_of(file)
    events = store.audit.list_newest(scope, limit=MOST_EVENTS)
    return file_name(scope, now), write_csv(record_rows(events))
