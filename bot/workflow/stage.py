"""Staging: what a person asks for becomes a change set, when every prerequisite of npm's holds."""

from dataclasses import dataclass
from datetime import timedelta

from bot.domain.approval import Action, Directory, Person, reviewers_of
from bot.domain.approval import StepFacts as Rules
from bot.domain.command_line import command_line_of, draft_of
from bot.domain.commands import Change, ReplaceTrust, RevokeTrust
from bot.domain.deliveries import CommandDelivery, SubmissionDelivery
from bot.domain.events import AuditKind
from bot.domain.evidence import PackageFacts
from bot.domain.lifecycle import OPEN_STATES, Step
from bot.domain.mistakes import Mistake
from bot.domain.operations import Create, Operation, Replace, Revoke, fingerprint_of, plan_of
from bot.domain.packages import PackageName
from bot.domain.publishers import PROVIDERS
from bot.messages import refusals
from bot.messages.commands import render_json, render_remarks
from bot.messages.denials import Denied, render_denial
from bot.messages.message import Message, join
from bot.messages.notices import render_no_reviewer_yet, render_staged
from bot.messages.refusals import note_of_look
from bot.notifications import ChannelAccess
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.answering import answer
from bot.workflow.authorise import authorise, load_directory, load_person, load_step_facts
from bot.workflow.handoff import set_present
from bot.workflow.invite import invite_reviewers
from bot.workflow.known_packages import remember_unseen
from bot.workflow.lane import OPERATION, live_session
from bot.workflow.look import add_look
from bot.workflow.packages import is_configured_registry, load_facts, registry_host, tell_missing
from bot.workflow.preview import describe_calls, show_preview
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


@dataclass(frozen=True, slots=True)
class Refused:
    """Why nothing was staged."""

    message: Message
    command: Change
    """Without what was wrong in it."""
    lacks_source: bool = False
    """A package names no repository that fits, so the command must."""


async def stage(
    services: Services,
    delivery: CommandDelivery | SubmissionDelivery,
    command: Change,
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
        await _announce(services, delivery, command, inbox_id, origin)
        return
    person = await load_person(services, delivery.user)
    denial = authorise(Action.STAGE, person, None, await _directory(services))
    if denial is not None:
        await answer(services, delivery, render_denial(denial, Denied(wish=Action.STAGE)), channel=origin)
        return
    if not is_configured_registry(services, command.registry):
        refusal = refusals.render_other_registry(command.registry, host=registry_host(services))
        await _refuse(services, delivery, Refused(refusal, command.model_copy(update={"registry": ""})), origin)
        return
    access = await services.notifier.check_channel(target)
    planned = await _plan_all(services, person, command, target, access)
    if isinstance(planned, Refused):
        await _refuse(services, delivery, planned, origin)
    elif command.dry_run:
        await show_preview(services, delivery, command, planned, origin)
    elif twice := await services.database.run(
        lambda store: _store(services, store, person.id, command, planned, inbox_id, target)
    ):
        await answer(services, delivery, twice, channel=origin)
    else:
        await _announce(services, delivery, command, inbox_id, origin)


async def _refuse(
    services: Services, delivery: CommandDelivery | SubmissionDelivery, refused: Refused, channel: str
) -> None:
    """Say why, and give back what was written, so that it can be mended and sent again."""
    draft = draft_of(refused.command)

    def keep(store: Store) -> str:
        return store.drafts.add(delivery.user, draft.model_dump_json(), services.clock.now()) if draft else ""

    edit = await services.database.run(keep)
    again = _with_placeholder(refused.command) if refused.lacks_source else refused.command
    told = refusals.render_with_line(refused.message, command_line_of(again), edit=edit)
    await answer(services, delivery, told, channel=channel)


async def _directory(services: Services) -> Directory:
    return await services.database.run(lambda store: load_directory(services, store))


async def _plan_all(
    services: Services, person: Person, command: Change, target: str, access: ChannelAccess
) -> "list[Planned] | Refused":
    """Look at each package; either all can be staged, or everything that is wrong is told at once."""
    if not access.postable:
        return Refused(refusals.render_cannot_post(target, access.why), command)
    link = await services.database.run(lambda store: store.links.find_linked(person.id))
    has_session = live_session(services, link) is not None
    planned: list[Planned] = []
    refused: list[Message] = []
    lacks_source = False
    for package in command.packages:
        found = await load_facts(services, package, link)
        if not isinstance(found, PackageFacts):
            refused.append(tell_missing(package, found, linked=has_session))
            continue
        step = _plan(command, package, found)
        lacks_source |= isinstance(step, Message)
        problem = step if isinstance(step, Message) else await _check(services, person, step, found, access)
        if problem is not None:
            refused.append(problem)
        elif isinstance(step, Planned):
            planned.append(step)
    return Refused(join(refused), command, lacks_source=lacks_source) if refused else planned


def _with_placeholder(command: Change) -> Change:
    """Show where the repository is to be named that a package does not name itself."""
    if isinstance(command, RevokeTrust):
        return command
    spec = PROVIDERS[command.provider]
    placeholder = next(flag.placeholder for flag in spec.flags if flag.name == spec.source_flag)
    return command.model_copy(update={"fields": {**command.fields, spec.source_flag: (placeholder,)}})


def _plan(command: Change, name: PackageName, found: PackageFacts) -> "Planned | Message":
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
    update = {"repository_inferred": not is_stated, "warnings": tuple(warnings)}
    if not isinstance(command, ReplaceTrust):
        create = Create(package=name, publisher=publisher, permissions=command.permissions)
        return Planned(create, facts.model_copy(update=update), found.private)
    replacement = Replace(
        package=name,
        configuration_id=command.configuration_id,
        from_repository=command.from_repository,
        publisher=publisher,
        permissions=command.permissions,
    )
    return Planned(replacement, facts.model_copy(update=update | {"needs_look": True}), found.private)


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
    return await services.database.run(lambda store: _check_open(services, store, [step]))


def _check_open(services: Services, store: Store, planned: list[Planned]) -> Message | None:
    for step in planned:
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
    command: Change,
    planned: list[Planned],
    inbox_id: int,
    channel: str,
) -> Message | None:
    """Commit the change set, its steps, its first offer and the wish for its message, in one transaction.

    What was staged meanwhile, while npm was asked, is looked at once more.
    """
    if store.change_sets.find_delivery(inbox_id):
        return None
    if refusal := _check_open(services, store, planned):
        return refusal
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
        permissions_stated=isinstance(command, RevokeTrust) or command.permissions_stated,
    )
    steps = [_step_row(services, store, step, position) for position, step in enumerate(planned)]
    store.change_sets.add(change_set, steps)
    transitions.renew_offer(store, change_set, now)
    store.surfaces.want(f"change_set:{change_set.id}", channel=channel, now=now)
    remember_unseen(store, [row.package for row in steps], "request", now)
    for row in steps:
        _record_staged(store, change_set, row)
        _look_at_once(services, store, change_set, row)
    return None


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
    link = store.links.find_linked(change_set.requester)
    if rules.needs_look and writes and link is not None:
        add_look(store, row, change_set.requester, change_set.created_at)
        set_present(store, link, change_set.created_at)


