"""What may never be wrong in the small world of a step."""

from collections.abc import Callable

from bot.domain import step_events as on
from bot.domain.lifecycle import OPEN_STATES, Call, LastAnswer, Phase, Plan, State
from tests.domain.step_world import WANTED, Created, Thing, Things, World


def twice(world: World, target: Thing | None = None) -> str:
    """Judge a call that npm accepts."""
    creates = (target or world.target) is not Thing.OLD
    return "npm accepts the create twice" if creates and world.created not in {Created.NOT, Created.LOOKED} else ""


def what_is_wrong(before: World, event: on.Event, after: World) -> str:
    """Judge a move of the step."""
    is_taken = after.step.state is State.CALLING and before.step.state is not State.CALLING
    if is_taken or isinstance(event, on.HandedOut):
        return _wrong_with_call(before)
    if after.step.phase is Phase.RESTORE and before.step.phase is not Phase.RESTORE:
        return "" if _nothing_came_of_it(before) else "it is undone although it was done"
    if after.step.phase is not before.step.phase:
        return "" if _is_done(before) else "the second half begins before the first is done"
    if after.step.state not in OPEN_STATES:
        return "" if TRUE_OF_END[after.step.state](before, event) else f"{after.step.state} is not true"
    if after.step.maybe_acted and State.UNKNOWN not in {after.step.state, after.step.back}:
        return "it does something else than finding out whether npm acted"
    return ""


def _wrong_with_call(world: World) -> str:
    if world.target in world.in_flight:
        return "a call begins while an earlier one may still act"
    if world.step.phase is not Phase.FIRST:
        return ""
    if world.cancelled:
        return "a call begins after a cancel"
    return "" if world.approved else "a call begins that nobody approved"


def _is_done(world: World) -> bool:
    """Tell whether what the phase wants was so, as far as a list can show."""
    if world.step.call is Call.REVOKE:
        return Thing.OLD not in world.standing
    return world.created is not Created.NOT or _shown(world, WANTED)


def _nothing_came_of_it(world: World) -> bool:
    """Tell whether no call of the phase has an effect, nor can have one any more."""
    acted = world.revoked if world.step.call is Call.REVOKE else world.target in world.standing
    return not acted and world.target not in world.in_flight


def _nothing_changed(world: World) -> bool:
    return world.step.phase is Phase.FIRST and _nothing_came_of_it(world)


def _shown(world: World, things: Things) -> bool:
    return any(seen & things for seen in world.visible)


def _is_applied(world: World, _: on.Event) -> bool:
    replaces = world.step.plan in {Plan.CREATE_THEN_REVOKE, Plan.REVOKE_THEN_CREATE}
    acted = world.created is not Created.NOT or world.revoked or world.step.maybe_acted
    return _is_done(world) and (acted or replaces) and replaces == (world.step.phase is Phase.SECOND)


TRUE_OF_END: dict[State, Callable[[World, on.Event], bool]] = {
    State.APPLIED: _is_applied,
    State.ALREADY_IN_PLACE: lambda world, _: _nothing_changed(world) and _shown(world, WANTED),
    State.ALREADY_GONE: lambda world, _: _nothing_changed(world) and Thing.OLD not in world.standing,
    State.RESTORED: lambda world, _: world.step.phase is Phase.RESTORE and world.created is not Created.NOT,
    State.CONFLICT: lambda world, event: (
        _nothing_changed(world)
        and (isinstance(event, on.ReadOverlap) or world.step.last_answer is LastAnswer.OVERLAPPING)
    ),
    State.REFUSED: lambda world, event: (
        _nothing_changed(world) and (isinstance(event, on.Invalid) or world.step.last_answer is LastAnswer.INVALID)
    ),
    State.REJECTED: lambda world, event: _nothing_changed(world) and isinstance(event, on.Rejected),
    State.CANCELLED: lambda world, event: (
        _nothing_changed(world) and (world.cancelled or world.late or isinstance(event, on.Cancelled))
    ),
    State.EXPIRED: lambda world, event: _nothing_changed(world) and isinstance(event, on.DeadlinePassed),
    State.UNRESOLVED: lambda _, event: isinstance(event, on.LastDeadlinePassed),
    State.LEFT_HALF: lambda world, _: world.step.phase is not Phase.FIRST and _nothing_came_of_it(world),
}
"""What must hold in the world in which a step comes to an end. `unresolved` may be uncertain; no other end may."""
