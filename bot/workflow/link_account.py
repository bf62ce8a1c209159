"""Account links: a login at npm, and the proof that its npm user and the Slack person are the same."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import SecretStr

from bot.domain import step_events
from bot.domain.approval import approvals_missing, executors_of
from bot.domain.events import AuditKind
from bot.domain.lifecycle import State, WaitFor
from bot.domain.overview import HandoffState, LinkState
from bot.errors import RegistryError, StorageError
from bot.messages.links import LinkRefusal
from bot.registry import Identity
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.authorise import load_all_step_facts, load_directory
from bot.workflow.invite import invite_linked
from bot.workflow.lane import live_session
from bot.workflow.policy_changes import why_void
from bot.workflow.presence import let_rest, mark_present
from bot.workflow.reads_end import give_up_reads
from bot.workflow.recording import close_handoff, host_of, wipe_session
from storage.account_models import HandoffRow, LinkRow
from storage.models import ChangeSetRow, StepRow
from storage.repository import new_token
from storage.sealed import about_auth_url, about_done_url, about_session
from storage.store import Store

SESSION_LIFE = timedelta(hours=2)
"""npm's (npm-trust 2.3)."""

PROVEN_BY_EMAIL = "npm's verified e-mail is the one in Slack"
PROVEN_BY_POLICY = "the policy names them"

_NOT_ACCEPTED = "npm did not accept the session of this login. Try again with /npmtrust login."
_POLL = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class LoginWanted:
    """Somebody who is to log in at npm."""

    slack_user: str
    slack_name: str
    slack_email: str
    npm_user: str = ""
    """Whom they are linked to already."""
    announce_in: str = ""
    """The channel in which the link was asked for."""


async def begin_login(services: Services, wanted: LoginWanted) -> None:
    """Get a login link from npm and have it sent to its person; one that is open already stays.

    Raises:
        RegistryError: npm gives none now.
    """
    if await services.database.run(lambda store: _needs_none(store, wanted.slack_user)):
        return
    started = await services.registry.start_login()
    auth_url, done_url = started.auth_url, started.done_url

    def keep(store: Store) -> None:
        if _needs_none(store, wanted.slack_user):
            return  # two presses at once, or a freeze meanwhile
        now = services.clock.now()
        handoff = store.handoffs.add(
            HandoffRow(
                workspace=store.workspace,
                token=new_token(),
                login=True,
                slack_user=wanted.slack_user,
                slack_name=wanted.slack_name,
                slack_email=wanted.slack_email,
                npm_user=wanted.npm_user,
                announce_in=wanted.announce_in,
                host=host_of(auth_url.get_secret_value()),
                sealed_auth_url="",
                sealed_done_url="",
                state=HandoffState.OPEN.value,
                created_at=now,
                expires_at=now + services.options.handoff_life,
                next_poll_at=now + _POLL,
            )
        )
        handoff.sealed_auth_url = services.vault.seal(auth_url, about_auth_url(handoff))
        handoff.sealed_done_url = services.vault.seal(done_url, about_done_url(handoff))
        link = store.links.find_linked(wanted.slack_user)
        if link is not None:
            mark_present(link, now)
        store.audit.add(AuditKind.HANDOFF_MADE, actor=wanted.slack_user, at=now, handoff=handoff.id, login=True)
        store.surfaces.want(f"handoff:{handoff.id}", channel=wanted.slack_user, now=now, urgent=True)

    await services.database.run(keep)
    services.bell.ring("surfaces", "handoffs")


def _needs_none(store: Store, slack_user: str) -> bool:
    """A link is open already; or a freeze stands, under which nobody is sent one."""
    return bool(store.handoffs.find_open(slack_user, login=True) or store.freezes.current())


