"""What npm's answers do to a step."""

from datetime import datetime, timedelta
from typing import assert_never

from bot.domain import outcome, step_events
from bot.domain.approval import executors_of
from bot.domain.lifecycle import Call, LastAnswer, Phase, State
from bot.domain.operations import Target, revoked_id_of, target_of
from bot.domain.outcome import ReadAnswer, WriteAnswer
from bot.domain.publishers import Configuration, find_configuration, find_overlapping
from bot.domain.step_events import Event
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.authorise import load_directory, load_step_facts
from bot.workflow.lane import Errand
from bot.workflow.look import compare_again
from bot.workflow.recording import FRESH_REFUSALS, Ending, add_handoff, end_attempt, wipe_session
from bot.workflow.remember import note_done, remember
from bot.workflow.sharing import best_of
from storage.models import StepRow
from storage.store import Store

_LOOK_AGAIN = timedelta(seconds=5)


def record_write(
    services: Services,
    store: Store,
    errand: Errand,
    answer: WriteAnswer | ReadAnswer,
    used_password: bool,  # noqa: FBT001 -- the recorders share one shape
) -> None:
    """Record the answer to a create or a revoke; an answer belongs to its attempt."""
    ending = end_attempt(services, store, errand, answer, used_password=used_password)
    if ending is None or errand.step_id is None:
        return
    row = store.change_sets.load_step(errand.step_id)
    if row.state != State.CALLING.value:
        return
    row.settles_at = ending.now + services.options.lag
    _forget_last(row, answer)
    match answer:
        case outcome.Accepted(configurations=configurations):
            _accepted(services, store, row, errand, configurations, ending)
        case outcome.Challenged():
            _challenged(services, store, row, errand, answer, ending, used_password=used_password)
        case outcome.SessionDead(message=message):
            wipe_session(store, ending.link, why=message, now=ending.now)
            transitions.move(store, row, step_events.Challenged(login=True), now=ending.now)
        case outcome.AccountRefused(message=message):
            _refuse_account(services, store, row, errand, message, ending, reading=False)
        case outcome.Invalid(message=message) | outcome.Overlapping(message=message) | outcome.Missing(message=message):
            transitions.update_progress(row, npm_message=message)
            transitions.move(store, row, _refusal(answer), now=ending.now)
        case outcome.TooFast() | outcome.NotSent():
            _wait(store, row, answer.why, ending)
        case outcome.Unclear(why=why):
            _lose(services, store, row, why, ending)
        case outcome.Listed():
            raise TypeError("a list is no answer to a write")
        case _:
            assert_never(answer)


def record_check(
    services: Services,
    store: Store,
    errand: Errand,
    answer: WriteAnswer | ReadAnswer,
    used_password: bool,  # noqa: FBT001
) -> None:
    """Record the list that was read before the first call of a replace; npm was asked to do nothing yet."""
    ending = end_attempt(services, store, errand, answer, used_password=used_password)
    if ending is None or errand.step_id is None:
        return
    row = store.change_sets.load_step(errand.step_id)
    if row.state != State.CALLING.value:
        return
    _forget_last(row, answer)
    match answer:
        case outcome.Listed(configurations=configurations):
            at = errand.started_at
            remember(store, row.package, configurations, npm_user=errand.npm_user, at=at)
            transitions.move(store, row, step_events.Throttled(), now=ending.now)
            if row.state == State.READY.value:
                compare_again(services, store, row, configurations, ending.now)
        case outcome.Challenged():
            _challenged(services, store, row, errand, answer, ending, used_password=used_password)
        case outcome.SessionDead(message=message):
            wipe_session(store, ending.link, why=message, now=ending.now)
            transitions.move(store, row, step_events.Challenged(login=True), now=ending.now)
        case outcome.AccountRefused(message=message):
            _refuse_account(services, store, row, errand, message, ending, reading=False)
        case outcome.TooFast() | outcome.NotSent() | outcome.Unclear():
            _wait(store, row, answer.why, ending)
            row.next_try_at = max(row.next_try_at, ending.now + _LOOK_AGAIN)
        case _:
            raise TypeError("only a list answers a check")


