"""Whether somebody is there: nothing of npm's is minted for who is not, and nothing comes unasked."""

from datetime import datetime, timedelta

from bot.domain.lifecycle import OPEN_STATES, State, WaitFor
from bot.domain.overview import HandoffState
from bot.workflow import transitions
from bot.workflow.survey_progress import show_surveys
from storage.account_models import LinkRow
from storage.models import StepRow, SurfaceRow
from storage.repository import new_token
from storage.store import Store

PRESENCE = timedelta(minutes=10)
"""For how long after a press, a login, a confirmation or a call that passed somebody is taken to be there."""

_PRESSED = timedelta(days=7)
"""For so long a link that was not used is taken to be found in somebody's DM, with its button."""

_LOOKED_AT = 20
"""So many of the newest messages that may have the button are looked at."""

_ASKED = OPEN_STATES - {State.IN_REVIEW, State.CALLING}
_RESTING = frozenset({HandoffState.LATER, HandoffState.EXPIRED})


def mark_present(link: LinkRow, now: datetime) -> None:
    """They did something just now."""
    link.away, link.present_until = False, now + PRESENCE


def is_present(link: LinkRow, now: datetime) -> bool:
    """Tell whether a link may be made for them."""
    return not link.away and link.present_until is not None and now < link.present_until


def ask_to_come(store: Store, link: LinkRow, row: StepRow, now: datetime) -> None:
    """Ask, once and by DM, to press "I'm ready"; until then nothing is minted for them."""
    if store.handoffs.find_open(link.slack_user):
        return
    link.away = True
    store.surfaces.want(f"asked:{row.id}:{new_token()}", channel=link.slack_user, now=now, urgent=True)
    show_presence(store, link, now)


def is_asked(store: Store, asked: SurfaceRow) -> bool:
    """Tell whether a step still waits for the person who was asked to be ready for it."""
    step = store.change_sets.load_step(int(asked.key.split(":")[1]))
    link = store.links.find_linked(asked.channel)
    waits = step.lifecycle.state in _ASKED and step.executor == asked.channel
    return waits and link is not None and link.away


def find_button(store: Store, link: LinkRow, now: datetime) -> str:
    """Find the value of the newest [I'm ready] in the DM of somebody who is away; empty: there is none to press.

    The one that they had goes with the step that it stood for: when that ends, is paused, or is made by another.
    """
    for asked in store.homes.list_asked(link.slack_user, _LOOKED_AT):
        if is_asked(store, asked):
            return asked.key
    sent = store.homes.list_links(link.slack_user, now - _PRESSED, _LOOKED_AT)
    return next((each.token for each in sent if each.state in _RESTING), "")


def let_rest(store: Store, link: LinkRow, now: datetime) -> None:
    """Make no link for them before they press something; where a step waits for them, ask them to."""
    link.away = True
    for needs in (WaitFor.LOGIN, WaitFor.CONFIRMATION, WaitFor.ACCOUNT):
        if waiting := store.line.list_waiting(link.slack_user, needs, limit=1):
            ask_to_come(store, link, waiting[0], now)
            return


def show_presence(store: Store, link: LinkRow, now: datetime) -> None:
    """Bring up to date what shows whether somebody is waited for."""
    for change_set_id in store.line.list_change_sets_of(link.slack_user):
        transitions.touch(store, change_set_id, now)
    show_surveys(store, link.slack_user, now)
