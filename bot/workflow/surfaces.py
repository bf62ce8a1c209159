"""Bringing our messages up to date with what is committed: one sender, the newest version, at Slack's pace."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from bot.domain.overview import ChangeSetView
from bot.domain.sums import SumView
from bot.errors import SlackError, StorageError
from bot.messages.change_set import render_change_set, render_elsewhere, render_outcome_note, render_review_request
from bot.messages.commands import render_json
from bot.messages.details import render_details
from bot.messages.handoff import render_asked_over, render_asked_to_run, render_handoff
from bot.messages.links import (
    LinkRefusal,
    render_link_announcement,
    render_link_decided,
    render_link_left,
    render_link_outcome,
    render_link_refused,
    render_link_request,
    render_link_request_over,
    render_security_advice,
    render_security_notice,
)
from bot.messages.listings import render_listings
from bot.messages.message import HomeView, Message
from bot.messages.wording import request_words
from bot.notifications import SlackRefused, SlackThrottled
from bot.services import Services
from bot.workflow import batch_surfaces, digest_surfaces, drift, home, pictures, policy_surfaces, transitions
from bot.workflow.coverage_surfaces import draw_coverage
from bot.workflow.freeze import draw_notice
from bot.workflow.handoff_views import handoff_view
from bot.workflow.lane import OPERATION
from bot.workflow.list_trust import AS_JSON, listing_of
from bot.workflow.presence import is_asked
from bot.workflow.progress import Progress
from bot.workflow.record import draw_record_file
from bot.workflow.retry import draw_retried
from bot.workflow.scripts import draw_script
from bot.workflow.sight import can_write
from bot.workflow.sums import reviewers_in, shown_view
from bot.workflow.survey_surfaces import draw_survey
from bot.workflow.two_days import draw_round
from bot.workflow.views import change_set_view, link_view
from storage.account_models import LinkRow
from storage.models import ChangeSetRow, SurfaceRow
from storage.store import Store
from storage.surfaces import CLAIM

AFTER_SEND = timedelta(seconds=1)
"""A message is brought up to date at most once a second (Slack's rate for one channel)."""

SEND_SECONDS = CLAIM.total_seconds() - 3
"""What drawing and sending may take, or it is not done at all: nobody else may begin it meanwhile."""

_LONGEST_PAUSE = timedelta(seconds=60)
_GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
"""Somebody deleted our message, or Slack does not let it be changed: it is posted again."""
_CLOSED = frozenset({"is_archived", "is_inactive", "not_in_channel", "channel_not_found", "restricted_action"})
"""The channel takes nothing of ours, until somebody changes that."""
_MOST_SHARES = 20
"""In so many change sets is looked how many steps wait for somebody; more are told as one."""
_REOPENED = timedelta(hours=1)
"""How often it is looked whether somebody did."""

_Renderer: TypeAlias = Callable[[Services, Store, str], Message | HomeView | None]
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A message about to be sent, with the version that it shows."""

    surface: SurfaceRow
    version: int
    message: Message | HomeView | None
    """None: there is nothing to show any more, or nothing new."""


async def execute_next(services: Services) -> Progress:
    """Post or update the message that is most behind."""
    claimed_at = services.clock.monotonic()
    surface = await services.database.run(lambda store: _next_behind(services, store))
    if isinstance(surface, Progress):
        return surface
    draft = _Draft(surface, surface.wanted, None)
    try:
        draft = await services.database.run(lambda store: _draw(services, store, surface))
        left = SEND_SECONDS - (services.clock.monotonic() - claimed_at)
        if left <= 0:
            _LOG.warning("The message %s waits for its next turn: the process slept, or its database hung", surface.key)
            return Progress(more=True)
        async with asyncio.timeout(left):
            where, ts = await _send(services, draft)
    except SlackThrottled as err:
        until = services.clock.now() + timedelta(seconds=err.retry_after)
        await services.database.run(lambda store: _pause(store, draft, until))
    except TimeoutError:
        _LOG.warning("Slack takes too long for the message %s", surface.key)
        await services.database.run(lambda store: _retry(services, store, draft))
    except SlackRefused as err:
        code = err.code
        await services.database.run(lambda store: _refused(services, store, draft, code))
    except SlackError as err:
        _LOG.warning("Slack cannot be reached: %s", err)
        await services.database.run(lambda store: _retry(services, store, draft))
    except StorageError:
        raise
    except Exception:  # noqa: BLE001 -- a message that cannot be drawn must not keep the others from being sent
        _LOG.exception("The message %s cannot be drawn", surface.key)
        await services.database.run(lambda store: _retry(services, store, draft))
    else:
        await services.database.run(lambda store: _shown(services, store, draft, where, ts))
    return Progress(more=True)


def _next_behind(services: Services, store: Store) -> SurfaceRow | Progress:
    return store.surfaces.claim_next(services.clock.now()) or Progress(at=store.surfaces.next_due())


def _draw(services: Services, store: Store, surface: SurfaceRow) -> _Draft:
    kind, _, reference = surface.key.partition(":")
    newest = store.surfaces.load(surface.id) or surface
    return _Draft(surface, newest.wanted, _RENDERERS[kind](services, store, reference))


async def _send(services: Services, draft: _Draft) -> tuple[str, str]:
    surface = draft.surface
    if draft.message is None:
        return surface.posted_in, surface.ts
    if isinstance(draft.message, HomeView):
        return await services.notifier.publish_view(surface.channel, draft.message, surface.ts)
    if surface.ts:
        await services.notifier.update(surface.posted_in, surface.ts, draft.message)
        return surface.posted_in, surface.ts
    is_person = surface.channel.startswith(("U", "W"))
    channel = await services.notifier.open_dm(surface.channel) if is_person else surface.channel
    posted = await services.notifier.post(channel, draft.message)
    return posted.channel, posted.ts


def _shown(services: Services, store: Store, draft: _Draft, where: str, ts: str) -> None:
    row = store.surfaces.load_claimed(draft.surface.id, draft.surface.claim)
    if row is not None:
        row.posted_in, row.ts, row.shown = where, ts, draft.version
        row.failures, row.problem = 0, ""
        row.behind = row.wanted > row.shown
        row.next_try_at = services.clock.now() + AFTER_SEND
        if isinstance(draft.message, HomeView):
            home.note_shown(store, row.channel, draft.message)
    elif isinstance(draft.message, HomeView):
        home.note_conflict(store, draft.surface.channel)
    elif ts != draft.surface.ts:  # somebody else has posted it too, since this process slept over its claim
        store.surfaces.adopt(draft.surface.key, channel=where, ts=ts, now=services.clock.now())


def _pause(store: Store, draft: _Draft, until: datetime) -> None:
    """Slack asks for a pause, of everything."""
    store.surfaces.load_claimed(draft.surface.id, draft.surface.claim)
    store.surfaces.pause(until)


def _retry(services: Services, store: Store, draft: _Draft, longest: timedelta = _LONGEST_PAUSE) -> None:
    row = store.surfaces.load_claimed(draft.surface.id, draft.surface.claim)
    if row is not None:
        row.failures += 1
        row.next_try_at = services.clock.now() + min(timedelta(seconds=2 ** min(row.failures, 20)), longest)


def _refused(services: Services, store: Store, draft: _Draft, code: str) -> None:
    """Slack said no. A message that is gone is posted again; one of a closed channel goes to its people meanwhile."""
    row = store.surfaces.load_claimed(draft.surface.id, draft.surface.claim)
    if row is None:
        return
    if code == "hash_conflict":  # of a Home: somebody else has published since
        row.ts, row.next_try_at = "", services.clock.now()
        home.note_conflict(store, row.channel)
        return
    row.problem = code
    if code in _GONE and row.ts and row.key.endswith(f":{row.ts}"):  # a copy, perhaps for one person's eyes alone
        store.surfaces.forget(row)
        return
    if code in _GONE and row.ts:
        row.ts = ""
        row.next_try_at = services.clock.now()
        return
    kind, _, reference = row.key.partition(":")
    about = reference.partition(":")[0]
    if code == "invalid_blocks" and kind == "digest" and pictures.drop(services, store, int(about)):
        _LOG.warning("Slack does not take the picture of %s; it is shown without", row.key)
        row.next_try_at = services.clock.now()
        return
    if code in _CLOSED and kind == "change_set":
        _tell_people(services, store, store.change_sets.load(int(reference.partition(":")[0])))
        _retry(services, store, draft, _REOPENED)
        return
    if code in _CLOSED and kind in digest_surfaces.RENDERERS and not row.channel.startswith(("U", "W")):
        digest_surfaces.tell_elsewhere(services, store, row)
        _retry(services, store, draft, _REOPENED)
        return
    _LOG.warning("Slack does not take the message %s: %s", row.key, code)
    row.shown, row.behind = draft.version, row.wanted > draft.version
    row.next_try_at = services.clock.now() + AFTER_SEND


def _tell_people(services: Services, store: Store, change_set: ChangeSetRow) -> None:
    """Show a change set by DM to its requester and its reviewers, since its channel shows nothing new any more."""
    view = shown_view(services, store, change_set)
    people = {change_set.requester, *reviewers_in(view)}
    if store.surfaces.find(f"outcome:{change_set.id}"):
        people.discard(change_set.requester)  # who was told how it ended
    for person in people:
        key = f"elsewhere:{change_set.id}:{person}"
        if store.surfaces.find(key) is None:
            store.surfaces.want(key, channel=person, now=services.clock.now())


def _of_change_set(render: Callable[[ChangeSetView | SumView], Message]) -> _Renderer:
    def draw(services: Services, store: Store, reference: str) -> Message:
        change_set = store.change_sets.load(int(reference.partition(":")[0]))
        return render(shown_view(services, store, change_set))

    return draw


def _handoff(services: Services, store: Store, reference: str) -> Message | None:
    handoff = store.handoffs.load(int(reference.partition(":")[0]))
    return render_handoff(handoff_view(services, store, handoff)) if handoff else None


def _link_refused(_services: Services, store: Store, reference: str) -> Message | None:
    handoff = store.handoffs.load(int(reference))
    if handoff is None:
        return None
    refusal = LinkRefusal(handoff.refusal)
    return render_link_refused(refusal, npm_user=handoff.refused_npm_user, linked_as=handoff.npm_user)


def _of_link(render: Callable[[Services, LinkRow], Message]) -> _Renderer:
    def draw(services: Services, store: Store, reference: str) -> Message | None:
        link = store.links.load(int(reference.partition(":")[0]))
        return render(services, link) if link else None

    return draw


def _link_request(services: Services, link: LinkRow) -> Message:
    view = link_view(services, link)
    if link.state == "pending":
        return render_link_request(view)
    return render_link_decided(view, by=link.confirmed_by) if link.confirmed_by else render_link_request_over(view)


def _notice(services: Services, store: Store, reference: str) -> Message | None:
    handoff = store.handoffs.load(int(reference.partition(":")[0]))
    if handoff is None:
        return None
    what = handoff_view(services, store, handoff).what or "a login at npm"
    return render_security_notice(handoff.slack_user, handoff.npm_user, what=what, ended_session=handoff.ended_session)


def _advice(services: Services, store: Store, reference: str) -> Message | None:
    handoff = store.handoffs.load(int(reference))
    if handoff is None:
        return None
    what = handoff_view(services, store, handoff).what or "a login at npm"
    return render_security_advice(what=what, ended_session=handoff.ended_session)


def _asked(_services: Services, store: Store, reference: str) -> Message | None:
    asked = store.surfaces.find(f"asked:{reference}")
    if asked is None:
        return None
    step = store.change_sets.load_step(int(reference.partition(":")[0]))
    change_set = store.change_sets.load(step.change_set_id)
    what = request_words(OPERATION.validate_json(step.operation))
    if not is_asked(store, asked):
        return render_asked_over(number=change_set.number, what=what)
    own = change_set.requester == asked.channel
    shares = store.line.list_shares(asked.channel, _MOST_SHARES)
    packages = next((share.steps for share in shares if share.change_set_id == change_set.id), 1)
    return render_asked_to_run(number=change_set.number, what=what, value=asked.key, own=own, packages=packages)


def _looked(services: Services, store: Store, reference: str) -> Message | None:
    read = store.reads.load(int(reference))
    if read.step_id is None:
        return None
    step = store.change_sets.load_step(read.step_id)
    view = change_set_view(services, store, store.change_sets.load(step.change_set_id), [step])
    writes = can_write(store, read.slack_user, transitions.facts_of(step).maintainers)
    return render_details(view, may_see_configurations=writes)


def _list(_services: Services, store: Store, reference: str) -> Message:
    reads = store.reads.list_batch(reference)
    if reference.endswith(AS_JSON):
        return render_json([listing_of(store, read).model_dump(mode="json") for read in reads])
    return render_listings([listing_of(store, read) for read in reads])


_RENDERERS: Mapping[str, _Renderer] = {
    "change_set": _of_change_set(render_change_set),
    "review": _of_change_set(render_review_request),
    "outcome": _of_change_set(render_outcome_note),
    "elsewhere": _of_change_set(render_elsewhere),
    "handoff": _handoff,
    "link": _of_link(lambda services, link: render_link_outcome(link_view(services, link))),
    "link_left": _of_link(lambda _, link: render_link_left(link.npm_user)),
    "link_refused": _link_refused,
    "link_announcement": _of_link(lambda services, link: render_link_announcement(link_view(services, link))),
    "link_request": _of_link(_link_request),
    "notice": _notice,
    "advice": _advice,
    "freeze": draw_notice,
    "retried": draw_retried,
    "asked": _asked,
    "looked": _looked,
    "list": _list,
    "script": draw_script,
    "survey": draw_survey,
    "coverage": draw_coverage,
    "two_days": draw_round,
    "audit": draw_record_file,
    "home": home.draw_home,
    "drift": drift.draw_drift,
    "drifts": drift.draw_together,
    "batch": batch_surfaces.draw_batch,
    "looks": batch_surfaces.draw_looks,
    **digest_surfaces.RENDERERS,
    **policy_surfaces.RENDERERS,
}
