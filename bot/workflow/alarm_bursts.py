"""Many alarms within an hour share one message: three hundred packages may be published by hand in one go.

The first few have their own, as most days know no more. The others are listed in one message in each place, which
grows for an hour, and can be acknowledged together.
"""

from datetime import datetime, timedelta

from bot.domain.alarms import AlarmData
from bot.services import Services
from storage.coverage_models import AlarmRow
from storage.store import Store

BURST = timedelta(hours=1)
MOST_ALONE = 5
"""So many alarms within an hour have a message each."""

_TOGETHER = "all-"


def _find_lead(store: Store, alarm: AlarmRow, now: datetime) -> int:
    """Tell which alarm leads those with which a new one shares its message; 0: it has its own."""
    if store.alarms.count_since(now - BURST) <= MOST_ALONE:
        return 0
    before = store.alarms.newest_before(alarm.id)
    lead = store.alarms.load(data_of(before).lead) if before else None
    return lead.id if lead is not None and lead.raised_at + BURST > now else alarm.id


def list_together(store: Store, lead_id: int) -> list[AlarmRow]:
    """List the alarms that share a message, oldest first."""
    lead = store.alarms.load(lead_id)
    found = store.alarms.list_from(lead_id, lead.raised_at + BURST) if lead else []
    return [row for row in found if data_of(row).lead == lead_id]


def list_shown(services: Services, store: Store, lead_id: int, where: str) -> list[AlarmRow]:
    """List those of them that are told in a channel, or to a person: what is private to a channel stays there.

    Who set a watch, and the admins, stand in for a channel that is closed.
    """
    together = list_together(store, lead_id)
    if where in services.admins:
        return together
    places = {watch.channel for watch in store.watches.list_live() if watch.set_by == where} | {where}
    return [row for row in together if not places.isdisjoint((*data_of(row).channels, *data_of(row).people))]


def together_value(lead_id: int) -> str:
    """Make the value of the button of all."""
    return f"{_TOGETHER}{lead_id}"


def lead_text_of(value: str) -> str:
    """Read the value of the button of all; empty for that of one alarm."""
    return value.removeprefix(_TOGETHER) if value.startswith(_TOGETHER) else ""


def choose_key(store: Store, alarm: AlarmRow, now: datetime) -> str:
    """Choose the message of a new alarm; after another colon follows where it stands."""
    lead = _find_lead(store, alarm, now)
    if lead:
        alarm.data = data_of(alarm).model_copy(update={"lead": lead}).model_dump_json()
        store.flush()
    return f"alarms:{lead}" if lead else f"alarm:{alarm.id}"


def shown_key_of(row: AlarmRow) -> str:
    """Tell the message in which an alarm stands."""
    lead = data_of(row).lead
    return f"alarms:{lead}" if lead else f"alarm:{row.id}"


def data_of(row: AlarmRow) -> AlarmData:
    """Read what is kept of an alarm."""
    return AlarmData.model_validate_json(row.data)
