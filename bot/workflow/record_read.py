"""What npm's answers do to a list that somebody asked for."""

from datetime import timedelta

from bot.domain import outcome
from bot.domain.outcome import ReadAnswer, WriteAnswer
from bot.services import Services
from bot.workflow.lane import Errand
from bot.workflow.look import CONFIGURATIONS, settle_look
from bot.workflow.recording import add_handoff, end_attempt, wipe_session
from bot.workflow.remember import remember
from bot.workflow.retry import settle_retry
from bot.workflow.survey_progress import count_read
from storage.models import ReadRow
from storage.store import Store

_AGAIN = timedelta(seconds=5)


def record_read(
    services: Services,
    store: Store,
    errand: Errand,
    answer: WriteAnswer | ReadAnswer,
    used_password: bool,  # noqa: FBT001 -- the recorders share one shape
) -> None:
    """Record a list: it is done, waits for its person, comes later, or cannot be had."""
    ending = end_attempt(services, store, errand, answer, used_password=used_password)
    if ending is None or errand.read_id is None:
        return
    row = store.reads.load(errand.read_id)
    now = ending.now
    match answer:
        case outcome.Listed(configurations=configurations):
            known = store.readings.find(row.package)
            known_before = known.configurations if known else ""
            row.state, row.read_at = "done", now
            row.result = CONFIGURATIONS.dump_json(configurations).decode()
            at, npm_user = errand.started_at, errand.npm_user
            if remember(store, row.package, configurations, npm_user=npm_user, at=at) is not None:
                row.before = known_before
        case outcome.Challenged():
            row.state = "waiting"
            add_handoff(services, store, errand, answer, ending)
        case outcome.SessionDead(message=message):
            wipe_session(store, ending.link, why=message, now=now)
            row.state, row.next_try_at = "waiting", now
        case outcome.AccountRefused(message=message):
            _fail(row, f"npm does not show them to your account: {message}")
        case outcome.TooFast() | outcome.NotSent() | outcome.Unclear():
            why = answer.why
            row.state, row.next_try_at, row.problem = "ready", now + max(ending.pause, _AGAIN), why
            if row.next_try_at > row.deadline:
                _fail(row, why)
        case _:
            raise TypeError("only a list answers a read")
    store.surfaces.touch(f"list:{row.batch}", now)
    count_read(store, row, now)
    if row.step_id is not None:
        settle_look(services, store, row, now)
    settle_retry(services, store, row, now)


def _fail(row: ReadRow, why: str) -> None:
    row.state, row.problem = "failed", why
