"""Staging: what a person asks for becomes a change set, when every prerequisite of npm's holds."""

import asyncio
from dataclasses import dataclass

from bot.domain.approval import Action, Directory, Person, reviewers_of
from bot.domain.batch import wanted_of
from bot.domain.command_arguments import MOST_PACKAGES
from bot.domain.command_line import command_line_of, draft_of
from bot.domain.commands import Change, RevokeTrust, SetUp
from bot.domain.deliveries import CommandDelivery, SubmissionDelivery
from bot.domain.evidence import PackageFacts
from bot.domain.lifecycle import OPEN_STATES
from bot.domain.publishers import PROVIDERS
from bot.messages import refusals
from bot.messages.commands import render_json, render_remarks
from bot.messages.denials import Denied, render_denial
from bot.messages.message import Message, join
from bot.messages.notices import render_no_reviewer_yet, render_staged
from bot.messages.refusals import note_of_look
from bot.notifications import ChannelAccess
from bot.services import Services
from bot.workflow import batches, transitions
from bot.workflow.answering import answer
from bot.workflow.authorise import authorise, load_all_step_facts, load_directory, load_person
from bot.workflow.invite import invite_reviewers
from bot.workflow.lane import OPERATION, live_session
from bot.workflow.packages import is_configured_registry, load_facts, registry_host, tell_missing
from bot.workflow.plan_step import Planned, Unfit, check, find_same, plan, with_preflight
from bot.workflow.policy_checks import channels_of, check_request
from bot.workflow.preview import describe_calls, show_preview
from bot.workflow.store_request import Request, store_request
from storage.models import ChangeSetRow
from storage.store import Store


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

    Patterns, many names, and packages whose requests belong in several channels become a batch, which is shown to its
    person before anything is asked for.

    Raises:
        RegistryError: npm cannot be asked now.
        SlackError: Slack cannot be asked now.
    """
    origin = channel or (delivery.channel if isinstance(delivery, CommandDelivery) else "")
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
    otherwise = services.options.channel or origin
    places = channels_of(services, command.packages, otherwise)
    target = next(iter(places), otherwise)
    access = await services.channels.check(target)
    if not access.postable:
        await _refuse(services, delivery, Refused(refusals.render_cannot_post(target, access.why), command), origin)
    elif _is_for_batch(command) or len(places) > 1:
        await batches.begin(services, delivery, command, inbox_id=inbox_id, channel=otherwise, origin=origin)
    else:
        await _stage_named(services, delivery, command, person, access, Target(inbox_id, target, origin))


def _is_for_batch(command: Change) -> bool:
    return command.selection is not None or len(command.packages) > MOST_PACKAGES


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request comes from, and where it is to stand."""

    inbox_id: int
    channel: str
    origin: str


async def _stage_named(
    services: Services,
    delivery: CommandDelivery | SubmissionDelivery,
    command: Change,
    person: Person,
    access: ChannelAccess,
    target: Target,
) -> None:
    planned = await _plan_all(services, person, command, access, target.channel)
    if isinstance(planned, Refused):
        await _refuse(services, delivery, planned, target.origin)
    elif command.dry_run:
        await show_preview(services, delivery, command, planned, target.origin)
    elif twice := await services.database.run(
        lambda store: _store(services, store, person.id, command, planned, target)
    ):
        await answer(services, delivery, twice, channel=target.origin)
    else:
        await _announce(services, delivery, command, target.inbox_id, target.origin)


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
    services: Services, person: Person, command: Change, access: ChannelAccess, channel: str
) -> "list[Planned] | Refused":
    """Look at each package; either all can be staged, or everything that is wrong is told at once."""
    link = await services.database.run(lambda store: store.links.find_linked(person.id))
    directory = await _directory(services)
    has_session = live_session(services, link) is not None
    stated = _permissions_stated(command)
    fitting: list[tuple[Planned, PackageFacts]] = []
    refused: list[Message] = []
    lacks_source = False
    for wanted in wanted_of(command, command.packages):
        found = await load_facts(services, wanted.package, link)
        if not isinstance(found, PackageFacts):
            refused.append(tell_missing(wanted.package, found, linked=has_session))
            continue
        step = plan(services, wanted, found)
        if isinstance(step, Unfit):
            refused.append(step.message)
            lacks_source |= step.lacks_source
            continue
        problem = await check(services, person, step, found, directory, permissions_stated=stated)
        if problem is not None:
            refused.append(problem.message)
        elif step.is_private and not access.private:
            refused.append(refusals.render_private_package(found.name))
        else:
            fitting.append((step, found))
    if not refused and (limit := await check_request(services, person.id, {channel: command.packages})):
        refused.append(limit)
    planned = [step for step, _ in fitting]
    if not refused:
        twice = await services.database.run(lambda store: _check_open(services, store, planned))
        refused += [twice] if twice else []
    if refused:
        return Refused(join(refused), command, lacks_source=lacks_source)
    return await asyncio.gather(*(with_preflight(services, step, found) for step, found in fitting))


def _with_placeholder(command: Change) -> Change:
    """Show where the repository is to be named that a package does not name itself."""
    if isinstance(command, RevokeTrust):
        return command
    spec = PROVIDERS[command.provider]
    placeholder = next(flag.placeholder for flag in spec.flags if flag.name == spec.source_flag)
    return command.model_copy(update={"fields": {**command.fields, spec.source_flag: (placeholder,)}})


def _permissions_stated(command: Change) -> bool:
    return isinstance(command, RevokeTrust) or command.permissions_stated


def _check_open(services: Services, store: Store, planned: list[Planned]) -> Message | None:
    pending = store.batches.find_pending(step.operation.package for step in planned)
    for step in planned:
        package = step.operation.package
        if same := find_same(services, store, step.operation, pending.get(package, [])):
            return refusals.render_already_open(package, same.number)
    return None


def _store(
    services: Services, store: Store, requester: str, command: Change, planned: list[Planned], target: Target
) -> Message | None:
    """Commit the request. What was staged meanwhile, while npm was asked, is looked at once more."""
    if store.change_sets.find_delivery(target.inbox_id):
        return None
    if refusal := _check_open(services, store, planned):
        return refusal
    request = Request(
        inbox_id=target.inbox_id,
        requester=requester,
        reason=command.reason,
        channel=target.channel,
        permissions_stated=_permissions_stated(command),
        hold=isinstance(command, SetUp) and command.hold,
    )
    store_request(services, store, request, planned)
    return None


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
    rules = load_all_step_facts(services, store, change_set, open_rows)
    reviewers = [reviewers_of(facts, directory) for facts in rules.values()]
    if lacking := [name for each in reviewers if not each.people for name in each.unlinked]:
        parts.append(render_no_reviewer_yet(change_set.number, list(dict.fromkeys(lacking)), change_set.channel))
    if command.as_json:
        parts.append(render_json(describe_calls(OPERATION.validate_json(row.operation) for row in rows)))
    return join(parts)
