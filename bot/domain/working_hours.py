"""When people work: reminders wait for it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.domain.policy import WorkingHours

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_A_WEEK = 8
"""Days to look through: today may be over."""


def next_working(moment: datetime, timezone: str, hours: WorkingHours) -> datetime:
    """Tell the first moment from this one on at which somebody works, in UTC.

    Args:
        moment: From when.
        timezone: Theirs: `Europe/Paris`; one that is not known is taken as UTC.
        hours: When they work.
    """
    zone = _zone_of(timezone)
    today = moment.astimezone(zone).date()
    for ahead in range(_A_WEEK):
        day = today + timedelta(days=ahead)
        if hours.days and _DAYS[day.weekday()] not in hours.days:
            continue
        begin = datetime.combine(day, hours.begin, zone).astimezone(UTC)
        end = datetime.combine(day, hours.end, zone).astimezone(UTC)
        if moment < end:
            return max(moment.astimezone(UTC), begin)
    raise ValueError("there are no working hours in a whole week")  # pragma: no cover -- each day is looked at


def _zone_of(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")
