"""The picture of a digest: drawn and uploaded once, shown once Slack has looked at it.

A digest does not wait for it: it is shown without, and gets it when it is there.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.digest import DigestContent
from bot.domain.trend import fill_weeks
from bot.errors import SlackError
from bot.messages.digest import picture_title
from bot.notifications import SlackRefused, SlackThrottled
from bot.services import Services
from bot.workflow.progress import Progress
from storage.store import Store

CLAIM = timedelta(seconds=90)
"""Longer than drawing and uploading may take; after it somebody else does it (the first one has died)."""

MOST_TRIES = 8
_LOOK_AGAIN = timedelta(seconds=2)
_LONGEST_PAUSE = timedelta(seconds=60)
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Work:
    """A picture that this process is at."""

    picture_id: int
    digest_id: int
    file_id: str
    """Empty: it is to be uploaded."""
    tries: int
    content: DigestContent


async def execute_next(services: Services) -> Progress:
    """Upload one picture, or find out whether Slack has looked at it."""
    work = await services.database.run(lambda store: _take(services, store))
    if isinstance(work, Progress):
        return work
    state, file_id, pause = "uploaded", work.file_id, _LOOK_AGAIN
    try:
        if not file_id:
            title = picture_title(work.content)
            png = await asyncio.to_thread(_draw, title, work.content)
            file_id = await services.notifier.upload_picture(f"trend-{work.digest_id}.png", png, title=title)
        elif await services.notifier.is_picture_ready(file_id):
            state = "ready"
    except SlackRefused as err:
        _LOG.warning("Slack does not take the picture of digest %d: %s", work.digest_id, err)
        state = "failed"
    except SlackError as err:
        _LOG.warning("The picture of digest %d comes later: %s", work.digest_id, err)
        state = "uploaded" if file_id else "wanted"
        asked = timedelta(seconds=err.retry_after if isinstance(err, SlackThrottled) else 0)
        pause = max(min(_LOOK_AGAIN * 2**work.tries, _LONGEST_PAUSE), asked)
    if state in {"uploaded", "wanted"} and work.tries >= MOST_TRIES:
        state = "failed"
    await services.database.run(lambda store: _record(services, store, work, state, file_id, pause))
    services.bell.ring("surfaces")
    return Progress(more=True)


def _draw(title: str, content: DigestContent) -> bytes:
    from bot.pictures import draw_trend  # with Pillow, which takes memory and is needed once a week

    return draw_trend(title, fill_weeks(content.trend))


def _take(services: Services, store: Store) -> _Work | Progress:
    now = services.clock.now()
    row = store.pictures.claim(now, now + CLAIM)
    digest = store.digests.load(row.digest_id) if row else None
    if row is None or digest is None:
        return Progress(at=store.pictures.next_due())
    content = DigestContent.model_validate_json(digest.content)
    return _Work(row.id, digest.id, row.file_id, row.tries, content)


def _record(services: Services, store: Store, work: _Work, state: str, file_id: str, pause: timedelta) -> None:
    row = store.pictures.find(work.digest_id)
    if row is None or row.tries != work.tries or row.file_id != work.file_id:
        return  # this process has slept over its claim, and another one is at it
    now = services.clock.now()
    is_over = state in {"ready", "failed"}
    row.state, row.file_id, row.next_try_at = state, file_id, None if is_over else now + pause
    if state == "ready":
        store.surfaces.touch(f"digest:{work.digest_id}", now)


def drop(services: Services, store: Store, digest_id: int) -> bool:
    """Slack refuses a digest that shows its picture: it goes on without. False: it had none."""
    row = store.pictures.find(digest_id)
    if row is None or row.state != "ready":
        return False
    row.state = "failed"
    store.surfaces.touch(f"digest:{digest_id}", services.clock.now())
    return True


def ready_file(store: Store, digest_id: int) -> str:
    """Tell the file that a digest shows; empty while, or where, there is none."""
    row = store.pictures.find(digest_id)
    return row.file_id if row is not None and row.state == "ready" else ""