async def _announce(
    services: Services,
    delivery: CommandDelivery | SubmissionDelivery,
    command: Change,
    inbox_id: int,
    origin: str,
) -> None:
    """Tell reviewers and requester of what is committed; done again after a crash, and told once."""
    services.bell.ring("surfaces", "lane")
    change_set = await services.database.run(lambda store: store.change_sets.find_delivery(inbox_id))
    if change_set is not None:
        await invite_reviewers(services, change_set.id)
    await _tell(services, delivery, command, inbox_id, origin)


async def _tell(
    services: Services,
    delivery: CommandDelivery | SubmissionDelivery,
    command: Change,
    inbox_id: int,
    origin: str,
) -> None:
    """Answer the requester; the request itself stands in the channel."""

    def work(store: Store) -> Message | None:
        change_set = store.change_sets.find_delivery(inbox_id)
        return _confirmation(services, store, command, change_set) if change_set else None

    message = await services.database.run(work)
    if message is not None:
        await answer(services, delivery, message, channel=origin)


def _confirmation(services: Services, store: Store, command: Change, change_set: ChangeSetRow) -> Message:
    """Say that it is asked for, what was understood how, and whom it lacks."""
    rows = store.change_sets.load_steps(change_set.id)
    parts = [render_staged(change_set.number, change_set.channel, packages=len(rows))]
    remarks = list(command.remarks)
    blind = [row.package for row in rows if transitions.facts_of(row).needs_look]
    if blind:
        remarks.append(note_of_look(blind))
    if (told := render_remarks(remarks)) is not None:
        parts.append(told)
    directory = load_directory(services, store)
    open_rows = [row for row in rows if row.lifecycle.state in OPEN_STATES]
    reviewers = [reviewers_of(load_step_facts(services, store, change_set, row), directory) for row in open_rows]
    if lacking := [name for each in reviewers if not each.people for name in each.unlinked]:
        parts.append(render_no_reviewer_yet(change_set.number, list(dict.fromkeys(lacking)), change_set.channel))
    if command.as_json:
        parts.append(render_json(describe_calls(OPERATION.validate_json(row.operation) for row in rows)))
    return join(parts)
