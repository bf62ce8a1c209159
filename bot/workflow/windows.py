"""Learning what npm asks a session for, from the answers that it gives."""

from datetime import datetime

from bot.domain.outcome import ReadAnswer, WriteAnswer
from bot.domain.windows import Asking, Method, observe
from storage.account_models import LinkRow
from storage.store import Store


def note_answer(
    store: Store, link: LinkRow, call: str, answer: WriteAnswer | ReadAnswer, *, used_password: bool, now: datetime
) -> None:
    """Keep what an answer tells of the session that the call was made with."""
    seen = store.windows.find(link.id, Method(call))
    learned = observe(seen, answer, used_password=used_password, now=now)
    if learned != seen:
        store.windows.save(link.id, learned)


def asking_of(store: Store, link: LinkRow | None, method: Method) -> Asking:
    """Tell whether npm asks this session for each call of a method, as far as that was seen."""
    return store.windows.find(link.id, method).asking if link else Asking.UNKNOWN