async def finish_login(services: Services, handoff_id: int, session: SecretStr) -> None:
    """Find out whose session it is, and keep it only where the person is proven to be that npm user."""
    try:
        identity = await services.registry.load_identity(session)
    except RegistryError:
        identity = None  # the login link is used up, so this cannot be tried again: the person logs in anew
    try:
        obsolete = await services.database.run(lambda store: _judge(services, store, handoff_id, identity, session))
    except StorageError:
        await end_session(services, session)  # npm tells a session once: nobody would know of this one
        raise
    if obsolete is not None:
        await end_session(services, obsolete)
    handoff = await services.database.run(lambda store: store.handoffs.load(handoff_id))
    if handoff is not None:
        await invite_linked(services, handoff.slack_user)
    services.bell.ring("lane", "surfaces")


async def end_session(services: Services, session: SecretStr) -> bool:
    """End a session at npm as well as can be, here it is forgotten; False where npm ends it by itself, later."""
    try:
        return await services.registry.log_out(session)
    except RegistryError:
        return False


def _judge(
    services: Services, store: Store, handoff_id: int, identity: Identity | None, session: SecretStr
) -> SecretStr | None:
    """Decide what a login makes.

    Returns:
        The session to end at npm: this one, or where it is kept the one that it replaces.
    """
    handoff = store.handoffs.load(handoff_id)
    if handoff is None or handoff.state != HandoffState.OPEN:
        return session
    now = services.clock.now()
    handoff.state, handoff.sealed_auth_url, handoff.sealed_done_url = HandoffState.DONE.value, "", ""
    store.audit.add(AuditKind.HANDOFF_ENDED, actor=handoff.slack_user, at=now, login=True, state="done")
    store.surfaces.touch(f"handoff:{handoff.id}", now)
    if identity is None:
        handoff.outcome = _NOT_ACCEPTED
        return session
    link = store.links.find_of(handoff.slack_user)
    refusal = _check_identity(services, store, handoff, identity, link)
    if refusal is not None:
        handoff.refusal, handoff.refused_npm_user = refusal.value, identity.npm_user
        handoff.outcome = "The account of this login was not linked; the message below says why."
        store.surfaces.want(f"link_refused:{handoff.id}", channel=handoff.slack_user, now=now)
        if link is not None and link.state == LinkState.LINKED:
            let_rest(store, link, now)  # no other login link before they press something
        store.audit.add(
            AuditKind.LINK_REFUSED, actor=handoff.slack_user, at=now, npm_user=identity.npm_user, why=refusal.value
        )
        return session
    link = _link(services, store, handoff, identity, link, now)
    if link.state != LinkState.LINKED:
        handoff.outcome = "One thing is missing, see below: an admin must confirm that this npm user is you."
        return session
    waits = store.change_sets.list_waiting_for(link.slack_user) or store.reads.list_waiting_for(link.slack_user)
    follows = "I go on with what waited for it." if waits else "Next: approve where your review is asked for."
    replaced = keep_session(services, store, link, session, now)
    handoff.outcome = f"You are logged in as npm user {link.npm_user}. {follows}"
    return replaced


def _check_identity(
    services: Services, store: Store, handoff: HandoffRow, identity: Identity, link: LinkRow | None
) -> LinkRefusal | None:
    """Say why this npm user cannot be this person's."""
    is_named = services.policies.current.is_person(handoff.slack_user, identity.npm_user)
    if not identity.two_factor:
        return LinkRefusal.TWO_FACTOR_OFF
    owner = store.links.find_npm_user(identity.npm_user)
    if owner is not None and owner.slack_user != handoff.slack_user:
        return LinkRefusal.NPM_USER_TAKEN
    if identity.npm_user in services.policies.current.people.values() and not is_named:
        return LinkRefusal.NPM_USER_TAKEN  # the policy says whose it is
    if link is not None and link.state == LinkState.LINKED:
        return None if link.npm_user == identity.npm_user else LinkRefusal.OTHER_NPM_USER
    others = services.admins - {handoff.slack_user}
    return None if _find_proof(services, handoff, identity) or others else LinkRefusal.NO_ADMINS


def _find_proof(services: Services, handoff: HandoffRow, identity: Identity) -> str:
    """Npm's verified e-mail equals the one in Slack (an empty one proves nothing), or the policy names both."""
    if services.policies.current.is_person(handoff.slack_user, identity.npm_user):
        return PROVEN_BY_POLICY
    email = identity.email.casefold()
    is_same = identity.email_verified and bool(email) and email == handoff.slack_email.casefold()
    return PROVEN_BY_EMAIL if is_same else ""


