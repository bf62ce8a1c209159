"""Where npm asks for each call: the approved rest as lines for the approver's own terminal.

A step that was handed out is nobody else's: it waits until its person says that they ran it, and then npm's list tells
what became of it, as it does of a call whose answer was lost.
"""

import math
from datetime import datetime

from bot.domain import step_events
from bot.domain.deliveries import ClickDelivery
from bot.domain.events import AuditKind
from bot.domain.lifecycle import State, WaitFor
from bot.domain.overview import HandoffState
from bot.domain.script_views import ScriptStep, ScriptView
from bot.domain.windows import Asking, Method
from bot.messages import decisions
from bot.messages.message import Message
from bot.messages.scripts import (
    render_nothing_to_script,
    render_ran,
    render_ran_already,
    render_script,
    render_script_given,
)
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.answering import answer
from bot.workflow.handoff import set_present
from bot.workflow.lane import OPERATION
from bot.workflow.recording import close_handoff
from bot.workflow.script_steps import list_scriptable
from bot.workflow.windows import asking_of
from storage.models import StepRow
from storage.scripts import ScriptRow
from storage.store import Store


async def hand_out(services: Services, delivery: ClickDelivery) -> None:
    """[Run them in my terminal]: every call that waits for this person's account becomes theirs to make."""

    def work(store: Store) -> Message:
        handoff = store.handoffs.find_token(delivery.value)
        if handoff is None:
            return decisions.render_never_issued()
        if handoff.slack_user != delivery.user:
            return decisions.render_not_your_link()
        steps = list_scriptable(services, store, delivery.user)
        if handoff.state != HandoffState.OPEN or not steps:
            return decisions.render_handoff_gone() if handoff.state != HandoffState.OPEN else render_nothing_to_script()
        now = services.clock.now()
        _give(services, store, delivery.user, handoff.npm_user, steps, now)
        close_handoff(store, handoff, HandoffState.SCRIPT, now)
        return render_script_given(len(steps))

    message = await services.database.run(work)
    services.bell.ring("lane", "surfaces")
    await answer(services, delivery, message)


def _give(
    services: Services, store: Store, slack_user: str, npm_user: str, steps: list[StepRow], now: datetime
) -> None:
    lag = math.ceil(services.options.lag.total_seconds())
    script = store.scripts.add(slack_user, npm_user, [step.id for step in steps], lag_seconds=lag, now=now)
    for step in steps:
        changes = {"script_id": script.id, "by_hand": slack_user, "called_at": now, "trouble": "", "npm_message": ""}
        transitions.update_progress(step, **changes)
        transitions.move(store, step, step_events.HandedOut(), actor=slack_user, now=now)
        store.audit.add(
            AuditKind.SCRIPT_GIVEN,
            actor=slack_user,
            at=now,
            change_set_id=step.change_set_id,
            step_id=step.id,
            npm_user=npm_user,
            fingerprint=step.fingerprint,
        )
    store.surfaces.want(f"script:{script.id}", channel=slack_user, now=now, urgent=True)


async def settle(services: Services, delivery: ClickDelivery) -> None:
    """[I ran it]: npm's list of each package tells what became of it."""

    def work(store: Store) -> Message:
        script = store.scripts.find_token(delivery.value)
        if script is None:
            return decisions.render_never_issued()
        if script.slack_user != delivery.user:
            return decisions.render_not_your_link()
        given = [step for step in _steps_of(store, script) if _is_given(step, script)]
        now = services.clock.now()
        store.surfaces.touch(f"script:{script.id}", now)
        if script.ran_at is not None or not given:
            return render_ran_already()
        script.ran_at = now
        for step in given:
            _look_at(store, step, script, now)
        link = store.links.find_linked(delivery.user)
        if link is not None:
            set_present(store, link, now)
        return render_ran(len(given))

    message = await services.database.run(work)
    services.bell.ring("lane", "surfaces", "handoffs")
    await answer(services, delivery, message)


def _look_at(store: Store, step: StepRow, script: ScriptRow, now: datetime) -> None:
    transitions.move(store, step, step_events.PersonDone(), actor=script.slack_user, now=now)
    store.audit.add(
        AuditKind.SCRIPT_RAN,
        actor=script.slack_user,
        at=now,
        change_set_id=step.change_set_id,
        step_id=step.id,
        npm_user=script.npm_user,
    )
    link = store.links.find_linked(script.slack_user)
    if asking_of(store, link, Method.LIST) is Asking.EACH and step.settles_at is not None:
        step.next_try_at = step.settles_at  # an earlier list may lag, and a second look would be a second link


def draw_script(services: Services, store: Store, reference: str) -> Message | None:
    """Draw a script from what is committed."""
    script = store.scripts.load(int(reference))
    if script is None:
        return None
    link = store.links.find_linked(script.slack_user)
    return render_script(
        ScriptView(
            id=script.token,
            npm_user=script.npm_user,
            registry=services.options.registry_url,
            steps=tuple(_step_view(store, step, script) for step in _steps_of(store, script)),
            replaces=store.line.count_replaces(script.slack_user) if script.ran_at is None else 0,
            ran_at=script.ran_at,
            reads_ask=asking_of(store, link, Method.LIST) is Asking.EACH,
        )
    )


def _step_view(store: Store, step: StepRow, script: ScriptRow) -> ScriptStep:
    return ScriptStep(
        operation=OPERATION.validate_json(step.operation),
        change_set=store.change_sets.load(step.change_set_id).number,
        state=State(step.state),
        is_given=_is_given(step, script),
    )


def _steps_of(store: Store, script: ScriptRow) -> list[StepRow]:
    return [store.change_sets.load_step(step_id) for step_id in script.steps]


def _is_given(step: StepRow, script: ScriptRow) -> bool:
    """Tell whether a step still is its person's to run, by this script."""
    is_out = step.state == State.WAITING.value and step.waits_for == WaitFor.TERMINAL.value
    return is_out and step.executor == script.slack_user and transitions.progress_of(step).script_id == script.id
