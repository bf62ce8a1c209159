"""How much one person, and all in one channel, may want: nobody keeps the others waiting, by mistake or on purpose.

The numbers are far above what people do, and far below what would be felt by others. They hold for admins too, and
cannot be set: whoever could raise them could be made to. What a policy says of `[limits]` comes on top.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.deliveries import ClickDelivery, CommandDelivery, Delivery
from bot.messages.limits import render_too_many_links, render_too_many_packages
from bot.messages.message import Message
from bot.services import Services
from storage.inbox import Letter
from storage.store import Store


@dataclass(frozen=True, slots=True)
class Limit:
    """So many within so long."""

    most: int
    within: timedelta


_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

COMMANDS_OF_PERSON = Limit(30, _MINUTE)
"""Nobody types faster than one in two seconds; each may cost npm and Slack a dozen calls."""
COMMANDS_OF_CHANNEL = Limit(90, _MINUTE)
"""A release day of a large team, and no more answers than Slack lets us post. One person alone cannot use it up."""
PRESSES_OF_PERSON = Limit(120, _MINUTE)
"""Buttons, forms and App Home: two a second, for who leafs through long lists."""
PACKAGES_OF_PERSON = Limit(20_000, _DAY)
"""The largest organisations have some 10,000 packages: all of them, and once more after a mistake."""
PACKAGES_OF_CHANNEL = Limit(40_000, _DAY)
"""Two people who do so. At npm's pace of one call in two seconds this is a day's work."""
LOGINS_OF_PERSON = Limit(10, _HOUR)
"""npm makes a login for whoever asks; a session lasts two hours, so that one is enough and ten are a mistake."""
CONFIRMATIONS_OF_PERSON = Limit(240, _HOUR)
"""Where npm asks for each call, a person who confirms all the time needs one in fifteen seconds."""
LOGINS_OF_CHANNEL = Limit(100, _HOUR)
"""Where a hundred people link their accounts in one hour; ten who do nothing else cannot use up what npm gives us."""
CONFIRMATIONS_OF_CHANNEL = Limit(720, _HOUR)
"""Three people who confirm all the time. At npm's pace of one call in two seconds all channels together use 1,800."""

_PRESSES = ("click", "submission", "home")


class TooMany(Exception):
    """A delivery was not taken: its person, or all in its channel, have sent too many."""

    def __init__(self, limit: Limit, free_at: datetime, seconds: int, *, of_channel: bool) -> None:
        super().__init__(f"more than {limit.most} within {limit.within.total_seconds():g} s")
        self.limit = limit
        self.free_at = free_at
        self.seconds = seconds
        """From now until one more is taken."""
        self.of_channel = of_channel


def look_at_lot(store: Store, lot: Sequence[Letter], now: datetime) -> Callable[[Letter], bool]:
    """Find out, in one look, for whom it has to be counted exactly whether they send too much."""
    people = Counter(letter.person for letter in lot)
    channels = Counter(letter.channel for letter in lot if letter.channel)
    lately = store.limits.count_lately(list(people), list(channels), since=now - _MINUTE, now=now)

    def is_near(letter: Letter) -> bool:
        of_person = people[letter.person] + lately.get(("person", letter.person), 0)
        of_channel = channels[letter.channel] + lately.get(("channel", letter.channel), 0)
        return of_person > COMMANDS_OF_PERSON.most or of_channel > COMMANDS_OF_CHANNEL.most

    return is_near


def check_delivery(store: Store, letter: Letter, now: datetime) -> TooMany | None:
    """Say why no more is taken from somebody now; None when it is."""
    person, channel = letter.person, letter.channel
    if letter.kind != "command":
        return _check_deliveries(store, _PRESSES, PRESSES_OF_PERSON, now, person=person)
    of_person = _check_deliveries(store, ("command",), COMMANDS_OF_PERSON, now, person=person)
    return of_person or _check_deliveries(store, ("command",), COMMANDS_OF_CHANNEL, now, channel=channel)


def place_of(delivery: Delivery) -> str:
    """Tell the channel in which somebody did something; empty in forms and in App Home."""
    return delivery.channel if isinstance(delivery, CommandDelivery | ClickDelivery) else ""


def _check_deliveries(
    store: Store, kinds: tuple[str, ...], limit: Limit, now: datetime, *, person: str = "", channel: str = ""
) -> TooMany | None:
    nth = store.limits.find_delivery(
        kinds, limit.most, since=now - limit.within, now=now, person=person, channel=channel
    )
    if nth is None:
        return None
    free_at = nth + limit.within
    seconds = max(1, round((free_at - now).total_seconds()))
    return TooMany(limit, free_at, seconds, of_channel=not person)


def check_links(store: Store, person: str, channel: str, *, login: bool, now: datetime) -> Message | None:
    """Say why no further link is made for somebody now, and from when on.

    Args:
        store: Where the links are.
        person: Whose link it would be.
        channel: Where they ask to log in, or where that was asked for which they would confirm; empty: in none.
        login: To log in, and not to confirm.
        now: From when on one looks back.
    """
    of_person, of_channel = (
        (LOGINS_OF_PERSON, LOGINS_OF_CHANNEL) if login else (CONFIRMATIONS_OF_PERSON, CONFIRMATIONS_OF_CHANNEL)
    )
    since = now - _HOUR
    nth = store.limits.find_link(of_person.most, login=login, since=since, now=now, person=person)
    if nth is not None:
        return render_too_many_links(of_person.most, nth + _HOUR, login=login, of_channel=False)
    if channel:
        nth = store.limits.find_link(of_channel.most, login=login, since=since, now=now, channel=channel)
    if nth is not None:
        return render_too_many_links(of_channel.most, nth + _HOUR, login=login, of_channel=True)
    return None


async def check_packages(
    services: Services, requester: str, channel: str, wanted: int, *, of_channel: int
) -> Message | None:
    """Say why somebody cannot ask for so many packages now, so many of them in a channel, and from when on they can."""

    def look(store: Store) -> Message | None:
        now = services.clock.now()
        since = now - _DAY
        own = store.limits.list_asked(since=since, now=now, requester=requester)
        of_all = store.limits.list_asked(since=since, now=now, channel=channel) if channel else []
        for asked, limit, more in ((own, PACKAGES_OF_PERSON, wanted), (of_all, PACKAGES_OF_CHANNEL, of_channel)):
            total = sum(packages for _, packages in asked)
            if total + more > limit.most:
                free_at = find_free(asked, more, limit)
                is_of_channel = limit is PACKAGES_OF_CHANNEL
                return render_too_many_packages(total, more, limit.most, free_at, of_channel=is_of_channel)
        return None

    return await services.database.run(look)


def find_free(asked: Sequence[tuple[datetime, int]], wanted: int, limit: Limit) -> datetime | None:
    """Tell when so many more would be within a limit; None when they are too many by themselves.

    Args:
        asked: When how many were asked for, oldest first.
        wanted: How many more.
        limit: How many within how long.
    """
    left = sum(packages for _, packages in asked)
    for at, packages in asked:
        left -= packages
        if left + wanted <= limit.most:
            return at + limit.within
    return None
