"""Staging: what a person asks for becomes a change set, when every prerequisite of npm's holds."""

from dataclasses import dataclass
from datetime import timedelta

from bot.domain.approval import Action, Directory, Person, reviewers_of
from bot.domain.approval import StepFacts as Rules
from bot.domain.commands import RevokeTrust, SetUp
from bot.domain.deliveries import CommandDelivery, SubmissionDelivery
from bot.domain.events import AuditKind
from bot.domain.evidence import PackageFacts
from bot.domain.lifecycle import OPEN_STATES, Step
from bot.domain.mistakes import Mistake
from bot.domain.operations import Create, Operation, Revoke, fingerprint_of, plan_of
from bot.domain.packages import PackageName
from bot.domain.publishers import PROVIDERS
from bot.messages import refusals
from bot.messages.commands import render_remarks
from bot.messages.denials import Denied, render_denial
from bot.messages.message import Message, join
from bot.messages.notices import render_no_reviewer_yet, render_staged
from bot.messages.refusals import note_of_look
from bot.notifications import ChannelAccess, SlackRefused
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.answering import answer
from bot.workflow.authorise import authorise, load_directory, load_person, load_step_facts
from bot.workflow.look import add_look
from bot.workflow.packages import is_configured_registry, load_facts, registry_host
from bot.workflow.preview import show_preview
from storage.models import ChangeSetRow, StepRow
from storage.records import StepFacts, StepProgress
from storage.store import Store

REQUEST_LIFE = timedelta(hours=72)
"""How long a request waits for its approval and its confirmation."""

FINDING_OUT = timedelta(hours=24)
"""How long after that a step whose call was lost is looked for, and a half replaced one is finished."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One step as it would be staged."""

    operation: Operation
    facts: StepFacts
    is_private: bool


async def stage(
    services: Services,
    delivery: CommandDelivery | SubmissionDelivery,
    command: SetUp | RevokeTrust,
    *,
    inbox_id: int,
    channel: str = "",
) -> None:
    """Check, then store the change set and let its message be posted; or say why not, with the way out.

    Raises:
        RegistryError: npm cannot be asked now.
        SlackError: Slack cannot be asked now.
    """
    origin = channel or (delivery.channel if isinstance(delivery, CommandDelivery) else "")
    target = services.options.channel or origin
    if await services.database.run(lambda store: store.change_sets.find_delivery(inbox_id)):
        await _announce(services, delivery, command, inbox_id, origin, target)
        return
    person = await load_person(services, delivery.user)
    denial = authorise(Action.STAGE, person, None, await _directory(services))
    if denial is not None:
        await answer(services, delivery, render_denial(denial, Denied(wish=Action.STAGE)), channel=origin)
        return
    if not is_configured_registry(services, command.registry):
        refusal = refusals.render_other_registry(command.registry, host=registry_host(services))
        await answer(services, delivery, refusal, channel=origin)
        return
    access = await services.notifier.check_channel(target)
    planned = await _plan_all(services, person, command, target, access)
    if isinstance(planned, Message):
        await answer(services, delivery, planned, channel=origin)
    elif command.dry_run:
        await show_preview(services, delivery, command, planned, origin)
    else:
        await services.database.run(
            lambda store: _store(services, store, person.id, command, planned, inbox_id, target)
        )
        await _announce(services, delivery, command, inbox_id, origin, target)


async def _directory(services: Services) -> Directory:
    return await services.database.run(lambda store: load_directory(services, store))


async def _plan_all(
    services: Services, person: Person, command: SetUp | RevokeTrust, target: str, access: ChannelAccess
) -> "list[Planned] | Message":
    """Look at each package; either all can be staged, or everything that is wrong is told at once."""
    if not access.postable:
        return refusals.render_cannot_post(target, access.why)
    link = await services.database.run(lambda store: store.links.find_linked(person.id))
    planned: list[Planned] = []
    refused: list[Message] = []
    for package in command.packages:
        found = await load_facts(services, package, link)
        if found is None:
            refused.append(refusals.render_package_not_found(package, linked=link is not None))
            continue
        step = _plan(command, package, found)
        problem = step if isinstance(step, Message) else await _check(services, person, step, found, access)
        if problem is not None:
            refused.append(problem)
        elif isinstance(step, Planned):
            planned.append(step)
    return join(refused) if refused else planned