def _forget_last(row: StepRow, answer: WriteAnswer | ReadAnswer) -> None:
    """Show no more what the last answer was; since when npm cannot be used stays, while it cannot.

    Why npm did not take the new configuration stays too, while the old one is put back.
    """
    if isinstance(answer, outcome.TooFast | outcome.NotSent):
        return
    transitions.update_progress(row, trouble="")
    if row.phase != Phase.RESTORE.value:
        transitions.update_progress(row, npm_message="")


def _accepted(
    services: Services,
    store: Store,
    row: StepRow,
    errand: Errand,
    configurations: tuple[Configuration, ...],
    ending: Ending,
) -> None:
    target = target_of(errand.operation, errand.phase) if errand.operation else None
    if errand.call == Call.CREATE.value and target is not None:
        found = find_configuration(configurations, target.publisher, target.permissions)
        if found is None:
            row.settles_at = ending.attempt.deadline + services.options.lag
            store.readings.note_change(row.package, settled_at=row.settles_at)
            transitions.set_trouble(row, "npm's answer did not show the configuration", ending.now)
            transitions.move(store, row, step_events.Unclear(), now=ending.now)
            return
        _keep(row, found)
        note_done(services, store, row.package, at=ending.now, made=found)
    elif errand.operation:
        note_done(services, store, row.package, at=ending.now, revoked=revoked_id_of(errand.operation))
    transitions.move(store, row, step_events.Succeeded(), now=ending.now)


def _challenged(  # noqa: PLR0913 -- what a challenge concerns
    services: Services,
    store: Store,
    row: StepRow,
    errand: Errand,
    answer: outcome.Challenged,
    ending: Ending,
    *,
    used_password: bool,
    reading: bool = False,
) -> None:
    refused = transitions.progress_of(row).refused_passwords + 1 if used_password else 0
    transitions.update_progress(row, refused_passwords=refused)
    if refused >= FRESH_REFUSALS:
        words = f"{FRESH_REFUSALS} fresh one-time passwords of {errand.npm_user} were refused running"
        _refuse_account(services, store, row, errand, words, ending, reading=reading)
        return
    event: Event = step_events.ReadChallenged() if reading else step_events.Challenged()
    transitions.move(store, row, event, now=ending.now)
    if row.state != State.WAITING.value:
        return
    transitions.update_progress(row, trouble="")
    add_handoff(services, store, errand, answer, ending)


def _refuse_account(
    services: Services,
    store: Store,
    row: StepRow,
    errand: Errand,
    message: str,
    ending: Ending,
    *,
    reading: bool,
) -> None:
    """Mark this account as tried, once a round, and give the step to the next approver."""
    tried = (*transitions.progress_of(row).tried, errand.npm_user)
    transitions.update_progress(row, tried=tried, npm_message=message, refused_passwords=0)
    change_set = store.change_sets.load(row.change_set_id)
    directory = load_directory(services, store)
    others = executors_of(load_step_facts(services, store, change_set, row), directory, tried)
    if others:
        row.executor = best_of(store, others, ending.now)
    event: Event = (
        step_events.ReadRefused(another_account=bool(others))
        if reading
        else step_events.AccountRefused(another_account=bool(others))
    )
    transitions.move(store, row, event, now=ending.now)


def _refusal(answer: outcome.Invalid | outcome.Overlapping | outcome.Missing) -> Event:
    match answer:
        case outcome.Invalid():
            return step_events.Invalid()
        case outcome.Overlapping():
            return step_events.Overlapping()
        case outcome.Missing():
            return step_events.Missing()


def _wait(store: Store, row: StepRow, trouble: str, ending: Ending) -> None:
    """Npm did nothing, for certain: back to where it was, and again when the lane goes on."""
    transitions.set_trouble(row, trouble, ending.now)
    transitions.move(store, row, step_events.Throttled(), now=ending.now)
    row.next_try_at = ending.now + ending.pause


