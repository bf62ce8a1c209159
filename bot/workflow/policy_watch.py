"""The policy file while the bot runs: read again when it changes, and compared with what was decided."""

import logging
from functools import cache

from bot.domain.events import AuditKind
from bot.domain.lifecycle import State
from bot.domain.overview import LinkState
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.link_account import PROVEN_BY_POLICY, prove
from bot.workflow.policy_changes import compare_policies
from bot.workflow.progress import Progress
from storage.store import Store

_LOG = logging.getLogger(__name__)
_AT_ONCE = 100
"""Steps that are compared in one transaction."""
_OPEN = (State.IN_REVIEW.value, State.READY.value, State.WAITING.value)


async def execute_next(services: Services) -> Progress:
    """Look whether the file has changed; a broken one leaves the last good one in force, and is told of once."""
    policies = services.policies
    policies.reread()
    if policies.is_news:
        last = policies.last
        await services.database.run(lambda store: _note(services, store))
        if last.problem:
            _LOG.error("The policy file cannot be used, and the last good one stays in force: %s", last.problem)
        policies.is_news = last is not policies.last
        services.bell.ring("surfaces", "lane")
    if policies.compared != policies.generation:
        generation = policies.generation
        if await services.database.run(lambda store: _compare(services, store)):
            return Progress(more=True)
        policies.compared = generation
        services.bell.ring("surfaces")
    return Progress()


def _note(services: Services, store: Store) -> None:
    """Keep that a file was read, each content once, whichever process is first."""
    policies, now = services.policies, services.clock.now()
    last, current = policies.last, policies.current
    name = policies.file_name
    row = store.policies.note_load(
        last.digest, file=name, problem=last.problem, rules=0 if last.problem else len(current.rules), now=now
    )
    if row is None or not (name or row.digest):
        return
    kind = AuditKind.POLICY_REFUSED if last.problem else AuditKind.POLICY_LOADED
    store.audit.add(kind, actor=transitions.NPMTRUST, at=now, file=name, digest=last.digest, problem=last.problem)
    if last.problem:
        for admin in sorted(services.admins):
            store.surfaces.want(f"policy_broken:{row.id}:{admin}", channel=admin, now=now)
        return
    for link in store.links.list_pending():
        if current.is_person(link.slack_user, link.npm_user) and link.state == LinkState.PENDING:
            prove(services, store, link, proof=PROVEN_BY_POLICY, by="", now=now)
    for change_set_id in store.policies.in_review():
        transitions.touch(store, change_set_id, now)  # others may decide now


def _compare(services: Services, store: Store) -> bool:
    """Send some of the steps back to review that were decided under another policy; False when there are no more."""
    current = services.policies.current

    @cache
    def fingerprint_of(package: str) -> str:
        return current.policy_of(package).fingerprint

    outdated = store.policies.find_outdated(_OPEN, fingerprint_of, _AT_ONCE)
    return bool(compare_policies(services, store, outdated))
