"""What the recording of every answer shares: the attempt, the pace, the session, the handoff."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.events import AuditKind
from bot.domain.outcome import Challenged, NotSent, ReadAnswer, TooFast, WriteAnswer
from bot.domain.overview import HandoffState
from bot.services import Services
from bot.workflow.lane import LANE, Errand
from storage.models import AttemptRow, HandoffRow, LinkRow
from storage.repository import new_token
from storage.store import Store

HANDOFF_LIFE = timedelta(minutes=5)
"""How long a link is waited for. npm does not say how long it lives."""

FRESH_REFUSALS = 3
"""A fresh one-time password that is refused so often running is not going to be taken: the next approver."""

_LONGEST_PAUSE = timedelta(seconds=60)
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
    lease = store.lanes.find(LANE)
    if attempt is None or attempt.finished_at is not None or lease is None or lease.fencing != attempt.fencing:
        return None
    now = services.clock.now()
    attempt.finished_at, attempt.answer = now, type(answer).__name__
    lease.unreached = lease.unreached + 1 if isinstance(answer, NotSent) else 0
    pause = _pause_after(services, answer, lease.unreached)
    lease.next_call_at = now + pause
    link = store.links.find_linked(errand.slack_user)
    if link is not None and used_password and not isinstance(answer, Challenged | NotSent):
        link.confirmed_at = now
    store.audit.add(
        AuditKind.ATTEMPT_ENDED,
        actor=errand.slack_user,
        at=now,
        step_id=errand.step_id,
        call=errand.call,
        npm_user=errand.npm_user,
        answer=attempt.answer,
    )
    return Ending(attempt, link, now, pause)


def _pause_after(services: Services, answer: WriteAnswer | ReadAnswer, unreached: int) -> timedelta:
    match answer:
        case TooFast(retry_after=seconds):
            return max(services.options.pace, timedelta(seconds=seconds or _LONGEST_PAUSE.total_seconds()))
        case NotSent():
            return max(services.options.pace, min(timedelta(seconds=2**unreached), _LONGEST_PAUSE))
        case _:
            return services.options.pace


def wipe_session(store: Store, link: LinkRow | None, *, why: str, now: datetime) -> None:
    """Forget a session that is dead or no longer wanted."""
    if link is None or not link.sealed_session:
        return
    link.sealed_session, link.session_until, link.confirmed_at = "", None, None
    store.audit.add(AuditKind.SESSION_WIPED, actor=link.slack_user, at=now, npm_user=link.npm_user, why=why)


def add_handoff(services: Services, store: Store, errand: Errand, challenge: Challenged, now: datetime) -> str:
    """Keep npm's link and have it sent to its person; the reason when there is no link to send."""
    if challenge.auth_url is None or challenge.done_url is None:
        return challenge.problem or "npm asked to confirm, and gave no link"
    handoff = store.handoffs.add(
        HandoffRow(
            workspace=store.workspace,
            token=new_token(),
            login=False,
            slack_user=errand.slack_user,
            npm_user=errand.npm_user,
            step_id=errand.step_id,
            read_id=errand.read_id,
            host=host_of(challenge.auth_url.get_secret_value()),
            sealed_auth_url=services.vault.seal(challenge.auth_url),
            sealed_done_url=services.vault.seal(challenge.done_url),
            state=HandoffState.OPEN.value,
            created_at=now,
            expires_at=now + HANDOFF_LIFE,
            next_poll_at=now + _POLL,
        )
    )
    store.audit.add(
        AuditKind.HANDOFF_MADE, actor=errand.slack_user, at=now, step_id=errand.step_id, npm_user=errand.npm_user
    )
    store.surfaces.want(f"handoff:{handoff.id}", channel=errand.slack_user, now=now, urgent=True)
    return ""


def host_of(url: str) -> str:
    """Tell host and port of a link that was checked."""
    return url.split("/")[2]
