"""Bringing our messages up to date with what is committed: one sender, the newest version, at Slack's pace."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from bot.errors import SlackError, StorageError
from bot.messages.change_set import render_change_set, render_review_request
from bot.messages.commands import render_json
from bot.messages.handoff import render_asked_to_run, render_handoff
from bot.messages.links import (
    LinkRefusal,
    render_link_announcement,
    render_link_decided,
    render_link_outcome,
    render_link_refused,
    render_link_request,
    render_link_request_over,
    render_security_advice,
    render_security_notice,
)
from bot.messages.listings import render_listings
from bot.messages.message import Message
from bot.messages.wording import request_words
from bot.notifications import SlackRefused, SlackThrottled
from bot.services import Services
from bot.workflow.lane import OPERATION
from bot.workflow.list_trust import AS_JSON, listing_of
from bot.workflow.progress import Progress
from bot.workflow.views import change_set_view, handoff_view, link_view
from storage.models import HandoffRow, LinkRow, SurfaceRow
from storage.store import Store

AFTER_SEND = timedelta(seconds=1)
"""A message is brought up to date at most once a second (Slack's rate for one channel)."""

_LONGEST_PAUSE = timedelta(seconds=60)
_GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
"""Somebody deleted our message, or Slack does not let it be changed: it is posted again."""

_Renderer: TypeAlias = Callable[[Services, Store, str], Message | None]
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A message about to be sent, with the version that it shows."""

    surface: SurfaceRow
    version: int
    message: Message | None
    """None: there is nothing to show any more."""


async def execute_next(services: Services) -> Progress:
    """Post or update the message that is most behind."""
    surface = await services.database.run(lambda store: store.surfaces.next_behind(services.clock.now()))
    if surface is None:
        return Progress(at=await services.database.run(lambda store: store.surfaces.next_due()))
    draft = _Draft(surface, surface.wanted, None)
    try:
        draft = await services.database.run(lambda store: _draw(services, store, surface))
        where, ts = await _send(services, draft)
    except SlackThrottled as err:
        pause = timedelta(seconds=err.retry_after)
        await services.database.run(lambda store: _retry(services, store, draft, pause))
    except SlackRefused as err:
        code = err.code
        await services.database.run(lambda store: _refused(services, store, draft, code))
    except SlackError as err:
        _LOG.warning("Slack cannot be reached: %s", err)
        await services.database.run(lambda store: _retry(services, store, draft, None))
    except StorageError:
        raise
    except Exception:  # noqa: BLE001 -- a message that cannot be drawn must not keep the others from being sent
        _LOG.exception("The message %s cannot be drawn", surface.key)
        await services.database.run(lambda store: _retry(services, store, draft, None))
    else:
        await services.database.run(lambda store: _shown(services, store, draft, where, ts))
    return Progress(more=True)


def _draw(services: Services, store: Store, surface: SurfaceRow) -> _Draft:
    kind, _, reference = surface.key.partition(":")
    newest = store.surfaces.load(surface.id) or surface
    return _Draft(surface, newest.wanted, _RENDERERS[kind](services, store, reference))


async def _send(services: Services, draft: _Draft) -> tuple[str, str]:
    surface = draft.surface
    if draft.message is None:
        return surface.posted_in, surface.ts
    if surface.ts:
        await services.notifier.update(surface.posted_in, surface.ts, draft.message)
        return surface.posted_in, surface.ts
    is_person = surface.channel.startswith(("U", "W"))
    channel = await services.notifier.open_dm(surface.channel) if is_person else surface.channel
    posted = await services.notifier.post(channel, draft.message)
    return posted.channel, posted.ts


def _shown(services: Services, store: Store, draft: _Draft, where: str, ts: str) -> None:
    row = store.surfaces.load(draft.surface.id)
    if row is not None:
        row.posted_in, row.ts, row.shown = where, ts, draft.version
        row.failures, row.problem = 0, ""
        row.behind = row.wanted > row.shown
        row.next_try_at = services.clock.now() + AFTER_SEND


def _retry(services: Services, store: Store, draft: _Draft, pause: timedelta | None) -> None:
    row = store.surfaces.load(draft.surface.id)
    if row is not None:
        row.failures += 1
        wait = pause or min(timedelta(seconds=2 ** min(row.failures, 6)), _LONGEST_PAUSE)
        row.next_try_at = services.clock.now() + wait


def _refused(services: Services, store: Store, draft: _Draft, code: str) -> None:
    """Slack said no. A message that is gone is posted again; else it rests until something changes."""
    row = store.surfaces.load(draft.surface.id)
    if row is None:
        return
    row.problem = code
    if code in _GONE and row.ts:
        row.ts = ""
        row.next_try_at = services.clock.now()
        return
    _LOG.warning("Slack does not take the message %s: %s", row.key, code)
    row.shown, row.behind = draft.version, row.wanted > draft.version
    row.next_try_at = services.clock.now() + AFTER_SEND


def _change_set(services: Services, store: Store, reference: str) -> Message:
    return render_change_set(change_set_view(services, store, store.change_sets.load(int(reference))))


def _review(services: Services, store: Store, reference: str) -> Message:
    change_set_id, _, _person = reference.partition(":")
    return render_review_request(change_set_view(services, store, store.change_sets.load(int(change_set_id))))


def _handoff(services: Services, store: Store, reference: str) -> Message | None:
    handoff = store.handoffs.load(int(reference))
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


def _of_handoff(render: Callable[[Services, Store, HandoffRow, LinkRow], Message]) -> _Renderer:
    def draw(services: Services, store: Store, reference: str) -> Message | None:
        handoff = store.handoffs.load(int(reference.partition(":")[0]))
        link = store.links.find_linked(handoff.slack_user) if handoff else None
        return render(services, store, handoff, link) if handoff and link else None

    return draw


def _notice(services: Services, store: Store, handoff: HandoffRow, link: LinkRow) -> Message:
    what = handoff_view(services, store, handoff).what or "a login at npm"
    return render_security_notice(link_view(services, link), what=what)


def _advice(_services: Services, _store: Store, _handoff: HandoffRow, link: LinkRow) -> Message:
    return render_security_advice(link.npm_user)


def _asked(_services: Services, store: Store, reference: str) -> Message:
    step = store.change_sets.load_step(int(reference))
    number = store.change_sets.load(step.change_set_id).number
    what = request_words(OPERATION.validate_json(step.operation))
    return render_asked_to_run(number=number, what=what, value=f"asked:{step.id}")


def _list(_services: Services, store: Store, reference: str) -> Message:
    reads = store.reads.list_batch(reference)
    if reference.endswith(AS_JSON):
        return render_json([listing_of(store, read).model_dump(mode="json") for read in reads])
    return render_listings([listing_of(store, read) for read in reads])


_RENDERERS: Mapping[str, _Renderer] = {
    "change_set": _change_set,
    "review": _review,
    "handoff": _handoff,
    "link": _of_link(lambda services, link: render_link_outcome(link_view(services, link))),
    "link_refused": _link_refused,
    "link_announcement": _of_link(lambda services, link: render_link_announcement(link_view(services, link))),
    "link_request": _of_link(_link_request),
    "notice": _of_handoff(_notice),
    "advice": _of_handoff(_advice),
    "asked": _asked,
    "list": _list,
}
