"""When a watch tells: five fields of cron in a time zone, with daylight saving as Debian's cron has it.

A time that does not exist (the clock goes forward) fires right after the gap; one that is there twice fires once.
"""

import difflib
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from itertools import islice, pairwise
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

DEFAULT_ZONE = "UTC"
"""Where neither the command nor Slack tells one."""

CLOSEST = timedelta(hours=1)
"""Digests of one watch do not come closer together."""

_FIELDS = 5
_LONGEST = 100
_LOOKED_AT = 30
"""How many times a schedule is tried to find out how close they come."""


class ScheduleProblem(StrEnum):
    """Why there is no schedule. The values are what people read, in the middle of a sentence."""

    UNREADABLE = "it is not five fields of cron"
    NEVER = "it never fires"
    TOO_OFTEN = "it fires more than once an hour"


def find_zone(name: str) -> ZoneInfo | None:
    """Find a time zone by its name, as the IANA database spells it or in other case; None when there is none."""
    spelled = {zone.lower(): zone for zone in available_timezones()}
    known = spelled.get(name.strip().replace(" ", "_").lower())
    return ZoneInfo(known) if known else None


def list_similar_zones(name: str) -> list[str]:
    """Suggest zones for a name that is none: `Europe/Paris` for `Paris` and for `Europe/Pari`."""
    zones = sorted(available_timezones())
    wanted = name.strip().replace(" ", "_").lower()
    by_city = [zone for zone in zones if zone.lower().rpartition("/")[2] == wanted.rpartition("/")[2]]
    spelled = {zone.lower(): zone for zone in zones}
    return by_city[:3] or [spelled[near] for near in difflib.get_close_matches(wanted, spelled, n=3, cutoff=0.75)]


def check_schedule(cron: str, zone: ZoneInfo, now: datetime) -> ScheduleProblem | None:
    """Tell why a cron line cannot be used, None when it can: it has to be readable, to fire, and not too often."""
    if len(cron) > _LONGEST or len(cron.split()) != _FIELDS:
        return ScheduleProblem.UNREADABLE
    try:
        moments = [moment.astimezone(UTC) for moment in islice(CronSim(cron, now.astimezone(zone)), _LOOKED_AT)]
    except CronSimError as err:
        # cronsim finds a 30th of February itself, with the same error as a day that is no number
        return ScheduleProblem.NEVER if _is_readable_without_months(cron, str(err)) else ScheduleProblem.UNREADABLE
    if not moments:
        return ScheduleProblem.NEVER
    is_close = any(timedelta(0) < later - earlier < CLOSEST for earlier, later in pairwise(moments))
    return ScheduleProblem.TOO_OFTEN if is_close else None


def next_after(cron: str, zone: tzinfo, moment: datetime) -> datetime | None:
    """Tell when a schedule fires next, strictly later than a moment, in UTC; None when it never does.

    Raises:
        CronSimError: It was not checked.
    """
    later = (found.astimezone(UTC) for found in CronSim(cron, moment.astimezone(zone)))
    # In the hour that comes twice cronsim names the first one, which may have passed.
    return next((found for found in later if found > moment), None)


def _is_readable_without_months(cron: str, why: str) -> bool:
    minute, hour, day, _, weekday = cron.split()
    if "day-of-month" not in why:
        return False
    try:
        CronSim(f"{minute} {hour} {day} * {weekday}", datetime(2026, 1, 1, tzinfo=UTC))
    except CronSimError:
        return False
    return True
