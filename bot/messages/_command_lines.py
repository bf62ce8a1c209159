"""Lines of ours to type, each in a block where nothing is interpreted."""

from bot.domain.command_line import command_line_of, command_of
from bot.domain.commands import ListTrust
from bot.domain.lifecycle import Plan, State
from bot.domain.operations import Create, Operation, Replace, Revoke, plan_of, revoked_id_of
from bot.domain.overview import ChangeSetView, StepView
from bot.messages._words import COMMAND

_ASK_AGAIN = frozenset({State.REFUSED, State.EXPIRED, State.CANCELLED})
_LOOK = frozenset({State.CONFLICT, State.UNRESOLVED, State.LEFT_HALF})


def way_out_of(step: StepView) -> str:
    """Write the line with which somebody goes on after an end: ask again, or look first; empty where there is none.

    What was rejected has a form.
    """
    if step.state in _ASK_AGAIN:
        return _line_of(step.operation)
    if step.state is State.RESTORED and isinstance(step.operation, Replace):
        return _line_of(_with_id(step.operation, step.configuration_id))
    if step.state is State.LEFT_HALF and isinstance(step.operation, Replace):
        return _line_of(_other_half(step.operation))
    if step.state in _LOOK:
        return list_line(step)
    return ""


def line_again(view: ChangeSetView, step: StepView) -> str:
    """Write the line that asks for it again, without the command's name; empty where the way out is another one.

    What was stopped on purpose leads nobody into asking again.
    """
    is_stopped = step.state is State.CANCELLED and bool(view.cancelled_by or view.disowned_by)
    line = "" if is_stopped or step.state in _LOOK - {State.LEFT_HALF} else way_out_of(step)
    return line.removeprefix(COMMAND).strip()


def list_line(step: StepView) -> str:
    """Write the line that shows what stands."""
    return f"{COMMAND} {command_line_of(ListTrust(packages=(step.operation.package,)))}"


def _with_id(operation: Replace, configuration_id: str) -> Replace:
    """What was put back has another id."""
    selected = operation.configuration_id and configuration_id
    return operation.model_copy(update={"configuration_id": configuration_id}) if selected else operation


def _other_half(operation: Replace) -> Operation:
    """Tell what is missing of a replace that stopped half way."""
    if plan_of(operation) is Plan.CREATE_THEN_REVOKE:
        return Revoke(package=operation.package, configuration_id=revoked_id_of(operation))
    return Create(package=operation.package, publisher=operation.publisher, permissions=operation.permissions)


def _line_of(operation: Operation) -> str:
    return f"{COMMAND} {command_line_of(command_of(operation))}"
