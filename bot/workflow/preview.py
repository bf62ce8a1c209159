"""`--dry-run`: what would be asked and what npm would get; nothing is stored and nobody is told."""

from collections.abc import Iterable, Iterator

from bot.domain.approval import Directory, approvals_missing, reviewers_of
from bot.domain.approval import StepFacts as Rules
from bot.domain.commands import Change, RevokeTrust
from bot.domain.deliveries import CommandDelivery, SubmissionDelivery
from bot.domain.lifecycle import State
from bot.domain.operations import Create, Operation, Revoke, body_of
from bot.domain.overview import ChangeSetView, Maintainer, StepView
from bot.domain.packages import escape_package
from bot.messages.commands import render_json, render_remarks
from bot.messages.listings import render_dry_run
from bot.messages.message import Message, join
from bot.services import Services
from bot.workflow.answering import answer
from bot.workflow.authorise import load_directory
from bot.workflow.plan_step import Planned
from bot.workflow.views import package_url
from storage.store import Store


async def show_preview(
    services: Services,
    delivery: CommandDelivery | SubmissionDelivery,
    command: Change,
    planned: list[Planned],
    channel: str,
) -> None:
    """Answer with the change set as it would be."""

    def draw(store: Store) -> Message:
        if command.as_json:
            return render_json(describe_calls(step.operation for step in planned))
        shown = render_dry_run(_view(services, store, delivery.user, command, planned, channel))
        remarks = render_remarks(command.remarks)
        return join([shown, remarks]) if remarks else shown

    await answer(services, delivery, await services.database.run(draw), channel=channel)


def describe_calls(operations: Iterable[Operation]) -> list[dict[str, object]]:
    """Write down, for `--json`, the calls that npm would get."""
    return [call for operation in operations for call in _calls(operation)]


def _calls(operation: Operation) -> Iterator[dict[str, object]]:
    """Describe the calls of an operation. In which order a replace makes them is known once the old one was read."""
    place = {"package": operation.package, "path": f"/-/package/{escape_package(operation.package)}/trust"}
    if not isinstance(operation, Revoke):
        body = body_of(operation.publisher, operation.permissions)
        yield {**place, "method": "POST", "body": body}
    if not isinstance(operation, Create):
        selector = operation.model_dump(mode="json", include={"configuration_id", "from_repository"})
        yield {**place, "method": "DELETE", **selector}


def _view(
    services: Services,
    store: Store,
    requester: str,
    command: Change,
    planned: list[Planned],
    channel: str,
) -> ChangeSetView:
    now, directory = services.clock.now(), load_directory(services, store)
    return ChangeSetView(
        number=0,
        requester=requester,
        reason=command.reason,
        created_at=now,
        deadline=now,
        offer="",
        steps=tuple(_step_view(services, directory, requester, step) for step in planned),
        permissions_stated=isinstance(command, RevokeTrust) or command.permissions_stated,
        channel=channel,
    )


def _step_view(services: Services, directory: Directory, requester: str, step: Planned) -> StepView:
    rules = Rules(
        requester=requester,
        maintainers=step.facts.maintainers,
        fingerprint="",
        policy=services.policies.current.policy_of(step.operation.package),
        is_revoke=isinstance(step.operation, Revoke),
    )
    reviewers = reviewers_of(rules, directory)
    return StepView(
        operation=step.operation,
        state=State.IN_REVIEW,
        evidence=step.facts.evidence,
        maintainers=tuple(
            Maintainer(npm_user=name, slack_user=directory.slack_user_of(name)) for name in step.facts.maintainers
        ),
        reviewers=reviewers.people,
        reviewers_are_admins=reviewers.are_admins,
        approvals_missing=approvals_missing(rules, directory),
        repository_inferred=step.facts.repository_inferred,
        warnings=step.facts.warnings,
        needs_look=step.facts.needs_look,
        package_url=package_url(services, step.operation.package),
    )
