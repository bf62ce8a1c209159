"""Making the calls, one at a time in a lane: claim it, send it, record what npm said."""

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta

from pydantic import SecretStr

from bot import log
from bot.counts import NPM_CALLS
from bot.domain.lifecycle import Call
from bot.domain.operations import revoked_id_of, target_of
from bot.domain.outcome import Invalid, NotSent, ReadAnswer, WriteAnswer
from bot.services import Services
from bot.workflow.lane import Errand, claim_next
from bot.workflow.leases import CALL_DEADLINE
from bot.workflow.progress import Progress
from bot.workflow.record_read import record_read
from bot.workflow.record_step import record_check, record_found, record_write
from storage.database import DatabaseDown

_LOG = logging.getLogger(__name__)
_MARGIN = timedelta(seconds=2)
"""Less than this left of the deadline, and the call is not begun: it could outlive the lease."""
_PAUSES = (0.1, 0.4, 1.0, 2.0, 3.0, 3.0, 3.0)
"""Seconds between tries to record an answer: about as long as a lease in all, after which others look at npm."""


async def execute_next(services: Services) -> Progress:
    """Make the next call of each lane whose time has come; those of several lanes are made side by side."""
    claimed_at = services.clock.monotonic()
    errands = await services.database.run(lambda store: claim_next(services, store))
    if isinstance(errands, Progress):
        return errands
    # Calls that went out are seen to their end even when this process is told to stop: no answer must be lost.
    calls = asyncio.gather(*(_make(services, errand, claimed_at) for errand in errands), return_exceptions=True)
    ends = await asyncio.shield(calls)
    services.bell.ring("surfaces", "handoffs")
    for end in ends:
        if end is not None:
            raise end
    return Progress(more=True)


async def _make(services: Services, errand: Errand, claimed_at: float) -> None:
    with log.scope():
        log.about(change_set=errand.change_set, step=errand.step_id, call=errand.attempt_id)
        await _wait_for(services, errand)
        password = services.pocket.take(errand.slack_user)
        left = CALL_DEADLINE.total_seconds() - (services.clock.monotonic() - claimed_at)
        await _call_and_record(services, errand, password, left)


async def _wait_for(services: Services, errand: Errand) -> None:
    """Wait for the last moment of the pause: what was claimed in it need not be claimed after it."""
    left = min(errand.starts_at - services.clock.now(), services.clock.head_start)
    if left > timedelta():
        await asyncio.sleep(left.total_seconds())


async def _call_and_record(services: Services, errand: Errand, password: SecretStr | None, left: float) -> None:
    _LOG.info("npm is called: %s of %s, as %s", errand.call, errand.package, errand.npm_user)
    if left < _MARGIN.total_seconds():
        answer: WriteAnswer | ReadAnswer = NotSent("this machine was too slow to begin the call in time")
    elif errand.call == Call.CREATE.value:
        answer = await _create(services, errand, password, left)
    elif errand.call == Call.REVOKE.value:
        answer = await _revoke(services, errand, password, left)
    else:
        answer = await services.registry.list_configurations(errand.session, errand.package, password, deadline=left)
    _LOG.info("npm's answer: %s", type(answer).__name__)
    NPM_CALLS[errand.call, type(answer).__name__] += 1
    if isinstance(answer, NotSent) and password is not None:
        services.pocket.put(errand.slack_user, password, (errand.step_id, errand.read_id))
    ended = replace(errand, ended_at=services.clock.now())
    await _keep(services, ended, answer, used_password=password is not None)


async def _create(services: Services, errand: Errand, password: SecretStr | None, left: float) -> WriteAnswer:
    target = target_of(errand.operation, errand.phase) if errand.operation else None
    if target is None:
        return Invalid(0, "The old configuration has claims that I do not know, so I cannot make it again.")
    return await services.registry.create_configuration(
        errand.session, errand.package, target.publisher, target.permissions, password, deadline=left
    )


async def _revoke(services: Services, errand: Errand, password: SecretStr | None, left: float) -> WriteAnswer:
    configuration_id = revoked_id_of(errand.operation) if errand.operation else ""
    return await services.registry.revoke_configuration(
        errand.session, errand.package, configuration_id, password, deadline=left
    )


async def _keep(services: Services, errand: Errand, answer: WriteAnswer | ReadAnswer, *, used_password: bool) -> None:
    """Record an answer. While the database is away it is kept: without it somebody would have to confirm a look."""
    for pause in _PAUSES:
        try:
            await _record(services, errand, answer, used_password=used_password)
        except DatabaseDown as err:  # also where it may be recorded: an attempt ends once
            _LOG.warning("npm's answer cannot be recorded now, and is kept: %s", err)
            await asyncio.sleep(pause)
        else:
            return
    await _record(services, errand, answer, used_password=used_password)


async def _record(services: Services, errand: Errand, answer: WriteAnswer | ReadAnswer, *, used_password: bool) -> None:
    if errand.read_id is not None:
        await services.database.run(lambda store: record_read(services, store, errand, answer, used_password))
    elif errand.checks:
        await services.database.run(lambda store: record_check(services, store, errand, answer, used_password))
    elif errand.call == "list":
        await services.database.run(lambda store: record_found(services, store, errand, answer, used_password))
    else:
        await services.database.run(lambda store: record_write(services, store, errand, answer, used_password))
