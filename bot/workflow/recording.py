"""What the recording of every answer shares: the attempt, the pace, the session, the handoff."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.events import AuditKind
from bot.domain.outcome import Challenged, NotSent, ReadAnswer, TooFast, WriteAnswer
from bot.domain.overview import HandoffState
from bot.domain.pacing import Pace, pace_after
from bot.services import Services
from bot.workflow import transitions
from bot.workflow.lane import LIST, Errand, live_session
from bot.workflow.presence import mark_present
from bot.workflow.windows import note_answer
from storage.account_models import HandoffRow, LinkRow
from storage.models import AttemptRow, LeaseRow
from storage.repository import new_token
from storage.sealed import about_auth_url, about_done_url
from storage.store import Store

FRESH_REFUSALS = 3
"""A fresh one-time password that is refused so often running is not going to be taken: the next approver."""

_POLL = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Ending:
    """An attempt that has just ended."""

    attempt: AttemptRow
    link: LinkRow | None
    now: datetime
    pause: timedelta
    """Until the lane's next call."""


def end_attempt(
    services: Services, store: Store, errand: Errand, answer: WriteAnswer | ReadAnswer, *, used_password: bool
) -> Ending | None:
    """Close the attempt and set the pace; None when it was closed already: the lane was taken over meanwhile."""
    attempt = store.lanes.find_attempt(errand.attempt_id)
    lease = store.lanes.find(attempt.lane) if attempt else None
    if attempt is None or attempt.finished_at is not None or lease is None or lease.fencing != attempt.fencing:
        return None
    now = services.clock.now()
    attempt.finished_at, attempt.answer = now, type(answer).__name__
    pause = _set_pace(services, lease, answer, errand.ended_at or now)
    link = store.links.find_linked(errand.slack_user)
    if link is not None and used_password and not isinstance(answer, Challenged | NotSent):
        link.confirmed_at = now
    if link is not None and _is_session_of(services, link, errand):
        note_answer(store, link, errand.call, answer, used_password=used_password, now=now)
    if link is not None and not link.away and not isinstance(answer, Challenged | NotSent):
        mark_present(link, now)  # a window that runs out finds them there
    store.audit.add(
        AuditKind.ATTEMPT_ENDED,
        actor=errand.slack_user,
        at=now,
        step_id=errand.step_id,
        package=errand.package,
        attempt=attempt.id,
        call=errand.call,
        npm_user=errand.npm_user,
        answer=attempt.answer,
    )
    return Ending(attempt, link, now, pause)


def _is_session_of(services: Services, link: LinkRow, errand: Errand) -> bool:
    """Tell whether the call was made with the session that the link still has."""
    session = live_session(services, link)
    return session is not None and session.get_secret_value() == errand.session.get_secret_value()


def _set_pace(services: Services, lease: LeaseRow, answer: WriteAnswer | ReadAnswer, ended_at: datetime) -> timedelta:
    """Let an answer have its effect on the pace of its lane; tell the time from it until the next call."""
    floor = services.options.pace.total_seconds()
    before = Pace(seconds=lease.pace_ms / 1000, steady=lease.steady, unreached=lease.unreached)
    pace, seconds = pace_after(before, answer, floor=floor)
    lease.steady, lease.unreached = pace.steady, pace.unreached
    lease.pace_ms = round(pace.seconds * 1000) if pace.seconds > floor else 0
    if isinstance(answer, TooFast):
        lease.slowed_at = ended_at
    elif not lease.pace_ms:
        lease.slowed_at = None
    pause = timedelta(seconds=seconds)
    lease.next_call_at = ended_at + pause
    return pause


def wipe_session(store: Store, link: LinkRow | None, *, why: str, now: datetime) -> None:
    """Forget a session that is dead or no longer wanted."""
    if link is None or not link.sealed_session:
        return
    link.sealed_session, link.session_until, link.confirmed_at = "", None, None
    store.windows.forget(link.id)
    store.audit.add(AuditKind.SESSION_WIPED, actor=link.slack_user, at=now, npm_user=link.npm_user, why=why)


def add_handoff(services: Services, store: Store, errand: Errand, challenge: Challenged, ending: Ending) -> None:
    """Keep npm's link and have it sent to its person; without one they are told why, and can have npm asked again."""
    now = ending.now
    handoff = store.handoffs.add(
        HandoffRow(
            workspace=store.workspace,
            token=new_token(),
            login=False,
            slack_user=errand.slack_user,
            npm_user=errand.npm_user,
            step_id=errand.step_id,
            read_id=errand.read_id,
            looks=errand.step_id is not None and errand.call == LIST and not errand.checks,
            host="",
            sealed_auth_url="",
            sealed_done_url="",
            state=HandoffState.LATER.value,
            created_at=now,
            expires_at=now + services.options.handoff_life,
            next_poll_at=now + _POLL,
        )
    )
    if challenge.auth_url is not None and challenge.done_url is not None:
        handoff.host, handoff.state = host_of(challenge.auth_url.get_secret_value()), HandoffState.OPEN.value
        handoff.sealed_auth_url = services.vault.seal(challenge.auth_url, about_auth_url(handoff))
        handoff.sealed_done_url = services.vault.seal(challenge.done_url, about_done_url(handoff))
    else:
        handoff.outcome = f"I have no link that I could send: {challenge.problem}."
        if ending.link is not None:
            ending.link.away = True
    store.audit.add(
        AuditKind.HANDOFF_MADE,
        actor=errand.slack_user,
        at=now,
        step_id=errand.step_id,
        package=errand.package,
        npm_user=errand.npm_user,
        handoff=handoff.id,
        host=handoff.host,
    )
    store.surfaces.want(f"handoff:{handoff.id}", channel=errand.slack_user, now=now, urgent=True)


def close_handoff(store: Store, handoff: HandoffRow, state: HandoffState, now: datetime) -> None:
    """End a handoff and forget its links."""
    handoff.state = state.value
    handoff.sealed_auth_url = handoff.sealed_done_url = ""
    store.audit.add(
        AuditKind.HANDOFF_ENDED,
        actor=handoff.slack_user,
        at=now,
        step_id=handoff.step_id,
        handoff=handoff.id,
        state=state.value,
    )
    store.surfaces.touch(f"handoff:{handoff.id}", now)
    if handoff.step_id is not None:
        transitions.touch(store, store.change_sets.load_step(handoff.step_id).change_set_id, now)


def host_of(url: str) -> str:
    """Tell host and port of a link that was checked."""
    return url.split("/")[2]
