"""Lines of ours to type, each in a block where nothing is interpreted."""

from typing import assert_never

from bot.domain.command_line import command_line_of
from bot.domain.commands import ListTrust, RevokeTrust, SetUp
from bot.domain.flags import Fields
from bot.domain.lifecycle import State
from bot.domain.operations import Create, Operation, Replace, Revoke
from bot.domain.overview import StepView
from bot.domain.publishers import CircleCI, GitHub, GitLab, Publisher
from bot.messages._words import COMMAND

_ASK_AGAIN = frozenset({State.REFUSED, State.EXPIRED, State.CANCELLED})
_LOOK = frozenset({State.CONFLICT, State.UNRESOLVED, State.LEFT_HALF})


def way_out_of(step: StepView) -> str:
    """Write the line with which somebody goes on after an end: ask again, or look first; empty where there is none."""
    if step.state in _ASK_AGAIN:
        return _line_of(step.operation)
    if step.state in _LOOK:
        return list_line(step)
    return ""


def list_line(step: StepView) -> str:
    """Write the line that shows what stands."""
    return f"{COMMAND} {command_line_of(ListTrust(packages=(step.operation.package,)))}"


def _line_of(operation: Operation) -> str:
    match operation:
        case Create():
            command: SetUp | RevokeTrust | ListTrust = SetUp(
                provider=operation.publisher.provider,
                packages=(operation.package,),
                fields=dict(_fields_of(operation.publisher)),
                permissions=operation.permissions,
                permissions_stated=True,
            )
        case Revoke():
            command = RevokeTrust(
                packages=(operation.package,),
                configuration_id="" if operation.from_repository else operation.configuration_id,
                from_repository=operation.from_repository,
            )
        case Replace():
            command = ListTrust(packages=(operation.package,))
        case _:
            assert_never(operation)
    return f"{COMMAND} {command_line_of(command)}"


def _fields_of(publisher: Publisher) -> Fields:
    match publisher:
        case GitHub():
            fields: Fields = {"repo": (publisher.repository,), "file": (publisher.file,)}
        case GitLab():
            fields = {"project": (publisher.source,), "file": (publisher.file,)}
        case CircleCI():
            fields = {
                "org-id": (publisher.org_id,),
                "project-id": (publisher.project_id,),
                "pipeline-definition-id": (publisher.pipeline_definition_id,),
                "vcs-origin": (publisher.vcs_origin,),
                "context-id": publisher.context_ids,
            }
        case _:
            assert_never(publisher)
    environment = {"environment": (publisher.environment,)} if publisher.environment else {}
    return {name: values for name, values in {**fields, **environment}.items() if values}