def _link(
    services: Services, store: Store, handoff: HandoffRow, identity: Identity, link: LinkRow | None, now: datetime
) -> LinkRow:
    """Make or renew the link of a person; it is pending until it is proven."""
    if link is not None and link.state == LinkState.LINKED:
        return link
    if link is not None:
        close_link(services, store, link, by=handoff.slack_user, now=now)
    proof = _find_proof(services, handoff, identity)
    fresh = store.links.add(
        LinkRow(
            workspace=store.workspace,
            token=new_token(),
            slack_user=handoff.slack_user,
            slack_name=handoff.slack_name,
            slack_email=handoff.slack_email,
            npm_user=identity.npm_user,
            npm_email=identity.email,
            state=LinkState.PENDING.value,
            announce_in=services.options.channel or handoff.announce_in,
            created_at=now,
        )
    )
    by, npm_user = handoff.slack_user, identity.npm_user
    store.audit.add(AuditKind.LINK_MADE, actor=by, at=now, npm_user=npm_user, proven=bool(proof))
    if proof:
        prove(services, store, fresh, proof=proof, by="", now=now)
    else:
        for admin in services.admins - {handoff.slack_user}:
            store.surfaces.want(f"link_request:{fresh.id}:{admin}", channel=admin, now=now)
    store.surfaces.want(f"link:{fresh.id}", channel=handoff.slack_user, now=now)
    return fresh


def prove(services: Services, store: Store, link: LinkRow, *, proof: str, by: str, now: datetime) -> None:
    """Let a link count, announce it, and show its person as a reviewer where they maintain something pending."""
    link.state, link.proof, link.confirmed_by = LinkState.LINKED.value, proof, by
    store.flush()
    store.audit.add(
        AuditKind.LINK_CONFIRMED,
        actor=by or link.slack_user,
        at=now,
        slack_user=link.slack_user,
        npm_user=link.npm_user,
        proof=proof,
        before=LinkState.PENDING,
        after=LinkState.LINKED,
    )
    store.surfaces.touch(f"link:{link.id}", now)
    for place in [link.announce_in] if link.announce_in else services.admins - {link.slack_user}:
        store.surfaces.want(f"link_announcement:{link.id}:{place}", channel=place, now=now)
    concerned = _list_maintained(store, link, [State.IN_REVIEW, State.WAITING])
    for change_set_id, rows in concerned.items():
        transitions.touch(store, change_set_id, now)
        _lend_accounts(services, store, store.change_sets.load(change_set_id), rows, now)


def _list_maintained(store: Store, link: LinkRow, states: Iterable[State]) -> dict[int, list[StepRow]]:
    """List the steps in some states whose package somebody maintains, by the row id of their change set."""
    found: defaultdict[int, list[StepRow]] = defaultdict(list)
    for row in store.change_sets.list_steps(states):
        if link.npm_user in transitions.facts_of(row).maintainers:
            found[row.change_set_id].append(row)
    return found


def _lend_accounts(
    services: Services, store: Store, change_set: ChangeSetRow, rows: Iterable[StepRow], now: datetime
) -> None:
    """Steps that were approved and found no account to run with may have one now."""
    waiting = [row for row in rows if transitions.waits_for_account(row)]
    if not waiting:
        return
    directory, lent = load_directory(services, store), defaultdict[str, list[StepRow]](list)
    found = load_all_step_facts(services, store, change_set, waiting)
    for row in waiting:
        if candidates := executors_of(found[row.id], directory, transitions.progress_of(row).tried):
            row.executor = candidates[0]
            lent[row.executor].append(row)
    for executor, theirs in lent.items():
        transitions.move_all(store, theirs, step_events.PersonDone(), actor=executor, now=now)