def _plan(command: SetUp | RevokeTrust, name: PackageName, found: PackageFacts) -> "Planned | Message":
    facts = StepFacts(evidence=found.evidence, maintainers=found.maintainers)
    if isinstance(command, RevokeTrust):
        operation = Revoke(
            package=name, configuration_id=command.configuration_id, from_repository=command.from_repository
        )
        return Planned(operation, facts.model_copy(update={"needs_look": True}), found.private)
    spec = PROVIDERS[command.provider]
    is_stated = spec.source_flag in command.fields
    inferred = found.repository if found.repository_host == spec.host else ""
    publisher = spec.build(command.fields, "" if is_stated else inferred)
    if isinstance(publisher, Mistake):
        if found.repository and not is_stated:
            where = f"{found.repository} on {found.repository_host}"
            return refusals.render_repository_unfit(found.name, found=where, provider=spec.title)
        return refusals.render_repository_missing(found.name, flag=spec.source_flag)
    warnings = []
    if is_stated and inferred and inferred != publisher.source:
        warnings.append(f"The package itself names another repository: {inferred}.")
    create = Create(package=name, publisher=publisher, permissions=command.permissions)
    update = {"repository_inferred": not is_stated, "warnings": tuple(warnings)}
    return Planned(create, facts.model_copy(update=update), found.private)


async def _check(
    services: Services, person: Person, step: Planned, found: PackageFacts, access: ChannelAccess
) -> Message | None:
    """The prerequisites: somebody can approve and write, the name may be seen here, nobody asks for the same."""
    if not found.maintainers:
        return refusals.render_no_maintainers(found.name)
    if step.is_private and not access.private:
        return refusals.render_private_package(found.name)
    directory = await _directory(services)
    rules = Rules(requester=person.id, maintainers=found.maintainers, fingerprint="")
    reviewers = reviewers_of(rules, directory)
    if reviewers.are_admins and not reviewers.people:
        return refusals.render_no_admins(found.name)
    return await services.database.run(lambda store: _check_open(services, store, step))


def _check_open(services: Services, store: Store, step: Planned) -> Message | None:
    fingerprint = _fingerprint(services, store, step.operation)
    for row in store.change_sets.list_open_steps_of(step.operation.package):
        if row.fingerprint == fingerprint:
            number = store.change_sets.load(row.change_set_id).number
            return refusals.render_already_open(step.operation.package, number)
    return None


def _fingerprint(services: Services, store: Store, operation: Operation) -> str:
    return fingerprint_of(operation, workspace=store.workspace, registry=services.options.registry_url)


def _store(
    services: Services,
    store: Store,
    requester: str,
    command: SetUp | RevokeTrust,
    planned: list[Planned],
    inbox_id: int,
    channel: str,
) -> None:
    """Commit the change set, its steps, its first offer and the wish for its message, in one transaction."""
    if store.change_sets.find_delivery(inbox_id):
        return
    now = services.clock.now()
    change_set = ChangeSetRow(
        workspace=store.workspace,
        inbox_id=inbox_id,
        requester=requester,
        reason=command.reason,
        channel=channel,
        private=any(step.is_private for step in planned),
        created_at=now,
        deadline=now + REQUEST_LIFE,
        last_deadline=now + REQUEST_LIFE + FINDING_OUT,
        offer="",
        permissions_stated=not isinstance(command, SetUp) or command.permissions_stated,
    )
    steps = [_step_row(services, store, step, position) for position, step in enumerate(planned)]
    store.change_sets.add(change_set, steps)
    transitions.renew_offer(store, change_set, now)
    store.surfaces.want(f"change_set:{change_set.id}", channel=channel, now=now)
    for row in steps:
        _record_staged(store, change_set, row)
        _look_at_once(services, store, change_set, row)