def _lose(services: Services, store: Store, row: StepRow, why: str, ending: Ending) -> None:
    row.settles_at = ending.attempt.deadline + services.options.lag
    store.readings.note_change(row.package, settled_at=row.settles_at)
    transitions.set_trouble(row, why, ending.now)
    transitions.move(store, row, step_events.Unclear(), now=ending.now)


def record_found(
    services: Services,
    store: Store,
    errand: Errand,
    answer: WriteAnswer | ReadAnswer,
    used_password: bool,  # noqa: FBT001
) -> None:
    """Record the list that settles what became of a step's last call."""
    ending = end_attempt(services, store, errand, answer, used_password=used_password)
    if ending is None or errand.step_id is None:
        return
    row = store.change_sets.load_step(errand.step_id)
    if row.state != State.UNKNOWN.value:
        return
    match answer:
        case outcome.Listed(configurations=configurations):
            _settle(services, store, row, errand, configurations, ending.now)
        case outcome.Challenged():
            _challenged(services, store, row, errand, answer, ending, used_password=used_password, reading=True)
        case outcome.SessionDead(message=message):
            wipe_session(store, ending.link, why=message, now=ending.now)
            transitions.move(store, row, step_events.ReadChallenged(login=True), now=ending.now)
        case outcome.AccountRefused(message=message):
            _refuse_account(services, store, row, errand, message, ending, reading=True)
        case _:
            transitions.move(store, row, step_events.ReadFailed(), now=ending.now)
            row.next_try_at = ending.now + max(ending.pause, _LOOK_AGAIN)


def _settle(
    services: Services,
    store: Store,
    row: StepRow,
    errand: Errand,
    configurations: tuple[Configuration, ...],
    now: datetime,
) -> None:
    settled = row.settles_at is None or errand.started_at >= row.settles_at
    if settled:
        at = errand.started_at
        remember(store, row.package, configurations, npm_user=errand.npm_user, at=at, is_ours=True)
    target = target_of(errand.operation, errand.phase) if errand.operation else None
    if row.lifecycle.call is Call.CREATE and target is not None:
        event = _look_for(row, target, configurations, settled=settled)
    else:
        wanted = revoked_id_of(errand.operation) if errand.operation else ""
        still_there = any(configuration.id == wanted for configuration in configurations)
        event = (
            _still_there(services, store, row, errand, settled=settled)
            if still_there
            else step_events.ReadAbsent(settled=settled)
        )
    transitions.move(store, row, event, now=now)
    if row.state == State.UNKNOWN.value and row.settles_at is not None:
        row.next_try_at = row.settles_at
    elif row.state in {State.READY.value, State.HALF_REPLACED.value}:
        transitions.update_progress(row, trouble="")


def _look_for(row: StepRow, target: Target, configurations: tuple[Configuration, ...], *, settled: bool) -> Event:
    if found := find_configuration(configurations, target.publisher, target.permissions):
        _keep(row, found)
        return step_events.ReadFound(settled=settled)
    if overlap := find_overlapping(configurations, target.publisher, target.permissions):
        transitions.update_progress(row, existing=(overlap,))
        return step_events.ReadOverlap(settled=settled)
    return step_events.ReadAbsent(settled=settled)


def _still_there(services: Services, store: Store, row: StepRow, errand: Errand, *, settled: bool) -> Event:
    """A revoke had no effect; after a 404 this account is marked as tried."""
    tried = (*transitions.progress_of(row).tried, errand.npm_user)
    if settled and row.last_answer == LastAnswer.MISSING.value:
        transitions.update_progress(row, tried=tried)
    change_set = store.change_sets.load(row.change_set_id)
    facts = load_step_facts(services, store, change_set, row)
    others = executors_of(facts, load_directory(services, store), tried)
    return step_events.ReadFound(settled=settled, another_account=bool(others))


def _keep(row: StepRow, found: Configuration) -> None:
    transitions.update_progress(row, configuration_id=found.id, configuration_permissions=found.permissions)