def _try_anew(services: Services, store: Store, rows: Iterable[StepRow], link: LinkRow, now: datetime) -> None:
    """Npm refused this account, and its person has logged in again: another session may do better."""
    refused: defaultdict[int, list[StepRow]] = defaultdict(list)
    for row in rows:
        tried = transitions.progress_of(row).tried
        transitions.update_progress(row, tried=tuple(each for each in tried if each != link.npm_user), npm_message="")
        refused[row.change_set_id].append(row)
    for change_set_id, alike in refused.items():
        _lend_accounts(services, store, store.change_sets.load(change_set_id), alike, now)


def keep_session(
    services: Services, store: Store, link: LinkRow, session: SecretStr, now: datetime
) -> SecretStr | None:
    """Seal a session, and let go on what waited for it, or for a confirmation that belonged to the one before.

    Returns:
        The session that it replaces, where there is one.
    """
    replaced = live_session(services, link)
    link.sealed_session = services.vault.seal(session, about_session(link))
    link.session_until = now + SESSION_LIFE
    store.audit.add(AuditKind.SESSION_KEPT, actor=link.slack_user, at=now, npm_user=link.npm_user)
    link.confirmed_at = None
    store.windows.forget(link.id)
    mark_present(link, now)
    store.surfaces.touch(f"link:{link.id}", now)
    for handoff in store.handoffs.list_open_of(link.slack_user):
        close_handoff(store, handoff, HandoffState.RENEWED, now)
    waiting = store.change_sets.list_waiting_for(link.slack_user)
    resting = [row for row in waiting if row.waits_for not in {WaitFor.ACCOUNT.value, WaitFor.TERMINAL.value}]
    _try_anew(services, store, [row for row in waiting if transitions.waits_for_account(row)], link, now)
    for row in resting:
        transitions.update_progress(row, trouble="")
    transitions.move_all(store, resting, step_events.PersonDone(), actor=link.slack_user, now=now)
    for read in store.reads.list_waiting_for(link.slack_user):
        read.state, read.next_try_at = "ready", now
    return replaced


def refuse(services: Services, store: Store, link: LinkRow, *, by: str, now: datetime) -> None:
    """An admin says that the two are not the same."""
    link.confirmed_by = by
    close_link(services, store, link, by=by, now=now)


def close_link(services: Services, store: Store, link: LinkRow, *, by: str, now: datetime) -> None:
    """End a link: its approvals do not count any more, and nobody need confirm it."""
    if link.state == LinkState.PENDING:
        store.surfaces.touch(f"link:{link.id}", now)
        store.surfaces.touch(f"link_request:{link.id}", now)
    wipe_session(store, link, why="the link was closed", now=now)
    before, link.state = link.state, LinkState.CLOSED.value
    store.flush()
    store.audit.add(
        AuditKind.LINK_CLOSED,
        actor=by,
        at=now,
        slack_user=link.slack_user,
        npm_user=link.npm_user,
        before=before,
        after=LinkState.CLOSED,
    )
    give_up_reads(services, store, link.slack_user, "your npm account is not linked any more", now)
    concerned = _list_maintained(store, link, [State.IN_REVIEW, State.READY, State.WAITING])
    for change_set_id, rows in concerned.items():
        transitions.touch(store, change_set_id, now)
        decided = [row for row in rows if row.state != State.IN_REVIEW.value]
        # who is about to complete the quorum takes the approval of this link for one that counts
        store.change_sets.mark_changed(row for row in rows if row.state == State.IN_REVIEW.value and row.policy)
        _void_approvals(services, store, store.change_sets.load(change_set_id), decided, link, now)


def _void_approvals(
    services: Services, store: Store, change_set: ChangeSetRow, rows: list[StepRow], link: LinkRow, now: datetime
) -> None:
    """Steps that rested on a link that is closed now are reviewed again, unless npm may have acted on them."""
    directory = load_directory(services, store)
    found = load_all_step_facts(services, store, change_set, rows)
    void = [
        (row, why_void(found[row.id], directory))
        for row in rows
        if row.executor == link.slack_user or approvals_missing(found[row.id], directory)
    ]
    transitions.set_differences(store, void, now)