def _step_row(services: Services, store: Store, step: Planned, position: int) -> StepRow:
    row = StepRow(
        workspace=store.workspace,
        position=position,
        package=step.operation.package,
        operation=step.operation.model_dump_json(),
        fingerprint=_fingerprint(services, store, step.operation),
        facts=step.facts.model_dump_json(),
        progress=StepProgress().model_dump_json(),
        next_try_at=services.clock.now(),
    )
    row.lifecycle = Step(plan=plan_of(step.operation))
    return row


def _record_staged(store: Store, change_set: ChangeSetRow, row: StepRow) -> None:
    store.audit.add(
        AuditKind.STAGED,
        actor=change_set.requester,
        at=change_set.created_at,
        change_set_id=change_set.id,
        step_id=row.id,
        package=row.package,
        fingerprint=row.fingerprint,
    )


def _look_at_once(services: Services, store: Store, change_set: ChangeSetRow, row: StepRow) -> None:
    """A requester who can write to the package is present, so that the configuration is read through their account."""
    directory = load_directory(services, store)
    rules = load_step_facts(services, store, change_set, row)
    writes = directory.npm_users.get(change_set.requester, "") in rules.maintainers
    if rules.needs_look and writes:
        add_look(store, row, change_set.requester, change_set.created_at)


async def _announce(
    services: Services,
    delivery: CommandDelivery | SubmissionDelivery,
    command: SetUp | RevokeTrust,
    inbox_id: int,
    origin: str,
    target: str,
) -> None:
    """Tell reviewers and requester of what is committed; done again after a crash, and told once."""
    services.bell.ring("surfaces", "lane")
    await _invite_reviewers(services, inbox_id, target)
    await _tell(services, delivery, command, inbox_id, origin)


async def _invite_reviewers(services: Services, inbox_id: int, channel: str) -> None:
    """Reviewers who do not see the channel get the request by DM."""
    try:
        members = await services.notifier.list_members(channel)
    except SlackRefused:
        return  # Slack does not tell who sees the channel (a missing scope): nobody is bothered twice

    def work(store: Store) -> None:
        change_set = store.change_sets.find_delivery(inbox_id)
        if change_set is None:
            return
        directory = load_directory(services, store)
        for row in store.change_sets.load_steps(change_set.id):
            reviewers = reviewers_of(load_step_facts(services, store, change_set, row), directory).people
            for person in reviewers:
                if person not in members:
                    key = f"review:{change_set.id}:{person}"
                    if store.surfaces.find(key) is None:
                        store.surfaces.want(key, channel=person, now=services.clock.now())

    await services.database.run(work)


async def _tell(
    services: Services,
    delivery: CommandDelivery | SubmissionDelivery,
    command: SetUp | RevokeTrust,
    inbox_id: int,
    origin: str,
) -> None:
    """Answer the requester; the request itself stands in the channel."""

    def work(store: Store) -> Message | None:
        change_set = store.change_sets.find_delivery(inbox_id)
        if change_set is None:
            return None
        rows = store.change_sets.load_steps(change_set.id)
        parts = [render_staged(change_set.number, change_set.channel, packages=len(rows))]
        remarks = list(command.remarks)
        blind = [row.package for row in rows if transitions.facts_of(row).needs_look]
        if blind:
            remarks.append(note_of_look(blind))
        if (told := render_remarks(remarks)) is not None:
            parts.append(told)
        directory = load_directory(services, store)
        reviewers = reviewers_of(load_step_facts(services, store, change_set, rows[0]), directory)
        if not reviewers.people and any(row.lifecycle.state in OPEN_STATES for row in rows):
            parts.append(render_no_reviewer_yet(change_set.number, list(reviewers.unlinked)))
        return join(parts)

    message = await services.database.run(work)
    if message is not None:
        await answer(services, delivery, message, channel=origin)
